"""
The sensors of a Jetson, in sysfs: load of the GPU, temperatures, power, clocks, fan, throttling. Needs no root.

The names are those of Jetson Linux 35 and 36 (Orin); what another release does not have is left out.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator

from voice_pipeline.jetson.frequencies import GPUS, POLICIES
from voice_pipeline.jetson.host import Host
from voice_pipeline.monitoring.machine import Hardware, Reading

# The load of the GPU in permille, by the release of Jetson Linux.
GPU_LOADS = (
    '/sys/devices/platform/gpu.0/load',
    '/sys/devices/platform/bus@0/17000000.gpu/load',
    '/sys/devices/platform/17000000.gpu/load',
)
GPU_NODES = ('gpu', 'ga10b', 'gv11b')  # how the device tree names it
MISSING_CELSIUS = -200.0  # zones of parts that are switched off (cv0 to cv2) show -256
MINUTE_S = 60.0


class JetsonSensors:
    """
    Reads a few dozen small files each time.

    Why not `tegrastats` or `jtop`: they read the same files, the one as a process of its own whose output differs from
    release to release, the other through a service that must be installed.
    """

    description = 'GPU, temperatures, power, clocks and fan from sysfs (Jetson)'

    def __init__(self, host: Host, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._host = host
        self._clock_s = clock_s
        self._events: dict[str, deque[tuple[float, int]]] = {}

    def read(self) -> Hardware:
        """Return the load in percent, °C, W, MHz, percent of the fan's speed, and over-current events a minute."""
        readings = (
            *self._temperatures(),
            *self._power(),
            *self._clocks(),
            *self._fans(),
            *self._over_currents(),
            *self._cooling(),
        )
        return Hardware(self._gpu_percent(), readings)

    def close(self) -> None:
        """Nothing is held."""

    def _gpu_percent(self) -> float | None:
        found = (self._number(name) for name in (*GPU_LOADS, *self._gpu_load_by_name()))
        permille = next((value for value in found if value is not None), None)
        return None if permille is None else min(permille / 10, 100.0)

    def _gpu_load_by_name(self) -> Iterator[str]:
        for node in self._host.find('/sys/class/devfreq/*/device/of_node/name'):
            if self._host.read(node).rstrip('\0') in GPU_NODES:
                yield f'{node.removesuffix("/of_node/name")}/load'

    def _temperatures(self) -> Iterator[Reading]:
        for zone in self._host.find('/sys/class/thermal/thermal_zone*'):
            name = self._host.read(f'{zone}/type').removesuffix('-thermal')
            millidegrees = self._number(f'{zone}/temp')
            if name and millidegrees and millidegrees / 1000 > MISSING_CELSIUS:
                yield Reading('temperature', name, millidegrees / 1000, '°C')

    def _power(self) -> Iterator[Reading]:
        for folder in self._chips('ina3221'):
            for label in self._host.find(f'{folder}/in*_label'):
                channel = label.removesuffix('_label').rpartition('/in')[2]
                name = self._host.read(label)
                millivolts = self._number(f'{folder}/in{channel}_input')
                milliamperes = self._number(f'{folder}/curr{channel}_input')
                if name.startswith('VDD') and millivolts is not None and milliamperes is not None:
                    yield Reading('power', name, millivolts * milliamperes / 1e6, 'W')

    def _clocks(self) -> Iterator[Reading]:
        for policy in self._host.find(POLICIES):
            yield from self._clock(policy.rpartition('policy')[2], f'{policy}/scaling_cur_freq', 1e3)
        for folder in (name for pattern in GPUS for name in self._host.find(pattern)):
            yield from self._clock('GPU', f'{folder}/cur_freq', 1e6)

    def _clock(self, name: str, file: str, per_mhz: float) -> Iterator[Reading]:
        value = self._number(file)
        if value is not None:
            yield Reading('clock', f'CPU {name}' if name.isdecimal() else name, value / per_mhz, 'MHz')

    def _fans(self) -> Iterator[Reading]:
        for folder in self._chips('pwmfan'):
            pulse_width = self._number(f'{folder}/pwm1')
            if pulse_width is not None:
                yield Reading('fan', 'fan', pulse_width * 100 / 255, '%')

    def _over_currents(self) -> Iterator[Reading]:
        """Count what the board's over-current protection did in the last minute; its own counters never go back."""
        for folder in self._chips('soctherm_oc'):
            for file in self._host.find(f'{folder}/oc*_event_cnt'):
                count = self._number(file)
                if count is not None:
                    name = file.rpartition('/')[2].removesuffix('_event_cnt')
                    yield Reading('throttling', f'over-current {name}', self._lately(name, int(count)), 'events/min')

    def _lately(self, name: str, count: int) -> float:
        now_s = self._clock_s()
        counts = self._events.setdefault(name, deque(maxlen=int(MINUTE_S) * 2))
        counts.append((now_s, count))
        while len(counts) > 1 and counts[1][0] <= now_s - MINUTE_S:
            counts.popleft()  # what is left is the newest that is a minute old
        return float(max(count - counts[0][1], 0))

    def _cooling(self) -> Iterator[Reading]:
        """Tell whether the kernel holds clocks back because of the heat (Linux' cooling devices)."""
        for folder in self._host.find('/sys/class/thermal/cooling_device*'):
            kind, state = self._host.read(f'{folder}/type'), self._number(f'{folder}/cur_state')
            if state is not None and (kind.startswith(('cpufreq', 'devfreq')) or 'throttle' in kind):
                yield Reading('throttling', kind, state, 'steps')

    def _chips(self, name: str) -> Iterator[str]:
        for file in self._host.find('/sys/class/hwmon/hwmon*/name'):
            if self._host.read(file) == name:
                yield file.removesuffix('/name')

    def _number(self, name: str) -> float | None:
        text = self._host.read(name)
        return float(text) if text.lstrip('-').isdecimal() else None
