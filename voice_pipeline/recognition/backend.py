"""What a Whisper library must be able to do for the pipeline, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from voice_pipeline.recognition.window import Window


@dataclass(frozen=True)
class Hypothesis:
    """
    What a model heard.

    `mean_log_probability` is that of the tokens, the end token included; `no_speech_probability` is the model's own
    estimate that nobody spoke, 0 where the model has none. `tokens` are the draft of the next revision; the text may
    have names of the vocabulary in the place of some of them. `repeats`: it says something twice, as the speaker may
    have done. `was_cut`: it went on beyond what can be said in the time.
    """

    text: str
    mean_log_probability: float
    no_speech_probability: float
    tokens: tuple[int, ...] = ()
    repeats: bool = False
    was_cut: bool = False

    @property
    def is_suspicious(self) -> bool:
        """Whether a longer window should be asked."""
        return self.repeats or self.was_cut

    @property
    def confidence(self) -> float:
        """The geometric mean of the tokens' probabilities, in [0, 1]; 0 without a text."""
        if not self.text or math.isnan(self.mean_log_probability):
            return 0.0
        return min(1.0, math.exp(min(0.0, self.mean_log_probability)))


NOTHING_HEARD = Hypothesis(text='', mean_log_probability=0.0, no_speech_probability=1.0)


class Backend(Protocol):
    """A loaded Whisper model. `transcribe` is called by one thread at a time."""

    @property
    def name(self) -> str:
        """The library: `openai-whisper` or `faster-whisper`."""

    @property
    def device(self) -> str:
        """`cpu` or `cuda`."""

    @property
    def description(self) -> str:
        """One line for people: library, model, device, number format."""

    @property
    def has_adapter(self) -> bool:
        """Whether the model was trained for short windows."""

    def transcribe(
        self, samples: npt.NDArray[np.float32], window: Window, draft: Hypothesis | None = None
    ) -> Hypothesis:
        """
        Return what is said in the sound, as English, decoded greedily.

        `samples`: 16 kHz mono in [-1, 1], shape (n,), at most 30 s (what is longer is cut there); what is not a number
        is silence. `window`: how much the encoder hears. `draft`: what was heard in the beginning of the same sound; it
        saves time and never changes the text. Raises `RuntimeError` where the model cannot run.
        """


@dataclass(frozen=True)
class Request:
    """
    A sound, the windows that are tried one after another, and the draft; see `Backend.transcribe`.

    `is_provisional`: another request corrects what is heard now, so that a rare word may be spelled wrongly.
    """

    samples: npt.NDArray[np.float32]
    windows: tuple[Window, ...]
    draft: Hypothesis | None = None
    is_provisional: bool = False


@runtime_checkable
class BatchBackend(Protocol):
    """What a `Backend` has where it hears several sounds in less time than one after another."""

    @property
    def batch_size(self) -> int:
        """How many sounds it hears at once, at most."""

    def transcribe_batch(self, requests: Sequence[Request]) -> list[Hypothesis]:
        """Return what is said in each sound, heard in the first of its windows or a longer one of the others'."""


def batch_size_of(backend: Backend) -> int:
    """Return how many sounds the backend hears at once; 1 where they take turns."""
    return backend.batch_size if isinstance(backend, BatchBackend) else 1


def hear_all(backend: Backend, requests: Sequence[Request]) -> list[Hypothesis]:
    """Return what `hear` returns for each request: together in the first windows, one by one in the longer ones."""
    if not isinstance(backend, BatchBackend):
        return [hear(backend, request.samples, request.windows, request.draft) for request in requests]
    answers = []
    for request, heard in zip(requests, backend.transcribe_batch(requests), strict=True):
        rest = request.windows[1:]
        is_doubted = rest and not _is_believed(heard, request.draft)
        answers.append(hear(backend, request.samples, rest, request.draft) if is_doubted else heard)
    return answers


def hear(
    backend: Backend, samples: npt.NDArray[np.float32], windows: Sequence[Window], draft: Hypothesis | None = None
) -> Hypothesis:
    """
    Return the first answer that is not suspicious of the windows, tried in their order, or else the last.

    An answer that repeats something is not suspicious where the draft does too: a longer window confirmed that before.
    Raises what the backend raises.
    """
    heard = NOTHING_HEARD
    for window in windows:
        heard = backend.transcribe(samples, window, draft)
        if _is_believed(heard, draft):
            break
    return heard


def _is_believed(heard: Hypothesis, draft: Hypothesis | None) -> bool:
    is_confirmed = draft is not None and draft.repeats
    return not heard.was_cut and (is_confirmed or not heard.repeats)
