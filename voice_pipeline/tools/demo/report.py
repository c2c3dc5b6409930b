"""What the demonstration leaves behind: a table, a JSON document, a picture of the path."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from voice_pipeline.control.motion import Odometry
from voice_pipeline.messages import steps_to_builtins
from voice_pipeline.monitoring.describe import describe_steps
from voice_pipeline.monitoring.report import Report, budget_checks
from voice_pipeline.simulation import picture
from voice_pipeline.simulation.picture import Mark
from voice_pipeline.tools.demo.person import Spoken
from voice_pipeline.tools.demo.script import Line
from voice_pipeline.tools.demo.story import Utterance


@dataclass(frozen=True)
class Result:
    """
    What became of one line of the script.

    `problem` is empty when it was carried out. `utterances` are the pieces of speech that were heard of it.
    """

    line: Line
    spoken: Spoken
    utterances: tuple[Utterance, ...]
    problem: str = ''

    @property
    def transcript(self) -> str:
        """All that was heard of it."""
        return ' '.join(one.transcript for one in self.utterances).strip()


def as_json(results: list[Result], report: Report | None) -> dict[str, Any]:
    """Return the document that is saved."""
    latencies = _voice_to_action_ms(report)
    return {
        'utterances': [_utterance_json(result, latencies) for result in results],
        'stages': {
            stage.values.name: {
                'hz': _rounded(stage.values.rate_hz),
                'p50_ms': _rounded(stage.values.latency_ms.p50 if stage.values.latency_ms else None),
                'p95_ms': _rounded(stage.values.latency_ms.p95 if stage.values.latency_ms else None),
            }
            for stage in (report.stages if report else ())
        },
        'machine': {
            'cpu_percent': _rounded(report.machine.values.cpu_percent if report else None),
            'memory_mb': _rounded(report.machine.values.memory_mb if report else None),
        },
        'budgets': {
            check.name: {'value': _rounded(check.value), 'limit': check.limit, 'ok': check.ok}
            for check in (budget_checks(report) if report else ())
        },
    }


def save_json(document: dict[str, Any], path: Path) -> None:
    """Write the document, making its folder when absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + '\n', encoding='utf-8')


def print_tables(console: Console, results: list[Result], report: Report | None) -> None:
    """Print what became of each line, and each stage against its budget."""
    latencies = _voice_to_action_ms(report)
    console.print(_results_table(results, latencies))
    if report is None:
        console.print('[red]The monitor has not reported: no figures.[/red]')
        return
    console.print(_budgets_table(report))
    typical = report.voice_to_action.values.typical
    if typical is not None:
        parts = ', '.join(f'{part.name} {part.duration_ms:.0f}' for part in typical.parts)
        console.print(f'Voice to action, the median command in ms: {parts}.', highlight=False)
    offsets = [offset for result in results if (offset := _speech_end_offset_ms(result)) is not None]
    if offsets:
        console.print(
            f'It counts from the last sample that the recogniser took for voice: in the median {median(offsets):.0f} '
            'ms after the last audible sound of the recordings.',
            highlight=False,
        )


def _results_table(results: list[Result], latencies: dict[str, float]) -> Table:
    table = Table(title='What was said, and what became of it', title_justify='left')
    for column in ('said', 'heard', 'planned', 'done', 'robot at', 'voice to action'):
        table.add_column(column, overflow='fold', justify='right' if column == 'voice to action' else 'left')
    for result in results:
        steps = '; '.join(describe_steps(one.steps) for one in result.utterances)
        outcomes = ', '.join(outcome for one in result.utterances for outcome in one.outcomes)
        latency = _latency_ms(result, latencies)
        table.add_row(
            result.line.label,
            result.transcript,
            steps,
            f'[red]{result.problem}[/red]' if result.problem else f'[green]{outcomes}[/green]',
            _describe_pose(_pose(result)),
            '–' if latency is None else f'{latency:.0f} ms',
        )
    return table


def _budgets_table(report: Report) -> Table:
    table = Table(title='Budgets', title_justify='left')
    for column in ('what', 'measured', 'budget', ''):
        table.add_column(column, justify='left' if column in ('what', '') else 'right')
    verdicts = {True: '[green]ok[/green]', False: '[red]not kept[/red]', None: 'not measured'}
    for check in budget_checks(report):
        value = '–' if check.value is None else f'{check.value:.1f} {check.unit}'
        sign = '≥' if check.is_minimum else '≤'
        table.add_row(check.name, value, f'{sign} {check.limit:g} {check.unit}', verdicts[check.ok])
    return table


def _utterance_json(result: Result, latencies: dict[str, float]) -> dict[str, Any]:
    pose = _pose(result)
    steps = tuple(step for one in result.utterances for step in one.steps)
    return {
        'said': result.line.words or result.line.label,
        'transcript': result.transcript,
        'steps': steps_to_builtins(steps),
        'refusal': '; '.join(one.refusal for one in result.utterances if one.refusal and not one.plans),
        'outcome': [outcome for one in result.utterances for outcome in one.outcomes],
        'carried_out': not result.problem,
        'problem': result.problem,
        'voice_to_action_ms': _rounded(_latency_ms(result, latencies)),
        'speech_end_offset_ms': _speech_end_offset_ms(result),
        'pose': None
        if pose is None
        else {
            'x': round(pose.x_m, 4),
            'y': round(pose.y_m, 4),
            'yaw_deg': round(math.degrees(pose.yaw_rad), 2),
        },
    }


def _voice_to_action_ms(report: Report | None) -> dict[str, float]:
    utterances = report.voice_to_action.values.utterances if report else ()
    return {one.utterance_id: one.total_ms for one in utterances if one.total_ms is not None}


def _latency_ms(result: Result, latencies: dict[str, float]) -> float | None:
    return next((latencies[one.utterance_id] for one in result.utterances if one.utterance_id in latencies), None)


def _speech_end_offset_ms(result: Result) -> float | None:
    """Return how much later than the recording itself the pipeline put the end of speech: latency that it misses."""
    if not result.utterances:
        return None
    detected_ns = max(one.speech_end_ns for one in result.utterances)
    return round((detected_ns - result.spoken.speech_end_ns) / 1e6, 1)


def _pose(result: Result) -> Odometry | None:
    poses = [one.pose for one in result.utterances if one.pose is not None]
    return poses[-1] if poses else None


def _describe_pose(pose: Odometry | None) -> str:
    return '' if pose is None else f'x {pose.x_m:.2f} y {pose.y_m:.2f} {math.degrees(pose.yaw_rad):.0f}°'


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def save_picture(path: list[Odometry], results: list[Result], file: Path) -> None:
    """Draw the robot's path, seen from above, with where it was after each line."""
    marks = [Mark(result.line.label, pose) for result in results if (pose := _pose(result)) is not None]
    picture.save_picture(file, path, marks)
