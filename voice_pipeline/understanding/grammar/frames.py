"""Which steps each verb's clause asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from voice_pipeline.messages import (
    Cancel,
    GoTo,
    GoToArguments,
    Pause,
    PauseArguments,
    Repeat,
    RepeatArguments,
    Stop,
)
from voice_pipeline.understanding.grammar import skills
from voice_pipeline.understanding.grammar.clauses import Clause, NotUnderstoodError
from voice_pipeline.understanding.grammar.motion import resolve_motion, set_speed
from voice_pipeline.understanding.grammar.resolved import Arguments, Context, Resolved, check_named
from voice_pipeline.understanding.words.items import DirectionName, PaceName, Verb, VerbName

_MOST_TIMES = 10
_GIVING = frozenset(('pick', 'take', 'fetch', 'carry', 'give', 'follow'))


def resolve(clause: Clause, context: Context) -> Resolved:
    """Return the steps that the clause asks for. Raises `NotUnderstoodError`."""
    if clause.verb is None and (clause.is_again or clause.times) and _only_again(clause):
        return _repeat(clause, context)
    clause = _without_beneficiary(_with_implied(clause))
    frame = _FRAMES.get(clause.name, resolve_motion) if clause.name else resolve_motion
    resolved = frame(clause, context)
    context.remember(clause)
    if clause.times is not None and frame is not _repeat:
        resolved = replace(resolved, steps=resolved.steps * min(clause.times, _MOST_TIMES))
    return resolved


def _with_implied(clause: Clause) -> Clause:
    """Return the clause with what its verb says by itself, and the verb that is meant with such arguments."""
    things = clause.things()
    if clause.verb is None:
        return clause
    if clause.action == 'return' and things and 'place' not in things[0].kinds:
        return replace(clause, verb=Verb('put'))
    if clause.name == 'move' and things and 'object' in things[0].kinds:
        return replace(clause, verb=Verb('carry'))
    if clause.name == 'do' and things and clause.action.startswith('take'):
        return replace(clause, verb=Verb('take'))
    if clause.name == 'turn' and clause.verb.value == 'around' and clause.direction is None:
        return replace(clause, direction='around')
    if clause.name == 'go' and clause.verb.value:
        return _with_way(clause, 'forward' if clause.verb.value == 'forward' else 'backward')
    if clause.name == 'look' and clause.verb.value:
        return _with_way(clause, 'up' if clause.verb.value == 'up' else 'down')
    return clause


def _without_beneficiary(clause: Clause) -> Clause:
    """Leave out "for me" where it only asks kindly."""
    if clause.name in _GIVING:
        return clause
    is_kind = [argument.preposition == 'for' and argument.noun.name == 'me' for argument in clause.nouns]
    return replace(clause, nouns=[noun for noun, kind in zip(clause.nouns, is_kind, strict=True) if not kind])


def _with_way(clause: Clause, implied: DirectionName) -> Clause:
    if clause.direction not in (None, implied):
        raise NotUnderstoodError(f'Do you mean {implied} or {clause.direction}?')
    return replace(clause, direction=implied)


def _only_again(clause: Clause) -> bool:
    return not (clause.direction or clause.amounts or clause.pace or clause.nouns or clause.little)


def _reach(clause: Clause, context: Context) -> Resolved:
    """Go to a place that is the verb's object: "visit the kitchen", "take me to the kitchen"."""
    arguments = Arguments(clause, context)
    place = arguments.take('to', 'towards', 'at', 'on', None)
    arguments.finish()
    name = arguments.name(place)
    if place is not None:
        check_named(place.noun)
    if clause.has_amount or clause.direction not in (None, 'backward'):
        raise NotUnderstoodError('I can go to a place, but not by that way, distance or speed.')
    if place is None or name is None:
        return Resolved((GoTo(),), is_open=True, missing='place')
    is_person = 'person' in place.noun.kinds
    step = GoTo(GoToArguments(person=name) if is_person else GoToArguments(place=name))
    return Resolved((step,), is_open=place.noun.is_open)


def _dock(clause: Clause, context: Context) -> Resolved:
    """Go to where the vocabulary says that the robot is charged."""
    if not clause.is_empty or context.charging_place is None:
        raise NotUnderstoodError('I do not know where I can be charged.')
    return Resolved((GoTo(GoToArguments(place=context.charging_place)),))


def _stop(clause: Clause, _: Context) -> Resolved:
    if not clause.is_empty:
        raise NotUnderstoodError('I do not understand what to stop.')
    return Resolved((Stop(),))


def _cancel(clause: Clause, _: Context) -> Resolved:
    if not clause.is_empty:
        raise NotUnderstoodError('I do not understand what to cancel.')
    return Resolved((Cancel(),))


def _pause(clause: Clause, context: Context) -> Resolved:
    arguments = Arguments(clause, context)
    while (here := arguments.take(None)) is not None:
        if here.noun.name not in ('here', 'there'):
            raise NotUnderstoodError('I do not understand what to wait for.')
    arguments.finish()
    if clause.direction or clause.number is not None or clause.amounts.keys() - {'duration'} or clause.pace:
        raise NotUnderstoodError('I do not understand how long to wait.')
    duration = clause.amounts.get('duration')
    if duration is None:
        return Resolved((Pause(),), is_open=clause.action in ('wait', 'pause'))
    if duration.value <= 0:
        raise NotUnderstoodError('I cannot wait for no time.')
    return Resolved((Pause(PauseArguments(duration_s=duration.value)),))


def _repeat(clause: Clause, _: Context) -> Resolved:
    if clause.direction or clause.amounts or clause.nouns or clause.pace:
        raise NotUnderstoodError('I do not understand what to repeat.')
    count = clause.times
    if count is None and clause.number is not None and clause.number >= 1 and clause.number % 1 == 0:
        count = int(clause.number)
    return Resolved((Repeat(RepeatArguments(count=count)),))


def _speed(clause: Clause, context: Context) -> Resolved:
    assert clause.verb is not None
    Arguments(clause, context).finish()
    if clause.direction or clause.amounts.keys() - {'speed', 'percent'}:
        raise NotUnderstoodError('I do not understand that speed.')
    if clause.number is not None:
        raise NotUnderstoodError(f'{clause.number:g} of what? Say metres per second or percent.')
    implied = _IMPLIED_PACES.get(clause.verb.value)
    percent, speed = clause.amounts.get('percent'), clause.amounts.get('speed')
    if speed is not None:
        return set_speed(None, speed.value, None)
    if percent is not None and ('to' in clause.action.split() or implied not in ('increase', 'decrease')):
        return set_speed(percent.value, None, None)  # "faster by ten percent" is just faster
    return set_speed(None, None, implied or clause.pace)


_IMPLIED_PACES: dict[str, PaceName] = {
    'increase': 'increase', 'decrease': 'decrease', 'slow': 'slow', 'normal': 'normal', 'fast': 'fast',
}  # fmt: skip
_FRAMES: dict[VerbName, Callable[[Clause, Context], Resolved]] = {
    'reach': _reach,
    'lead': _reach,
    'stop': _stop,
    'cancel': _cancel,
    'pause': _pause,
    'repeat': _repeat,
    'speed': _speed,
    'follow': skills.follow,
    'look': skills.look,
    'find': skills.find,
    'pick': skills.pick,
    'take': skills.pick,
    'fetch': skills.fetch,
    'carry': skills.fetch,
    'put': skills.put,
    'drop': skills.put,
    'give': skills.give,
    'gesture': skills.gesture,
    'greet': skills.greet,
    'dock': _dock,
}
