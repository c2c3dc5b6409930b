"""Finds the processes of this pipeline, and reads what they use, with psutil."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import Protocol, TypeVar

import psutil

from voice_pipeline.paths import PACKAGE

ReadingT = TypeVar('ReadingT')
DOMAIN = 'ROS_DOMAIN_ID'


class PipelineProcess(Protocol):
    """A process of the pipeline."""

    @property
    def pid(self) -> int:
        """The process id."""
        ...

    @property
    def name(self) -> str:
        """The name of the node or tool it runs."""
        ...

    def cpu_percent(self) -> float | None:
        """Return its load since the call before (100 % is one core; the first call says nothing), None if it ended."""
        ...

    def memory_bytes(self) -> int | None:
        """Return the memory it uses, None if it ended."""
        ...

    def resident_bytes(self) -> int | None:
        """Return how much of it, and of what it shares, is in memory now; None if it ended."""
        ...


class System(Protocol):
    """What the sampler reads of the machine."""

    def core_percents(self) -> tuple[float, ...]:
        """Return the load of each core in 0 to 100 % since the call before; the first call says nothing."""
        ...

    def pipeline_processes(self) -> Iterable[PipelineProcess]:
        """Return the pipeline's processes that run now."""
        ...


class PsutilSystem:
    """This machine."""

    def core_percents(self) -> tuple[float, ...]:
        """Return the load of each core in 0 to 100 % since the call before; the first call says nothing."""
        return tuple(psutil.cpu_percent(percpu=True))

    def pipeline_processes(self) -> list[PipelineProcess]:
        """Return the processes of this package in this ROS domain, and the calling process itself."""
        domain = os.environ.get(DOMAIN, '0')
        found: list[PipelineProcess] = []
        for process in psutil.process_iter(['cmdline']):
            name = pipeline_name(process.info['cmdline'] or ())
            if process.pid == os.getpid():
                found.append(PsutilProcess(process, name or 'this process'))
            elif name is not None and _domain_of(process, unknown=domain) == domain:
                found.append(PsutilProcess(process, name))
        return found


class PsutilProcess:
    """A process of this machine."""

    def __init__(self, process: psutil.Process, name: str) -> None:
        self._process = process
        self._name = name

    @property
    def pid(self) -> int:
        """The process id."""
        return int(self._process.pid)

    @property
    def name(self) -> str:
        """The name of the node or tool it runs."""
        return self._name

    def cpu_percent(self) -> float | None:
        """Return its load since the call before (100 % is one core; the first call says nothing), None if it ended."""
        return _read(self._process.cpu_percent)

    def memory_bytes(self) -> int | None:
        """
        Return its proportional set size: shared memory is divided among its users, so that processes can be added up.

        Where the system does not tell (not Linux, or another user's process) it is the resident set size.
        """
        full = _read(self._process.memory_full_info)
        if full is not None and hasattr(full, 'pss'):
            return int(full.pss)
        return self.resident_bytes()

    def resident_bytes(self) -> int | None:
        """Return its resident set size, which counts shared memory in full, None if it ended."""
        plain = _read(self._process.memory_info)
        return None if plain is None else int(plain.rss)


def pipeline_name(command: Sequence[str]) -> str | None:
    """
    Return the node or tool of this package that a command line runs, None when it is another program.

    Recognised are what colcon and pip install (`…/lib/voice_pipeline/<name>`), alone or run by Python, and
    `python -m voice_pipeline.….<name>`. An editor or a launch file with the package's name is not the pipeline.
    """
    arguments = list(command)
    if arguments and PurePath(arguments[0]).name.startswith('python'):
        arguments = arguments[1:]
        while arguments and arguments[0].startswith('-') and arguments[0] != '-m':
            arguments = arguments[1:]
        if arguments[:1] == ['-m']:
            module = ''.join(arguments[1:2])
            return module.rpartition('.')[2] if module.startswith(f'{PACKAGE}.') else None
    if not arguments:
        return None
    path = PurePath(arguments[0])
    return path.name if path.parts[-3:-1] == ('lib', PACKAGE) else None


def _domain_of(process: psutil.Process, *, unknown: str) -> str:
    """Return the ROS domain of a process, `unknown` where its environment may not be read."""
    environment = _read(process.environ)
    return unknown if environment is None else str(environment.get(DOMAIN, '0'))


def _read(reading: Callable[[], ReadingT]) -> ReadingT | None:
    """Return the reading, None when the process has ended or may not be looked at."""
    try:
        return reading()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
