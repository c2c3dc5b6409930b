"""
The machine's sensors: which of them there are, and what the operating system tells everywhere.

Chosen once, at the start: on a Jetson its files in sysfs (`jetson_sensors`), since `nvidia-smi` says nothing true
there; elsewhere what psutil knows, and NVIDIA's own library or program for a GPU of theirs (`nvidia`). What cannot be
read is left out, never 0.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import psutil

from voice_pipeline.jetson.board import find_board
from voice_pipeline.jetson.host import Host
from voice_pipeline.monitoring.jetson_sensors import JetsonSensors
from voice_pipeline.monitoring.machine import Hardware, NoSensors, Reading, Sensors
from voice_pipeline.monitoring.nvidia import find_nvidia

MB = 2**20
GB = 2**30
COLDEST_C, HOTTEST_C = -40.0, 150.0  # beyond it a sensor is broken, or not there


def find_sensors(host: Host | None = None) -> Sensors:
    """Return the sensors of this machine."""
    host = host or Host()
    board = find_board(host.root)
    if board is not None:
        return AllSensors((JetsonSensors(host), MemoryAndDisk()))
    return AllSensors((PsutilSensors(), find_nvidia(host), MemoryAndDisk()))


class AllSensors:
    """Several sources as one."""

    def __init__(self, sources: Sequence[Sensors]) -> None:
        self._sources = tuple(source for source in sources if not isinstance(source, NoSensors))

    @property
    def description(self) -> str:
        """What is read."""
        return ', '.join(source.description for source in self._sources)

    def read(self) -> Hardware:
        """Return what all of them say."""
        return sum((source.read() for source in self._sources), Hardware())

    def close(self) -> None:
        """Let go of all."""
        for source in self._sources:
            source.close()


class MemoryAndDisk:
    """Memory and swap of the whole machine, and the disk of the root folder."""

    description = 'memory and disk'

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._swapped_in: tuple[float, int] | None = None

    def read(self) -> Hardware:
        """Return sizes in MB (2^20 bytes) and GB (2^30 bytes), and how fast memory comes back from the swap."""
        memory, disk = psutil.virtual_memory(), psutil.disk_usage('/')
        readings = [
            Reading('memory', 'available', memory.available / MB, 'MB'),
            Reading('memory', 'used', memory.percent, '%'),
            Reading('disk', 'used', disk.percent, '%'),
            Reading('disk', 'free', disk.free / GB, 'GB'),
        ]
        return Hardware(readings=tuple(readings + self._swap()))

    def close(self) -> None:
        """Nothing is held."""

    def _swap(self) -> list[Reading]:
        """Return the swap's readings; none on a machine without swap."""
        swap = psutil.swap_memory()
        if not swap.total:
            return []
        before, self._swapped_in = self._swapped_in, (self._clock_s(), swap.sin)
        readings = [Reading('memory', 'swap used', swap.used / MB, 'MB')]
        if before is not None and self._swapped_in[0] > before[0]:
            rate = (swap.sin - before[1]) / MB / (self._swapped_in[0] - before[0])
            readings.append(Reading('memory', 'swapped in', max(rate, 0.0), 'MB/s'))
        return readings


class PsutilSensors:
    """Temperatures, fans and the processor's clock, as far as the operating system shows them."""

    description = 'temperatures, fans and clocks by psutil'

    def read(self) -> Hardware:
        """Return the hottest sensor of each chip in °C, fans in rpm, the mean clock of the cores in MHz."""
        return Hardware(readings=(*_temperatures(), *_fans(), *_clock()))

    def close(self) -> None:
        """Nothing is held."""


def plausible_celsius(value: float | None) -> float | None:
    """Return the temperature, None where a sensor that is not there, or switched off, shows 0 or nonsense."""
    if value is None or not math.isfinite(value) or value == 0 or not COLDEST_C < value < HOTTEST_C:
        return None
    return value


def _temperatures() -> list[Reading]:
    # Not on every operating system.
    read = getattr(psutil, 'sensors_temperatures', dict)
    chips = {chip: [plausible_celsius(sensor.current) for sensor in sensors] for chip, sensors in read().items()}
    known = {chip: [value for value in values if value is not None] for chip, values in chips.items()}
    return [Reading('temperature', chip, max(values), '°C') for chip, values in known.items() if values]


def _fans() -> list[Reading]:
    read = getattr(psutil, 'sensors_fans', dict)
    return [
        Reading('fan', f'{chip} {fan.label}'.strip(), float(fan.current), 'rpm')
        for chip, fans in read().items()
        for fan in fans
    ]


def _clock() -> list[Reading]:
    read = getattr(psutil, 'cpu_freq', lambda: None)
    clock = read()
    return [Reading('clock', 'CPU', float(clock.current), 'MHz')] if clock and clock.current else []
