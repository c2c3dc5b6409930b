"""
Raw sound from another program: 16 kHz mono signed 16-bit little-endian samples from a FIFO or standard input.

    mkfifo /tmp/voice
    arecord -q -t raw -f S16_LE -r 16000 -c 1 > /tmp/voice
"""

from __future__ import annotations

import fcntl
import os
import select
import stat
import sys
import termios
import threading
from collections.abc import Iterator

import numpy as np

from voice_pipeline.audio.frames import FRAME_S, FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame, Samples
from voice_pipeline.audio.source import Clock, Framer, OnStatus, SourceError, SourceHealth, log_status

STDIN = '-'
_READ_BYTES = 4096  # 128 ms
_BYTES_PER_SAMPLE = 2
_POLL_MS = 50


class PipeError(SourceError):
    """The pipe does not exist or is no pipe; the text says what to do."""


class PipeSource:
    """
    Frames from a pipe that a program fills in real time.

    A sample's capture time is when it can have entered the pipe at the latest: the newest sample waiting in the pipe
    came now, those before it each 1/16000 s earlier. So neither a writer that delivers in blocks nor a reader that is
    late makes the sound look younger than it is. When the writer goes, the last frame is filled up with silence and
    `gap_s` of silence follows. Then a FIFO waits for its next writer; standard input has ended.
    """

    def __init__(
        self, path: str, *, gap_s: float = 1.5, on_status: OnStatus = log_status, clock: Clock | None = None
    ) -> None:
        """Take the path of a FIFO, or '-' for standard input. Raises `PipeError`."""
        self._path = path
        self._gap_frames = round(gap_s / FRAME_S)
        self._on_status = on_status
        self._clock = clock or Clock()
        if path == STDIN:
            _check_stdin()
        else:
            _check_fifo(path)

    @property
    def description(self) -> str:
        """Which pipe."""
        return 'standard input' if self._path == STDIN else f'pipe {self._path}'

    @property
    def health(self) -> SourceHealth:
        """Always well: what it cannot read ends it."""
        return SourceHealth()

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Yield frames as they come; see `AudioSource.frames`. Raises `PipeError`."""
        framer = Framer()
        fd = self._open()
        try:
            while not stop.is_set():
                yield from self._until_writer_goes(fd, framer, stop)
                yield from self._silence(fd, framer, stop)
                if self._path == STDIN:
                    return
        finally:
            os.close(fd)

    def _open(self) -> int:
        if self._path == STDIN:
            return os.dup(sys.stdin.fileno())
        try:
            return os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise PipeError(f'{self._path} cannot be opened ({error.strerror}): check the FIFO') from None

    def _until_writer_goes(self, fd: int, framer: Framer, stop: threading.Event) -> Iterator[Frame]:
        odd_byte = b''
        has_writer = self._path == STDIN
        while not stop.is_set():
            data = _read(fd)
            now_ns = self._clock.system_ns()
            if data:
                has_writer = True
                data = odd_byte + data
                whole = len(data) - len(data) % _BYTES_PER_SAMPLE
                odd_byte = data[whole:]
                yield from framer.add(_samples(data[:whole]), now_ns - _waiting_ns(fd))
            elif data is not None and has_writer:
                self._on_status(f'the writer of {self.description} has gone')
                yield from framer.flush(now_ns)
                return
            elif data is not None:
                # The FIFO stays open between writers, so that none of them finds it unread; it then says "ended" at
                # once, whenever it is asked.
                self._clock.wait(stop, FRAME_S)

    def _silence(self, fd: int, framer: Framer, stop: threading.Event) -> Iterator[Frame]:
        """Yield silence in real time, until the next writer has written something."""
        for _ in range(self._gap_frames):
            if self._clock.wait(stop, FRAME_S) or _waiting_ns(fd):
                return
            yield from framer.add(np.zeros(FRAME_SAMPLES, dtype=np.int16), self._clock.system_ns())


def _read(fd: int) -> bytes | None:
    """Return what there is, b'' when there is no writer, or None when nothing came for a while."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    if not poll.poll(_POLL_MS):
        return None
    try:
        return os.read(fd, _READ_BYTES)
    except BlockingIOError:  # a writer has just come and not written yet, or somebody else reads the same FIFO
        return None


def _samples(data: bytes) -> Samples:
    return np.frombuffer(data, dtype='<i2').astype(np.int16)


def _waiting_ns(fd: int) -> int:
    """Return how much sound waits in the pipe."""
    waiting = fcntl.ioctl(fd, termios.FIONREAD, b'\0' * 4)
    return int.from_bytes(waiting, sys.byteorder) // _BYTES_PER_SAMPLE * 1_000_000_000 // SAMPLE_RATE_HZ


def _check_fifo(path: str) -> None:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  (a text, not a Path: '-' is not one)
    except OSError as error:
        raise PipeError(f'{path} cannot be used ({error.strerror}): make it with `mkfifo {path}`') from None
    if not stat.S_ISFIFO(mode):
        raise PipeError(f'{path} is not a FIFO: make one with `mkfifo`; a sound file is played with source wav')


def _check_stdin() -> None:
    hint = 'start with `arecord -q -t raw -f S16_LE -r 16000 -c 1 | …`'
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, ValueError, OSError):  # no standard input at all, closed, or replaced
        raise PipeError(f'there is no standard input: {hint}') from None
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        raise PipeError(f'standard input is not a pipe: {hint}')
