"""Who chooses the CPU's clock between its bounds."""

from __future__ import annotations

from voice_pipeline.jetson.frequencies import POLICIES, read_clocks
from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.outcome import TuningError
from voice_pipeline.jetson.tuning import Reading, Values

WANTED = 'performance'


class GovernorTuning:
    """Chooses the governor that stays at the top; needless once the clocks are locked, and then left alone."""

    name = 'CPU governor'
    survives_reboot = False

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self) -> Reading:
        """Compare the governors of all clusters."""
        governors = set(self._governors().values())
        current = ', '.join(sorted(governors))
        clocks = read_clocks(self._host)
        if clocks and all(clock.is_locked for clock in clocks):
            return Reading(f'{current}, with nothing to choose: the clocks are locked', WANTED, is_ok=True)
        return Reading(current, WANTED, governors == {WANTED})

    def save(self) -> Values:
        """Return the governor of each cluster."""
        return self._governors()

    def change(self) -> None:
        """Set all clusters."""
        for name in self._governors():
            self._host.write(_file(name), f'{WANTED}\n')

    def restore(self, saved: Values) -> None:
        """Set each cluster that is still there to what it had."""
        for name in self._governors():
            if name in saved:
                self._host.write(_file(name), f'{saved[name]}\n')

    def root_commands(self) -> tuple[tuple[str, ...], ...]:
        """Return the writing of each governor."""
        return tuple(self._host.write_command(_file(name)) for name in self._governors())

    def _governors(self) -> dict[str, str]:
        found = {name: self._host.read(_file(name)) for name in self._host.find(POLICIES)}
        governors = {name: governor for name, governor in found.items() if governor}
        if not governors:
            raise TuningError('not available', 'the kernel shows no CPU governor')
        return governors


def _file(policy: str) -> str:
    return f'{policy}/scaling_governor'
