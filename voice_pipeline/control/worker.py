"""One cycle of work: what the step at work wants, as far as the odometry, the way and the time allow."""

from __future__ import annotations

import math

from voice_pipeline.control.agenda import Agenda
from voice_pipeline.control.errands import Errands
from voice_pipeline.control.motion import STILL, Velocity
from voice_pipeline.control.reports import Reports
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.steps import Cycle
from voice_pipeline.control.watch import OdometryWatch, StallWatch
from voice_pipeline.control.way import OUTSIDE, Blockade, Way
from voice_pipeline.control.work import Run


class FaultError(Exception):
    """The motion cannot go on; the text is a plain sentence that says why."""


class Worker:
    """Works on the first run of the agenda, and reports how far it is."""

    def __init__(
        self,
        settings: ControlSettings,
        agenda: Agenda,
        errands: Errands,
        odometry: OdometryWatch,
        way: Way,
        reports: Reports,
    ) -> None:
        self._settings = settings
        self._agenda = agenda
        self._errands = errands
        self._odometry = odometry
        self._way = way
        self._reports = reports
        self._stall = StallWatch(settings.stall_s)
        self._blockade = Blockade()
        self._report_s = 1.0 / settings.execution_rate_hz

    @property
    def is_blocked(self) -> bool:
        """Whether the work waits for its way to clear."""
        return self._blockade.is_on

    def forget(self) -> None:
        """The work has ended: what was in its way concerns no other."""
        self._blockade.lift()

    def work(self, velocity: Velocity, now_s: float, dt_s: float) -> Velocity | None:
        """
        Return the velocity that is wanted after the present one, None while somebody else drives.

        Steps that are done make way within the same cycle. Raises `FaultError`.
        """
        if self._agenda.hold.is_on:
            self._report_held(now_s)
            return STILL
        if self._agenda.current is None:
            return STILL
        cycle = self._watched_cycle(velocity, now_s, dt_s)
        if not self._errands.all_left():
            return STILL
        while (run := self._agenda.current) is not None:
            wanted = self._work_on(run, cycle, now_s)
            if not run.task.executor.is_done:
                return wanted
            self._agenda.next_step(run)
        return STILL

    def is_too_fast(self, velocity: Velocity, now_s: float, dt_s: float) -> bool:
        """Say whether slowing down as usual would end in what has come into the way, whoever wants the velocity."""
        odometry = self._odometry.newest
        if velocity.speed_mps == 0.0 or odometry is None:
            return False
        passage = self._way.passage(velocity, odometry, now_s, dt_s)
        is_too_fast = velocity.speed_mps > passage.brake_mps
        if is_too_fast and self._agenda.current is not None:
            self._reports.add(self._agenda.current, 'running', passage.reason)
        return is_too_fast

    def _report_held(self, now_s: float) -> None:
        """Tell that the work waits, in the time of the clock: that of the work stands still."""
        hold, run = self._agenda.hold, self._agenda.current
        if run is not None and now_s - hold.reported_s >= self._report_s:
            hold.reported_s = now_s
            self._reports.add(run, 'running', 'paused')

    def _watched_cycle(self, velocity: Velocity, now_s: float, dt_s: float) -> Cycle:
        odometry, problem = self._odometry.newest, self._odometry.problem(now_s)
        if problem or odometry is None:
            raise FaultError(problem)
        cycle = Cycle(odometry, velocity, now_s - self._agenda.hold.total_s, dt_s)
        problem = self._stall.check(cycle)
        if problem:
            raise FaultError(problem)
        return cycle

    def _work_on(self, run: Run, cycle: Cycle, now_s: float) -> Velocity | None:
        if run.started_s is None:
            self._blockade.lift()  # another step, another way
            self._agenda.start(run, cycle)
        executor = run.task.executor
        wanted = executor.update(cycle)
        if executor.problem:
            raise FaultError(executor.problem)
        if wanted is not None:
            wanted = self._along_the_way(run, wanted, cycle, now_s)
        elif not self._way.allows(cycle.odometry):
            raise FaultError(OUTSIDE)
        self._report(run, now_s)
        self._check_time(run, cycle)
        return wanted

    def _along_the_way(self, run: Run, wanted: Velocity, cycle: Cycle, now_s: float) -> Velocity:
        """Return the wanted velocity within the bounds of the step and of the way. Raises `FaultError`."""
        if not wanted.is_finite:
            raise FaultError('the wanted velocity is not a number')
        bounded = run.task.bounded(wanted)
        passage = self._way.passage(bounded, cycle.odometry, now_s, cycle.dt_s)
        if self._blockade.look(passage, now_s):
            run.reported_s = -math.inf  # tell at once
        if not self._blockade.is_on:
            return self._slowed(run, bounded, min(passage.cruise_mps, passage.stop_mps), cycle)
        wait_s = self._settings.obstacle_wait_s if passage.may_clear else 0.0
        if cycle.velocity == STILL and self._blockade.lasted_s(now_s) >= wait_s:
            raise FaultError(self._blockade.reason)
        return STILL

    def _slowed(self, run: Run, wanted: Velocity, speed_mps: float, cycle: Cycle) -> Velocity:
        """Return the velocity at this speed at most; the step may take longer by what that costs."""
        cruise_mps = run.task.speed_mps
        if speed_mps < min(wanted.speed_mps, cruise_mps):
            run.task.timeout_s += cycle.dt_s * (1.0 - speed_mps / cruise_mps)
        return wanted.slowed_to(speed_mps)

    def _report(self, run: Run, now_s: float) -> None:
        """Tell how far the step is; what runs has a reason only where it does not get on."""
        if now_s - run.reported_s >= self._report_s:
            run.reported_s = now_s
            self._reports.add(run, 'running', self._blockade.reason)

    def _check_time(self, run: Run, cycle: Cycle) -> None:
        assert run.started_s is not None
        allowed_s = min(run.task.timeout_s, self._settings.max_step_s)
        if cycle.now_s - run.started_s > allowed_s and not run.task.executor.is_done:
            raise FaultError(f'the step took longer than {allowed_s:.1f} s')
