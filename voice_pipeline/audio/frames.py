"""A frame of sound: the unit in which audio travels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000  # what Whisper and Silero take
FRAME_SAMPLES = 512  # 32 ms: the chunk Silero's model is built for, 31.25 frames a second
FRAME_S = FRAME_SAMPLES / SAMPLE_RATE_HZ

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Frame:
    """
    Consecutive mono samples at 16 kHz, int16 of shape (n,), usually n = `FRAME_SAMPLES`.

    `sequence` counts frames from 0 without gaps, so that a lost one shows; `stamp_ns` is the capture time of the first
    sample on the system clock.
    """

    samples: Samples
    sequence: int
    stamp_ns: int

    @property
    def end_ns(self) -> int:
        """The capture time of the end of the last sample."""
        return self.stamp_ns + len(self.samples) * 1_000_000_000 // SAMPLE_RATE_HZ


def to_float(samples: Samples) -> npt.NDArray[np.float32]:
    """Return int16 samples as float32 in [-1, 1), the scale of Whisper's input."""
    return samples.astype(np.float32) / 32768.0


def to_int16(samples: npt.NDArray[np.float32]) -> Samples:
    """Return float samples in [-1, 1] as int16; what is louder is clipped, what is not a number becomes silence."""
    finite = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
    return np.round(np.clip(finite, -1.0, 1.0) * 32767.0).astype(np.int16)
