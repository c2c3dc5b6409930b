"""
The two files that let a Jetson set itself up at each boot, with the fewest rights.

The service runs as the user, not as root: nothing that the user can edit is ever run as root. What needs root goes
through sudo, and the sudoers file names each command with its arguments, so that it allows nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.outcome import TuningError

UNIT_FILE = '/etc/systemd/system/voice-pipeline-jetson.service'
SUDOERS_FILE = '/etc/sudoers.d/voice-pipeline-jetson'  # sudo passes over names with a dot

_UNIT = """\
# Written by "voice_pipeline jetson service".
[Unit]
Description=Power mode, clocks and tuning of this Jetson for voice_pipeline
After=nvpmodel.service

[Service]
Type=oneshot
RemainAfterExit=yes
User={user}
Environment={python_path}
ExecStart={command}
TimeoutStartSec=180

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class SystemFile:
    """A file that root installs: its name, its text and its permissions."""

    name: str
    text: str
    mode: int


def unit_file(user: str, command: Sequence[str], package_folder: Path) -> SystemFile:
    """Return the unit that runs the command at each boot; the folder is where Python finds this package."""
    text = _UNIT.format(
        user=_checked(user),
        python_path=_quoted(f'PYTHONPATH={package_folder}'),
        command=' '.join(_quoted(word).replace('$', '$$') for word in command),
    )
    return SystemFile(UNIT_FILE, text, 0o644)


def sudoers_file(user: str, commands: Sequence[Sequence[str]]) -> SystemFile:
    """Return the rights of the user to run exactly these commands as root without a password."""
    head = '# Written by "voice_pipeline jetson service". Check it with: visudo -c'
    rules = [f'{_checked(user)} ALL=(root) NOPASSWD: {_sudoers_command(command)}' for command in commands]
    return SystemFile(SUDOERS_FILE, '\n'.join([head, *rules]) + '\n', 0o440)


def check_sudoers(host: Host, file: SystemFile) -> None:
    """Let `visudo` read the rights before sudo does, where it is installed. Raises `TuningError`."""
    try:
        visudo = host.program('visudo')
    except TuningError:
        return
    completed = host.as_root(visudo, '-c', '-f', '-', text_input=file.text, must_succeed=False)
    if completed.exit_status != 0:
        raise TuningError('failed', f'visudo refuses the rights: {completed.last_line}', 'nothing was written')


def install(host: Host, files: Sequence[SystemFile]) -> None:
    """Write the files, as root, each as a whole. Raises `TuningError`."""
    for file in files:
        path = host.path(file.name)
        temporary = path.with_name(f'.{path.name}.new')
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.touch(mode=file.mode)
            temporary.write_text(file.text, encoding='utf-8')
            temporary.chmod(file.mode)
            temporary.replace(path)
        except OSError as error:
            raise TuningError('failed', f'{path} cannot be written: {error.strerror}') from None


def _checked(user: str) -> str:
    """Return the user's name; one that would mean something else in these files is refused."""
    if not re.fullmatch(r'[A-Za-z_][A-Za-z0-9_-]{0,31}', user):
        raise TuningError('failed', f"'{user}' is not the name of a user")
    return user


def _sudoers_command(command: Sequence[str]) -> str:
    """Return a command as sudoers spells it; "" is "without any argument"."""
    escaped = [re.sub(r'([\\,:=\s*?\[\]!])', r'\\\1', word) for word in command]
    return ' '.join(escaped if len(escaped) > 1 else [*escaped, '""'])


def _quoted(word: str) -> str:
    """Return a word as systemd reads it back (systemd.syntax, "Quoting"; % begins a specifier)."""
    plain = word.replace('\\', '\\\\').replace('"', '\\"').replace('%', '%%')
    return plain if re.fullmatch(r'[\w@%+=:,./-]+', plain) else f'"{plain}"'
