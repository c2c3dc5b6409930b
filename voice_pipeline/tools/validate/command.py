"""The `validate` command: chooses how thoroughly, carries out the scenarios, and reports."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.audio.wav import SoundFileError
from voice_pipeline.monitoring.budgets import BudgetError, load_budgets
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.tools.benchmark.output import make_console, save_json
from voice_pipeline.tools.benchmark.recorded import record
from voice_pipeline.tools.benchmark.scenarios import Scenarios, ScenariosError, clips_of, load_scenarios
from voice_pipeline.tools.machine import machine
from voice_pipeline.tools.validate import report
from voice_pipeline.tools.validate.page import save_page
from voice_pipeline.tools.validate.run import SCENARIOS, Task, validate

LOGS = Path('reports/logs/validate')
EXIT_OK, EXIT_NOT_KEPT, EXIT_CANNOT_RUN = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    effort = parser.add_mutually_exclusive_group()
    effort.add_argument(
        '--quick',
        dest='effort',
        action='store_const',
        const='quick',
        default='quick',
        help='under two minutes (default)',
    )
    effort.add_argument('--long', dest='effort', action='store_const', const='long', help='about ten minutes')
    parser.add_argument(
        '--only',
        nargs='+',
        choices=list(SCENARIOS),
        default=list(SCENARIOS),
        metavar='SCENARIO',
        help=', '.join(SCENARIOS),
    )
    parser.add_argument('--scenarios', type=Path, metavar='FILE', help='what is said, and how often (scenarios.yaml)')
    parser.add_argument('--budgets', type=Path, metavar='FILE', help='what is promised (budgets.yaml)')
    parser.add_argument('--model', default='tiny.en', help='Whisper model: a name or a path (%(default)s)')
    parser.add_argument('--backend', default='auto', choices=['auto', 'openai-whisper', 'faster-whisper'])
    parser.add_argument('--device', default='auto', choices=['auto', 'cpu', 'cuda'])
    parser.add_argument('--json', type=Path, metavar='FILE', help='save all figures and raw samples')
    parser.add_argument('--html', type=Path, metavar='FILE', help='save a page with plots')
    parser.add_argument(
        '--record',
        type=Path,
        metavar='FILE',
        help='save the revisions of the sentences as the recogniser makes them, which "intents" and "planning" are fed '
        'with, and end',
    )


def main(arguments: argparse.Namespace) -> int:
    """Run the command: 0 when every promise is kept, 1 when one is not, 2 where it cannot run."""
    try:
        scenarios = load_scenarios(arguments.scenarios)
        if arguments.record:
            return _record(scenarios, arguments)
        task = _task(scenarios, arguments)
    except (ScenariosError, BudgetError, ModelError, SoundFileError, SpeechError, FileNotFoundError) as error:
        return _cannot_run(str(error))
    return run(task, arguments)


def _task(scenarios: Scenarios, arguments: argparse.Namespace) -> Task:
    wanted = [name for name in SCENARIOS if name in arguments.only]
    needs_sound = any(name in ('recognition', 'whole') for name in wanted)
    return Task(
        scenarios=wanted,
        effort=getattr(scenarios.validate, arguments.effort),
        budgets=load_budgets(arguments.budgets),
        clips=clips_of(scenarios) if needs_sound else [],
        recogniser={'model': arguments.model, 'backend': arguments.backend, 'device': arguments.device},
        logs=LOGS,
    )


def run(task: Task, arguments: argparse.Namespace) -> int:
    """Validate, print and save; return the exit status."""
    console, about_machine = make_console(), machine()
    with console.status('starting') as status:
        validation = validate(task, status.update)
    report.print_report(console, validation, about_machine)
    try:
        if arguments.json:
            save_json(report.as_json(validation, about_machine, arguments.effort), arguments.json, console)
        if arguments.html:
            save_page(validation, about_machine, arguments.effort, arguments.html)
            console.print(f'Saved {arguments.html}.', highlight=False)
    except ImportError:
        return _cannot_run('there are no plots without matplotlib: pip install matplotlib')
    except OSError as error:
        return _cannot_run(f'the report cannot be saved: {error}')
    if any(outcome.problem for outcome in validation.outcomes):
        return EXIT_CANNOT_RUN
    return EXIT_OK if report.is_kept(validation) else EXIT_NOT_KEPT


def _record(scenarios: Scenarios, arguments: argparse.Namespace) -> int:
    settings = RecognitionSettings(model=arguments.model, backend=arguments.backend, device=arguments.device)
    try:
        count = record(clips_of(scenarios), settings, load(settings), arguments.record)
    except OSError as error:
        return _cannot_run(f'the revisions cannot be saved: {error}')
    print(f'Saved {count} revisions in {arguments.record}.')
    return EXIT_OK


def _cannot_run(reason: str) -> int:
    print(f'validate: {reason}', file=sys.stderr)
    return EXIT_CANNOT_RUN
