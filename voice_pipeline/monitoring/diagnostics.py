"""
The report in the form of REP-107: the records map one to one to `diagnostic_msgs/DiagnosticStatus`.

`level` is the number of the message's constants (OK 0, WARN 1, ERROR 2, STALE 3); the message's field is a byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from voice_pipeline.jetson.outcome import SetupRecord
from voice_pipeline.monitoring.report import LatencyReport, Level, MachineReport, Report, StageReport, Verdict
from voice_pipeline.monitoring.statistics import NS_PER_S, Summary
from voice_pipeline.paths import PACKAGE

NOT_AVAILABLE = 'not available'


@dataclass(frozen=True)
class KeyValue:
    """One value; the key says the unit."""

    key: str
    value: str


@dataclass(frozen=True)
class DiagnosticStatus:
    """One part of the pipeline; `message` explains its level."""

    name: str
    level: int
    message: str
    hardware_id: str
    values: tuple[KeyValue, ...]


def diagnostic_statuses(report: Report, hardware_id: str) -> list[DiagnosticStatus]:
    """Return one status a stage, in flow order, one for voice to action and one for the machine."""
    return [
        *(_status(stage.values.name, stage.verdict, hardware_id, _stage_values(stage)) for stage in report.stages),
        _status(
            'voice to action', report.voice_to_action.verdict, hardware_id, _latency_values(report.voice_to_action)
        ),
        _status('machine', report.machine.verdict, hardware_id, _machine_values(report.machine)),
    ]


def jetson_status(record: SetupRecord, hardware_id: str) -> DiagnosticStatus:
    """Return the status of the Jetson's set-up, as it was when it was last applied, verified or undone."""
    unmet = record.unmet
    level = Level.OK if not unmet else Level.ERROR if unmet[0].state == 'failed' else Level.WARN
    when = datetime.fromtimestamp(record.time_ns / NS_PER_S, timezone.utc)
    values = {'board': record.board, 'last run': f'{record.verb}, {when:%Y-%m-%d %H:%M:%S} UTC'}
    for outcome in record.outcomes:
        values[outcome.tuning] = f'{outcome.state}: {outcome.reason}'
        if outcome.advice:
            values[f'{outcome.tuning}, advice'] = outcome.advice
    return _status('jetson', Verdict(level, record.summary), hardware_id, values)


def _status(part: str, verdict: Verdict, hardware_id: str, values: dict[str, str]) -> DiagnosticStatus:
    return DiagnosticStatus(
        name=f'{PACKAGE}: {part}',
        level=int(verdict.level),
        message=verdict.reason,
        hardware_id=hardware_id,
        values=tuple(KeyValue(key, value) for key, value in values.items()),
    )


def _stage_values(stage: StageReport) -> dict[str, str]:
    values = stage.values
    shown = {
        'rate (Hz)': _number(values.rate_hz),
        **_distribution('interval', values.interval_ms),
        **_distribution('latency', values.latency_ms),
    }
    if values.final_latency_ms is not None:
        shown |= _distribution('final latency', values.final_latency_ms)
    return shown | {
        'age (s)': _number(values.age_s),
        'messages': str(values.count),
        'dropped': str(values.dropped),
        'malformed': str(values.malformed),
        'clock errors': str(values.clock_errors),
    }


def _latency_values(report: LatencyReport) -> dict[str, str]:
    values = report.values
    shown = {
        **_distribution('voice to action', values.voice_ms),
        'command to action p50 (ms)': _number(values.command_ms.p50 if values.command_ms else None),
    }
    parts = values.typical.parts if values.typical else ()
    shown |= {f'{part.name} of the median (ms)': _number(part.duration_ms) for part in parts}
    if values.utterances:
        newest = values.utterances[-1]
        shown |= {'newest text': newest.text, 'newest (ms)': _number(newest.total_ms)}
        shown |= {'newest not counted': newest.problem} if newest.problem else {}
    return shown


def _machine_values(report: MachineReport) -> dict[str, str]:
    values = report.values
    shown = {
        'CPU, all cores (%)': _number(values.cpu_percent),
        'GPU (%)': _number(values.gpu_percent),
        'memory of the pipeline (MB)': _number(values.memory_mb),
    }
    shown |= {f'core {index} (%)': _number(load) for index, load in enumerate(values.core_percents)}
    for process in values.processes:
        key = f'{process.name}, process {process.pid}'
        shown |= {f'{key}: CPU (% of a core)': _number(process.cpu_percent)}
        shown |= {f'{key}: memory (MB)': _number(process.memory_mb)}
    return shown


def _distribution(name: str, summary: Summary | None) -> dict[str, str]:
    return {
        f'{name} p50 (ms)': _number(summary.p50 if summary else None),
        f'{name} p95 (ms)': _number(summary.p95 if summary else None),
        f'{name} max (ms)': _number(summary.max if summary else None),
    }


def _number(value: float | None) -> str:
    return NOT_AVAILABLE if value is None else f'{value:.1f}'
