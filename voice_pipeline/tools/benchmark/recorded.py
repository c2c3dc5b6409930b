"""Real transcripts, revision by revision, as the recogniser made them of the sentences: what later stages are fed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import msgspec
import numpy as np

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ
from voice_pipeline.messages import MalformedMessageError, Transcript, decode, encode
from voice_pipeline.paths import resource_file
from voice_pipeline.recognition.backend import Backend
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.revisions import revise

PAUSE_S = 1.2  # ends an utterance


class RecordingError(ValueError):
    """The recorded revisions cannot be read; the text says which file and line, and what is wrong."""


def record(clips: Sequence[Clip], settings: RecognitionSettings, backend: Backend, file: Path) -> int:
    """Write the revisions of all clips, one JSON document a line, and return how many. Raises `OSError`."""
    silence = round(PAUSE_S * SAMPLE_RATE_HZ)
    transcripts = [
        msgspec.structs.replace(revision.transcript, utterance_id=f'recorded-{index}', trace=())
        for index, clip in enumerate(clips)
        for revision in revise(np.pad(clip.samples, (silence // 2, silence)), settings, backend)
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(''.join(f'{encode(transcript)}\n' for transcript in transcripts), encoding='utf-8')
    return len(transcripts)


def recorded(file: Path | None = None) -> list[Transcript]:
    """Return the revisions of a file, by default those that come with the package. Raises `RecordingError`."""
    try:
        path = file or resource_file('revisions.jsonl')
    except FileNotFoundError as error:
        raise RecordingError(str(error)) from None
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f'{path}: cannot be read: {error}') from None
    transcripts = []
    for number, line in enumerate(lines, start=1):
        try:
            transcripts.append(decode(Transcript, line))
        except MalformedMessageError as error:
            raise RecordingError(f'{path}:{number}: {error}') from None
    if not transcripts:
        raise RecordingError(f'{path}: there are no revisions in it')
    return transcripts


def said_again(transcripts: Sequence[Transcript], name: str) -> Iterator[Transcript]:
    """Yield the transcripts over and over, endlessly, each time as new utterances whose names begin with `name`."""
    for turn in count():
        for transcript in transcripts:
            yield msgspec.structs.replace(transcript, utterance_id=f'{name}-{turn}-{transcript.utterance_id}')
