"""The clocks of CPU and GPU as sysfs shows them to everyone."""

from __future__ import annotations

from dataclasses import dataclass

from voice_pipeline.jetson.host import Host

# One policy a cluster of cores; those of clusters that are switched off are not there.
POLICIES = '/sys/devices/system/cpu/cpufreq/policy*'
# 17000000.gpu on Orin, with older kernels 17000000.ga10b, gpu-gpc-0 on Thor; not there while the GPU sleeps.
GPUS = ('/sys/class/devfreq/*gpu*', '/sys/class/devfreq/*.ga10b', '/sys/class/devfreq/*.gv11b')


@dataclass(frozen=True)
class Clock:
    """One clock: its name for people, and the bounds between which the kernel chooses, in MHz."""

    name: str
    min_mhz: float
    max_mhz: float

    @property
    def is_locked(self) -> bool:
        """Whether there is nothing to choose."""
        return self.min_mhz == self.max_mhz

    def __str__(self) -> str:
        return f'{self.name} {self.min_mhz:.0f} to {self.max_mhz:.0f} MHz'


def read_clocks(host: Host) -> list[Clock]:
    """Return the clocks of the CPU's clusters and of the GPU; empty where none can be read."""
    sources = [(name, 'scaling_min_freq', 'scaling_max_freq', 1e3) for name in host.find(POLICIES)]
    sources += [(name, 'min_freq', 'max_freq', 1e6) for pattern in GPUS for name in host.find(pattern)]
    clocks = []
    for folder, lowest, highest, per_mhz in sources:
        bounds = [host.read(f'{folder}/{file}') for file in (lowest, highest)]
        if all(bound.isdecimal() for bound in bounds):
            low, high = (int(bound) / per_mhz for bound in bounds)
            label = folder.rpartition('/')[2].replace('policy', 'cpu')
            clocks.append(Clock(label, low, high))
    return clocks
