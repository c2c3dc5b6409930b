"""What a clause comes to, and what the clauses before it are remembered for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voice_pipeline.messages import Step
from voice_pipeline.understanding.grammar.clauses import Argument, Clause, NotUnderstoodError
from voice_pipeline.understanding.words.items import Noun, PrepositionName
from voice_pipeline.understanding.words.lexicon_words import REPORTED
from voice_pipeline.understanding.words.units import Unit, UnitKind
from voice_pipeline.understanding.words.vocabulary import Vocabulary

Missing = Literal['', 'direction', 'distance', 'angle', 'unit', 'place', 'object', 'person']

_CHARGING = (
    'charging station',
    'dock',
    'docking station',
    'charger',
    'charging dock',
)  # names of where a robot charges


@dataclass(frozen=True)
class Resolved:
    """Steps; `is_open` where speech could still add to them, `missing` what they cannot be done without."""

    steps: tuple[Step, ...]
    is_open: bool = False
    missing: Missing = ''


class Context:
    """What "it", "there" and a number without its unit stand for, by the clauses before."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.has_objects, self.has_places = bool(vocabulary.objects), bool(vocabulary.places)
        self.little_m, self.little_deg = vocabulary.amounts.little_m, vocabulary.amounts.little_deg
        places = vocabulary.place_names()
        self.charging_place = next((places[name] for name in _CHARGING if name in places), None)
        self.held: str | None = None  # what an earlier clause picks up
        self._last: dict[str, Noun] = {}
        self._units: dict[UnitKind, Unit] = {}

    def remember(self, clause: Clause) -> None:
        """Take note of the names and units of a clause that was understood."""
        for argument in clause.nouns:
            noun = argument.noun
            if noun.is_pronoun or noun.name == 'me':
                continue
            if 'person' in noun.kinds:
                self._last['him'] = noun
            self._last['there' if argument.preposition else 'it'] = noun
            if 'object' in noun.kinds and not clause.things():
                self._last['it'] = noun  # "point at the ball, then pick it up"
        for kind, quantity in clause.amounts.items():
            self._units[kind] = quantity.unit

    def unit(self, kind: UnitKind) -> Unit | None:
        """Return the unit in which amounts of this kind were said last."""
        return self._units.get(kind)

    def meant(self, noun: Noun) -> Noun | None:
        """
        Return what the noun stands for: itself, what a pronoun was said of, or None where that is not known.

        Raises `NotUnderstoodError` for a person that nobody named: the words are about others.
        """
        if not noun.is_pronoun:
            return noun
        return self.person() if 'person' in noun.kinds else self._last.get(noun.name)

    def person(self) -> Noun:
        """Return the person who was named last. Raises `NotUnderstoodError` where nobody was."""
        if 'him' not in self._last:
            raise NotUnderstoodError(REPORTED)
        return self._last['him']


class Arguments:
    """The nouns of a clause, taken one by one by their roles; what nobody takes makes the clause not understood."""

    def __init__(self, clause: Clause, context: Context) -> None:
        self._left = list(clause.nouns)
        self._context = context

    def take(self, *prepositions: PrepositionName | None, kind: str = '') -> Argument | None:
        """Take the first noun with one of these prepositions, and of this kind where one is asked for."""
        for argument in self._left:
            if argument.preposition in prepositions and (not kind or kind in argument.noun.kinds):
                self._left.remove(argument)
                return argument
        return None

    def take_spot(self) -> Argument | None:
        """Take a "here" or "there" that stands by itself."""
        spots = [argument for argument in self._left if argument.noun.name in ('here', 'there')]
        for spot in spots[:1]:
            self._left.remove(spot)
        return spots[0] if spots else None

    def name(self, argument: Argument | None) -> str | None:
        """Return the name that the argument stands for."""
        noun = None if argument is None else self._context.meant(argument.noun)
        return noun.name if noun is not None else None

    def skip(self, *prepositions: PrepositionName | None) -> None:
        """Leave out nouns that only describe, such as what a distance leads to; never "the opposite direction"."""
        self._left = [
            argument for argument in self._left if argument.preposition not in prepositions or _is_way(argument.noun)
        ]

    def skip_spots(self) -> None:
        """Leave out "here" and "there" where they say nothing: "turn left here"."""
        self._left = [argument for argument in self._left if argument.noun.name not in ('here', 'there')]

    def finish(self) -> None:
        """Raise `NotUnderstoodError` where a noun is left over."""
        if self._left:
            raise NotUnderstoodError(f'I do not understand what to do with "{self._left[0].noun.name[:40]}".')


def _is_way(noun: Noun) -> bool:
    return not noun.kinds and noun.name.split()[-1] in ('direction', 'way', 'side')


def check_named(noun: Noun) -> None:
    """Raise `NotUnderstoodError` for a word that is neither a known name nor said as one: likely an idiom."""
    if not (noun.kinds or noun.is_definite or noun.is_pronoun):
        raise NotUnderstoodError(f'I do not know anything called {noun.name[:40]}.')
