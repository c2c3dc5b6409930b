"""What one thing to tune is able to do. It knows neither the other tunings nor the verbs made from this (setup.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

Values = Mapping[str, str]


@dataclass(frozen=True)
class Reading:
    """What is, and what should be, in words for people; `note` is what one should know once it is as wanted."""

    current: str
    wanted: str
    is_ok: bool
    note: str = ''


class Tuning(Protocol):
    """
    One thing to tune. All methods raise `TuningError`, which says why it cannot be done.

    `survives_reboot`: whether a change is still there after a reboot, and with it the need to undo it.
    """

    @property
    def name(self) -> str:
        """The name for people; unique."""
        ...

    @property
    def survives_reboot(self) -> bool:
        """Whether a change outlives the boot it was made in."""
        ...

    def read(self) -> Reading:
        """Look, without any rights, and change nothing."""
        ...

    def save(self) -> Values:
        """Return what `restore` needs to bring back what is there now."""
        ...

    def change(self) -> None:
        """Make it as wanted."""
        ...

    def restore(self, saved: Values) -> None:
        """Bring back what was there when it was saved."""
        ...

    def root_commands(self) -> tuple[tuple[str, ...], ...]:
        """Return every command that it runs as root at each boot; none for what is set once and for all."""
        ...
