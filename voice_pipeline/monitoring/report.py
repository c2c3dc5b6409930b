"""The monitor's report: values, budgets and verdicts at one moment, as frozen records that travel as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Generic, TypeAlias, TypeVar

import msgspec

from voice_pipeline.messages import MalformedMessageError
from voice_pipeline.monitoring.latency import LatencyValues
from voice_pipeline.monitoring.machine import MachineValues
from voice_pipeline.monitoring.stages import StageValues
from voice_pipeline.monitoring.stopping import StopValues

ValuesT = TypeVar('ValuesT')


class Level(IntEnum):
    """How bad it is: the levels, and their numbers, of diagnostic_msgs/DiagnosticStatus (REP-107)."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


@dataclass(frozen=True)
class Verdict:
    """A level and the sentence that explains it."""

    level: Level
    reason: str

    def __str__(self) -> str:
        return f'{self.level.name}: {self.reason}'


NO_DATA = Verdict(Level.OK, 'no data yet')
KEPT = Verdict(Level.OK, 'within budget')


@dataclass(frozen=True)
class Check:
    """
    One value against its budget.

    `name` is unique and carries the unit, e.g. `recognition_p95_ms`; `label` and `unit` are for people. `value` is None
    when it is not available: the budget is then neither kept nor broken, and `ok` is None.
    """

    name: str
    label: str
    value: float | None
    limit: float
    unit: str
    warn_percent: float
    is_minimum: bool = False

    @property
    def ok(self) -> bool | None:
        """Whether the budget is kept; a value equal to it keeps it. None when not available."""
        if self.value is None:
            return None
        return self.value >= self.limit if self.is_minimum else self.value <= self.limit

    def verdict(self) -> Verdict:
        """Judge the value: ERROR when the budget is broken, WARN within `warn_percent` of it, otherwise OK."""
        if self.value is None:
            return Verdict(Level.OK, f'{self.label} not available')
        what = f'{self.label} {_number(self.value)} {self.unit}'
        budget = f'the budget of {self.limit:g} {self.unit}'
        if not self.ok:
            return Verdict(Level.ERROR, f'{what} is {"below" if self.is_minimum else "above"} {budget}')
        margin = self.limit * self.warn_percent / 100
        if abs(self.value - self.limit) < margin:
            return Verdict(Level.WARN, f'{what} is close to {budget}')
        return Verdict(Level.OK, f'{what} is within {budget}')


def _number(value: float) -> str:
    """Enough digits that a value just beyond its budget does not look equal to it."""
    return f'{value:.2f}' if value < 100 else f'{value:.1f}'


@dataclass(frozen=True)
class Judged(Generic[ValuesT]):
    """One part of the pipeline: what was measured, against what, and the verdict."""

    values: ValuesT
    checks: tuple[Check, ...]
    verdict: Verdict


StageReport: TypeAlias = Judged[StageValues]
LatencyReport: TypeAlias = Judged[LatencyValues]
StopReport: TypeAlias = Judged[StopValues]
MachineReport: TypeAlias = Judged[MachineValues]
AnyPart: TypeAlias = StageReport | LatencyReport | StopReport | MachineReport


@dataclass(frozen=True)
class Report:
    """
    The whole pipeline at `now_ns` (system clock); `stages` are in flow order.

    `overall` is the worst of all verdicts, and says of each that is not OK what it is. `causes` says why that is
    probably so: of each part that is not OK by its name, the likeliest cause first.
    """

    now_ns: int
    stages: tuple[StageReport, ...]
    voice_to_action: LatencyReport
    voice_to_stop: StopReport
    machine: MachineReport
    overall: Verdict
    causes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def parts(self) -> dict[str, AnyPart]:
        """Return all parts by their name: the stages in flow order, then what concerns the whole."""
        stages: dict[str, AnyPart] = {stage.values.name: stage for stage in self.stages}
        return stages | {
            'voice to action': self.voice_to_action,
            'voice to stop': self.voice_to_stop,
            'machine': self.machine,
        }

    def with_verdicts(self, verdicts: Mapping[str, Verdict]) -> Report:
        """Return the report with these verdicts of its parts, by name, and the overall verdict that follows."""
        return replace(
            self,
            stages=tuple(replace(stage, verdict=verdicts[stage.values.name]) for stage in self.stages),
            voice_to_action=replace(self.voice_to_action, verdict=verdicts['voice to action']),
            voice_to_stop=replace(self.voice_to_stop, verdict=verdicts['voice to stop']),
            machine=replace(self.machine, verdict=verdicts['machine']),
            overall=overall_verdict(verdicts),
        )


def worst_verdict(verdicts: Iterable[Verdict], *, otherwise: Verdict) -> Verdict:
    """Return the highest level with the reason of everything that is not OK, the worst first; `otherwise` if all is."""
    bad = sorted((one for one in verdicts if one.level > Level.OK), key=lambda one: -one.level)
    return Verdict(bad[0].level, '; '.join(one.reason for one in bad)) if bad else otherwise


def overall_verdict(verdicts: Mapping[str, Verdict]) -> Verdict:
    """Return the verdict on the whole from those on its parts, by name."""
    bad = [Verdict(one.level, f'{name}: {one.reason}') for name, one in verdicts.items()]
    is_idle = all(one == NO_DATA for one in verdicts.values())
    return worst_verdict(bad, otherwise=NO_DATA if is_idle else KEPT)


def budget_checks(report: Report) -> list[Check]:
    """Return every budget with its value, in flow order; those not measured have no value and `ok` is None."""
    return [check for part in report.parts().values() for check in part.checks]


def encode_report(report: Report) -> str:
    """Return the report as one line of JSON."""
    return msgspec.json.encode(report).decode()


def decode_report(text: str) -> Report:
    """Return the report that the text holds. Raises `MalformedMessageError`."""
    try:
        return msgspec.json.decode(text, type=Report)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise MalformedMessageError(f'not a valid report: {error}') from None
