"""Values against budgets: the verdicts."""

from __future__ import annotations

from collections.abc import Iterable

from voice_pipeline.messages import StageName
from voice_pipeline.monitoring.budgets import Budgets
from voice_pipeline.monitoring.latency import LatencyValues
from voice_pipeline.monitoring.machine import MachineValues
from voice_pipeline.monitoring.report import (
    KEPT,
    NO_DATA,
    Check,
    LatencyReport,
    Level,
    MachineReport,
    Report,
    StageReport,
    StopReport,
    Verdict,
    worst_verdict,
)
from voice_pipeline.monitoring.stages import StageValues
from voice_pipeline.monitoring.statistics import Summary
from voice_pipeline.monitoring.stopping import StopValues

QUIET_REASONS: dict[StageName, str] = {
    'audio': 'no audio',
    'recognition': 'no transcript in the middle of an utterance',
    'understanding': 'no intent for a transcript',
    'planning': 'no plan for an intent',
    'control': 'no velocity command in the middle of a motion, or no execution of a plan,',
}


def judge(
    now_ns: int,
    stages: Iterable[StageValues],
    latency: LatencyValues,
    stops: StopValues,
    machine: MachineValues,
    budgets: Budgets,
) -> Report:
    """Return the report on these values."""
    report = Report(
        now_ns=now_ns,
        stages=tuple(_judge_stage(values, budgets) for values in stages),
        voice_to_action=_judge_latency(latency, budgets),
        voice_to_stop=_judge_stops(stops, budgets),
        machine=_judge_machine(machine, budgets),
        overall=NO_DATA,
    )
    return report.with_verdicts({name: part.verdict for name, part in report.parts().items()})


def _judge_stage(values: StageValues, budgets: Budgets) -> StageReport:
    checks = _stage_checks(values, budgets)
    verdicts = [check.verdict() for check in checks]
    if values.quiet_s is not None and values.quiet_s > budgets.stale_after_s:
        verdicts.append(Verdict(Level.STALE, f'{QUIET_REASONS[values.name]} for {values.quiet_s:.1f} s'))
    if values.fault_age_s is not None and values.fault_age_s <= budgets.recent_s:
        reason = f'lately messages were lost or malformed ({values.dropped} lost, {values.malformed} malformed in all)'
        verdicts.append(Verdict(Level.WARN, reason))
    has_data = values.count > 0 or values.quiet_s is not None
    return StageReport(values, checks, worst_verdict(verdicts, otherwise=KEPT if has_data else NO_DATA))


def _stage_checks(values: StageValues, budgets: Budgets) -> tuple[Check, ...]:
    budget, warn = budgets.stage(values.name), budgets.warn_within
    rate = Check(
        name=f'{values.name}_hz',
        label='rate',
        value=values.rate_hz,
        limit=budget.min_hz,
        unit='Hz',
        warn_percent=warn.rate_percent,
        is_minimum=True,
    )
    name = values.name
    latency = _p95_check(f'{name}_p95_ms', 'latency p95', values.latency_ms, budget.latency_p95_ms, budgets)
    if budget.final_p95_ms is None:
        return rate, latency
    final_ms = values.final_latency_ms
    return (
        rate,
        latency,
        _p95_check(f'{name}_final_p95_ms', 'final latency p95', final_ms, budget.final_p95_ms, budgets),
    )


def _judge_latency(values: LatencyValues, budgets: Budgets) -> LatencyReport:
    check = _p95_check('voice_to_action_p95_ms', 'p95', values.voice_ms, budgets.voice_to_action_p95_ms, budgets)
    return LatencyReport(values, (check,), _judged((check,), has_data=values.voice_ms is not None))


def _judge_stops(values: StopValues, budgets: Budgets) -> StopReport:
    check = _p95_check('voice_to_stop_p95_ms', 'p95', values.stop_ms, budgets.voice_to_stop_p95_ms, budgets)
    return StopReport(values, (check,), _judged((check,), has_data=values.stop_ms is not None))


def _judge_machine(values: MachineValues, budgets: Budgets) -> MachineReport:
    budget, warn = budgets.machine, budgets.warn_within.limit_percent
    checks = (
        Check('cpu_percent', 'CPU', values.cpu_percent, budget.cpu_percent, '%', warn),
        Check('gpu_percent', 'GPU', values.gpu_percent, budget.gpu_percent, '%', warn),
        Check('memory_mb', 'memory', values.memory_mb, budget.memory_mb, 'MB', warn),
    )
    has_data = any(check.value is not None for check in checks)
    return MachineReport(values, checks, _judged(checks, has_data=has_data))


def _p95_check(name: str, label: str, summary: Summary | None, limit_ms: float, budgets: Budgets) -> Check:
    return Check(
        name=name,
        label=label,
        value=summary.p95 if summary else None,
        limit=limit_ms,
        unit='ms',
        warn_percent=budgets.warn_within.limit_percent,
    )


def _judged(checks: tuple[Check, ...], *, has_data: bool) -> Verdict:
    return worst_verdict((check.verdict() for check in checks), otherwise=KEPT if has_data else NO_DATA)
