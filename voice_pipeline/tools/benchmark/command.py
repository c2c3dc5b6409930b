"""The `benchmark` command: what can be measured, each in a module with `PURPOSE`, `add_arguments` and `main`."""

from __future__ import annotations

import argparse

from voice_pipeline.tools.benchmark import (
    compare,
    control,
    endurance,
    gate,
    listening,
    names,
    recognition_command,
    stages,
    streams,
    techniques,
    understanding_command,
)

PARTS = {
    'stages': stages,
    'compare': compare,
    'gate': gate,
    'recognition': recognition_command,
    'streams': streams,
    'listening': listening,
    'names': names,
    'endurance': endurance,
    'techniques': techniques,
    'understanding': understanding_command,
    'control': control,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parts = parser.add_subparsers(title='what', metavar='WHAT', required=True)
    for name, part in PARTS.items():
        command = parts.add_parser(name, help=part.PURPOSE, description=f'{part.PURPOSE}.')
        part.add_arguments(command)
        command.set_defaults(benchmark=part.main)


def main(arguments: argparse.Namespace) -> int:
    """Run the benchmark; return 0, or 1 where nothing could be measured or saved (said on stderr)."""
    status: int = arguments.benchmark(arguments)
    return status
