"""
The pictures of the report, as SVG inside the page.

By matplotlib, not Plotly: a page of some 100 kB instead of 5 MB, without a script, that prints sharply and can be
mailed, and a library that the demonstration and the benchmarks use already.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from voice_pipeline.messages import STAGES
from voice_pipeline.monitoring.report import Level
from voice_pipeline.tools.report.run import Run
from voice_pipeline.tools.report.series import line, reading_of, spans_by_level, time_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 4.8  # as wide as a phone shows it with letters that can be read
ROW_IN = 1.05

LINE, FAINT, BUDGET = '#1f5fa8', '#8fb3dc', '#c62828'
# None: there was nothing to judge. Hatched are those that count on paper without colour too.
LEVEL_COLORS: dict[Level | None, str] = {
    None: '#dfe3e8',
    Level.OK: '#4c9a5b',
    Level.WARN: '#e6a817',
    Level.ERROR: '#c62828',
    Level.STALE: '#7e57a0',
}
LEVEL_HATCHES: dict[Level | None, str] = {Level.ERROR: '////', Level.STALE: '....'}
_STYLE = {
    'svg.fonttype': 'none',  # text stays text: small, sharp, can be searched
    'font.family': 'sans-serif',
    'font.size': 9,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.grid': True,
    'grid.alpha': 0.25,
    'axes.titlesize': 9,
    'axes.titlelocation': 'left',
    'hatch.linewidth': 0.6,
}
_GROUP_TITLES = {
    'temperature': 'temperatures',
    'power': 'power',
    'clock': 'clocks',
    'fan': 'fans',
    'throttling': 'throttling',
}
_MOST_LINES = 5  # of one group of readings


def rates(run: Run) -> str:
    """Return the rate of each stage against its budget; '' where none was measured."""
    names = [f'{stage}_hz' for stage in STAGES if _is_measured(run, f'{stage}_hz')]
    return _rows(run, 'rates', [_checked(name, title=name.removesuffix('_hz')) for name in names])


def latencies(run: Run) -> str:
    """Return median and 95th percentile of each stage against its budget; '' where none was measured."""
    rows = []
    for stage in STAGES:
        for name in (f'{stage}_p95_ms', f'{stage}_final_p95_ms'):
            if _is_measured(run, name):
                is_final = name.startswith(f'{stage}_final')
                below = None if is_final else f'{stage}_p50_ms'
                rows.append(_checked(name, title=f'{stage}, finals' if is_final else stage, below=below))
    return _rows(run, 'latencies', rows)


def whole(run: Run) -> str:
    """Return voice to action and voice to stop against their budgets; '' where none was measured."""
    titles = {'voice_to_action_p95_ms': 'voice to action', 'voice_to_stop_p95_ms': 'voice to stop'}
    return _rows(run, 'whole', [_checked(name, title) for name, title in titles.items() if _is_measured(run, name)])


def load(run: Run) -> str:
    """Return load and memory against their budgets; '' where none was read."""
    titles = {'cpu_percent': 'CPU, all cores', 'gpu_percent': 'GPU', 'memory_mb': 'memory of the pipeline'}
    return _rows(run, 'load', [_checked(name, title) for name, title in titles.items() if _is_measured(run, name)])


def sensors(run: Run) -> str:
    """Return temperatures, power, clocks, fans and throttling; '' where none was read."""
    groups = {reading.group for sample in run.samples for reading in sample.readings}
    rows = [_readings(group, title) for group, title in _GROUP_TITLES.items() if group in groups]
    return _rows(run, 'sensors', rows)


def verdicts(run: Run) -> str:
    """Return when each part was within its budgets; '' without reports."""
    if not run.samples:
        return ''
    parts = list(run.samples[-1].levels)
    with _style('verdicts'):
        figure = _figure(0.26 * len(parts) + 0.75, left_in=1.05)
        axes = figure.subplots()
        for row, part in enumerate(parts):
            for level, spans in spans_by_level(run, part).items():
                axes.broken_barh(
                    spans,
                    (row - 0.36, 0.72),
                    facecolor=LEVEL_COLORS[level],
                    edgecolor='white',
                    linewidth=0,
                    hatch=LEVEL_HATCHES.get(level),
                )
        axes.set_yticks(range(len(parts)), parts)
        axes.grid(visible=False)
        axes.spines['left'].set_visible(False)
        axes.tick_params(left=False)
        axes.set_ylim(len(parts) - 0.5, -0.5)
        axes.set_xlabel(f'time [{time_unit(run)[0]}]')
        axes.margins(x=0)
        return _svg(figure)


def path(run: Run) -> str:
    """Return where the robot went, seen from above; '' where that is not known."""
    if not run.path:
        return ''
    with _style('path'):
        figure = _figure(4.0, left_in=0.6)
        axes = figure.subplots()
        xs, ys = [pose.x_m for pose in run.path], [pose.y_m for pose in run.path]
        axes.plot(xs, ys, color=LINE, linewidth=1.4)
        for pose, mark, name in ((run.path[0], 'o', 'start'), (run.path[-1], 's', 'end')):
            axes.plot(pose.x_m, pose.y_m, mark, color='black', markersize=4)
            axes.annotate(name, (pose.x_m, pose.y_m), xytext=(5, 5), textcoords='offset points')
        axes.set(xlabel='x [m]', ylabel='y [m]')
        axes.set_aspect('equal', adjustable='datalim')
        axes.margins(0.15)
        return _svg(figure)


# --- rows that share the time axis ---------------------------------------------------------------------------------

_Row = Callable[['Axes', Run], None]


def _rows(run: Run, name: str, rows: Sequence[_Row]) -> str:
    if not rows:
        return ''
    with _style(name):
        figure = _figure(ROW_IN * len(rows) + 0.35)
        all_axes = figure.subplots(len(rows), sharex=True, squeeze=False)[:, 0]
        for axes, draw in zip(all_axes, rows, strict=True):
            draw(axes, run)
            axes.margins(x=0.01)
        all_axes[-1].set_xlabel(f'time [{time_unit(run)[0]}]')
        return _svg(figure)


def _checked(name: str, title: str, below: str | None = None) -> _Row:
    """Return the row of a value with its budget, and another one drawn faintly below it."""

    def draw(axes: Axes, run: Run) -> None:
        check = run.checks[name]
        if below is not None:
            axes.plot(*line(run, lambda sample: sample.values.get(below), max), color=FAINT, label='median')
        times, values = line(run, lambda sample: sample.values.get(name), min if check.is_minimum else max)
        axes.plot(times, values, color=LINE, label='95 %')
        axes.axhline(check.limit, color=BUDGET, linestyle='--', linewidth=1)
        axes.set_title(f'{title} [{check.unit}]   budget {"≥" if check.is_minimum else "≤"} {check.limit:g}')
        axes.set_ylim(0, 1.25 * max(check.limit, np.nanmax(values)))
        if below is not None:
            _legend(axes)

    return draw


def _readings(group: str, title: str) -> _Row:
    def draw(axes: Axes, run: Run) -> None:
        units = {r.name: r.unit for sample in run.samples for r in sample.readings if r.group == group}
        for name in list(units)[:_MOST_LINES]:
            axes.plot(*line(run, partial(reading_of, group=group, name=name), max), label=name)
        left_out = len(units) - _MOST_LINES
        axes.set_title(f'{title} [{", ".join(dict.fromkeys(units.values()))}]' + _more(left_out))
        axes.set_ylim(0, 1.1 * max(axes.get_ylim()[1], 1e-3))
        _legend(axes)

    return draw


def _legend(axes: Axes) -> None:
    """Name the lines above the plot, beside its title."""
    axes.legend(
        loc='lower right',
        bbox_to_anchor=(1, 0.97),
        fontsize=7,
        frameon=False,
        ncols=_MOST_LINES,
        borderaxespad=0,
        columnspacing=0.8,
        handlelength=1.0,
        handletextpad=0.4,
    )


def _more(left_out: int) -> str:
    return f'   ({left_out} more are not drawn)' if left_out > 0 else ''


def _is_measured(run: Run, name: str) -> bool:
    return name in run.worst


# --- matplotlib ----------------------------------------------------------------------------------------------------


def _style(name: str) -> AbstractContextManager[None]:
    """Return the context in which a figure is drawn; the salt keeps the ids of two figures on a page apart."""
    import matplotlib

    context: AbstractContextManager[None] = matplotlib.rc_context({**_STYLE, 'svg.hashsalt': name})
    return context


def _figure(height_in: float, left_in: float = 0.45) -> Figure:
    """Return an empty figure with room for the labels; measuring them would take most of the time of a page."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, height_in))
    figure.subplots_adjust(
        left=left_in / WIDTH_IN,
        right=1 - 0.08 / WIDTH_IN,
        bottom=0.42 / height_in,
        top=1 - 0.2 / height_in,
        hspace=0.45,
    )
    return figure


def _svg(figure: Figure) -> str:
    """Return the figure as an SVG element that takes the width it is given."""
    buffer = io.StringIO()
    figure.savefig(buffer, format='svg', transparent=True, metadata={'Date': None})
    svg = buffer.getvalue()
    svg = svg[svg.index('<svg') :]
    head, _, body = svg.partition('>')
    return re.sub(r' (width|height)="[^"]*"', '', head) + ' role="img">' + body
