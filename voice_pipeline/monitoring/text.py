"""The report as lines for people: made for `ros2 topic echo`, one line a message, columns aligned."""

from __future__ import annotations

from voice_pipeline.messages import STAGES
from voice_pipeline.monitoring.latency import LatencyValues
from voice_pipeline.monitoring.machine import MachineValues
from voice_pipeline.monitoring.report import Level, Report, StageReport
from voice_pipeline.monitoring.statistics import Summary

NAME_WIDTH = len('understanding')
MOST_CAUSES = 3


def performance_lines(report: Report) -> list[str]:
    """Return one line a stage, in flow order, and one for the whole; `-` is "not available"."""
    return [*(_stage_line(stage) for stage in report.stages), _whole_line(report)]


def _stage_line(stage: StageReport) -> str:
    values = stage.values
    columns = (
        f'{values.name:<{NAME_WIDTH}}',
        f'{_number(values.rate_hz, 5, 1)} Hz',
        _percentiles(values.latency_ms),
        f'jitter {_number(values.jitter_ms, 3, 0)} ms',
        f'age {_number(values.age_s, 5, 1)} s',
        f'drops {values.dropped:3d}',
        f'late {values.deadline_misses:3d}',
        str(stage.verdict),
    )
    return '  '.join(columns)


def _whole_line(report: Report) -> str:
    machine, stops = report.machine.values, report.voice_to_stop.values.stop_ms
    columns = (
        f'{"voice->action":<{NAME_WIDTH}}',
        f'{"":{len("00000 Hz")}}',  # the stages' rates
        _percentiles(report.voice_to_action.values.voice_ms),
        *_split(report.voice_to_action.values),
        f'stop p95 {_number(stops.p95 if stops else None, 4, 0)} ms',
        f'CPU {_number(machine.cpu_percent, 3, 0)} %',
        f'GPU {_number(machine.gpu_percent, 3, 0)} %',
        f'memory {_number(machine.memory_mb, 4, 0)} MB',
        f'hottest {_number(_hottest_c(machine), 3, 0)} C',
        _overall(report),
    )
    return '  '.join(columns)


def _overall(report: Report) -> str:
    """Return the verdict on the whole, with why. What is wrong with a stage stands on its own line."""
    if report.overall.level is Level.OK:
        return str(report.overall)
    bad = {name: part.verdict for name, part in report.parts().items() if part.verdict.level > Level.OK}
    stages = [f'see {", ".join(name for name in bad if name in STAGES)}'] if bad.keys() & set(STAGES) else []
    others = [f'{name}: {verdict.reason}' for name, verdict in bad.items() if name not in STAGES]
    causes = list(dict.fromkeys(cause for found in report.causes.values() for cause in found))[:MOST_CAUSES]
    why = [f'likely cause: {", ".join(causes)}'] if causes else []
    return f'{report.overall.level.name}: {"; ".join(stages + others + why)}'


def _split(values: LatencyValues) -> list[str]:
    """Return what the median consists of, as one column; no column when there is none."""
    if values.typical is None:
        return []
    parts = ' + '.join(f'{part.name} {part.duration_ms:.0f}' for part in values.typical.parts)
    return [f'p50 = {parts} ms']


def _percentiles(latency_ms: Summary | None) -> str:
    p50, p95 = (latency_ms.p50, latency_ms.p95) if latency_ms else (None, None)
    return f'p50 {_number(p50, 4, 0)} ms  p95 {_number(p95, 4, 0)} ms'


def _hottest_c(machine: MachineValues) -> float | None:
    return max((reading.value for reading in machine.readings if reading.group == 'temperature'), default=None)


def _number(value: float | None, width: int, digits: int) -> str:
    return f'{"-":>{width}}' if value is None else f'{value:{width}.{digits}f}'
