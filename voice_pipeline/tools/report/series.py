"""What the figures of the report draw, as numbers: values, verdicts and times of a run."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import groupby

from voice_pipeline.monitoring.report import Level
from voice_pipeline.tools.report.run import Run, Sample

MOST_POINTS = 400  # of a line; of more, the worst of each stretch is drawn


def line(
    run: Run, value_of: Callable[[Sample], float | None], worse: Callable[..., float]
) -> tuple[list[float], list[float]]:
    """Return times and values for a plot; what was not available is a gap."""
    time_of = _time_axis(run)
    times: list[float] = []
    values: list[float] = []
    for stretch in _stretches(run):
        known = [value for sample in stretch if (value := value_of(sample)) is not None]
        times.append(time_of(stretch[0].at_ns))
        values.append(worse(known) if known else math.nan)
    return times, values


def reading_of(sample: Sample, group: str, name: str) -> float | None:
    """Return what a sensor showed; None where it was not read then."""
    return next((one.value for one in sample.readings if (one.group, one.name) == (group, name)), None)


def spans_by_level(run: Run, part: str) -> dict[Level | None, list[tuple[float, float]]]:
    """Return when the verdict on a part was each level, as (start, length); of each stretch the worst counts."""
    stretches, time_of = _stretches(run), _time_axis(run)
    levels = [max((sample.levels.get(part) for sample in stretch), key=_severity) for stretch in stretches]
    starts = [time_of(stretch[0].at_ns) for stretch in stretches]
    ends = [*starts[1:], time_of(run.end_ns)]
    found: dict[Level | None, list[tuple[float, float]]] = {}
    for level, group in groupby(zip(levels, starts, ends, strict=True), key=lambda one: one[0]):
        spans = list(group)
        found.setdefault(level, []).append((spans[0][1], spans[-1][2] - spans[0][1]))
    return found


def _severity(level: Level | None) -> int:
    return -1 if level is None else int(level)


def _stretches(run: Run) -> list[list[Sample]]:
    """Return the samples in at most `MOST_POINTS` stretches of the same number."""
    size = max(1, math.ceil(len(run.samples) / MOST_POINTS))
    return [run.samples[start : start + size] for start in range(0, len(run.samples), size)]


def _time_axis(run: Run) -> Callable[[int], float]:
    """Return what turns nanoseconds into the time since the start of the run, in the unit of the axis."""
    start_ns, seconds = run.start_ns, time_unit(run)[1]
    return lambda at_ns: (at_ns - start_ns) / 1e9 / seconds


def time_unit(run: Run) -> tuple[str, float]:
    """Return the unit of the time axis and its length in seconds."""
    duration_s = (run.end_ns - run.start_ns) / 1e9
    if duration_s <= 300:
        return 's', 1.0
    return ('min', 60.0) if duration_s <= 3 * 3600 else ('h', 3600.0)
