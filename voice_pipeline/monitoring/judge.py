"""Values against budgets: the verdicts."""

from __future__ import annotations

from collections.abc import Iterable

from voice_pipeline.messages import StageName
from voice_pipeline.monitoring.budgets import Budgets
from voice_pipeline.monitoring.latency import LatencyValues
from voice_pipeline.monitoring.machine import MachineValues
from voice_pipeline.monitoring.report import (
    Check,
    LatencyReport,
    Level,
    MachineReport,
    Report,
    StageReport,
    Verdict,
)
from voice_pipeline.monitoring.stages import StageValues

NO_DATA = Verdict(Level.OK, 'no data yet')
KEPT = Verdict(Level.OK, 'within budget')
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
    machine: MachineValues,
    budgets: Budgets,
) -> Report:
    """Return the report on these values."""
    stage_reports = tuple(_judge_stage(values, budgets) for values in stages)
    latency_report = _judge_latency(latency, budgets)
    machine_report = _judge_machine(machine, budgets)
    named: dict[str, Verdict] = {report.values.name: report.verdict for report in stage_reports}
    named |= {'voice to action': latency_report.verdict, 'machine': machine_report.verdict}
    return Report(now_ns, stage_reports, latency_report, machine_report, _overall(named))


def _judge_stage(values: StageValues, budgets: Budgets) -> StageReport:
    checks = _stage_checks(values, budgets)
    verdicts = [check.verdict() for check in checks]
    if values.quiet_s is not None and values.quiet_s > budgets.stale_after_s:
        verdicts.append(Verdict(Level.STALE, f'{QUIET_REASONS[values.name]} for {values.quiet_s:.1f} s'))
    if values.fault_age_s is not None and values.fault_age_s <= budgets.recent_s:
        reason = f'lately messages were lost or malformed ({values.dropped} lost, {values.malformed} malformed in all)'
        verdicts.append(Verdict(Level.WARN, reason))
    has_data = values.count > 0 or values.quiet_s is not None
    return StageReport(values, checks, _worst(verdicts, otherwise=KEPT if has_data else NO_DATA))


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
    latency = Check(
        name=f'{values.name}_p95_ms',
        label='latency p95',
        value=values.latency_ms.p95 if values.latency_ms else None,
        limit=budget.latency_p95_ms,
        unit='ms',
        warn_percent=warn.limit_percent,
    )
    if budget.final_p95_ms is None:
        return rate, latency
    final = Check(
        name=f'{values.name}_final_p95_ms',
        label='final latency p95',
        value=values.final_latency_ms.p95 if values.final_latency_ms else None,
        limit=budget.final_p95_ms,
        unit='ms',
        warn_percent=warn.limit_percent,
    )
    return rate, latency, final


def _judge_latency(values: LatencyValues, budgets: Budgets) -> LatencyReport:
    check = Check(
        name='voice_to_action_p95_ms',
        label='p95',
        value=values.voice_ms.p95 if values.voice_ms else None,
        limit=budgets.voice_to_action_p95_ms,
        unit='ms',
        warn_percent=budgets.warn_within.limit_percent,
    )
    return LatencyReport(values, (check,), _worst([check.verdict()], otherwise=KEPT if values.voice_ms else NO_DATA))


def _judge_machine(values: MachineValues, budgets: Budgets) -> MachineReport:
    budget, warn = budgets.machine, budgets.warn_within.limit_percent
    checks = (
        Check('cpu_percent', 'CPU', values.cpu_percent, budget.cpu_percent, '%', warn),
        Check('gpu_percent', 'GPU', values.gpu_percent, budget.gpu_percent, '%', warn),
        Check('memory_mb', 'memory', values.memory_mb, budget.memory_mb, 'MB', warn),
    )
    has_data = any(check.value is not None for check in checks)
    return MachineReport(
        values, checks, _worst([check.verdict() for check in checks], otherwise=KEPT if has_data else NO_DATA)
    )


def _worst(verdicts: list[Verdict], *, otherwise: Verdict) -> Verdict:
    """Return the highest level with the reason of everything that is not OK, the worst first; `otherwise` if all is."""
    bad = sorted((one for one in verdicts if one.level > Level.OK), key=lambda one: -one.level)
    return Verdict(bad[0].level, '; '.join(one.reason for one in bad)) if bad else otherwise


def _overall(named: dict[str, Verdict]) -> Verdict:
    bad = [Verdict(one.level, f'{name}: {one.reason}') for name, one in named.items()]
    idle = all(one == NO_DATA for one in named.values())
    return _worst(bad, otherwise=NO_DATA if idle else KEPT)
