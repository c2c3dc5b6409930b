"""
From committed plans to velocities: one cycle at a time, in plain Python, with the clock injected.

The robot moves only on what `admission` let through, only as `steps` want it, never faster than `profile` allows, only
as far as the `way` is free, and only while `watch` has nothing to object. Every plan that is taken notice of ends in
exactly one of done, stopped, refused, failed and replaced.

A plan is work (`replace`, `append`), which the `agenda` keeps and the `worker` does, or an order about the work at hand
(`stop`, `cancel`, `pause`, `resume`, `adjust`). The time of work that is held, or waits for its way, stands still:
executors know no other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from voice_pipeline.control.admission import Admission, RefusedError, check_age, pause_duration
from voice_pipeline.control.agenda import Agenda
from voice_pipeline.control.errands import Answer, Errands, Request
from voice_pipeline.control.motion import STILL, Odometry, Velocity
from voice_pipeline.control.obstacles import Scan
from voice_pipeline.control.profile import brake, limit_velocity
from voice_pipeline.control.reports import Reports, State
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.watch import ClockWatch, OdometryWatch
from voice_pipeline.control.way import Way
from voice_pipeline.control.work import Run
from voice_pipeline.control.worker import FaultError, Worker
from voice_pipeline.control.zones import NO_ZONES, Zones
from voice_pipeline.messages import Execution, Plan


@dataclass(frozen=True)
class Tick:
    """
    What one cycle publishes: what became of the plans, what others are asked for, and a velocity.

    The velocity is None where `cmd_vel` is left to others: after a while at rest, and while somebody else drives.
    """

    velocity: Velocity | None
    executions: tuple[Execution, ...] = ()
    requests: tuple[Request, ...] = ()


class Controller:
    """
    Executes plans. Call `tick` at `settings.rate_hz`; every method may be called from any thread and returns at once.

    `clock_s` times the motion and must not be set while it runs; `clock_ns` is the system clock of the messages.
    `can_navigate` says whether Nav2 is there to be asked.
    """

    def __init__(
        self,
        settings: ControlSettings,
        clock_s: Callable[[], float] = time.monotonic,
        clock_ns: Callable[[], int] = time.time_ns,
        zones: Zones = NO_ZONES,
        can_navigate: Callable[[], bool] = lambda: False,
    ) -> None:
        self._settings = settings
        self._clock_s = clock_s
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._reports = Reports()
        self._errands = Errands(settings, clock_s)
        self._agenda = Agenda(Admission(settings, self._errands, zones, can_navigate), self._reports)
        self._odometry = OdometryWatch(settings)
        self._clocks = ClockWatch()
        self._way = Way(settings, zones)
        self._worker = Worker(settings, self._agenda, self._errands, self._odometry, self._way, self._reports)
        self._velocity = STILL
        self._is_lent = False  # somebody else drives
        self._is_braking = False
        self._stopped_ns = 0
        self._ticked_s: float | None = None
        self._quiet_from_s: float | None = None

    @property
    def is_active(self) -> bool:
        """Whether a plan is at work or waiting."""
        return self._agenda.current is not None

    @property
    def problem(self) -> str:
        """Why no drive would be begun now, '' where nothing speaks against it."""
        with self._lock:
            now_s = self._clock_s()
            return self._odometry.problem(now_s) or self._way.problem(now_s)

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
            if not self.is_active:
                self._odometry.forgive_leap()

    def update_scan(self, scan: Scan | None) -> None:
        """Take the newest laser scan, None for one that cannot be used. From the first on, it drives on fresh ones."""
        with self._lock:
            self._way.expect_scans()
            if scan is not None and self._odometry.newest is not None:
                self._way.update(scan, self._odometry.newest, self._clock_s())

    def update_errand(self, errand_id: str, answer: Answer) -> None:
        """Take what somebody else says about a request of an earlier `tick`."""
        with self._lock:
            self._errands.take(errand_id, answer)

    def tick(self) -> Tick:
        """Return the velocity of the coming cycle and what happened since the last."""
        with self._lock:
            now_s, now_ns = self._clock_s(), self._clock_ns()
            dt_s = self._elapsed(now_s)
            self._check_clock(now_s, now_ns)
            self._velocity = self._next_velocity(now_s, dt_s)
            return Tick(self._published(now_s), self._reports.collect(now_ns), self._errands.collect())

    # --- plans ---------------------------------------------------------------------------------------------------

    def _enqueue(self, plan: Plan) -> None:
        check_age(plan, self._clock_ns(), self._stopped_ns, self._settings)
        odometry, problem = self._odometry.newest, self._odometry.problem(self._clock_s())
        if problem or odometry is None:
            raise RefusedError(problem)
        self._agenda.add(plan, odometry)

    def _obey(self, plan: Plan) -> None:
        """Do to the work at hand what the plan orders. To stand still is safe however old the order is."""
        now_ns = self._clock_ns()
        # Later words of the same utterance may move the robot again, earlier ones may not.
        said_ns = min(plan.speech_end_ns, now_ns)
        if plan.mode == 'stop':
            self._stop('stopped by voice', said_ns)
        elif plan.mode == 'cancel':
            self._stopped_ns = max(self._stopped_ns, said_ns)
            self._end('stopped', 'cancelled by voice')
        elif plan.mode == 'pause':
            self._agenda.pause(self._clock_s(), pause_duration(plan, self._settings))
        else:
            check_age(plan, now_ns, self._stopped_ns, self._settings)
            if plan.mode == 'resume':
                self._agenda.resume()
            else:
                self._agenda.adjust(plan)

    def _end(self, state: State, reason: str, waiting: tuple[State, str] | None = None) -> None:
        self._agenda.end(state, reason, waiting)
        self._worker.forget()
        self._odometry.forgive_leap()

    def _stop(self, reason: str, stopped_ns: int) -> None:
        self._stopped_ns = max(self._stopped_ns, stopped_ns)
        self._end('stopped', reason)
        self._is_braking = True

    def _fail(self, reason: str) -> None:
        self._end('failed', reason, ('stopped', 'the plan before it failed'))
        self._is_braking = True

    # --- the clocks ----------------------------------------------------------------------------------------------

    @property
    def _is_moving(self) -> bool:
        return self.is_active or self._velocity != STILL

    def _elapsed(self, now_s: float) -> float:
        """Return the length of the cycle, bounded so that a late one cannot leap; a gap or a jump back stops."""
        period_s = 1.0 / self._settings.rate_hz
        elapsed_s = period_s if self._ticked_s is None else now_s - self._ticked_s
        self._ticked_s = now_s
        self._agenda.hold.pass_time(now_s, elapsed_s, is_blocked=self._worker.is_blocked)
        if elapsed_s < 0.0:
            self._odometry.forget()
            self._quiet_from_s = None
            if self._is_moving:
                self._stop('the clock went backwards', self._clock_ns())
        elif elapsed_s > self._settings.max_pause_s and self._is_moving:
            self._stop(f'the control loop paused for {elapsed_s:.1f} s', self._clock_ns())
        return min(max(0.0, elapsed_s), 2.0 * period_s)

    def _check_clock(self, now_s: float, now_ns: int) -> None:
        """Stop when the system clock was set: ages cannot be told any more. A stop is never one of the future."""
        jump_s = self._clocks.jump_s(now_s, now_ns)
        if jump_s and self._is_moving:
            self._stop(f'the system clock was set by {jump_s:+.1f} s', now_ns)
        self._stopped_ns = min(self._stopped_ns, now_ns)

    # --- one cycle -----------------------------------------------------------------------------------------------

    def _next_velocity(self, now_s: float, dt_s: float) -> Velocity:
        wanted: Velocity | None = STILL
        if not self._is_braking:
            try:
                wanted = self._worker.work(self._velocity, now_s, dt_s)
            except FaultError as fault:
                self._fail(str(fault))
        self._is_lent = wanted is None
        if self._is_braking:
            velocity = brake(self._velocity, self._settings, dt_s)
            self._is_braking = velocity != STILL
            self._quiet_from_s = now_s + self._settings.zero_hold_s
            return velocity
        velocity = limit_velocity(wanted or STILL, self._velocity, self._settings, dt_s)
        if self._worker.is_too_fast(velocity, now_s, dt_s):
            return brake(self._velocity, self._settings, dt_s)
        return velocity

    def _published(self, now_s: float) -> Velocity | None:
        """Return the velocity, zero for a while after a motion, then None; and None while somebody else drives."""
        if self._is_moving or not self._errands.all_left():
            self._quiet_from_s = now_s + self._settings.zero_hold_s
        if self._is_lent or self._quiet_from_s is None or now_s > self._quiet_from_s:
            return None
        return self._velocity
