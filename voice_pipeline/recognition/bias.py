"""
The robot's words: a name that it knows is taken for what was heard where the model finds it nearly as likely.

Whisper writes "Go to the duck" where "dock" was said, since ducks are more frequent than docks. How likely it finds
"dock" can be read from what it computed anyway: wherever a word begins, the logit of the token with which the name
would begin, or would go on where its first tokens were heard. A name that is close there and has similar letters is
put in the place of the words heard, and the model scores both texts. The name may be less likely by `strength` nats
where its letters are those that were heard, and by less the more they differ.

So what was decoded stays as it was (and can be the draft of the next revision), a sentence without anything near a name
costs about a millisecond, and the words before and after have their say. It is the rescoring of alternatives with a
contextual prior (Hall et al., "Composition-based on-the-fly rescoring for salient n-gram biasing", Interspeech 2015),
with the alternatives taken from the decoder's own logits. Measured with `voice_pipeline benchmark names`; a prompt of
the names finds as many, but it spoils other words, hears names where none is, and takes longer with each name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from voice_pipeline.recognition.spelling import plain, similarity, written_forms
from voice_pipeline.understanding.words.emergency import STOP_WORDS
from voice_pipeline.understanding.words.vocabulary import Vocabulary

# The share of equal letters below which words are not compared by sound: most names never come near.
LEAST_SIMILARITY = 0.4
# Alternatives that are scored at most: each takes as long as one more pass over the text (7 ms on a CPU).
MAX_ALTERNATIVES = 3
# A name that is one token below this ("start", "home", "base") is a common word, which needs no help and would be taken
# for many others: byte pairs are numbered from the most frequent on (Sennrich et al., arXiv 1508.07909).
COMMON_TOKENS = 4000
# What turns a command round is never taken for a name.
KEPT_WORDS = frozenset(
    (*(word for phrase in STOP_WORDS for word in plain(phrase)), 'no', 'not', 'never', "don't", "can't", 'cannot')
)
_MORE_WORDS = 2  # that a name may have been taken for: "vestibule" is heard as "best of you"

Margins = npt.NDArray[np.float32]
Score = Callable[[Sequence[Sequence[int]]], Sequence[float]]


@dataclass(frozen=True)
class Expected:
    """Names in lower case, and how many nats less likely than what was heard each may be."""

    names: tuple[str, ...] = ()
    strength: float = 0.0


NOTHING_EXPECTED = Expected()


def names_of(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return all names of the vocabulary, in lower case."""
    places = vocabulary.place_names()
    named = (*vocabulary.robot_names, *places, *vocabulary.people, *vocabulary.objects, *vocabulary.surfaces)
    return tuple(dict.fromkeys(named))


@dataclass(frozen=True)
class _Form:
    """A name as tokens, one way of writing it; `columns` are the columns of the margins that its tokens have."""

    words: tuple[str, ...]
    tokens: tuple[int, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True)
class _Word:
    """A word that was heard: the tokens from `start` to `end`, without the punctuation after it."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class _Alternative:
    """A name in the place of the tokens from `start` to `end`; `allowed` nats less likely, `left` after its start."""

    start: int
    end: int
    tokens: tuple[int, ...]
    allowed: float
    left: float


class Bias:
    """The names as tokens of one model; for one thread at a time."""

    def __init__(
        self, expected: Expected, encode: Callable[[str], list[int]], decode: Callable[[list[int]], str], end: int
    ) -> None:
        """`encode` returns the tokens of a text and `decode` the text of tokens; from token `end` on, none is text."""
        self._strength = expected.strength
        self._decode = decode
        self._end = end
        self._texts: dict[int, str] = {}
        self._names = {plain(name) for name in expected.names} if expected.strength > 0 else set()
        written: dict[tuple[int, ...], tuple[str, ...]] = {}
        for name in expected.names if self._names else ():
            forms = [tuple(encode(f' {form}')) for form in written_forms(name)]
            if all(len(tokens) > 1 or tokens[0] >= COMMON_TOKENS for tokens in forms):
                written |= dict.fromkeys(forms, plain(name))
        self.watched = tuple(sorted({token for tokens in written for token in tokens}))
        columns = {token: column for column, token in enumerate(self.watched)}
        self._forms = [
            _Form(words, tokens, tuple(columns[token] for token in tokens)) for tokens, words in written.items()
        ]
        self._first_columns = np.array([form.columns[0] for form in self._forms], np.intp)

    def correct(self, tokens: Sequence[int], margins: Margins, score: Score) -> tuple[int, ...]:
        """
        Return the tokens with names in the place of what they were taken for.

        `margins`: for each token, and perhaps for the end after them, the logits of the `watched` tokens minus that of
        the token chosen, shape (n, len(`watched`)). `score` returns the log-probability of each of several texts; it is
        asked at most once, and only where a name is near.
        """
        alternatives = self._alternatives(tokens, margins)
        if not alternatives:
            return tuple(tokens)
        heard, *scores = score([tokens, *(_replaced(tokens, [one]) for one in alternatives)])
        gains = {one: scored - heard + one.allowed for one, scored in zip(alternatives, scores, strict=True)}
        taken: list[_Alternative] = []
        for one in sorted(gains, key=lambda each: -gains[each]):
            if gains[one] >= 0 and all(one.end <= other.start or other.end <= one.start for other in taken):
                taken.append(one)
        return _replaced(tokens, taken)

    def _alternatives(self, tokens: Sequence[int], margins: Margins) -> list[_Alternative]:
        """Return the names that are near, the most promising first, at most `MAX_ALTERNATIVES`."""
        if not self._forms or any(token >= self._end for token in tokens):
            return []
        words = self._words(tokens)
        found = (
            alternative
            for index, word in enumerate(words)
            if word.start < len(margins)
            for form in self._begun(margins[word.start])
            for alternative in self._placed(form, tokens, margins, words[index:])
        )
        return sorted(found, key=lambda one: -one.left)[:MAX_ALTERNATIVES]

    def _begun(self, margins: Margins) -> Iterator[_Form]:
        """Yield the forms whose first token is near, in a row of the margins."""
        for index in np.flatnonzero(margins[self._first_columns] >= -self._strength):
            yield self._forms[index]

    def _placed(
        self, form: _Form, tokens: Sequence[int], margins: Margins, words: Sequence[_Word]
    ) -> Iterator[_Alternative]:
        """Yield the form in the place of one, two or more of the words, where it is near."""
        start = words[0].start
        shared = _shared_length(form.tokens, tokens[start:])
        if shared == len(form.tokens) or start + shared >= len(margins):
            return
        margin = float(margins[start + shared, form.columns[shared]])
        for count in range(1, min(len(words), len(form.words) + _MORE_WORDS) + 1):
            heard = plain(' '.join(word.text for word in words[:count]))
            alike = similarity(heard, form.words)
            left = self._strength * alike + margin
            if alike >= LEAST_SIMILARITY and left >= 0 and not self._stays(heard, form.words):
                yield _Alternative(start, words[count - 1].end, form.tokens, self._strength * alike, left)

    def _stays(self, heard: tuple[str, ...], name: tuple[str, ...]) -> bool:
        """Return whether something was heard that stays: a word to keep, or a name that is no part of this one."""
        if not KEPT_WORDS.isdisjoint(heard):
            return True
        parts = {
            heard[start:end] for start in range(len(heard)) for end in range(start + 1, len(heard) + 1)
        } & self._names
        return any(not _contains(name, part) for part in parts) or name in parts

    def _words(self, tokens: Sequence[int]) -> list[_Word]:
        later = [index for index in range(1, len(tokens)) if self._text(tokens[index]).startswith(' ')]
        words = []
        for start, end in pairwise((0, *later, len(tokens))):
            while end > start and not any(map(str.isalnum, self._text(tokens[end - 1]))):
                end -= 1
            if end > start:
                words.append(_Word(start, end, ''.join(map(self._text, tokens[start:end]))))
        return words

    def _text(self, token: int) -> str:
        text = self._texts.get(token)
        if text is None:
            text = self._texts[token] = self._decode([token])
        return text


def _contains(name: tuple[str, ...], part: tuple[str, ...]) -> bool:
    return any(name[start : start + len(part)] == part for start in range(len(name)))


def _shared_length(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens both begin with."""
    length = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        length += 1
    return length


def _replaced(tokens: Sequence[int], alternatives: Sequence[_Alternative]) -> tuple[int, ...]:
    """Return the tokens with the alternatives, which do not overlap, in their places."""
    result = list(tokens)
    for one in sorted(alternatives, key=lambda each: -each.start):
        result[one.start : one.end] = one.tokens
    return tuple(result)
