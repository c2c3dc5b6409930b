"""From clean speech to what a robot hears: other pitch and tempo, a room, noise, any level, and a cut anywhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples, to_int16
from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.tools.optimise.corpus import training_sentence
from voice_pipeline.tools.optimise.voices import Sound, Voice, pick, resampled

MAX_CLIP_S = 12.0
SHORTEST_CUT_S = 0.3
PITCH_FACTORS = (0.87, 1.15)
RATES = (0.75, 1.35)
SIGNAL_TO_NOISE_DB = (8.0, 40.0)
PEAKS_DB = (-34.0, -1.0)
REVERBERATION_S = (0.1, 0.5)
# Shares of the clips. A revision of a running transcript hears a sentence that is cut anywhere.
CUT_SHARE = 0.35
ROOM_SHARE = 0.35
NOISE_SHARE = 0.65
CLIPPED_SHARE = 0.03
BABBLE_SHARE = 0.25

_MAX_ATTEMPTS = 5


def training_clip(voices: list[Voice], rng: np.random.Generator, text: str | None = None) -> Samples:
    """
    Return one clip of speech as a robot may hear it, 16 kHz int16 of shape (n,). Raises `SpeechError`.

    It says the text, all of it; without one, any sentence of the corpus, perhaps cut off.
    """
    sound = spoken(voices, rng, text)
    start, end = _silences(rng)
    if text is None and rng.random() < CUT_SHARE:
        length = max(round(SHORTEST_CUT_S * SAMPLE_RATE_HZ), round(rng.uniform(0.15, 1.0) * len(sound)))
        sound, end = sound[:length], 0
    sound = np.pad(sound, (start, end))[: round(MAX_CLIP_S * SAMPLE_RATE_HZ)]
    if rng.random() < ROOM_SHARE:
        sound = in_room(sound, rng.uniform(*REVERBERATION_S), rng)
    if rng.random() < NOISE_SHARE:
        sound = sound + _noise_for(sound, voices, rng)
    peak = 10 ** (rng.uniform(*PEAKS_DB) / 20)
    if rng.random() < CLIPPED_SHARE:
        peak *= 10
    return to_int16(np.clip(sound / max(np.abs(sound).max(), 1e-6) * peak, -1, 1).astype(np.float32))


def _silences(rng: np.random.Generator) -> tuple[int, int]:
    """Return how many samples of silence stand before and after the speech."""
    return round(rng.uniform(0, 0.5) * SAMPLE_RATE_HZ), round(rng.uniform(0, 0.8) ** 2 * SAMPLE_RATE_HZ)


def spoken(voices: list[Voice], rng: np.random.Generator, text: str | None = None) -> Sound:
    """Return the text, or any sentence, by one of the voices, at any tempo and pitch. Raises `SpeechError`."""
    for attempt in range(_MAX_ATTEMPTS):
        voice, said, rate = pick(voices, rng), text or training_sentence(rng), rng.uniform(*RATES)
        try:
            return resampled(voice.speak(said, rate), rng.uniform(*PITCH_FACTORS))
        except SpeechError:
            if attempt == _MAX_ATTEMPTS - 1:
                raise
    raise AssertionError('unreachable')


def in_room(sound: Sound, reverberation_s: float, rng: np.random.Generator) -> Sound:
    """Return the sound in a room: the direct sound and noise that decays by 60 dB in `reverberation_s`."""
    count = round(reverberation_s * SAMPLE_RATE_HZ)
    decay = np.exp(-np.log(1000) * np.arange(count) / count)
    response = rng.standard_normal(count) * decay
    response *= rng.uniform(0.1, 0.7) / np.sqrt(np.square(response).sum())
    response[0] = 1.0
    return convolved(sound, response)


def convolved(sound: Sound, response: npt.NDArray[np.float64]) -> Sound:
    """Return the sound filtered by the response, as long as the sound."""
    size = 1 << (len(sound) + len(response)).bit_length()
    result = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)
    return result[: len(sound)].astype(np.float32)


def _noise_for(sound: Sound, voices: list[Voice], rng: np.random.Generator) -> Sound:
    noise = _babble(len(sound), voices, rng) if rng.random() < BABBLE_SHARE else _machine_noise(len(sound), rng)
    ratio_db = rng.uniform(*SIGNAL_TO_NOISE_DB)
    return noise * np.float32(_rms(sound) / max(_rms(noise), 1e-9) * 10 ** (-ratio_db / 20))


def _rms(sound: Sound) -> float:
    return float(np.sqrt(np.mean(np.square(sound))))


def _machine_noise(count: int, rng: np.random.Generator) -> Sound:
    return NOISES[sorted(NOISES)[rng.integers(0, len(NOISES))]](count, rng)


def white(count: int, rng: np.random.Generator) -> Sound:
    """Return white noise."""
    return rng.standard_normal(count).astype(np.float32)


def pink(count: int, rng: np.random.Generator) -> Sound:
    """Return noise whose power falls with the frequency: fans, traffic."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.fft.irfft(spectrum, count).astype(np.float32)


def hum(count: int, rng: np.random.Generator) -> Sound:
    """Return a motor's tone with its harmonics, and a little white noise."""
    time_s = np.arange(count) / SAMPLE_RATE_HZ
    base_hz = rng.uniform(45, 400)
    tones = [np.sin(2 * np.pi * base_hz * n * time_s + rng.uniform(0, 6.28)) / n for n in range(1, 6)]
    return (sum(tones) + 0.05 * rng.standard_normal(count)).astype(np.float32)


def _babble(count: int, voices: list[Voice], rng: np.random.Generator) -> Sound:
    """Return two to four other voices at once, each saying its sentence over and over."""
    result = np.zeros(count, np.float32)
    for _ in range(rng.integers(2, 5)):
        sound = np.roll(spoken(voices, rng), rng.integers(0, SAMPLE_RATE_HZ))
        result += np.resize(sound, count)
    return result


NOISES: dict[str, Callable[[int, np.random.Generator], Sound]] = {'white': white, 'pink': pink, 'hum': hum}
