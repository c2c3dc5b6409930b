"""
The report in the form of REP-107: the records map one to one to `diagnostic_msgs/DiagnosticStatus`.

`level` is the number of the message's constants (OK 0, WARN 1, ERROR 2, STALE 3); the message's field is a byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from voice_pipeline.jetson.outcome import SetupRecord
from voice_pipeline.monitoring.latency import LatencyValues, UtteranceLatency
from voice_pipeline.monitoring.machine import MachineValues
from voice_pipeline.monitoring.report import Level, Report, Verdict
from voice_pipeline.monitoring.stages import UPSTREAM, StageValues
from voice_pipeline.monitoring.statistics import NS_PER_S, Summary
from voice_pipeline.monitoring.stopping import StopLatency, StopValues
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
    """Return one status a stage, in flow order, one each for voice to action and to stop, one for the machine."""
    values: dict[str, dict[str, str]] = {stage.values.name: _stage_values(stage.values) for stage in report.stages}
    values |= {
        'voice to action': _latency_values(report.voice_to_action.values),
        'voice to stop': _stop_values(report.voice_to_stop.values),
        'machine': _machine_values(report.machine.values),
    }
    causes = {name: {'likely cause': ', '.join(found)} for name, found in report.causes.items()}
    return [
        make_status(name, part.verdict, hardware_id, causes.get(name, {}) | values[name])
        for name, part in report.parts().items()
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
    return make_status('jetson', Verdict(level, record.summary), hardware_id, values)


def make_status(part: str, verdict: Verdict, hardware_id: str, values: Mapping[str, str]) -> DiagnosticStatus:
    """Return the status of one part of the pipeline, by the name under which all tools find it."""
    return DiagnosticStatus(
        name=f'{PACKAGE}: {part}',
        level=int(verdict.level),
        message=verdict.reason,
        hardware_id=hardware_id,
        values=tuple(KeyValue(key, value) for key, value in values.items()),
    )


def _stage_values(values: StageValues) -> dict[str, str]:
    shown = {
        'rate while active (Hz)': _number(values.rate_hz),
        'rate over the last minute (Hz)': _number(values.overall_hz),
        'jitter (ms)': _number(values.jitter_ms),
        'longest interval (ms)': _number(values.interval_ms.max if values.interval_ms else None),
        **_distribution('latency', values.latency_ms),
    }
    if values.final_latency_ms is not None:
        shown |= _distribution('final latency', values.final_latency_ms)
    shown['latencies beyond the budget'] = str(values.deadline_misses)
    if values.name in UPSTREAM:
        shown |= _distribution(f'transport from {UPSTREAM[values.name]}', values.transport_ms)
        shown |= {'waiting now': _count(values.queue_depth), 'waiting at most': _count(values.queue_depth_max)}
    return (
        shown
        | {
            'age (s)': _number(values.age_s),
            'messages': str(values.count),
            'dropped': str(values.dropped),
            'malformed': str(values.malformed),
            'clock errors': str(values.clock_errors),
        }
        | {f'rejected, {reason}': str(count) for reason, count in values.rejects.items()}
    )


def _latency_values(values: LatencyValues) -> dict[str, str]:
    shown = {
        **_distribution('voice to action', values.voice_ms),
        'command to action p50 (ms)': _number(values.command_ms.p50 if values.command_ms else None),
    }
    shown |= _parts_of_median(values.typical)
    if values.utterances:
        newest = values.utterances[-1]
        shown |= {'newest text': newest.text, 'newest (ms)': _number(newest.total_ms)}
        shown |= {'newest not counted': newest.problem} if newest.problem else {}
    return shown


def _stop_values(values: StopValues) -> dict[str, str]:
    return _distribution('voice to stop', values.stop_ms) | _parts_of_median(values.typical)


def _parts_of_median(typical: UtteranceLatency | StopLatency | None) -> dict[str, str]:
    parts = typical.parts if typical else ()
    return {f'{part.name} of the median (ms)': _number(part.duration_ms) for part in parts}


def _machine_values(values: MachineValues) -> dict[str, str]:
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
    return shown | {f'{one.group} {one.name} ({one.unit})': _number(one.value) for one in values.readings}


def _distribution(name: str, summary: Summary | None) -> dict[str, str]:
    return {
        f'{name} p50 (ms)': _number(summary.p50 if summary else None),
        f'{name} p95 (ms)': _number(summary.p95 if summary else None),
        f'{name} p99 (ms)': _number(summary.p99 if summary else None),
        f'{name} max (ms)': _number(summary.max if summary else None),
    }


def _number(value: float | None) -> str:
    return NOT_AVAILABLE if value is None else f'{value:.1f}'


def _count(value: int | None) -> str:
    return NOT_AVAILABLE if value is None else str(value)
