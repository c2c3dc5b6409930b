"""What is said of one command, whatever the order of its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from voice_pipeline.understanding.words.items import (
    Act,
    DirectionName,
    Noun,
    Order,
    PaceName,
    PrepositionName,
    Quantity,
    Verb,
    VerbName,
)
from voice_pipeline.understanding.words.units import UnitKind

WHICH_WAY = 'Which way? Say for example "go forward two metres" or "turn left".'
WITH_GOALS = frozenset(('put', 'carry', 'fetch', 'give', 'pick', 'take', 'drop'))  # take things to places and people
CLOSED = frozenset(('stop', 'cancel'))  # take nothing after them


class NotUnderstoodError(ValueError):
    """The sentence gives no steps; the text is the reason, in words for the person who spoke."""


@dataclass(frozen=True)
class Argument:
    """A noun and the preposition before it, if there was one."""

    noun: Noun
    preposition: PrepositionName | None = None


@dataclass
class Clause:
    """
    What has been said so far of one command.

    `is_joined`: "and" or "then" stood before it. `is_alike`: its direction is that of the clause before, until it has
    one of its own. `retracts`: it takes back what was said before ("scratch that").
    `dangling`: the preposition it ends in, as heard so far. `order`: it is done before, or after, its neighbour.
    `act`: it was understood as a whole. `words`: the words that each value comes from.
    """

    verb: Verb | None = None
    direction: DirectionName | None = None
    amounts: dict[UnitKind, Quantity] = field(default_factory=dict)
    number: float | None = None
    pace: PaceName | None = None
    little: str | None = None
    times: int | None = None
    nouns: list[Argument] = field(default_factory=list)
    is_again: bool = False
    is_joined: bool = False
    is_alike: bool = False
    is_negated: bool = False
    retracts: bool = False
    dangling: PrepositionName | None = None
    order: Order | None = None
    act: Act | None = None
    words: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> VerbName | None:
        """Return the name of the verb, None where there is none."""
        return self.verb.name if self.verb else None

    @property
    def has_amount(self) -> bool:
        """Say whether a number was said, with or without its unit."""
        return bool(self.amounts) or self.number is not None

    @property
    def is_empty(self) -> bool:
        """Say whether there is no more than a verb."""
        modifiers = (self.direction, self.pace, self.little, self.times, self.nouns, self.is_again)
        return not (self.has_amount or any(modifiers))

    @property
    def is_blank(self) -> bool:
        """Say whether nothing was said at all."""
        return self.is_empty and self.verb is None and self.act is None

    @property
    def action(self) -> str:
        """Return the words of the verb, '' where there is none."""
        return self.words.get('action', '')

    def things(self) -> list[Noun]:
        """Return the nouns without a preposition."""
        return [argument.noun for argument in self.nouns if argument.preposition is None]

    def note(self, slot: str, words: str) -> None:
        """Remember the words that a value comes from."""
        self.words[slot] = f'{self.words[slot]} {words}' if slot in self.words else words


def share_goals(clauses: Sequence[Clause]) -> None:
    """Give "the cup" what was said once: "put the cup and the book on the table", "give me the book and the cup"."""
    pairs = list(pairwise(clauses))
    for clause, after in reversed(pairs):
        goals = [argument for argument in after.nouns if argument.preposition]
        if _share_verb(clause, after) and goals and not _has_goal(clause):
            clause.nouns += goals
    for clause, after in pairs:
        people = [argument for argument in clause.nouns if 'person' in argument.noun.kinds]
        if _share_verb(clause, after) and people and not _has_goal(after):
            after.nouns[:0] = people


def _share_verb(clause: Clause, after: Clause) -> bool:
    return clause.verb is not None and clause.verb is after.verb and clause.name in WITH_GOALS


def _has_goal(clause: Clause) -> bool:
    return any(argument.preposition or 'person' in argument.noun.kinds for argument in clause.nouns)


def in_order(clauses: Sequence[Clause]) -> list[Clause]:
    """
    Return the clauses in the order of doing.

    "Before you turn left go forward", "turn left after you go forward", "go to the kitchen, but first get the cup".
    """
    ordered: list[Clause] = []
    for clause in clauses:
        last = ordered[-1].order if ordered else None
        is_before_last = clause.order is not None and not (clause.order.is_before or clause.is_joined)
        is_after_next = last is not None and last.is_before and (len(ordered) == 1 or ordered[-1].is_joined)
        if ordered and (is_before_last or is_after_next):
            ordered.insert(len(ordered) - 1, clause)
        else:
            ordered.append(clause)
    return ordered
