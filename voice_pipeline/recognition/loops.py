"""
The known error of Whisper on short sound: it says the same again and again ("10 of clubs 10 of clubs 10 of clubs").

A person can say a thing twice too. So a repetition makes an answer suspicious, which asks a longer window for another;
it is cut off, while decoding, only where there are more words than anyone says in the time.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence

MAX_WORDS_PER_S = 5.0  # commands are spoken at 2 to 3; what repeats itself faster than this was said once
_IGNORED = string.punctuation + string.whitespace


def second_saying(words: Sequence[str]) -> int | None:
    """
    Return the index at which the words begin to say the same again, or None where they do not.

    That is, they end with two or more equal parts (three, where a part is one word), or are from beginning to end one
    part said again and again, the last time perhaps not to its end.
    """
    count = len(words)
    found = [count]
    for period in range(1, count):
        again = count - period
        if again >= 2 and words[period:] == words[:again]:
            found.append(period)
        start = _tail_start(words, period)
        if count - start >= period * (3 if period == 1 else 2):
            found.append(start + period)
    return min(found) if len(found) > 1 else None


def _tail_start(words: Sequence[str], period: int) -> int:
    """Return where the last stretch begins that repeats with this period, in whole periods from the end."""
    start = len(words) - period
    while start >= period and words[start - period : start] == words[start : start + period]:
        start -= period
    return start


class LoopWatch:
    """Compares the words behind tokens, without case and punctuation; remembers each token's word."""

    def __init__(self, decode: Callable[[list[int]], str]) -> None:
        """`decode` returns the text of tokens."""
        self._decode = decode
        self._words: dict[int, str] = {}

    def repeats(self, tokens: Sequence[int]) -> bool:
        """Return whether the tokens say something again."""
        return second_saying([word for word in map(self._word, tokens) if word]) is not None

    def cut(self, tokens: Sequence[int], duration_s: float) -> int | None:
        """Return how many tokens the first saying has, where the rest is repetition faster than anyone speaks."""
        spoken = [(index, word) for index, word in enumerate(map(self._word, tokens)) if word]
        if len(spoken) <= MAX_WORDS_PER_S * duration_s:
            return None
        start = second_saying([word for _, word in spoken])
        return None if start is None else spoken[start][0]

    def _word(self, token: int) -> str:
        word = self._words.get(token)
        if word is None:
            word = self._words[token] = self._decode([token]).strip(_IGNORED).lower()
        return word
