"""From items to clauses: where a command begins, what belongs to it, what was corrected, what must not be done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from voice_pipeline.understanding.clauses import Argument, Clause, NotUnderstoodError
from voice_pipeline.understanding.items import (
    Act,
    Again,
    But,
    Correction,
    Direction,
    Filler,
    Item,
    Join,
    Little,
    Negation,
    Noun,
    Number,
    Or,
    Order,
    Pace,
    Preposition,
    Quantity,
    Tagged,
    Times,
    Unusable,
    Verb,
)
from voice_pipeline.understanding.lexicon_words import CONDITIONAL

_MOTIONS = frozenset(('go', 'come', 'move', 'turn', 'do', 'resume'))
_CLOSED = frozenset(('stop', 'cancel'))  # take nothing after them
_SIDES = ('left', 'right')


class ClauseBuilder:
    """
    Puts items into clauses, in the order they were said.

    A new clause begins at a verb, at what no longer fits, and, where it could fit, after "and" and "then"; it takes
    over the verb where it has none ("forward one meter and back two"). What follows a correction takes the place of
    the same kind of thing before it, or of the whole command where it begins with a verb.
    """

    def __init__(self) -> None:
        self.clauses: list[Clause] = []
        self.is_taken_back = False  # the last words are a "no" with nothing in the place of what was said
        self._clause: Clause | None = None
        self._preposition: Preposition | None = None
        self._order: Order | None = None
        self._is_joined = False
        self._is_broken = False  # by a punctuation mark, which recognisers set freely
        self._is_after_verb = False
        self._is_correcting = False
        self._is_choosing = False  # after "or"
        self._is_negating = False  # after "don't": the clauses to come are not to be done
        self._is_excluding = False  # after "not": the words to come do not count

    @property
    def is_dangling(self) -> bool:
        """Say whether the last words need, or announce, more words."""
        is_cut = bool(self.clauses) and self.clauses[-1].dangling is not None
        return is_cut or self._is_joined or self._is_correcting or self._is_choosing

    def add_all(self, items: Iterable[Tagged]) -> list[Clause]:
        """Return the clauses of all items. Raises `NotUnderstoodError` where an item has no place."""
        for tagged in items:
            self._add(tagged.item, tagged.words)
        self._close()
        return self.clauses

    def _add(self, item: Item, words: str) -> None:
        match item:
            case Join():
                self._join(item)
            case Order():
                self._close()
                self._order = item
            case But():
                self._is_excluding = self._is_negating = False
                self._is_joined = True
            case Correction():
                self._correct(words)
            case Negation():
                self._negate(item)
            case Act():
                self._act(item, words)
            case _:
                self._add_to_clause(item, words)

    def _add_to_clause(self, item: Item, words: str) -> None:
        if isinstance(item, Preposition):
            self._preposition = item
        elif isinstance(item, Or):
            self._is_choosing = True
        elif isinstance(item, Verb) or not (self._is_excluding or isinstance(item, Filler)):
            self._content(item, words)

    def _join(self, join: Join) -> None:
        self._is_joined |= join.is_word
        if not join.is_word:
            self._is_broken = True
            self._is_excluding = self._is_negating = False

    def _correct(self, words: str) -> None:
        if self._clause is not None and not self._clause.is_blank:
            self._is_correcting = True
            self._is_joined = self._is_excluding = False
            self.is_taken_back = 'no' in words.split()

    def _negate(self, negation: Negation) -> None:
        """Take "don't" for all that follows, and "not" after something for the words that follow only."""
        if negation.is_command:
            self._close()
            self._is_negating = True
            return
        self._is_excluding = True
        self._is_negating = self._clause is None or self._clause.is_empty or self._is_joined

    def _act(self, act: Act, words: str) -> None:
        self._close()
        clause = self._current()
        clause.act = act
        clause.note('action', words)
        self._close()
        self._is_joined = self._is_broken = self._is_correcting = False

    def _content(self, item: Item, words: str) -> None:
        self._is_excluding = False
        if self._order is not None and not isinstance(item, Verb):
            raise NotUnderstoodError(CONDITIONAL)  # "after three seconds"
        if self._is_choosing and not isinstance(item, (Quantity, Number)):
            raise NotUnderstoodError('One or the other? Please say which one.')
        if isinstance(item, Verb):
            self._verb(item, words)
        else:
            self._argument(item, words)
        self._is_joined = self._is_broken = self._is_correcting = self._is_choosing = False
        self._is_after_verb = isinstance(item, Verb)

    def _argument(self, item: Item, words: str) -> None:
        match item:
            case Direction():
                self._direction(item, words)
            case Quantity():
                self._quantity(item, words)
            case Number():
                self._number(item, words)
            case Noun():
                self._noun(item, words)
            case Pace():
                self._pace(item, words)
            case Little():
                self._taking().little = item.name
            case Times():
                self._taking().times = item.count
            case Again():
                self._taking().is_again = True
            case Unusable():
                raise NotUnderstoodError(item.reason)

    def _current(self) -> Clause:
        if self._clause is None:
            is_joined = self._is_joined and bool(self.clauses)
            self._clause = Clause(is_joined=is_joined, is_negated=self._is_negating, order=self._order)
            self._order = None
        self.is_taken_back = False
        return self._clause

    def _taking(self) -> Clause:
        """Return the current clause, or a new one where the current one takes nothing more."""
        clause = self._current()
        return self._next() if clause.name in _CLOSED else clause

    def _next(self, *, like: Clause | None = None) -> Clause:
        """Begin a clause, with the verb of another where it has none of its own."""
        self._close()
        clause = self._current()
        if like is not None:
            clause.verb = like.verb
            clause.words['action'] = like.action
        return clause

    def _close(self) -> None:
        clause, self._clause = self._clause, None
        preposition, self._preposition = self._preposition, None
        if clause is not None and not clause.is_blank:
            clause.dangling = preposition.name if preposition else None
            self.clauses.append(clause)

    def _verb(self, verb: Verb, words: str) -> None:
        clause = self._current()
        takes_back = verb.name == 'cancel' and not clause.is_blank
        if takes_back or self._is_correcting or clause.retracts:
            self._clause = None  # "…, scratch that, …": as if it had not been said
            clause = self._current()
            clause.retracts = takes_back
        elif not clause.is_blank and not self._continues(clause, verb):
            self._is_negating &= self._is_joined  # "don't turn left turn right"
            clause = self._next()
        clause.verb = verb
        clause.note('action', words)

    def _continues(self, clause: Clause, verb: Verb) -> bool:
        """Say whether the verb comes after what belongs to it: "to your left turn …", "make a left turn"."""
        if clause.name in _CLOSED or (verb.name in _CLOSED and clause.verb is not None):
            return False
        if clause.verb is not None and clause.is_empty:
            return clause.name in _MOTIONS or clause.name == verb.name  # "go and turn left": the second says which
        if self._is_joined or clause.things():
            return False
        if self._is_after_verb or (clause.name == 'do' and verb.name == 'turn'):
            return True  # "to your left go, turn …": the second corrects the first
        is_noun = verb.name == 'turn' and 'angle' in clause.amounts
        is_motion = verb.name in _MOTIONS or verb.name == 'face'
        return clause.verb is None and (is_noun or (is_motion and not (clause.direction and clause.has_amount)))

    def _direction(self, direction: Direction, words: str) -> None:
        clause = self._taking()
        if clause.direction == direction.name and not self._is_joined:
            return
        if self._is_joined and clause.direction is None and clause.nouns:
            if direction.name == 'backward':
                raise NotUnderstoodError('Back to where?')  # "go to the kitchen and back"
            clause = self._next(like=clause)
        if not self._is_correcting and not self._refines(clause, direction):
            if not (self._is_joined or self._is_broken or clause.has_amount):
                raise NotUnderstoodError(f'Do you mean {clause.direction} or {direction.name}?')
            clause = self._next(like=clause)
        clause.direction = direction.name
        clause.words['direction'] = words

    def _refines(self, clause: Clause, direction: Direction) -> bool:
        """Say whether the direction is the first of its clause, or says more of it: "turn around to the left"."""
        if clause.direction is None:
            return True
        is_turning = not self._is_joined and clause.name in ('go', 'come', 'turn')
        if clause.direction == 'around' and direction.name in _SIDES and not clause.has_amount:
            clause.verb = Verb('turn', 'around')
            return True
        return is_turning and clause.direction == 'backward' and direction.name in (*_SIDES, 'around')

    def _quantity(self, quantity: Quantity, words: str) -> None:
        clause = self._taking()
        self._check_delay(quantity)
        if self._is_correcting:
            clause.amounts.clear()
            clause.number = None
        if self._is_choosing:
            quantity = _smaller(clause, quantity)
        clause = self._place_for(clause, quantity)
        known = clause.amounts.get(quantity.kind)
        if known is None and clause.number == quantity.said:
            clause.number = None  # "ninety, ninety degrees"
        if known is not None and known.value != quantity.value:
            raise NotUnderstoodError(f'I heard two amounts, {known.value:g} and {quantity.value:g}; which one?')
        clause.amounts[quantity.kind] = quantity
        clause.words[quantity.kind] = words

    def _check_delay(self, quantity: Quantity) -> None:
        preposition, self._preposition = self._preposition, None
        if quantity.kind == 'duration' and preposition is not None and preposition.name in ('on', 'at', 'from'):
            raise NotUnderstoodError(CONDITIONAL)  # "in five seconds"

    def _place_for(self, clause: Clause, quantity: Quantity) -> Clause:
        """Return the clause that the amount belongs to: this, or a new one where it has such an amount already."""
        other = {'angle': clause.amounts.get('distance'), 'distance': clause.amounts.get('angle')}.get(quantity.kind)
        if other is not None and other.said == quantity.said:
            del clause.amounts[other.kind]  # "five deg- five feet"
        elif other is not None:
            return self._next(like=clause)
        elif self._is_joined and quantity.kind in clause.amounts:
            return self._more(clause)
        return clause

    def _more(self, before: Clause) -> Clause:
        """Begin a clause with another amount of the same: "go back two feet and then another three"."""
        clause = self._next(like=before)
        clause.direction = before.direction
        return clause

    def _number(self, number: Number, words: str) -> None:
        clause = self._taking()
        if self._is_correcting:
            _correct_number(clause, number)
            return
        if clause.number not in (None, number.value):
            raise NotUnderstoodError(f'{number.value:g} of what?')
        if clause.amounts and self._is_joined:
            clause = self._more(clause)
        clause.number = number.value
        clause.words['number'] = words

    def _pace(self, pace: Pace, words: str) -> None:
        clause = self._taking()
        if clause.pace not in (None, pace.name) and not self._is_correcting:
            raise NotUnderstoodError('Slowly or fast?')
        clause.pace = pace.name
        clause.words['speed'] = words

    def _noun(self, noun: Noun, words: str) -> None:
        clause = self._taking()
        preposition, self._preposition = self._preposition, None
        argument = Argument(noun, preposition.name if preposition else None)
        if self._is_correcting and clause.nouns:
            _correct_noun(clause, argument)
        elif self._is_joined and clause.nouns:
            before = clause.nouns[-1]
            clause = self._next(like=clause)
            clause.nouns.append(argument if argument.preposition else replace(argument, preposition=before.preposition))
        else:
            clause.nouns.append(argument)
        clause.note('name', words)


def _smaller(clause: Clause, quantity: Quantity) -> Quantity:
    """Return the smaller one of "two or three feet", the safe one, and take the number from the clause."""
    number, clause.number = clause.number, None
    if number is None or number >= quantity.said:
        return quantity
    return replace(quantity, value=round(number * quantity.unit.factor, 6))


def _correct_number(clause: Clause, number: Number) -> None:
    """Put "three" in the place of "two feet": the unit stays."""
    if len(clause.amounts) == 1:
        ((kind, quantity),) = clause.amounts.items()
        clause.amounts[kind] = replace(quantity, value=round(number.value * quantity.unit.factor, 6))
    else:
        clause.amounts.clear()
        clause.number = number.value


def _correct_noun(clause: Clause, argument: Argument) -> None:
    """Replace the last noun of the same role."""
    for index in reversed(range(len(clause.nouns))):
        if argument.preposition in (None, clause.nouns[index].preposition):
            clause.nouns[index] = replace(argument, preposition=clause.nouns[index].preposition)
            return
    clause.nouns[-1] = argument
