"""
Which window Whisper is given when: the one place of that policy.

Whisper was trained on windows of 30 s, and its encoder's time grows with the window; a shorter one works by slicing
the positional embedding. A model with an adapter was trained to hear the speech and little more (see `adapter`).
Without one, Whisper tends to say the whole sentence twice when the window is below about 8 s, so the sound is padded
with silence to `window_s` (10 s: the words of the 30 s window on 61 of 68 clips, at a quarter of the time).

An answer that looks like a loop is asked for again with the next longer window.
"""

from __future__ import annotations

from dataclasses import dataclass

from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.window import FULL_WINDOW, Window


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
