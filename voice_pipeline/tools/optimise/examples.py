"""The examples on disk: made in the order of their numbers by a process of its own, while the student learns."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from voice_pipeline.audio.frames import Samples
from voice_pipeline.tools.optimise.augment import training_clip
from voice_pipeline.tools.optimise.domain import domain_sentence
from voice_pipeline.tools.optimise.teacher import Example, Teacher
from voice_pipeline.tools.optimise.voices import HELD_OUT_VOICES, Voice, available_voices
from voice_pipeline.understanding.words.vocabulary import Vocabulary

BATCH = 4
POLL_S = 0.05
DOMAIN_SHARE = 0.5  # of the examples, where there is a vocabulary; the others keep the student from forgetting
_NAMES = ('samples', 'states', 'hidden', 'tokens')


class ExamplesError(RuntimeError):
    """The examples cannot be made; the text says why."""


@dataclass(frozen=True)
class Recipe:
    """What decides which examples are made."""

    model: str
    count: int
    seed: int
    vocabulary: Vocabulary | None = None  # names to learn, besides the sentences of the corpus

    def text(self, index: int) -> str | None:
        """Return the sentence of the vocabulary that an example says, or None where it says one of the corpus."""
        rng = np.random.default_rng([self.seed, index, 3])
        if self.vocabulary is None or rng.random() >= DOMAIN_SHARE:
            return None
        return domain_sentence(self.vocabulary, rng)


def example_file(folder: Path, index: int) -> Path:
    """Return where an example lies, in sub-folders of a thousand."""
    return folder / f'{index // 1000:03d}' / f'{index:06d}.npz'


def save_example(example: Example, path: Path) -> None:
    """Write an example; who reads sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix('.unfinished')
    with unfinished.open('wb') as file:
        np.savez(file, **dict(zip(_NAMES, astuple(example), strict=True)))
    unfinished.replace(path)


def load_example(path: Path) -> Example:
    """Return a saved example. Raises `OSError`."""
    with np.load(path, allow_pickle=False) as file:
        return Example(*(file[name] for name in _NAMES))


def training_voices() -> list[Voice]:
    """Return the voices of this machine that no measurement uses."""
    return [voice for voice in available_voices()[0] if voice.name not in HELD_OUT_VOICES]


def make_examples(folder: Path, recipe: Recipe, device: str) -> None:
    """Make the examples that are not there yet, in order; always the same with the same voices."""
    teacher, voices = Teacher(recipe.model, device), training_voices()
    parent = multiprocessing.parent_process()
    for start in range(0, recipe.count, BATCH):
        indices = range(start, min(start + BATCH, recipe.count))
        files = [example_file(folder, index) for index in indices]
        if all(file.exists() for file in files):
            continue
        if parent is not None and not parent.is_alive():
            return
        for file, example in zip(files, _batch(indices, recipe, teacher, voices), strict=True):
            save_example(example, file)


def _batch(indices: range, recipe: Recipe, teacher: Teacher, voices: list[Voice]) -> list[Example]:
    """Return the examples of these numbers. Raises `SpeechError`."""
    texts = [recipe.text(index) for index in indices]
    clips: list[Samples] = [
        training_clip(voices, np.random.default_rng([recipe.seed, index]), text)
        for index, text in zip(indices, texts, strict=True)
    ]
    unknown = [clip for clip, text in zip(clips, texts, strict=True) if text is None]
    labelled = iter(teacher.label(unknown) if unknown else ())
    return [
        next(labelled) if text is None else teacher.label_as(clip, text)
        for clip, text in zip(clips, texts, strict=True)
    ]


class ExampleMaker:
    """Makes examples in a process of its own, for as long as the `with` block lasts."""

    def __init__(self, folder: Path, recipe: Recipe, device: str) -> None:
        self._folder = folder
        context = multiprocessing.get_context('spawn')
        self._process = context.Process(target=_make_quietly, args=(folder, recipe, device), daemon=True)

    def __enter__(self) -> ExampleMaker:
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    def example(self, index: int, sleep: Callable[[float], None] = time.sleep) -> Example:
        """Return an example, waiting until it is made. Raises `ExamplesError` where that has failed."""
        path = example_file(self._folder, index)
        while not path.exists():
            if not self._process.is_alive() and not path.exists():
                raise ExamplesError(f'example {index} was not made: see the message of its process above')
            sleep(POLL_S)
        return load_example(path)


def _make_quietly(folder: Path, recipe: Recipe, device: str) -> None:
    """
    Run `make_examples` in the background: one thread, and whoever needs the processor goes first.

    An interruption from the keyboard reaches all processes; this one ends when its parent does.
    """
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    os.nice(5)
    make_examples(folder, recipe, device)
