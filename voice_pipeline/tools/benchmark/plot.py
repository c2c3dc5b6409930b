"""The picture of `benchmark recognition`: time, word errors and memory, one beside the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from voice_pipeline.tools.benchmark.report import Result

REVISION_BUDGET_MS = 66.0  # 15 revisions a second
SHORTEST_MS = 1.0  # a bar shorter than this is not drawn: what took less was there already


def save_plot(results: Sequence[Result], title: str, path: Path) -> None:
    """Save the picture in the format that the name ends with, making its folder when absent. Raises `OSError`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 5), layout='constrained')
    figure.suptitle(title, fontsize=10)
    times, words, memory = figure.subplots(1, 3, width_ratios=(3, 1, 1))
    _draw_times(times, results)
    words.sharey(memory)
    _draw_bars(words, results, [result.error_percent for result in results], 'word errors (%)')
    _draw_bars(memory, results, [result.memory.peak_mb for result in results], 'peak memory (MB)')
    memory.tick_params(labelleft=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _draw_times(axes: Any, results: Sequence[Result]) -> None:
    bars = [(result, measure) for result in results for measure in result.measures]
    labels = [f'{result.name}: {measure.name}' for result, measure in bars]
    axes.barh(labels, [measure.p50_ms for _, measure in bars], color=[_color(result) for result, _ in bars])
    ends = axes.barh(labels, [measure.p95_ms for _, measure in bars], color='none')
    axes.bar_label(ends, labels=[f'{measure.p50_ms:.1f}' for _, measure in bars], padding=6)
    axes.plot([measure.p95_ms for _, measure in bars], labels, 'k|', markersize=12, label='95th percentile')
    axes.axvline(REVISION_BUDGET_MS, color='tab:red', linestyle='--', linewidth=1, label='15 revisions a second')
    axes.set_xscale('log')
    axes.set_xlim(left=SHORTEST_MS, right=4 * max(measure.p95_ms for _, measure in bars))
    axes.set_xlabel('median time (ms)')
    axes.invert_yaxis()
    axes.legend(fontsize=8, loc='lower right')


def _draw_bars(axes: Any, results: Sequence[Result], values: Sequence[float], label: str) -> None:
    colors = [_color(result) for result in results]
    drawn = axes.barh([result.name for result in results], values, color=colors)
    axes.bar_label(drawn, labels=[f'{value:.3g}' for value in values], padding=3)
    axes.set_xlabel(label)
    axes.set_xlim(left=0.0, right=1.3 * max(*values, 1.0))
    axes.yaxis.set_inverted(True)


def _color(result: Result) -> str:
    return 'tab:blue' if result.is_ours else 'tab:gray'
