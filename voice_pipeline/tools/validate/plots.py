"""The pictures of the validator's report, each as SVG text; '' where there is nothing to draw."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from voice_pipeline.monitoring.latency import UtteranceLatency
from voice_pipeline.monitoring.machine import MachineValues
from voice_pipeline.tools.validate.lines import Line, Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
FEWEST_SAMPLES = 5  # below, a distribution is no picture
_BLUE, _RED, _GRAY = '#3367b0', '#b3261e', '#8a94a3'
_PARTS = {
    'endpointing': '#c3ccd8',
    'recognition': '#3367b0',
    'understanding': '#58a55c',
    'planning': '#e0a100',
    'control': '#b3261e',
}


def distributions(outcome: Outcome) -> str:
    """Return one small picture a line: the share of samples up to each value, the 95th percentile, and the limit."""
    drawn = [line for line in outcome.lines if len(line.samples) >= FEWEST_SAMPLES]
    if not drawn:
        return ''
    rows = -(-len(drawn) // COLUMNS)
    figure = _figure(12.0, 2.3 * rows)
    grid = np.atleast_2d(figure.subplots(rows, COLUMNS, squeeze=False))
    for axes, line in zip(grid.flat, drawn, strict=False):
        _draw_distribution(axes, line)
    for axes in grid[:, 0]:
        axes.set_ylabel('share of samples (%)', fontsize=7)
    for axes in list(grid.flat)[len(drawn) :]:
        axes.set_axis_off()
    return _svg(figure)


def _draw_distribution(axes: Axes, line: Line) -> None:
    ordered = np.sort(line.samples)
    shares = 100.0 * np.arange(1, len(ordered) + 1) / len(ordered)
    axes.step(ordered, shares, where='post', color=_BLUE, linewidth=1.4)
    axes.axhline(95, color=_GRAY, linewidth=0.6, linestyle=':')
    limit = _limit_of_samples(line)
    if limit is not None:
        axes.axvline(limit, color=_RED, linewidth=1.1, linestyle='--')
    axes.set_title(line.label, fontsize=7.5, loc='left')
    axes.set_xlabel(line.sample_unit or line.unit, fontsize=7)
    axes.set_ylim(0, 101)
    axes.tick_params(labelsize=6.5)
    axes.grid(visible=True, alpha=0.25)


def _limit_of_samples(line: Line) -> float | None:
    """Return the limit in the unit of the samples: that of a rate is its longest interval on average."""
    if line.limit is None or not line.sample_unit:
        return line.limit
    return 1000.0 / line.limit


def voice_to_action(latencies: Sequence[UtteranceLatency]) -> str:
    """Return a bar a command, made of the parts of its latency."""
    if not latencies:
        return ''
    figure = _figure(12.0, 1.0 + 0.28 * len(latencies))
    axes = figure.subplots()
    places = np.arange(len(latencies))
    ends = np.zeros(len(latencies))
    for name, color in _PARTS.items():
        widths = np.array([sum(part.duration_ms for part in one.parts if part.name == name) for one in latencies])
        bars = axes.barh(places, widths, left=ends, color=color, label=name, height=0.7)
        ends += widths
    axes.set_yticks(places, [one.text for one in latencies], fontsize=7)
    axes.bar_label(bars, labels=[f'{end:.0f}' for end in ends], padding=3, fontsize=7)
    axes.set_xlabel('ms from the last voiced sample to the first velocity command', fontsize=8)
    axes.invert_yaxis()
    axes.legend(fontsize=7, ncols=len(_PARTS), loc='lower right')
    axes.margins(x=0.12)
    return _svg(figure)


def machine(samples: Sequence[MachineValues]) -> str:
    """Return the load of all cores and the memory of all nodes, second by second."""
    loads = [np.mean(one.core_percents) for one in samples if one.core_percents]
    memory = [one.memory_mb for one in samples if one.memory_mb is not None]
    if not loads or not memory:
        return ''
    figure = _figure(12.0, 2.4)
    left, right = figure.subplots(1, 2)
    left.plot(loads, color=_BLUE, linewidth=1.2)
    left.set(ylim=(0, 100), ylabel='CPU, all cores (%)', xlabel='report of the monitor (one a second)')
    right.plot(memory, color=_BLUE, linewidth=1.2)
    right.set(ylim=(0, None), ylabel='memory of all nodes (MB)', xlabel='report of the monitor (one a second)')
    for axes in (left, right):
        axes.grid(visible=True, alpha=0.25)
        axes.tick_params(labelsize=7)
    return _svg(figure)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout='constrained')


def _svg(figure: Figure) -> str:
    """Return the figure as an SVG element, without the XML declaration, which does not belong into a page."""
    text = io.StringIO()
    figure.savefig(text, format='svg')
    return text.getvalue()[text.getvalue().index('<svg') :]
