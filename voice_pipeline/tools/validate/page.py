"""The validator's report as one HTML page that needs nothing else: tables, and plots as SVG inside."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from voice_pipeline.tools.machine import describe
from voice_pipeline.tools.validate import plots
from voice_pipeline.tools.validate.lines import Line, Outcome, Verdict
from voice_pipeline.tools.validate.report import cells, is_kept, summary
from voice_pipeline.tools.validate.run import Validation

HEADINGS = ('what', 'measured', 'promised', 'n', 'mean', 'median', 'deviation', 'min', 'max', 'p95', 'verdict', 'note')
_CLASSES = {
    Verdict.PASS: 'pass',
    Verdict.FAIL: 'fail',
    Verdict.NOT_MEASURED: 'unknown',
    Verdict.INFORMATION: '',
}
_STYLE = """
:root { color-scheme: light; --line: #d9dee5; --quiet: #5b6573; }
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2430; max-width: 1180px; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
.quiet { color: var(--quiet); font-size: .87rem; }
.banner { border-radius: 8px; padding: .8rem 1rem; margin: 1rem 0; font-weight: 600; color: white; }
.banner.pass { background: #1f7a4d; } .banner.fail { background: #b3261e; }
.note { border-left: 4px solid #d99a00; background: #fff7e0; padding: .5rem .8rem; margin: .5rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .84rem; font-variant-numeric: tabular-nums; }
th { text-align: right; font-weight: 600; color: var(--quiet); padding: .3rem .45rem; }
th { border-bottom: 2px solid var(--line); }
td { text-align: right; border-bottom: 1px solid var(--line); padding: .28rem .45rem; white-space: nowrap; }
td:first-child, th:first-child, td:last-child, th:last-child { text-align: left; white-space: normal; }
td:last-child { color: var(--quiet); min-width: 9rem; }
.badge { border-radius: 5px; padding: .05rem .45rem; font-weight: 600; font-size: .76rem; }
.badge.pass { background: #d8f0e3; color: #12583a; } .badge.fail { background: #f8d7d4; color: #8c1d18; }
.badge.unknown { background: #ececec; color: #444; }
svg { max-width: 100%; height: auto; } pre { white-space: pre-wrap; background: #f6f7f9; padding: .6rem; }
"""


def save_page(validation: Validation, about_machine: Mapping[str, Any], effort: str, path: Path) -> None:
    """Write the page, making its folder when absent. Raises `OSError`, `ImportError` without matplotlib."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(validation, about_machine, effort), encoding='utf-8')


def page(validation: Validation, about_machine: Mapping[str, Any], effort: str) -> str:
    """Return the whole page. Raises `ImportError` without matplotlib."""
    notes = ''.join(f'<div class="note">{escape(warning)}.</div>' for warning in validation.warnings)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>voice_pipeline: validation</title>'
        f'<style>{_STYLE}</style></head><body>'
        f'<h1>voice_pipeline: validation ({escape(effort)})</h1>'
        f'<div class="quiet">{escape(describe(about_machine))}</div>'
        f'<div class="banner {"pass" if is_kept(validation) else "fail"}">{escape(summary(validation))}</div>'
        f'{notes}{"".join(map(_section, validation.outcomes))}{_conversation(validation)}</body></html>\n'
    )


def _section(outcome: Outcome) -> str:
    title = f'<h2>{escape(outcome.title)}</h2>'
    if outcome.problem:
        return f'{title}<pre>{escape(outcome.problem)}</pre>'
    head = ''.join(f'<th>{heading}</th>' for heading in HEADINGS)
    rows = ''.join(map(_row, outcome.lines))
    return f'{title}<table><tr>{head}</tr>{rows}</table>{plots.distributions(outcome)}'


def _row(line: Line) -> str:
    verdict = line.verdict
    badge = f'<span class="badge {_CLASSES[verdict]}">{verdict.value}</span>' if verdict.value else ''
    values = ''.join(f'<td>{escape(cell)}</td>' for cell in cells(line))
    return f'<tr>{values}<td>{badge}</td><td>{escape(line.note)}</td></tr>'


def _conversation(validation: Validation) -> str:
    record = validation.record
    if record is None:
        return ''
    parts = (plots.voice_to_action(record.latencies), plots.machine(record.machine))
    return f'<h2>Voice to action, command by command, and what it costs</h2>{"".join(parts)}'
