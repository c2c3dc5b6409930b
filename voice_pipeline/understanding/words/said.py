"""
The values that a sentence holds: its amounts, directions and names, whatever it does with them.

What is understood otherwise than by the grammar is held against them: nothing moves the robot by a distance, or to a
place, that nobody named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose

import msgspec

from voice_pipeline.messages import Step
from voice_pipeline.understanding.words.items import NounKind
from voice_pipeline.understanding.words.names import Names
from voice_pipeline.understanding.words.normalise import words
from voice_pipeline.understanding.words.units import UnitKind, read_unit, to_si
from voice_pipeline.understanding.words.vocabulary import Vocabulary

ME = 'me'

_DIRECTIONS = {
    'forward': 'forward forwards ahead straight onward onwards',
    'backward': 'back backward backwards reverse',
    'left': 'left leftward leftwards counterclockwise anticlockwise',
    'right': 'right rightward rightwards clockwise',
    'around': 'around round',
    'behind': 'behind',
    'up': 'up upward upwards ceiling',
    'down': 'down downward downwards',
}
_DIRECTION_OF = {word: name for name, said in _DIRECTIONS.items() for word in said.split()}
_NEGATIONS = frozenset(
    ('no', 'not', 'never', 'none', 'nor', 'neither', 'nothing', 'nobody', 'without', 'except', 'instead')
)
_ORDINAL_ENDINGS = frozenset(('st', 'nd', 'rd', 'th'))
_WAYS = frozenset(('forward', 'backward', 'left', 'right'))
_SPEAKER = frozenset(('me', 'here'))
# Stand-ins, so that sentences are compared by what they ask for, and not by the things they name.
_STAND_INS: Mapping[NounKind | UnitKind, str] = {
    'object': 'cup',
    'surface': 'table',
    'place': 'kitchen',
    'person': 'sam',
    'distance': '2 meters',
    'angle': '90 degrees',
    'duration': '5 seconds',
    'speed': '1 meters per second',
    'turn_rate': '30 degrees per second',
    'percent': '50 percent',
}
_NAME_ARGUMENTS: Mapping[str, tuple[NounKind, ...]] = {
    'place': ('place', 'surface'),
    'object': ('object',),
    'person': ('person',),
}
_AMOUNT_ARGUMENTS: Mapping[str, UnitKind] = {
    'distance_m': 'distance',
    'angle_deg': 'angle',
    'duration_s': 'duration',
    'speed_mps': 'speed',
    'speed_dps': 'turn_rate',
}
_TOLERANCE = 1e-3  # relative; half a turn in radians is not quite 180 degrees


@dataclass(frozen=True)
class Said:
    """
    The values of one sentence, in SI units, angles in degrees.

    `numbers` are those without a unit; `is_negated`: something is not to be done, or not so. `plain` is the sentence
    with the same few names and amounts for all, for comparing it.
    """

    amounts: frozenset[tuple[UnitKind, float]]
    numbers: frozenset[float]
    directions: frozenset[str]
    names: frozenset[tuple[NounKind, str]]
    is_negated: bool
    plain: str

    def amounts_of(self, kind: UnitKind) -> list[float]:
        """Return the amounts of a kind, smallest first."""
        return sorted(value for known, value in self.amounts if known == kind)

    def names_of(self, *kinds: NounKind) -> list[str]:
        """Return the names of these kinds, in alphabetical order."""
        return sorted({name for kind, name in self.names if kind in kinds})

    @property
    def values(self) -> frozenset[object]:
        """
        What must not be lost: all but the speaker, whom people name without meaning ("get me there"), and the words
        that are also part of verbs ("scoop up", "look around").
        """
        return self.amounts | self.numbers | (self.directions & _WAYS) | (self.names - {('person', ME)})

    def explains(self, step: Step) -> bool:
        """Say whether each distance, angle, time, speed, side and name of the step was said."""
        arguments: dict[str, object] = msgspec.to_builtins(step.args)
        return all(self._explains_argument(name, value) for name, value in arguments.items())

    def is_used_up(self, steps: Iterable[Step]) -> bool:
        """Say whether each amount and each name that was said, but for the speaker's, is in one of the steps."""
        used = [value for step in steps for value in msgspec.to_builtins(step.args).values()]
        amounts = {abs(value) for value in used if isinstance(value, float)}
        names = {name for _, name in self.names} - {ME}
        return names.issubset(used) and all(
            any(isclose(value, amount, rel_tol=_TOLERANCE) for amount in amounts)
            for value in {*self.numbers, *(value for _, value in self.amounts)}
        )

    def _explains_argument(self, name: str, value: object) -> bool:
        if name in _NAME_ARGUMENTS:
            return any((kind, value) in self.names for kind in _NAME_ARGUMENTS[name])
        if name == 'direction':
            return value in self.directions or (value == 'forward' and not self.directions)
        if name in _AMOUNT_ARGUMENTS and isinstance(value, float):
            known = {*self.amounts_of(_AMOUNT_ARGUMENTS[name]), *self.numbers}
            is_known = any(isclose(abs(value), amount, rel_tol=_TOLERANCE) for amount in known)
            return is_known and (name != 'angle_deg' or self._has_side(value))
        return True

    def _has_side(self, angle_deg: float) -> bool:
        """Say whether the angle is to a side that was said; left, positive, is also what no side means (REP-103)."""
        if angle_deg < 0:
            return 'right' in self.directions
        return 'left' in self.directions or 'right' not in self.directions


class ValueFinder:
    """Finds the values of sentences; the vocabulary gives the names."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._names = Names(vocabulary)

    def find(self, text: str) -> Said:
        """Return the values of the text."""
        said = words(text)
        reading = _Reading()
        index = 0
        while index < len(said):
            index = self._name(said, index, reading) or _amount(said, index, reading) or _word(said, index, reading)
        return reading.said()

    def _name(self, said: Sequence[str], index: int, reading: _Reading) -> int | None:
        found = self._names.at(said, index)
        if found is None or not found[0].kinds:
            return None
        noun, after = found
        reading.names.update((kind, noun.name) for kind in noun.kinds)
        reading.plain.append(next(_STAND_INS[kind] for kind in _STAND_INS if kind in noun.kinds))
        return after


class _Reading:
    """What was found so far."""

    def __init__(self) -> None:
        self.amounts: set[tuple[UnitKind, float]] = set()
        self.numbers: set[float] = set()
        self.directions: set[str] = set()
        self.names: set[tuple[NounKind, str]] = set()
        self.is_negated = False
        self.plain: list[str] = []

    def said(self) -> Said:
        return Said(
            amounts=frozenset(self.amounts),
            numbers=frozenset(self.numbers),
            directions=frozenset(self.directions),
            names=frozenset(self.names),
            is_negated=self.is_negated,
            plain=' '.join(self.plain),
        )


def _amount(said: Sequence[str], index: int, reading: _Reading) -> int | None:
    try:
        value = abs(float(said[index]))
    except ValueError:
        return None
    if said[index + 1 : index + 2] and said[index + 1] in _ORDINAL_ENDINGS:
        reading.plain.append(f'{said[index]}{said[index + 1]}')  # "first": an order, no amount
        return index + 2
    unit = read_unit(said, index + 1)
    if unit is None:
        reading.numbers.add(value)
        reading.plain.append('2')
        return index + 1
    reading.amounts.add((unit[0].kind, to_si(value, unit[0])))
    reading.plain.append(_STAND_INS[unit[0].kind])
    return unit[1]


def _word(said: Sequence[str], index: int, reading: _Reading) -> int:
    word = said[index]
    if word in _DIRECTION_OF:
        reading.directions.add(_DIRECTION_OF[word])
    if word in _SPEAKER:
        reading.names.add(('person', ME))
    reading.is_negated |= word in _NEGATIONS
    reading.plain.append(word)
    return index + 1
