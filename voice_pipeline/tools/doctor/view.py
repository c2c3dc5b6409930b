"""The results for people: a line a check, grouped and aligned, and under what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from voice_pipeline.tools.doctor.check import Check, Level, Result

_MARKS: dict[Level, tuple[str, str]] = {
    'ok': ('✓', 'green'),
    'warning': ('!', 'yellow'),
    'error': ('✗', 'red'),
    'skipped': ('–', 'dim'),
}
_WIDTH = 120  # of what goes to a file or a pipe


def make_console() -> Console:
    """Return a console that is wide enough also where the output goes to a file."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(width=_WIDTH, highlight=False)


class View:
    """Prints each result when it is there; on a terminal, also what is being looked at."""

    def __init__(self, console: Console, names: Iterable[str]) -> None:
        self._console = console
        self._name_width = max(map(len, names), default=0)
        self._group = ''

    @contextmanager
    def looking(self, check: Check) -> Iterator[None]:
        """Say what is being looked at, as long as that takes."""
        with self._console.status(Text(f'{check.name}: {check.question}')):
            yield

    def show(self, result: Result) -> None:
        """Print a result."""
        check, finding = result.check, result.finding
        if check.group != self._group:
            self._group = check.group
            self._console.print(Text(f'\n{check.group}', style='bold'))
        mark, style = _MARKS[finding.level]
        line = Table.grid(padding=(0, 1))
        line.add_column(width=1)
        line.add_column(width=self._name_width)
        line.add_column(overflow='fold')
        line.add_row(
            Text(mark, style=style), check.name, Text(finding.found, style='dim' if finding.level == 'skipped' else '')
        )
        if finding.advice:
            line.add_row('', '', Text(f'→ {finding.advice}', style=style))
        self._console.print(Padding(line, (0, 0, 0, 2)))

    def conclude(self, results: Sequence[Result]) -> None:
        """Print the verdict."""
        self._console.print()
        self._console.print(Text(verdict(results), style='bold'))


def verdict(results: Sequence[Result]) -> str:
    """Return the whole in a sentence."""
    names: dict[Level, list[str]] = {level: [] for level in _MARKS}
    for result in results:
        names[result.finding.level].append(result.check.name)
    looked_at = f'{len(results) - len(names["skipped"])} of {len(results)} checks made'
    warned = f'{_count(names["warning"], "warning")} ({", ".join(names["warning"])})' if names['warning'] else ''
    if names['error']:
        failed = f'{_count(names["error"], "error")} ({", ".join(names["error"])})'
        return f'Fix this first: {failed}{f"; then look at {warned}" if warned else ""}. {looked_at}.'
    if warned:
        return f'It should work, with {warned}. {looked_at}.'
    return f'All is well. {looked_at}.'


def _count(names: Sequence[str], noun: str) -> str:
    return f'{len(names)} {noun}{"" if len(names) == 1 else "s"}'


def print_list(console: Console, checks: Iterable[Check]) -> None:
    """Print what can be checked."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style='bold')
    for heading in ('name', 'question', 'group', 'bottleneck', 'left out by --quick'):
        table.add_column(heading)
    for check in checks:
        table.add_row(check.name, check.question, check.group, check.bottleneck, '' if check.is_quick else 'yes')
    console.print(table)
