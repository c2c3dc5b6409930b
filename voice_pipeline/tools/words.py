"""Word errors: how many words a recogniser got wrong, whatever way it spells what it heard."""

from __future__ import annotations

import re

from voice_pipeline.recognition.edit_distance import edit_distance
from voice_pipeline.understanding.words.normalise import words as normalised
from voice_pipeline.understanding.words.units import UNITS, Unit

# What the understanding reads in its own way, and a transcript may hold in two.
_BEFORE = (
    (re.compile(r'(?<=\d)-(?=\d)'), ' '),  # digits read out: "2-9-3-4"
    (re.compile(r'\b2nd\b', re.IGNORECASE), 'second'),
    (re.compile('%'), ' percent '),
)
# A unit by its abbreviation, singular or plural. A "circle" and a "rotation" are as long, but not the same word.
_SYMBOLS: dict[Unit, str] = {}
for _name, _unit in UNITS.items():
    _SYMBOLS.setdefault(_unit, _name)
_SPELLINGS = {
    'mr': 'mister',
    'mrs': 'missus',
    'dr': 'doctor',
    'ok': 'okay',
    'colour': 'color',
    'grey': 'gray',
    'towards': 'toward',
    **{name: _SYMBOLS[unit] for name, unit in UNITS.items() if unit != UNITS['revolution']},
}


def word_errors(said: str, heard: str) -> tuple[int, int]:
    """
    Return (errors, words): substitutions, insertions and deletions against the number of words that were said.

    "ten meters", "10 metres." and "10m" are the same words, and digits read out one by one are one number. The word
    error rate of many texts is the sum of their errors over the sum of their words.
    """
    wanted, got = plain_words(said), plain_words(heard)
    return edit_distance(wanted, got), len(wanted)


def plain_words(text: str) -> list[str]:
    """Return the words of the text in one spelling: lower case, numbers as digits, units by symbol, no punctuation."""
    for pattern, replacement in _BEFORE:
        text = pattern.sub(replacement, text)
    plain: list[str] = []
    for word in normalised(text):
        if not any(character.isalnum() for character in word):
            continue
        if word.isdecimal() and plain and plain[-1].isdecimal():
            plain[-1] += word
        else:
            plain.append(_SPELLINGS.get(word, word))
    return plain
