"""The clauses about things and people: follow, look, pick, place, gesture."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast

from voice_pipeline.messages import (
    Follow,
    FollowArguments,
    Gesture,
    GestureArguments,
    Look,
    LookArguments,
    Pause,
    PauseArguments,
    Pick,
    PickArguments,
    Place,
    PlaceArguments,
    Say,
    SayArguments,
)
from voice_pipeline.understanding.grammar.clauses import Argument, Clause, NotUnderstoodError
from voice_pipeline.understanding.grammar.motion import resolve_motion
from voice_pipeline.understanding.grammar.resolved import Arguments, Context, Resolved, check_named
from voice_pipeline.understanding.words.items import THEM, GestureName, Noun, Verb

_UNSURE = (
    'can i',
    'could i',
    'may i',
    'i would like',
    'i want',
    'i need',
    'carry',
    'take',
    'get',
    'leave',
)  # about anything
_GLANCING = ('check', 'watch')  # as the oven, or the news
_LEADERS = frozenset(('person', 'man', 'woman', 'child', 'boy', 'girl', 'people', 'robot', 'wall', 'line', 'path'))
_LookDirection = Literal['left', 'right', 'up', 'down', 'behind', 'around']


def follow(clause: Clause, context: Context) -> Resolved:
    """Follow a person or a thing, perhaps to a place."""
    _no_amounts(clause)
    arguments = Arguments(clause, context)
    target, place = arguments.take(None, 'with', 'to', 'at'), arguments.take('to', 'along', 'towards', 'at', 'on')
    arguments.finish()
    name = arguments.name(target)
    if target is None or name is None:
        return Resolved((Follow(),), is_open=True, missing='person')
    for argument in filter(None, (target, place)):
        check_named(argument.noun)  # "follow suit", "follow me on Twitter"
    if not (target.noun.kinds or target.noun.name.split()[-1] in _LEADERS):
        _check_thing(target.noun, context)  # "follow the conversation"
    where = arguments.name(place)
    if 'person' in target.noun.kinds:
        return Resolved((Follow(FollowArguments(person=name, place=where)),), is_open=place is None)
    return Resolved((Follow(FollowArguments(object=name, place=where)),), is_open=target.noun.is_open)


def look(clause: Clause, context: Context) -> Resolved:
    """Look somewhere, at something or someone."""
    arguments = Arguments(clause, context)
    target = arguments.take(None, 'at', 'towards', 'to', 'for', 'on')
    arguments.skip('on', 'along', 'from', 'at', 'to')
    arguments.finish()
    if target is not None:
        if target.preposition is None:
            check_named(target.noun)  # "look sharp"
        if clause.action in _GLANCING and not target.noun.kinds:
            _check_thing(target.noun, context)
        name = 'me' if target.noun.name == 'here' else arguments.name(target)
        if name is None:
            return Resolved((Look(),), is_open=True, missing='object')
        is_person = 'person' in target.noun.kinds or name == 'me'
        step = Look(LookArguments(person=name) if is_person else LookArguments(object=name))
        return Resolved((step,), is_open=target.noun.is_open)
    angle = clause.amounts.get('angle')
    if angle is not None and clause.direction in ('left', 'right'):
        angle_deg = -angle.value if clause.direction == 'right' else angle.value
        return Resolved((Look(LookArguments(angle_deg=angle_deg)),))
    if clause.has_amount:
        raise NotUnderstoodError('Where should I look?')
    if clause.direction is None:
        return Resolved((Look(),), is_open=True, missing='object')
    direction = {'backward': 'behind'}.get(clause.direction, clause.direction)
    if direction == 'forward':
        return Resolved((Look(LookArguments(angle_deg=0.0)),))
    return Resolved((Look(LookArguments(direction=cast(_LookDirection, direction))),), is_open=True)


def find(clause: Clause, context: Context) -> Resolved:
    """Look for something or someone."""
    arguments = Arguments(clause, context)
    if sum(argument.preposition is None for argument in clause.nouns) > 1:
        arguments.take(None, kind='person')  # "find me the keys"
    target = arguments.take('for') or arguments.take(None)
    arguments.skip(None, 'on', 'at', 'to', 'from', 'along')  # where to look: "search the kitchen for my phone"
    arguments.finish()
    name = arguments.name(target)
    if target is None or name is None:
        return Resolved((Look(),), is_open=True, missing='object')
    if not target.noun.kinds:
        _check_thing(target.noun, context)  # "find the answer"
    is_person = 'person' in target.noun.kinds
    step = Look(LookArguments(person=name) if is_person else LookArguments(object=name))
    return Resolved((step,), is_open=target.noun.is_open)


def pick(clause: Clause, context: Context) -> Resolved:
    """Pick something up, perhaps from a place."""
    if clause.name == 'take' or clause.action == 'pick':
        other = _other_take(clause, context)
        if other is not None:
            return other
    _no_amounts(clause)
    arguments = Arguments(clause, context)
    thing, source = arguments.take(None), arguments.take('from', 'on', 'at')
    receiver = arguments.take('to', 'for', 'on', 'at', 'towards')
    arguments.skip_spots()  # "that box over there"
    arguments.finish()
    name = arguments.name(thing)
    if thing is None or name is None:
        return Resolved((Pick(PickArguments(place=arguments.name(source))),), is_open=True, missing='object')
    _check_thing(thing.noun, context)
    is_held, context.held = context.held == name, name
    picked = Pick(PickArguments(object=name, place=arguments.name(source)))
    if receiver is None:
        return Resolved((picked,), is_open=thing.noun.is_open and source is None)
    placed = _placed(name, receiver, arguments)
    return Resolved((placed,) if is_held and source is None else (picked, placed))


def _other_take(clause: Clause, context: Context) -> Resolved | None:
    """Say what "take" and "get" mean where it is not to pick up: "take a left"; refuse what may be an idiom."""
    things = clause.things()
    if not things and (clause.direction or clause.amounts or clause.nouns):
        return resolve_motion(replace(clause, verb=Verb('go')), context)
    if len(things) > 1 and 'person' in things[0].kinds:
        return fetch(replace(clause, verb=Verb('fetch')), context)  # "get Kim the mug"
    for noun in things:
        _check_thing(noun, context, is_sure=False)
    return None


def fetch(clause: Clause, context: Context) -> Resolved:
    """Bring something: pick it up, then give or put it."""
    _no_amounts(clause)
    arguments = Arguments(clause, context)
    receiver = arguments.take(None, kind='person') if len(clause.nouns) > 1 else None
    spot = arguments.take_spot()
    thing, source = arguments.take(None), arguments.take('from')
    receiver = receiver or spot or arguments.take('to', 'for', 'towards')
    if clause.name == 'fetch' and source is None:
        source = arguments.take('on', 'at')
    receiver = receiver or arguments.take('on', 'at')
    if receiver is not None and 'person' in receiver.noun.kinds:
        arguments.skip('on', 'at')  # where the person is
        if thing is None and receiver.noun.name != 'me':
            raise NotUnderstoodError(f'I cannot take or bring {receiver.noun.name[:40]}.')
    arguments.finish()
    name = arguments.name(thing)
    if thing is None or name is None:
        return Resolved((Pick(PickArguments(place=arguments.name(source))),), is_open=True, missing='object')
    _check_thing(thing.noun, context, is_sure=not clause.action.startswith(_UNSURE))
    is_held = context.held == name and source is None
    picked = () if is_held else (Pick(PickArguments(object=name, place=arguments.name(source))),)
    if receiver is None and clause.name == 'carry':
        return Resolved((*picked, Place(PlaceArguments(object=name))), is_open=True, missing='place')
    placed = Place(PlaceArguments(object=name, person='me')) if receiver is None else _placed(name, receiver, arguments)
    return Resolved(
        (*picked, placed), is_open=thing.noun.is_open or (receiver is None and 'me' not in clause.action.split())
    )


def _placed(thing: str | None, receiver: Argument, arguments: Arguments) -> Place:
    name = 'me' if receiver.noun.name == 'here' else arguments.name(receiver)
    if receiver.noun.kinds == {'person'} or name == 'me':
        return Place(PlaceArguments(object=thing, person=name))
    return Place(PlaceArguments(object=thing, place=name))


def put(clause: Clause, context: Context) -> Resolved:
    """Put something somewhere, or down."""
    _no_amounts(clause)
    arguments = Arguments(clause, context)
    spot = arguments.take_spot()
    thing = arguments.take(None)
    receiver = spot or arguments.take('on', 'to', 'at', 'for', 'towards', 'along')
    receiver = receiver or arguments.take('with', kind='person')  # "leave it with Sam"
    arguments.take(None)
    arguments.finish()
    if thing is None and receiver is None and clause.name != 'drop':
        return Resolved((Place(),), is_open=True, missing='object')
    name = arguments.name(thing)
    is_down = clause.direction == 'down' or clause.name == 'drop' or 'down' in clause.action.split()
    if thing is not None:
        _check_thing(thing.noun, context, is_sure=receiver is not None or is_down)
    if receiver is not None:
        if context.has_places:
            check_named(receiver.noun)  # "put it in writing"
        if thing is None and not receiver.noun.kinds and not receiver.noun.is_pronoun:
            raise NotUnderstoodError('I do not understand what to put there.')  # "throw in the towel"
        return Resolved((_placed(name, receiver, arguments),), is_open=receiver.noun.is_open)
    if not is_down:
        if clause.action == 'leave':
            raise NotUnderstoodError('Where should I leave it?')
        return Resolved((Place(PlaceArguments(object=name)),), is_open=True, missing='place')
    return Resolved((Place(PlaceArguments(object=name)),), is_open=True)


def give(clause: Clause, context: Context) -> Resolved:
    """Give something to someone; "give me two more feet" is a way to go, "give me ten seconds" a time to wait."""
    if not [argument for argument in clause.nouns if argument.noun.name != 'me'] and (
        clause.has_amount or clause.direction
    ):
        duration = clause.amounts.get('duration')
        if duration is not None and len(clause.amounts) == 1 and clause.direction is None:
            return Resolved((Pause(PauseArguments(duration_s=duration.value)),))
        return resolve_motion(replace(clause, verb=Verb('go'), nouns=[]), context)
    arguments = Arguments(clause, context)
    person = arguments.take('to', 'for', kind='person') or arguments.take(None, kind='person')
    thing = arguments.take(None)
    receiver = person or arguments.take('to')
    arguments.finish()
    if thing is None:
        return Resolved((Place(PlaceArguments(person=arguments.name(receiver))),), is_open=True, missing='object')
    _check_thing(thing.noun, context)
    name = arguments.name(thing)
    if receiver is None:
        return Resolved((Place(PlaceArguments(object=name)),), is_open=True, missing='person')
    return Resolved((Place(PlaceArguments(object=name, person=arguments.name(receiver))),), is_open=thing.noun.is_open)


def gesture(clause: Clause, context: Context) -> Resolved:
    """Make a gesture, perhaps to someone or at something."""
    assert clause.verb is not None
    arguments = Arguments(clause, context)
    target = arguments.take('towards', 'to', 'with', 'at', 'for', 'on') or arguments.take(None)
    arguments.finish()
    if clause.has_amount:
        raise NotUnderstoodError('A gesture has no amount.')
    name = cast(GestureName, clause.verb.value)
    who = arguments.name(target)
    said = set(clause.action.split())
    if target is None and said & {'his', 'her'}:
        target = Argument(THEM)
        who = arguments.name(target)
    if target is not None and target.preposition is None:
        check_named(target.noun)
    if target is None or who is None:
        person = 'me' if said & {'me', 'my'} and name in ('high_five', 'handshake') else None
        return Resolved((Gesture(GestureArguments(gesture=name, person=person)),), is_open=name == 'point')
    if 'person' in target.noun.kinds:
        return Resolved((Gesture(GestureArguments(gesture=name, person=who)),))
    if name == 'point':
        return Resolved((Gesture(GestureArguments(gesture=name, object=who)),), is_open=target.noun.is_open)
    return Resolved((Gesture(GestureArguments(gesture=name)),))


def greet(clause: Clause, context: Context) -> Resolved:
    """Say hello to someone."""
    arguments = Arguments(clause, context)
    who = arguments.name(arguments.take(None))
    arguments.finish()
    return Resolved((Say(SayArguments(text='hello', person=who)),))


def _check_thing(noun: Noun, context: Context, *, is_sure: bool = True) -> None:
    """
    Raise `NotUnderstoodError` for what cannot be taken: a place, a person, a thing that is not in the vocabulary.

    Where the vocabulary has no things, any may be named; unless, not `is_sure`, the verb is much used in idioms.
    """
    if noun.is_pronoun or noun.kinds & {'object', 'surface'}:
        return
    if noun.kinds:
        raise NotUnderstoodError(f'I cannot take or bring {noun.name[:40]}.')
    if context.has_objects or not (is_sure or noun.is_definite):
        raise NotUnderstoodError(f'I do not know a thing called {noun.name[:40]}.')


def _no_amounts(clause: Clause) -> None:
    if clause.has_amount or clause.direction in ('left', 'right'):
        raise NotUnderstoodError('I do not understand the amount or side with that.')
