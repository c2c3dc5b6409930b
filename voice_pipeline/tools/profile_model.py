"""`voice_pipeline profile-model`: what Whisper does in one revision, by torch's profiler."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, to_float
from voice_pipeline.audio.wav import SoundFileError, read_sound
from voice_pipeline.profiling.operators import trace_operators
from voice_pipeline.recognition.backend import Backend, hear
from voice_pipeline.recognition.choose import OPENAI, load
from voice_pipeline.recognition.self_check import reference_sound
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.recognition.window_policy import windows_of
from voice_pipeline.settings import SettingsError

REVISION_S = 0.05  # of sound that is new in a revision, at 20 Hz
WARM_UP = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    defaults = {parameter.name: parameter for parameter in RecognitionSettings.parameters()}
    parser.epilog = (
        'This is for the backend openai-whisper. The wheels of CTranslate2 come without its profiler (a build option, '
        'ENABLE_PROFILING): with faster-whisper, the profile of the node speech_recognition shows the calls encode, '
        'generate and align as lines.'
    )
    parser.add_argument(
        'sound', nargs='?', type=Path, metavar='FILE', help='sound file with one utterance (1.3 s that come along)'
    )
    parser.add_argument('--model', default=defaults['model'].default, help=defaults['model'].description)
    parser.add_argument(
        '--device', choices=defaults['device'].choices, default='auto', help=defaults['device'].description
    )
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('model.trace.json'),
        metavar='FILE',
        help='the timeline to write, for ui.perfetto.dev or chrome://tracing (%(default)s)',
    )


def main(arguments: argparse.Namespace) -> int:
    """Profile one revision; return 0, or 1 where the model, the sound or the file cannot be used (said on stderr)."""
    try:
        sound = to_float(read_sound(arguments.sound)) if arguments.sound else reference_sound()
        settings = RecognitionSettings.from_mapping(
            {'backend': OPENAI, 'model': arguments.model, 'device': arguments.device}
        )
        backend = load(settings)
        print(profile_revision(backend, settings, sound, arguments.out))
    except (SettingsError, ModelError, SoundFileError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(f'{backend.description}: the timeline is in {arguments.out}')
    return 0


def profile_revision(
    backend: Backend, settings: RecognitionSettings, sound: npt.NDArray[np.float32], trace: Path
) -> str:
    """
    Trace one revision of the sound (float32, shape (n,)): the text of what was there before is its draft.

    Returns the table of `trace_operators`. Raises `OSError`.
    """
    windows = windows_of(settings, backend.has_adapter).growing
    before = sound[: -round(REVISION_S * SAMPLE_RATE_HZ)]

    for _ in range(WARM_UP):
        draft = hear(backend, before, windows)
        hear(backend, sound, windows, draft)
    # The backend knows the sound by now: what a revision computes of the sound is what is new since `before`.
    draft = hear(backend, before, windows)
    return trace_operators(lambda: hear(backend, sound, windows, draft), backend.device, trace)
