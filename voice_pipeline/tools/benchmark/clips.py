"""What the contestants of `benchmark recognition` hear: sounds, and the words that were said in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice_pipeline.audio.frames import Samples, to_float, to_int16
from voice_pipeline.audio.speech import synthesise
from voice_pipeline.audio.wav import read_sound

# Recordings of people with their words: Debian's package pocketsphinx-testdata.
RECORDINGS = Path('/usr/share/pocketsphinx/test/data')
_RAW_RECORDINGS = (
    ('goforward.raw', 'go forward ten meters'),
    ('something.raw', 'go somewhere and do something'),
    ('tidigits/dhd.2934z.raw', 'two nine three four zero'),
)
_TRANSCRIPTIONS = ('cards/cards.transcription', 'librivox/transcription')
_TRANSCRIPTION = re.compile(r'<s>(?P<words>.*)</s>\s*\((?P<name>[^)]+)\)')


@dataclass(frozen=True)
class Clip:
    """A sound (16 kHz, int16, shape (n,)), the words said in it, and where it is from: who speaks."""

    name: str
    speaker: str
    words: str
    samples: Samples


@dataclass(frozen=True)
class _Spoken:
    """A command to be synthesised: `rate` is the tempo, `level_db` is added, `snr_db` is that of white noise."""

    words: str
    rate: float = 1.0
    level_db: float = 0.0
    snr_db: float | None = None


_COMMANDS = (
    _Spoken('stop'),
    _Spoken('turn left ninety degrees'),
    _Spoken('go forward two and a half meters', rate=1.2),
    _Spoken('move backward thirty centimeters', level_db=-20.0),
    _Spoken('turn around and go back to the kitchen', snr_db=20.0),
    _Spoken('pick up the red cup from the table', rate=0.85),
    _Spoken('drive slowly to the charging station', snr_db=10.0),
    _Spoken('follow me'),
    _Spoken('what is your battery level', rate=1.3, snr_db=15.0),
    _Spoken('go forward one meter, then turn right and wait for five seconds'),
)


def spoken_clips() -> list[Clip]:
    """Return the commands in a synthetic voice: several tempos, levels and noises. Raises `SpeechError`."""
    return [
        Clip(command.words, 'synthetic', command.words, _roughened(command, seed))
        for seed, command in enumerate(_COMMANDS)
    ]


def _roughened(command: _Spoken, seed: int) -> Samples:
    sound = to_float(synthesise(command.words, rate=command.rate))
    if command.snr_db is not None:
        noise_rms = np.sqrt(np.mean(np.square(sound))) * 10 ** (-command.snr_db / 20)
        sound = sound + np.random.default_rng(seed).normal(0.0, noise_rms, len(sound)).astype(np.float32)
    return to_int16(sound * np.float32(10 ** (command.level_db / 20)))


def recorded_clips(folder: Path = RECORDINGS) -> list[Clip]:
    """Return the recordings of people that are installed here, none where they are not. Raises `SoundFileError`."""
    said = [(folder / name, words) for name, words in _RAW_RECORDINGS]
    for name in _TRANSCRIPTIONS:
        said += _transcribed(folder / name)
    return [_of_file(path, words, 'human') for path, words in said if path.is_file()]


def _transcribed(path: Path) -> list[tuple[Path, str]]:
    if not path.is_file():
        return []
    matches = _TRANSCRIPTION.finditer(path.read_text(encoding='utf-8', errors='replace'))
    return [(path.parent / f'{match["name"]}.wav', match['words'].strip()) for match in matches]


def clips_of_files(paths: Sequence[Path], texts: Sequence[str]) -> list[Clip]:
    """Return the files as clips; raises `ValueError` where the texts are not as many, `SoundFileError`."""
    if len(paths) != len(texts):
        raise ValueError(f'{len(paths)} sound files but {len(texts)} texts: give one --text for each --wav, in order')
    return [_of_file(path, words, 'file') for path, words in zip(paths, texts, strict=True)]


def _of_file(path: Path, words: str, speaker: str) -> Clip:
    return Clip(f'{path.parent.name}/{path.name}', speaker, words, read_sound(path))
