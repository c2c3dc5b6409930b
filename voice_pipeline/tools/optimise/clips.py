"""Speech to measure with: sentences and voices that nothing was trained on, and recordings of people."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples, to_int16
from voice_pipeline.audio.wav import SoundFileError, read_sound
from voice_pipeline.tools.optimise.augment import pink
from voice_pipeline.tools.optimise.corpus import HELD_OUT
from voice_pipeline.tools.optimise.domain import held_out_sentences
from voice_pipeline.tools.optimise.voices import HELD_OUT_VOICES, available_voices
from voice_pipeline.tools.words import plain_words
from voice_pipeline.understanding.words.vocabulary import Vocabulary

LONGEST_S = 30.0
HUMAN = 'human recordings'
NAMES = 'names of the vocabulary'
_RATES = (0.85, 1.0, 1.2)
_NOISE_RATIOS_DB = (None, 20.0, 12.0)
_LEVELS_DB = (-3.0, -14.0, -26.0)


class RecordingsError(ValueError):
    """The list of recordings cannot be used; the text says why."""


@dataclass(frozen=True)
class Clip:
    """Speech and what is said in it."""

    group: str  # a synthetic voice, or `HUMAN`
    text: str
    samples: Samples


def synthetic_clips(sentences: Sequence[str] = HELD_OUT) -> list[Clip]:
    """Return each sentence by each held-out voice that is installed, at changing tempo, level and noise."""
    voices = [voice for voice in available_voices()[0] if voice.name in HELD_OUT_VOICES]
    clips = []
    for index, text in enumerate(sentences):
        for turn, voice in enumerate(voices):
            choice = index + turn
            sound = voice.speak(text, _RATES[choice % 3])
            ratio_db = _NOISE_RATIOS_DB[choice // 3 % 3]
            if ratio_db is not None:
                noise = pink(len(sound), np.random.default_rng(choice))
                sound = sound + noise * np.float32(np.std(sound) / np.std(noise) * 10 ** (-ratio_db / 20))
            level = 10 ** (_LEVELS_DB[choice // 2 % 3] / 20) / np.abs(sound).max()
            clips.append(Clip(voice.name, text, to_int16((sound * level).astype(np.float32))))
    return clips


def recorded_clips(table: Path) -> list[Clip]:
    """
    Return the recordings of a table with two columns, separated by a tab: sound file, what is said.

    Paths are relative to the table. Raises `RecordingsError`.
    """
    try:
        with table.open(newline='', encoding='utf-8') as file:
            rows = [row for row in csv.reader(file, delimiter='\t', quoting=csv.QUOTE_NONE) if row]
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingsError(f'{table} cannot be read: {error}') from error
    clips = []
    for number, row in enumerate(rows, 1):
        if len(row) != 2 or not plain_words(row[1]):
            raise RecordingsError(f'{table}, line {number}: give a sound file, a tab, and what is said')
        try:
            samples = read_sound(table.parent / row[0])
        except SoundFileError as error:
            raise RecordingsError(f'{table}, line {number}: {error}') from error
        clips.append(Clip(HUMAN, row[1], samples[: round(LONGEST_S * SAMPLE_RATE_HZ)]))
    return clips


def measuring_clips(table: Path | None, vocabulary: Vocabulary | None = None) -> list[Clip]:
    """
    Return the speech of a measurement: synthetic, of the table if there is one, and with the names of the vocabulary.

    Raises `RecordingsError` where there is none at all.
    """
    clips = synthetic_clips() + (recorded_clips(table) if table is not None else [])
    if vocabulary is not None:
        clips += [
            Clip(f'{NAMES}, {clip.group}', clip.text, clip.samples)
            for clip in synthetic_clips(held_out_sentences(vocabulary))
        ]
    if not clips:
        raise RecordingsError(f'nothing to measure with: give --recordings, or install {", ".join(HELD_OUT_VOICES)}')
    return clips
