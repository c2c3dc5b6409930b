"""The parts of the page that are words and numbers, as pure functions from data to HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dash import html
from dash.development.base_component import Component

from voice_pipeline.dashboard.figures import PART_COLOURS, clock_time
from voice_pipeline.dashboard.state import Saying, Snapshot
from voice_pipeline.dashboard.words import duration, limit, number
from voice_pipeline.messages import Execution
from voice_pipeline.monitoring.latency import Part, UtteranceLatency
from voice_pipeline.monitoring.machine import Reading
from voice_pipeline.monitoring.report import Check, Level, MachineReport, Report, Verdict, worst_verdict
from voice_pipeline.monitoring.stages import StageValues
from voice_pipeline.monitoring.utterances import Outcome, UtteranceRecord

REPORT_LATE_S = 5.0
SHOWN_UTTERANCES = 12
# The budget's mark is at two thirds of a bar, so that there is room to see by how much it is missed.
BUDGET_SHARE = 2 / 3

# A sign beside each colour: nothing is said by colour alone.
SIGNS = {Level.OK: '✓', Level.WARN: '▲', Level.ERROR: '✕', Level.STALE: '◌'}
OUTCOMES: dict[Outcome, tuple[str, str]] = {  # the sign, and the class of its colour
    'open': ('…', 'busy'),
    'moving': ('▶', 'busy'),
    'nothing': ('–', 'none'),
    'answered': ('✓', 'ok'),
    'done': ('✓', 'ok'),
    'stopped': ('■', 'stale'),
    'replaced': ('↷', 'none'),
    'refused': ('▲', 'warn'),
    'failed': ('✕', 'error'),
}
KINDS = {'voice': 'spoken', 'command': 'typed'}
WHOLE = 'the whole'
WORDS = {
    'audio': 'hears',
    'recognition': 'writes down',
    'understanding': 'interprets',
    'planning': 'decides',
    'control': 'moves',
    WHOLE: 'from last word',
}


def status(snapshot: Snapshot) -> list[Component]:
    """Return the verdict on the whole pipeline and what the robot is doing."""
    return [html.P(_overall(snapshot), className='overall'), html.P(doing(snapshot), className='doing')]


def _overall(snapshot: Snapshot) -> list[Component | str]:
    report, age_s = snapshot.report, snapshot.report_age_s
    if report is None or age_s is None:
        return [_badge('none', '–', 'no report'), ' No word from the monitor yet: is the node running?']
    if age_s > REPORT_LATE_S:
        return [_badge('stale', SIGNS[Level.STALE], 'STALE'), f' No word from the monitor for {age_s:.0f} s']
    return [_verdict(report.overall), f' {_concerned(report)}']


def _concerned(report: Report) -> str:
    """Name the parts that are not as they should be; what is wrong with them stands there."""
    names = [name for name, part in report.parts().items() if part.verdict.level is not Level.OK]
    return f'Needs a look: {", ".join(names)}' if names else _sentence(report.overall.reason)


def doing(snapshot: Snapshot) -> str:
    """Return in words what the robot is doing, and where it is."""
    where = ''
    if snapshot.robot is not None:
        where = f' · x {snapshot.robot.x_m:.2f} m, y {snapshot.robot.y_m:.2f} m'
    return f'{_execution(snapshot.execution)}{where}'


def _execution(execution: Execution | None) -> str:
    if execution is None:
        return 'Nothing to do yet'
    if execution.state == 'running':
        return f'Step {execution.step + 1} of its plan, {execution.progress:.0%} done'
    return f'Last plan: {execution.state}{f", {execution.reason}" if execution.reason else ""}'


def stages(report: Report | None) -> list[Component]:
    """Return a box a stage, in flow order, and one for the whole way."""
    if report is None:
        return [html.Li(empty('The stages appear with the first report of the monitor.'), className='wide')]
    boxes = [
        _box(name, part.verdict, part.checks, _foot(part.values), _cause(report, name))
        for name, part in ((stage.values.name, stage) for stage in report.stages)
    ]
    return [*boxes, _whole(report)]


def _foot(values: StageValues) -> str:
    if values.age_s is None:
        return 'nothing yet'
    lost = f', {values.dropped} lost' if values.dropped else ''
    return f'{values.count} messages{lost}, last {duration(values.age_s)} ago'


def _whole(report: Report) -> Component:
    """Return the box of what counts in the end: from the last word to motion, and to a standstill."""
    to_motion, to_stop = report.voice_to_action, report.voice_to_stop
    checks = [
        *(replace(check, label=f'to motion, {check.label}') for check in to_motion.checks),
        *(replace(check, label=f'to a stop, {check.label}') for check in to_stop.checks),
    ]
    verdict = worst_verdict((to_motion.verdict, to_stop.verdict), otherwise=to_motion.verdict)
    median_ms = to_motion.values.voice_ms.p50 if to_motion.values.voice_ms else None
    foot = 'nothing yet' if median_ms is None else f'to motion, median: {median_ms:.0f} ms'
    cause = _cause(report, 'voice to action') or _cause(report, 'voice to stop')
    return _box(WHOLE, verdict, checks, foot, cause)


def _cause(report: Report, name: str) -> str:
    """Return the likeliest cause of what is wrong with a part, '' where none is known."""
    return next(iter(report.causes.get(name, ())), '')


def _box(name: str, verdict: Verdict, checks: Sequence[Check], foot: str, cause: str) -> Component:
    is_known = any(check.value is not None for check in checks)
    # Without a value nothing is known to be within its budget.
    colour = 'none' if verdict.level is Level.OK and not is_known else verdict.level.name.lower()
    badge = _badge('none', '–', 'no data') if colour == 'none' else _verdict(verdict)
    content = [
        html.H3(name),
        html.Div([html.Span(WORDS[name]), badge], className='head'),
        html.Dl([_check_row(check) for check in checks]),
        html.P(foot, className='foot'),
    ]
    if verdict.level is not Level.OK:
        likely = f'. Likely: {cause}' if cause else ''
        content.append(html.P(f'{_sentence(verdict.reason)}{likely}', className='reason'))
    return html.Li(content, className=f'stage {colour}', id=f'stage-{name.rpartition(" ")[2]}')


def _check_row(check: Check) -> Component:
    return html.Div(
        [
            html.Dt(check.label),
            html.Dd(
                [html.B(number(check.value)), f' {check.unit} ', html.Small(limit(check))],
                title=f'budget: {limit(check)} {check.unit}',
            ),
            html.Dd(_meter(check), className='meter'),
        ],
        className=_check_colour(check),
    )


def _check_colour(check: Check) -> str:
    return 'none' if check.value is None else check.verdict().level.name.lower()


def _meter(check: Check) -> Component:
    """Return a bar that ends at the mark where the value equals the budget."""
    share = 0.0 if check.value is None else min(check.value / check.limit * BUDGET_SHARE, 1.0)
    return html.Span(style={'width': f'{share:.1%}'})


def utterances(records: Sequence[UtteranceRecord], budget_ms: float | None = None) -> list[Component]:
    """Return what was said and what became of it, newest first; `budget_ms` is that of voice to action."""
    if not records:
        return [html.Li(empty('No utterance yet: say or type a command.'))]
    return [_utterance(record, budget_ms) for record in records[:SHOWN_UTTERANCES]]


def _utterance(record: UtteranceRecord, budget_ms: float | None) -> Component:
    sign, colour = OUTCOMES[record.outcome]
    time = clock_time(record.started_ns).strftime('%H:%M:%S')
    said = record.heard or '…'
    head = html.Div(
        [
            html.Q(said) if record.kind == 'voice' else html.Code(said),
            html.Span(
                [_badge(colour, sign, record.outcome), html.Small(f'{KINDS[record.kind]} {time}')], className='end'
            ),
        ],
        className='head',
    )
    rows = (
        ('understood', record.understood),
        ('plan', record.planned),
        ('answer', record.said),
        ('why', '' if record.reason == record.said else record.reason),
    )
    facts = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in rows if value]
    content: list[Component] = [head, html.Dl(facts)] if facts else [head]
    if record.latency is not None:
        content.append(waterfall(record.latency, budget_ms))
    if record.voice_to_stop_ms is not None:
        content.append(html.P(f'stopped {record.voice_to_stop_ms:.0f} ms after the word', className='foot'))
    return html.Li(content, className=f'utterance {colour}')


def waterfall(latency: UtteranceLatency, budget_ms: float | None) -> Component:
    """Return the parts of the way from the last word to motion, one after the other, as long as they took."""
    if latency.total_ms is None:
        return html.P(f'no latency: {latency.problem}', className='foot')
    width_ms = max(latency.total_ms, (budget_ms or 0.0) / BUDGET_SHARE)
    bars = [_bar(part, width_ms) for part in latency.parts]
    if budget_ms is not None and latency.kind == 'voice':
        bars.append(html.I(style={'left': f'{budget_ms / width_ms:.2%}'}, title=f'budget {budget_ms:g} ms'))
    words = ' + '.join(f'{part.name} {part.duration_ms:.0f}' for part in latency.parts)
    note = f' ({latency.problem})' if latency.problem else ''
    return html.Div(
        [
            html.Div(bars, className='bars', role='img', **aria(label=f'{words} ms')),
            html.Span([html.B(f'{latency.total_ms:.0f} ms'), note], className='total'),
        ],
        className='waterfall',
    )


def _bar(part: Part, width_ms: float) -> Component:
    style = {'width': f'{part.duration_ms / width_ms:.2%}', 'background': PART_COLOURS[part.name]}
    return html.Span(style=style, title=f'{part.name} {part.duration_ms:.0f} ms')


def legend() -> Component:
    """Return which colour is which part of the latency."""
    return html.P(
        [
            html.Span([html.I(style={'background': colour}), name], className='key')
            for name, colour in PART_COLOURS.items()
        ],
        className='legend',
    )


def sayings(said: Sequence[Saying]) -> list[Component]:
    """Return what the robot said and asked, newest first."""
    if not said:
        return [html.Li(empty('The robot has not said anything yet.'))]
    return [html.Li([html.Span(one.text), html.Small(clock_time(one.at_ns).strftime('%H:%M:%S'))]) for one in said]


def machine(report: MachineReport | None) -> list[Component]:
    """Return the verdict on the machine, what each process of the pipeline uses, and the machine's own readings."""
    if report is None:
        return [empty('The machine appears with the first report of the monitor.')]
    values = report.values
    head = html.Thead(html.Tr([html.Th('process'), html.Th('CPU, % of a core'), html.Th('memory, MB')]))
    rows = [
        html.Tr([html.Td(one.name), html.Td(number(one.cpu_percent)), html.Td(f'{one.memory_mb:.0f}')])
        for one in sorted(values.processes, key=lambda one: -one.memory_mb)
    ]
    parts: list[Component] = [
        html.P([_verdict(report.verdict), f' {_sentence(report.verdict.reason)}'], className='verdict'),
        html.Table([head, html.Tbody(rows)]),
    ]
    if values.readings:
        parts.append(html.Dl([_reading(reading) for reading in values.readings], className='readings'))
    return parts


def _reading(reading: Reading) -> Component:
    name = reading.group if reading.name == reading.group else f'{reading.group} {reading.name}'
    return html.Div([html.Dt(name), html.Dd(f'{number(reading.value)} {reading.unit}'.strip())])


def empty(text: str) -> Component:
    """Return what stands where there is nothing to show yet, and says what to do about it."""
    return html.P(text, className='empty')


def aria(**attributes: str) -> Any:
    """Return attributes for screen readers, in the form that Dash takes them."""
    return {f'aria-{name}': value for name, value in attributes.items()}


def _verdict(verdict: Verdict) -> Component:
    return _badge(verdict.level.name.lower(), SIGNS[verdict.level], verdict.level.name)


def _badge(colour: str, sign: str, word: str) -> Component:
    return html.Span([html.Span(sign, **aria(hidden='true')), f' {word}'], className=f'badge {colour}')


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
