"""
How much sound Whisper is given, and how many tokens it may answer with: the one place of that policy.

Whisper was trained on windows of 30 s, and its encoder's time grows with the window; a shorter one works by slicing
the positional embedding. Below about 8 s it tends to say the whole sentence twice, so the window is padded with
silence to `window_s` (10 s: the words of the 30 s window on 61 of 68 clips, at a quarter of the time).
"""

from __future__ import annotations

import math

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ

MAX_WINDOW_S = 30  # the positions that Whisper has
PADDING_S = 1.0  # silence after the speech, so that the model sees its end
MAX_SPEECH_S = MAX_WINDOW_S - PADDING_S
TOKENS_PER_S = 8  # fast English has 6 a second
MIN_TOKENS = 8


def window_length_s(sample_count: int, minimum_s: float) -> int:
    """Return the length in whole seconds of the window for this many samples of speech, at most `MAX_WINDOW_S`."""
    needed_s = sample_count / SAMPLE_RATE_HZ + PADDING_S
    return min(MAX_WINDOW_S, math.ceil(max(minimum_s, needed_s)))


def token_limit(sample_count: int) -> int:
    """Return how many tokens this many samples of speech can hold: more is a model that repeats itself."""
    return MIN_TOKENS + math.ceil(TOKENS_PER_S * sample_count / SAMPLE_RATE_HZ)
