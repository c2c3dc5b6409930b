"""The `optimise` command: `distil` trains, `quantise` makes another number format, `evaluate` measures an adapter."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.tools.optimise import distil, quantise
from voice_pipeline.tools.optimise.clips import RecordingsError, measuring_clips
from voice_pipeline.tools.optimise.compare import RefusedError
from voice_pipeline.tools.optimise.evaluate import PADDINGS_S, evaluate, markdown
from voice_pipeline.tools.optimise.examples import ExamplesError
from voice_pipeline.tools.optimise.hearing import BACKENDS
from voice_pipeline.tools.optimise.student import StudentError
from voice_pipeline.tools.optimise.train import Plan, TrainingError
from voice_pipeline.tools.optimise.verdict import add_recordings, progress_bar
from voice_pipeline.understanding.words.vocabulary import VocabularyError

EXIT_OK, EXIT_REFUSED, EXIT_CANNOT_RUN = 0, 1, 2
FIGURES_FILE, TABLE_FILE = 'evaluation.json', 'evaluation.md'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command and of its parts."""
    parts = parser.add_subparsers(title='parts', metavar='PART', required=True)
    part = parts.add_parser(
        'distil',
        help='train an adapter for short windows or for names, or a smaller model; continues what --output holds',
        description='Train an adapter that lets Whisper hear a short window, one that also knows the names of a '
        'vocabulary, or a model with fewer decoder layers, with speech synthesised here. Interrupt it at any time: the '
        'same command continues. What comes out is measured, and refused where it is worse than a bound (status 1).',
    )
    distil.add_arguments(part)
    part.set_defaults(part=distil.run)
    part = parts.add_parser(
        'quantise',
        help='make a version of a model in another number format, with its adapter in it',
        description='Make a version of a model in another number format, with its adapter in it, measure both side by '
        'side, and refuse a version that is worse than a bound (status 1).',
    )
    quantise.add_arguments(part)
    part.set_defaults(part=quantise.run)
    part = parts.add_parser(
        'evaluate',
        help='measure word errors and runaway decodes in short and long windows, with and without an adapter',
        description='Measure word errors, runaway decodes and tokens in short and long windows, before and after, on '
        'sentences and voices that no adapter was trained with.',
    )
    _add_evaluate_arguments(part)
    part.set_defaults(part=_evaluate)


def _add_evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--adapter', type=Path, required=True, metavar='FILE')
    parser.add_argument('--model', default=Plan.model, help='Whisper model: a name or a path (default: %(default)s)')
    parser.add_argument('--backend', default=BACKENDS[0], choices=BACKENDS)
    parser.add_argument('--threads', type=distil.positive, default=2, help='processor threads (default: %(default)s)')
    parser.add_argument('--output', type=Path, metavar='FOLDER', help='where the figures are saved as JSON and table')
    add_recordings(parser)


def main(arguments: argparse.Namespace) -> int:
    """Run one part; returns the exit status."""
    console = Console()
    try:
        arguments.part(arguments, console)
    except RefusedError as refusal:
        console.print(f'[yellow]optimise:[/yellow] {refusal}', highlight=False)
        return EXIT_REFUSED
    except (
        ModelError,
        TrainingError,
        StudentError,
        ExamplesError,
        RecordingsError,
        VocabularyError,
        SpeechError,
        OSError,
    ) as error:
        console.print(f'[red]optimise:[/red] {error}', highlight=False)
        return EXIT_CANNOT_RUN
    return EXIT_OK


def _evaluate(arguments: argparse.Namespace, console: Console) -> None:
    clips = measuring_clips(arguments.recordings)
    with progress_bar(console) as bar:
        task = bar.add_task('measuring', total=2 * len(PADDINGS_S) * len(clips))
        figures = list(
            evaluate(
                arguments.backend,
                arguments.model,
                arguments.adapter,
                clips,
                arguments.threads,
                lambda: bar.advance(task),
            )
        )
    table = markdown(figures)
    console.print(table, highlight=False, soft_wrap=True)
    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
        (arguments.output / TABLE_FILE).write_text(table, encoding='utf-8')
        records = [asdict(one) | {'word_error_percent': round(one.word_error_percent, 2)} for one in figures]
        (arguments.output / FIGURES_FILE).write_text(json.dumps(records, indent=2), encoding='utf-8')
        console.print(f'Saved {arguments.output / TABLE_FILE} and {FIGURES_FILE}.', highlight=False)
