"""
One way to recognise speech, at work in a process of its own.

So the memory of each is its own, its threads do not meet those of another library, and when it fails the others go on.
"""

from __future__ import annotations

import multiprocessing
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from voice_pipeline.audio.frames import Samples
from voice_pipeline.recognition.weights import ModelError

ANSWER_TIMEOUT_S = 300.0  # a slow board loads torch and a model for a minute
END_TIMEOUT_S = 1.0
# What the libraries raise where they cannot run: another version, a damaged model, no memory, a lost GPU.
_LIBRARY_ERRORS = (ImportError, OSError, RuntimeError, ValueError, TypeError, MemoryError)
_PEAK = re.compile(r'^VmHWM:\s+(\d+) kB', re.MULTILINE)


class ContestantError(RuntimeError):
    """A contestant cannot run; the text says why."""


@dataclass(frozen=True)
class Heard:
    """
    What a contestant made of a clip.

    `times_ms`: what it took, by what was measured (`transcribe`, `revision`, `final`). Of a contestant with revisions,
    `settled_words` and `changed_words` count as in `revisions.settled_words`.
    """

    text: str
    times_ms: dict[str, tuple[float, ...]] = field(default_factory=dict)
    settled_words: int = 0
    changed_words: int = 0


@dataclass(frozen=True)
class Memory:
    """Resident memory of a process now and at its peak, in MB of 2^20 bytes."""

    resident_mb: float
    peak_mb: float


class Contestant(Protocol):
    """A loaded recogniser."""

    @property
    def description(self) -> str:
        """Its options, for people."""

    def hear(self, samples: Samples) -> Heard:
        """Return what is said in 16 kHz mono int16 samples of shape (n,)."""


@dataclass(frozen=True)
class Entry:
    """
    A contestant that may take part.

    `module` must be importable, else it is left out with the advice to install `distribution`. `make(threads=…,
    device=…)` loads it; it must be importable from the process that is started. Where `tunes_threads`, several numbers
    of threads are tried and the fastest is taken.
    """

    name: str
    module: str
    distribution: str
    make: Callable[..., Contestant]
    is_ours: bool = False
    tunes_threads: bool = True


class ContestantProcess:
    """A contestant in its process; raises `ContestantError` from all methods but `close`."""

    def __init__(self, entry: Entry, threads: int, device: str, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        """Start the process and load the contestant."""
        self.entry = entry
        self.threads = threads
        self._timeout_s = timeout_s
        context = multiprocessing.get_context('spawn')  # a fork would inherit our memory
        self._connection, other_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(other_end, entry.make, threads, device), daemon=True)
        self._process.start()
        other_end.close()
        try:
            self.description: str = self._answer()
        except ContestantError:
            self.close()
            raise

    def hear(self, samples: Samples) -> Heard:
        """Let it hear a clip."""
        heard: Heard = self._ask(samples)
        return heard

    def memory(self) -> Memory:
        """Return what its process uses."""
        memory: Memory = self._ask('memory')
        return memory

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(timeout=END_TIMEOUT_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _ask(self, request: Any) -> Any:
        try:
            self._connection.send(request)
        except OSError:
            raise ContestantError(self._ended()) from None
        return self._answer()

    def _answer(self) -> Any:
        try:
            if not self._connection.poll(self._timeout_s):
                raise ContestantError(f'it gave no answer in {self._timeout_s:.0f} s')
            problem, answer = self._connection.recv()
        except (EOFError, OSError):
            raise ContestantError(self._ended()) from None
        if problem:
            raise ContestantError(problem)
        return answer

    def _ended(self) -> str:
        self._process.join(timeout=END_TIMEOUT_S)
        return f'its process has ended with status {self._process.exitcode}'


def _serve(connection: Connection, make: Callable[..., Contestant], threads: int, device: str) -> None:
    """Load the contestant and answer until the connection closes: (problem, answer), of which one is empty."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal; the parent decides
    try:
        contestant = make(threads=threads, device=device)
    except _LIBRARY_ERRORS as error:
        connection.send((_in_words(error), None))
        return
    connection.send(('', contestant.description))
    while True:
        try:
            request = connection.recv()
        except EOFError:
            return
        connection.send(_reply(contestant, request))


def _reply(contestant: Contestant, request: Any) -> tuple[str, Any]:
    try:
        return '', memory_of_this_process() if isinstance(request, str) else contestant.hear(request)
    except _LIBRARY_ERRORS as error:
        return _in_words(error), None


def _in_words(error: Exception) -> str:
    known = isinstance(error, (ContestantError, ModelError))
    return str(error) if known else f'{type(error).__name__}: {error}'


def memory_of_this_process() -> Memory:
    """Return the memory of this process; where the system does not tell the peak, it is what is used now."""
    import psutil

    resident_mb = psutil.Process().memory_info().rss / 2**20
    # Not getrusage: its maximum is inherited from the process that started this one.
    status = Path('/proc/self/status')
    match = _PEAK.search(status.read_text(encoding='ascii', errors='replace')) if status.is_file() else None
    return Memory(resident_mb, max(resident_mb, int(match[1]) / 1024 if match else 0.0))
