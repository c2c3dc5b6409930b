"""What to say next, and whether what is heard is the robot itself: decided on words alone."""

from __future__ import annotations

import re
import unicodedata
from collections import OrderedDict, deque
from difflib import SequenceMatcher

MOST_CHARACTERS = 400  # half a minute; what is longer is cut off
OWN_SHARE = 0.6

_SENTENCE_END = re.compile(r'(?<=[.!?…])\s+')
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case and without punctuation."""
    return _WORD.findall(text.lower().replace('\u2019', "'"))


def sentences(text: str) -> list[str]:
    """Return the sentences of a text that have words; the first can then be heard while others are being made."""
    text = ' '.join(unicodedata.normalize('NFKC', text).split())  # "m²" becomes "m2": no voice knows them all
    if len(text) > MOST_CHARACTERS:
        text = text[:MOST_CHARACTERS].rsplit(' ', 1)[0]
    return [sentence for sentence in _SENTENCE_END.split(text) if words(sentence)]


def is_own_voice(heard: str, said: str) -> bool:
    """
    Say whether what is heard is what the robot says itself.

    It is, where at least three of five words heard are among those said, in their order: a recogniser mishears some,
    and writes numbers its own way. Who shares no more than the small words is someone else. Silence is nobody.
    """
    heard_words = words(heard)
    matcher = SequenceMatcher(None, heard_words, words(said), autojunk=False)
    shared = sum(block.size for block in matcher.get_matching_blocks())
    return shared >= OWN_SHARE * len(heard_words)


class SentenceQueue:
    """
    Texts that wait to be said, given out sentence by sentence, and what was asked for lately.

    What is new wins: when too many texts wait, the oldest is not said; one that was begun is said to its end. A text
    that was asked for within `repeat_s` is not taken again, unless it was dropped by `clear`.
    """

    def __init__(self, max_waiting: int, repeat_s: float) -> None:
        self._begun: deque[str] = deque()
        self._waiting: deque[str] = deque(maxlen=max_waiting)
        self._repeat_s = repeat_s
        self._asked_s: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._begun) + len(self._waiting)

    def add(self, text: str, now_s: float) -> bool:
        """Take a text of one or several sentences; returns whether there is something to say that is new."""
        self._forget_until(now_s - self._repeat_s)
        key = tuple(words(text))
        if not key or key in self._asked_s:
            return False
        self._asked_s[key] = now_s
        self._waiting.append(text)
        return True

    def take(self) -> str:
        """Return the next sentence. Raises `IndexError` when none waits."""
        if not self._begun:
            self._begun.extend(sentences(self._waiting.popleft()))
        return self._begun.popleft()

    def clear(self) -> None:
        """Drop everything; it may be asked for again."""
        self._begun.clear()
        self._waiting.clear()
        self._asked_s.clear()

    def _forget_until(self, until_s: float) -> None:
        while self._asked_s and next(iter(self._asked_s.values())) <= until_s:
            self._asked_s.popitem(last=False)
