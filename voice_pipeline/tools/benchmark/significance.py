"""
Whether two sets of measurements differ, and by how much.

A permutation test and a percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13
and 15): neither asks for a shape of the distribution, and both are a few lines of numpy. Many tests at once are held to
one error rate by Holm's method (Scandinavian Journal of Statistics 6, 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 10_000
CONFIDENCE_PERCENT = 95.0
_SEED = 0  # the same answer each time

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """`ratio` is after / before, of the geometric means, with its confidence interval; `p_value` that of no change."""

    ratio: float
    low: float
    high: float
    p_value: float


def difference(before: Sequence[float], after: Sequence[float]) -> Difference:
    """Compare positive values, two or more on each side, each of them a measurement of its own."""
    if min(len(before), len(after)) < 2:
        raise ValueError('there is no comparison of less than two values on each side')
    first, second = np.log(np.asarray(before)), np.log(np.asarray(after))
    generator = np.random.default_rng(_SEED)
    observed = float(second.mean() - first.mean())
    resampled = _resampled_means(second, generator) - _resampled_means(first, generator)
    tail = (100.0 - CONFIDENCE_PERCENT) / 2
    low, high = np.percentile(resampled, [tail, 100.0 - tail])
    return Difference(
        ratio=float(np.exp(observed)),
        low=float(np.exp(low)),
        high=float(np.exp(high)),
        p_value=_permutation_p_value(first, second, observed, generator),
    )


def _resampled_means(values: Floats, generator: np.random.Generator) -> Floats:
    means: Floats = generator.choice(values, size=(RESAMPLES, len(values))).mean(axis=1)
    return means


def _permutation_p_value(first: Floats, second: Floats, observed: float, generator: np.random.Generator) -> float:
    """Return how often values dealt out at random differ at least as much (two-sided; never 0: the observed counts)."""
    everything = np.concatenate([first, second])
    shuffled = generator.permuted(np.tile(everything, (RESAMPLES, 1)), axis=1)
    dealt = shuffled[:, len(first) :].mean(axis=1) - shuffled[:, : len(first)].mean(axis=1)
    as_much = np.count_nonzero(np.abs(dealt) >= abs(observed) * (1 - 1e-9))  # the same sum in another order
    return (1 + int(as_much)) / (1 + RESAMPLES)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted for being many, in their order."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
