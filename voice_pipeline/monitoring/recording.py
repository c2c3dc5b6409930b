"""
A run on the disk: one JSON document a line, readable with any tool, complete up to the moment the power fails.

The lines are, by their `kind`: a `header` (what ran where, against which budgets), each `report` of the monitor, each
`utterance` when it is over, and an `end` where recording was ended in order. The file is bounded: at half the limit it
is put aside as `NAME.1`, in place of the one put aside before, so that the newest part of a run is always there.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, pairwise
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

import msgspec
import psutil

from voice_pipeline.jetson.board import find_board
from voice_pipeline.monitoring.budgets import Budgets
from voice_pipeline.monitoring.report import Report
from voice_pipeline.monitoring.utterances import UtteranceRecord
from voice_pipeline.paths import PACKAGE

MB = 2**20
MAX_BYTES = 100 * MB  # of both parts: at one report a second of about 6 kB, two to four hours
MIN_BYTES = MB // 4  # a few reports a part
MAX_LINE_BYTES = 4 * MB  # what is longer is no line of ours
MAX_OPEN = 200  # utterances that are waited for; the oldest is written as it is when there are more

_logger = logging.getLogger(__name__)


class RecordingError(ValueError):
    """A file is no recording of a run, or is damaged; the text names file and line."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Which machine a run was recorded on; 1 MB is 2^20 bytes."""

    name: str
    system: str
    processor: str
    cores: int
    memory_mb: int
    python: str


class _Line(msgspec.Struct, frozen=True, kw_only=True, tag_field='kind'):
    """One line of a recording."""


class RunHeader(_Line, frozen=True, kw_only=True, tag='header'):
    """
    The first line of each part, and of each start of the recorder in the same file.

    `part` counts the parts of one run from 1; `max_bytes` is the limit of two parts together.
    """

    started_ns: int
    part: int
    max_bytes: int
    package_version: str
    machine: Machine
    budgets: Budgets
    format: Literal[1] = 1


class ReportLine(_Line, frozen=True, kw_only=True, tag='report'):
    """One report, without the latencies of single utterances: those stand in lines of their own."""

    report: Report


class UtteranceLine(_Line, frozen=True, kw_only=True, tag='utterance'):
    """One utterance that is over, or as far as it came. A later line about the same utterance holds instead."""

    utterance: UtteranceRecord


class EndLine(_Line, frozen=True, kw_only=True, tag='end'):
    """Recording, or this part of it, was ended in order; the `reason` says why."""

    at_ns: int
    reason: str


class CutLine(_Line, frozen=True, kw_only=True, tag='cut'):
    """Never in a file: stands, when one is read, for a line that was not written to its end (a crash, a full disk)."""

    number: int


Line: TypeAlias = RunHeader | ReportLine | UtteranceLine | EndLine
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_HEADER_START = b'{"kind":"header"'


def package_version() -> str:
    """Return the version of this package, 'unknown' where it is not installed."""
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return 'unknown'


def describe_machine() -> Machine:
    """Return what this machine is."""
    board = find_board()
    return Machine(
        name=platform.node(),
        system=f'{platform.system()} {platform.release()} {platform.machine()}',
        processor=str(board) if board else _processor_name(),
        cores=os.cpu_count() or 1,
        memory_mb=round(psutil.virtual_memory().total / MB),
        python=platform.python_version(),
    )


def _processor_name() -> str:
    with contextlib.suppress(OSError):
        for line in Path('/proc/cpuinfo').read_text(encoding='utf-8', errors='replace').splitlines():
            name, _, value = line.partition(':')
            if name.strip() == 'model name':
                return value.strip()
    return platform.processor() or platform.machine()


def older_part(path: Path) -> Path:
    """Return where the part before the one at `path` is put aside."""
    return path.with_name(f'{path.name}.1')


class RunRecorder:
    """
    Appends what the monitor finds out to a file that only this user can read.

    Never raises for the disk's sake: when the file cannot be written, that is logged once and recording has ended. Each
    line is handed to the system at once, which takes some ten microseconds. Not thread-safe.
    """

    def __init__(
        self, path: Path, budgets: Budgets, clock_ns: Callable[[], int] = time.time_ns, max_bytes: int = MAX_BYTES
    ) -> None:
        """Begin, after what the file holds already; `max_bytes` is the limit of both parts together."""
        if max_bytes < MIN_BYTES:
            raise ValueError(f'max_bytes is {max_bytes}: expected {MIN_BYTES} or more')
        self._path = path
        self._clock_ns = clock_ns
        self._max_bytes = max_bytes
        self._budgets = budgets
        self._machine = describe_machine()
        self._started_ns = clock_ns()
        self._part = 1
        self._file: BinaryIO | None = None
        self._open: OrderedDict[str, UtteranceRecord] = OrderedDict()
        with self._ending_on_error():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._begin_part()

    @property
    def is_recording(self) -> bool:
        """Whether what comes is still written."""
        return self._file is not None

    def on_report(self, report: Report) -> None:
        """Write a report."""
        values = replace(report.voice_to_action.values, utterances=())
        slim = replace(report, voice_to_action=replace(report.voice_to_action, values=values))
        self._write(ReportLine(report=slim))

    def on_utterance(self, record: UtteranceRecord) -> None:
        """Take the newest state of an utterance; write it when it is over."""
        self._open.pop(record.utterance_id, None)
        if record.is_over:
            self._write(UtteranceLine(utterance=record))
            return
        self._open[record.utterance_id] = record
        if len(self._open) > MAX_OPEN:
            _, oldest = self._open.popitem(last=False)
            self._write(UtteranceLine(utterance=oldest))

    def close(self) -> None:
        """Write what is not over as far as it came, and the end; nothing is recorded afterwards."""
        for record in self._open.values():
            self._write(UtteranceLine(utterance=record))
        self._open.clear()
        self._write(EndLine(at_ns=self._clock_ns(), reason='the monitor was ended'))
        with self._ending_on_error():
            self._close_file()

    def _write(self, line: Line) -> None:
        if self._file is None:
            return
        data = _encoder.encode(line) + b'\n'
        with self._ending_on_error():
            if self._file.tell() + len(data) > self._max_bytes // 2:
                self._next_part()
            self._append(data)

    def _next_part(self) -> None:
        reason = f'this part has {self._max_bytes / 2 / MB:.3g} MB: the run goes on in {self._path.name}'
        self._append(_encoder.encode(EndLine(at_ns=self._clock_ns(), reason=reason)) + b'\n')
        self._close_file()
        self._path.replace(older_part(self._path))
        self._part += 1
        self._begin_part()

    def _begin_part(self) -> None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._file = os.fdopen(descriptor, 'ab')
        size = self._file.seek(0, os.SEEK_END)
        if size and os.pread(descriptor, 1, size - 1) != b'\n':
            self._append(b'\n')  # the line before was cut: what follows shall not be lost with it
        header = RunHeader(
            started_ns=self._started_ns,
            part=self._part,
            max_bytes=self._max_bytes,
            package_version=package_version(),
            machine=self._machine,
            budgets=self._budgets,
        )
        self._append(_encoder.encode(header) + b'\n')

    def _append(self, data: bytes) -> None:
        assert self._file is not None
        self._file.write(data)
        self._file.flush()

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    @contextlib.contextmanager
    def _ending_on_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            _logger.error('the run is not recorded any more: %s: %s', self._path, error.strerror or error)
            with contextlib.suppress(OSError):  # closing tries once more to write what could not be written
                self._close_file()


def read_recording(path: Path) -> Iterator[Line | CutLine]:
    """
    Yield the lines of a recording as they are read, those of the part that was put aside first.

    A line that was not written to its end, the last one or the last before the recorder was started again, comes as a
    `CutLine`. Raises `RecordingError` for everything else that is not a line of a recording.
    """
    parts = [part for part in (older_part(path), path) if part.is_file()]
    if not parts:
        raise RecordingError(f'{path}: there is no such file')
    for part in parts:
        try:
            with part.open('rb') as file:
                yield from _lines(file, part)
        except OSError as error:
            raise RecordingError(f'{part}: cannot be read: {error.strerror}') from None


def _lines(file: BinaryIO, path: Path) -> Iterator[Line | CutLine]:
    is_begun = False
    lines = iter(partial(file.readline, MAX_LINE_BYTES), b'')
    for number, (data, following) in enumerate(pairwise(chain(lines, [b''])), start=1):
        try:
            line = _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            is_last = is_begun and not following and not data.endswith(b'\n')
            if not is_last and not following.startswith(_HEADER_START):
                raise RecordingError(f'{path}:{number}: not a line of a recording of this version: {error}') from None
            yield CutLine(number=number)
            continue
        if not is_begun and not isinstance(line, RunHeader):
            raise RecordingError(f'{path}:{number}: not a recording: it begins with no header')
        is_begun = True
        yield line
    if not is_begun:
        raise RecordingError(f'{path}: holds no recording: it is empty')
