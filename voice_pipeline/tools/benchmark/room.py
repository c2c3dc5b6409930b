"""Speech at a given level, in a room with a given noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples, to_float, to_int16
from voice_pipeline.audio.speech import speech_bounds
from voice_pipeline.tools.benchmark.noises import make_noise

_BEFORE_S, _AFTER_S = 1.5, 1.2  # the room, before and after the speech
_WINDOW = SAMPLE_RATE_HZ // 100
_ONSET_BELOW_PEAK_DB = 20.0


@dataclass(frozen=True)
class Room:
    """Speech in a room: from when on there is any of it, and from when on it is loud."""

    samples: Samples
    start_s: float
    onset_s: float


def in_room(samples: Samples, level_dbfs: float, snr_db: float | None, noise: str, seed: int) -> Room:
    """
    Return the speech, its peak at the level, in a room with this noise.

    The signal-to-noise ratio is that of the RMS of the speech from its start to its end.
    """
    speech = to_float(spoken_part(samples))
    speech *= 10 ** (level_dbfs / 20) / np.abs(speech).max()
    before = round(_BEFORE_S * SAMPLE_RATE_HZ) + 97 * seed % FRAME_SAMPLES  # the start is anywhere in its frame
    sound = np.pad(speech, (before, round(_AFTER_S * SAMPLE_RATE_HZ)))
    if snr_db is not None:
        room = to_float(make_noise(noise, len(sound) / SAMPLE_RATE_HZ, -20.0, seed))
        wanted = float(np.sqrt(np.mean(speech**2))) * 10 ** (-snr_db / 20)
        sound = sound + room[: len(sound)] * wanted / float(np.sqrt(np.mean(room**2)))
    samples = to_int16(sound.astype(np.float32))
    return Room(samples, before / SAMPLE_RATE_HZ, (before + _onset(speech)) / SAMPLE_RATE_HZ)


def _onset(speech: npt.NDArray[np.float32]) -> int:
    """Return the first sample of the first 10 ms that are within 20 dB of the loudest."""
    windows = speech[: len(speech) // _WINDOW * _WINDOW].reshape(-1, _WINDOW)
    rms = np.sqrt(np.mean(windows**2, axis=1))
    return int(np.argmax(rms >= rms.max() * 10 ** (-_ONSET_BELOW_PEAK_DB / 20))) * _WINDOW


def spoken_part(samples: Samples) -> Samples:
    """Return the samples without the silence around the speech."""
    start, end = speech_bounds(samples)
    return samples[start:end]
