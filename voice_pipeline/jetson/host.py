"""The machine that is set up: its files below a root folder, its commands, and the rights we have on it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from voice_pipeline.jetson.outcome import TuningError

COMMAND_TIMEOUT_S = 20.0  # nvpmodel and jetson_clocks take one to five seconds
MAX_FILE_BYTES = 256 * 1024  # far above every file that is read; /proc and /sys say nothing about their size
PROGRAM_FOLDERS = ('usr/sbin', 'usr/bin', 'sbin', 'bin')
PERMISSION_ADVICE = (
    'run it once with sudo, or install the rights and the service: '
    '"voice_pipeline jetson service" prints them, "sudo … --write" writes them'
)


@dataclass(frozen=True)
class Completed:
    """A command that has ended: its exit status, and what it printed on both outputs."""

    exit_status: int
    output: str

    @property
    def last_line(self) -> str:
        """The last line that is not empty."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return lines[-1] if lines else f'exit status {self.exit_status}'


class CommandRunner(Protocol):
    """Runs a command to its end; raises `OSError` or `subprocess.TimeoutExpired`."""

    def __call__(self, command: Sequence[str], *, text_input: str, timeout_s: float) -> Completed:
        """Run it with this text on its standard input."""
        ...


def run_command(command: Sequence[str], *, text_input: str, timeout_s: float) -> Completed:
    """Run a command without a terminal: it can neither ask a person nor be cut off by Ctrl-C in the middle."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors='replace',
        env={**os.environ, 'LC_ALL': 'C'},
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(text_input, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        _abandon(process)
        raise
    return Completed(process.returncode, output)


def _abandon(process: subprocess.Popen[str]) -> None:
    """End a command that hangs, with all it started. What sudo runs as root cannot be ended by us: it is left alone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()


@dataclass(frozen=True)
class Host:
    """
    The machine. Names of files are absolute, as on the machine itself; `root` is where they are looked for.

    Where we are not root, what needs root goes through `sudo -n`, which never asks for a password.
    """

    root: Path = Path('/')
    run: CommandRunner = run_command
    is_root: bool = field(default_factory=lambda: os.geteuid() == 0)
    timeout_s: float = COMMAND_TIMEOUT_S

    def path(self, name: str) -> Path:
        """Return where the machine's file of this name is."""
        return self.root / name.lstrip('/')

    def read_exactly(self, name: str) -> str | None:
        """Return the text of a file; None where it cannot be read."""
        try:
            with self.path(name).open('rb') as file:
                return file.read(MAX_FILE_BYTES).decode(errors='replace')
        except OSError:
            return None

    def read(self, name: str) -> str:
        """Return the text of a file without white space around it; '' where it cannot be read."""
        return (self.read_exactly(name) or '').strip()

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return self.path(name).exists()

    def find(self, pattern: str) -> list[str]:
        """Return the names of the files that match, in order."""
        return sorted(f'/{path.relative_to(self.root)}' for path in self.root.glob(pattern.lstrip('/')))

    def program(self, name: str) -> str:
        """Return the path of a program. Raises `TuningError` where it is not installed."""
        for folder in PROGRAM_FOLDERS:
            candidate = self.root / folder / name
            if candidate.is_file():
                return str(candidate)
        raise TuningError('not available', f'the program {name} is not installed')

    def query(self, *command: str) -> Completed:
        """Run a command with our own rights. Raises `TuningError` where it does not end or cannot be started."""
        return self._run(command, '')

    def as_root(self, *command: str, text_input: str = '', must_succeed: bool = True) -> Completed:
        """Run a command as root. Raises `TuningError` where it is not permitted, hangs or fails."""
        completed = self._run(command if self.is_root else ('sudo', '-n', *command), text_input)
        if not self.is_root and completed.exit_status != 0 and (refusal := _sudo_refusal(completed.output)):
            raise TuningError('not permitted', f'{Path(command[0]).name} needs root: {refusal}', PERMISSION_ADVICE)
        if must_succeed and completed.exit_status != 0:
            raise TuningError('failed', f'{Path(command[0]).name}: {completed.last_line}')
        return completed

    def write(self, name: str, text: str) -> None:
        """Write a file as root. Raises `TuningError`."""
        self._as_owner(lambda: self.path(name).write_text(text, encoding='utf-8'), self.write_command(name), text)

    def remove(self, name: str) -> None:
        """Remove a file as root, if it is there. Raises `TuningError`."""
        self._as_owner(lambda: self.path(name).unlink(missing_ok=True), self.remove_command(name))

    def make_folder(self, name: str) -> None:
        """Make a folder that only root can write to, if it is not there. Raises `TuningError`."""
        self._as_owner(lambda: self.path(name).mkdir(parents=True, exist_ok=True), self.folder_command(name))

    def write_command(self, name: str) -> tuple[str, ...]:
        """Return the command by which a file is written as root."""
        return ('/usr/bin/tee', str(self.path(name)))

    def remove_command(self, name: str) -> tuple[str, ...]:
        """Return the command by which a file is removed as root."""
        return ('/usr/bin/rm', '-f', str(self.path(name)))

    def folder_command(self, name: str) -> tuple[str, ...]:
        """Return the command by which a folder is made as root."""
        return ('/usr/bin/install', '-d', '-m', '0755', str(self.path(name)))

    def _as_owner(self, act: Callable[[], object], command: tuple[str, ...], text_input: str = '') -> None:
        if not self.is_root:
            self.as_root(*command, text_input=text_input)
            return
        try:
            act()
        except OSError as error:
            raise TuningError('failed', f'{command[-1]}: {error.strerror}') from None

    def _run(self, command: tuple[str, ...], text_input: str) -> Completed:
        try:
            return self.run(command, text_input=text_input, timeout_s=self.timeout_s)
        except subprocess.TimeoutExpired:
            reason = f'{" ".join(command)} did not end within {self.timeout_s:g} s'
            raise TuningError(
                'failed', reason, 'it may still be running; run it by hand to see what it waits for'
            ) from None
        except FileNotFoundError:
            if command[0] == 'sudo':
                raise TuningError('not permitted', 'sudo is not installed', PERMISSION_ADVICE) from None
            raise TuningError('not available', f'{command[0]} is not installed') from None
        except OSError as error:
            raise TuningError('failed', f'{command[0]}: {error.strerror}') from None


def _sudo_refusal(output: str) -> str:
    """Return what sudo says where it refuses, '' where it was the command that failed."""
    said = [line.strip() for line in output.splitlines() if line.startswith('sudo:')]
    refusals = [line for line in said if 'unable to resolve host' not in line]  # a warning of a host without a name
    return refusals[-1] if refusals else ''
