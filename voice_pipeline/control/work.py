"""The work of the controller: steps with the bounds they run in, plans made of them, and what a correction keeps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from voice_pipeline.control.motion import Velocity
from voice_pipeline.control.profile import clamp
from voice_pipeline.control.steps import Cycle, Executor
from voice_pipeline.messages import Move, Pause, Plan, PlannedStep, Step, Turn

_SIDEWAYS = ('left', 'right')


@dataclass
class Task:
    """
    One step at work or waiting.

    Its executor wants the fastest speeds that the step may have; the cruise speeds hold it back, and can be changed on
    the way. A speed is 0 where the step does not move that way.
    """

    planned: PlannedStep
    executor: Executor
    fastest_mps: float = 0.0
    fastest_dps: float = 0.0
    speed_mps: float = 0.0
    speed_dps: float = 0.0
    timeout_s: float = math.inf

    def bounded(self, velocity: Velocity) -> Velocity:
        """Return the velocity within the cruise speeds; a drive's correction of its heading is not its speed."""
        is_drive = isinstance(self.planned.step, Move)
        turn_rps = velocity.angular_rps if is_drive else clamp(velocity.angular_rps, math.radians(self.speed_dps))
        return Velocity(
            clamp(velocity.linear_mps, self.speed_mps), clamp(velocity.lateral_mps, self.speed_mps), turn_rps
        )

    def adjust(self, speed_mps: float, speed_dps: float) -> None:
        """Take other cruise speeds, up to the fastest; a step that becomes slower may take longer."""
        speed_mps, speed_dps = min(speed_mps, self.fastest_mps), min(speed_dps, self.fastest_dps)
        shares = [old / new for old, new in ((self.speed_mps, speed_mps), (self.speed_dps, speed_dps)) if new > 0.0]
        self.timeout_s *= max([1.0, *shares])
        self.speed_mps, self.speed_dps = speed_mps, speed_dps


@dataclass
class Run:
    """
    A plan at work or waiting.

    `begun`: when and where its step at work began, and `started_s`: since when this plan has been at it; None: not yet.
    """

    plan: Plan
    tasks: tuple[Task, ...] = ()
    step: int = 0
    begun: Cycle | None = None
    started_s: float | None = None
    reported_s: float = -math.inf

    @property
    def task(self) -> Task:
        """The step at work."""
        return self.tasks[self.step]

    @property
    def progress(self) -> float:
        """The share of the step at work that is done."""
        return self.task.executor.progress if self.step < len(self.tasks) else float(bool(self.tasks))


@dataclass
class Line:
    """
    What one utterance has been made to do so far, so that a correction is measured from where the step began.

    "Go forward two, no, three metres" is three metres in all, and a turn that is corrected from left to right ends to
    the right of where it began. What is done is not done again, and what goes on as it was goes on.
    """

    utterance_id: str = ''
    tasks: list[Task] = field(default_factory=list)
    begun: list[Cycle] = field(default_factory=list)
    done: int = 0

    def restart(self, plan: Plan) -> None:
        """Begin anew with this plan's utterance."""
        self.utterance_id, self.tasks, self.begun, self.done = plan.utterance_id, [], [], 0

    def note_begun(self, run: Run, cycle: Cycle) -> None:
        """Learn that the step at work of this run begins."""
        if run.plan.utterance_id == self.utterance_id:
            self.begun.append(cycle)

    def note_done(self, run: Run) -> None:
        """Learn that the step at work of this run is done."""
        if run.plan.utterance_id == self.utterance_id:
            self.done += 1

    def correct(self, run: Run) -> None:
        """Set the run, which replaces all of this utterance, to where its work is."""
        pairs = list(zip(self.tasks, run.tasks, strict=False))
        same = next((i for i, (old, new) in enumerate(pairs) if old.planned.step != new.planned.step), len(pairs))
        run.step = min(same, self.done)
        is_last_begun = run.step == len(self.begun) - 1  # the robot has done nothing since
        if is_last_begun and run.step < len(run.tasks):
            self._take_over(run)
        self.begun = self.begun[: run.step + (run.begun is not None)]
        self.tasks, self.done = list(run.tasks), run.step

    def _take_over(self, run: Run) -> None:
        old, new = self.tasks[run.step], run.task
        if old.planned.step == new.planned.step:
            new.executor = old.executor
        elif _is_amended(old.planned.step, new.planned.step):
            new.executor.start(self.begun[run.step])
        else:
            return
        run.begun = self.begun[run.step]


class Hold:
    """Whether the work is held, until when, and for how long it has been in all."""

    def __init__(self) -> None:
        self.is_on = False
        self._until_s: float | None = None
        self.total_s = 0.0
        self.reported_s = -math.inf

    def begin(self, now_s: float, duration_s: float | None) -> None:
        """Hold, for this long or, None, until `end`."""
        self.is_on, self.reported_s = True, -math.inf
        self._until_s = None if duration_s is None else now_s + duration_s

    def end(self) -> None:
        """Go on."""
        self.is_on = False

    def pass_time(self, now_s: float, elapsed_s: float) -> None:
        """Count the time, and end the hold when its own is over."""
        if self.is_on and self._until_s is not None and now_s >= self._until_s:
            self.end()
        if self.is_on:
            self.total_s += elapsed_s


def _is_amended(old: Step, new: Step) -> bool:
    """Say whether the new step is the old one by another amount."""
    match old, new:
        case Move(before), Move(after):
            if (before.distance_m is None) != (after.distance_m is None):
                return False
            is_same_axis = (before.direction in _SIDEWAYS) == (after.direction in _SIDEWAYS)
            return before.direction == after.direction if after.distance_m is None else is_same_axis
        case Turn(before), Turn(after):
            if (before.angle_deg is None) != (after.angle_deg is None):
                return False
            return after.angle_deg is not None or before.direction == after.direction
        case Pause(), Pause():
            return True
        case _:
            return False
