"""The `doctor` command: runs the checks, and says in plain words what to fix."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import msgspec

from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.doctor.check import Check, Result, run
from voice_pipeline.tools.doctor.options import Options

EXIT_OK, EXIT_ERRORS, EXIT_WRONG_USAGE = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('--quick', action='store_true', help='leave out the model, the microphone and the loudspeaker')
    parser.add_argument('--only', nargs='+', metavar='NAME', default=[], help='run these checks; --list names them')
    parser.add_argument('--list', action='store_true', help='list the checks, and run none')
    parser.add_argument('--json', action='store_true', help='print one JSON document')
    launch = parser.add_argument_group('what you give the launch file', 'the same names and meanings as there')
    choices = {parameter.name: parameter.choices for parameter in RecognitionSettings.parameters()}
    launch.add_argument('--config', default='', metavar='FOLDER', help='parameter files (default: those installed)')
    launch.add_argument('--model', default='', help='Whisper model: a name or a path')
    launch.add_argument('--backend', default='', choices=choices['backend'], help='what runs Whisper')
    launch.add_argument('--device', default='', choices=choices['device'], help='where Whisper runs')
    launch.add_argument('--microphone', default='', metavar='NAME', help='input device: index or part of its name')
    launch.add_argument('--loudspeaker', default='', metavar='NAME', help='output device: index or part of its name')
    launch.add_argument('--vocabulary', default='', metavar='FILE', help="the robot's names and places")
    launch.add_argument('--namespace', default='voice', help='of all nodes (default: %(default)s)')
    launch.add_argument('--cmd-vel', default='/cmd_vel', metavar='TOPIC', help='the velocity (default: %(default)s)')


def main(arguments: argparse.Namespace) -> int:
    """Run the command; exit status 0 (all ok, or warnings), 1 (errors) or 2 (no such check)."""
    # Not before: the checks need half of the package, and every command of the program declares its arguments first.
    from voice_pipeline.tools.doctor.catalogue import all_checks
    from voice_pipeline.tools.doctor.surroundings import Surroundings

    return examine(all_checks(Surroundings(options=_options(arguments))), arguments)


def _options(arguments: argparse.Namespace) -> Options:
    return Options(**{name: getattr(arguments, name) for name in Options.__struct_fields__})


def examine(checks: Sequence[Check], arguments: argparse.Namespace) -> int:
    """Run those of the checks that the arguments ask for, and print the results. Returns the exit status."""
    from voice_pipeline.tools.doctor.view import View, make_console, print_list

    if problem := _unknown(arguments.only, [check.name for check in checks]):
        print(problem, file=sys.stderr)
        return EXIT_WRONG_USAGE
    chosen = [check for check in checks if _is_wanted(check, arguments)]
    if arguments.list:
        print_list(make_console(), chosen)
        return EXIT_OK
    if arguments.json:
        results = [run(check) for check in chosen]
        print(msgspec.json.format(msgspec.json.encode(document(results))).decode())
        return exit_status(results)
    view = View(make_console(), [check.name for check in chosen])
    results = []
    for check in chosen:
        with view.looking(check):
            results.append(run(check))
        view.show(results[-1])
    view.conclude(results)
    return exit_status(results)


def _is_wanted(check: Check, arguments: argparse.Namespace) -> bool:
    return check.name in arguments.only if arguments.only else check.is_quick or not arguments.quick


def _unknown(asked: Sequence[str], names: Sequence[str]) -> str:
    """Say which names are no checks; '' where all are."""
    for name in asked:
        if name not in names:
            close = get_close_matches(name, names, n=1)
            hint = f"did you mean '{close[0]}'?" if close else 'see doctor --list'
            return f"there is no check '{name}': {hint}"
    return ''


def exit_status(results: Sequence[Result]) -> int:
    """Return what the program ends with."""
    return EXIT_ERRORS if any(result.finding.level == 'error' for result in results) else EXIT_OK


def document(results: Sequence[Result]) -> dict[str, Any]:
    """Return the results for programs; `verdict` is the worst level that is not "skipped"."""
    levels = {result.finding.level for result in results}
    return {
        'version': 1,
        'verdict': next((level for level in ('error', 'warning') if level in levels), 'ok'),
        'checks': [
            {
                'name': result.check.name,
                'group': result.check.group,
                'bottleneck': result.check.bottleneck,
                'level': result.finding.level,
                'found': result.finding.found,
                'advice': result.finding.advice,
                'duration_s': round(result.duration_s, 3),
            }
            for result in results
        ],
    }
