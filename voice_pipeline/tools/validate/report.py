"""What the validator says: a table a scenario, a verdict in one line, a JSON document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from voice_pipeline.tools.machine import describe
from voice_pipeline.tools.validate.lines import Line, Outcome, Verdict
from voice_pipeline.tools.validate.run import Validation

STYLES = {
    Verdict.PASS: 'green',
    Verdict.FAIL: 'bold red',
    Verdict.NOT_MEASURED: 'yellow',
    Verdict.INFORMATION: '',
}
FORMAT_VERSION = 1


def is_kept(validation: Validation) -> bool:
    """Return whether no promise was broken and every scenario could be carried out."""
    return not any(outcome.problem for outcome in validation.outcomes) and not counted(validation)[Verdict.FAIL]


def counted(validation: Validation) -> Counter[Verdict]:
    """Return how many lines have which verdict."""
    return Counter(line.verdict for outcome in validation.outcomes for line in outcome.lines)


def summary(validation: Validation) -> str:
    """Return the whole in one line: "PASS: 30 kept, 0 not kept, 1 not measured"."""
    counts = counted(validation)
    word = Verdict.PASS if is_kept(validation) else Verdict.FAIL
    parts = f'{counts[Verdict.PASS]} kept, {counts[Verdict.FAIL]} not kept, {counts[Verdict.NOT_MEASURED]} not measured'
    problems = sum(bool(outcome.problem) for outcome in validation.outcomes)
    return f'{word.value}: {parts}' + (f', {problems} scenarios could not be carried out' if problems else '')


def print_report(console: Console, validation: Validation, about_machine: Mapping[str, Any]) -> None:
    """Print a table a scenario, what makes the figures doubtful, the machine and the verdict."""
    for outcome in validation.outcomes:
        if outcome.problem:
            console.print(f'[bold red]{outcome.title}:[/bold red] {escape(outcome.problem)}', highlight=False)
        else:
            console.print(table(outcome))
    for warning in validation.warnings:
        console.print(f'[yellow]Note:[/yellow] {warning}.', highlight=False)
    console.print(describe(about_machine), highlight=False)
    console.print(f'[{"green" if is_kept(validation) else "bold red"}]{summary(validation)}', highlight=False)


def table(outcome: Outcome) -> Table:
    """Return the lines of one scenario: the judged value, and the distribution of what is behind it."""
    result = Table(title=f'{outcome.title} ({outcome.seconds:.0f} s)', title_justify='left')
    result.add_column('what', overflow='fold')
    for heading in ('measured', 'promised', 'n', 'mean', 'median', 'deviation', 'min', 'max', 'p95'):
        result.add_column(heading, justify='right', no_wrap=True)
    result.add_column('', no_wrap=True)
    result.add_column('note', overflow='fold')
    for line in outcome.lines:
        verdict = line.verdict
        result.add_row(*cells(line), f'[{STYLES[verdict]}]{verdict.value}[/]' if verdict.value else '', line.note)
    return result


def cells(line: Line) -> tuple[str, ...]:
    """Return what is measured, what is promised, and the distribution: its count, then six values."""
    measured = '–' if line.value is None else f'{line.value:{_digits(line.value)}} {line.unit}'.strip()
    sign = '≥' if line.is_minimum else '≤'
    promised = '' if line.limit is None else f'{sign} {line.limit:g} {line.unit}'.strip()
    figures = line.figures
    if figures is None:
        return (line.label, measured, promised, *[''] * 7)
    values = (figures.mean, figures.median, figures.deviation, figures.min, figures.max, figures.p95)
    return (line.label, measured, promised, str(figures.count), *(f'{value:{_digits(value)}}' for value in values))


def _digits(value: float) -> str:
    """Return the format that shows three digits or so."""
    return (
        '.2f'
        if abs(value) < 10 and value != int(value)
        else '.1f'
        if abs(value) < 1000 and value != int(value)
        else '.0f'
    )


def as_json(validation: Validation, about_machine: Mapping[str, Any], effort: str) -> dict[str, Any]:
    """Return the document that is saved, with the raw samples."""
    return {
        'format': FORMAT_VERSION,
        'effort': effort,
        'is_kept': is_kept(validation),
        'summary': summary(validation),
        'machine': dict(about_machine),
        'warnings': list(validation.warnings),
        'scenarios': [
            {
                'name': outcome.name,
                'title': outcome.title,
                'seconds': round(outcome.seconds, 1),
                'problem': outcome.problem,
                'lines': [line.as_json() for line in outcome.lines],
            }
            for outcome in validation.outcomes
        ],
    }
