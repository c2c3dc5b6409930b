"""
From committed plans to velocities: one cycle at a time, in plain Python, with the clock injected.

The robot moves only on what `admission` let through, only as `steps` want it, never faster than `profile` allows, and
only while `watch` has nothing to object. Every plan that is taken notice of ends in exactly one of done, stopped,
refused, failed and replaced.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec

from voice_pipeline.control.admission import RefusedError, check_age, executors_for
from voice_pipeline.control.motion import STILL, Odometry, Velocity
from voice_pipeline.control.profile import brake, limit_velocity
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.steps import Cycle, Executor
from voice_pipeline.control.watch import OdometryWatch, StallWatch
from voice_pipeline.messages import Execution, Plan, StageTrace

State = Literal['running', 'done', 'stopped', 'refused', 'failed', 'replaced']

REMEMBERED_PLANS = 1000  # far more than can arrive within the age at which a plan is refused anyway


@dataclass(frozen=True)
class Tick:
    """What one cycle publishes: a velocity, or None where `cmd_vel` is left to others, and what became of the plans."""

    velocity: Velocity | None
    executions: tuple[Execution, ...] = ()


class _FaultError(Exception):
    """The motion cannot go on; the text is a plain sentence that says why."""


@dataclass
class _Run:
    """A plan at work or waiting."""

    plan: Plan
    executors: tuple[Executor, ...] = ()
    step: int = 0
    step_started_s: float | None = None
    reported_s: float = -math.inf

    @property
    def executor(self) -> Executor:
        return self.executors[self.step]


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
        self._runs: list[_Run] = []  # the first is at work
        self._received_ns: OrderedDict[str, int] = OrderedDict()  # when each known plan arrived, by plan_id
        self._untraced: set[str] = set()  # plans of which nothing was reported yet
        self._outbox: list[Execution] = []
        self._odometry = OdometryWatch(settings)
        self._stall = StallWatch(settings.stall_s)
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
            if not plan.is_committed or plan.plan_id in self._received_ns:
                return
            self._remember(plan, received_ns)
            if plan.mode == 'stop':
                # Later words of the same utterance may move the robot again, earlier ones may not.
                self._stop('stopped by voice', min(plan.speech_end_ns, self._clock_ns()))
                self._report(_Run(plan), 'running')
                self._report(_Run(plan), 'done')
                return
            try:
                self._enqueue(plan)
            except RefusedError as error:
                self._report(_Run(plan), 'refused', str(error))

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
            return Tick(self._published(now_s), self._collect(self._clock_ns()))

    # --- plans ---------------------------------------------------------------------------------------------------

    def _remember(self, plan: Plan, received_ns: int) -> None:
        self._received_ns[plan.plan_id] = received_ns
        self._untraced.add(plan.plan_id)
        if len(self._received_ns) > REMEMBERED_PLANS:
            self._received_ns.popitem(last=False)

    def _enqueue(self, plan: Plan) -> None:
        settings, odometry = self._settings, self._odometry.newest
        check_age(plan, self._clock_ns(), self._stopped_ns, settings)
        problem = self._odometry.problem(self._clock_s())
        if problem or odometry is None:
            raise RefusedError(problem)
        executors = executors_for(plan, odometry, settings)
        waiting = sum(len(run.executors) - run.step for run in self._runs) if plan.mode == 'append' else 0
        if waiting + len(executors) > settings.max_queue_steps:
            raise RefusedError(f'more than {settings.max_queue_steps} steps would be waiting')
        if plan.mode == 'replace':
            self._end_all('replaced', f'replaced by plan {plan.plan_id}')
        self._runs.append(_Run(plan, executors))

    def _end_all(self, state: State, reason: str, waiting: tuple[State, str] | None = None) -> None:
        """End the run at work, and those waiting alike unless told otherwise."""
        for index, run in enumerate(self._runs):
            if index and waiting:
                self._report(run, *waiting)
            else:
                self._report(run, state, reason)
        self._runs.clear()
        self._odometry.forgive_leap()

    def _stop(self, reason: str, stopped_ns: int) -> None:
        self._stopped_ns = max(self._stopped_ns, stopped_ns)
        self._end_all('stopped', reason)
        self._is_braking = True

    def _fail(self, reason: str) -> None:
        self._end_all('failed', reason, ('stopped', 'the plan before it failed'))
        self._is_braking = True

    # --- one cycle -----------------------------------------------------------------------------------------------

    def _elapsed(self, now_s: float) -> float:
        """Return the length of the cycle, bounded so that a late one cannot leap; a gap or a jump back stops."""
        period_s = 1.0 / self._settings.rate_hz
        elapsed_s = period_s if self._ticked_s is None else now_s - self._ticked_s
        self._ticked_s = now_s
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
        if self._runs and not self._is_braking:
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
            if not run.executor.is_done:
                return velocity
            self._next_step(run)
        return STILL

    def _watched_cycle(self, now_s: float, dt_s: float) -> Cycle:
        odometry, problem = self._odometry.newest, self._odometry.problem(now_s)
        if problem or odometry is None:
            raise _FaultError(problem)
        cycle = Cycle(odometry, self._velocity, now_s, dt_s)
        problem = self._stall.check(cycle)
        if problem:
            raise _FaultError(problem)
        return cycle

    def _work_on(self, run: _Run, cycle: Cycle) -> Velocity:
        if run.step_started_s is None:
            run.step_started_s = cycle.now_s
            run.reported_s = -math.inf
            run.executor.start(cycle)
        velocity = run.executor.update(cycle)
        if not velocity.is_finite:
            raise _FaultError('the wanted velocity is not a number')
        if cycle.now_s - run.reported_s >= 1.0 / self._settings.execution_rate_hz:
            run.reported_s = cycle.now_s
            self._report(run, 'running')
        allowed_s = min(run.plan.steps[run.step].timeout_s, self._settings.max_step_s)
        if cycle.now_s - run.step_started_s > allowed_s and not run.executor.is_done:
            raise _FaultError(f'the step took longer than {allowed_s:.1f} s')
        return velocity

    def _next_step(self, run: _Run) -> None:
        if run.step + 1 < len(run.executors):
            run.step += 1
            run.step_started_s = None
            return
        self._report(run, 'done')
        self._runs.pop(0)

    def _published(self, now_s: float) -> Velocity | None:
        """Return the velocity, zero for a while after a motion, then None."""
        if self._runs or self._velocity != STILL:
            self._quiet_from_s = now_s + self._settings.zero_hold_s
        if self._quiet_from_s is None or now_s > self._quiet_from_s:
            return None
        return self._velocity

    # --- reports -------------------------------------------------------------------------------------------------

    def _report(self, run: _Run, state: State, reason: str = '') -> None:
        plan = run.plan
        progress = 1.0 if state == 'done' else run.executor.progress if run.executors else 0.0
        self._outbox.append(
            Execution(
                utterance_id=plan.utterance_id,
                revision=plan.revision,
                is_final=plan.is_final,
                speech_end_ns=plan.speech_end_ns,
                trace=plan.trace,
                plan_id=plan.plan_id,
                state=state,
                step=run.step,
                progress=progress,
                reason=reason,
            )
        )

    def _collect(self, now_ns: int) -> tuple[Execution, ...]:
        """Empty the outbox. The first report of a plan carries the trace, finished when its velocity goes out."""
        executions, self._outbox = self._outbox, []
        return tuple(self._traced(execution, now_ns) for execution in executions)

    def _traced(self, execution: Execution, now_ns: int) -> Execution:
        if execution.plan_id not in self._untraced:
            return msgspec.structs.replace(execution, trace=())
        self._untraced.remove(execution.plan_id)
        received_ns = self._received_ns.get(execution.plan_id, now_ns)
        own = StageTrace(name='control', received_ns=received_ns, finished_ns=max(now_ns, received_ns))
        return msgspec.structs.replace(execution, trace=(*execution.trace, own))
