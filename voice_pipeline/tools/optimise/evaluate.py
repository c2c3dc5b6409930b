"""
The measurement: word errors, runaway decodes and tokens by window, with and without the adapter.

Nothing in it was trained on: other sentences, other voices, and recordings of people where they are given.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples, to_int16
from voice_pipeline.audio.wav import SoundFileError, read_sound
from voice_pipeline.tools.optimise.augment import pink
from voice_pipeline.tools.optimise.corpus import HELD_OUT
from voice_pipeline.tools.optimise.hearing import Hearing, hearing
from voice_pipeline.tools.optimise.voices import HELD_OUT_VOICES, available_voices
from voice_pipeline.tools.words import plain_words, word_errors

WINDOW_S = 30.0
PADDINGS_S = (0.3, 1.0, 2.0, 5.0, WINDOW_S)
HUMAN = 'human recordings'
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


@dataclass(frozen=True)
class Figures:
    """What one model makes of one group of clips in one window."""

    group: str
    padding_s: float
    adapted: bool
    clips: int
    words: int
    word_errors: int
    runaways: int
    tokens: int

    @property
    def word_error_percent(self) -> float:
        """Word errors in a hundred words."""
        return 100 * self.word_errors / max(1, self.words)


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
        clips.append(Clip(HUMAN, row[1], samples[: round(WINDOW_S * SAMPLE_RATE_HZ)]))
    return clips


def is_runaway(said: str, heard: str) -> bool:
    """Whether there is so much more text than speech that the model must have said things again."""
    words, heard_words = len(plain_words(said)), len(plain_words(heard))
    return heard_words >= max(2 * words, words + 2)  # "I said it" for one word is no runaway


def measure(
    hear: Hearing, clips: list[Clip], padding_s: float, adapted: bool, tick: Callable[[], None]
) -> list[Figures]:
    """Return the figures of each group of clips; `tick` is called after each clip."""
    results = []
    for group in sorted({clip.group for clip in clips}):
        chosen = [clip for clip in clips if clip.group == group]
        words = errors = runaways = tokens = 0
        for clip in chosen:
            text, count = hear(clip.samples, padding_s)
            wrong, said = word_errors(clip.text, text)
            words, tokens, errors = words + said, tokens + count, errors + wrong
            runaways += is_runaway(clip.text, text)
            tick()
        results.append(Figures(group, padding_s, adapted, len(chosen), words, errors, runaways, tokens))
    return results


def evaluate(
    backend: str, model_name: str, adapter: Path, clips: list[Clip], threads: int, tick: Callable[[], None]
) -> Iterator[Figures]:
    """Give the figures of all windows without the adapter, then with it. Raises `ModelError`, `OSError`."""
    for adapted in (False, True):
        hear = hearing(backend, model_name, adapter if adapted else None, threads)
        for padding_s in PADDINGS_S:
            yield from measure(hear, clips, padding_s, adapted, tick)


def markdown(figures: list[Figures]) -> str:
    """Return the figures as a table, a line for each group and window, before and after side by side."""
    lines = [
        '| speech | window | clips | word errors | adapted | runaways | adapted | tokens a clip | adapted |',
        '|---|---|---|---|---|---|---|---|---|',
    ]
    found = {(one.group, one.padding_s, one.adapted): one for one in figures}
    for group, padding_s, adapted in sorted(found):
        if adapted or (group, padding_s, True) not in found:
            continue
        pair = [found[group, padding_s, False], found[group, padding_s, True]]
        name = '30 s' if padding_s == WINDOW_S else f'speech + {padding_s:g} s'
        cells = [f'{one.word_error_percent:.1f} %' for one in pair]
        cells += [str(one.runaways) for one in pair] + [f'{one.tokens / one.clips:.1f}' for one in pair]
        lines.append(f'| {group} | {name} | {pair[0].clips} | {" | ".join(cells)} |')
    return '\n'.join(lines) + '\n'
