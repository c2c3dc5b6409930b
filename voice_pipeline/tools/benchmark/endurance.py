"""`benchmark endurance`: one recogniser hears thousands of utterances, one after another; does its memory grow?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np

from voice_pipeline.audio.activity import SileroActivity
from voice_pipeline.audio.frames import FRAME_S, FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame
from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.recognition.backend import Backend
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.settings import SettingsError
from voice_pipeline.tools import revisions as streaming
from voice_pipeline.tools.benchmark.clips import Clip, spoken_clips
from voice_pipeline.tools.benchmark.contestant import memory_of_this_process
from voice_pipeline.tools.benchmark.output import count

PURPOSE = 'thousands of utterances through one recogniser: does its memory grow'
PAUSE_S = 1.0  # ends each utterance
REPORTS = 10


@dataclass(frozen=True)
class Reading:
    """The memory of the process after so many utterances, and how many of them had words so far."""

    utterances: int
    resident_mb: float
    finals: int


def endure(backend: Backend, settings: RecognitionSettings, clips: Sequence[Clip], count: int) -> Iterator[Reading]:
    """Let one recogniser hear `count` utterances, the clips over and over; yield `REPORTS` readings and the first."""
    finals = 0
    heard = 0
    every = max(1, count // REPORTS)
    for revision in streaming.revise_frames(_frames(clips, count), settings, backend, SileroActivity()):
        if not revision.transcript.is_final:
            continue
        heard += 1
        finals += bool(revision.transcript.text)
        if heard == 1 or heard % every == 0:
            yield Reading(heard, memory_of_this_process().resident_mb, finals)


def growth_mb(readings: Sequence[Reading]) -> float:
    """Return how much memory came in the second half, when all buffers have their size."""
    half = readings[-1].utterances / 2
    return readings[-1].resident_mb - next(one.resident_mb for one in readings if one.utterances >= half)


def _frames(clips: Sequence[Clip], count: int) -> Iterator[Frame]:
    """Yield a stream of frames: so many clips with a pause after each."""
    pause = round(PAUSE_S * SAMPLE_RATE_HZ)
    sequence = 0
    for clip in islice(cycle(clips), count):
        length = len(clip.samples) + pause
        samples = np.pad(clip.samples, (0, pause + -length % FRAME_SAMPLES))
        for chunk in samples.reshape(-1, FRAME_SAMPLES):
            yield Frame(chunk, sequence, stamp_ns=round(sequence * FRAME_S * 1e9))
            sequence += 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument('--utterances', type=count, default=2000, metavar='N', help='how many (%(default)s)')
    parser.add_argument('--backend', default='auto', help='auto, faster-whisper or openai-whisper (%(default)s)')
    parser.add_argument(
        '--max-revision-hz',
        type=float,
        default=5.0,
        metavar='HZ',
        help='revisions a second of sound; fewer are done sooner (%(default)s)',
    )


def main(arguments: argparse.Namespace) -> int:
    """Run the benchmark; return 0, or 1 where nothing could be measured (said on stderr)."""
    try:
        settings = RecognitionSettings.from_mapping(
            {'backend': arguments.backend, 'max_revision_hz': arguments.max_revision_hz}
        )
        clips, backend = spoken_clips(), load(settings)
    except (SettingsError, ModelError, SpeechError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    readings = []
    for reading in endure(backend, settings, clips, arguments.utterances):
        readings.append(reading)
        words = f'{reading.utterances:6d} utterances, {reading.finals} with words'
        print(f'{words}: {reading.resident_mb:.1f} MB', flush=True)
    if not readings:
        print('error: no utterance was heard', file=sys.stderr)
        return 1
    print(f'{backend.description}: {growth_mb(readings):+.1f} MB in the second half')
    return 0
