"""The `optimise` command: `distil` trains an adapter, `evaluate` measures what it is worth."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.tools.optimise.evaluate import (
    PADDINGS_S,
    RecordingsError,
    evaluate,
    markdown,
    recorded_clips,
    synthetic_clips,
)
from voice_pipeline.tools.optimise.examples import ExampleMaker, ExamplesError
from voice_pipeline.tools.optimise.hearing import BACKENDS
from voice_pipeline.tools.optimise.train import ADAPTER_FILE, Plan, Trainer, TrainingError
from voice_pipeline.tools.optimise.voices import HELD_OUT_VOICES, available_voices

EXIT_OK, EXIT_CANNOT_RUN = 0, 2
SAVE_EVERY_STEPS = 100
FIGURES_FILE, TABLE_FILE = 'evaluation.json', 'evaluation.md'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command and of its two parts."""
    parts = parser.add_subparsers(title='parts', metavar='PART', dest='part', required=True)
    plan = Plan()
    distil = parts.add_parser(
        'distil',
        help='train an adapter that lets Whisper hear a short window; continues what --output holds',
        description='Train an adapter that lets Whisper hear a short window, with speech synthesised here. '
        'Interrupt it at any time: the same command continues.',
    )
    distil.add_argument('--output', type=Path, required=True, metavar='FOLDER', help='where everything is kept')
    distil.add_argument('--model', default=plan.model, help='Whisper model: a name or a path (default: %(default)s)')
    distil.add_argument('--steps', type=_positive, default=plan.steps, help='training steps (default: %(default)s)')
    distil.add_argument('--rank', type=_positive, default=plan.rank, help='rank of the adapter (default: %(default)s)')
    distil.add_argument('--seed', type=int, default=plan.seed, help='of all that is random (default: %(default)s)')
    distil.add_argument('--device', default='auto', choices=['auto', 'cpu', 'cuda'])
    distil.add_argument(
        '--threads', type=_positive, default=1, help='of the student; the teacher has one (default: %(default)s)'
    )
    measure = parts.add_parser(
        'evaluate',
        help='measure word errors and runaway decodes in short and long windows, with and without an adapter',
        description='Measure word errors, runaway decodes and tokens in short and long windows, before and after, on '
        'sentences and voices that no adapter was trained with.',
    )
    measure.add_argument('--adapter', type=Path, required=True, metavar='FILE')
    measure.add_argument('--model', default=plan.model, help='Whisper model: a name or a path (default: %(default)s)')
    measure.add_argument('--backend', default=BACKENDS[0], choices=BACKENDS)
    measure.add_argument('--threads', type=_positive, default=2, help='processor threads (default: %(default)s)')
    measure.add_argument('--output', type=Path, metavar='FOLDER', help='where the figures are saved as JSON and table')
    measure.add_argument(
        '--recordings', type=Path, metavar='TABLE', help='a table of recordings: sound file, tab, what is said'
    )


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f'{value} is not positive')
    return value


def main(arguments: argparse.Namespace) -> int:
    """Run one part; returns the exit status."""
    console = Console()
    try:
        (_distil if arguments.part == 'distil' else _evaluate)(arguments, console)
    except (ModelError, TrainingError, ExamplesError, RecordingsError, SpeechError, OSError) as error:
        console.print(f'[red]optimise:[/red] {error}', highlight=False)
        return EXIT_CANNOT_RUN
    return EXIT_OK


def _progress(console: Console) -> Progress:
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console)


def _distil(arguments: argparse.Namespace, console: Console) -> None:
    import torch

    torch.set_num_threads(arguments.threads)
    device = arguments.device
    if device == 'auto':
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    plan = Plan(model=arguments.model, steps=arguments.steps, rank=arguments.rank, seed=arguments.seed)
    _name_voices(console)
    arguments.output.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(plan, arguments.output, device)
    maker = ExampleMaker(arguments.output / 'examples', plan.example_count, plan.seed, plan.model, device)
    try:
        with maker, _progress(console) as bar:
            task = bar.add_task('training', total=plan.steps, completed=trainer.progress.step)
            for progress in trainer.steps(maker):
                loss, token_loss = progress.recent()
                bar.update(task, completed=progress.step, description=f'loss {loss:.3f}, of tokens {token_loss:.3f}')
                if progress.step % SAVE_EVERY_STEPS == 0:
                    trainer.save()
    finally:
        trainer.save()
    loss, token_loss = trainer.progress.recent()
    adapter = arguments.output / ADAPTER_FILE
    console.print(
        f'{trainer.progress.step} steps in {trainer.progress.elapsed_s / 60:.0f} min, mean loss of the last ones '
        f'{loss:.4f} (tokens {token_loss:.4f}).\nSaved {adapter}. Measure it:\n'
        f'  voice_pipeline optimise evaluate --adapter {adapter}',
        highlight=False,
    )


def _name_voices(console: Console) -> None:
    """Say which voices train, and which are missing. Raises `SpeechError` where there is none."""
    voices, missing = available_voices()
    training = [voice for voice in voices if voice.name not in HELD_OUT_VOICES]
    for line in missing:
        console.print(f'Left out, not installed: {line}', highlight=False)
    if not training:
        raise SpeechError('no speech synthesiser is installed: pip install hibari-tts')
    counts = {voice.generator: 0 for voice in training}
    for voice in training:
        counts[voice.generator] += 1
    console.print('Voices: ' + ', '.join(f'{name} {count}' for name, count in counts.items()), highlight=False)


def _evaluate(arguments: argparse.Namespace, console: Console) -> None:
    clips = synthetic_clips()
    if arguments.recordings:
        clips += recorded_clips(arguments.recordings)
    if not clips:
        raise RecordingsError(f'nothing to measure with: give --recordings, or install {", ".join(HELD_OUT_VOICES)}')
    with _progress(console) as bar:
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
