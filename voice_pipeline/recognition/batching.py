"""
Work that costs less together: whose turn waits a moment for others, and which then go together.

Nothing is queued here: who waits asks for its newest sound when the waiting is over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

MOST_PADDING = 1.5  # all of a batch are made as long as its longest: up to this ratio, that is still worth it

ItemT = TypeVar('ItemT')


@dataclass(frozen=True)
class MicroBatcher:
    """Puts at most `max_size` items in a batch, and lets the first wait at most `max_wait_s` for the others."""

    max_size: int
    max_wait_s: float

    def wait_for_others(self, changed: threading.Condition, expected: int, is_complete: Callable[[], bool]) -> None:
        """
        Wait until the batch is complete, or for `max_wait_s`; not where fewer than 2 items are `expected`.

        `changed` is held, and is notified when `is_complete` may have become true.
        """
        if min(expected, self.max_size) > 1 and self.max_wait_s > 0.0:
            changed.wait_for(is_complete, self.max_wait_s)

    def batches(self, items: Sequence[ItemT], length_of: Callable[[ItemT], float]) -> list[list[ItemT]]:
        """Return the items in batches of about the same length, the shortest first; each item in one of them."""
        batches: list[list[ItemT]] = []
        for item in sorted(items, key=length_of):
            is_full = not batches or len(batches[-1]) >= self.max_size
            if is_full or length_of(item) > MOST_PADDING * length_of(batches[-1][0]):
                batches.append([])
            batches[-1].append(item)
        return batches
