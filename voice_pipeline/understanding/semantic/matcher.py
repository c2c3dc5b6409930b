"""
The semantic match, for what the grammar leaves open: a sentence asks for what the nearest known wording asks for.

Similarity says which plain sentence is meant, never more. Where the robot would move, the grammar must find in the
words themselves all that the step needs ("mosey over to the kitchen" is read as "go to … the kitchen"), and no amount,
side or name that was said may be left over. Names and amounts are replaced by the same few in all sentences before they
are compared, since a sentence model hears the kitchen louder than what is to be done there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from voice_pipeline.messages import steps_to_builtins
from voice_pipeline.understanding.grammar.parser import NO_COMMAND, Meaning, Parser
from voice_pipeline.understanding.semantic.exemplars import REST, Exemplar, packaged_exemplars
from voice_pipeline.understanding.words.lexicon_words import CONDITIONAL, NEGATED, OTHER_DEVICE, REPORTED
from voice_pipeline.understanding.words.said import Said, ValueFinder
from voice_pipeline.understanding.words.vocabulary import Vocabulary

Vectors = NDArray[np.float32]

# Actions that set the robot going: they need more than similarity.
MOVING = frozenset(('move', 'turn', 'go_to', 'follow', 'pick', 'place', 'resume', 'repeat'))
# An object or a person can be what any sentence is about ("follow me on the news"): that one was said says little.
LEFT_TO_THE_GRAMMAR = frozenset(('follow', 'pick', 'place'))
# Why the grammar says that the words are not for the robot, or not to be done; where it does, nothing moves.
REFUSALS = frozenset((NEGATED, REPORTED, CONDITIONAL, OTHER_DEVICE))

MAX_WORDS = 40  # what is longer is no command
_MAX_CLAUSES = 4
_MAX_WORDS_AFTER = 2  # that say nothing: "… to the kitchen, will you"
_MAX_READINGS = 30
# Where the words that are left over have one of these, there is more to do than what was found ("ring the bell at the
# door", "have lunch and come to me").
_MORE_TO_DO = frozenset((
    'the', 'my', 'our', 'his', 'her', 'their', 'this', 'that', 'these', 'those', 'some',
    'and', 'then', 'but', 'or', 'before', 'after', 'until', 'while', 'once',
))  # fmt: skip
_NEEDED = ('place', 'object', 'person', 'direction')  # without which nothing could be done
_JOIN = re.compile(r'[,;.!?]*\s+(?:and then|after that|and|then)\s+|[,;.!?]+\s+', re.IGNORECASE)


@dataclass(frozen=True)
class Match:
    """The nearest exemplar of a sentence, its cosine, and by how much less near the next other meaning is."""

    exemplar: Exemplar
    similarity: float
    margin: float


@dataclass(frozen=True)
class Thresholds:
    """
    From when on a sentence is near enough to its exemplar: least similarity, and least margin before the next meaning.

    The two of each are for exemplars that move the robot and for the others. The defaults are calibrated, with
    `python -m voice_pipeline.understanding.semantic.calibrate`.
    """

    moving_similarity: float = 0.5
    moving_margin: float = 0.02
    similarity: float = 0.6
    margin: float = 0.06

    def accept(self, match: Match, *, is_moving: bool) -> bool:
        """Say whether the match is near enough."""
        similarity = self.moving_similarity if is_moving else self.similarity
        margin = self.moving_margin if is_moving else self.margin
        return match.similarity >= similarity and match.margin >= margin


class Encoder(Protocol):
    """Sentences as vectors; `SentenceEncoder` is one."""

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one vector of unit length a sentence: shape (sentences, dimensions)."""
        ...


DEFAULT_THRESHOLDS = Thresholds()


class SemanticParser:
    """
    Understands sentences by their nearest exemplar, and reads the slots with the grammar.

    `known` keeps the vectors of exemplars, by sentence: pass the same one when the vocabulary changes.
    """

    def __init__(
        self,
        grammar: Parser,
        values: ValueFinder,
        exemplars: Iterable[Exemplar],
        encoder: Encoder,
        thresholds: Thresholds = DEFAULT_THRESHOLDS,
        known: dict[str, NDArray[np.float32]] | None = None,
    ) -> None:
        self._grammar = grammar
        self._values = values
        self._exemplars = tuple(exemplars)
        self._encoder = encoder
        self._thresholds = thresholds
        self._vectors = self._exemplar_vectors({} if known is None else known)
        self._meanings = np.array([exemplar.means for exemplar in self._exemplars])

    def parse(self, text: str, by_grammar: Meaning) -> Meaning | None:
        """Return what the text asks for, or None where that cannot be told. `by_grammar`: what the grammar says."""
        if len(text.split()) > MAX_WORDS or not text.strip():
            return None
        clauses = [clause for clause in _JOIN.split(text) if clause.strip()]
        if 1 < len(clauses) <= _MAX_CLAUSES:
            meaning = self._read_all([(clause, self._grammar.parse(clause)) for clause in clauses])
        else:
            meaning = self._read(text, by_grammar, self.match([text])[0])
        is_refused = by_grammar.reason in REFUSALS or self._values.find(text).is_negated
        if meaning is None or (is_refused and not MOVING.isdisjoint(actions_of(meaning))):
            return None
        return replace(meaning, source='semantic')

    def match(self, sentences: Sequence[str]) -> list[Match]:
        """Return the nearest exemplar of each sentence."""
        vectors = self._encoder.encode([self._values.find(sentence).plain for sentence in sentences])
        return [self._nearest(similarities) for similarities in vectors @ self._vectors.T]

    def _exemplar_vectors(self, known: dict[str, NDArray[np.float32]]) -> Vectors:
        plain = [self._values.find(exemplar.sentence).plain for exemplar in self._exemplars]
        new = sorted({sentence for sentence in plain if sentence not in known})
        if new:
            known.update(zip(new, self._encoder.encode(new), strict=True))
        return np.stack([known[sentence] for sentence in plain])

    def _nearest(self, similarities: Vectors) -> Match:
        best = int(similarities.argmax())
        others = similarities[self._meanings != self._meanings[best]]
        similarity = float(similarities[best])
        return Match(self._exemplars[best], similarity, similarity - float(others.max(initial=-1.0)))

    def _read_all(self, clauses: Sequence[tuple[str, Meaning]]) -> Meaning | None:
        """Return the meaning of all clauses one after the other, or None where one of them has none."""
        spoken = [clause for clause in clauses if clause[1].reason != NO_COMMAND]  # without "please" and "will you"
        left_open = [text for text, by_grammar in spoken if not by_grammar.steps]
        if not left_open:
            return None
        matches = iter(self.match(left_open))
        read = [
            by_grammar if by_grammar.steps else self._read(text, by_grammar, next(matches))
            for text, by_grammar in spoken
        ]
        meanings = [meaning for meaning in read if meaning is not None]
        if len(meanings) < len(read):
            return None
        return Meaning(
            steps=tuple(step for meaning in meanings for step in meaning.steps),
            is_complete=all(meaning.is_complete for meaning in meanings),
            missing=next((meaning.missing for meaning in meanings if meaning.missing), ''),
            coverage=min(meaning.coverage for meaning in meanings),
        )

    def _read(self, text: str, by_grammar: Meaning, match: Match) -> Meaning | None:
        exemplar = match.exemplar
        is_moving = not MOVING.isdisjoint(exemplar.actions)
        if not exemplar.means or not self._thresholds.accept(match, is_moving=is_moving):
            return None
        if not LEFT_TO_THE_GRAMMAR.isdisjoint(exemplar.actions):
            return None
        if is_moving and by_grammar.reason in REFUSALS:
            return None  # of this clause
        if exemplar.means.endswith(REST):
            meaning = self._read_slots(text, exemplar)
        else:
            meaning = self._grammar.parse(exemplar.means)
        if meaning is None or actions_of(meaning) != exemplar.actions:
            return None
        return replace(meaning, coverage=min(1.0, match.similarity))

    def _read_slots(self, text: str, exemplar: Exemplar) -> Meaning | None:
        """Return what the grammar makes of the plain verb with the longest part of the text that it can go with."""
        plain = exemplar.means.removesuffix(REST).rstrip()
        said = self._values.find(text)
        for rest in self._parts_with_all(said, text):
            meaning = self._grammar.parse(f'{plain} {rest}')
            is_whole = actions_of(meaning) == exemplar.actions and meaning.missing not in _NEEDED
            if is_whole and all(map(said.explains, meaning.steps)):
                return meaning
        return None

    def _parts_with_all(self, said: Said, text: str) -> Iterator[str]:
        """Yield the parts of the text, longest first, that hold every amount, side and name that was said."""
        words = text.split()
        spans = [
            (start, end)
            for end in range(len(words), max(0, len(words) - _MAX_WORDS_AFTER - 1), -1)
            for start in range(end)
        ]
        for start, end in sorted(spans, key=lambda span: span[0] - span[1])[:_MAX_READINGS]:
            rest = ' '.join(words[start:end])
            left_over = words[:start] + words[end:]
            if _MORE_TO_DO.isdisjoint(left_over) and said.values <= self._values.find(rest).values:
                yield rest


def exemplars_for(vocabulary: Vocabulary, grammar: Parser) -> tuple[Exemplar, ...]:
    """
    Return the exemplars of the package and the vocabulary's own phrases.

    A phrase that sets the robot going is none: it has no slots to agree on, and is understood as it is written only.
    """
    own = [Exemplar(phrase, plain, actions_of(grammar.parse(plain))) for phrase, plain in vocabulary.phrases.items()]
    return (*packaged_exemplars(), *(one for one in own if one.actions and MOVING.isdisjoint(one.actions)))


def actions_of(meaning: Meaning) -> tuple[str, ...]:
    """Return the names of the steps' actions."""
    return tuple(str(step['action']) for step in steps_to_builtins(meaning.steps))
