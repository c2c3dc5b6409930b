"""The clauses that move the robot: move, turn and go to."""

from __future__ import annotations

from collections.abc import Set
from typing import Literal

from voice_pipeline.messages import (
    GoTo,
    GoToArguments,
    Move,
    MoveArguments,
    Resume,
    SetSpeed,
    SetSpeedArguments,
    Turn,
    TurnArguments,
)
from voice_pipeline.understanding.grammar.clauses import WHICH_WAY, Argument, Clause, NotUnderstoodError
from voice_pipeline.understanding.grammar.resolved import Arguments, Context, Missing, Resolved, check_named
from voice_pipeline.understanding.words.items import Noun, PaceName
from voice_pipeline.understanding.words.lexicon_words import OTHER_DEVICE
from voice_pipeline.understanding.words.units import UnitKind, to_si

_NAMED_TURNS_DEG = (90.0, 180.0, 270.0, 360.0)  # "do a one eighty" needs no unit
_SIDES = ('left', 'right')
_SHARPLY = ('hard', 'sharp')  # "hard left" can only be a turn
_WAYS: dict[str | None, Literal['backward', 'left', 'right']] = {
    'backward': 'backward', 'left': 'left', 'right': 'right',
}  # fmt: skip
_PLAIN = ('go', 'move', 'drive', 'turn', 'rotate', 'walk', 'come')  # alone, these ask for the question which way
_HERE = ('over here', 'back here')
_HASTE = ('hurry', 'rush')
_ME = Noun('me', frozenset({'person'}), is_definite=True)
_PACES: dict[str | None, Literal['slow', 'fast'] | None] = {
    'slow': 'slow', 'decrease': 'slow', 'fast': 'fast', 'increase': 'fast',
}  # fmt: skip


def resolve_motion(clause: Clause, context: Context) -> Resolved:
    """Return what a clause with a verb of motion, or none, asks for. Raises `NotUnderstoodError`."""
    arguments = Arguments(clause, context)
    if clause.name == 'face' or (clause.name == 'turn' and not clause.has_amount and _has(clause, 'to', 'towards')):
        return _face(clause, arguments, context)
    if clause.action.startswith('go ahead') and clause.has_amount:
        clause.direction = clause.direction or 'forward'
    goal = _goal(clause, arguments)
    if goal is not None:
        return _go_to(clause, arguments, goal, context)
    if _is_measured(clause):
        arguments.skip('to', 'towards', 'along', 'at', 'on')
    if clause.direction == 'backward':
        arguments.skip('from')  # "back away from the table"
    arguments.skip_spots()
    arguments.finish()
    if clause.is_empty and (alone := _alone(clause)) is not None:
        return alone
    if clause.direction in ('up', 'down'):
        clause.direction = _upright(clause)
    if _is_turn(clause):
        return _turn(clause, context)
    return _speed(clause) or _move(clause, context)


def _alone(clause: Clause) -> Resolved | None:
    """Return what a verb means with nothing beside it, None where it is a motion."""
    if clause.dangling == 'to' and clause.name in ('go', 'come', 'move'):
        return Resolved((GoTo(),), is_open=True, missing='place')
    if clause.name == 'resume':
        return Resolved((Resume(),))
    return set_speed(None, None, 'increase') if clause.action in _HASTE else None


def _has(clause: Clause, *prepositions: str) -> bool:
    return any(argument.preposition in prepositions for argument in clause.nouns)


def _is_measured(clause: Clause) -> bool:
    """Say whether an amount says how far, so that a place only says which way ("ten feet through the doorway")."""
    return bool({'distance', 'duration'} & clause.amounts.keys()) and clause.direction not in _SIDES


def _upright(clause: Clause) -> Literal['forward']:
    """Take "move up five feet" and "go down the hall" for the way ahead, on one floor."""
    if not clause.has_amount:
        raise NotUnderstoodError('I can only move on the floor.')
    return 'forward'


def _goal(clause: Clause, arguments: Arguments) -> Argument | None:
    """Return the place or person to go to, if one was said."""
    if clause.name is None:
        return _bare_goal(clause, arguments)
    if _is_measured(clause) or clause.name in ('turn', 'do'):
        return None
    if clause.name == 'come' and clause.direction in (None, 'backward', 'around') and not clause.has_amount:
        nearby = arguments.take(None, 'to', 'towards')
        return nearby or (None if clause.dangling or clause.is_again else Argument(_ME))
    goal = arguments.take('to', 'towards', 'at', 'on')
    if goal is None and clause.name != 'move':
        goal = arguments.take(None, kind='place')  # "go home"
    if goal is None and clause.name == 'go' and not (clause.direction or clause.has_amount):
        goal = arguments.take_spot()  # "go there"
    return goal


def _bare_goal(clause: Clause, arguments: Arguments) -> Argument | None:
    """Return the goal of "to the kitchen" and "over here": known, and nothing else said."""
    if len(clause.nouns) != 1 or clause.direction not in (None, 'forward', 'backward') or clause.has_amount:
        return None
    (goal,) = clause.nouns
    is_known = goal.preposition == 'to' and (goal.noun.name == 'me' or 'place' in goal.noun.kinds)
    return arguments.take('to', None) if is_known or clause.words['name'] in _HERE else None


def _go_to(clause: Clause, arguments: Arguments, goal: Argument, context: Context) -> Resolved:
    arguments.skip('along', 'at', 'from')
    if 'person' in goal.noun.kinds:
        arguments.skip('on')  # where they are
    arguments.finish()
    if clause.has_amount or clause.little or clause.direction in ('left', 'right', 'down', 'up', 'behind'):
        raise NotUnderstoodError('I can go to a place, but not by that way, distance or speed.')
    if goal.noun.name == 'here':
        return Resolved((GoTo(GoToArguments(person='me')),))
    name = arguments.name(goal)
    if name is None:
        return Resolved((GoTo(),), is_open=True, missing='place')
    if clause.direction or context.has_places:
        check_named(goal.noun)  # "forward to see": two feet, misheard; "go to waste"
    is_person = 'person' in goal.noun.kinds
    step = GoTo(GoToArguments(person=name) if is_person else GoToArguments(place=name))
    return Resolved((step,), is_open=goal.noun.is_open)


def _face(clause: Clause, arguments: Arguments, context: Context) -> Resolved:
    target = arguments.take(None, 'to', 'towards', 'at')
    arguments.finish()
    if target is None:
        if clause.direction in (*_SIDES, 'around', 'behind') or 'angle' in clause.amounts:
            clause.direction = 'around' if clause.direction == 'behind' else clause.direction
            return _turn(clause, context)
        return Resolved((Turn(),), is_open=True, missing='object')
    if clause.has_amount or clause.direction not in (None, 'around', 'backward'):
        raise NotUnderstoodError('A thing to face and an angle at once I do not understand.')
    check_named(target.noun)
    name = 'me' if target.noun.name == 'here' else arguments.name(target)
    if name is None:
        return Resolved((Turn(),), is_open=True, missing='object')
    return Resolved((Turn(TurnArguments(object=name)),), is_open=target.noun.is_open)


def _is_turn(clause: Clause) -> bool:
    if clause.name == 'turn' or {'angle', 'turn_rate'} & clause.amounts.keys():
        return True
    if clause.name == 'do' and clause.number in _NAMED_TURNS_DEG:
        return True
    if clause.direction == 'around' and clause.name not in ('go', 'come', 'move'):
        return not {'distance', 'duration'} & clause.amounts.keys()
    is_sideways = clause.direction in _SIDES and not (clause.name == 'do' and clause.number is not None)
    if clause.name is None and clause.number is not None:
        return is_sideways and clause.number > 10  # "left ninety"
    return is_sideways and clause.name != 'move' and 'distance' not in clause.amounts and 'speed' not in clause.amounts


def _turn(clause: Clause, context: Context) -> Resolved:
    if clause.direction in ('forward', 'up', 'down') or {'distance', 'speed', 'percent'} & clause.amounts.keys():
        raise NotUnderstoodError('A turn has an angle and a side; I do not understand the rest.')
    if clause.dangling in ('from', 'on'):
        raise NotUnderstoodError(OTHER_DEVICE)  # "turning it off"
    if clause.verb is not None and clause.verb.value == 'around':
        return _turn_around(clause)
    angle_deg, is_assumed = _angle_deg(clause, context)
    duration_s = _positive(clause, 'duration', 'seconds')
    speed_dps = _positive(clause, 'turn_rate', 'degrees per second')
    side: Literal['left', 'right'] | None = None
    if angle_deg is None and clause.direction in _SIDES:
        is_sure = clause.words['direction'].startswith(_SHARPLY) or clause.is_joined or clause.little
        if clause.name is None and duration_s is None and not is_sure:
            raise NotUnderstoodError('Say "turn" or "move" with left and right.')  # "right" is also a mere "yes"
        side = 'right' if clause.direction == 'right' else 'left'
    if clause.name in ('do', 'go') and angle_deg is None and side is None:
        raise NotUnderstoodError(WHICH_WAY)
    step = Turn(TurnArguments(angle_deg=angle_deg, direction=side, duration_s=duration_s, speed_dps=speed_dps))
    is_sided = clause.direction is not None or (angle_deg is not None and (angle_deg < 0 or angle_deg % 180 == 0))
    if not is_sided and clause.name is None:
        raise NotUnderstoodError(WHICH_WAY)
    is_open = is_assumed or not is_sided or (angle_deg is None and duration_s is None)
    return Resolved((step,), is_open=is_open, missing='' if is_sided else 'direction')


def _turn_around(clause: Clause) -> Resolved:
    if clause.number is not None or 'angle' in clause.amounts:
        raise NotUnderstoodError('Turn around, or by that angle?')
    return Resolved((Turn(TurnArguments(angle_deg=-180.0 if clause.direction == 'right' else 180.0)),))


def _angle_deg(clause: Clause, context: Context) -> tuple[float | None, bool]:
    """Return the signed angle, None where none was said, and whether its unit was assumed."""
    said = clause.amounts.get('angle')
    if clause.number is not None and clause.amounts.keys() - {'turn_rate'}:
        raise NotUnderstoodError(f'{clause.number:g} of what? Say degrees.')
    magnitude = said.value if said is not None else clause.number
    is_assumed = clause.number is not None and context.unit('angle') is None
    if magnitude is None and clause.little:
        magnitude = context.little_deg
    if magnitude is None:
        return (180.0 if clause.direction == 'around' else None), False
    if magnitude == 0.0 or (magnitude < 0.0 and clause.direction is not None):
        raise NotUnderstoodError(f'I cannot turn by {magnitude:g} degrees.')
    # Without a side the positive sense is taken (REP-103: left).
    return (-magnitude if clause.direction == 'right' else magnitude), is_assumed


def _speed(clause: Clause) -> Resolved | None:
    """Return the speed that is asked for where nothing says which way: "drive slowly", "go at half speed"."""
    speeds: Set[UnitKind] = {'speed', 'percent'}
    if clause.direction or clause.number is not None or clause.amounts.keys() - speeds or clause.little:
        return None
    percent, speed = clause.amounts.get('percent'), clause.amounts.get('speed')
    if percent is None and speed is None and clause.pace is None:
        return None
    return set_speed(percent.value if percent else None, speed.value if speed else None, clause.pace)


def set_speed(percent: float | None, speed_mps: float | None, pace: PaceName | None) -> Resolved:
    """Return the step for one of a share, a speed in m/s and a word for it."""
    if (percent is not None and percent <= 0) or (speed_mps is not None and speed_mps <= 0):
        raise NotUnderstoodError('A speed is more than nothing.')
    if percent is not None or speed_mps is not None:
        return Resolved((SetSpeed(SetSpeedArguments(percent=percent, speed_mps=speed_mps)),))
    match pace:
        case 'increase' | 'decrease':
            return Resolved((SetSpeed(SetSpeedArguments(change=pace)),))
        case 'slow' | 'normal' | 'fast':
            return Resolved((SetSpeed(SetSpeedArguments(speed=pace)),), is_open=True)
        case _:
            return Resolved((SetSpeed(),), is_open=True, missing='unit')


def _move(clause: Clause, context: Context) -> Resolved:
    if clause.direction in ('around', 'behind') or (clause.name == 'do' and not clause.direction):
        raise NotUnderstoodError(WHICH_WAY)
    distance_m, missing = _distance_m(clause, context)
    duration_s = _positive(clause, 'duration', 'seconds')
    has_length = distance_m is not None or duration_s is not None
    if clause.direction is None and clause.name is None:
        raise NotUnderstoodError(WHICH_WAY)
    if clause.direction is None and clause.little == 'further':
        clause.direction = 'forward'
    if clause.direction is None and not has_length and not missing:
        if clause.little or clause.dangling or clause.action not in _PLAIN:
            raise NotUnderstoodError(WHICH_WAY)
        return Resolved((Move(),), is_open=True, missing='direction')
    percent = clause.amounts.get('percent')
    if percent is not None and 'speed' not in clause.words['percent']:
        raise NotUnderstoodError(f'{percent.value:g} percent of what?')
    arguments = MoveArguments(
        direction=_WAYS.get(clause.direction, 'forward'),
        distance_m=distance_m,
        duration_s=duration_s,
        speed_mps=_positive(clause, 'speed', 'metres per second'),
        speed=_PACES.get(clause.pace) if percent is None else 'slow',
    )
    return Resolved((Move(arguments),), is_open=clause.direction is None or not has_length, missing=missing)


def _distance_m(clause: Clause, context: Context) -> tuple[float | None, Missing]:
    distance_m = _positive(clause, 'distance', 'metres')
    if clause.number is None:
        return (context.little_m if distance_m is None and clause.little else distance_m), ''
    if clause.amounts.keys() & {'distance', 'duration', 'angle'}:
        raise NotUnderstoodError(f'{clause.number:g} of what? Say metres.')
    if clause.number <= 0:
        raise NotUnderstoodError(f'I cannot move by {clause.number:g} metres.')
    unit = context.unit('distance')
    return (None, 'unit') if unit is None else (to_si(clause.number, unit), '')


def _positive(clause: Clause, kind: UnitKind, unit: str) -> float | None:
    quantity = clause.amounts.get(kind)
    if quantity is None:
        return None
    if quantity.value <= 0:
        raise NotUnderstoodError(f'{quantity.value:g} {unit} is no amount I can do.')
    return quantity.value
