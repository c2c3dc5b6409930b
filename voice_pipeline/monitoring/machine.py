"""
What the pipeline costs, and what the machine is like: processor, graphics processor, memory, sensors.

`MachineSampler` reads the machine, once a second or so; `MachineStatistics` averages its samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from voice_pipeline.monitoring.processes import PipelineProcess, System
from voice_pipeline.monitoring.statistics import NS_PER_S, Window

AVERAGED_SAMPLES = 60  # a minute at 1 Hz: long enough that one sentence is not an alarm, short enough to see a change
REFRESH_S = 10.0  # between two searches for processes, which read the command lines of all that run
# Adding up the memory of a process is the costly part, page by page, 23 ms for all nodes: it is done again where the
# resident memory, which costs nothing to read, has changed by so much, and after so long (others may share less of it).
CHANGE_BYTES = 16 * 2**20
MEMORY_S = 60.0
HARDWARE_S = 1.0  # between two readings of the sensors


@dataclass(frozen=True)
class ProcessUsage:
    """One process: `cpu_percent` is of one core (above 100 with several threads), None at its first sample."""

    name: str
    pid: int
    cpu_percent: float | None
    memory_mb: float


@dataclass(frozen=True)
class Reading:
    """One sensor or counter of the machine; what cannot be read has no `Reading`, never one of 0."""

    group: Literal['temperature', 'power', 'clock', 'fan', 'disk', 'memory', 'throttling']
    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class MachineSample:
    """
    The machine at one moment; None is "not available". 1 MB is 2^20 bytes.

    `core_percents` is the load of each core since the sample before. `memory_mb` is what the pipeline's processes use
    together, with memory shared by several of them counted once (PSS) where the system tells.
    """

    core_percents: tuple[float, ...]
    gpu_percent: float | None
    memory_mb: float | None
    processes: tuple[ProcessUsage, ...] = ()
    readings: tuple[Reading, ...] = ()

    @property
    def cpu_percent(self) -> float | None:
        """The load of all cores together: 100 % is every core busy."""
        return sum(self.core_percents) / len(self.core_percents) if self.core_percents else None


@dataclass(frozen=True)
class MachineValues:
    """Loads averaged over the newest samples, and the newest sample's memory, cores and processes."""

    cpu_percent: float | None
    gpu_percent: float | None
    memory_mb: float | None
    core_percents: tuple[float, ...] = ()
    processes: tuple[ProcessUsage, ...] = ()
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Hardware:
    """What the machine's sensors say; `gpu_percent` is None where there is no GPU whose load can be read."""

    gpu_percent: float | None = None
    readings: tuple[Reading, ...] = ()

    def __add__(self, other: Hardware) -> Hardware:
        """Return what both say together."""
        gpu_percent = other.gpu_percent if self.gpu_percent is None else self.gpu_percent
        return Hardware(gpu_percent, self.readings + other.readings)


class Sensors(Protocol):
    """Reads sensors of the machine."""

    @property
    def description(self) -> str:
        """What is read, in a few words."""
        ...

    def read(self) -> Hardware:
        """Return what can be read now; never waits for longer than a few milliseconds."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...


class NoSensors:
    """A machine whose sensors are not read."""

    description = 'not available'

    def read(self) -> Hardware:
        """Return nothing."""
        return Hardware()

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class _Memory:
    """What a process uses, as added up at `read_ns`, when so much of it was resident."""

    total_bytes: int
    resident_bytes: int
    read_ns: int


class _Every:
    """Says when something is due that is done every so often; also when the clock was set back."""

    def __init__(self, period_s: float) -> None:
        self._period_ns = int(period_s * NS_PER_S)
        self._done_ns: int | None = None

    def is_due(self, now_ns: int) -> bool:
        if self._done_ns is not None and 0 <= now_ns - self._done_ns < self._period_ns:
            return False
        self._done_ns = now_ns
        return True


class MachineSampler:
    """
    Reads loads, memory and sensors; the search for processes is repeated every `refresh_s`, the reading of their memory
    where that has changed, at the latest after `memory_s`. Not thread-safe.

    Raises nothing: what cannot be read is left out.
    """

    def __init__(
        self,
        system: System,
        clock_ns: Callable[[], int],
        sensors: Sensors | None = None,
        refresh_s: float = REFRESH_S,
        memory_s: float = MEMORY_S,
    ) -> None:
        self._system = system
        self._clock_ns = clock_ns
        self._sensors = sensors or NoSensors()
        self._hardware = Hardware()
        self._hardware_turn = _Every(HARDWARE_S)
        self._refresh_turn = _Every(refresh_s)
        self._memory_ns = int(memory_s * NS_PER_S)
        self._processes: dict[int, PipelineProcess] = {}
        self._memories: dict[int, _Memory | None] = {}
        self._system.core_percents()  # a load is "since the call before": the first one says nothing

    def sample(self) -> MachineSample:
        """Read the machine; call it about once a second."""
        now_ns = self._clock_ns()
        known = set(self._processes)
        if self._refresh_turn.is_due(now_ns):
            self._refresh(now_ns)
        if self._hardware_turn.is_due(now_ns):
            self._hardware = self._sensors.read()
        usages = {pid: self._usage(process, is_new=pid not in known) for pid, process in self._processes.items()}
        self._processes = {pid: process for pid, process in self._processes.items() if usages[pid] is not None}
        processes = tuple(usage for usage in usages.values() if usage is not None)
        return MachineSample(
            core_percents=self._system.core_percents(),
            gpu_percent=self._hardware.gpu_percent,
            memory_mb=sum(process.memory_mb for process in processes) if processes else None,
            processes=processes,
            readings=self._hardware.readings,
        )

    def _refresh(self, now_ns: int) -> None:
        """Find the processes again. Those known stay the same objects: they know their load since the call before."""
        found = {process.pid: process for process in self._system.pipeline_processes()}
        known, self._processes = self._processes, {pid: self._same(process) for pid, process in sorted(found.items())}
        self._memories = {
            pid: self._memory(process, self._memories.get(pid) if process is known.get(pid) else None, now_ns)
            for pid, process in self._processes.items()
        }

    def _memory(self, process: PipelineProcess, known: _Memory | None, now_ns: int) -> _Memory | None:
        """Return what the process uses now, or what is known of it where that must still be right; None if it ended."""
        resident_bytes = process.resident_bytes()
        if resident_bytes is None:
            return None
        if known is not None and self._is_right(known, resident_bytes, now_ns):
            return known
        total_bytes = process.memory_bytes()
        return None if total_bytes is None else _Memory(total_bytes, resident_bytes, now_ns)

    def _is_right(self, known: _Memory, resident_bytes: int, now_ns: int) -> bool:
        is_like_then = abs(resident_bytes - known.resident_bytes) < CHANGE_BYTES
        return is_like_then and 0 <= now_ns - known.read_ns < self._memory_ns

    def _same(self, process: PipelineProcess) -> PipelineProcess:
        known = self._processes.get(process.pid)
        return known if known is not None and known.name == process.name else process

    def _usage(self, process: PipelineProcess, *, is_new: bool) -> ProcessUsage | None:
        """Return what the process uses, None when it has ended."""
        memory = self._memories.get(process.pid)
        cpu_percent = process.cpu_percent()
        if memory is None or cpu_percent is None:
            return None
        return ProcessUsage(process.name, process.pid, None if is_new else cpu_percent, memory.total_bytes / 2**20)


class MachineStatistics:
    """Averages samples of the machine. Not thread-safe."""

    def __init__(self, samples: int = AVERAGED_SAMPLES) -> None:
        self._cpu_percent = Window(samples)
        self._gpu_percent = Window(samples)
        self._newest = MachineSample(core_percents=(), gpu_percent=None, memory_mb=None)

    def on_sample(self, sample: MachineSample) -> None:
        """Take in a sample."""
        self._newest = sample
        if sample.cpu_percent is not None:
            self._cpu_percent.add(sample.cpu_percent)
        if sample.gpu_percent is not None:
            self._gpu_percent.add(sample.gpu_percent)

    def values(self) -> MachineValues:
        """Return averages and the newest sample."""
        return MachineValues(
            cpu_percent=self._cpu_percent.mean(),
            gpu_percent=self._gpu_percent.mean(),
            memory_mb=self._newest.memory_mb,
            core_percents=self._newest.core_percents,
            processes=self._newest.processes,
            readings=self._newest.readings,
        )
