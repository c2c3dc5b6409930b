"""
Which words of a growing transcript are shown: those that the revisions agree on.

While a word is being spoken, each revision guesses at its end ("go for it", "go forward"): of the words that three
revisions in a row had heard, a third was heard otherwise a moment later. So a word is shown once all revisions of a
while agree on it and on all words before it (local agreement, Liu et al., Interspeech 2020, by time instead of by
count), and what is shown stays until the revisions agree on something else.
"""

from __future__ import annotations

import string
from collections import deque
from collections.abc import Sequence

_UNFINISHED = string.punctuation.replace('%', '')  # a full stop after the last word is a guess as well


class SettledText:
    """The words to show of one utterance; for one thread at a time."""

    def __init__(self, hold_s: float) -> None:
        """`hold_s`: how long the revisions must agree, in the time of the sound; 0 shows all at once."""
        self._hold_s = hold_s
        self._started_s: float | None = None
        self._revisions: deque[tuple[float, list[str]]] = deque()  # the words of the last `hold_s`, oldest first
        self._shown: list[str] = []

    def revise(self, heard: str, at_s: float) -> str:
        """Return what to show when this is heard in the sound up to `at_s`, while the speaker goes on."""
        words = heard.split()
        if self._started_s is None:  # the speaker began, or goes on after a pause
            self._started_s = at_s
        self._revisions.append((at_s, _plain(words)))
        while self._revisions[0][0] < at_s - self._hold_s - 1e-6:
            self._revisions.popleft()
        if at_s - self._started_s < self._hold_s - 1e-6:
            return self.text
        agreed = min(_common(self._revisions[-1][1], revision) for _, revision in self._revisions)
        unchanged = _common(_plain(self._shown), self._revisions[-1][1][:agreed])
        if unchanged < agreed:
            self._shown = words[:agreed]
        return self.text

    def settle(self, heard: str) -> str:
        """Return what to show when the speaker pauses: everything, since no word is unfinished."""
        self._started_s = None
        self._revisions.clear()
        self._shown = heard.split()
        return heard

    @property
    def text(self) -> str:
        """What is shown."""
        return ' '.join(self._shown).rstrip(_UNFINISHED)


def _plain(words: Sequence[str]) -> list[str]:
    return [word.strip(string.punctuation).casefold() for word in words]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words both begin with."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count
