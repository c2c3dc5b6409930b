"""The end of every optimisation: before and after side by side, and what is worse than its bound is refused."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.settings import SettingsError
from voice_pipeline.tools.optimise.clips import Clip
from voice_pipeline.tools.optimise.compare import Candidate, Comparison, RefusedError, compare, markdown

DEFAULT_WORST_POINTS = 1.0
FIGURES_FILE, TABLE_FILE = 'comparison.json', 'comparison.md'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of what is measured, and of the bound."""
    parser.add_argument(
        '--worst-word-errors',
        type=float,
        default=DEFAULT_WORST_POINTS,
        metavar='POINTS',
        help='refuse a result that makes more word errors than this in a hundred words above those of the model that '
        'it was made from (default: %(default)s)',
    )
    add_recordings(parser)


def add_recordings(parser: argparse.ArgumentParser) -> None:
    """Declare the argument for speech of people."""
    parser.add_argument(
        '--recordings', type=Path, metavar='TABLE', help='a table of recordings: sound file, tab, what is said'
    )


def candidate(name: str, **values: object) -> Candidate:
    """
    Return a model by its settings. Raises `ModelError` where they cannot be.

    Names are not expected (`name_bias`) and all tokens are compared (`shortlist`): what counts here is what the model
    hears of itself.
    """
    try:
        return Candidate(name, RecognitionSettings.from_mapping({'name_bias': 0.0, 'shortlist': False, **values}))
    except SettingsError as error:
        raise ModelError(str(error)) from error


def progress_bar(console: Console) -> Progress:
    """Return the bar that all parts of the command show."""
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console)


def judge(
    before: Candidate, after: Candidate, clips: list[Clip], worst_points: float, report: Path, console: Console
) -> None:
    """
    Measure both models, print the table and save it in the folder `report`, which is made where it is not there.

    Raises `RefusedError` where the second makes more than `worst_points` more word errors in a hundred words, or cannot
    run; `ModelError` where the first cannot.
    """
    with progress_bar(console) as bar:
        task = bar.add_task('measuring', total=len(clips))
        comparison = compare(before, after, clips, lambda: bar.advance(task))
    table = markdown(comparison)
    console.print(table, highlight=False, soft_wrap=True)
    _save(comparison, table, report)
    if comparison.points_worse > worst_points:
        raise RefusedError(
            f'refused: {comparison.points_worse:.1f} more word errors in a hundred words, '
            f'and at most {worst_points:g} are allowed (--worst-word-errors)'
        )


def _save(comparison: Comparison, table: str, report: Path) -> None:
    report.mkdir(parents=True, exist_ok=True)
    (report / TABLE_FILE).write_text(table, encoding='utf-8')
    figures = {**asdict(comparison), 'points_worse': round(comparison.points_worse, 2)}
    (report / FIGURES_FILE).write_text(json.dumps(figures, indent=2), encoding='utf-8')
