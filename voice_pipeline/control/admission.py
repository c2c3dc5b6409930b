"""Which plans the controller takes: from a planned step to what executes it, or the reason why not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from voice_pipeline.control.errands import Errands, NavigationErrand, SkillErrand, drives, skill_for
from voice_pipeline.control.motion import Axis, Odometry
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.steps import Drive, TimedMotion, Turn, Wait
from voice_pipeline.control.to_pose import GoToPose
from voice_pipeline.control.work import Task
from voice_pipeline.control.zones import Zones
from voice_pipeline.messages import (
    GoTo,
    Move,
    MoveArguments,
    Pause,
    PauseArguments,
    Plan,
    PlannedStep,
    TurnArguments,
)
from voice_pipeline.messages import Turn as TurnStep


class RefusedError(ValueError):
    """The plan is not executed; the text is a plain sentence that says why."""


def check_age(plan: Plan, now_ns: int, stopped_ns: int, settings: ControlSettings) -> None:
    """
    Check that the plan is of now: neither stale nor from the future, and not said before the last stop.

    A plan is as old as its newest trace, or as its speech where it has none. Raises `RefusedError`.
    """
    made_ns = max((trace.finished_ns for trace in plan.trace), default=plan.speech_end_ns)
    age_s = (now_ns - made_ns) / 1e9
    if age_s > settings.plan_max_age_s:
        raise RefusedError(f'the plan is {age_s:.1f} s old')
    ahead_s = (max(made_ns, plan.speech_end_ns) - now_ns) / 1e9
    if ahead_s > settings.plan_max_age_s:
        raise RefusedError(f'the plan is stamped {ahead_s:.1f} s in the future: check the clocks')
    if plan.speech_end_ns < stopped_ns:
        raise RefusedError('it was said before the robot was stopped')


@dataclass(frozen=True)
class Admission:
    """
    What the robot and its surroundings can have done.

    `can_navigate` says whether Nav2 is there to drive to places.
    """

    settings: ControlSettings
    errands: Errands
    zones: Zones
    can_navigate: Callable[[], bool]

    def tasks_for(self, plan: Plan, odometry: Odometry) -> tuple[Task, ...]:
        """Return what executes the steps of the plan, in order. Raises `RefusedError`."""
        if plan.refusal:
            raise RefusedError(plan.refusal)
        if not plan.steps:
            raise RefusedError('the plan has no steps')
        return tuple(self._task(plan, planned, odometry) for planned in plan.steps)

    def _task(self, plan: Plan, planned: PlannedStep, odometry: Odometry) -> Task:
        settings = self.settings
        _check_number('timeout', planned.timeout_s, settings.max_step_s, 's', is_bounded=False)
        step = planned.step
        skill = skill_for(step)
        if skill is not None:
            timeout_s = min(planned.timeout_s, settings.max_step_s)
            executor = SkillErrand(plan, skill, timeout_s, self.errands, drives=drives(step))
            return Task(planned, executor, timeout_s=timeout_s)
        match step:
            case Move(args):
                return _move(args, planned, settings)
            case TurnStep(args):
                return _turn(args, planned, settings)
            case GoTo():
                return self._go_to(planned, odometry)
            case Pause(args):
                return _pause(args, planned, settings)
            case _:
                raise RefusedError(f'the robot base cannot {step.__struct_config__.tag}')

    def _go_to(self, planned: PlannedStep, odometry: Odometry) -> Task:
        goal, settings = planned.goal, self.settings
        if goal is None:
            raise RefusedError('the goal has no pose')
        if not all(map(math.isfinite, (goal.x_m, goal.y_m, goal.yaw_rad or 0.0))):
            raise RefusedError('the pose of the place is not a number')
        away_m = math.hypot(goal.x_m - odometry.x_m, goal.y_m - odometry.y_m)
        if away_m > settings.max_distance_m:
            raise RefusedError(f'the place is {away_m:g} m away, more than {settings.max_distance_m:g} m')
        if not self.zones.allow(goal.x_m, goal.y_m):
            raise RefusedError('the place is outside of where the robot may drive')
        if self.can_navigate():
            return Task(planned, NavigationErrand(goal, self.errands), timeout_s=planned.timeout_s)
        fastest_mps, fastest_dps = settings.max_speed_mps, settings.max_speed_dps
        return Task(
            planned,
            GoToPose(goal, fastest_mps, fastest_dps, settings),
            fastest_mps=fastest_mps,
            fastest_dps=fastest_dps,
            speed_mps=_speed(planned.speed_mps, fastest_mps),
            speed_dps=_speed(planned.speed_dps, fastest_dps),
            timeout_s=planned.timeout_s,
        )


def cruise_speeds(plan: Plan) -> tuple[float, float]:
    """Return the speeds that a plan adjusts the work to, in m/s and deg/s. Raises `RefusedError`."""
    if len(plan.steps) != 1:
        raise RefusedError('an adjustment is one step')
    planned = plan.steps[0]
    _check_number('speed', planned.speed_mps, math.inf, 'm/s')
    _check_number('turning speed', planned.speed_dps, math.inf, 'deg/s')
    return planned.speed_mps, planned.speed_dps


def pause_duration(plan: Plan, settings: ControlSettings) -> float | None:
    """Return how long a plan holds the work, None for until it is resumed. Raises `RefusedError`."""
    duration_s = next((one.step.args.duration_s for one in plan.steps if isinstance(one.step, Pause)), None)
    if duration_s is not None:
        _check_number('pause', duration_s, settings.max_step_s, 's')
    return duration_s


def _move(args: MoveArguments, planned: PlannedStep, settings: ControlSettings) -> Task:
    axis: Axis = 'lateral' if args.direction in ('left', 'right') else 'linear'
    sign = -1.0 if args.direction in ('backward', 'right') else 1.0
    fastest_mps = settings.max_lateral_mps if axis == 'lateral' else settings.max_speed_mps
    if fastest_mps == 0.0:
        raise RefusedError('the robot cannot move sideways')
    speed_mps = _speed(planned.speed_mps, fastest_mps)
    executor: Drive | TimedMotion
    if args.distance_m is not None:
        _check_number('distance', args.distance_m, settings.max_distance_m, 'm')
        executor = Drive(sign * args.distance_m, axis, fastest_mps, settings)
    elif args.duration_s is not None:
        _check_number('duration', args.duration_s, settings.max_step_s, 's')
        _check_number('distance', args.duration_s * speed_mps, settings.max_distance_m, 'm')
        fastest_mps = min(fastest_mps, settings.max_distance_m / args.duration_s)
        executor = TimedMotion(sign * fastest_mps, axis, args.duration_s, settings)
    else:
        raise RefusedError('the move has neither a distance nor a duration')
    return Task(planned, executor, fastest_mps=fastest_mps, speed_mps=speed_mps, timeout_s=planned.timeout_s)


def _turn(args: TurnArguments, planned: PlannedStep, settings: ControlSettings) -> Task:
    fastest_dps = settings.max_speed_dps
    speed_dps = _speed(planned.speed_dps, fastest_dps)
    executor: Turn | TimedMotion
    if args.angle_deg is not None:
        _check_number('angle', abs(args.angle_deg), settings.max_angle_deg, 'deg')
        executor = Turn(math.radians(args.angle_deg), fastest_dps, settings)
    elif args.duration_s is None or args.direction is None:
        raise RefusedError('the turn has neither an angle nor a direction and a duration')
    else:
        _check_number('duration', args.duration_s, settings.max_step_s, 's')
        _check_number('angle', args.duration_s * speed_dps, settings.max_angle_deg, 'deg')
        fastest_dps = min(fastest_dps, settings.max_angle_deg / args.duration_s)
        sign = 1.0 if args.direction == 'left' else -1.0
        executor = TimedMotion(sign * math.radians(fastest_dps), 'angular', args.duration_s, settings)
    return Task(planned, executor, fastest_dps=fastest_dps, speed_dps=speed_dps, timeout_s=planned.timeout_s)


def _pause(args: PauseArguments, planned: PlannedStep, settings: ControlSettings) -> Task:
    if args.duration_s is None:
        raise RefusedError('the pause has no duration')
    _check_number('pause', args.duration_s, settings.max_step_s, 's')
    return Task(planned, Wait(args.duration_s), timeout_s=planned.timeout_s)


def _speed(planned: float, fastest: float) -> float:
    if not planned > 0.0:  # also what is not a number
        raise RefusedError('the planned speed is zero')
    return min(planned, fastest)


def _check_number(name: str, value: float, largest: float, unit: str, *, is_bounded: bool = True) -> None:
    if not (math.isfinite(value) and value > 0.0):
        raise RefusedError(f'the {name} {value:g} {unit} is not a positive number')
    if is_bounded and value > largest:
        raise RefusedError(f'the {name} {value:g} {unit} is more than {largest:g} {unit}')
