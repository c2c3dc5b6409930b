"""
Sounds that are no speech, made in code: what a recogniser must answer with silence.

Each generator returns samples of shape (n,) whose loudest part is near 1; the same seed gives the same sound. `babble`
is noise with the spectrum and the syllables of many people talking, and no words.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples, to_int16

Sound = npt.NDArray[np.float64]
Make = Callable[[np.random.Generator, int], Sound]

_TALKERS = 12
_SYLLABLES_HZ = (2.0, 6.0)  # where the loudness of speech changes most (Houtgast and Steeneken 1985)
_FORMANTS = ((500.0, 250.0, 1.0), (1500.0, 500.0, 0.5), (2500.0, 700.0, 0.33))  # centre and width in Hz, gain


def make_noise(name: str, seconds: float, level_dbfs: float, seed: int = 0) -> Samples:
    """Return the noise of this name of `NOISES`, its RMS at the level; of short sounds like clicks, its peak."""
    rng = np.random.default_rng([seed, *name.encode()])
    sound = NOISES[name](rng, round(seconds * SAMPLE_RATE_HZ))
    reference = np.abs(sound).max(initial=0.0) if name in SHORT_SOUNDS else float(np.sqrt(np.mean(sound**2)))
    if reference == 0.0:
        return np.zeros(len(sound), np.int16)
    return to_int16((sound * 10 ** (level_dbfs / 20) / reference).astype(np.float32))


def _silence(_rng: np.random.Generator, count: int) -> Sound:
    return np.zeros(count)


def _white(rng: np.random.Generator, count: int) -> Sound:
    return rng.normal(0.0, 0.3, count)


def _pink(rng: np.random.Generator, count: int) -> Sound:
    return _shaped(rng, count, lambda hz: 1 / np.sqrt(np.maximum(hz, 20.0)))


def _fan(rng: np.random.Generator, count: int) -> Sound:
    """Air, and a tone each time that a blade passes."""
    air = _shaped(rng, count, lambda hz: 1 / (1 + (hz / 400.0) ** 2))
    return air + 0.3 * _harmonics(87.0, count, 6)


def _motor(rng: np.random.Generator, count: int) -> Sound:
    """A gear whose speed wanders, and its whine."""
    drift = 1 + 0.05 * _slow(rng, count, 0.5)
    phase = np.cumsum(2 * np.pi * 140.0 * drift / SAMPLE_RATE_HZ)
    tones = sum(np.sin(order * phase + order) / order for order in (1, 2, 3, 5, 8, 13))
    return tones + 0.1 * rng.normal(0.0, 1.0, count)


def _babble(rng: np.random.Generator, count: int) -> Sound:
    def speech_spectrum(hz: Sound) -> Sound:
        return np.asarray(0.02 + sum(gain * np.exp(-0.5 * ((hz - mid) / width) ** 2) for mid, width, gain in _FORMANTS))

    talkers = []
    for _ in range(_TALKERS):
        syllables = np.maximum(0.0, _slow(rng, count, rng.uniform(*_SYLLABLES_HZ)))
        talkers.append(_shaped(rng, count, speech_spectrum) * syllables)
    return np.asarray(sum(talkers))


def _hum_50_hz(_rng: np.random.Generator, count: int) -> Sound:
    return _harmonics(50.0, count, 12)


def _hum_60_hz(_rng: np.random.Generator, count: int) -> Sound:
    return _harmonics(60.0, count, 12)


def _clicks(rng: np.random.Generator, count: int) -> Sound:
    """Keys, switches, relays: some a second, each a few milliseconds long."""
    decay = np.exp(-np.arange(round(0.004 * SAMPLE_RATE_HZ)) / 20.0)
    return _scattered(rng, count, 0.1, 1.0, lambda: rng.normal(0.0, 0.3, len(decay)) * decay * rng.uniform(0.2, 1.0))


def _coughs(rng: np.random.Generator, count: int) -> Sound:
    """Two or three bursts of noise with the spectrum of a throat, every few seconds."""

    def cough() -> Sound:
        parts = []
        for _ in range(rng.integers(1, 4)):
            length = round(rng.uniform(0.08, 0.25) * SAMPLE_RATE_HZ)
            burst = _shaped(rng, length, lambda hz: np.exp(-0.5 * ((hz - 700.0) / 900.0) ** 2) + 0.05)
            parts.append(burst * np.exp(-np.arange(length) / (0.25 * length)))
            parts.append(np.zeros(round(rng.uniform(0.02, 0.1) * SAMPLE_RATE_HZ)))
        return np.concatenate(parts)

    return _scattered(rng, count, 1.0, 4.0, cough)


def _breath(rng: np.random.Generator, count: int) -> Sound:
    """In and out, close to the microphone."""
    swell = np.maximum(0.0, np.sin(2 * np.pi * 0.3 * np.arange(count) / SAMPLE_RATE_HZ))
    return _shaped(rng, count, lambda hz: 1 / (1 + np.abs(hz - 1200.0) / 600.0)) * swell**2


def _chords(rng: np.random.Generator, count: int) -> Sound:
    return _notes(rng, count, voices=4, seconds=1.0, vibrato_hz=0.0)


def _melody(rng: np.random.Generator, count: int) -> Sound:
    return _notes(rng, count, voices=1, seconds=0.3, vibrato_hz=0.0)


def _vibrato(rng: np.random.Generator, count: int) -> Sound:
    """As a singer or a violin holds a note."""
    return _notes(rng, count, voices=1, seconds=1.5, vibrato_hz=5.5)


NOISES: dict[str, Make] = {
    'silence': _silence,
    'white': _white,
    'pink': _pink,
    'babble': _babble,
    'fan': _fan,
    'motor': _motor,
    'hum 50 Hz': _hum_50_hz,
    'hum 60 Hz': _hum_60_hz,
    'clicks': _clicks,
    'coughs': _coughs,
    'breath': _breath,
    'chords': _chords,
    'melody': _melody,
    'vibrato': _vibrato,
}
SHORT_SOUNDS = frozenset({'clicks', 'coughs'})
STEADY_NOISES = ('white', 'pink', 'fan', 'motor', 'babble')  # what speech is mixed with


def _shaped(rng: np.random.Generator, count: int, gain: Callable[[Sound], Sound]) -> Sound:
    """Return Gaussian noise with this gain over the frequency in Hz, its RMS 0.3."""
    spectrum = np.fft.rfft(rng.normal(0.0, 1.0, count)) * gain(np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ))
    sound = np.fft.irfft(spectrum, count)
    return np.asarray(0.3 * sound / max(1e-12, np.sqrt(np.mean(sound**2))))


def _slow(rng: np.random.Generator, count: int, rate_hz: float) -> Sound:
    """Return a curve that wanders about 0 with RMS 1 and changes some `rate_hz` times a second."""
    points = rng.normal(0.0, 1.0, round(2 * rate_hz * count / SAMPLE_RATE_HZ) + 4)
    curve = np.interp(np.arange(count) * 2 * rate_hz / SAMPLE_RATE_HZ, np.arange(len(points)), points)
    return np.asarray(curve)


def _harmonics(base_hz: float, count: int, orders: int) -> Sound:
    turns = base_hz * np.arange(count) / SAMPLE_RATE_HZ
    return np.asarray(sum(np.sin(2 * np.pi * order * turns + order) / order for order in range(1, orders + 1)))


def _scattered(rng: np.random.Generator, count: int, least_s: float, most_s: float, make: Callable[[], Sound]) -> Sound:
    """Return silence with a sound at random distances."""
    result = np.zeros(count)
    start = 0
    while True:
        start += round(rng.uniform(least_s, most_s) * SAMPLE_RATE_HZ)
        sound = make()
        if start + len(sound) > count:
            return result
        result[start : start + len(sound)] += sound


def _notes(rng: np.random.Generator, count: int, voices: int, seconds: float, vibrato_hz: float) -> Sound:
    """Return notes of a pentatonic scale, each struck and fading, with the harmonics of a string."""
    length = round(seconds * SAMPLE_RATE_HZ)
    time_s = np.arange(length) / SAMPLE_RATE_HZ
    swing = 0.03 * np.sin(2 * np.pi * vibrato_hz * time_s) if vibrato_hz else np.zeros(length)
    envelope = np.minimum(1.0, time_s / 0.02) * np.exp(-1.5 * time_s / seconds)
    notes = []
    for _ in range(-(-count // length)):
        note = np.zeros(length)
        for _ in range(voices):
            base_hz = 130.8 * 2 ** (rng.choice([0, 2, 4, 7, 9]) / 12 + rng.integers(0, 3))
            phase = np.cumsum(2 * np.pi * base_hz * (1 + swing) / SAMPLE_RATE_HZ)
            note += sum(np.sin(order * phase) / order for order in range(1, 6))
        notes.append(note * envelope)
    return np.concatenate(notes)[:count]
