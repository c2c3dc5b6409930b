"""`voice_pipeline devices`: the microphones that can be chosen."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys

from voice_pipeline.audio.microphone import Device, MicrophoneError, list_devices


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare this tool's options."""
    parser.add_argument('--json', action='store_true', help='print the list as JSON')


def main(arguments: argparse.Namespace) -> int:
    """Print the input devices. Returns 0, or 1 when there are none."""
    try:
        devices = list_devices()
    except MicrophoneError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps([dataclasses.asdict(device) for device in devices], indent=2))
    elif devices:
        _print_table(devices)
    if not devices:
        print(
            'no microphone found: plug one in, check that your user is in the group audio (`groups`), '
            'or use a sound file (source wav)',
            file=sys.stderr,
        )
        return 1
    return 0


def _print_table(devices: list[Device]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title='Microphones', caption='choose one by index or by a part of its name: parameter device')
    table.add_column('index', justify='right')
    table.add_column('name', overflow='fold')
    table.add_column('channels', justify='right')
    table.add_column('rate [Hz]', justify='right')
    table.add_column('default', justify='center')
    for device in devices:
        default = '✓' if device.is_default else ''
        table.add_row(str(device.index), escape(device.name), str(device.channels), str(device.rate_hz), default)
    Console().print(table)
