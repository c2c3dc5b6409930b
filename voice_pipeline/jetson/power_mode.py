"""The power mode: how many cores are on, and how fast everything may run."""

from __future__ import annotations

from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.nvpmodel import (
    PowerMode,
    asks_for_reboot,
    fastest,
    parse_power_modes,
    parse_query,
    parse_status,
)
from voice_pipeline.jetson.outcome import TuningError
from voice_pipeline.jetson.tuning import Reading, Values

CONFIGURATION = '/etc/nvpmodel.conf'
STATUS = '/var/lib/nvpmodel/status'
UNCAPPED_NOTE = 'this mode has no power limit: the board slows down when it gets too hot or draws too much current'


class PowerModeTuning:
    """Changes to the fastest mode (`max`), to a mode by its name, or leaves it as it is (`keep`)."""

    name = 'power mode'
    survives_reboot = True

    def __init__(self, host: Host, wanted: str = 'max') -> None:
        self._host = host
        self._wanted = wanted

    def read(self) -> Reading:
        """Compare the mode in use with the one wanted."""
        modes = self._modes()
        current = self._current(modes)
        wanted = self._choose(modes, current)
        note = UNCAPPED_NOTE if wanted.is_uncapped else ''
        return Reading(current.name, wanted.name, current == wanted, note)

    def save(self) -> Values:
        """Return the mode in use."""
        return {'mode': str(self._current(self._modes()).id)}

    def change(self) -> None:
        """Change to the wanted mode."""
        modes = self._modes()
        self._set(self._choose(modes, self._current(modes)))

    def restore(self, saved: Values) -> None:
        """Change back."""
        modes = self._modes()
        old = next((mode for mode in modes if str(mode.id) == saved.get('mode')), None)
        if old is None:
            raise TuningError('failed', f'{CONFIGURATION} has no mode {saved.get("mode")} any more')
        if old != self._current(modes):
            self._set(old)

    def root_commands(self) -> tuple[tuple[str, ...], ...]:
        """Return the change to each mode there is."""
        return tuple(self._command(mode) for mode in self._modes())

    def _modes(self) -> list[PowerMode]:
        if not self._host.exists(CONFIGURATION):
            raise TuningError('not available', f'this board has no {CONFIGURATION}')
        modes = parse_power_modes(self._host.read(CONFIGURATION))
        if not modes:
            raise TuningError('failed', f'no power mode can be read from {CONFIGURATION}')
        return modes

    def _current(self, modes: list[PowerMode]) -> PowerMode:
        number = parse_status(self._host.read(STATUS))
        if number is None:
            number = parse_query(self._host.query(self._host.program('nvpmodel'), '-q').output)
        for mode in modes:
            if mode.id == number:
                return mode
        what = 'nothing' if number is None else f'mode {number}, which is not in {CONFIGURATION}'
        raise TuningError('failed', f'nvpmodel says {what}', 'look at "nvpmodel -q --verbose"')

    def _choose(self, modes: list[PowerMode], current: PowerMode) -> PowerMode:
        if self._wanted == 'keep':
            return current
        names = ', '.join(mode.name for mode in modes)
        if self._wanted == 'max':
            best = fastest(modes)
            if best is None:
                raise TuningError('failed', f'{CONFIGURATION} does not say what its modes allow', f'name one: {names}')
            return best
        for mode in modes:
            if mode.name.lower() == self._wanted.lower():
                return mode
        raise TuningError('failed', f"this board has no power mode '{self._wanted}'", f'there are: {names}')

    def _command(self, mode: PowerMode) -> tuple[str, ...]:
        return (self._host.program('nvpmodel'), '-m', str(mode.id))

    def _set(self, mode: PowerMode) -> None:
        command = self._command(mode)
        # Some changes ask whether to reboot now: never yes, with a robot in motion and others logged in.
        completed = self._host.as_root(*command, text_input='no\n', must_succeed=False)
        if self._current(self._modes()) == mode:
            return
        if asks_for_reboot(completed.output):
            advice = f'with the robot at rest: "sudo {" ".join(command)}", and answer yes'
            raise TuningError('needs reboot', f'a change to {mode.name} needs a reboot', advice)
        raise TuningError('failed', f'nvpmodel did not change to {mode.name}: {completed.last_line}')
