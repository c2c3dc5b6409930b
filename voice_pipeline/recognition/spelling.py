"""How a name is written by Whisper, and how alike two pieces of text sound, judged by their letters."""

from __future__ import annotations

import re
import string
from difflib import SequenceMatcher
from functools import lru_cache

from text_to_num import alpha2digit

_TO_NINETEEN = (
    'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen '
    'eighteen nineteen'
)
_BY_TEN = 'zero ten twenty thirty forty fifty sixty seventy eighty ninety'
_ONES, _TENS = _TO_NINETEEN.split(), _BY_TEN.split()
_NUMBER = re.compile(r'[0-9]+')
_BETWEEN_WORDS = re.compile(r"[^\w']+|_")


def written_forms(name: str) -> tuple[str, ...]:
    """
    Return the ways in which Whisper may write the name: numbers as digits or as words, in lower case or capitalised.

    "bay four" is bay 4, Bay 4, bay four, Bay Four.
    """
    name = ' '.join(name.lower().split())
    texts = (alpha2digit(name, 'en', 0.0), in_words(name))
    return tuple(dict.fromkeys(form for text in texts for form in (text, string.capwords(text))))


def in_words(text: str) -> str:
    """Return the text in lower case, its numbers as they are said: up to 99 in words, larger ones digit by digit."""
    return ' '.join(_NUMBER.sub(lambda match: f' {_number(match[0])} ', text.lower()).split())


def _number(digits: str) -> str:
    if len(digits) > 2:
        return ' '.join(_ONES[int(digit)] for digit in digits)
    value = int(digits)
    if value < len(_ONES):
        return _ONES[value]
    return _TENS[value // 10] + (f' {_ONES[value % 10]}' if value % 10 else '')


@lru_cache(maxsize=4096)
def plain(text: str) -> tuple[str, ...]:
    """Return the words of the text in lower case, numbers as they are said, without punctuation."""
    words = (word.strip("'") for word in _BETWEEN_WORDS.split(in_words(text)))
    return tuple(word for word in words if word)


@lru_cache(maxsize=4096)
def similarity(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """
    Return how alike the letters of two pieces of text (see `plain`) are: 0 to 1, wherever the spaces are.

    The share of letters in matching blocks (Ratcliff and Obershelp 1988). Spelling both by their sound first finds no
    more names at the same number of false ones, and takes more of the model's time.
    """
    return SequenceMatcher(None, ''.join(one), ''.join(other), autojunk=False).ratio()
