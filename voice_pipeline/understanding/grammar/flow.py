"""What the small words said so far mean for the next word that counts."""

from __future__ import annotations

from dataclasses import dataclass

from voice_pipeline.understanding.grammar.clauses import NotUnderstoodError
from voice_pipeline.understanding.words.items import (
    Item,
    Join,
    Number,
    Order,
    Preposition,
    PrepositionName,
    Quantity,
    Verb,
)
from voice_pipeline.understanding.words.lexicon_words import CONDITIONAL


@dataclass
class Flow:
    """
    Between two words that count; `settle` is called after each of them.

    `is_joined`: "and" or "then" was said; `is_broken`: there was a punctuation mark, which recognisers set freely.
    `is_correcting`: what follows takes the place of something, and `may_correct` the words after that still may.
    `is_choosing`: after "or". `is_negating`: after "don't", what follows is not to be done; `is_excluding`: after
    "not", the words to come do not count.
    """

    preposition: Preposition | None = None
    order: Order | None = None
    is_joined: bool = False
    is_broken: bool = False
    is_after_verb: bool = False
    is_correcting: bool = False
    may_correct: bool = False
    is_choosing: bool = False
    is_negating: bool = False
    is_excluding: bool = False

    @property
    def is_parted(self) -> bool:
        """Say whether something, at least a mark, stands between the words before and the next."""
        return self.is_joined or self.is_broken

    def join(self, join: Join) -> None:
        """Take note of "and" or a mark."""
        self.is_joined |= join.is_word
        self.may_correct = self.is_correcting
        if not join.is_word:
            self.is_broken = True
            self.is_excluding = self.is_negating = False

    def contrast(self) -> None:
        """Take note of "but", which ends what must not be done."""
        self.is_excluding = self.is_negating = False
        self.is_joined = True

    def correct(self) -> None:
        """Take note of "no", "sorry", "I mean"."""
        self.is_correcting = self.may_correct = True
        self.is_joined = self.is_excluding = False

    def check(self, item: Item) -> None:
        """Raise `NotUnderstoodError` where the words before do not go with this one."""
        if self.order is not None and not isinstance(item, Verb):
            raise NotUnderstoodError(CONDITIONAL)  # "after three seconds"
        if self.is_choosing and not isinstance(item, (Quantity, Number)):
            raise NotUnderstoodError('One or the other? Please say which one.')

    def settle(self, item: Item) -> None:
        """Begin anew after a word that counts."""
        self.is_joined = self.is_broken = self.is_correcting = self.is_choosing = self.is_excluding = False
        self.preposition = None
        self.is_after_verb = isinstance(item, Verb)
        self.may_correct &= not self.is_after_verb

    def take_preposition(self) -> PrepositionName | None:
        """Return the preposition that was said, once."""
        preposition, self.preposition = self.preposition, None
        return preposition.name if preposition else None

    def take_order(self) -> Order | None:
        """Return the "before" or "after" that was said, once."""
        order, self.order = self.order, None
        return order
