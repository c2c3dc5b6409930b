"""From words to the items of the grammar, by the longest known phrase at each place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from voice_pipeline.understanding.lexicon import (
    ARTICLES,
    BEFORE_NUMBER,
    PHRASES,
    TO,
    Destination,
    Filler,
    Item,
    Number,
    Quantity,
    Unusable,
)
from voice_pipeline.understanding.normalise import words
from voice_pipeline.understanding.units import read_unit, to_si
from voice_pipeline.understanding.vocabulary import Vocabulary

_LARGEST_NUMBER = 1e6  # in SI; what is larger is no amount for a robot, and may not even be finite
_MOST_PLACE_WORDS = 5


class Tagger:
    """Knows all phrases: the grammar's and the vocabulary's. Pure once made."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        places = {tuple(words(name)): place for name, place in vocabulary.place_names().items()}
        names = {tuple(words(name)): Filler() for name in vocabulary.robot_names}
        self._items: dict[tuple[str, ...], Item] = {**_places(places), **names, **PHRASES}
        self._longest_from: dict[str, int] = {}  # by first word: how many words its longest phrase has
        for phrase in self._items:
            self._longest_from[phrase[0]] = max(len(phrase), self._longest_from.get(phrase[0], 0))

    def tag(self, said: Sequence[str]) -> list[Item]:
        """Return the items that the words stand for; an unknown word becomes an `Unusable` item."""
        items: list[Item] = []
        index = 0
        while index < len(said):
            item, index = self._next(said, index)
            items.append(item)
        return items

    def _next(self, said: Sequence[str], index: int) -> tuple[Item, int]:
        if _is_number(said[index]):
            return _amount(said, index)
        if _leads_to_number(said, index):
            return Filler(), index + 1
        found = self._longest(said, index)
        if found is not None:
            return found
        if said[index] in TO:
            return self._unknown_place(said, index)
        return _unknown(said[index]), index + 1

    def _longest(self, said: Sequence[str], index: int) -> tuple[Item, int] | None:
        for length in range(self._longest_from.get(said[index], 0), 0, -1):
            item = self._items.get(tuple(said[index : index + length]))
            if item is not None:
                return item, min(index + length, len(said))
        return None

    def _unknown_place(self, said: Sequence[str], index: int) -> tuple[Item, int]:
        """Take the words after "to" for a place that nobody told the robot about, so that it can say just that."""
        start = index + 1
        while start < len(said) and said[start] in ARTICLES:
            start += 1
        end = start
        while end < len(said) and said[end].isalpha() and self._may_be_named(said, end):
            end += 1
        if not 0 < end - start <= _MOST_PLACE_WORDS:
            return _unknown(said[index]), index + 1
        return Destination(place=' '.join(said[start:end]), is_open=True), end

    def _may_be_named(self, said: Sequence[str], index: int) -> bool:
        """Say whether the word may be part of a name: no word of the grammar, or of a name ("the red door")."""
        found = self._longest(said, index)
        return said[index] not in TO and (found is None or isinstance(found[0], Destination))


def _places(places: Mapping[tuple[str, ...], str]) -> dict[tuple[str, ...], Item]:
    """Return the phrases of all places: the name alone, with its article, and after "to"."""
    items: dict[tuple[str, ...], Item] = {}
    for name, place in places.items():
        is_open = any(other != name and other[: len(name)] == name for other in places)
        for article in ((), ('the',), ('your',)):
            for preposition in ((), *((word,) for word in sorted(TO))):
                items[preposition + article + name] = Destination(place=place, is_open=is_open)
    return items


def _unknown(word: str) -> Unusable:
    return Unusable(f'I do not understand "{word[:40]}" here.', is_known=False)


def _is_number(word: str) -> bool:
    return word[-1] in '0123456789'


def _leads_to_number(said: Sequence[str], index: int) -> bool:
    """Say whether only words such as "for about" stand between here and a number."""
    while index < len(said) and said[index] in BEFORE_NUMBER:
        index += 1
        if index < len(said) and _is_number(said[index]):
            return True
    return False


def _amount(said: Sequence[str], index: int) -> tuple[Item, int]:
    """Read "5 feet 6 inches" or "5" at `index`."""
    total, kind, smallest = 0.0, None, float('inf')
    while index < len(said) and _is_number(said[index]):
        value, found = float(said[index]), read_unit(said, index + 1)
        if abs(value) > _LARGEST_NUMBER:
            return Unusable(f'{said[index][:12]} is more than I can do.'), index + 1
        if kind is None and found is None:
            return Number(value), index + 1
        if found is None or (kind is not None and (found[0].kind != kind or found[0].factor >= smallest)):
            break
        total, kind, smallest, index = total + to_si(value, found[0]), found[0].kind, found[0].factor, found[1]
    assert kind is not None
    if abs(total) > _LARGEST_NUMBER:
        return Unusable('That is more than I can do.'), index
    return Quantity(kind, round(total, 6)), index
