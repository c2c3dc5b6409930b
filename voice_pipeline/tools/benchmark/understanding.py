"""`benchmark understanding`: what a parser makes of labelled sentences, what is wrong with it, and how long it took."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Literal, Protocol

import msgspec

from voice_pipeline.messages import Cancel, Look, Move, Pause, Query, Say, SetSpeed, Step, Stop, Turn
from voice_pipeline.monitoring.statistics import NS_PER_MS
from voice_pipeline.tools.benchmark.sentences import Sentence

# A foot said and metres labelled to two digits must agree, 90 and 91 degrees must not.
RELATIVE_TOLERANCE = 0.01

Fault = Literal[
    'wrong actions', 'wrong arguments', 'false motion', 'opposite direction', 'missed emergency', 'false emergency'
]

# All others move the base, the arm or the camera, or go on with what did.
_STILL = (Stop, Cancel, Pause, SetSpeed, Query, Say)
_OPPOSITES = (('forward', 'backward'), ('left', 'right'), ('up', 'down'))
_OPPOSITE = {one: other for pair in _OPPOSITES for one, other in (pair, pair[::-1])}


class Understood(Protocol):
    """What a sentence was taken for."""

    @property
    def steps_to_do(self) -> tuple[Step, ...]:
        """What the robot would do, in order, without asking anything."""

    @property
    def emergency_stop(self) -> bool:
        """Whether to stop at once."""

    @property
    def reason(self) -> str:
        """Why there are no steps, '' where there are."""


class SentenceParser(Protocol):
    """Whatever understands sentences."""

    def parse(self, text: str) -> Understood:
        """Return the meaning of the text."""


@dataclass(frozen=True)
class Outcome:
    """What became of one sentence; no faults where all is right."""

    sentence: Sentence
    meaning: Understood
    faults: tuple[Fault, ...]
    time_ms: float


@dataclass(frozen=True)
class Score:
    """
    The faults of some sentences, each beside the number of sentences that could have it.

    `still` are those that must not move the robot; `emergencies` and `no_emergencies` those labelled so.
    """

    sentences: int
    still: int
    emergencies: int
    no_emergencies: int
    faults: Counter[Fault]

    @property
    def sequence_percent(self) -> float:
        """The share of sentences with the right actions in the right order."""
        return 100.0 * (self.sentences - self.faults['wrong actions']) / self.sentences

    @property
    def arguments_percent(self) -> float:
        """The share of sentences with the right actions and all their arguments right."""
        wrong = self.faults['wrong actions'] + self.faults['wrong arguments']
        return 100.0 * (self.sentences - wrong) / self.sentences


def measure(parser: SentenceParser, sentences: Sequence[Sentence]) -> list[Outcome]:
    """Return what the parser makes of each sentence. The first is parsed twice, so that nothing is loaded on time."""
    for sentence in sentences[:1]:
        parser.parse(sentence.text)
    return [_outcome(parser, sentence) for sentence in sentences]


def _outcome(parser: SentenceParser, sentence: Sentence) -> Outcome:
    started_ns = time.perf_counter_ns()
    meaning = parser.parse(sentence.text)
    time_ms = (time.perf_counter_ns() - started_ns) / NS_PER_MS
    return Outcome(sentence, meaning, tuple(faults_of(sentence, meaning)), time_ms)


def score(outcomes: Sequence[Outcome]) -> Score:
    """Count the faults of one or more outcomes."""
    expected = [outcome.sentence for outcome in outcomes]
    return Score(
        sentences=len(outcomes),
        still=sum(not moves(sentence.steps) for sentence in expected),
        emergencies=sum(sentence.emergency_stop is True for sentence in expected),
        no_emergencies=sum(sentence.emergency_stop is False for sentence in expected),
        faults=Counter(fault for outcome in outcomes for fault in outcome.faults),
    )


def faults_of(sentence: Sentence, meaning: Understood) -> Iterator[Fault]:
    """Yield all that is wrong with this meaning of the sentence."""
    expected, found = sentence.steps, meaning.steps_to_do
    if _actions(expected) != _actions(found):
        yield 'wrong actions'
    elif not all(map(same_arguments, expected, found)):
        yield 'wrong arguments'
    if moves(found) and not moves(expected):
        yield 'false motion'
    if is_opposite(expected, found):
        yield 'opposite direction'
    if sentence.emergency_stop is not None and sentence.emergency_stop != meaning.emergency_stop:
        yield 'missed emergency' if sentence.emergency_stop else 'false emergency'


def moves(steps: Iterable[Step]) -> bool:
    """Return whether any of the steps moves a part of the robot."""
    return any(not isinstance(step, _STILL) for step in steps)


def _actions(steps: Iterable[Step]) -> list[type[Step]]:
    return [type(step) for step in steps]


def same_arguments(expected: Step, found: Step) -> bool:
    """Return whether the same was said: numbers within 1 %, texts in upper or lower case."""
    wanted, given = msgspec.to_builtins(expected.args), msgspec.to_builtins(found.args)
    return wanted.keys() == given.keys() and all(_same(wanted[name], given[name]) for name in wanted)


def _same(wanted: float | str, given: float | str) -> bool:
    if isinstance(wanted, str) or isinstance(given, str):
        return str(wanted).casefold() == str(given).casefold()
    return isclose(wanted, given, rel_tol=RELATIVE_TOLERANCE)


def is_opposite(expected: Sequence[Step], found: Sequence[Step]) -> bool:
    """
    Return whether any step goes where the opposite was said.

    Steps of the same action are compared in order; where there are more or fewer of them than expected, one is
    opposite when only the other side was ever said.
    """
    return any(_are_opposite(_sides(expected, action), _sides(found, action)) for action in (Move, Turn, Look))


def _are_opposite(wanted: list[str | None], given: list[str | None]) -> bool:
    if len(wanted) == len(given):
        return any(one is not None and _OPPOSITE.get(one) == other for one, other in zip(wanted, given, strict=True))
    return any(side is not None and side not in wanted and _OPPOSITE.get(side) in wanted for side in given)


def _sides(steps: Iterable[Step], action: type[Move | Turn | Look]) -> list[str | None]:
    return [_side(step) for step in steps if isinstance(step, action)]


def _side(step: Move | Turn | Look) -> str | None:
    if not isinstance(step, Move) and step.args.angle_deg is not None:
        return 'left' if step.args.angle_deg > 0 else 'right'
    return step.args.direction
