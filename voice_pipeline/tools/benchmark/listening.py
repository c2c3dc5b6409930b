"""
`benchmark listening`: what is heard where nobody speaks, how soon and how whole speech is heard, and where it ends.

The sound goes through the real voice activity and the real model as fast as they can, in the time of the sound: apart
from rounding, the results are the same on every machine.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
from rich.table import Table

from voice_pipeline.audio.activity import SileroActivity
from voice_pipeline.audio.frames import FRAME_S, FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame, Samples
from voice_pipeline.audio.speech import SpeechError, synthesise
from voice_pipeline.messages import Transcript
from voice_pipeline.monitoring.statistics import nearest_rank
from voice_pipeline.recognition.backend import Backend
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.listener import Listener
from voice_pipeline.recognition.recognizer import RecognitionStatistics, SpeechRecognizer
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.tools.benchmark.clips import Clip, recorded_clips
from voice_pipeline.tools.benchmark.noises import NOISES, STEADY_NOISES, make_noise
from voice_pipeline.tools.benchmark.output import make_console, save_json, unsaved
from voice_pipeline.tools.benchmark.room import in_room, spoken_part
from voice_pipeline.tools.words import plain_words, word_errors

PURPOSE = 'what is heard in noise, at every level and in pauses: false texts, clipped words, cut commands'

PARTS = ('noises', 'speech', 'pauses')
NOISE_LEVELS_DBFS = (-30.0, -12.0, -48.0)  # a minute of each in turn
SPEECH_LEVELS_DBFS = (-3.0, -20.0, -40.0)  # of the loudest sample
SNRS_DB = (None, 20.0, 10.0)
PAUSES_MS = (200, 300, 400, 500, 600, 800, 1000)
COMMANDS = (
    'stop', 'halt', 'turn left ninety degrees', 'go forward two meters', 'follow me', 'pick up the red cup',
    'bring me the bottle', 'what is your battery level',
)  # fmt: skip
TWO_PARTS = (
    ('go forward', 'two meters'), ('turn left', 'ninety degrees'), ('pick up', 'the red cup'),
    ('go to the kitchen', 'and bring me the bottle'),
)  # fmt: skip

Say = Callable[[str], None]


@dataclass(frozen=True)
class NoiseResult:
    """`starts`: what the voice activity took for speech; `texts`: all that was shown, partial or final."""

    noise: str
    seconds: float
    starts: int
    texts: tuple[str, ...]
    rejected: dict[str, int]


@dataclass(frozen=True)
class SpeechResult:
    """
    Some clips at one level and signal-to-noise ratio, None for no noise.

    `delays_ms`: from the onset of the speech, where it comes within 20 dB of its loudest 10 ms, until it is found.
    `whole`: clips of which the utterance has all from the onset on; of others, the first word is clipped.
    `first_words`: clips whose first word is heard right. `cut`: clips that became several utterances, of which one may
    be of the noise before the speech.
    """

    level_dbfs: float
    snr_db: float | None
    clips: int
    found: int
    whole: int
    first_words: int
    cut: int
    errors: int
    words: int
    rejected: int
    delays_ms: tuple[float, ...]


@dataclass(frozen=True)
class PauseResult:
    """Commands with a pause in the middle, and how many became two utterances."""

    pause_ms: int
    snr_db: float | None
    clips: int
    cut: int


@dataclass(frozen=True)
class Start:
    """When an utterance was found, and from when on it has the sound, in seconds from the first sample."""

    found_s: float
    begins_s: float


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of `benchmark listening`."""
    parser.add_argument('--part', choices=PARTS, nargs='+', default=PARTS, help='what to measure (all)')
    parser.add_argument(
        '--seconds', type=float, default=60.0, help='of each noise (%(default)g); the figures to reach are for 600'
    )
    parser.add_argument('--noise', choices=tuple(NOISES), nargs='+', default=tuple(NOISES), help='which noises (all)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='save all figures')


def main(arguments: Namespace) -> int:
    """Measure and report; return 0, or 1 where a text was made of a noise or nothing could be measured."""
    console = make_console()
    settings = RecognitionSettings()
    try:
        backend = load(settings)
        document: dict[str, object] = {'backend': backend.description}
        with console.status('listening') as status:
            bench = Bench(settings, backend, status.update)
            if 'noises' in arguments.part:
                document['noises'] = noises = list(bench.noises(arguments.noise, arguments.seconds))
            if 'speech' in arguments.part:
                document['speech'] = list(bench.speech(_clips()))
            if 'pauses' in arguments.part:
                document['pauses'] = list(bench.pauses())
    except (ModelError, SpeechError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    for part in PARTS:
        if part in document:
            console.print(_TABLES[part](document[part]))
    if arguments.json:
        try:
            save_json(document, arguments.json, console)
        except OSError as error:
            return unsaved(error)
    return 1 if 'noises' in arguments.part and any(one.texts for one in noises) else 0


def _clips() -> list[Clip]:
    spoken = [Clip(words, 'synthetic', words, synthesise(words)) for words in COMMANDS]
    return spoken + [clip for clip in recorded_clips() if len(clip.samples) < 5 * SAMPLE_RATE_HZ]


class Bench:
    """The recogniser on a bench: sound in, transcripts and counts out."""

    def __init__(self, settings: RecognitionSettings, backend: Backend, say: Say = lambda _text: None) -> None:
        """`say` is told what is going on."""
        self._settings = settings
        self._backend = backend
        self._say = say

    def noises(self, names: Sequence[str], seconds: float) -> Iterator[NoiseResult]:
        """Yield what is heard in each noise, a minute or less at a time."""
        for name in names:
            texts: list[str] = []
            rejected: Counter[str] = Counter()
            starts = 0
            for piece in range(max(1, round(seconds / 60))):
                self._say(f'{name}, minute {piece + 1}')
                level_dbfs = NOISE_LEVELS_DBFS[piece % len(NOISE_LEVELS_DBFS)]
                noise = make_noise(name, min(60.0, seconds), level_dbfs, seed=piece)
                transcripts, statistics = self.hear(noise)
                texts += [one.heard for one in transcripts if one.heard]
                rejected += Counter({str(reason): count for reason, count in statistics.rejected.items()})
                starts += statistics.utterances
            yield NoiseResult(name, seconds, starts, tuple(texts), dict(rejected))

    def speech(self, clips: Sequence[Clip]) -> Iterator[SpeechResult]:
        """Yield how the clips are heard at each level and in each noise, one noise after another."""
        for level_dbfs in SPEECH_LEVELS_DBFS:
            for snr_db in SNRS_DB:
                self._say(f'speech at {level_dbfs:g} dBFS, signal to noise {snr_db}')
                yield self.speech_at(clips, level_dbfs, snr_db)

    def speech_at(self, clips: Sequence[Clip], level_dbfs: float, snr_db: float | None) -> SpeechResult:
        """Return how the clips are heard at this level, each in one of the steady noises."""
        result = SpeechResult(level_dbfs, snr_db, len(clips), 0, 0, 0, 0, 0, 0, 0, ())
        for index, clip in enumerate(clips):
            room = in_room(clip.samples, level_dbfs, snr_db, STEADY_NOISES[index % len(STEADY_NOISES)], index)
            transcripts, statistics = self.hear(room.samples)
            heard = ' '.join(one.text for one in transcripts if one.is_final and one.text)
            errors, words = word_errors(clip.words, heard)
            starts = list(self.starts(room.samples))
            found = [start for start in starts if start.found_s > room.start_s][:1]
            result = replace(
                result,
                found=result.found + len(found),
                whole=result.whole + sum(start.begins_s <= room.onset_s for start in found),
                first_words=result.first_words + (plain_words(heard)[:1] == plain_words(clip.words)[:1]),
                cut=result.cut + (len(starts) > 1),
                errors=result.errors + errors,
                words=result.words + words,
                rejected=result.rejected + sum(statistics.rejected.values()),
                delays_ms=(*result.delays_ms, *(1000 * (start.found_s - room.onset_s) for start in found)),
            )
        return result

    def pauses(self, pauses_ms: Sequence[int] = PAUSES_MS) -> Iterator[PauseResult]:
        """Yield how often commands are cut in two by each pause, in a quiet room and in a noisy one."""
        for snr_db in (None, 10.0):
            for pause_ms in pauses_ms:
                self._say(f'pauses of {pause_ms} ms')
                cut = 0
                for index, (first, second) in enumerate(TWO_PARTS):
                    silence = np.zeros(pause_ms * SAMPLE_RATE_HZ // 1000, np.int16)
                    sound = np.concatenate([spoken_part(synthesise(first)), silence, spoken_part(synthesise(second))])
                    room = in_room(sound, -20.0, snr_db, STEADY_NOISES[index % len(STEADY_NOISES)], index)
                    cut += len([start for start in self.starts(room.samples) if start.found_s > room.start_s]) > 1
                yield PauseResult(pause_ms, snr_db, len(TWO_PARTS), cut)

    def hear(self, samples: Samples) -> tuple[list[Transcript], RecognitionStatistics]:
        """Return all transcripts of the sound, every revision that is due, and the counts."""
        recognizer = SpeechRecognizer(self._settings, self._backend, SileroActivity(), clock_ns=lambda: 0)
        transcripts: list[Transcript] = []
        for frame in _frames(samples):
            recognizer.accept(frame, frame.end_ns)
            transcripts += _drain(recognizer)
        recognizer.finish()
        return transcripts + _drain(recognizer), recognizer.statistics

    def starts(self, samples: Samples) -> Iterator[Start]:
        """Yield the start of each utterance."""
        listener = Listener(self._settings, SileroActivity())
        for frame in _frames(samples):
            for utterance in listener.accept(frame, frame.end_ns):
                yield Start(frame.end_ns / 1e9, utterance.chunks[0].captured_ns / 1e9 - FRAME_S)


def _frames(samples: Samples) -> Iterator[Frame]:
    padded = np.pad(samples, (0, -len(samples) % FRAME_SAMPLES))
    for sequence, chunk in enumerate(padded.reshape(-1, FRAME_SAMPLES)):
        yield Frame(chunk, sequence, round(sequence * FRAME_S * 1e9))


def _drain(recognizer: SpeechRecognizer) -> list[Transcript]:
    turns = iter(lambda: recognizer.next_transcripts(timeout_s=0.0), [])
    return [made.transcript for turn in turns for made in turn]


def _noise_table(results: Sequence[NoiseResult]) -> Table:
    table = Table('noise', 's', 'taken for speech', 'not believed', 'texts', title='where nobody speaks')
    for one in results:
        rejected = ', '.join(f'{reason} {count}' for reason, count in sorted(one.rejected.items()))
        texts = f'{len(one.texts)}: {one.texts[0]}' if one.texts else '0'
        table.add_row(one.noise, f'{one.seconds:g}', str(one.starts), rejected, texts)
    return table


def _speech_table(results: Sequence[SpeechResult]) -> Table:
    headers = (
        'level dBFS',
        'SNR dB',
        'found',
        'after ms (median)',
        '(p95)',
        'whole',
        'first word',
        'cut',
        'WER %',
        'rejected',
    )
    table = Table(*headers, title='speech')
    for one in results:
        delays = sorted(one.delays_ms)
        table.add_row(
            f'{one.level_dbfs:g}',
            _db(one.snr_db),
            f'{one.found} of {one.clips}',
            f'{median(delays):.0f}' if delays else '-',
            f'{nearest_rank(delays, 95):.0f}' if delays else '-',
            f'{one.whole} of {one.clips}',
            f'{one.first_words} of {one.clips}',
            str(one.cut),
            f'{100 * one.errors / one.words:.1f}',
            str(one.rejected),
        )
    return table


def _pause_table(results: Sequence[PauseResult]) -> Table:
    table = Table('pause ms', 'SNR dB', 'cut in two', title='commands with a pause')
    for one in results:
        table.add_row(str(one.pause_ms), _db(one.snr_db), f'{one.cut} of {one.clips}')
    return table


def _db(value: float | None) -> str:
    return 'quiet' if value is None else f'{value:g}'


_TABLES: dict[str, Callable[..., Table]] = {'noises': _noise_table, 'speech': _speech_table, 'pauses': _pause_table}
