"""The person of the demonstration: speaks into a pipe in real time, and is silent in between."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice_pipeline.audio.frames import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples
from voice_pipeline.audio.speech import speech_bounds

_BLOCK_S = FRAME_SAMPLES / SAMPLE_RATE_HZ
_SILENCE = np.zeros(FRAME_SAMPLES, dtype=np.int16)


@dataclass(frozen=True)
class Spoken:
    """When a line was said (system clock, ns): its first sample, its last voiced sample, its last sample."""

    started_ns: int
    speech_end_ns: int
    ended_ns: int


class Person:
    """Writes 16 kHz mono int16 samples into a named pipe, block by block, as a sound card would deliver them."""

    def __init__(self, pipe: Path) -> None:
        self._pipe = pipe
        self._lines: deque[tuple[Samples, threading.Event, list[Spoken]]] = deque()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._speak, name='person', daemon=True)

    def __enter__(self) -> Person:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        self._thread.join(timeout=2.0)

    def say(self, samples: Samples) -> Spoken:
        """Say it now, and return when it is said. Raises `BrokenPipeError` when nobody listens any more."""
        said = threading.Event()
        times: list[Spoken] = []
        self._lines.append((samples, said, times))
        while not said.wait(timeout=0.2):
            if not self._thread.is_alive():
                raise BrokenPipeError(f'nobody reads {self._pipe} any more')
        return times[0]

    def _speak(self) -> None:
        descriptor = self._open()
        if descriptor is None:
            return
        pace = _Pace()
        with contextlib.suppress(BrokenPipeError), os.fdopen(descriptor, 'wb', buffering=0) as pipe:
            for block in self._blocks(pace):
                pace.wait_for_next_block()
                pipe.write(block.tobytes())

    def _blocks(self, pace: _Pace) -> Iterator[Samples]:
        """Yield what is said, block by block, and silence where nothing is."""
        while not self._ended.is_set():
            if not self._lines:
                yield _SILENCE
                continue
            samples, said, times = self._lines.popleft()
            times.append(_times(samples, pace.now_ns()))
            for start in range(0, len(samples), FRAME_SAMPLES):
                block = samples[start : start + FRAME_SAMPLES]
                yield np.pad(block, (0, FRAME_SAMPLES - len(block)))
            said.set()

    def _open(self) -> int | None:
        """Open the pipe as soon as someone reads it; None when told to end before."""
        while not self._ended.wait(timeout=0.05):
            try:
                descriptor = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # ENXIO: no reader yet
                continue
            os.set_blocking(descriptor, True)
            return descriptor
        return None


class _Pace:
    """Real time in blocks, without drift: block n is due n blocks after the start."""

    def __init__(self) -> None:
        self._start_s = time.monotonic()
        self._start_ns = time.time_ns()
        self._blocks = 0

    def now_ns(self) -> int:
        """Return the time up to which blocks were delivered."""
        return self._start_ns + round(self._blocks * _BLOCK_S * 1e9)

    def wait_for_next_block(self) -> None:
        """Wait until the next block would have been captured."""
        self._blocks += 1
        time.sleep(max(0.0, self._start_s + self._blocks * _BLOCK_S - time.monotonic()))


def _times(samples: Samples, started_ns: int) -> Spoken:
    def at(index: int) -> int:
        return started_ns + index * 1_000_000_000 // SAMPLE_RATE_HZ

    return Spoken(started_ns=started_ns, speech_end_ns=at(speech_bounds(samples)[1]), ended_ns=at(len(samples)))
