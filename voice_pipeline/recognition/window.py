"""How much sound Whisper hears at a time, and how many tokens it may answer with."""

from __future__ import annotations

import math
from dataclasses import dataclass

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ

MEL_FRAMES_PER_S = 100
MAX_WINDOW_S = 30  # the positions that Whisper has
PADDING_S = 1.0  # silence after the speech, so that a model without an adapter sees its end
MAX_SPEECH_S = MAX_WINDOW_S - PADDING_S
TOKENS_PER_S = 8  # fast English has 6 a second
MIN_TOKENS = 8


@dataclass(frozen=True)
class Window:
    """The sound and at least `padding_s` of silence after it, together at least `minimum_s` and at most 30 s."""

    minimum_s: float
    padding_s: float = PADDING_S

    def frame_count(self, sample_count: int) -> int:
        """Return the window's length for this many samples in mel frames, even: the encoder makes one state of two."""
        needed_s = max(self.minimum_s, sample_count / SAMPLE_RATE_HZ + self.padding_s)
        states = math.ceil(round(min(MAX_WINDOW_S, needed_s) * MEL_FRAMES_PER_S / 2, 6))
        return max(1, states) * 2


FULL_WINDOW = Window(MAX_WINDOW_S)


def token_limit(sample_count: int) -> int:
    """Return how many tokens this many samples of speech can hold: more is a model that repeats itself."""
    return MIN_TOKENS + math.ceil(TOKENS_PER_S * sample_count / SAMPLE_RATE_HZ)
