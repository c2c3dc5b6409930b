"""The clocks of CPU, GPU and memory, held at the highest the power mode allows: no ramp-up when a word arrives."""

from __future__ import annotations

import os

from voice_pipeline.jetson.frequencies import read_clocks
from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.outcome import TuningError
from voice_pipeline.jetson.tuning import Reading, Values

# Only root can write here, and must be the only one: jetson_clocks writes what the file says, wherever it says.
# It goes with a reboot, as the clocks do.
STORE_FOLDER = '/run/voice_pipeline'


class ClocksTuning:
    """Locks the clocks with `jetson_clocks`, which stores and restores what was there."""

    name = 'clocks'
    survives_reboot = False

    def __init__(self, host: Host, user_id: int | None = None) -> None:
        self._host = host
        # One store for each user: who undoes must find what was there before his own change.
        self._store = f'{STORE_FOLDER}/jetson_clocks-{os.getuid() if user_id is None else user_id}.conf'

    def read(self) -> Reading:
        """Look whether any clock can still move; the memory's is for root alone to see."""
        self._program()
        clocks = read_clocks(self._host)
        if not clocks:
            raise TuningError('not available', 'neither the clocks of the CPU nor those of the GPU can be read')
        free = [str(clock) for clock in clocks if not clock.is_locked]
        return Reading(', '.join(free) if free else 'locked', 'locked', not free)

    def save(self) -> Values:
        """Store what is there in a file of `jetson_clocks`, which asks before it overwrites one."""
        self._host.make_folder(STORE_FOLDER)
        self._host.remove(self._store)
        completed = self._host.as_root(*self._command('--store'))
        if not self._host.exists(self._store):
            raise TuningError('failed', f'jetson_clocks stored nothing: {completed.last_line}')
        return {'store': self._store}

    def change(self) -> None:
        """Lock the clocks. The exit status says nothing: it is always 0."""
        self._host.as_root(self._program())

    def restore(self, saved: Values) -> None:
        """Bring back what was stored."""
        if not self._host.exists(self._store):
            raise TuningError('failed', f'{saved.get("store")} is gone', 'a reboot unlocks the clocks')
        self._host.as_root(*self._command('--restore'))
        self._host.remove(self._store)

    def root_commands(self) -> tuple[tuple[str, ...], ...]:
        """Return the commands that store, lock and restore."""
        return (
            self._host.folder_command(STORE_FOLDER),
            self._host.remove_command(self._store),
            self._command('--store'),
            (self._program(),),
            self._command('--restore'),
        )

    def _program(self) -> str:
        return self._host.program('jetson_clocks')

    def _command(self, option: str) -> tuple[str, ...]:
        return (self._program(), option, str(self._host.path(self._store)))
