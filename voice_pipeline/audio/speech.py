"""Spoken test sentences, and where the speech in a recording begins and ends."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples, to_int16

_WINDOW_SAMPLES = SAMPLE_RATE_HZ // 100  # 10 ms
_VOICED_BELOW_PEAK_DB = 40.0
_SILENCE_RMS = 10.0  # -70 dBFS: the noise of an unused converter


class SpeechError(RuntimeError):
    """The sentence cannot be spoken; the text says what to do."""


def synthesise(text: str, voice: str = 'heart', rate: float = 1.0) -> Samples:
    """
    Return the sentence spoken by hibari, as 16 kHz mono int16 of shape (n,); the same words sound the same each time.

    `rate` is the tempo, 0.5 to 2 times the voice's own. Voice 'heart' is part of hibari, another must have been
    downloaded with it before. Raises `SpeechError`.
    """
    if not text.strip():
        raise SpeechError('there is nothing to say: give at least one word')
    if not 0.5 <= rate <= 2.0:
        raise SpeechError(f'rate {rate:g} is out of range: give 0.5 to 2')
    import soxr

    speaker = _speaker(voice)
    spoken = speaker(text, speed=rate, seed=0)
    return to_int16(soxr.resample(spoken, _hibari().SAMPLE_RATE, SAMPLE_RATE_HZ))


def _hibari() -> Any:
    try:
        import hibari
    except ImportError:
        raise SpeechError('the speech synthesiser is not installed: pip install hibari-tts') from None
    return hibari


@functools.lru_cache(maxsize=8)
def _speaker(voice: str) -> Any:
    voices = _hibari().voices
    try:
        model = voices.voice_path(voice, download_missing=False)
    except ValueError:
        raise SpeechError(f"there is no voice '{voice}': choose one of {', '.join(voices.VOICES)}") from None
    except FileNotFoundError:
        raise SpeechError(f"voice '{voice}' is not downloaded: run `hibari hello --voice {voice}` once") from None
    return _hibari().Hibari(voice=voice, model=model)


def speech_bounds(samples: Samples) -> tuple[int, int]:
    """
    Return where speech begins and ends in samples of shape (n,), as the indices of a slice; (0, 0) in silence.

    Windows of 10 ms are voiced when their RMS is within 40 dB of the loudest window's. Meant for clean recordings, as
    a second opinion that no model or endpointer has a part in: noise closer to the speech than that counts as speech.
    """
    if not len(samples):
        return 0, 0
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % _WINDOW_SAMPLES))
    rms = np.sqrt(np.mean(np.square(padded.reshape(-1, _WINDOW_SAMPLES)), axis=1))
    if rms.max() < _SILENCE_RMS:
        return 0, 0
    voiced = np.flatnonzero(rms >= rms.max() * 10 ** (-_VOICED_BELOW_PEAK_DB / 20))
    return int(voiced[0]) * _WINDOW_SAMPLES, min((int(voiced[-1]) + 1) * _WINDOW_SAMPLES, len(samples))
