"""
From committed plans to velocities: one cycle at a time, in plain Python, with the clock injected.

The robot moves only on what `admission` let through, only as `steps` want it, never faster than `profile` allows, and
only while `watch` has nothing to object. Every plan that is taken notice of ends in exactly one of done, stopped,
refused, failed and replaced.

A plan is work (`replace`, `append`) or an order about the work at hand (`stop`, `cancel`, `pause`, `resume`, `adjust`).
Work that is held keeps what remains of it, and its time stands still: executors know only the time of work.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from voice_pipeline.control.admission import RefusedError, check_age, cruise_speeds, pause_duration, tasks_for
from voice_pipeline.control.motion import STILL, Odometry, Velocity
from voice_pipeline.control.profile import brake, limit_velocity
from voice_pipeline.control.reports import Reports, State
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.steps import Cycle
from voice_pipeline.control.watch import OdometryWatch, StallWatch
from voice_pipeline.control.work import Hold, Line, Run
from voice_pipeline.messages import Execution, Plan


@dataclass(frozen=True)
class Tick:
    """What one cycle publishes: a velocity, or None where `cmd_vel` is left to others, and what became of the plans."""

    velocity: Velocity | None
    executions: tuple[Execution, ...] = ()


class _FaultError(Exception):
    """The motion cannot go on; the text is a plain sentence that says why."""


class Controller:
    """
    Executes plans. Call `tick` at `settings.rate_hz`; every method may be called from any thread and returns at once.

    `clock_s` times the motion and must not be set while it runs; `clock_ns` is the system clock of the messages.
    """

    def __init__(
        self,
        settings: ControlSettings,
        clock_s: Callable[[], float] = time.monotonic,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._settings = settings
        self._clock_s = clock_s
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._runs: list[Run] = []  # the first is at work
        self._reports = Reports()
        self._odometry = OdometryWatch(settings)
        self._stall = StallWatch(settings.stall_s)
        self._line = Line()
        self._hold = Hold()
        self._velocity = STILL
        self._is_braking = False
        self._stopped_ns = 0
        self._ticked_s: float | None = None
        self._quiet_from_s: float | None = None

    @property
    def is_active(self) -> bool:
        """Whether a plan is at work or waiting."""
        return bool(self._runs)

    def submit(self, plan: Plan, received_ns: int) -> None:
        """
        Take a plan that arrived at `received_ns` (system clock).

        Drafts and plans that were here before are ignored. What becomes of others is told by the next `tick`.
        """
        with self._lock:
            if not plan.is_committed or plan.mode == 'answer' or self._reports.knows(plan):
                return
            self._reports.remember(plan, received_ns)
            try:
                if plan.mode in ('replace', 'append'):
                    self._enqueue(plan)
                else:
                    self._obey(plan)
                    self._reports.add(Run(plan), 'running')
                    self._reports.add(Run(plan), 'done')
            except RefusedError as error:
                self._reports.add(Run(plan), 'refused', str(error))

    def stop(self, reason: str) -> None:
        """
        Stop now: the next tick brakes to zero, nothing waits any more.

        It holds: what was said before the stop is refused afterwards, however late its plan arrives.
        """
        with self._lock:
            self._stop(reason, self._clock_ns())

    def update_odometry(self, odometry: Odometry) -> None:
        """Take the newest odometry; what is not made of numbers is ignored."""
        with self._lock:
            self._odometry.update(odometry, self._clock_s())
            if not self._runs:
                self._odometry.forgive_leap()

    def tick(self) -> Tick:
        """Return the velocity of the coming cycle and what happened since the last."""
        with self._lock:
            now_s = self._clock_s()
            dt_s = self._elapsed(now_s)
            self._velocity = self._next_velocity(now_s, dt_s)
            return Tick(self._published(now_s), self._reports.collect(self._clock_ns()))

    # --- plans ---------------------------------------------------------------------------------------------------

    def _enqueue(self, plan: Plan) -> None:
        settings, odometry = self._settings, self._odometry.newest
        check_age(plan, self._clock_ns(), self._stopped_ns, settings)
        problem = self._odometry.problem(self._clock_s())
        if problem or odometry is None:
            raise RefusedError(problem)
        run = Run(plan, tasks_for(plan, odometry, settings))
        waiting = sum(len(run.tasks) - run.step for run in self._runs) if plan.mode == 'append' else 0
        if waiting + len(run.tasks) > settings.max_queue_steps:
            raise RefusedError(f'more than {settings.max_queue_steps} steps would be waiting')
        if plan.utterance_id != self._line.utterance_id:
            self._line.restart(plan)
        if plan.mode == 'append':
            self._line.tasks += run.tasks
        else:
            self._line.correct(run)
            self._end_all('replaced', f'replaced by plan {plan.plan_id}')
        if run.step < len(run.tasks):
            self._runs.append(run)
        else:  # a correction to what is done already
            self._reports.add(run, 'running')
            self._reports.add(run, 'done')

    def _obey(self, plan: Plan) -> None:
        """Do to the work at hand what the plan orders. To stand still is safe however old the order is."""
        now_s, now_ns = self._clock_s(), self._clock_ns()
        # Later words of the same utterance may move the robot again, earlier ones may not.
        said_ns = min(plan.speech_end_ns, now_ns)
        if plan.mode == 'stop':
            self._stop('stopped by voice', said_ns)
        elif plan.mode == 'cancel':
            self._stopped_ns = max(self._stopped_ns, said_ns)
            self._end_work('stopped', 'cancelled by voice')
        elif plan.mode == 'pause':
            duration_s = pause_duration(plan, self._settings)
            if self._runs:
                self._hold.begin(now_s, duration_s)
        else:
            check_age(plan, now_ns, self._stopped_ns, self._settings)
            self._go_on(plan)

    def _go_on(self, plan: Plan) -> None:
        if not self._runs:
            raise RefusedError('nothing is at work')
        if plan.mode == 'resume':
            self._hold.end()
            return
        speed_mps, speed_dps = cruise_speeds(plan)
        for run in self._runs:
            for task in run.tasks[run.step :]:
                task.adjust(speed_mps, speed_dps)

    def _end_work(self, state: State, reason: str, waiting: tuple[State, str] | None = None) -> None:
        """End all plans, and the utterance with them: its corrections find nothing to go on with."""
        self._end_all(state, reason, waiting)
        self._line = Line()

    def _end_all(self, state: State, reason: str, waiting: tuple[State, str] | None = None) -> None:
        """End the run at work, and those waiting alike unless told otherwise."""
        for index, run in enumerate(self._runs):
            if index and waiting:
                self._reports.add(run, *waiting)
            else:
                self._reports.add(run, state, reason)
        self._runs.clear()
        self._hold.end()
        self._odometry.forgive_leap()

    def _stop(self, reason: str, stopped_ns: int) -> None:
        self._stopped_ns = max(self._stopped_ns, stopped_ns)
        self._end_work('stopped', reason)
        self._is_braking = True

    def _fail(self, reason: str) -> None:
        self._end_work('failed', reason, ('stopped', 'the plan before it failed'))
        self._is_braking = True

    # --- one cycle -----------------------------------------------------------------------------------------------

    def _elapsed(self, now_s: float) -> float:
        """Return the length of the cycle, bounded so that a late one cannot leap; a gap or a jump back stops."""
        period_s = 1.0 / self._settings.rate_hz
        elapsed_s = period_s if self._ticked_s is None else now_s - self._ticked_s
        self._ticked_s = now_s
        self._hold.pass_time(now_s, elapsed_s)
        is_moving = bool(self._runs) or self._velocity != STILL
        if elapsed_s < 0.0:
            self._odometry.forget()
            self._quiet_from_s = None
            if is_moving:
                self._stop('the clock went backwards', self._clock_ns())
        elif elapsed_s > self._settings.max_pause_s and is_moving:
            self._stop(f'the control loop paused for {elapsed_s:.1f} s', self._clock_ns())
        return min(max(0.0, elapsed_s), 2.0 * period_s)

    def _next_velocity(self, now_s: float, dt_s: float) -> Velocity:
        wanted = STILL
        if self._hold.is_on:
            self._report_held(now_s)
        elif self._runs and not self._is_braking:
            try:
                wanted = self._work(now_s, dt_s)
            except _FaultError as fault:
                self._fail(str(fault))
        if not self._is_braking:
            return limit_velocity(wanted, self._velocity, self._settings, dt_s)
        velocity = brake(self._velocity, self._settings, dt_s)
        self._is_braking = velocity != STILL
        self._quiet_from_s = now_s + self._settings.zero_hold_s
        return velocity

    def _work(self, now_s: float, dt_s: float) -> Velocity:
        """Return the wanted velocity; steps that are done make way within the same cycle. Raises `_FaultError`."""
        cycle = self._watched_cycle(now_s, dt_s)
        while self._runs:
            run = self._runs[0]
            velocity = self._work_on(run, cycle)
            if not run.task.executor.is_done:
                return velocity
            self._next_step(run)
        return STILL

    def _report_held(self, now_s: float) -> None:
        """Tell that the work waits, in the time of the clock: that of the work stands still."""
        if now_s - self._hold.reported_s >= 1.0 / self._settings.execution_rate_hz:
            self._hold.reported_s = now_s
            self._reports.add(self._runs[0], 'running', 'paused')

    def _watched_cycle(self, now_s: float, dt_s: float) -> Cycle:
        odometry, problem = self._odometry.newest, self._odometry.problem(now_s)
        if problem or odometry is None:
            raise _FaultError(problem)
        cycle = Cycle(odometry, self._velocity, now_s - self._hold.total_s, dt_s)
        problem = self._stall.check(cycle)
        if problem:
            raise _FaultError(problem)
        return cycle

    def _work_on(self, run: Run, cycle: Cycle) -> Velocity:
        task = run.task
        if run.started_s is None:
            self._start(run, cycle)
        velocity = task.executor.update(cycle)
        if not velocity.is_finite:
            raise _FaultError('the wanted velocity is not a number')
        if cycle.now_s - run.reported_s >= 1.0 / self._settings.execution_rate_hz:
            run.reported_s = cycle.now_s
            self._reports.add(run, 'running')
        allowed_s = min(task.timeout_s, self._settings.max_step_s)
        assert run.started_s is not None
        if cycle.now_s - run.started_s > allowed_s and not task.executor.is_done:
            raise _FaultError(f'the step took longer than {allowed_s:.1f} s')
        return task.bounded(velocity)

    def _start(self, run: Run, cycle: Cycle) -> None:
        """Start the step at work, which a correction may have begun before."""
        run.started_s, run.reported_s = cycle.now_s, -math.inf
        if run.begun is None:
            run.begun = cycle
            run.task.executor.start(cycle)
            self._line.note_begun(run, cycle)

    def _next_step(self, run: Run) -> None:
        self._line.note_done(run)
        if run.step + 1 < len(run.tasks):
            run.step += 1
            run.begun = run.started_s = None
            return
        self._reports.add(run, 'done')
        self._runs.pop(0)

    def _published(self, now_s: float) -> Velocity | None:
        """Return the velocity, zero for a while after a motion, then None."""
        if self._runs or self._velocity != STILL:
            self._quiet_from_s = now_s + self._settings.zero_hold_s
        if self._quiet_from_s is None or now_s > self._quiet_from_s:
            return None
        return self._velocity
