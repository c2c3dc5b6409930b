"""
What a loaded model must hear before it is used: a library built wrongly often runs, and answers nonsense.

Seen in practice: half precision that overflows, a GPU build for another architecture, integer kernels of another CPU.
"""

from __future__ import annotations

import math
import string
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import to_float
from voice_pipeline.audio.wav import SoundFileError, read_sound
from voice_pipeline.recognition.backend import Backend, Hypothesis, Request, hear_all
from voice_pipeline.recognition.edit_distance import edit_distance
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.recognition.window import Window

REFERENCE = Path(__file__).parent / 'reference.flac'  # spoken by the Apache-licensed voice of hibari-tts
REFERENCE_TEXT = 'go to the kitchen'
WRONG_WORDS = 1  # that another model than tiny.en may hear in it


def reference_sound() -> npt.NDArray[np.float32]:
    """Return 1.3 s of speech that says `REFERENCE_TEXT`. Raises `ModelError` where it is not installed."""
    try:
        return to_float(read_sound(REFERENCE))
    except SoundFileError as error:
        raise ModelError(
            f'the sound for the check of the model is missing ({error}): install the package again'
        ) from error


def check(backend: Backend, window: Window) -> None:
    """Let the backend hear the reference, which also warms it up. Raises `ModelError` where it hears something else."""
    sound = reference_sound()
    heard = None
    for is_provisional in (True, False):  # without a draft, and with one
        (heard,) = hear_all(backend, [Request(sound, (window,), heard, is_provisional)])
        if not _is_right(heard):
            raise ModelError(
                f"{backend.description} heard '{heard.text}' where '{REFERENCE_TEXT}' was said: the model, its "
                'adapter or this build of the library is wrong; set another backend or model, or adapter to none'
            )


def _is_right(heard: Hypothesis) -> bool:
    words = heard.text.lower().translate(str.maketrans('', '', string.punctuation)).split()
    expected = REFERENCE_TEXT.split()
    wrong = edit_distance(expected, words)
    return wrong <= WRONG_WORDS and math.isfinite(heard.mean_log_probability)
