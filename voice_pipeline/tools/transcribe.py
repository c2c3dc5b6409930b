"""`voice_pipeline transcribe FILE…`: what the recogniser hears in sound files, as it would hear it live."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples, to_float
from voice_pipeline.audio.wav import SoundFileError, read_sound
from voice_pipeline.recognition.backend import Backend
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.honesty import rejection
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.recognition.window import FULL_WINDOW, MAX_SPEECH_S
from voice_pipeline.settings import SettingsError
from voice_pipeline.tools import revisions as streaming
from voice_pipeline.tools.revisions import Revision


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    defaults = {parameter.name: parameter for parameter in RecognitionSettings.parameters()}
    parser.add_argument('files', nargs='+', type=Path, metavar='FILE', help='sound file; .raw is 16 kHz s16le mono')
    parser.add_argument('--json', action='store_true', help='print one JSON document a file, each on one line')
    parser.add_argument(
        '--mode',
        choices=('streaming', 'full'),
        default='streaming',
        help='streaming: revision by revision, as live (default); full: the whole file in windows of 30 s, as Whisper '
        'was trained',
    )
    parser.add_argument(
        '--real-time',
        action='store_true',
        help='streaming at the pace of the sound, to see what this machine keeps up with; without it every revision '
        'is made, however long it takes, and the texts are the same on every machine',
    )
    for name in ('backend', 'device'):
        setting = defaults[name]
        parser.add_argument(
            f'--{name}', choices=setting.choices, default=setting.default, help=f'{setting.description} (%(default)s)'
        )
    model, adapter = defaults['model'], defaults['adapter']
    parser.add_argument('--model', default=model.default, help=f'{model.description} (%(default)s)')
    parser.add_argument('--adapter', help=f'{adapter.description} ({adapter.default}; in mode full: none)')


def main(arguments: argparse.Namespace) -> int:
    """Transcribe the files; return 0, or 1 where the model or a file could not be read (said on stderr)."""
    if arguments.real_time and arguments.mode == 'full':
        print('error: --real-time is for --mode streaming: leave one of them out', file=sys.stderr)
        return 1
    try:
        settings = _settings(arguments)
        backend = load(settings)
    except (SettingsError, ModelError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    failures = 0
    for path in arguments.files:
        try:
            report = transcribe_file(path, settings, backend, arguments.mode, real_time=arguments.real_time)
        except SoundFileError as error:
            failures += 1
            print(f'error: {error}', file=sys.stderr)
            report = {'file': str(path), 'error': str(error)}
        if arguments.json:
            print(json.dumps(report), flush=True)
        elif 'text' in report:
            print(f'{path}: {report["text"]}' if len(arguments.files) > 1 else report['text'])
            print(''.join(f'  {line}\n' for line in describe(report)), end='', flush=True)
    return 1 if failures else 0


def _settings(arguments: argparse.Namespace) -> RecognitionSettings:
    """Return the settings that were asked for. Raises `SettingsError`."""
    values = {name: getattr(arguments, name) for name in ('backend', 'device', 'model')}
    if arguments.adapter is not None:
        values['adapter'] = arguments.adapter
    elif arguments.mode == 'full':
        values['adapter'] = 'none'  # trained for short windows, it gains nothing in the long one
    return RecognitionSettings.from_mapping(values)


def transcribe_file(
    path: Path, settings: RecognitionSettings, backend: Backend, mode: str, *, real_time: bool = False
) -> dict[str, Any]:
    """
    Return what is said in the file, how it was found, and what it took; what was not measured is None.

    `revision_…_ms` is the work of a revision, `final_…_ms` the time from the decision that an utterance is over to its
    final text, `revisions_per_s` the rate while someone speaks (only in real time), `heard_s` since when all revisions
    heard a word, `shown_s` since when it was in their text, in seconds from the start of the sound. Raises
    `SoundFileError`.
    """
    samples = read_sound(path)
    started_s = time.perf_counter()
    if mode == 'full':
        utterances = list(_whole(samples, settings, backend))
        figures = _figures([], real_time=False) | {'revisions': None}
    else:
        take = streaming.revise_live if real_time else streaming.revise
        revisions = list(take(samples, settings, backend))
        utterances = list(_utterances(revisions))
        figures = _figures(revisions, real_time=real_time)
    return {
        'file': str(path),
        'text': ' '.join(utterance['text'] for utterance in utterances),
        'utterances': utterances,
        'duration_s': round(len(samples) / SAMPLE_RATE_HZ, 3),
        'processing_s': round(time.perf_counter() - started_s, 3),
        'mode': mode,
        'real_time': real_time,
        'model': settings.model,
        'backend': backend.name,
        'device': backend.device,
        **figures,
    }


def _figures(revisions: Sequence[Revision], *, real_time: bool) -> dict[str, Any]:
    work_ms, final_ms = streaming.work_ms(revisions), streaming.final_ms(revisions)
    return {
        'revisions': len(revisions),
        'revisions_per_s': _rounded(streaming.rate_hz(revisions)) if real_time else None,
        'revision_p50_ms': _rounded(streaming.percentile(work_ms, 50)),
        'revision_p95_ms': _rounded(streaming.percentile(work_ms, 95)),
        'final_p50_ms': _rounded(streaming.percentile(final_ms, 50)),
        'final_p95_ms': _rounded(streaming.percentile(final_ms, 95)),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _utterances(revisions: Sequence[Revision]) -> Iterator[dict[str, Any]]:
    """Yield each utterance that has words."""
    for utterance in streaming.by_utterance(revisions):
        final = utterance[-1].transcript
        if final.text:
            yield {
                'text': final.text,
                'confidence': round(final.confidence, 3),
                'speech_end_s': round(final.speech_end_ns / 1e9, 3),
                'revisions': len(utterance),
                'words': [
                    {'word': word.text, 'heard_s': round(word.heard_s, 3), 'shown_s': round(word.shown_s, 3)}
                    for word in streaming.shown_words(utterance)
                ],
            }


def _whole(samples: Samples, settings: RecognitionSettings, backend: Backend) -> Iterator[dict[str, Any]]:
    """Yield what is said in each part of the file, with no voice activity before the model."""
    length = int(MAX_SPEECH_S * SAMPLE_RATE_HZ)
    for start in range(0, len(samples), length):
        part = samples[start : start + length]
        heard = backend.transcribe(to_float(part), FULL_WINDOW)
        if rejection(heard, len(part) / SAMPLE_RATE_HZ, settings) is None:
            end_s = (start + len(part)) / SAMPLE_RATE_HZ
            yield {
                'text': heard.text,
                'confidence': round(heard.confidence, 3),
                'speech_end_s': round(end_s, 3),
                'revisions': None,
                'words': None,
            }


def describe(report: dict[str, Any]) -> Iterator[str]:
    """Yield the figures of a file as lines for people; none where nobody spoke."""
    if not report['utterances']:
        return
    sound = f'{report["duration_s"]:.1f} s of sound in {report["processing_s"]:.2f} s by {report["backend"]}'
    if report['revisions'] is None:
        yield sound
        return
    rate = '' if report['revisions_per_s'] is None else f' ({report["revisions_per_s"]:.1f} a second)'
    yield f'{sound}: {report["revisions"]} revisions{rate}'
    yield f'a revision {_both(report, "revision")}, the final after the endpoint {_both(report, "final")}'
    for utterance in report['utterances']:
        yield 'heard from (s): ' + ' '.join(f'{word["word"]} {word["heard_s"]:.2f}' for word in utterance['words'])


def _both(report: dict[str, Any], name: str) -> str:
    p50_ms, p95_ms = report[f'{name}_p50_ms'], report[f'{name}_p95_ms']
    return 'not measured' if p50_ms is None else f'p50 {p50_ms:.1f} ms, p95 {p95_ms:.1f} ms'
