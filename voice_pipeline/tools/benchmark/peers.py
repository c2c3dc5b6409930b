"""
The other ways to run Whisper here, each as fast as its own options make it without another text.

All decode greedily, in English, without timestamps, without a second try at a higher temperature, without a voice
detector, and with the number of threads that is fastest on this machine. All hold the original weights of tiny.en.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples, to_float
from voice_pipeline.recognition.weights import BUNDLED_MODEL, for_faster_whisper, for_openai_whisper
from voice_pipeline.recognition.window import token_limit
from voice_pipeline.tools.benchmark.contestant import ContestantError, Entry, Heard
from voice_pipeline.tools.benchmark.ggml import bundled_ggml

ENCODER_STATES_PER_S = 50
MAX_STATES = 1500
# With 128 more, as in its stream example, whisper.cpp says every fourth of the built-in clips again and again; with 256
# one in 23, at 5 % more time. What is left of that is bounded by its `max_tokens`.
EXTRA_STATES = 256


def _timed(samples: Samples, transcribe: Callable[[npt.NDArray[np.float32]], str]) -> Heard:
    sound = to_float(samples)
    started_ns = time.perf_counter_ns()
    text = transcribe(sound)
    took_ms = (time.perf_counter_ns() - started_ns) / 1e6
    return Heard(text.strip(), {'transcribe': (took_ms,)})


class OpenAiPeer:
    """`transcribe` of openai-whisper: single precision on the CPU, half precision on a GPU."""

    def __init__(self, threads: int, device: str) -> None:
        import torch
        import whisper

        torch.set_num_threads(threads)
        self._half = device == 'cuda'
        self._model = whisper.load_model(for_openai_whisper(BUNDLED_MODEL), device=device)
        self.description = f'{"float16" if self._half else "float32"}, greedy'

    def hear(self, samples: Samples) -> Heard:
        """Return what is said; see `Contestant`."""
        return _timed(samples, self._transcribe)

    def _transcribe(self, sound: npt.NDArray[np.float32]) -> str:
        import whisper

        result = whisper.transcribe(
            self._model,
            sound,
            language='en',
            temperature=0.0,
            without_timestamps=True,
            condition_on_previous_text=False,
            fp16=self._half,
        )
        return str(result['text'])


class FasterPeer:
    """`transcribe` of faster-whisper: 8-bit integers on the CPU, half precision on a GPU."""

    def __init__(self, threads: int, device: str) -> None:
        from faster_whisper import WhisperModel

        compute_type = 'float16' if device == 'cuda' else 'int8'
        source = for_faster_whisper(BUNDLED_MODEL)
        self._model = WhisperModel(source, device=device, compute_type=compute_type, cpu_threads=threads)
        self.description = f'{compute_type}, beam 1'

    def hear(self, samples: Samples) -> Heard:
        """Return what is said; see `Contestant`."""
        return _timed(samples, self._transcribe)

    def _transcribe(self, sound: npt.NDArray[np.float32]) -> str:
        segments, _ = self._model.transcribe(
            sound,
            language='en',
            beam_size=1,
            best_of=1,
            temperature=0.0,
            vad_filter=False,
            without_timestamps=True,
            condition_on_previous_text=False,
        )
        return ''.join(segment.text for segment in segments)  # the segments are computed here


class WhisperCppPeer:
    """whisper.cpp: half precision on the CPU; with `fits_context` its encoder hears the sound and little more."""

    def __init__(self, threads: int, device: str, *, fits_context: bool) -> None:
        if device != 'cpu':
            raise ContestantError('the wheel of pywhispercpp runs on the CPU only')
        from pywhispercpp.model import Model

        self._fits_context = fits_context
        self._model = Model(
            str(bundled_ggml()),
            redirect_whispercpp_logs_to=None,
            n_threads=threads,
            language='en',
            greedy={'best_of': 1},
            temperature_inc=0.0,
            no_context=True,
            no_timestamps=True,
            single_segment=True,
            print_progress=False,
        )
        context = f'the sound + {EXTRA_STATES} states' if fits_context else '30 s'
        self.description = f'float16, greedy, context of {context}'

    def hear(self, samples: Samples) -> Heard:
        """Return what is said; see `Contestant`."""
        return _timed(samples, self._transcribe)

    def _transcribe(self, sound: npt.NDArray[np.float32]) -> str:
        states = math.ceil(len(sound) / SAMPLE_RATE_HZ * ENCODER_STATES_PER_S) + EXTRA_STATES
        context = min(MAX_STATES, states) if self._fits_context else MAX_STATES
        segments = self._model.transcribe(sound, audio_ctx=context, max_tokens=token_limit(len(sound)))
        return ' '.join(segment.text for segment in segments)


PEERS = (
    Entry('openai-whisper', 'whisper', 'openai-whisper', OpenAiPeer),
    Entry('faster-whisper', 'faster_whisper', 'faster-whisper', FasterPeer),
    Entry('whisper.cpp', 'pywhispercpp', 'pywhispercpp', partial(WhisperCppPeer, fits_context=False)),
    Entry('whisper.cpp audio_ctx', 'pywhispercpp', 'pywhispercpp', partial(WhisperCppPeer, fits_context=True)),
)
