"""What is known of the robot right now: where it is, how fast, how full its battery is, and what it is doing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from voice_pipeline.messages import Execution, GoTo, Move, Pause, Plan, PlannedStep, Pose2D, Step, Turn

_POSE_AGE_NS = 2_000_000_000  # odometry is sent many times a second; older is no knowledge
_REPORT_AGE_NS = 3_000_000_000  # work is reported several times a second
_START_NS = 1_000_000_000  # a plan that was just sent counts as at work for this long without a report
_MOST_WORK = 50


@dataclass(frozen=True)
class Motion:
    """How fast the robot moves."""

    speed_mps: float
    turn_dps: float


@dataclass
class Work:
    """A committed plan that has not ended. `is_held`: it waits to be resumed."""

    plan_id: str
    utterance_id: str
    steps: tuple[PlannedStep, ...]
    is_repetition: bool
    since_ns: int
    is_reported: bool = False
    step: int = 0
    progress: float = 0.0
    is_held: bool = False

    @property
    def rest(self) -> tuple[PlannedStep, ...]:
        """The step at work and those after it."""
        return self.steps[self.step :]


class RobotState:
    """
    Kept up to date by whoever hears from the robot; says None for what is not known, or not any more.

    `clock_ns` is the system clock. Not thread-safe: one caller at a time.
    """

    def __init__(self, clock_ns: Callable[[], int]) -> None:
        self._clock_ns = clock_ns
        self._pose: Pose2D | None = None
        self._motion: Motion | None = None
        self._pose_ns = 0
        self._battery: float | None = None
        self._work: dict[str, Work] = {}
        self._carried_out: tuple[str, tuple[Step, ...]] = ('', ())

    # --- updates -------------------------------------------------------------------------------------------------

    def update_odometry(self, pose: Pose2D, speed_mps: float, turn_dps: float = 0.0) -> None:
        """Take the pose and the speed now. What is not made of numbers is ignored."""
        if all(map(math.isfinite, (pose.x_m, pose.y_m, pose.yaw_rad or 0.0, speed_mps, turn_dps))):
            self._pose, self._motion, self._pose_ns = pose, Motion(speed_mps, turn_dps), self._clock_ns()

    def update_battery(self, share: float) -> None:
        """Take how full the battery is, 0 to 1; anything else means that the robot does not know."""
        self._battery = share if 0.0 <= share <= 1.0 else None

    def on_plan(self, plan: Plan, *, is_repetition: bool = False) -> None:
        """Learn that this plan was committed. `is_repetition`: it does again what was carried out before."""
        if plan.mode not in ('replace', 'append'):
            return
        work = Work(plan.plan_id, plan.utterance_id, plan.steps, is_repetition, since_ns=self._clock_ns())
        self._work[plan.plan_id] = work
        if len(self._work) > _MOST_WORK:
            del self._work[next(iter(self._work))]

    def on_execution(self, execution: Execution) -> None:
        """Learn how far a plan is."""
        work = self._work.get(execution.plan_id)
        if work is None:
            return
        if execution.state == 'running':
            work.is_reported, work.since_ns = True, self._clock_ns()
            work.step = min(execution.step, len(work.steps) - 1)
            work.progress = execution.progress
            work.is_held = bool(execution.reason)  # work that runs has nothing to explain
            return
        del self._work[execution.plan_id]
        if execution.state == 'done' and not work.is_repetition:
            self._add_carried_out(work)

    def _add_carried_out(self, work: Work) -> None:
        utterance_id, steps = self._carried_out
        before = steps if utterance_id == work.utterance_id else ()
        self._carried_out = work.utterance_id, (*before, *(planned.step for planned in work.steps))

    # --- what is known -------------------------------------------------------------------------------------------

    @property
    def pose(self) -> Pose2D | None:
        """Where the robot is."""
        return self._pose if self._is_located else None

    @property
    def motion(self) -> Motion | None:
        """How fast the robot moves."""
        return self._motion if self._is_located else None

    @property
    def battery(self) -> float | None:
        """How full the battery is, 0 to 1."""
        return self._battery

    @property
    def carried_out(self) -> tuple[Step, ...]:
        """The steps of the utterance that was carried out last."""
        return self._carried_out[1]

    @property
    def work(self) -> Work | None:
        """What the robot says that it is at, held or not."""
        return next((work for work in self._alive() if work.is_reported), None)

    @property
    def waiting(self) -> int:
        """How many steps are still to come after the one at work."""
        return max(0, sum(len(work.rest) for work in self._alive()) - 1)

    @property
    def is_busy(self) -> bool:
        """Whether the robot is at work, held or not, or was told to a moment ago."""
        return bool(self._alive())

    @property
    def is_held(self) -> bool:
        """Whether the work waits to be resumed."""
        return any(work.is_held for work in self._alive())

    @property
    def remaining_m(self) -> float | None:
        """How far the step at work still has to go, in a straight line."""
        work = self.work
        return self._left_m(work.rest[0], work.progress) if work else None

    @property
    def remaining_s(self) -> float | None:
        """How long all steps will still take, at the least, as far as each can be told."""
        if self.work is None or self.is_held:
            return None
        rest = [(planned, 0.0) for work in self._alive() for planned in work.rest]
        rest[0] = rest[0][0], self.work.progress
        if any(isinstance(planned.step, GoTo) for planned, _ in rest[1:]):
            return None  # from where it will set out is not known
        times_s = [self._left_s(planned, progress) for planned, progress in rest]
        known_s = [time_s for time_s in times_s if time_s is not None]
        return sum(known_s) if len(known_s) == len(times_s) else None

    @property
    def _is_located(self) -> bool:
        return self._clock_ns() - self._pose_ns <= _POSE_AGE_NS

    def _alive(self) -> list[Work]:
        """Return the work of which something was heard lately: a controller that is gone does no work."""
        now_ns = self._clock_ns()
        at_work = [w for w in self._work.values() if w.is_reported and now_ns - w.since_ns <= _REPORT_AGE_NS]
        coming = [w for w in self._work.values() if not w.is_reported]
        return at_work + [w for w in coming if at_work or now_ns - w.since_ns <= _START_NS]

    def _left_m(self, planned: PlannedStep, progress: float) -> float | None:
        match planned.step:
            case GoTo() if planned.goal is not None and self.pose is not None:
                return math.hypot(planned.goal.x_m - self.pose.x_m, planned.goal.y_m - self.pose.y_m)
            case Move(args) if args.distance_m is not None:
                return args.distance_m * (1.0 - progress)
            case _:
                return None

    def _left_s(self, planned: PlannedStep, progress: float) -> float | None:
        match planned.step:
            case Move(args) if args.distance_m is None and args.duration_s is not None:
                return args.duration_s * (1.0 - progress)
            case Pause(args) if args.duration_s is not None:
                return args.duration_s * (1.0 - progress)
            case Turn(args) if args.angle_deg is not None and planned.speed_dps > 0.0:
                return abs(args.angle_deg) / planned.speed_dps * (1.0 - progress)
            case Turn(args) if args.duration_s is not None:
                return args.duration_s * (1.0 - progress)
            case _:
                left_m = self._left_m(planned, progress)
                return None if left_m is None or planned.speed_mps == 0.0 else left_m / planned.speed_mps
