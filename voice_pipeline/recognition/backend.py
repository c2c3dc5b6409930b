"""What a Whisper library must be able to do for the pipeline, and what it answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from voice_pipeline.recognition.settings import RecognitionSettings

# On digital silence tiny.en answers "you" with a log-probability above Whisper's threshold but p(no speech) = 0.99;
# real commands stay below 0.4.
CERTAINLY_NO_SPEECH = 0.9


@dataclass(frozen=True)
class Hypothesis:
    """
    What a model heard.

    `mean_log_probability` is that of the tokens, the end token included; `no_speech_probability` is the model's own
    estimate that nobody spoke, 0 where the model has none.
    """

    text: str
    mean_log_probability: float
    no_speech_probability: float
    token_count: int

    @property
    def confidence(self) -> float:
        """The geometric mean of the tokens' probabilities, in [0, 1]; 0 without a text."""
        if not self.text or math.isnan(self.mean_log_probability):
            return 0.0
        return min(1.0, math.exp(min(0.0, self.mean_log_probability)))


NOTHING_HEARD = Hypothesis(text='', mean_log_probability=0.0, no_speech_probability=1.0, token_count=0)


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

    def transcribe(self, samples: npt.NDArray[np.float32], window_s: float) -> Hypothesis:
        """
        Return what is said in the sound, as English, decoded greedily.

        `samples`: 16 kHz mono in [-1, 1], shape (n,), at most 30 s (what is longer is cut there). `window_s`: the
        encoder hears at least this much, padded with silence. Raises `RuntimeError` where the model cannot run.
        """


def without_noise(hypothesis: Hypothesis, settings: RecognitionSettings) -> Hypothesis:
    """Return the hypothesis, or `NOTHING_HEARD` where the model made a text of a noise."""
    unlikely = hypothesis.mean_log_probability < settings.log_probability_threshold
    silent = hypothesis.no_speech_probability > settings.no_speech_threshold
    wordless = not any(character.isalnum() for character in hypothesis.text)
    if wordless or (silent and unlikely) or hypothesis.no_speech_probability > CERTAINLY_NO_SPEECH:
        return NOTHING_HEARD
    return hypothesis
