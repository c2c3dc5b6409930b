"""What is too much: refused or done up to the limit, and either way with a word about it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field


class RefusedError(ValueError):
    """The steps are not planned; the text is the reason, a sentence for the person who spoke."""


@dataclass
class Bounds:
    """Holds numbers within limits. `notes`: what was capped, sentences for the person who spoke."""

    may_cap: bool
    notes: list[str] = field(default_factory=list)

    def within(self, verb: str, value: float, largest: float, words: Callable[[float], str]) -> float:
        """
        Return the value, which must be a positive number up to the largest; `words` says an amount.

        Raises `RefusedError`, for what is more than the largest only where it may not be capped.
        """
        if math.isnan(value):
            raise RefusedError(f'I cannot {verb} by that; it is not a number.')
        if value <= 0:
            raise RefusedError(f'I cannot {verb} by {words(value)}.')
        if value <= largest:
            return value
        at_a_time = '' if ' per ' in words(largest) else ' at a time'
        limit = f'I can {verb} at most {words(largest)}{at_a_time}'
        if self.may_cap and math.isfinite(value):
            self.notes.append(f'{limit}, so that is what I do.')
            return largest
        asked = f', not {words(value)}' if value < 1e6 else ''
        raise RefusedError(f'{limit}{asked}.')
