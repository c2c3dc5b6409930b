"""The names of the vocabulary, found in what was said however it is written, and by their sound where misheard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import jellyfish

from voice_pipeline.understanding.words.items import Noun, NounKind
from voice_pipeline.understanding.words.normalise import words
from voice_pipeline.understanding.words.vocabulary import Vocabulary

_SIMILAR = 0.85  # Jaro-Winkler: lets pass "kitchin" and "doors", not "disc" for "desk"
_SHORTEST_SOUND = 2  # consonants: one alone is like too many words

_Words = tuple[str, ...]


class Names:
    """Finds names at a place in a sentence. Pure once made."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._nouns = dict(_nouns(vocabulary))
        self._longest_from: dict[str, int] = {}  # by first word: how many words its longest name has
        self._by_sound: dict[str, list[str]] = defaultdict(list)
        for name in self._nouns:
            self._longest_from[name[0]] = max(len(name), self._longest_from.get(name[0], 0))
            self._by_sound[_sound(' '.join(name))].append(' '.join(name))
        self.has_objects = bool(vocabulary.objects)

    def at(self, said: Sequence[str], index: int) -> tuple[Noun, int] | None:
        """Return the longest name that starts at `index`, with the index after it, or None."""
        for length in range(self._longest_from.get(said[index], 0), 0, -1):
            noun = self._nouns.get(tuple(said[index : index + length]))
            if noun is not None:
                return noun, min(index + length, len(said))
        return None

    def like(self, name: str) -> Noun | None:
        """Return the name that sounds as this one ("kitchin", "charging stations"), or None."""
        sound = _sound(name)
        alike = (*self._by_sound.get(sound, ()), *self._by_sound.get(sound.rstrip('S'), ()))
        candidates = [other for other in alike if _digits(other) == _digits(name)]  # room 1 sounds as room 2 does
        if len(sound) < _SHORTEST_SOUND or not candidates:
            return None
        best = max(candidates, key=lambda candidate: jellyfish.jaro_winkler_similarity(name, candidate))
        if jellyfish.jaro_winkler_similarity(name, best) < _SIMILAR:
            return None
        return self._nouns[tuple(best.split())]


def _nouns(vocabulary: Vocabulary) -> Iterable[tuple[_Words, Noun]]:
    kinds: dict[_Words, set[NounKind]] = defaultdict(set)
    meant: dict[_Words, str] = {}
    for kind, names in _names_by_kind(vocabulary).items():
        for name, target in names.items():
            spelled = tuple(words(name))
            kinds[spelled].add(kind)
            meant.setdefault(spelled, target)
    for spelled, name in meant.items():
        is_open = any(other != spelled and other[: len(spelled)] == spelled for other in meant)
        yield spelled, Noun(name, frozenset(kinds[spelled]), is_definite=True, is_open=is_open)


def _names_by_kind(vocabulary: Vocabulary) -> dict[NounKind, dict[str, str]]:
    same = vocabulary.other_names
    return {
        'place': vocabulary.place_names(),
        'object': _with_others(vocabulary.objects, same),
        'person': _with_others(vocabulary.people, same),
        'surface': _with_others(vocabulary.surfaces, same),
    }


def _with_others(names: Sequence[str], others: Mapping[str, str]) -> dict[str, str]:
    return {**{name: name for name in names}, **{other: name for other, name in others.items() if name in names}}


def _digits(name: str) -> str:
    return ''.join(filter(str.isdigit, name))


@lru_cache(maxsize=1024)
def _sound(name: str) -> str:
    """Return the Metaphone code (Philips 1990) without the breaks between words, which recognisers set freely."""
    return jellyfish.metaphone(name).replace(' ', '')
