"""From the items of one clause to its step: what each verb takes, and what it means where something was left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from voice_pipeline.messages import (
    GoTo,
    GoToArguments,
    Move,
    MoveArguments,
    Step,
    Stop,
    Turn,
    TurnArguments,
)
from voice_pipeline.understanding.lexicon import Destination, DirectionName, VerbName
from voice_pipeline.understanding.units import UnitKind

WHICH_WAY = 'Which way? Say for example "go forward two metres" or "turn left".'

_NAMED_TURNS_DEG = (90.0, 180.0, 270.0, 360.0)  # "do a one eighty" needs no unit


class NotUnderstoodError(ValueError):
    """The sentence gives no steps; the text is the reason, in words for the person who spoke."""


@dataclass
class Clause:
    """What has been said so far of one command. `is_joined`: "and" or "then" stood before it."""

    verb: VerbName | None = None
    direction: DirectionName | None = None
    amounts: dict[UnitKind, float] = field(default_factory=dict)
    number: float | None = None
    pace: Literal['slow', 'fast'] | None = None
    destination: Destination | None = None
    is_joined: bool = False

    @property
    def has_amount(self) -> bool:
        """Say whether a number was said, with or without its unit."""
        return bool(self.amounts) or self.number is not None

    @property
    def is_empty(self) -> bool:
        """Say whether there is no more than a verb."""
        return not (self.direction or self.has_amount or self.pace or self.destination)


@dataclass(frozen=True)
class Resolved:
    """A step; `is_open` where speech could still add to it, `is_assumed` where the unit was not said."""

    step: Step
    is_open: bool = False
    is_assumed: bool = False


def resolve(clause: Clause) -> Resolved:
    """Return the step that the clause asks for. Raises `NotUnderstoodError`."""
    if clause.verb == 'stop':
        if not clause.is_empty:
            raise NotUnderstoodError('I do not understand what to stop.')
        return Resolved(Stop())
    if clause.destination is not None:
        return _go_to(clause, clause.destination)
    if clause.is_empty or (clause.direction is None and clause.verb is None):
        raise NotUnderstoodError(WHICH_WAY)
    return _turn(clause) if _is_turn(clause) else _move(clause)


def _is_turn(clause: Clause) -> bool:
    if clause.verb == 'turn' or 'angle' in clause.amounts or 'turn_rate' in clause.amounts:
        return True
    if clause.verb == 'do' and clause.number in _NAMED_TURNS_DEG:
        return True
    is_sideways = clause.direction in ('left', 'right') and not (clause.verb == 'do' and clause.number is not None)
    return is_sideways and clause.verb != 'move' and 'distance' not in clause.amounts


def _go_to(clause: Clause, destination: Destination) -> Resolved:
    if clause.verb not in ('go', 'move'):
        raise NotUnderstoodError('I do not understand what to do there; say "go to" and the place.')
    if clause.has_amount or clause.pace or clause.direction not in (None, 'forward', 'backward'):
        raise NotUnderstoodError('I can go to a place, but not by that way, distance or speed.')
    arguments = GoToArguments(place=destination.place, person=destination.person)
    return Resolved(GoTo(arguments), is_open=destination.is_open)


def _turn(clause: Clause) -> Resolved:
    if clause.direction in ('forward', 'backward') or {'distance', 'speed'} & clause.amounts.keys():
        raise NotUnderstoodError('A turn has an angle and a side; I do not understand the rest.')
    if clause.pace:
        raise NotUnderstoodError('I cannot turn by "slowly" or "fast"; say how many degrees per second.')
    if clause.direction is None and clause.verb != 'turn' and not _angles(clause) & {180.0, 360.0}:
        raise NotUnderstoodError(WHICH_WAY)
    angle_deg, is_assumed = _angle_deg(clause)
    duration_s = _positive(clause, 'duration', 'seconds')
    if angle_deg is None and clause.direction is None:
        raise NotUnderstoodError(WHICH_WAY)
    side: Literal['left', 'right'] | None = None
    if angle_deg is None:
        if clause.verb is None and duration_s is None and not clause.is_joined:
            raise NotUnderstoodError('Say "turn" or "move" with left and right.')  # "right" is also a mere "yes"
        side = 'right' if clause.direction == 'right' else 'left'
    speed_dps = _positive(clause, 'turn_rate', 'degrees per second')
    arguments = TurnArguments(angle_deg=angle_deg, direction=side, duration_s=duration_s, speed_dps=speed_dps)
    is_open = is_assumed or clause.direction is None or (angle_deg is None and duration_s is None)
    return Resolved(Turn(arguments), is_open=is_open, is_assumed=is_assumed)


def _angles(clause: Clause) -> set[float | None]:
    return {clause.amounts.get('angle'), clause.number}


def _angle_deg(clause: Clause) -> tuple[float | None, bool]:
    """Return the signed angle, None where none was said, and whether its unit was assumed."""
    if clause.number is not None and (clause.amounts or clause.verb not in ('turn', 'do')):
        raise NotUnderstoodError(f'{clause.number:g} of what? Say degrees.')
    magnitude = clause.amounts.get('angle', clause.number)
    if magnitude is None:
        return (180.0 if clause.direction == 'around' else None), False
    if magnitude == 0.0 or (magnitude < 0.0 and clause.direction is not None):
        raise NotUnderstoodError(f'I cannot turn by {magnitude:g} degrees.')
    # Without a side the positive sense is taken (REP-103: left).
    return (-magnitude if clause.direction == 'right' else magnitude), clause.number is not None


def _move(clause: Clause) -> Resolved:
    if clause.direction == 'around' or clause.verb == 'do':
        raise NotUnderstoodError(WHICH_WAY)
    has_length = clause.number is not None or {'distance', 'duration'} & clause.amounts.keys()
    if clause.direction is None and not has_length:
        raise NotUnderstoodError(WHICH_WAY)
    if clause.number is not None and clause.amounts:
        raise NotUnderstoodError(f'{clause.number:g} of what? Say metres.')
    is_assumed = clause.number is not None
    distance_m = _positive(clause, 'distance', 'metres')
    if clause.number is not None:
        if clause.number <= 0:
            raise NotUnderstoodError(f'I cannot move by {clause.number:g} metres.')
        distance_m = clause.number
    arguments = MoveArguments(
        direction=clause.direction or 'forward',
        distance_m=distance_m,
        duration_s=_positive(clause, 'duration', 'seconds'),
        speed_mps=_positive(clause, 'speed', 'metres per second'),
        speed=clause.pace,
    )
    return Resolved(Move(arguments), is_open=clause.direction is None or not has_length, is_assumed=is_assumed)


def _positive(clause: Clause, kind: UnitKind, unit: str) -> float | None:
    value = clause.amounts.get(kind)
    if value is not None and value <= 0:
        raise NotUnderstoodError(f'{value:g} {unit} is no amount I can do.')
    return value
