"""Trials of using again what is there already: caches and buffers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples, to_float
from voice_pipeline.recognition.features import LogMel
from voice_pipeline.recognition.window import MAX_WINDOW_S
from voice_pipeline.tools.benchmark.trial import WINDOW, FloatArray, Trial
from voice_pipeline.understanding.grammar.parser import Meaning

REVISION_CHUNKS = 2  # of sound that are new in a revision, at about 16 Hz
FIRST_CHUNKS = 8  # of sound behind the first revision
CACHED_TEXTS = 64


def lengths_of(sound: npt.NDArray[np.generic]) -> list[int]:
    """Return the lengths of the sound behind each revision."""
    return list(range(FIRST_CHUNKS * FRAME_SAMPLES, len(sound), REVISION_CHUNKS * FRAME_SAMPLES))


# --- what was computed before --------------------------------------------------------------------------------------


def known_frames(sound: FloatArray) -> Trial:
    """A revision's spectrogram is that of the revision before, and some frames."""
    log_mel, lengths = LogMel(), lengths_of(sound)

    def spectra(order: Sequence[int]) -> None:
        for length in order:
            log_mel(sound[:length], WINDOW.frame_count(length))

    return Trial(
        'cache',
        'spectrogram of a revision',
        without=lambda: spectra(lengths[::-1]),  # a sound that is shorter than the last is another sound
        using=lambda: spectra(lengths),
        units=len(lengths),
        use='recognition: LogMel',
    )


def last_text(parse: Callable[[str], Meaning], texts: Sequence[str]) -> Trial:
    """Revisions repeat themselves: the meaning of the last text is kept."""
    return Trial(
        'cache',
        'meaning of a revision: the last text',
        without=lambda: [parse(text) for text in texts],
        using=lambda: _parse_all(parse, texts, remembered=1),
        units=len(texts),
        use='understanding: IntentParser',
    )


def many_texts(parse: Callable[[str], Meaning], texts: Sequence[str]) -> Trial:
    """A text that comes again after another one is found in a larger memory."""
    return Trial(
        'cache',
        f'meaning of a revision: {CACHED_TEXTS} texts, not the last',
        without=lambda: _parse_all(parse, texts, remembered=1),
        using=lambda: _parse_all(parse, texts, remembered=CACHED_TEXTS),
        units=len(texts),
    )


def _parse_all(parse: Callable[[str], Meaning], texts: Sequence[str], remembered: int) -> None:
    cached = lru_cache(maxsize=remembered)(parse)
    for text in texts:
        cached(text)


# --- buffers -------------------------------------------------------------------------------------------------------


def growing_buffer(samples: Samples) -> Trial:
    """The sound of an utterance grows in one buffer, instead of being put together from its chunks each time."""
    chunks = list(samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES))
    counts = range(FIRST_CHUNKS, len(chunks), REVISION_CHUNKS)
    buffer = np.empty(MAX_WINDOW_S * SAMPLE_RATE_HZ, np.float32)

    def put_together() -> None:
        for chunk_count in counts:
            to_float(np.concatenate(chunks[:chunk_count]))

    def grow() -> None:
        filled = 0
        for chunk_count in counts:
            new = to_float(np.concatenate(chunks[filled:chunk_count]))
            buffer[filled * FRAME_SAMPLES : chunk_count * FRAME_SAMPLES] = new
            filled = chunk_count

    return Trial(
        'buffer pool',
        'sound of a revision',
        without=put_together,
        using=grow,
        units=len(counts),
    )


def window_buffer(sound: FloatArray) -> Trial:
    """The model's input is written where the last one was."""
    shapes = [(80, WINDOW.frame_count(length)) for length in lengths_of(sound)]
    buffer = np.empty(80 * MAX_WINDOW_S * 100, np.float32)

    def allocate() -> None:
        for shape in shapes:
            np.full(shape, -10.0, np.float32)

    def reuse() -> None:
        for rows, columns in shapes:
            buffer[: rows * columns].reshape(rows, columns).fill(-10.0)

    return Trial('buffer pool', "the model's input", without=allocate, using=reuse, units=len(shapes))
