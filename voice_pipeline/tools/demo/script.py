"""What is said in the demonstration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples
from voice_pipeline.audio.speech import synthesise
from voice_pipeline.audio.wav import read_sound

# "go forward ten meters", spoken by a person: from Debian's package pocketsphinx-testdata.
HUMAN_RECORDING = Path('/usr/share/pocketsphinx/test/data/goforward.raw')
HUMAN_WORDS = 'go forward ten meters'


@dataclass(frozen=True)
class Line:
    """
    One thing to say.

    `words` is None where nobody knows them (a sound file). `interrupts`: said while the robot still does what the line
    before asked for, which then need not be done to its end.
    """

    label: str
    samples: Samples
    words: str | None = None
    interrupts: bool = False

    @property
    def duration_s(self) -> float:
        """How long the sound is."""
        return len(self.samples) / SAMPLE_RATE_HZ


def short_script() -> list[Line]:
    """Return commands that take the robot a few seconds each."""
    return [
        _spoken('turn left ninety degrees'),
        _spoken('go forward two meters'),
        _spoken('turn right forty five degrees and then go forward one meter'),
    ]


def default_script() -> list[Line]:
    """Return the commands of the demonstration, spoken by the bundled voice and, where installed, by a person."""
    lines = short_script()
    if HUMAN_RECORDING.is_file():
        lines.append(Line(f'{HUMAN_WORDS} (a person)', read_sound(HUMAN_RECORDING), HUMAN_WORDS))
    lines += [
        _spoken('please go to the kitchen'),
        _spoken('move backward three meters'),
        _spoken('stop', interrupts=True),
    ]
    return lines


def script_of_files(paths: list[Path]) -> list[Line]:
    """Return one line a sound file. Raises `SoundFileError`."""
    return [Line(path.name, read_sound(path)) for path in paths]


def recording(lines: list[Line], pause_s: float) -> Samples:
    """Return all lines as one recording, with a pause after each for the robot to move in."""
    pause = np.zeros(round(pause_s * SAMPLE_RATE_HZ), dtype=np.int16)
    return np.concatenate([part for line in lines for part in (line.samples, pause)])


def _spoken(words: str, *, interrupts: bool = False) -> Line:
    return Line(words, synthesise(words), words, interrupts)
