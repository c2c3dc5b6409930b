"""`voice_pipeline jetson`: look at, set up and put back the power mode, clocks and tuning of a Jetson."""

from __future__ import annotations

import argparse
import getpass
import os
import pwd
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from voice_pipeline.jetson import service, setup
from voice_pipeline.jetson.board import find_board
from voice_pipeline.jetson.clocks import ClocksTuning
from voice_pipeline.jetson.governor import GovernorTuning
from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.outcome import Outcome, SetupRecord, TuningError, encode_record
from voice_pipeline.jetson.power_mode import PowerModeTuning
from voice_pipeline.jetson.realtime import RealtimeTuning
from voice_pipeline.jetson.record import boot_id, saved_state_path, write_record
from voice_pipeline.jetson.saved import SavedState
from voice_pipeline.jetson.swapping import SwappinessTuning
from voice_pipeline.jetson.tuning import Tuning


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare this tool's options."""
    parser.add_argument(
        'verb',
        nargs='?',
        default='verify',
        choices=['read', 'plan', 'apply', 'verify', 'undo', 'service'],
        help='read: what is set. plan: what apply would do. apply: set it up. verify (default): is it as wanted? '
        'undo: put back what was there before apply. service: print a systemd unit and a sudoers file.',
    )
    parser.add_argument(
        '--power-mode',
        default='max',
        metavar='max|keep|NAME',
        help='the fastest mode (default), the one in use, or NAME',
    )
    parser.add_argument('--dry-run', action='store_true', help='say what apply or undo would do, and touch nothing')
    parser.add_argument('--strict', action='store_true', help='exit status 1 unless all is as wanted')
    parser.add_argument('--json', action='store_true', help='print the outcomes as JSON')
    parser.add_argument('--at-end', action='store_true', help='undo: wait for Ctrl-C or SIGTERM, then undo')
    parser.add_argument('--write', action='store_true', help='service: write the files (with sudo)')
    parser.add_argument('--user', default=_this_user(), help='who gets the rights (default: %(default)s)')
    parser.add_argument(
        '--root', type=Path, default=Path('/'), metavar='FOLDER', help='a copy of the file system to try it on'
    )


def main(arguments: argparse.Namespace) -> int:
    """
    Run the verb.

    Returns 0; 1 with --strict where not all is as wanted, or where the service cannot be made; 2 for options that do
    not go together.
    """
    if (arguments.at_end and arguments.verb != 'undo') or (arguments.write and arguments.verb != 'service'):
        print('--at-end goes with undo, --write with service', file=sys.stderr)
        return 2
    host = _host(arguments.root)
    if arguments.verb == 'service':
        return _service(host, arguments)
    if arguments.at_end:
        _wait_for_the_end()
    record = _carry_out(host, arguments)
    if arguments.json:
        print(encode_record(record))
    else:
        print('\n'.join(_lines(record)))
    return 1 if arguments.strict and record.unmet else 0


def _host(root: Path) -> Host:
    """Return the machine; a copy of its files needs no rights."""
    return Host() if root == Path('/') else Host(root=root.absolute(), is_root=True)


def _tunings(host: Host, arguments: argparse.Namespace, user_id: int | None = None) -> list[Tuning]:
    """Return all tunings in the order in which they are applied: the power mode sets the bounds of the clocks."""
    return [
        PowerModeTuning(host, arguments.power_mode),
        ClocksTuning(host, user_id),
        GovernorTuning(host),
        SwappinessTuning(host),
        RealtimeTuning(host, arguments.user),
    ]


def _carry_out(host: Host, arguments: argparse.Namespace) -> SetupRecord:
    """Do what the verb says, and leave the record for the monitor, unless nothing may be touched."""
    board = find_board(host.root)
    tunings = _tunings(host, arguments) if board else []
    record = SetupRecord(
        verb=arguments.verb,
        board=str(board or ''),
        boot_id=boot_id(host),
        time_ns=time.time_ns(),
        outcomes=tuple(_outcomes(host, tunings, arguments)),
    )
    if board and not arguments.dry_run and record.verb in ('apply', 'verify', 'undo'):
        try:
            write_record(record)
        except OSError as error:
            print(f'the outcome will not be on /diagnostics: {error}', file=sys.stderr)
    return record


def _outcomes(host: Host, tunings: Sequence[Tuning], arguments: argparse.Namespace) -> list[Outcome]:
    state = SavedState(saved_state_path(), boot_id(host))
    if arguments.verb == 'undo':
        return setup.plan_undo(tunings, state) if arguments.dry_run else setup.undo(tunings, state)
    if arguments.verb == 'apply' and not arguments.dry_run:
        return setup.apply(tunings, state)
    look = {'read': setup.read, 'verify': setup.verify, 'plan': setup.plan, 'apply': setup.plan}
    return look[arguments.verb](tunings)


def _lines(record: SetupRecord) -> list[str]:
    """Return the record for people: a line a tuning, and below it what one can do."""
    if not record.board:
        return [record.summary]
    lines = [record.board]
    for outcome in record.outcomes:
        lines.append(f'  {outcome.tuning:<17} {outcome.state:<14} {outcome.reason}')
        if outcome.advice:
            lines.append(f'  {"":<17} {"":<14} ({outcome.advice})')
    if any(outcome.state == 'differs' for outcome in record.outcomes):
        lines.append('  to set it up: "voice_pipeline jetson apply", or jetson:=apply when it is launched')
    return lines


def _wait_for_the_end() -> None:
    """Wait until we are told to end. Told so again, we still finish: the handlers stay."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    print('what was there before is put back at the end', flush=True)
    ended.wait()


def _service(host: Host, arguments: argparse.Namespace) -> int:
    """Print the files of the service, and write them on request."""
    try:
        files = _service_files(host, arguments)
        if arguments.write:
            if not host.is_root:
                raise TuningError('not permitted', 'only root can write these files', 'run it again with sudo')
            service.check_sudoers(host, files[1])
            service.install(host, files)
    except TuningError as error:
        print(f'{error.reason}. {error.advice}'.strip(), file=sys.stderr)
        return 1
    if not arguments.write:
        print('\n'.join(f'# --- {file.name}\n{file.text}' for file in files))
        return 0
    print(*(f'written: {host.path(file.name)}' for file in files), sep='\n')
    print('start it now and at each boot: sudo systemctl daemon-reload && sudo systemctl enable --now', end=' ')
    print(Path(service.UNIT_FILE).name)
    return 0


def _service_files(host: Host, arguments: argparse.Namespace) -> list[service.SystemFile]:
    try:
        user_id = pwd.getpwnam(arguments.user).pw_uid
    except KeyError:
        raise TuningError('failed', f"there is no user '{arguments.user}'", 'name one with --user') from None
    commands: list[tuple[str, ...]] = []
    for tuning in _tunings(host, arguments, user_id):
        try:
            commands += tuning.root_commands()
        except TuningError as error:
            print(f'left out: {tuning.name}: {error.reason}', file=sys.stderr)
    apply = [sys.executable, '-m', 'voice_pipeline', 'jetson', 'apply', '--strict']
    return [
        service.unit_file(
            arguments.user, [*apply, '--power-mode', arguments.power_mode], Path(__file__).resolve().parents[2]
        ),
        service.sudoers_file(arguments.user, commands),
    ]


def _this_user() -> str:
    """Return who sits in front of it: with sudo, not root."""
    try:
        return os.environ.get('SUDO_USER') or getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        return str(os.getuid())
