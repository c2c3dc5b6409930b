"""Speech and stand-ins for the tests of recognition."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from voice_pipeline.audio.frames import FRAME_S, FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame, Samples, to_int16
from voice_pipeline.recognition.backend import Hypothesis

FRAME_NS = round(FRAME_S * 1e9)
START_NS = 1_000_000_000_000
LOUD, QUIET = 5000, 10  # sample values that `LoudnessActivity` takes for voice and for silence


@lru_cache(maxsize=16)
def say(text: str, before_s: float = 0.5, after_s: float = 1.0) -> Samples:
    """Return the text spoken by a synthetic voice, always the same, between two silences."""
    import hibari
    import soxr

    sound = soxr.resample(_voice()(text, seed=1), hibari.SAMPLE_RATE, SAMPLE_RATE_HZ)
    silence = (round(before_s * SAMPLE_RATE_HZ), round(after_s * SAMPLE_RATE_HZ))
    return to_int16(np.pad(sound.astype(np.float32), silence))


@lru_cache(maxsize=1)
def _voice():
    import hibari

    return hibari.Hibari(voice='heart')


def frames_of(samples: Samples, length: int = FRAME_SAMPLES) -> list[Frame]:
    """Return the samples as frames of this length, stamped from `START_NS` on."""
    return [
        Frame(samples[start : start + length], sequence, START_NS + start * 1_000_000_000 // SAMPLE_RATE_HZ)
        for sequence, start in enumerate(range(0, len(samples), length))
    ]


def scripted(pattern: str) -> Samples:
    """Return sound of one frame a character: `#` is voice, `.` is silence."""
    levels = [LOUD if character == '#' else QUIET for character in pattern]
    return np.repeat(np.array(levels, np.int16), FRAME_SAMPLES)


class LoudnessActivity:
    """A voice activity that takes loud for voice."""

    def __init__(self) -> None:
        self.resets = 0
        self.frames = 0

    def probability(self, samples: Samples) -> float:
        assert samples.shape == (FRAME_SAMPLES,)
        self.frames += 1
        return 1.0 if np.abs(samples).max() >= LOUD else 0.0

    def reset(self) -> None:
        self.resets += 1


class CountingBackend:
    """A backend that "hears" how many loud frames there were: `3 frames`; it can also be deaf, or fail."""

    name = 'counting'
    device = 'cpu'
    description = 'a stand-in'
    has_adapter = False

    def __init__(self) -> None:
        self.failing = False
        self.deaf = False
        self.heard: list[int] = []  # frames given, a call

    def transcribe(self, samples, window, draft=None):
        self.heard.append(len(samples) // FRAME_SAMPLES)
        if self.failing:
            raise RuntimeError('out of memory')
        if self.deaf:
            return Hypothesis('', 0.0, 1.0)
        loud = int(np.count_nonzero(samples > (LOUD - 1) / 32768)) // FRAME_SAMPLES
        return Hypothesis(f'{loud} frames', -0.1, 0.0, (loud, 1))
