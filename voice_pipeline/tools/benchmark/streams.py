"""`benchmark streams`: several people speak at once to one recogniser, in real time; what does each get of it?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from rich.table import Table

from voice_pipeline.audio.activity import SileroActivity
from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples
from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.recognition.backend import Backend
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.settings import SettingsError
from voice_pipeline.tools import revisions as streaming
from voice_pipeline.tools.benchmark.clips import Clip, spoken_clips
from voice_pipeline.tools.benchmark.output import count, make_console, save_json, unsaved
from voice_pipeline.tools.revisions import Revision
from voice_pipeline.tools.words import word_errors

PURPOSE = 'several people speak at once to one recogniser, in real time: what does each get of it'
PAUSE_S = 0.8  # ends an utterance


@dataclass(frozen=True)
class Share:
    """
    What so many streams got: revisions a second while speaking (of the stream with the fewest, and on average), from
    the newest sound to its revision, from the end of an utterance to its final, and what became of the utterances.
    """

    streams: int
    least_hz: float | None
    mean_hz: float | None
    delay_p50_ms: float | None
    delay_p95_ms: float | None
    final_p95_ms: float | None
    utterances: int
    finals: int
    word_errors: int
    words: int


def speak(clips: Sequence[Clip], stream: int, seconds: float) -> tuple[Samples, list[Clip]]:
    """Return what one stream hears, the clips from another one on for each stream, and which clips are in it."""
    spoken: list[Clip] = []
    parts: list[Samples] = []
    pause = np.zeros(round(PAUSE_S * SAMPLE_RATE_HZ), np.int16)
    length = 0
    while length < seconds * SAMPLE_RATE_HZ:
        clip = clips[(stream * 3 + len(spoken)) % len(clips)]
        spoken.append(clip)
        parts += [pause, clip.samples]
        length += len(pause) + len(clip.samples)
    return np.concatenate([*parts, pause]), spoken


def share_of(
    backend: Backend, settings: RecognitionSettings, clips: Sequence[Clip], count: int, seconds: float
) -> Share:
    """Let `count` streams speak at once for about so long, and return what each got."""
    sounds = [speak(clips, stream, seconds) for stream in range(count)]
    activities = [SileroActivity() for _ in sounds]
    made = streaming.revise_streams([samples for samples, _ in sounds], settings, backend, activities)
    return summary([spoken for _, spoken in sounds], made)


def summary(spoken: Sequence[Sequence[Clip]], made: Sequence[Sequence[Revision]]) -> Share:
    """Return the figures of the revisions of each stream."""
    rates = [rate for rate in map(streaming.rate_hz, made) if rate is not None]
    everything = list(chain.from_iterable(made))
    delays = [one.delay_ms for one in everything if one.is_decoded and not one.transcript.is_final]
    errors = [
        word_errors(' '.join(clip.words for clip in clips), streaming.text_of(revisions))
        for clips, revisions in zip(spoken, made, strict=True)
    ]
    return Share(
        streams=len(made),
        least_hz=min(rates, default=None),
        mean_hz=sum(rates) / len(rates) if rates else None,
        delay_p50_ms=streaming.percentile(delays, 50),
        delay_p95_ms=streaming.percentile(delays, 95),
        final_p95_ms=streaming.percentile(streaming.final_ms(everything), 95),
        utterances=sum(map(len, spoken)),
        finals=sum(one.transcript.is_final and bool(one.transcript.text) for one in everything),
        word_errors=sum(wrong for wrong, _ in errors),
        words=sum(words for _, words in errors),
    )


def table(shares: Sequence[Share]) -> Table:
    """Return the figures, a line for each number of streams."""
    result = Table('streams', 'least Hz', 'mean Hz', 'delay p50 ms', 'p95 ms', 'final p95 ms', 'finals', 'word errors')
    for share in shares:
        figures = (share.least_hz, share.mean_hz, share.delay_p50_ms, share.delay_p95_ms, share.final_p95_ms)
        result.add_row(
            str(share.streams),
            *('-' if figure is None else f'{figure:.1f}' for figure in figures),
            f'{share.finals} of {share.utterances}',
            f'{share.word_errors} of {share.words}',
        )
    return result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        '--streams', type=count, nargs='+', default=[1, 3, 8], metavar='N', help='how many at once (1 3 8)'
    )
    parser.add_argument('--seconds', type=float, default=20.0, metavar='S', help='how long each (%(default)s)')
    parser.add_argument('--backend', default='auto', help='auto, faster-whisper or openai-whisper (%(default)s)')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda (%(default)s)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='save the figures')


def main(arguments: argparse.Namespace) -> int:
    """Run the benchmark; return 0, or 1 where nothing could be measured or saved (said on stderr)."""
    try:
        settings = RecognitionSettings.from_mapping({'backend': arguments.backend, 'device': arguments.device})
        clips, backend = spoken_clips(), load(settings)
    except (SettingsError, ModelError, SpeechError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    console = make_console()
    shares = []
    for how_many in arguments.streams:
        with console.status(f'{how_many} at once, for {arguments.seconds:.0f} s'):
            shares.append(share_of(backend, settings, clips, how_many, arguments.seconds))
    console.print(table(shares))
    console.print(backend.description, highlight=False)
    if arguments.json:
        try:
            document = {'backend': backend.description, 'shares': [asdict(share) for share in shares]}
            save_json(document, arguments.json, console)
        except OSError as error:
            return unsaved(error)
    return 0
