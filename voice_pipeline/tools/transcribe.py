"""`voice_pipeline transcribe FILE…`: what the recogniser hears in sound files, as it would hear it live."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from voice_pipeline.audio.activity import SileroActivity
from voice_pipeline.audio.frames import FRAME_S, FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame, Samples, to_float
from voice_pipeline.audio.wav import SoundFileError, read_sound
from voice_pipeline.messages import Transcript
from voice_pipeline.recognition.backend import Backend, without_noise
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.recognizer import SpeechRecognizer
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.recognition.window import MAX_SPEECH_S, MAX_WINDOW_S
from voice_pipeline.settings import SettingsError

# Finals do not depend on the revisions before them, so that a file needs only few of these.
FILE_REVISION_HZ = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    defaults = {parameter.name: parameter for parameter in RecognitionSettings.parameters()}
    parser.add_argument('files', nargs='+', type=Path, metavar='FILE', help='sound file; .raw is 16 kHz s16le mono')
    parser.add_argument('--json', action='store_true', help='print one JSON document a file, each on one line')
    parser.add_argument(
        '--mode',
        choices=('streaming', 'full'),
        default='streaming',
        help='streaming: utterance by utterance, as live (default); full: the whole file, 29 s at a time',
    )
    for name in ('backend', 'device'):
        setting = defaults[name]
        parser.add_argument(
            f'--{name}', choices=setting.choices, default=setting.default, help=f'{setting.description} (%(default)s)'
        )
    model = defaults['model']
    parser.add_argument('--model', default=model.default, help=f'{model.description} (%(default)s)')


def main(arguments: argparse.Namespace) -> int:
    """Transcribe the files; return 0, or 1 where the model or a file could not be read (said on stderr)."""
    try:
        settings = RecognitionSettings.from_mapping(
            {
                'backend': arguments.backend,
                'model': arguments.model,
                'device': arguments.device,
                'max_revision_hz': FILE_REVISION_HZ,
            }
        )
        backend = load(settings)
    except (SettingsError, ModelError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    failures = 0
    for path in arguments.files:
        try:
            report = transcribe_file(path, settings, backend, arguments.mode)
        except SoundFileError as error:
            failures += 1
            print(f'error: {error}', file=sys.stderr)
            report = {'file': str(path), 'error': str(error)}
        if arguments.json:
            print(json.dumps(report), flush=True)
        elif 'text' in report:
            print(f'{path}: {report["text"]}' if len(arguments.files) > 1 else report['text'], flush=True)
    return 1 if failures else 0


def transcribe_file(path: Path, settings: RecognitionSettings, backend: Backend, mode: str) -> dict[str, Any]:
    """Return what is said in the file and how it was found. Raises `SoundFileError`."""
    samples = read_sound(path)
    started_s = time.perf_counter()
    if mode == 'full':
        utterances = list(_whole(samples, settings, backend))
    else:
        utterances = [_as_utterance(final) for final in finals(samples, settings, backend)]
    return {
        'file': str(path),
        'text': ' '.join(utterance['text'] for utterance in utterances),
        'utterances': utterances,
        'duration_s': round(len(samples) / SAMPLE_RATE_HZ, 3),
        'processing_s': round(time.perf_counter() - started_s, 3),
        'mode': mode,
        'model': settings.model,
        'backend': backend.name,
        'device': backend.device,
    }


def finals(samples: Samples, settings: RecognitionSettings, backend: Backend) -> Iterator[Transcript]:
    """
    Yield the final transcript of each utterance that has words, the times counted from the start of the samples.

    Every revision that is due is made before the next frame is fed: the result does not depend on the machine's speed.
    """
    recognizer = SpeechRecognizer(settings, backend, SileroActivity())
    for frame in _frames(samples):
        recognizer.accept(frame, received_ns=frame.end_ns)
        yield from _due_finals(recognizer)
    recognizer.finish()
    yield from _due_finals(recognizer)


def _due_finals(recognizer: SpeechRecognizer) -> Iterator[Transcript]:
    while (transcript := recognizer.next_transcript(timeout_s=0.0)) is not None:
        if transcript.is_final and transcript.text:
            yield transcript


def _frames(samples: Samples) -> Iterator[Frame]:
    """Yield the samples as frames, the last one filled up with silence."""
    padded = np.pad(samples, (0, -len(samples) % FRAME_SAMPLES))
    for sequence, chunk in enumerate(padded.reshape(-1, FRAME_SAMPLES)):
        yield Frame(chunk, sequence, stamp_ns=round(sequence * FRAME_S * 1e9))


def _as_utterance(final: Transcript) -> dict[str, Any]:
    return {
        'text': final.text,
        'confidence': round(final.confidence, 3),
        'speech_end_s': round(final.speech_end_ns / 1e9, 3),
    }


def _whole(samples: Samples, settings: RecognitionSettings, backend: Backend) -> Iterator[dict[str, Any]]:
    """Yield what is said in each part of the file, with no voice activity before the model."""
    length = int(MAX_SPEECH_S * SAMPLE_RATE_HZ)
    for start in range(0, len(samples), length):
        part = samples[start : start + length]
        heard = without_noise(backend.transcribe(to_float(part), MAX_WINDOW_S), settings)
        if heard.text:
            end_s = (start + len(part)) / SAMPLE_RATE_HZ
            yield {'text': heard.text, 'confidence': round(heard.confidence, 3), 'speech_end_s': round(end_s, 3)}
