"""Which words belong to the command that is being said, and how some take the place of what was said before."""

from __future__ import annotations

from dataclasses import replace

from voice_pipeline.understanding.grammar.clauses import CLOSED, WITH_GOALS, Argument, Clause, NotUnderstoodError
from voice_pipeline.understanding.grammar.flow import Flow
from voice_pipeline.understanding.words.items import (
    Direction,
    Item,
    Noun,
    Number,
    Pace,
    PrepositionName,
    Quantity,
    Verb,
)

_MOTIONS = frozenset(('go', 'come', 'move', 'turn', 'do', 'face'))
_LEADING = frozenset(('go', 'come', 'move', 'turn', 'do'))  # say no more than that something follows: "go and wave"
_SIDES = ('left', 'right')


def continues(clause: Clause, verb: Verb, flow: Flow) -> bool:
    """Say whether the verb comes after what belongs to it: "to your left turn …", "make a left turn"."""
    if clause.name in CLOSED or (verb.name in CLOSED and clause.verb is not None):
        return False
    if clause.verb is not None and clause.is_empty:
        return clause.verb == verb or _leads_to(clause.verb, verb)
    if flow.is_joined:
        return False
    if clause.name == 'give' and verb.name == 'gesture' and _has_only_people(clause):
        return True  # "give Sam a wave"
    if clause.things():
        return False
    if flow.is_after_verb or (clause.name == 'do' and verb.name == 'turn'):
        return True  # "to your left go, turn …": the second corrects the first
    is_noun = verb.name == 'turn' and 'angle' in clause.amounts
    return clause.verb is None and (is_noun or (verb.name in _MOTIONS and not (clause.direction and clause.has_amount)))


def _leads_to(first: Verb, second: Verb) -> bool:
    """Say whether the first of two verbs leaves it to the second to say what to do: "go and turn left"."""
    if first.name == 'resume':
        return second.name in _MOTIONS
    return first.name in _LEADING and not first.value


def _has_only_people(clause: Clause) -> bool:
    return all('person' in argument.noun.kinds for argument in clause.nouns)


def refines(clause: Clause, direction: Direction, flow: Flow) -> bool:
    """Say whether the direction is the first of its clause, or says more of it: "turn around to the left"."""
    if clause.direction is None or (clause.is_alike and not flow.is_joined):
        return True
    is_turning = not flow.is_joined and clause.name in ('go', 'come', 'turn')
    if clause.direction == 'around' and direction.name in _SIDES and not clause.has_amount:
        clause.verb = Verb('turn', 'around')
        return True
    return is_turning and clause.direction == 'backward' and direction.name in (*_SIDES, 'around')


def is_listed(clause: Clause, noun: Noun, preposition: PrepositionName | None, flow: Flow) -> bool:
    """Say whether a comma alone adds a thing to others: "the ball, the book and the cup"."""
    things = clause.things()
    are_things = bool(things) and 'object' in things[0].kinds and 'object' in noun.kinds
    return are_things and clause.name in WITH_GOALS and flow.is_broken and preposition is None


def set_pace(clause: Clause, pace: Pace, flow: Flow) -> None:
    """Give the clause its speed. Raises `NotUnderstoodError` where it has another one."""
    if flow.may_correct:
        clause.pace = None
        if clause.name == 'speed':
            clause.verb = Verb('speed')  # "go fast, no, slow"
    if clause.pace not in (None, pace.name):
        raise NotUnderstoodError('Slowly or fast?')
    clause.pace = pace.name


def is_said(clause: Clause, item: Item) -> bool:
    """Say whether the clause has this direction or name, so that "not left" is about it."""
    if isinstance(item, Noun):
        return any(argument.noun.name == item.name for argument in clause.nouns)
    return isinstance(item, Direction) and item.name == clause.direction


def smaller(clause: Clause, quantity: Quantity) -> Quantity:
    """Return the smaller one of "two or three feet", the safe one, and take the number from the clause."""
    number, clause.number = clause.number, None
    if number is None or number >= quantity.said:
        return quantity
    return replace(quantity, value=round(number * quantity.unit.factor, 6))


def correct_amount(clause: Clause, quantity: Quantity, flow: Flow) -> None:
    """Take out the amounts that this one replaces: all of them, or those of its kind after other words."""
    if flow.is_correcting:
        clause.amounts.clear()
    clause.amounts.pop(quantity.kind, None)
    clause.number = None


def correct_number(clause: Clause, number: Number) -> None:
    """Put "three" in the place of "two feet": the unit stays."""
    if len(clause.amounts) == 1:
        ((kind, quantity),) = clause.amounts.items()
        clause.amounts[kind] = replace(quantity, value=round(number.value * quantity.unit.factor, 6))
    else:
        clause.amounts.clear()
        clause.number = number.value


def correct_noun(clause: Clause, argument: Argument) -> None:
    """Replace the last noun of the same role."""
    for index in reversed(range(len(clause.nouns))):
        if argument.preposition in (None, clause.nouns[index].preposition):
            clause.nouns[index] = replace(argument, preposition=clause.nouns[index].preposition)
            return
    clause.nouns[-1] = argument


def joined_argument(before: Clause, noun: Noun, preposition: PrepositionName | None) -> Argument:
    """
    Return what "and the office" adds to the clause before: something of the same role.

    Where a verb takes things to places, a thing is a thing: "put the cup in the box and the book on the shelf".
    """
    is_thing = before.name in WITH_GOALS and not noun.kinds & {'place', 'person'}
    last = before.nouns[-1].preposition
    return Argument(noun, preposition or (None if is_thing else last))
