"""One line a promise: what was measured, how often, what is allowed, and the verdict."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from voice_pipeline.monitoring.statistics import nearest_rank


class Verdict(Enum):
    """Whether a promise is kept. `INFORMATION`: nothing is promised. `NOT_MEASURED` says why in the line's note."""

    PASS = 'PASS'
    FAIL = 'FAIL'
    NOT_MEASURED = 'NOT MEASURED'
    INFORMATION = ''


@dataclass(frozen=True)
class Figures:
    """The distribution of `count` values, in their unit; `deviation` is the sample standard deviation, 0 for one."""

    count: int
    mean: float
    median: float
    deviation: float
    min: float
    max: float
    p95: float


def figures_of(values: Sequence[float]) -> Figures | None:
    """Return the distribution, None without values; percentiles are by the nearest rank."""
    if not values:
        return None
    ordered: list[float] = sorted(values)
    return Figures(
        count=len(ordered),
        mean=statistics.fmean(ordered),
        median=statistics.median(ordered),
        deviation=statistics.stdev(ordered) if len(ordered) > 1 else 0.0,
        min=ordered[0],
        max=ordered[-1],
        p95=nearest_rank(ordered, 95),
    )


@dataclass(frozen=True)
class Line:
    """
    One promise. `value` is what is held against the `limit`, in `unit`; `samples` are the values behind it.

    `name` is unique in its scenario. `sample_unit` is that of the samples where it is another: a rate is judged by the
    intervals between messages. `value` None: not measured. `limit` None: nothing is promised.
    """

    name: str
    label: str
    value: float | None
    unit: str
    limit: float | None = None
    is_minimum: bool = False
    samples: tuple[float, ...] = ()
    sample_unit: str = ''
    note: str = ''

    @property
    def figures(self) -> Figures | None:
        """The distribution of the samples."""
        return figures_of(self.samples)

    @property
    def verdict(self) -> Verdict:
        """The value against its limit; a value equal to it keeps it."""
        if self.value is None:
            return Verdict.NOT_MEASURED
        if self.limit is None:
            return Verdict.INFORMATION
        is_kept = self.value >= self.limit if self.is_minimum else self.value <= self.limit
        return Verdict.PASS if is_kept else Verdict.FAIL

    def as_json(self) -> dict[str, Any]:
        """Return the line with its distribution and its raw samples."""
        figures = self.figures
        return {
            'name': self.name,
            'label': self.label,
            'verdict': self.verdict.value,
            'value': _rounded(self.value),
            'unit': self.unit,
            'limit': self.limit,
            'is_minimum': self.is_minimum,
            'note': self.note,
            'figures': None if figures is None else {name: _rounded(value) for name, value in vars(figures).items()},
            'sample_unit': self.sample_unit or self.unit,
            'samples': [_rounded(sample) for sample in self.samples],
        }


@dataclass(frozen=True)
class Outcome:
    """
    One scenario: its lines, in the order of the table, and how long it took.

    `problem` says why it could not be carried out; there are no lines then.
    """

    name: str
    title: str
    lines: tuple[Line, ...] = ()
    seconds: float = 0.0
    problem: str = ''


def upper_p95(name: str, label: str, samples_ms: Sequence[float], limit_ms: float | None, note: str = '') -> Line:
    """Return the line of times in ms of which the 95th percentile is limited."""
    figures = figures_of(samples_ms)
    value = None if figures is None else figures.p95
    return Line(name, f'{label}, p95', value, 'ms', limit_ms, samples=tuple(samples_ms), note=note)


def rate(name: str, label: str, intervals_ms: Sequence[float], limit_hz: float | None, note: str = '') -> Line:
    """Return the line of a rate that has a lower limit: messages a second over these intervals between them."""
    figures = figures_of(intervals_ms)
    value = 1000.0 / figures.mean if figures is not None and figures.mean > 0 else None
    return Line(
        name,
        label,
        value,
        'Hz',
        limit_hz,
        is_minimum=True,
        samples=tuple(intervals_ms),
        sample_unit='ms between two',
        note=note,
    )


def amount(name: str, label: str, value: float | None, unit: str, limit: float | None, note: str = '') -> Line:
    """Return the line of one number that has an upper limit."""
    return Line(name, label, value, unit, limit, note=note)


def average(name: str, label: str, values: Sequence[float], unit: str, limit: float | None, note: str = '') -> Line:
    """Return the line of values of which the mean is limited."""
    figures = figures_of(values)
    value = None if figures is None else figures.mean
    return Line(name, f'{label}, average', value, unit, limit, samples=tuple(values), note=note)


def highest(name: str, label: str, values: Sequence[float], unit: str, limit: float | None, note: str = '') -> Line:
    """Return the line of values of which the highest is limited."""
    value = max(values, default=None)
    return Line(name, f'{label}, highest', value, unit, limit, samples=tuple(values), note=note)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
