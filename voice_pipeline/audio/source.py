"""What every source of sound offers, and what they share: frames in real time with an honest capture time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from voice_pipeline.audio.frames import FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame, Samples

_CLOCK_WAS_SET_NS = 1_000_000_000

OnStatus = Callable[[str], None]
log_status: OnStatus = logging.getLogger(__name__).info


class SourceError(Exception):
    """The sound cannot be had; the text says why and what to do."""


@dataclass(frozen=True)
class SourceHealth:
    """
    How a source is, since the start.

    `is_lost`: there is no device now; `losses`: how often it went; `overruns`: how often sound was lost because nobody
    took it in time.
    """

    is_lost: bool = False
    losses: int = 0
    overruns: int = 0


class AudioSource(Protocol):
    """Something that gives sound."""

    @property
    def health(self) -> SourceHealth:
        """How it is now; from any thread."""

    @property
    def description(self) -> str:
        """What is listened to, in a few words."""

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """
        Yield frames of `FRAME_SAMPLES` samples as they are captured, until the sound ends or `stop` is set.

        Blocks between frames, and reacts to `stop` within about 0.1 s. `Frame.sequence` goes on without gaps, also
        over a lost and regained device.
        """


class Clock:
    """The system's clocks, and waiting; tests pass their own."""

    def system_ns(self) -> int:
        """Return the time of day, in which frames are stamped."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Return the time that nobody sets, in which waiting is measured."""
        return time.monotonic_ns()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait, or return True at once when `stop` is set."""
        return stop.wait(seconds)


class Framer:
    """
    Cuts a stream of samples, arriving in pieces of any size, into frames with continuous `sequence`.

    Stamps are counted back from the end of the newest sample, so that they do not drift from the system clock, and
    never go back by the jitter of that time.
    """

    def __init__(self) -> None:
        self._pending: Samples = np.empty(0, dtype=np.int16)
        self._sequence = 0
        self._last_stamp_ns = 0

    def add(self, samples: Samples, end_ns: int) -> Iterator[Frame]:
        """Take the next samples, the last of which ended at `end_ns` on the system clock; yield the frames filled."""
        self._pending = np.concatenate((self._pending, samples))
        while len(self._pending) >= FRAME_SAMPLES:
            stamp_ns = end_ns - len(self._pending) * 1_000_000_000 // SAMPLE_RATE_HZ
            frame, self._pending = np.split(self._pending, [FRAME_SAMPLES])
            yield self._stamped(frame, stamp_ns)

    def flush(self, end_ns: int) -> Iterator[Frame]:
        """Yield what is left, filled up with silence, after the last sample ended at `end_ns`."""
        if len(self._pending):
            missing = FRAME_SAMPLES - len(self._pending)
            yield from self.add(np.zeros(missing, dtype=np.int16), end_ns + missing * 1_000_000_000 // SAMPLE_RATE_HZ)

    def _stamped(self, samples: Samples, stamp_ns: int) -> Frame:
        # Going back by more than jitter means that the clock was set, and the new time is the right one.
        if 0 < self._last_stamp_ns - stamp_ns < _CLOCK_WAS_SET_NS:
            stamp_ns = self._last_stamp_ns
        self._last_stamp_ns = stamp_ns
        self._sequence += 1
        return Frame(samples, self._sequence - 1, stamp_ns)
