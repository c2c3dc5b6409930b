"""
What `nvpmodel` knows: the power modes in its configuration, and which is fastest.

The number of a mode says nothing: 0 is MAXN on one board and 15 W on another (Jetson Linux Developer Guide, "Supported
Modes and Power Efficiency"). So the fastest is found by what the modes allow.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

_SECTION = re.compile(r'<\s*(\w+)\s*([^>]*)>(.*?)(?=^\s*<|\Z)', re.MULTILINE | re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)\s*=\s*(\S+)')


@dataclass(frozen=True)
class PowerMode:
    """One mode: the highest clocks it allows, in the file's own units; infinite without a cap, None where not said."""

    id: int
    name: str
    online_cores: int = 0
    cpu_khz: float | None = None
    gpu_hz: float | None = None
    emc_hz: float | None = None

    @property
    def is_uncapped(self) -> bool:
        """Whether the board alone limits its clocks: such a mode has no power budget, and throttles when it must."""
        return self.cpu_khz == self.gpu_hz == math.inf


def parse_power_modes(text: str) -> list[PowerMode]:
    """Return the modes of an nvpmodel.conf, in its order; what is not understood is passed over."""
    modes = []
    for kind, attributes_text, body in _SECTION.findall(re.sub(r'#.*', '', text)):
        attributes = dict(_ATTRIBUTE.findall(attributes_text))
        if kind == 'POWER_MODEL' and attributes.get('ID', '').isdecimal() and 'NAME' in attributes:
            modes.append(_power_mode(int(attributes['ID']), attributes['NAME'], body))
    return modes


def _power_mode(number: int, name: str, body: str) -> PowerMode:
    """Return the mode of a section whose lines are `PARAMETER ARGUMENT VALUE`, such as `GPU MAX_FREQ 612000000`."""
    lines = [line.split() for line in body.splitlines()]
    settings = [(line[0], line[1], line[2]) for line in lines if len(line) == 3]

    def highest(prefix: str) -> float | None:
        caps = [_cap(value) for name, what, value in settings if name.startswith(prefix) and what == 'MAX_FREQ']
        return max((cap for cap in caps if cap is not None), default=None)

    return PowerMode(
        id=number,
        name=name,
        online_cores=sum(name == 'CPU_ONLINE' and value == '1' for name, _, value in settings),
        cpu_khz=highest('CPU_'),
        gpu_hz=highest('GPU'),
        emc_hz=highest('EMC'),
    )


def _cap(value: str) -> float | None:
    """Return the cap; -1 (and for the memory 0) lifts it."""
    if not re.fullmatch(r'-?\d+', value):
        return None
    return float(value) if int(value) > 0 else math.inf


def fastest(modes: Sequence[PowerMode]) -> PowerMode | None:
    """
    Return the mode with the fastest memory, then GPU, then most cores, then fastest CPU; None where none can be judged.

    Speech recognition waits for memory first: every token reads all weights. A mode that leaves out what others of the
    same file say (a file cut off in the middle) is not judged; only the memory may be left out, which is then free.
    """
    judged = [
        mode
        for mode in modes
        if mode.online_cores and mode.cpu_khz and (mode.gpu_hz or all(other.gpu_hz is None for other in modes))
    ]
    return max(judged, key=_speed, default=None)


def _speed(mode: PowerMode) -> tuple[float, ...]:
    clocks = [math.inf if clock is None else clock for clock in (mode.emc_hz, mode.gpu_hz, mode.cpu_khz)]
    memory_hz, gpu_hz, cpu_khz = clocks
    return memory_hz, gpu_hz, mode.online_cores, cpu_khz, mode.name.startswith('MAXN'), -mode.id


def parse_status(text: str) -> int | None:
    """Return the number of the mode in `/var/lib/nvpmodel/status` ("pmode:0002 fmode:quiet")."""
    found = re.search(r'pmode:(\d+)', text)
    return int(found[1]) if found else None


def parse_query(output: str) -> int | None:
    """Return the number of the mode that `nvpmodel -q` prints, on a line of its own behind warnings and the name."""
    numbers = [line.strip() for line in output.splitlines() if line.strip().isdecimal()]
    return int(numbers[-1]) if numbers else None


def asks_for_reboot(output: str) -> bool:
    """Whether `nvpmodel -m` would have to reboot ("Reboot required for changing to this power mode: 1")."""
    return 'reboot required' in output.lower()
