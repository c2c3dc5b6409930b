"""
`optimise distil`: trains an adapter, an adapter for a robot's names, or a smaller student, and measures what came out.

The result lies in the output folder once it was measured and found good enough; what the training itself needs to go on
lies there from the beginning.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.recognition.adapter import load_adapter, merge_into_torch, save_adapter
from voice_pipeline.recognition.choose import OPENAI, adapter_path
from voice_pipeline.recognition.weights import (
    ModelCard,
    ctranslate2_directory,
    hears_short_windows,
    required_backend,
    save_card,
    sha256,
)
from voice_pipeline.tools.optimise import verdict
from voice_pipeline.tools.optimise.clips import Clip, measuring_clips
from voice_pipeline.tools.optimise.compare import Candidate
from voice_pipeline.tools.optimise.examples import ExampleMaker, Recipe, training_voices
from voice_pipeline.tools.optimise.export import fused, save_checkpoint, save_ctranslate2
from voice_pipeline.tools.optimise.lora import LowRank, fresh_adapter, mixed
from voice_pipeline.tools.optimise.student import SmallerDecoder
from voice_pipeline.tools.optimise.teacher import load_whisper
from voice_pipeline.tools.optimise.train import Plan, Trainer
from voice_pipeline.tools.optimise.voices import available_voices
from voice_pipeline.understanding.words.vocabulary import load_vocabulary

SAVE_EVERY_STEPS = 100
ADAPTER_FILE, MODEL_FOLDER = 'adapter.npz', 'model'
# How far an adapter goes that began with another. With 300 steps and 20 names: word errors in sentences with the names
# 27.3 % before, 15.6 % all the way and 18.8 % half of it; in general speech 8.5 %, 9.8 % and 8.5 %.
TRAINED_SHARE = 0.5
STUDENT_RATE, DOMAIN_RATE = 3e-4, 5e-4  # learning rates; that of a new adapter is the plan's


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the part."""
    plan = Plan()
    parser.add_argument('--output', type=Path, required=True, metavar='FOLDER', help='where everything is kept')
    parser.add_argument('--model', default=plan.model, help='Whisper model: a name or a path (default: %(default)s)')
    parser.add_argument(
        '--student-layers',
        type=positive,
        default=0,
        metavar='N',
        help='train a smaller model with so many decoder layers, instead of an adapter',
    )
    parser.add_argument(
        '--vocabulary',
        type=Path,
        metavar='FILE',
        help='teach it the names of this file too, which is of the form of config/vocabulary.yaml',
    )
    parser.add_argument(
        '--adapter',
        default='auto',
        help='what --student-layers and --vocabulary begin with: auto (the adapter that comes with the package for '
        'this model), none, or the path of one (default: %(default)s)',
    )
    parser.add_argument('--steps', type=positive, default=plan.steps, help='training steps (default: %(default)s)')
    parser.add_argument('--rank', type=positive, default=plan.rank, help='of a new adapter (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=plan.seed, help='of all that is random (default: %(default)s)')
    parser.add_argument('--device', default='auto', choices=['auto', 'cpu', 'cuda'])
    parser.add_argument(
        '--threads', type=positive, default=1, help='of the student; the teacher has one (default: %(default)s)'
    )
    verdict.add_arguments(parser)


def positive(text: str) -> int:
    """Return a whole number above 0, for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f'{value} is not positive')
    return value


def run(arguments: argparse.Namespace, console: Console) -> None:
    """
    Train, measure, and keep the result if it is good.

    Raises `RefusedError`, `ModelError`, `TrainingError`, `StudentError`, `ExamplesError`, `RecordingsError`,
    `VocabularyError`, `SpeechError`, `OSError`.
    """
    import torch

    torch.set_num_threads(arguments.threads)
    device = arguments.device
    if device == 'auto':
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    vocabulary = load_vocabulary(str(arguments.vocabulary)) if arguments.vocabulary else None
    before = verdict.candidate(
        arguments.model, model=arguments.model, adapter=arguments.adapter, device=arguments.device
    )
    start = adapter_path(before.settings) if arguments.student_layers or vocabulary else None
    plan = _plan(arguments, start)
    clips = measuring_clips(arguments.recordings, vocabulary)
    _name_voices(console)
    arguments.output.mkdir(parents=True, exist_ok=True)
    result = make_result(plan, start, device)
    trainer = Trainer(plan, result.student, arguments.output)
    _train(trainer, Recipe(plan.model, plan.example_count, plan.seed, vocabulary), device, console)
    _measure_and_keep(result, before, clips, arguments, console)


def _plan(arguments: argparse.Namespace, start: Path | None) -> Plan:
    rate = STUDENT_RATE if arguments.student_layers else DOMAIN_RATE if start else Plan.learning_rate
    return Plan(
        model=arguments.model,
        student_layers=arguments.student_layers,
        start=sha256(start) if start else '',
        vocabulary=sha256(arguments.vocabulary) if arguments.vocabulary else '',
        steps=arguments.steps,
        rank=arguments.rank,
        seed=arguments.seed,
        learning_rate=rate,
        target_weight=1.0 if arguments.student_layers else 0.0,
    )


class AdapterResult:
    """An adapter that is trained."""

    def __init__(self, plan: Plan, start: Path | None, device: str) -> None:
        self._plan = plan
        self._start = load_adapter(start) if start else None
        model = load_whisper(plan.model, device)
        fresh = fresh_adapter(model, plan.model, plan.rank, plan.alpha, plan.seed)
        self.student = LowRank(model, self._start or fresh)

    def save(self, directory: Path) -> Path:
        """Write the adapter, wholly trained, to a file of this folder and return it. Raises `OSError`."""
        adapter = self.student.adapter(self._plan.steps)
        if self._start is not None:
            adapter = mixed(self._start, adapter, TRAINED_SHARE)
        save_adapter(adapter, directory / ADAPTER_FILE)
        return directory / ADAPTER_FILE

    def settings(self, file: Path) -> dict[str, str]:
        """Return the parameters that use the file."""
        return {'model': self._plan.model, 'adapter': str(file)}


class StudentResult:
    """A smaller model that is trained."""

    def __init__(self, plan: Plan, start: Path | None, device: str) -> None:
        self._teacher = plan.model
        self._hears_short_windows = start is not None or hears_short_windows(plan.model)
        model = load_whisper(plan.model, device)
        if start is not None:
            merge_into_torch(model, start)
        self.student = SmallerDecoder(model, plan.student_layers)

    def save(self, directory: Path) -> Path:
        """
        Write the model to a folder of this folder and return it. Raises `ModelError`, `OSError`.

        openai-whisper reads it, and faster-whisper where the teacher was not a checkpoint of openai-whisper alone.
        """
        target = directory / MODEL_FOLDER
        model = self.student.model
        dimensions, state = asdict(model.dims), model.state_dict()
        save_checkpoint(dimensions, state, target, 'float16')
        if required_backend(self._teacher) != OPENAI:
            arrays = fused(dimensions, {name: tensor.half().cpu().numpy() for name, tensor in state.items()})
            save_ctranslate2(arrays, ctranslate2_directory(self._teacher), target, 'float16')
        save_card(ModelCard(base=self._teacher, hears_short_windows=self._hears_short_windows), target)
        return target

    def settings(self, folder: Path) -> dict[str, str]:
        """Return the parameters that use the folder."""
        return {'model': str(folder)}


def make_result(plan: Plan, start: Path | None, device: str) -> AdapterResult | StudentResult:
    """Return what a plan trains, at its beginning. Raises `ModelError`, `StudentError`."""
    return (StudentResult if plan.student_layers else AdapterResult)(plan, start, device)


def _train(trainer: Trainer, recipe: Recipe, device: str, console: Console) -> None:
    """Train to the end of the plan, if it is not reached, saving now and then. Raises `ExamplesError`."""
    if trainer.progress.step >= trainer.plan.steps:
        return
    try:
        with ExampleMaker(trainer.output / 'examples', recipe, device) as maker, verdict.progress_bar(console) as bar:
            task = bar.add_task('training', total=trainer.plan.steps, completed=trainer.progress.step)
            for progress in trainer.steps(maker):
                loss, token_loss = progress.recent()
                bar.update(task, completed=progress.step, description=f'loss {loss:.3f}, of tokens {token_loss:.3f}')
                if progress.step % SAVE_EVERY_STEPS == 0:
                    trainer.save()
    finally:
        trainer.save()
    loss, token_loss = trainer.progress.recent()
    console.print(
        f'{trainer.progress.step} steps in {trainer.progress.elapsed_s / 60:.0f} min, mean loss of the last ones '
        f'{loss:.4f} (tokens {token_loss:.4f}).',
        highlight=False,
    )


def _measure_and_keep(
    result: AdapterResult | StudentResult,
    before: Candidate,
    clips: list[Clip],
    arguments: argparse.Namespace,
    console: Console,
) -> None:
    """Put what was trained into the output folder if it is good. Raises `RefusedError`, `ModelError`, `OSError`."""
    with tempfile.TemporaryDirectory(prefix='.unfinished-', dir=arguments.output) as folder:
        unfinished = result.save(Path(folder))
        after = verdict.candidate(unfinished.name, device=arguments.device, **result.settings(unfinished))
        verdict.judge(before, after, clips, arguments.worst_word_errors, arguments.output, console)
        kept = arguments.output / unfinished.name
        if kept.is_dir():
            shutil.rmtree(kept)
        unfinished.replace(kept)
    settings = ' '.join(f'{name}:={value}' for name, value in result.settings(kept).items())
    console.print(f'Saved {kept}. Use it with {settings}', highlight=False, soft_wrap=True)


def _name_voices(console: Console) -> None:
    """Say which voices train, and which are missing. Raises `SpeechError` where there is none."""
    training, (_, missing) = training_voices(), available_voices()
    for line in missing:
        console.print(f'Left out, not installed: {line}', highlight=False)
    if not training:
        raise SpeechError('no speech synthesiser is installed: pip install hibari-tts')
    counts: dict[str, int] = {}
    for voice in training:
        counts[voice.generator] = counts.get(voice.generator, 0) + 1
    console.print('Voices: ' + ', '.join(f'{name} {count}' for name, count in counts.items()), highlight=False)
