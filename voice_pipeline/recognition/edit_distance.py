"""How far two texts are apart, in words."""

from __future__ import annotations

from collections.abc import Sequence


def edit_distance(wanted: Sequence[str], got: Sequence[str]) -> int:
    """Return how many words must be put in, taken out or changed to make one the other (Levenshtein 1966)."""
    above = list(range(len(got) + 1))
    for row, word in enumerate(wanted, start=1):
        left = [row]
        for column, other in enumerate(got, start=1):
            left.append(min(above[column] + 1, left[-1] + 1, above[column - 1] + (word != other)))
        above = left
    return above[-1]
