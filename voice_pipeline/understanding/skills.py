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
    Pick,
    PickArguments,
    Place,
    PlaceArguments,
    Say,
    SayArguments,
)
from voice_pipeline.understanding.clauses import Argument, Clause, NotUnderstoodError
from voice_pipeline.understanding.items import GestureName, Noun, Verb
from voice_pipeline.understanding.motion import resolve_motion
from voice_pipeline.understanding.resolved import Arguments, Context, Resolved

_WISHES = ('can i', 'could i', 'may i', 'i would like')  # may be about anything
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
    target = arguments.take(None, 'for')
    arguments.skip('on', 'at', 'to', 'from', 'along')
    arguments.finish()
    name = arguments.name(target)
    if target is None or name is None:
        return Resolved((Look(),), is_open=True, missing='object')
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
    arguments.finish()
    name = arguments.name(thing)
    if thing is None or name is None:
        return Resolved((Pick(PickArguments(place=arguments.name(source))),), is_open=True, missing='object')
    _check_thing(thing.noun)
    context.held = name
    steps: tuple[Pick, ...] = (Pick(PickArguments(object=name, place=arguments.name(source))),)
    if receiver is None:
        return Resolved(steps, is_open=thing.noun.is_open and source is None)
    return Resolved((*steps, _placed(name, receiver, arguments)))


def _other_take(clause: Clause, context: Context) -> Resolved | None:
    """Say what "take" and "get" mean where it is not to pick up: "take a left"; refuse what may be an idiom."""
    things = [argument.noun for argument in clause.nouns if argument.preposition is None]
    if not things and (clause.direction or clause.has_amount or clause.nouns):
        return resolve_motion(replace(clause, verb=Verb('go')), context)
    if len(things) > 1 and 'person' in things[0].kinds:
        return fetch(replace(clause, verb=Verb('fetch')), context)  # "get Kim the mug"
    for noun in things:
        _check_known(noun, context)
    return None


def _check_known(noun: Noun, context: Context) -> None:
    """Refuse a thing that nobody told the robot about: the words are likely an idiom ("take a hint")."""
    is_known = bool(noun.kinds & {'object', 'surface'}) or noun.is_pronoun
    if not is_known and (context.has_objects or not noun.is_definite):
        raise NotUnderstoodError(f'I do not know a thing called {noun.name[:40]}.')


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
    arguments.finish()
    name = arguments.name(thing)
    if thing is None or name is None:
        return Resolved((Pick(PickArguments(place=arguments.name(source))),), is_open=True, missing='object')
    _check_thing(thing.noun)
    if clause.name == 'carry' or clause.action.startswith(_WISHES):
        _check_known(thing.noun, context)
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
    arguments.take(None)
    arguments.finish()
    if thing is None and receiver is None and clause.name != 'drop':
        return Resolved((Place(),), is_open=True, missing='object')
    name = arguments.name(thing)
    if thing is not None:
        _check_thing(thing.noun)
    if receiver is not None:
        return Resolved((_placed(name, receiver, arguments),), is_open=receiver.noun.is_open)
    is_down = clause.direction == 'down' or clause.name == 'drop' or 'down' in clause.action.split()
    if not is_down:
        if thing is not None:
            _check_known(thing.noun, context)
        if clause.action == 'leave':
            raise NotUnderstoodError('Where should I leave it?')
        return Resolved((Place(PlaceArguments(object=name)),), is_open=True, missing='place')
    return Resolved((Place(PlaceArguments(object=name)),), is_open=True)


def give(clause: Clause, context: Context) -> Resolved:
    """Give something to someone; "give me two more feet" is a way to go."""
    if not [argument for argument in clause.nouns if argument.noun.name != 'me'] and (
        clause.has_amount or clause.direction
    ):
        return resolve_motion(replace(clause, verb=Verb('go'), nouns=[]), context)
    arguments = Arguments(clause, context)
    person = arguments.take('to', 'for', kind='person') or arguments.take(None, kind='person')
    thing = arguments.take(None)
    receiver = person or arguments.take('to')
    arguments.finish()
    if thing is None:
        return Resolved((Place(PlaceArguments(person=arguments.name(receiver))),), is_open=True, missing='object')
    if not (thing.noun.kinds or thing.noun.is_definite or thing.noun.is_pronoun):
        raise NotUnderstoodError(f'I do not know a thing called {thing.noun.name[:40]}.')
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
    said_me = 'me' in clause.action.split() or 'my' in clause.action.split()
    if target is not None and target.preposition is None and not (target.noun.kinds or target.noun.is_definite):
        raise NotUnderstoodError('I do not understand the gesture.')
    if target is None or who is None:
        person = 'me' if said_me and name in ('high_five', 'handshake') else None
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


def _check_thing(noun: Noun) -> None:
    """Refuse what is no thing: a place or a person by its name."""
    if noun.kinds and not noun.kinds & {'object', 'surface'}:
        raise NotUnderstoodError(f'I cannot take or bring {noun.name[:40]}.')


def _no_amounts(clause: Clause) -> None:
    if clause.has_amount or clause.direction in ('left', 'right'):
        raise NotUnderstoodError('I do not understand the amount or side with that.')
