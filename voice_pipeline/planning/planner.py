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
    Step,
    Stop,
    Turn,
    TurnArguments,
)
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.understanding.vocabulary import Vocabulary

_NOT_YET = {
    'resume': 'resume',
    'cancel': 'cancel',
    'repeat': 'repeat what I did',
    'follow': 'follow',
    'look': 'look around',
    'pick': 'pick things up',
    'place': 'put things down',
    'gesture': 'make gestures',
    'say': 'say things',
    'query': 'answer questions',
    'set_speed': 'change my speed',
}


class RefusedError(ValueError):
    """The steps are not planned; the text is the reason, a sentence for the person who spoke."""


class Planner:
    """Plans steps one by one; pure. A plan is safe as a whole or refused as a whole."""

    def __init__(self, settings: PlanningSettings, vocabulary: Vocabulary) -> None:
        self._settings = settings
        self._vocabulary = vocabulary

    def plan(self, steps: tuple[Step, ...]) -> tuple[PlannedStep, ...]:
        """Return the steps with all that is needed to execute them. Raises `RefusedError`."""
        if len(steps) > self._settings.max_steps:
            raise RefusedError(f'I can do at most {self._settings.max_steps} things at a time, not {len(steps)}.')
        return tuple(self._plan(step) for step in steps)

    def _plan(self, step: Step) -> PlannedStep:
        match step:
            case Move(args):
                return self._move(args)
            case Turn(args):
                return self._turn(args)
            case GoTo():
                return self._go_to(step)
            case Pause():
                return self._pause(step)
            case Stop():
                return self._planned(step, expected_s=0.0)
            case _:
                raise RefusedError(f'I cannot {_NOT_YET[str(step.__struct_config__.tag)]} yet.')

    def _move(self, args: MoveArguments) -> PlannedStep:
        settings = self._settings
        _check('move', 'metres', args.distance_m, settings.max_distance_m)
        _check('move', 'seconds', args.duration_s, settings.max_step_s)
        if args.direction is None:
            raise RefusedError('Which way should I move?')
        speed_mps = self._move_speed(args)
        distance_m = args.distance_m
        if distance_m is None and args.duration_s is None:
            distance_m = settings.default_distance_m
        if distance_m is None and args.duration_s is not None:
            _check('move', 'metres', args.duration_s * speed_mps, settings.max_distance_m)
            expected_s = args.duration_s
        else:
            assert distance_m is not None
            expected_s = distance_m / speed_mps
        self._check_time(expected_s)
        filled = msgspec.structs.replace(args, distance_m=distance_m)
        expected_s += speed_mps / settings.acceleration_mps2
        return self._planned(Move(filled), expected_s, speed_mps=speed_mps)

    def _move_speed(self, args: MoveArguments) -> float:
        """Return the speed that was said, or that the duration of the distance asks for, or the usual one."""
        settings = self._settings
        fastest_mps = settings.max_speed_mps
        if args.direction in ('left', 'right'):
            fastest_mps = min(fastest_mps, settings.max_lateral_mps)
            if fastest_mps == 0.0:
                raise RefusedError('I cannot move sideways. I can turn and then go forward.')
        asked_mps = args.speed_mps
        if asked_mps is None and args.distance_m is not None and args.duration_s is not None:
            asked_mps = args.distance_m / args.duration_s
        if asked_mps is not None:
            _check('move', 'metres per second', asked_mps, fastest_mps)
            return asked_mps
        factor = {'slow': settings.slow_factor, 'fast': settings.fast_factor, None: 1.0}[args.speed]
        return min(settings.speed_mps * factor, fastest_mps)

    def _turn(self, args: TurnArguments) -> PlannedStep:
        settings = self._settings
        if args.object is not None:
            raise RefusedError('I cannot turn to face things yet.')
        angle_deg = args.angle_deg
        if angle_deg is None and args.direction is None:
            raise RefusedError('Which way should I turn?')
        _check('turn', 'degrees', None if angle_deg is None else abs(angle_deg), settings.max_angle_deg)
        _check('turn', 'seconds', args.duration_s, settings.max_step_s)
        speed_dps = self._turn_speed(args)
        if angle_deg is None and args.duration_s is None:
            angle_deg = settings.default_angle_deg if args.direction == 'left' else -settings.default_angle_deg
        if angle_deg is None and args.duration_s is not None:
            _check('turn', 'degrees', args.duration_s * speed_dps, settings.max_angle_deg)
            expected_s = args.duration_s
            filled = args
        else:
            assert angle_deg is not None
            expected_s = abs(angle_deg) / speed_dps
            filled = msgspec.structs.replace(args, angle_deg=angle_deg, direction=None)
        self._check_time(expected_s)
        expected_s += speed_dps / settings.angular_acceleration_dps2
        return self._planned(Turn(filled), expected_s, speed_dps=speed_dps)

    def _turn_speed(self, args: TurnArguments) -> float:
        asked_dps = args.speed_dps
        if asked_dps is None and args.angle_deg is not None and args.duration_s is not None:
            asked_dps = abs(args.angle_deg) / args.duration_s
        _check('turn', 'degrees per second', asked_dps, self._settings.max_speed_dps)
        return self._settings.speed_dps if asked_dps is None else asked_dps

    def _go_to(self, step: GoTo) -> PlannedStep:
        if step.args.person is not None:
            raise RefusedError('I cannot go to people yet.')
        place = step.args.place
        if not place:
            raise RefusedError('Where should I go?')
        name = self._vocabulary.place_names().get(place)
        if name is None:
            raise RefusedError(f'I do not know where the {place} is.')
        goal = self._vocabulary.places[name]
        if goal is None:
            raise RefusedError(f'I know the {place} by name, but not where it is.')
        settings = self._settings
        return PlannedStep(
            step=step,
            speed_mps=settings.speed_mps,
            speed_dps=settings.speed_dps,
            timeout_s=settings.max_step_s,
            goal=goal,
        )

    def _pause(self, step: Pause) -> PlannedStep:
        if step.args.duration_s is None:
            raise RefusedError('How many seconds should I pause?')
        _check('pause', 'seconds', step.args.duration_s, self._settings.max_step_s)
        return self._planned(step, step.args.duration_s)

    def _check_time(self, expected_s: float) -> None:
        if not expected_s <= self._settings.max_step_s:
            raise RefusedError(
                f'That would take {expected_s:.0f} seconds, and one step may take {self._settings.max_step_s:g}.'
            )

    def _planned(self, step: Step, expected_s: float, speed_mps: float = 0.0, speed_dps: float = 0.0) -> PlannedStep:
        timeout_s = expected_s * self._settings.timeout_factor + self._settings.timeout_margin_s
        return PlannedStep(step=step, speed_mps=speed_mps, speed_dps=speed_dps, timeout_s=timeout_s)


def _check(verb: str, unit: str, value: float | None, largest: float) -> None:
    """Refuse what is not a positive number up to the largest; None, not said, is fine."""
    if value is None:
        return
    if math.isnan(value):
        raise RefusedError(f'I cannot {verb} by that; it is not a number.')
    if value > largest:
        at_a_time = '' if ' per ' in unit else ' at a time'
        asked = f', not {value:g}' if math.isfinite(value) else ''
        raise RefusedError(f'I can {verb} at most {largest:g} {unit}{at_a_time}{asked}.')
    if value <= 0:
        raise RefusedError(f'{value:g} {unit} is not an amount I can {verb}.')
