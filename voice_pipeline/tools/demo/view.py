"""The demonstration as it happens: a compact live picture in a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from voice_pipeline.monitoring.describe import describe_steps
from voice_pipeline.monitoring.report import Level, Report, StageReport
from voice_pipeline.tools.demo.story import Story, Utterance

REFRESH_HZ = 5
SHOWN_UTTERANCES = 6
COLOURS = {Level.OK: 'green', Level.WARN: 'yellow', Level.ERROR: 'red', Level.STALE: 'magenta'}


@contextmanager
def live_view(console: Console, story: Story) -> Iterator[Callable[[str], None]]:
    """Show the story as it goes; yields a function that says what is going on now."""
    if not console.is_terminal:
        start_s = time.monotonic()

        def say(text: str) -> None:
            console.print(f'{time.monotonic() - start_s:6.1f} s  {text}', highlight=False, soft_wrap=True)

        yield say
        return
    picture = _Picture(story)
    with Live(picture, console=console, refresh_per_second=REFRESH_HZ, transient=True):
        yield picture.say


class _Picture:
    """Drawn anew by rich at each refresh."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._now = ''

    def say(self, text: str) -> None:
        """Show what is going on."""
        self._now = text

    def __rich__(self) -> RenderableType:
        utterances = list(self._story.utterances.values())[-SHOWN_UTTERANCES:]
        parts: list[RenderableType] = [Text(self._now, style='bold'), _utterances(utterances)]
        if self._story.report is not None:
            parts.append(_stages(self._story.report))
        if self._story.path:
            here = self._story.path[-1]
            parts.append(Text(f'robot at x {here.x_m:.2f} m, y {here.y_m:.2f} m, {_degrees(here.yaw_rad):.0f}°'))
        return Group(*parts)


def _utterances(utterances: list[Utterance]) -> Table:
    table = Table(box=None, padding=(0, 1), title_justify='left')
    for column in ('heard', 'understood', 'doing'):
        table.add_column(column, overflow='fold')
    for one in utterances:
        words = one.transcript + ('' if one.is_final else ' …')
        doing = ', '.join(f'{e.state} {e.progress:.0%}' for e in one.executions.values()) or one.refusal
        table.add_row(words, describe_steps(one.steps), doing)
    return table


def _stages(report: Report) -> Table:
    table = Table(box=None, padding=(0, 1))
    for column in ('stage', 'Hz', 'p50 ms', 'p95 ms', ''):
        table.add_column(column, justify='left' if column in ('stage', '') else 'right')
    for stage in report.stages:
        table.add_row(*_stage_cells(stage))
    return table


def _stage_cells(stage: StageReport) -> tuple[str | Text, ...]:
    values, verdict = stage.values, stage.verdict
    latency = values.latency_ms
    numbers = (values.rate_hz, latency.p50 if latency else None, latency.p95 if latency else None)
    cells = tuple('–' if number is None else f'{number:.1f}' for number in numbers)
    return (values.name, *cells, Text(verdict.level.name, style=COLOURS[verdict.level]))


def _degrees(angle_rad: float) -> float:
    return math.degrees(angle_rad)
