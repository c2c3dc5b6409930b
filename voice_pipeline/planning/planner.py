"""From steps to bounded steps: every default filled in, every number checked, or the reason why not in plain words."""

from __future__ import annotations

import math

import msgspec

from voice_pipeline.messages import (
    GoTo,
    Move,
    MoveArguments,
    Pause,
    PlannedStep,
    Pose2D,
    Step,
    Stop,
    Turn,
    TurnArguments,
)
from voice_pipeline.planning.bounds import Bounds, RefusedError
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.planning.skills import SKILLS, parse_skills, skill_needed
from voice_pipeline.planning.speeds import Speeds, asked_speed
from voice_pipeline.planning.wording import degrees, degrees_per_second, metres, seconds, the
from voice_pipeline.understanding.words.vocabulary import Vocabulary


class Planner:
    """Plans one step at a time, within the limits of the robot; pure."""

    def __init__(self, settings: PlanningSettings, vocabulary: Vocabulary) -> None:
        self._settings = settings
        self._vocabulary = vocabulary
        self._skills = parse_skills(settings.skills)

    def plan(self, step: Step, speeds: Speeds, bounds: Bounds, here: Pose2D | None = None) -> PlannedStep:
        """
        Return the step with all that is needed to execute it; `here` is where the robot is, if that is known.

        Raises `RefusedError`.
        """
        skill = skill_needed(step)
        if skill:
            return self._skill(step, skill, speeds)
        match step:
            case Move(args):
                return self._move(args, speeds, bounds)
            case Turn(args):
                return self._turn(args, speeds, bounds)
            case GoTo():
                return self._go_to(step, speeds, here)
            case Pause():
                return self._pause(step, bounds)
            case Stop():
                return self._planned(step, expected_s=0.0)
            case _:
                raise RefusedError(f'I cannot {step.__struct_config__.tag} in the middle of something else.')

    def _skill(self, step: Step, skill: str, speeds: Speeds) -> PlannedStep:
        if skill not in self._skills:
            raise RefusedError(f'I cannot {SKILLS[skill]}.')
        timeout_s = self._settings.skill_timeout_s
        return PlannedStep(step=step, speed_mps=speeds.mps, speed_dps=speeds.dps, timeout_s=timeout_s)

    def _move(self, args: MoveArguments, speeds: Speeds, bounds: Bounds) -> PlannedStep:
        settings = self._settings
        speed_mps = self._move_speed(args, speeds, bounds)
        reach_m = min(settings.max_distance_m, settings.max_step_s * speed_mps)
        if args.distance_m is None and args.duration_s is not None:
            longest_s = min(settings.max_step_s, settings.max_distance_m / speed_mps)
            duration_s = bounds.within('move', args.duration_s, longest_s, seconds)
            filled = msgspec.structs.replace(args, duration_s=duration_s)
            expected_s = duration_s
        else:
            wanted_m = settings.default_distance_m if args.distance_m is None else args.distance_m
            distance_m = bounds.within('move', wanted_m, reach_m, metres)
            filled = msgspec.structs.replace(args, distance_m=distance_m)
            expected_s = distance_m / speed_mps
        expected_s += speed_mps / settings.acceleration_mps2
        return self._planned(Move(filled), expected_s, speed_mps=speed_mps)

    def _move_speed(self, args: MoveArguments, speeds: Speeds, bounds: Bounds) -> float:
        """Return the speed that was said, or that the duration of the distance asks for, or the usual one."""
        settings = self._settings
        fastest_mps = settings.max_speed_mps
        if args.direction in ('left', 'right'):
            fastest_mps = min(fastest_mps, settings.max_lateral_mps)
            if fastest_mps == 0.0:
                raise RefusedError('I cannot move sideways. I can turn and then go forward.')
        asked_mps = args.speed_mps
        if asked_mps is None and args.distance_m is not None and args.duration_s is not None:
            bounds.within('move', args.duration_s, settings.max_step_s, seconds)
            asked_mps = args.distance_m / args.duration_s
        if asked_mps is not None:
            return asked_speed(asked_mps, fastest_mps, settings, bounds)
        factor = {'slow': settings.slow_factor, 'fast': settings.fast_factor, None: 1.0}[args.speed]
        return min(speeds.mps * factor, fastest_mps)

    def _turn(self, args: TurnArguments, speeds: Speeds, bounds: Bounds) -> PlannedStep:
        settings = self._settings
        speed_dps = self._turn_speed(args, speeds, bounds)
        if args.angle_deg is None and args.duration_s is not None:
            longest_s = min(settings.max_step_s, settings.max_angle_deg / speed_dps)
            duration_s = bounds.within('turn', args.duration_s, longest_s, seconds)
            filled = msgspec.structs.replace(args, duration_s=duration_s)
            expected_s = duration_s
        else:
            wanted_deg = settings.default_angle_deg if args.angle_deg is None else abs(args.angle_deg)
            reach_deg = min(settings.max_angle_deg, settings.max_step_s * speed_dps)
            angle_deg = bounds.within('turn', wanted_deg, reach_deg, degrees)
            is_right = args.direction == 'right' if args.angle_deg is None else args.angle_deg < 0
            filled = msgspec.structs.replace(args, angle_deg=-angle_deg if is_right else angle_deg, direction=None)
            expected_s = angle_deg / speed_dps
        expected_s += speed_dps / settings.angular_acceleration_dps2
        return self._planned(Turn(filled), expected_s, speed_dps=speed_dps)

    def _turn_speed(self, args: TurnArguments, speeds: Speeds, bounds: Bounds) -> float:
        asked_dps = args.speed_dps
        if asked_dps is None and args.angle_deg is not None and args.duration_s is not None:
            bounds.within('turn', args.duration_s, self._settings.max_step_s, seconds)
            asked_dps = abs(args.angle_deg) / args.duration_s
        if asked_dps is None:
            return speeds.dps
        return bounds.within('turn', asked_dps, self._settings.max_speed_dps, degrees_per_second)

    def _go_to(self, step: GoTo, speeds: Speeds, here: Pose2D | None) -> PlannedStep:
        place = step.args.place or ''
        name = self._vocabulary.place_names().get(place)
        if name is None:
            raise RefusedError(f'I do not know where {the(place)} is.')
        goal = self._vocabulary.places[name]
        if goal is None:
            raise RefusedError(f'I know {the(place)} by name, but not where it is.')
        settings = self._settings
        away_m = math.hypot(goal.x_m - here.x_m, goal.y_m - here.y_m) if here else 0.0
        if away_m > settings.max_distance_m:
            furthest = metres(settings.max_distance_m)
            raise RefusedError(f'{the(place).capitalize()} is {metres(away_m)} away, and I go at most {furthest}.')
        return PlannedStep(
            step=step, speed_mps=speeds.mps, speed_dps=speeds.dps, timeout_s=settings.max_step_s, goal=goal
        )

    def _pause(self, step: Pause, bounds: Bounds) -> PlannedStep:
        duration_s = bounds.within('pause', step.args.duration_s or 0.0, self._settings.max_step_s, seconds)
        return self._planned(Pause(msgspec.structs.replace(step.args, duration_s=duration_s)), duration_s)

    def _planned(self, step: Step, expected_s: float, speed_mps: float = 0.0, speed_dps: float = 0.0) -> PlannedStep:
        timeout_s = expected_s * self._settings.timeout_factor + self._settings.timeout_margin_s
        return PlannedStep(step=step, speed_mps=speed_mps, speed_dps=speed_dps, timeout_s=timeout_s)
