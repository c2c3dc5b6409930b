"""
How eagerly the kernel swaps.

What is swapped to a disk or card comes back too late for speech: then as little as possible. What is swapped into
compressed memory (zram, as JetPack does) comes back quickly, and swapping less would drop programs from memory instead,
which have to be read from the disk again: then the kernel's own choice stays (Linux, admin-guide/sysctl/vm.rst).
"""

from __future__ import annotations

from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.outcome import TuningError
from voice_pipeline.jetson.tuning import Reading, Values

SWAPPINESS = '/proc/sys/vm/swappiness'
SWAPS = '/proc/swaps'
CONFIGURATION = '/etc/sysctl.d/99-voice-pipeline.conf'
MAX_SWAPPINESS = 10


class SwappinessTuning:
    """Lowers `vm.swappiness`, now and for each boot, where there is swap on a disk."""

    name = 'swappiness'
    survives_reboot = True

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self) -> Reading:
        """Look at what is swapped to, and how eagerly."""
        current = self._current()
        disks = [device for device in self._swap_devices() if 'zram' not in device]
        if not disks:
            return Reading(f'{current}, left alone: no swap on a disk', str(current), is_ok=True)
        what = f'{current}, with swap on {", ".join(disks)}'
        return Reading(what, f'at most {MAX_SWAPPINESS}', current <= MAX_SWAPPINESS)

    def save(self) -> Values:
        """Return the value in use, and the file where one is there."""
        values = {'swappiness': str(self._current())}
        text = self._host.read_exactly(CONFIGURATION)
        return values if text is None else values | {'file': text}

    def change(self) -> None:
        """Set the value, now and at each boot."""
        self._host.write(CONFIGURATION, f'vm.swappiness={MAX_SWAPPINESS}\n')
        self._host.write(SWAPPINESS, f'{MAX_SWAPPINESS}\n')

    def restore(self, saved: Values) -> None:
        """Set the value that was there, and put the file back or away."""
        if 'file' in saved:
            self._host.write(CONFIGURATION, saved['file'])
        else:
            self._host.remove(CONFIGURATION)
        self._host.write(SWAPPINESS, f'{saved["swappiness"]}\n')

    def root_commands(self) -> tuple[tuple[str, ...], ...]:
        """Return none: the file holds from boot to boot."""
        return ()

    def _current(self) -> int:
        text = self._host.read(SWAPPINESS)
        if not text.isdecimal():
            raise TuningError('not available', 'the kernel shows no swappiness')
        return int(text)

    def _swap_devices(self) -> list[str]:
        """Return the first column below the heading of /proc/swaps."""
        lines = self._host.read(SWAPS).splitlines()[1:]
        return [line.split()[0] for line in lines if line.strip()]
