"""`benchmark compare`: two reports of the stages beside each other: what has become faster or slower, and how sure."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.table import Table

from voice_pipeline.tools.benchmark.output import make_console
from voice_pipeline.tools.benchmark.significance import CONFIDENCE_PERCENT, Difference, difference, holm
from voice_pipeline.tools.benchmark.stage_report import StageBenchmark, StageReportError, StageTimes, read_report

PURPOSE = 'two reports of "benchmark stages": what is faster or slower, and how sure that is'
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Change:
    """
    One stage before and after.

    `difference` is that of the times in units of the reference workload; `p_value` is adjusted for how many stages
    there are.
    """

    stage: str
    before_ms: float
    after_ms: float
    difference: Difference
    p_value: float

    @property
    def verdict(self) -> str:
        """Whether it changed, as far as these two reports can tell."""
        if self.p_value >= SIGNIFICANT:
            return 'no difference shown'
        return 'slower' if self.difference.ratio > 1 else 'faster'


def changes(before: StageBenchmark, after: StageBenchmark) -> list[Change]:
    """Return the change of each stage that is in both. Raises `StageReportError` where one has less than two passes."""
    names = [name for name in before.stages if name in after.stages]
    if not names:
        raise StageReportError('the two reports have no stage in common')
    differences = [_difference(name, before.stages[name], after.stages[name]) for name in names]
    adjusted = holm([one.p_value for one in differences])
    return [
        Change(name, _median_ms(before.stages[name]), _median_ms(after.stages[name]), one, p_value)
        for name, one, p_value in zip(names, differences, adjusted, strict=True)
    ]


def _difference(name: str, before: StageTimes, after: StageTimes) -> Difference:
    try:
        return difference([one.relative for one in before.passes], [one.relative for one in after.passes])
    except ValueError as error:
        raise StageReportError(f'{name}: {error}: use more --repetitions') from None


def _median_ms(times: StageTimes) -> float:
    return median(one.median_ms for one in times.passes)


def remarks(before: StageBenchmark, after: StageBenchmark) -> list[str]:
    """Return what else is to be known about the two reports."""
    found = [
        'The ratio is of times in units of the reference workload of the same pass. The test says whether these two '
        'runs differ; to know why, run each version more than once, in turns.'
    ]
    if before.machine_name != after.machine_name:
        found.append(f'The machines differ: {before.machine_name}, then {after.machine_name}.')
    if before.backend != after.backend:
        found.append(f'The models differ: {before.backend}, then {after.backend}.')
    only = sorted(before.stages.keys() ^ after.stages.keys())
    if only:
        found.append(f'In one of the reports only: {"; ".join(only)}.')
    return found


def table(found: Sequence[Change]) -> Table:
    """Return the changes, a line a stage."""
    result = Table(title='Before and after', title_justify='left')
    result.add_column('stage')
    for heading in ('before ms', 'after ms', 'ratio', f'{CONFIDENCE_PERCENT:g} % interval', 'p, adjusted'):
        result.add_column(heading, justify='right', no_wrap=True)
    result.add_column('')
    styles = {'slower': 'red', 'faster': 'green'}
    for one in found:
        interval = f'{one.difference.low:.3f} to {one.difference.high:.3f}'
        verdict = f'[{styles[one.verdict]}]{one.verdict}[/]' if one.verdict in styles else one.verdict
        result.add_row(
            one.stage,
            f'{one.before_ms:.3f}',
            f'{one.after_ms:.3f}',
            f'{one.difference.ratio:.3f}',
            interval,
            f'{one.p_value:.4f}',
            verdict,
        )
    return result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument('before', type=Path, metavar='BEFORE.json', help='a report of "benchmark stages --json"')
    parser.add_argument('after', type=Path, metavar='AFTER.json', help='another')


def main(arguments: argparse.Namespace) -> int:
    """Compare and print; return 0, or 1 where the reports cannot be compared (said on stderr)."""
    try:
        before, after = read_report(arguments.before), read_report(arguments.after)
        found = changes(before, after)
    except StageReportError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    console = make_console()
    console.print(table(found))
    for remark in remarks(before, after):
        console.print(remark, highlight=False)
    return 0
