"""The techniques of `benchmark techniques`: the same work twice, without and with each of them."""

from __future__ import annotations

import cProfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from voice_pipeline.audio.activity import SileroActivity
from voice_pipeline.audio.frames import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples, to_float
from voice_pipeline.profiling.profiler import Profiler
from voice_pipeline.profiling.settings import ProfileSettings
from voice_pipeline.recognition.backend import Backend, Request, hear_all
from voice_pipeline.recognition.choose import FASTER
from voice_pipeline.recognition.features import LogMel
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.window_policy import windows_of
from voice_pipeline.tools import revisions as streaming
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.benchmark.reuse_trials import (
    growing_buffer,
    known_frames,
    last_text,
    many_texts,
    window_buffer,
)
from voice_pipeline.tools.benchmark.trial import WINDOW, FloatArray, Trial, Work
from voice_pipeline.understanding.chain import Understander
from voice_pipeline.understanding.grammar.parser import Meaning
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary_file import VocabularyFile

STREAMS = 3  # that are heard at once
WORKERS = 2
PROFILED_ROUNDS = 10  # so that it is the profile that takes the time, and not to begin and to write it
PAUSE = np.zeros(SAMPLE_RATE_HZ, np.int16)  # ends an utterance


def all_trials(
    backend: Backend, settings: RecognitionSettings, clips: Sequence[Clip], resources: ExitStack
) -> Iterator[Trial]:
    """Yield the trials; `resources` ends the workers that some of them need. Raises `VocabularyError`."""
    long = sorted((clip.samples for clip in clips), key=len)[-STREAMS:]
    sounds = [to_float(samples[: len(long[0])]) for samples in long]
    yield batch(backend, settings, sounds)
    if backend.name == FASTER and backend.device == 'cpu':
        yield fewer_tokens(backend, settings, sounds[0])
    yield known_frames(sounds[0])
    yield growing_buffer(long[0])
    yield window_buffer(sounds[0])
    threads = resources.enter_context(ThreadPoolExecutor(WORKERS))
    yield spectra_in_threads(sounds, threads)
    yield voices_in_threads(long, threads)
    spoken = np.concatenate([PAUSE, min((clip.samples for clip in clips), key=len), PAUSE])
    texts = [
        one.transcript.heard for one in streaming.revise(np.concatenate([PAUSE, long[0], PAUSE]), settings, backend)
    ]
    parse = make_parse()
    yield last_text(parse, texts)
    yield many_texts(parse, texts)
    process = resources.enter_context(ProcessPoolExecutor(1, get_context('spawn')))
    yield parse_in_process(parse, texts, process)
    if backend.device == 'cuda':
        yield pinned_copy('cuda')
    yield from profilers(lambda: list(streaming.revise(spoken, settings, backend)), 'the revisions of one word')
    many = list(texts) * PROFILED_ROUNDS
    yield from profilers(lambda: [parse(text) for text in many], f'parsing {len(many)} texts')


# --- batches -------------------------------------------------------------------------------------------------------


def batch(backend: Backend, settings: RecognitionSettings, sounds: Sequence[FloatArray]) -> Trial:
    """Several streams' sounds are heard together: the model's weights are read once."""
    windows = windows_of(settings, backend.has_adapter).growing[:1]
    requests = [Request(sound, windows) for sound in sounds]
    return Trial(
        'micro-batch',
        f'hearing {len(sounds)} streams',
        without=lambda: [hear_all(backend, [request]) for request in requests],
        using=lambda: hear_all(backend, requests),
        use='recognition: MicroBatcher',
    )


def fewer_tokens(backend: Backend, settings: RecognitionSettings, sound: FloatArray) -> Trial:
    """What the next revision corrects is written with the tokens of common words."""
    windows = windows_of(settings, backend.has_adapter).growing[:1]
    whole, provisional = (Request(sound, windows, is_provisional=is_short) for is_short in (False, True))
    return Trial(
        'shortlist',
        'a revision while someone speaks',
        without=lambda: hear_all(backend, [whole]),
        using=lambda: hear_all(backend, [provisional]),
        use='recognition: shortlist',
    )


# --- worker pools --------------------------------------------------------------------------------------------------


def spectra_in_threads(sounds: Sequence[FloatArray], pool: Executor) -> Trial:
    """The spectrograms of several streams are computed side by side."""
    log_mels = [LogMel() for _ in sounds]
    halves = [sound[: len(sound) // 2] for sound in sounds]

    def spectrum(index: int) -> None:
        for sound in (sounds[index], halves[index]):  # each is another sound than the one before
            log_mels[index](sound, WINDOW.frame_count(len(sound)))

    return Trial(
        'worker pool',
        f'spectrograms of {len(sounds)} streams: {WORKERS} threads',
        without=lambda: list(map(spectrum, range(len(sounds)))),
        using=lambda: list(pool.map(spectrum, range(len(sounds)))),
        units=2,
    )


def voices_in_threads(sounds: Sequence[Samples], pool: Executor) -> Trial:
    """The voice activity of several streams is looked for side by side."""
    activities = [SileroActivity() for _ in sounds]
    chunks = [sound[:FRAME_SAMPLES] for sound in sounds]

    def probability(index: int) -> float:
        return activities[index].probability(chunks[index])

    return Trial(
        'worker pool',
        f'voice activity of {len(sounds)} streams: {WORKERS} threads',
        without=lambda: list(map(probability, range(len(sounds)))),
        using=lambda: list(pool.map(probability, range(len(sounds)))),
    )


def make_parse() -> Callable[[str], Meaning]:
    """Return the grammar with the vocabulary of the package. Raises `VocabularyError`."""
    return Understander(VocabularyFile('').vocabulary, UnderstandingSettings()).by_grammar


@lru_cache(maxsize=1)
def _parse_of_this_process() -> Callable[[str], Meaning]:
    return make_parse()


def _parse_there(text: str) -> Meaning:
    return _parse_of_this_process()(text)


def parse_in_process(parse: Callable[[str], Meaning], texts: Sequence[str], pool: Executor) -> Trial:
    """The grammar works in a process of its own, where Python's lock is free."""
    return Trial(
        'worker pool',
        'parsing a text: another process',
        without=lambda: [parse(text) for text in texts],
        using=lambda: [pool.submit(_parse_there, text).result() for text in texts],
        units=len(texts),
    )


# --- the GPU -------------------------------------------------------------------------------------------------------


def pinned_copy(device: str) -> Trial:
    """The model's input goes to the GPU from memory that it can read by itself, while the CPU goes on."""
    import torch

    shape = (80, WINDOW.frame_count(3 * SAMPLE_RATE_HZ))
    features = np.zeros(shape, np.float32)
    is_cuda = device == 'cuda'
    pinned = torch.empty(shape, pin_memory=is_cuda)

    def finish() -> None:
        if is_cuda:
            torch.cuda.synchronize()

    def copy() -> None:
        torch.from_numpy(features).to(device)
        finish()

    def copy_from_pinned() -> None:
        pinned.numpy()[:] = features
        pinned.to(device, non_blocking=True)
        finish()

    return Trial('pinned memory', "copying the model's input to the GPU", without=copy, using=copy_from_pinned)


# --- profilers -----------------------------------------------------------------------------------------------------


def profilers(work: Work, what: str) -> Iterator[Trial]:
    """What a profile costs: ours, at its usual rate, and cProfile, of this thread only."""
    yield Trial('profile', f'{what}: sampling', work, partial(_sampled, work), use='parameter profile')
    yield Trial('profile', f'{what}: cProfile', work, partial(_traced, work))


def _sampled(work: Work) -> None:
    with tempfile.TemporaryDirectory() as folder:
        profiler = Profiler('benchmark', Path(folder), ProfileSettings().profile_rate_hz)
        profiler.start()
        try:
            work()
        finally:
            profiler.stop()
            profiler.join()


def _traced(work: Work) -> None:
    with cProfile.Profile():
        work()
