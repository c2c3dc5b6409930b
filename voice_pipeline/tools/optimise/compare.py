"""
Two models side by side as the pipeline would run them: size, loading, the time of a revision and a final, word errors.

Both hear each clip in turn, so that whatever else the machine does meets both. A group of clips that even the first
model mostly guesses at has no part in the verdict: there the errors are chance. General speech and the names of a
vocabulary are judged each for itself: to learn the names is no excuse for forgetting the rest.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from voice_pipeline.audio.frames import to_float
from voice_pipeline.recognition.backend import Backend, hear
from voice_pipeline.recognition.choose import FASTER, adapter_path, load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import (
    CTRANSLATE2_FILE,
    ModelError,
    ctranslate2_directory,
    for_openai_whisper,
)
from voice_pipeline.recognition.window_policy import windows_of
from voice_pipeline.tools.optimise.clips import NAMES, Clip
from voice_pipeline.tools.words import word_errors

GENERAL = 'general speech'
GUESSING_PERCENT = 50.0
LOADS = 3

Result = TypeVar('Result')


class RefusedError(Exception):
    """The result of an optimisation is worse than its bound; the text says by how much."""


@dataclass(frozen=True)
class Candidate:
    """A model that can be loaded, and what it is called in the table."""

    name: str
    settings: RecognitionSettings


@dataclass
class Errors:
    """The word errors of the final texts of a group of clips."""

    clips: int = 0
    words: int = 0
    wrong: int = 0

    @property
    def percent(self) -> float:
        """Word errors in a hundred words."""
        return 100 * self.wrong / max(1, self.words)


@dataclass
class Side:
    """What was measured of one model."""

    description: str
    size_bytes: int  # of the files with its weights, an adapter among them; 0 where the library keeps them elsewhere
    load_ms: list[float] = field(default_factory=list)  # loaded, warmed up and checked
    revision_ms: list[float] = field(default_factory=list)  # of each clip, in the window of a revision
    final_ms: list[float] = field(default_factory=list)
    errors: dict[str, Errors] = field(default_factory=dict)  # by group


@dataclass(frozen=True)
class Comparison:
    """A model before and after."""

    before: Side
    after: Side

    @property
    def judged(self) -> dict[str, list[str]]:
        """The groups that the first model does not just guess at, by the kind of speech."""
        kinds: dict[str, list[str]] = {}
        for group, errors in sorted(self.before.errors.items()):
            if errors.percent <= GUESSING_PERCENT:
                kinds.setdefault(NAMES if group.startswith(NAMES) else GENERAL, []).append(group)
        return kinds

    @property
    def points_worse(self) -> float:
        """
        How many more word errors the second model makes in a hundred words, of the kind of speech that lost most.

        Infinite where the first model guesses at all of it: such a measurement says nothing.
        """
        return max(
            (total(self.after, groups).percent - total(self.before, groups).percent for groups in self.judged.values()),
            default=math.inf,
        )


def total(side: Side, groups: Sequence[str]) -> Errors:
    """Return the errors of several groups as one."""
    chosen = [side.errors[group] for group in groups]
    return Errors(sum(one.clips for one in chosen), sum(one.words for one in chosen), sum(one.wrong for one in chosen))


def compare(before: Candidate, after: Candidate, clips: Sequence[Clip], tick: Callable[[], None]) -> Comparison:
    """
    Return both models' figures; `tick` is called after each clip.

    Raises `RefusedError` where the second cannot run, or does not even understand the sound of the self-check;
    `ModelError` where the first cannot.
    """
    both = [(before.settings, load(before.settings))]
    try:
        both.append((after.settings, load(after.settings)))
    except ModelError as error:
        raise RefusedError(f'refused: {error}') from error
    sides = [
        Side(backend.description.replace(settings.model, candidate.name), weights_bytes(settings, backend))
        for candidate, (settings, backend) in zip((before, after), both, strict=True)
    ]
    for clip in clips:
        for (settings, backend), side in zip(both, sides, strict=True):
            _hear(settings, backend, clip, side)
        tick()
    for _ in range(LOADS):
        for (settings, _), side in zip(both, sides, strict=True):
            side.load_ms.append(_timed(partial(load, settings))[0])
    return Comparison(*sides)


def weights_bytes(settings: RecognitionSettings, backend: Backend) -> int:
    """Return the size of the files that hold a loaded model's weights, see `Side`. Raises `ModelError`."""
    if backend.name == FASTER:
        weights = ctranslate2_directory(settings.model) / CTRANSLATE2_FILE
    else:
        weights = Path(for_openai_whisper(settings.model))
    files = [file for file in (weights, adapter_path(settings)) if file is not None and file.is_file()]
    return sum(file.stat().st_size for file in files)


def _hear(settings: RecognitionSettings, backend: Backend, clip: Clip, side: Side) -> None:
    """Let a model hear a clip as a revision and as a final, and add what came out to its figures."""
    sound, windows = to_float(clip.samples), windows_of(settings, backend.has_adapter)
    revision_ms, _ = _timed(partial(backend.transcribe, sound, windows.growing[0]))
    final_ms, final = _timed(partial(hear, backend, sound, windows.settled))
    side.revision_ms.append(revision_ms)
    side.final_ms.append(final_ms)
    wrong, words = word_errors(clip.text, final.text)
    errors = side.errors.setdefault(clip.group, Errors())
    errors.clips, errors.words, errors.wrong = errors.clips + 1, errors.words + words, errors.wrong + wrong


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return how many milliseconds the work took, and its result."""
    started_s = time.perf_counter()
    result = work()
    return 1000 * (time.perf_counter() - started_s), result


def markdown(comparison: Comparison) -> str:
    """Return the figures as a table, before and after side by side."""
    before, after = comparison.before, comparison.after
    rows = [
        ('model', before.description, after.description),
        ('weights on the disk', _megabytes(before.size_bytes), _megabytes(after.size_bytes)),
        ('loaded, warm and checked in', *(f'{np.median(side.load_ms):.0f} ms' for side in (before, after))),
        ('one revision, median (p95)', _spread(before.revision_ms), _spread(after.revision_ms)),
        ('one final, median (p95)', _spread(before.final_ms), _spread(after.final_ms)),
        *(
            (f'word errors, {group} ({errors.clips} clips)', _percent(errors), _percent(after.errors[group]))
            for group, errors in sorted(before.errors.items())
        ),
        *(
            (f'word errors, {kind}, all but guesses', *(_percent(total(side, groups)) for side in (before, after)))
            for kind, groups in sorted(comparison.judged.items())
        ),
    ]
    return '\n'.join(['| | before | after |', '|---|---|---|', *(f'| {" | ".join(row)} |' for row in rows)]) + '\n'


def _percent(errors: Errors) -> str:
    return f'{errors.percent:.1f} %'


def _megabytes(size_bytes: int) -> str:
    return f'{size_bytes / 1e6:.1f} MB' if size_bytes else 'not known'


def _spread(values_ms: Sequence[float]) -> str:
    return f'{np.median(values_ms):.1f} ms ({np.percentile(values_ms, 95):.1f} ms)'
