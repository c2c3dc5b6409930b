"""Greedy decoding in a window of any length, with nothing done against repetition: what a model does of itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from voice_pipeline.audio.frames import Samples, to_float
from voice_pipeline.recognition.adapter import merge_into_torch, merged_ctranslate2_directory
from voice_pipeline.recognition.weights import ctranslate2_directory
from voice_pipeline.tools.optimise.teacher import SAMPLES_PER_STATE, load_whisper, log_mel, states_for, window

MOST_TOKENS = 60  # a runaway decode is stopped here; a sentence of 10 s has 40
BACKENDS = ('faster-whisper', 'openai-whisper')

# Samples and the seconds of silence after them -> what is heard, in how many tokens.
Hearing = Callable[[Samples, float], tuple[str, int]]


def hearing(backend: str, model_name: str, adapter: Path | None, threads: int) -> Hearing:
    """Return a model on the processor, with the adapter merged where one is given. Raises `ModelError`, `OSError`."""
    return {'faster-whisper': _faster, 'openai-whisper': _openai}[backend](model_name, adapter, threads)


def _openai(model_name: str, adapter: Path | None, threads: int) -> Hearing:
    import torch
    import whisper

    torch.set_num_threads(threads)
    model = load_whisper(model_name, 'cpu')
    if adapter is not None:
        merge_into_torch(model, adapter)
    options = whisper.DecodingOptions(language='en', without_timestamps=True, fp16=False, sample_len=MOST_TOKENS)

    def hear(samples: Samples, padding_s: float) -> tuple[str, int]:
        count = states_for(len(samples), padding_s)
        with torch.inference_mode(), window(model, count):
            result = whisper.decode(model, log_mel(model, samples, count), options)
        return result.text, len(result.tokens)

    return hear


def _faster(model_name: str, adapter: Path | None, threads: int) -> Hearing:
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

    directory = ctranslate2_directory(model_name)
    if adapter is not None:
        directory = merged_ctranslate2_directory(directory, adapter)
    whisper = WhisperModel(str(directory), device='cpu', compute_type='int8', cpu_threads=threads)
    tokenizer = Tokenizer(whisper.hf_tokenizer, whisper.model.is_multilingual, task='transcribe', language='en')
    prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]

    def hear(samples: Samples, padding_s: float) -> tuple[str, int]:
        count = states_for(len(samples), padding_s)
        features = _features(whisper, samples, count)
        result = whisper.model.generate(features, [prompt], beam_size=1, max_length=2 * MOST_TOKENS)[0]  # it keeps half
        return tokenizer.decode(result.sequences_ids[0]), len(result.sequences_ids[0])

    return hear


def _features(whisper: Any, samples: Samples, state_count: int) -> Any:
    """Return the spectrogram of the samples and the silence after them, as CTranslate2 takes it."""
    from ctranslate2 import StorageView

    sound = np.pad(to_float(samples), (0, state_count * SAMPLES_PER_STATE - len(samples)))
    features = whisper.feature_extractor(sound, padding=0)[:, : 2 * state_count]
    return StorageView.from_array(np.ascontiguousarray(features[np.newaxis], np.float32))
