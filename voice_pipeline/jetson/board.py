"""Which Jetson this is. Standard library only: the launch file asks, and it may run in the system's Python."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Board:
    """A Jetson: the model as the device tree names it, and the release of Jetson Linux ('' where it is not said)."""

    model: str
    release: str

    def __str__(self) -> str:
        return f'{self.model}, Jetson Linux {self.release}' if self.release else self.model


def find_board(root: Path = Path('/')) -> Board | None:
    """Return the Jetson whose file system is at `root`; None where it is none."""
    release = _read(root / 'etc' / 'nv_tegra_release')
    compatible = _read(root / 'proc' / 'device-tree' / 'compatible')
    # A container on a Jetson has the device tree, and not always the release file.
    if not release and 'nvidia,tegra' not in compatible:
        return None
    model = _read(root / 'proc' / 'device-tree' / 'model').replace('\0', '').strip()
    numbers = re.search(r'R(\d+)\s*\(release\),\s*REVISION:\s*([\d.]+)', release)
    return Board(model=model or 'Jetson', release='.'.join(numbers.groups()) if numbers else '')


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding='utf-8', errors='replace')
    except OSError:
        return ''
