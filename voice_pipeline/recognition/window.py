"""
How much sound Whisper is given, and how many tokens it may answer with: the one place of that policy.

Whisper was trained on windows of 30 s, and its encoder's time grows with the window; a shorter one works by slicing
the positional embedding. A model with an adapter was trained to hear the speech and little more (see `adapter`).
Without one, Whisper tends to say the whole sentence twice when the window is below about 8 s, so the sound is padded
with silence to `window_s` (10 s: the words of the 30 s window on 61 of 68 clips, at a quarter of the time).

An answer that looks like a loop is asked for again with the next longer window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ

if TYPE_CHECKING:  # the settings take their bounds from here
    from voice_pipeline.recognition.settings import RecognitionSettings

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


@dataclass(frozen=True)
class Windows:
    """
    Which windows are tried, one after another, until an answer is not suspicious.

    `growing`: while the speaker goes on, when the next revision corrects this one; so at most one other window.
    `settled`: when the speaker pauses, so that the answer may be the final one.
    """

    growing: tuple[Window, ...]
    settled: tuple[Window, ...]


def windows_of(settings: RecognitionSettings, has_adapter: bool) -> Windows:
    """Return the policy for a model with or without an adapter."""
    long = Window(settings.window_s)
    first = Window(0.0, settings.padding_s) if has_adapter else long
    final = Window(settings.final_window_s, first.padding_s) if settings.final_window_s > first.minimum_s else first
    return Windows(growing=_distinct(first, long), settled=_distinct(final, long, FULL_WINDOW))


def _distinct(*windows: Window) -> tuple[Window, ...]:
    return tuple(dict.fromkeys(windows))


def token_limit(sample_count: int) -> int:
    """Return how many tokens this many samples of speech can hold: more is a model that repeats itself."""
    return MIN_TOKENS + math.ceil(TOKENS_PER_S * sample_count / SAMPLE_RATE_HZ)
