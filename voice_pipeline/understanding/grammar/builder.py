"""From items to clauses: where a command begins, what belongs to it, what was corrected, what must not be done."""

from __future__ import annotations

from collections.abc import Iterable

from voice_pipeline.understanding.grammar.clauses import CLOSED, Argument, Clause, NotUnderstoodError
from voice_pipeline.understanding.grammar.fitting import (
    continues,
    correct_amount,
    correct_noun,
    correct_number,
    is_listed,
    is_said,
    joined_argument,
    refines,
    set_pace,
    smaller,
)
from voice_pipeline.understanding.grammar.flow import Flow
from voice_pipeline.understanding.words.items import (
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
    Verb,
)
from voice_pipeline.understanding.words.lexicon_words import CONDITIONAL


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
        self._retracted: Clause | None = None  # what the last clause takes back
        self._flow = Flow()

    @property
    def is_dangling(self) -> bool:
        """Say whether the last words need, or announce, more words."""
        is_cut = bool(self.clauses) and self.clauses[-1].dangling is not None
        return is_cut or self._flow.is_joined or self._flow.is_correcting or self._flow.is_choosing

    def add_all(self, items: Iterable[Tagged]) -> list[Clause]:
        """Return the clauses of all items. Raises `NotUnderstoodError` where an item has no place."""
        for tagged in items:
            self._add(tagged.item, tagged.words)
        self._close()
        return self.clauses

    def _add(self, item: Item, words: str) -> None:
        match item:
            case Join():
                self._flow.join(item)
            case Order():
                self._close()
                self._flow.order = item
            case But():
                self._flow.contrast()
            case Correction():
                self._correct(words)
            case Negation():
                self._negate(item)
            case Preposition():
                self._flow.preposition = item
            case Or():
                self._flow.is_choosing = True
            case Filler():
                pass
            case Act():
                self._act(item, words)
            case _:
                self._content(item, words)

    def _correct(self, words: str) -> None:
        is_act = self._clause is None and bool(self.clauses) and self.clauses[-1].act is not None
        if is_act or (self._clause is not None and not self._clause.is_blank):
            self._flow.correct()
            self.is_taken_back = 'no' in words.split()

    def _negate(self, negation: Negation) -> None:
        """Take "don't" for all that follows, and "not" after something for the words that follow only."""
        if negation.is_command:
            if self._flow.is_correcting:
                self._take_back()  # "turn left, no, don't"
                self.is_taken_back = self._flow.is_correcting = False
            self._close()
            self._flow.is_negating = True
            return
        self._flow.is_excluding = True
        self._flow.is_negating = self._clause is None or self._clause.is_empty or self._flow.is_joined

    def _act(self, act: Act, words: str) -> None:
        if self._flow.is_correcting:
            self._take_back()
        self._close()
        clause = self._current()
        clause.act = act
        clause.note('action', words)
        self._close()
        self._flow.settle(act)

    def _content(self, item: Item, words: str) -> None:
        if self._flow.is_excluding and not isinstance(item, Verb):
            self._flow.is_excluding = False
            if self._clause is not None and is_said(self._clause, item):
                self._flow.correct()  # "left, not left, right"
            return
        self._flow.check(item)
        if isinstance(item, Verb):
            self._verb(item, words)
        else:
            self._argument(item, words)
        self._flow.settle(item)

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

    def _current(self) -> Clause:
        if self._clause is None:
            is_joined = self._flow.is_joined and bool(self.clauses)
            order = self._flow.take_order()
            self._clause = Clause(is_joined=is_joined, is_negated=self._flow.is_negating, order=order)
        self.is_taken_back = False
        return self._clause

    def _taking(self) -> Clause:
        """Return the current clause, or a new one where the current one takes nothing more."""
        clause = self._current()
        if clause.retracts and self._retracted is not None:
            self._clause = self._retracted  # "to the lab, scratch that, the office"
            self._flow.correct()
            return self._clause
        return self._next() if clause.name in CLOSED else clause

    def _next(self, *, like: Clause | None = None) -> Clause:
        """Begin a clause, with the verb of another where it has none of its own."""
        self._close()
        clause = self._current()
        if like is not None:
            clause.verb = like.verb
            clause.words['action'] = like.action
        return clause

    def _more(self, before: Clause) -> Clause:
        """Begin a clause with another amount of the same: "go back two feet and then another three"."""
        clause = self._next(like=before)
        clause.direction, clause.is_alike = before.direction, True
        return clause

    def _close(self) -> None:
        clause, self._clause = self._clause, None
        dangling = self._flow.take_preposition()
        if clause is None or clause.is_blank:
            return
        if clause.is_alike and not clause.is_joined:
            raise NotUnderstoodError('I heard two amounts; which one?')  # "two feet, three feet"
        clause.dangling = dangling
        self.clauses.append(clause)

    def _take_back(self) -> None:
        """Drop the command that is being said, or was just said as a whole."""
        is_begun = self._clause is not None and not self._clause.is_blank
        if not is_begun and self.clauses and self.clauses[-1].act is not None:
            self.clauses.pop()
        self._clause = None

    def _verb(self, verb: Verb, words: str) -> None:
        clause = self._current()
        if not clause.is_blank and self._flow.preposition is not None and not self._flow.is_parted:
            raise NotUnderstoodError(f'I do not understand "{words[:40]}" here.')  # "go to slide three"
        takes_back = verb.name == 'cancel' and not clause.is_blank
        if takes_back or self._flow.is_correcting or clause.retracts:
            self._retracted = clause if takes_back else None
            self._take_back()  # "…, scratch that, …": as if it had not been said
            clause = self._current()
            clause.retracts = takes_back
        elif not clause.is_blank and not continues(clause, verb, self._flow):
            self._flow.is_negating &= self._flow.is_joined  # "don't turn left turn right"
            clause = self._next()
        clause.verb = verb
        clause.note('action', words)

    def _direction(self, direction: Direction, words: str) -> None:
        clause, flow = self._taking(), self._flow
        if clause.direction == direction.name and not (flow.is_joined or clause.is_alike):
            return
        if flow.is_joined and clause.direction is None and clause.nouns:
            if direction.name == 'backward':
                raise NotUnderstoodError('Back to where?')  # "go to the kitchen and back"
            clause = self._next(like=clause)
        if not flow.may_correct and not refines(clause, direction, flow):
            if not (flow.is_parted or clause.has_amount):
                raise NotUnderstoodError(f'Do you mean {clause.direction} or {direction.name}?')
            is_turn = clause.name == 'turn' and direction.name in ('forward', 'backward')
            clause = self._next(like=None if is_turn else clause)  # "turn left, forward two metres"
        clause.direction, clause.is_alike = direction.name, False
        clause.words['direction'] = words

    def _quantity(self, quantity: Quantity, words: str) -> None:
        clause = self._taking()
        preposition = self._flow.take_preposition()
        if quantity.kind == 'duration' and preposition in ('on', 'at', 'from'):
            raise NotUnderstoodError(CONDITIONAL)  # "in five seconds"
        if self._flow.may_correct:
            correct_amount(clause, quantity, self._flow)
        if self._flow.is_choosing:
            quantity = smaller(clause, quantity)
        clause = self._place_for(clause, quantity)
        known = clause.amounts.get(quantity.kind)
        if known is None and clause.number == quantity.said:
            clause.number = None  # "ninety, ninety degrees"
        if known is not None and known.value != quantity.value:
            raise NotUnderstoodError(f'I heard two amounts, {known.value:g} and {quantity.value:g}; which one?')
        clause.amounts[quantity.kind] = quantity
        clause.words[quantity.kind] = words

    def _place_for(self, clause: Clause, quantity: Quantity) -> Clause:
        """Return the clause that the amount belongs to: this, or a new one where it has such an amount already."""
        other = {'angle': clause.amounts.get('distance'), 'distance': clause.amounts.get('angle')}.get(quantity.kind)
        known = clause.amounts.get(quantity.kind)
        if other is not None and other.said == quantity.said:
            del clause.amounts[other.kind]  # "five deg- five feet"
        elif other is not None:
            return self._next(like=clause)
        elif clause.name == 'turn' and quantity.kind == 'distance' and self._flow.is_parted:
            return self._next()
        elif known is not None and (self._flow.is_joined or (self._flow.is_broken and known.value != quantity.value)):
            return self._more(clause)
        return clause

    def _number(self, number: Number, words: str) -> None:
        clause = self._taking()
        if self._flow.is_correcting:
            correct_number(clause, number)
            return
        if self._flow.may_correct:
            clause.number = None
        if clause.number not in (None, number.value):
            raise NotUnderstoodError(f'{number.value:g} of what?')
        if clause.amounts and self._flow.is_joined:
            clause = self._more(clause)
        clause.number = number.value
        clause.words['number'] = words

    def _pace(self, pace: Pace, words: str) -> None:
        clause = self._taking()
        set_pace(clause, pace, self._flow)
        clause.words['speed'] = words

    def _noun(self, noun: Noun, words: str) -> None:
        clause = self._taking()
        preposition = self._flow.take_preposition()
        if self._flow.may_correct and clause.nouns:
            correct_noun(clause, Argument(noun, preposition))
        elif clause.nouns and (self._flow.is_joined or is_listed(clause, noun, preposition, self._flow)):
            before = clause
            clause = self._next(like=before)
            clause.nouns.append(joined_argument(before, noun, preposition))
        else:
            clause.nouns.append(Argument(noun, preposition))
        clause.note('name', words)
