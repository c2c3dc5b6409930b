"""One HTML page that holds all it needs: no script, nothing from elsewhere; for a screen, a phone and paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template

from voice_pipeline.messages import STAGES
from voice_pipeline.monitoring.latency import UtteranceLatency
from voice_pipeline.monitoring.report import Check
from voice_pipeline.monitoring.statistics import NS_PER_MS, nearest_rank
from voice_pipeline.monitoring.utterances import UtteranceRecord
from voice_pipeline.tools.report import figures
from voice_pipeline.tools.report.run import Run

MOST_UTTERANCES = 500  # in the table, the newest
MOST_CHANGES = 200
PARTS = ('endpointing', *STAGES[1:])
LONGEST_BAR = 1.6  # budgets: what takes longer is cut, so that the others can be seen

_OUTCOME_CLASSES = {'done': 'ok', 'answered': 'ok', 'refused': 'warn', 'nothing': 'warn', 'failed': 'error'}


def make_page(run: Run) -> str:
    """Return the page about a run."""
    sections = (
        _summary(run),
        _section('Voice to action, and what became of each utterance', _utterances(run)),
        _section('Stages against their budgets', _level_legend() + _figures(run, _STAGE_FIGURES)),
        _section('Machine', _figures(run, _MACHINE_FIGURES)),
        _section('Changes of verdicts', _changes(run)),
        _section('Budgets', _budgets(run)),
        _section('The robot’s path', _figures(run, _PATH_FIGURES)),
    )
    return Template(_resource('page.html')).substitute(
        title=escape(f'Run of {_clock(run.start_ns, "%Y-%m-%d %H:%M:%S %Z")}'),
        style=_resource('page.css'),
        about=escape(_about(run)),
        notes=_notes(run),
        content='\n'.join(sections),
    )


_STAGE_FIGURES = (
    ('Rates', figures.rates, 'no stage published anything'),
    ('Latencies', figures.latencies, 'no stage was timed'),
    ('Voice to action, voice to stop (95 %)', figures.whole, 'nothing spoken has moved or stopped the robot'),
    ('Verdicts', figures.verdicts, 'there is no report'),
)
_MACHINE_FIGURES = (
    ('Load and memory', figures.load, 'only the reports of the monitor hold it'),
    ('Sensors', figures.sensors, 'this machine has none that could be read, or they were not recorded'),
)
_PATH_FIGURES = (('', figures.path, 'there is no odometry: only a bag with the topic odom holds it'),)


def _resource(name: str) -> str:
    return (files(__package__) / name).read_text(encoding='utf-8')


def _about(run: Run) -> str:
    duration_s = (run.end_ns - run.start_ns) / 1e9
    parts = [f'{_duration(duration_s)}, from {run.source}']
    if run.headers:
        machine = run.headers[0].machine
        parts.append(f'voice_pipeline {run.headers[0].package_version}')
        parts.append(f'{machine.name}: {machine.processor}, {machine.cores} cores, {machine.memory_mb / 1024:.1f} GB')
        parts.append(f'{machine.system}, Python {machine.python}')
    return ' · '.join(parts)


def _notes(run: Run) -> str:
    return f'<ul class="notes">{"".join(f"<li>{escape(note)}</li>" for note in run.notes)}</ul>' if run.notes else ''


# --- sections ------------------------------------------------------------------------------------------------------


def _section(title: str, content: str) -> str:
    return f'<section><h2>{escape(title)}</h2>\n{content}\n</section>'


def _why_empty(reason: str) -> str:
    return f'<p class="why">Nothing to show: {escape(reason)}.</p>'


def _figures(run: Run, wanted: Sequence[tuple[str, Callable[[Run], str], str]]) -> str:
    drawn = []
    for title, draw, why_empty in wanted:
        caption = f'<figcaption>{escape(title)}</figcaption>' if title else ''
        drawn.append(f'<figure>{caption}{draw(run) or _why_empty(why_empty)}</figure>')
    return f'<div class="figures">{"".join(drawn)}</div>'


def _level_legend() -> str:
    marks = ''.join(
        f'<span><i style="background:{color}"></i>{"nothing to judge" if level is None else level.name}</span>'
        for level, color in figures.LEVEL_COLORS.items()
    )
    return f'<p class="legend"><span class="error">┅ budget</span> verdicts: {marks}</p>'


def _summary(run: Run) -> str:
    records = list(run.utterances.values())
    totals_ms = sorted(_total_ms(one.latency) for one in records if _is_counted(one.latency))
    stops_ms = sorted(one.voice_to_stop_ms for one in records if one.voice_to_stop_ms is not None)
    met = sum(one.outcome in ('done', 'answered') for one in records)
    broken = [name for name, worst in run.worst.items() if not _with_value(run.checks[name], worst).ok]
    tiles = (
        (str(len(records)), 'utterances and commands'),
        (f'{met}', 'done or answered'),
        (_ms(totals_ms, 50), 'voice to action, median'),
        (_ms(totals_ms, 95), 'voice to action, 95 %'),
        (_ms(stops_ms, 95), 'voice to stop, 95 %'),
        (f'{len(run.worst) - len(broken)} of {len(run.worst)}', 'budgets kept all the time'),
    )
    return f'<div class="tiles">{"".join(f"<div class=tile><b>{a}</b><span>{b}</span></div>" for a, b in tiles)}</div>'


def _utterances(run: Run) -> str:
    records = sorted(run.utterances.values(), key=lambda one: one.started_ns)
    if not records:
        return _why_empty('nothing was said or typed')
    check = run.checks.get('voice_to_action_p95_ms')
    budget_ms = check.limit if check else None
    left_out = len(records) - MOST_UTTERANCES
    note = f'<p class="why">The newest {MOST_UTTERANCES} of {len(records)}.</p>' if left_out > 0 else ''
    legend = ''.join(f'<span><i class="{part}"></i>{part}</span>' for part in PARTS)
    budget = '' if budget_ms is None else f'<span class="error">┆ budget {budget_ms:g} ms</span>'
    rows = [_utterance_row(one, budget_ms or 500.0) for one in records[-MOST_UTTERANCES:]]
    head = ('time', 'heard', 'understood', 'planned', 'outcome', 'voice to action')
    return f'{note}<p class="legend">{legend}{budget}</p>' + _table(head, rows)


def _utterance_row(record: UtteranceRecord, budget_ms: float) -> str:
    outcome_class = _OUTCOME_CLASSES.get(record.outcome, '')
    reason = f'<div class="reason">{escape(record.reason)}</div>' if record.reason else ''
    said = f'<div class="reason">“{escape(record.said)}”</div>' if record.said else ''
    heard = escape(record.heard) + ('' if record.kind == 'voice' else ' <span class="reason">(typed)</span>')
    return ''.join(
        (
            '<tr>',
            f'<td class="time">{_clock(record.started_ns, "%H:%M:%S")}</td>',
            f'<td data-name="heard">{heard}</td>',
            f'<td data-name="understood">{escape(record.understood)}</td>',
            f'<td data-name="planned">{escape(record.planned)}{said}</td>',
            f'<td data-name="outcome"><span class="{outcome_class}">{escape(record.outcome)}</span>{reason}</td>',
            f'<td class="waterfall">{_waterfall(record, budget_ms)}</td>',
            '</tr>',
        )
    )


def _waterfall(record: UtteranceRecord, budget_ms: float) -> str:
    """Return what each part took as a bar, up to `LONGEST_BAR` budgets, and the total."""
    stop = '' if record.voice_to_stop_ms is None else f'stopped after {record.voice_to_stop_ms:.0f} ms'
    latency = record.latency
    if latency is None or latency.total_ms is None:
        return escape('; '.join(text for text in (stop, latency.problem if latency else '') if text))
    percent_per_ms = 100 / (LONGEST_BAR * budget_ms)
    parts = ''.join(
        f'<i class="{part.name}" style="width:{part.duration_ms * percent_per_ms:.2f}%" '
        f'title="{part.name} {part.duration_ms:.0f} ms"></i>'
        for part in latency.parts
    )
    told = ' + '.join(f'{part.duration_ms:.0f}' for part in latency.parts)
    notes = ''.join(f'; {escape(text)}' for text in (latency.problem, stop) if text)
    is_kept = latency.total_ms <= budget_ms
    return (
        f'<span class="{"ok" if is_kept else "error"}">{latency.total_ms:.0f} ms</span> '
        f'<span class="reason">= {told}{notes}</span>'
        f'<div class="bar">{parts}<u style="left:{100 / LONGEST_BAR:.2f}%"></u></div>'
    )


def _changes(run: Run) -> str:
    if not run.changes:
        return _why_empty('no verdict has changed' if run.samples else 'there is no report')
    rows = [
        f'<tr><td class="time">{_clock(at_ns, "%H:%M:%S")}</td>'
        f'<td class="{change.level.name.lower()} verdict">{change.level.name}</td><td>{escape(change.line)}</td></tr>'
        for at_ns, change in run.changes[-MOST_CHANGES:]
    ]
    left_out = len(run.changes) - len(rows)
    note = f'<p class="why">The newest {len(rows)} of {len(run.changes)} changes.</p>' if left_out else ''
    return note + _table(('time', 'now', 'what has changed'), rows, kind='')


def _budgets(run: Run) -> str:
    if not run.checks:
        return _why_empty('there is no report')
    rows = []
    for name, check in run.checks.items():
        worst = run.worst.get(name)
        verdict = {True: ('ok', 'kept'), False: ('error', 'broken'), None: ('', 'not measured')}
        kind, words = verdict[_with_value(check, worst).ok]
        rows.append(
            f'<tr><td>{escape(name.replace("_", " "))}</td><td class="number">{_value(check.value, check)}</td>'
            f'<td class="number">{_value(worst, check)}</td>'
            f'<td class="number">{"≥" if check.is_minimum else "≤"} {check.limit:g} {escape(check.unit)}</td>'
            f'<td class="{kind} verdict">{words}</td></tr>'
        )
    return _table(('what', 'at the end', 'at its worst', 'budget', ''), rows, kind='numbers')


def _table(head: Sequence[str], rows: Iterable[str], *, kind: str = 'cards') -> str:
    cells = ''.join(f'<th>{escape(name)}</th>' for name in head)
    return f'<table class="{kind}"><thead><tr>{cells}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


# --- values --------------------------------------------------------------------------------------------------------


def _is_counted(latency: UtteranceLatency | None) -> bool:
    return latency is not None and latency.kind == 'voice' and not latency.problem and latency.total_ns is not None


def _total_ms(latency: UtteranceLatency | None) -> float:
    return 0.0 if latency is None or latency.total_ns is None else latency.total_ns / NS_PER_MS


def _with_value(check: Check, value: float | None) -> Check:
    return replace(check, value=value)


def _value(value: float | None, check: Check) -> str:
    return '–' if value is None else f'{value:.1f} {escape(check.unit)}'


def _ms(ordered: list[float], percent: float) -> str:
    return f'{nearest_rank(ordered, percent):.0f} ms' if ordered else '–'


def _clock(at_ns: int, form: str) -> str:
    """Return the time of day where the page is made."""
    return datetime.fromtimestamp(at_ns / 1e9).astimezone().strftime(form)


def _duration(duration_s: float) -> str:
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours} h {minutes} min' if hours else f'{minutes} min {seconds} s' if minutes else f'{seconds} s'
