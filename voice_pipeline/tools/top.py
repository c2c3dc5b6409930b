"""`voice_pipeline top`: the pipeline in a terminal, stage by stage against its budgets, while it runs."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from voice_pipeline.control.motion import Odometry
from voice_pipeline.dashboard.words import limit, number
from voice_pipeline.messages import Message
from voice_pipeline.monitoring.machine import MachineValues
from voice_pipeline.monitoring.report import AnyPart, Check, Level, Report
from voice_pipeline.monitoring.utterances import UtteranceRecord
from voice_pipeline.tools.processes import NAMESPACE

REFRESH_HZ = 4
PATIENCE_S = 10.0  # for discovery, and a report a second
LATE_S = 5.0
SHOWN_UTTERANCES = 8
PLAIN_WIDTH = 140
STYLES = {Level.OK: 'green', Level.WARN: 'yellow', Level.ERROR: 'red', Level.STALE: 'magenta'}

EXIT_OK, EXIT_NO_MONITOR = 0, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('--namespace', default=NAMESPACE, help="the pipeline's namespace (default: %(default)s)")
    parser.add_argument('--domain', type=int, metavar='NUMBER', help='DDS domain (default: ROS_DOMAIN_ID, or 0)')
    parser.add_argument('--once', action='store_true', help='print one table and end')
    parser.add_argument(
        '--timeout',
        type=float,
        metavar='SECONDS',
        default=PATIENCE_S,
        help='how long to wait for the monitor (default: %(default)g)',
    )


def main(arguments: argparse.Namespace) -> int:
    """Run the command; exit status 1 where no monitor answers."""
    try:
        from voice_pipeline.nodes.observer import observing
    except ImportError as error:
        print(f'top: ROS 2 is not there ({error}): source it, or run "make setup"', file=sys.stderr)
        return EXIT_NO_MONITOR
    try:
        domain = int(os.environ.get('ROS_DOMAIN_ID') or 0) if arguments.domain is None else arguments.domain
    except ValueError:
        print(f'top: ROS_DOMAIN_ID is {os.environ["ROS_DOMAIN_ID"]!r}: expected a number', file=sys.stderr)
        return EXIT_NO_MONITOR
    scene = Scene()
    with observing(scene, arguments.namespace, domain):
        if not scene.wait_for_report(arguments.timeout):
            print(no_monitor(arguments.namespace, domain, arguments.timeout), file=sys.stderr)
            return EXIT_NO_MONITOR
        console = Console()
        if arguments.once or not console.is_terminal:
            _plain(console).print(scene.picture())
        else:
            _show(scene, console)
    return EXIT_OK


def _plain(console: Console) -> Console:
    """Return a console wide enough for the tables also where the output goes to a file."""
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)


def _show(scene: Scene, console: Console) -> None:
    """Show the scene until Ctrl-C."""
    with Live(get_renderable=scene.picture, console=console, refresh_per_second=REFRESH_HZ, screen=True):
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


def no_monitor(namespace: str, domain: int, timeout_s: float) -> str:
    """Return what to check where no monitor answers."""
    return (
        f"top: no word from a monitor in {timeout_s:g} s, in the namespace '{namespace}' of DDS domain {domain}.\n"
        '  - Is the pipeline running, with its node monitor? ("ros2 node list")\n'
        '  - In another namespace? Say which: --namespace /NAME\n'
        '  - On another domain? Set ROS_DOMAIN_ID as there, or say --domain NUMBER\n'
        '  - On another machine? Neither may be limited to itself: ROS_AUTOMATIC_DISCOVERY_RANGE, ROS_LOCALHOST_ONLY'
    )


class Scene:
    """What is known now: a listener (`nodes.observer.Listener`), drawn from another thread."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._changed = threading.Condition()
        self._report: Report | None = None
        self._report_s = 0.0
        self._utterances: OrderedDict[str, UtteranceRecord] = OrderedDict()

    def on_ready(self, node: str) -> None:
        """Nothing to show."""

    def on_message(self, message: Message, received_ns: int, /) -> None:
        """Nothing to show: the monitor has put it together."""

    def on_odometry(self, odometry: Odometry) -> None:
        """Nothing to show."""

    def on_report(self, report: Report) -> None:
        """Take what the monitor says."""
        with self._changed:
            self._report, self._report_s = report, self._clock_s()
            self._changed.notify_all()

    def on_utterance(self, record: UtteranceRecord) -> None:
        """Take how far an utterance has come."""
        with self._changed:
            self._utterances[record.utterance_id] = record
            if len(self._utterances) > SHOWN_UTTERANCES:
                self._utterances.popitem(last=False)

    def wait_for_report(self, timeout_s: float) -> bool:
        """Wait until the monitor has said something; return whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self._report is not None, timeout_s)

    def picture(self) -> RenderableType:
        """Return everything as tables."""
        with self._changed:
            report, age_s = self._report, self._clock_s() - self._report_s
            records = tuple(self._utterances.values())
        if report is None:
            return Text('no word from the monitor yet')
        return Group(
            _overall(report, age_s), '', stages_table(report), '', _machine(report), '', _newest(report, records)
        )


def _overall(report: Report, age_s: float) -> Text:
    if age_s > LATE_S:
        return Text(f'STALE: no word from the monitor for {age_s:.0f} s', style=STYLES[Level.STALE])
    return Text(str(report.overall), style=STYLES[report.overall.level])


def stages_table(report: Report) -> Table:
    """Return each part of the pipeline with its values, budgets and verdict; a dash is "not available"."""
    table = Table(box=None, padding=(0, 1), title='Stages', title_justify='left')
    table.add_column('stage')
    for column in ('Hz', 'budget', 'p50 ms', 'p95 ms', 'budget', 'age s', 'lost'):
        table.add_column(column, justify='right')
    table.add_column('verdict', overflow='fold')
    for stage in report.stages:
        values, (rate, latency, *_) = stage.values, stage.checks
        p50_ms = values.latency_ms.p50 if values.latency_ms else None
        table.add_row(
            values.name,
            *_value_and_limit(rate),
            number(p50_ms),
            *_value_and_limit(latency),
            number(values.age_s),
            str(values.dropped),
            _verdict(report, values.name, stage),
        )
    for name, part in (('voice to action', report.voice_to_action), ('voice to stop', report.voice_to_stop)):
        (check,) = part.checks
        table.add_row(name, '', '', '', *_value_and_limit(check), '', '', _verdict(report, name, part))
    return table


def _value_and_limit(check: Check) -> tuple[str, str]:
    return number(check.value), limit(check)


def _verdict(report: Report, name: str, part: AnyPart) -> Text:
    verdict = part.verdict
    if verdict.level is Level.OK:
        known = any(check.value is not None for check in part.checks)
        return Text('OK' if known else 'no data', style=STYLES[Level.OK] if known else 'dim')
    causes = ', '.join(report.causes.get(name, ()))
    return Text(f'{verdict}{f" (likely: {causes})" if causes else ""}', style=STYLES[verdict.level])


def _machine(report: Report) -> Table:
    values = report.machine.values
    table = Table(box=None, padding=(0, 1), title='Machine', title_justify='left')
    table.add_column('')
    table.add_column('now', justify='right')
    table.add_column('budget', justify='right')
    for check in report.machine.checks:
        colour = '' if check.value is None else STYLES[check.verdict().level]
        table.add_row(check.label, Text(f'{number(check.value)} {check.unit}', style=colour), limit(check))
    for name, words in _readings(values):
        table.add_row(escape(name), escape(words), '')
    return table


def _readings(values: MachineValues) -> list[tuple[str, str]]:
    cores = ' '.join(f'{load:.0f}' for load in values.core_percents)
    rows = [('each core', f'{cores} %')] if cores else []
    return rows + [(f'{one.group} {one.name}', f'{one.value:g} {one.unit}') for one in values.readings]


def _newest(report: Report, records: tuple[UtteranceRecord, ...]) -> Table:
    """Return the newest utterances; those before we came are known by their latency alone."""
    table = Table(box=None, padding=(0, 1), title='Utterances, newest first', title_justify='left')
    for column in ('heard', 'plan', 'outcome'):
        table.add_column(column, overflow='fold')
    table.add_column('ms', justify='right')
    known = {record.utterance_id for record in records}
    for record in reversed(records):
        latency_ms = record.latency.total_ms if record.latency else None
        outcome = f'{record.outcome}{f": {record.reason}" if record.reason else ""}'
        words = (record.heard, record.planned or record.understood, outcome)
        table.add_row(*map(escape, words), number(latency_ms))
    earlier = [one for one in report.voice_to_action.values.utterances if one.utterance_id not in known]
    for latency in list(reversed(earlier))[: SHOWN_UTTERANCES - len(records)]:
        table.add_row(escape(latency.text), '', escape(latency.problem), number(latency.total_ms))
    if not table.rows:
        table.add_row('none yet: say or type a command', '', '', '')
    return table
