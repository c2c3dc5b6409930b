"""
`benchmark gate`: fails where a stage has become slower than a reference allows, on a fast machine as on a slow one.

What is held against the reference is not a time but its ratio to that of a fixed workload measured in the same run,
both undisturbed: each thing that was done counts at the fastest of its passes. So it needs passes: on two cores that
others kept five times too busy, three runs of 8 passes differed by up to 12 % (Whisper) and 6 % (all else), four of 3
passes by up to 70 % and 20 %. Stages that the reference does not name are not judged.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.table import Table

from voice_pipeline.tools.benchmark.output import make_console, unsaved
from voice_pipeline.tools.benchmark.stage_report import StageBenchmark, StageReportError, read_report

PURPOSE = 'fail where a stage is slower than a reference allows, whatever the machine (for continuous integration)'
TOLERANCE = 1.3  # more than twice what runs of 8 passes differ by on a busy machine
EXIT_OK, EXIT_SLOWER, EXIT_CANNOT_JUDGE = 0, 1, 2


class Reference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is committed: of each stage, its time in units of the reference workload's, and where that was measured."""

    machine: str
    relative: dict[str, float]


@dataclass(frozen=True)
class Judgement:
    """One stage: its time in units of the reference workload, now and then. None: it is not in the report."""

    stage: str
    now: float | None
    then: float
    tolerance: float

    @property
    def ratio(self) -> float | None:
        """How many times as long it takes."""
        return None if self.now is None else self.now / self.then

    @property
    def is_kept(self) -> bool:
        """Whether it is within the tolerance; what was not measured is not."""
        return self.ratio is not None and self.ratio <= self.tolerance


def judge(report: StageBenchmark, reference: Reference, tolerance: float) -> list[Judgement]:
    """Return the judgement on each stage of the reference."""
    return [
        Judgement(stage, report.relative(stage) if stage in report.stages else None, then, tolerance)
        for stage, then in reference.relative.items()
    ]


def reference_of(report: StageBenchmark) -> Reference:
    """Return what later reports are held against."""
    return Reference(
        machine=report.machine_name, relative={name: round(report.relative(name), 5) for name in report.stages}
    )


def read_reference(path: Path) -> Reference:
    """Return a committed reference. Raises `StageReportError`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Reference)
    except OSError as error:
        raise StageReportError(f'{path}: cannot be read: {error}') from None
    except msgspec.DecodeError as error:
        raise StageReportError(f'{path}: no reference: {error}: make one with --update') from None


def save_reference(reference: Reference, path: Path) -> None:
    """Write the reference. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(reference), indent=2) + b'\n')


def table(judgements: Sequence[Judgement]) -> Table:
    """Return the judgements, a line a stage."""
    result = Table(title='Against the reference', title_justify='left')
    result.add_column('stage')
    for heading in ('× workload, then', 'now', 'ratio', 'allowed'):
        result.add_column(heading, justify='right', no_wrap=True)
    result.add_column('')
    for one in judgements:
        now = '–' if one.now is None else f'{one.now:.4f}'
        ratio = '–' if one.ratio is None else f'{one.ratio:.2f}'
        verdict = '[green]kept[/]' if one.is_kept else '[red]not measured[/]' if one.now is None else '[red]slower[/]'
        result.add_row(one.stage, f'{one.then:.4f}', now, ratio, f'≤ {one.tolerance:g}', verdict)
    return result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument('report', type=Path, metavar='REPORT.json', help='a report of "benchmark stages --json"')
    parser.add_argument('--reference', type=Path, required=True, metavar='FILE', help='what it is held against')
    parser.add_argument(
        '--tolerance', type=_tolerance, default=TOLERANCE, help='how many times as long a stage may take (%(default)s)'
    )
    parser.add_argument('--update', action='store_true', help='write the reference from this report, and end')


def _tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1.0 <= value < float('inf'):
        raise argparse.ArgumentTypeError(f"'{text}' is no number of 1 or more")
    return value


def main(arguments: argparse.Namespace) -> int:
    """Judge and print; return 0, 1 where a stage is slower, 2 where that cannot be judged (said on stderr)."""
    try:
        report = read_report(arguments.report)
        if arguments.update:
            save_reference(reference_of(report), arguments.reference)
            print(f'Saved {arguments.reference}.')
            return EXIT_OK
        judgements = judge(report, read_reference(arguments.reference), arguments.tolerance)
    except StageReportError as error:
        print(f'error: {error}', file=sys.stderr)
        return EXIT_CANNOT_JUDGE
    except OSError as error:
        unsaved(error)
        return EXIT_CANNOT_JUDGE
    make_console().print(table(judgements))
    return EXIT_OK if all(one.is_kept for one in judgements) else EXIT_SLOWER
