"""From words to the items of the grammar, by the longest known phrase or name at each place."""

from __future__ import annotations

from collections.abc import Sequence

from voice_pipeline.understanding.words.items import (
    THEM,
    Direction,
    Filler,
    Gerund,
    Item,
    Join,
    Noun,
    Number,
    Or,
    Order,
    Preposition,
    Quantity,
    Tagged,
    Times,
    Unusable,
    Verb,
)
from voice_pipeline.understanding.words.lexicon import phrases
from voice_pipeline.understanding.words.lexicon_words import (
    ARTICLES,
    BEFORE_NUMBER,
    COMPOUNDS,
    DEEDS,
    DEFINITE,
    POSSESSIVES,
    REPORTED,
)
from voice_pipeline.understanding.words.names import Names
from voice_pipeline.understanding.words.normalise import words
from voice_pipeline.understanding.words.units import UNITS, Unit, read_unit, to_si
from voice_pipeline.understanding.words.vocabulary import Vocabulary

_LARGEST_NUMBER = 1e6  # in SI; what is larger is no amount for a robot, and may not even be finite
_MOST_NOUN_WORDS = 6
_TAKE_NOUNS = frozenset((
    'reach', 'lead', 'follow', 'look', 'find', 'pick', 'take', 'fetch', 'carry', 'put', 'drop', 'give', 'gesture',
    'greet', 'face',
))  # fmt: skip
_Words = tuple[str, ...]


class Tagger:
    """Knows all phrases: the grammar's and the vocabulary's. Pure once made."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.names = Names(vocabulary)
        step = Unit('distance', vocabulary.amounts.step_m)
        self._units = {**UNITS, **dict.fromkeys(('step', 'steps', 'pace', 'paces'), step)}
        robot_names: dict[_Words, Item] = {tuple(words(name)): Filler() for name in vocabulary.robot_names}
        gestures: dict[_Words, Item] = {
            tuple(words(phrase)): Verb('gesture', name) for phrase, name in vocabulary.gestures.items()
        }
        self._phrases = {**phrases(), **robot_names, **gestures}
        self._longest_from: dict[str, int] = {}  # by first word: how many words its longest phrase has
        for phrase in self._phrases:
            self._longest_from[phrase[0]] = max(len(phrase), self._longest_from.get(phrase[0], 0))

    def tag(self, said: Sequence[str]) -> list[Tagged]:
        """Return the items that the words stand for; an unknown word becomes an `Unusable` item."""
        tagged: list[Tagged] = []
        index, lets_gerund = 0, False
        while index < len(said):
            item, end = self._next(said, index, tagged)
            lets_gerund |= isinstance(item, Order) or (isinstance(item, Filler) and item.lets_gerund)
            if isinstance(item, Gerund):
                item = item.verb if lets_gerund else Unusable(REPORTED)
            tagged.append(Tagged(item, ' '.join(said[index:end])))
            index = end
        return tagged

    def _next(self, said: Sequence[str], index: int, before: Sequence[Tagged]) -> tuple[Item, int]:
        if _is_number(said[index]):
            return self._amount(said, index)
        if _leads_to_number(said, index):
            is_range = said[index] == 'to' and bool(before) and isinstance(before[-1].item, Number)
            return (Or() if is_range else Filler()), index + 1
        phrase, name = self._phrase(said, index), self.names.at(said, index)
        if name is not None and (
            phrase is None or name[1] > phrase[1] or isinstance(phrase[0], Noun) or _wants_noun(before)
        ):
            return name
        if said[index] in POSSESSIVES and _names_person(before):
            return self._noun(said, index + 1) or (THEM, index + 1)
        if said[index] in ARTICLES and (phrase is None or phrase[1] == index + 1):
            return self._noun(said, index) or phrase or (Filler(), index + 1)
        if phrase is not None:
            if isinstance(phrase[0], Filler) and said[index] == 'right' and _is_turning(before):
                return Direction('right'), index + 1  # "turn right now"
            return self._side_of(said, index, phrase) or phrase
        if _wants_noun(before) or self._follows_noun(before):
            found = self._noun(said, index)
            if found is not None:
                return found
        return _unknown(said[index]), index + 1

    def _phrase(self, said: Sequence[str], index: int) -> tuple[Item, int] | None:
        """Return the phrase that starts at `index`; not "the gym" as an outing where the robot knows a gym."""
        phrase = self._longest(said, index)
        is_refused = phrase is not None and isinstance(phrase[0], Unusable)
        is_name = said[index] in ARTICLES and index + 1 < len(said) and self.names.at(said, index + 1) is not None
        return None if is_refused and is_name else phrase

    def _longest(self, said: Sequence[str], index: int) -> tuple[Item, int] | None:
        for length in range(self._longest_from.get(said[index], 0), 0, -1):
            item = self._phrases.get(tuple(said[index : index + length]))
            if item is not None:
                return item, min(index + length, len(said))
        return None

    def _side_of(self, said: Sequence[str], index: int, phrase: tuple[Item, int]) -> tuple[Item, int] | None:
        """Read "to the left door" as a way to a door: the side is no direction where a name goes on after it."""
        item, end = phrase
        if not isinstance(item, Direction) or end >= len(said):
            return None
        if item.name in ('up', 'down', 'around') and said[end] in ARTICLES:
            return Preposition('along'), end  # "down the hallway"
        if end - index > 1 and said[index] in ('to', 'toward', 'towards', 'on') and self._is_noun_word(said, end):
            return Preposition('to'), index + 1
        return None

    def _noun(self, said: Sequence[str], index: int) -> tuple[Noun, int] | None:
        """Read a name, with its article, that may be one nobody told the robot about."""
        start = index
        while start < len(said) and said[start] in ARTICLES:
            start += 1
        if start > index and said[start : start + 1] == ['1'] and read_unit(said, start + 1, self._units) is None:
            return Noun('one', is_definite=True), start + 1
        is_definite = any(word in DEFINITE for word in said[index:start])
        end, known = start, None
        while end < len(said) and end - start < _MOST_NOUN_WORDS:
            known = self.names.at(said, end)
            if known is not None:
                end = known[1]
                continue
            if not self._goes_on(said, start, end):
                break
            end += 1
        if end == start:
            return None
        return self._named(said, start, end, known, is_definite=is_definite)

    def _named(
        self, said: Sequence[str], start: int, end: int, known: tuple[Noun, int] | None, *, is_definite: bool
    ) -> tuple[Noun, int]:
        text = ' '.join(said[start:end])
        if known is None and text.endswith(' 1'):
            text = f'{text[:-1]}one'  # "the red one" is no number
        whole = self.names.at(said, start)
        if whole is not None and whole[1] == end:
            return whole
        if known is None:
            similar = self.names.like(text)
            if similar is not None:
                return similar, end
        if end + 1 < len(said) and said[end] == 'of':
            rest = self._noun(said, end + 1)
            if rest is not None:
                name = f'{text} of {_plain(said, end + 1, rest[1])}'
                return Noun(name, is_definite=is_definite, is_open=True), rest[1]
        kinds = known[0].kinds if known is not None else frozenset()
        return Noun(text, kinds, is_definite=is_definite, is_open=known is None), end

    def _goes_on(self, said: Sequence[str], start: int, index: int) -> bool:
        """Say whether the word at `index` belongs to the name that starts at `start`."""
        if _is_number(said[index]):
            return index > start and read_unit(said, index + 1, self._units) is None
        if not said[index][0].isalpha():
            return False
        found = self._longest(said, index)
        if found is None:
            return True
        if isinstance(found[0], (Direction, Filler)) and found[1] == index + 1 and index + 1 < len(said):
            return index == start and self._is_noun_word(said, index + 1)
        if isinstance(found[0], (Verb, Gerund)) and found[1] == index + 1 and index == start:
            return index > 0 and said[index - 1] in ARTICLES and said[index] not in DEEDS
        return self._is_compound(said, index)

    def _is_compound(self, said: Sequence[str], index: int) -> bool:
        return index > 0 and f'{said[index - 1]} {said[index]}' in COMPOUNDS

    def _is_noun_word(self, said: Sequence[str], index: int) -> bool:
        if said[index] == '1':
            return read_unit(said, index + 1, self._units) is None
        if not said[index][0].isalpha():
            return False
        return self.names.at(said, index) is not None or self._longest(said, index) is None

    def _follows_noun(self, before: Sequence[Tagged]) -> bool:
        return len(before) > 1 and isinstance(before[-1].item, Join) and isinstance(before[-2].item, Noun)

    def _amount(self, said: Sequence[str], index: int) -> tuple[Item, int]:
        """Read "5 feet 6 inches" or "5" at `index`."""
        total, unit = 0.0, None
        while index < len(said) and _is_number(said[index]):
            value, found = float(said[index]), read_unit(said, index + 1, self._units)
            if abs(value) > _LARGEST_NUMBER:
                return Unusable(f'{said[index][:12]} is more than I can do.'), index + 1
            if unit is None and found is None:
                return _count(said, index) or (Number(value), index + 1)
            if found is None or (unit is not None and (found[0].kind != unit.kind or found[0].factor >= unit.factor)):
                break
            total, unit, index = total + to_si(value, found[0]), found[0], found[1]
        assert unit is not None
        if abs(total) > _LARGEST_NUMBER:
            return Unusable('That is more than I can do.'), index
        return Quantity(unit.kind, round(total, 6), unit), index


def _count(said: Sequence[str], index: int) -> tuple[Item, int] | None:
    """Read "3 times" and "1 time"."""
    if said[index + 1 : index + 2] not in (['times'], ['time']) or not said[index].isdecimal() or said[index] == '0':
        return None
    return Times(int(said[index])), index + 2


def _wants_noun(before: Sequence[Tagged]) -> bool:
    """Say whether a name may stand here without its article: after a preposition or a verb that takes one."""
    for tagged in reversed(before):
        if isinstance(tagged.item, Filler):
            continue
        if isinstance(tagged.item, Verb):
            return tagged.item.name in _TAKE_NOUNS
        return isinstance(tagged.item, Preposition)
    return False


def _names_person(before: Sequence[Tagged]) -> bool:
    return any(isinstance(tagged.item, Noun) and 'person' in tagged.item.kinds for tagged in before)


def _is_turning(before: Sequence[Tagged]) -> bool:
    return bool(before) and isinstance(before[-1].item, Verb) and before[-1].item.name in ('turn', 'do')


def _plain(said: Sequence[str], start: int, end: int) -> str:
    while start < end and said[start] in ARTICLES:
        start += 1
    return ' '.join(said[start:end])


def _unknown(word: str) -> Unusable:
    return Unusable(f'I do not understand "{word[:40]}" here.', is_known=False)


def _is_number(word: str) -> bool:
    return word[-1] in '0123456789'


def _leads_to_number(said: Sequence[str], index: int) -> bool:
    """Say whether only words such as "for about" stand between here and a number."""
    while index < len(said) and said[index] in BEFORE_NUMBER:
        index += 1
        if index < len(said) and _is_number(said[index]):
            return _count(said, index) is None
    return False
