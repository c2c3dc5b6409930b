"""The monitor's report: values, budgets and verdicts at one moment, as frozen records that travel as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import msgspec

from voice_pipeline.messages import MalformedMessageError
from voice_pipeline.monitoring.latency import LatencyValues
from voice_pipeline.monitoring.machine import MachineValues
from voice_pipeline.monitoring.stages import StageValues


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
class StageReport:
    """One stage: what was measured, against what, and the verdict."""

    values: StageValues
    checks: tuple[Check, ...]
    verdict: Verdict


@dataclass(frozen=True)
class LatencyReport:
    """Voice to action: what was measured, against what, and the verdict."""

    values: LatencyValues
    checks: tuple[Check, ...]
    verdict: Verdict


@dataclass(frozen=True)
class MachineReport:
    """The machine: what was measured, against what, and the verdict."""

    values: MachineValues
    checks: tuple[Check, ...]
    verdict: Verdict


@dataclass(frozen=True)
class Report:
    """
    The whole pipeline at `now_ns` (system clock); `stages` are in flow order.

    `overall` is the worst of all verdicts, and says of each that is not OK what it is.
    """

    now_ns: int
    stages: tuple[StageReport, ...]
    voice_to_action: LatencyReport
    machine: MachineReport
    overall: Verdict


def budget_checks(report: Report) -> list[Check]:
    """Return every budget with its value, in flow order; those not measured have no value and `ok` is None."""
    parts: tuple[StageReport | LatencyReport | MachineReport, ...] = (
        *report.stages,
        report.voice_to_action,
        report.machine,
    )
    return [check for part in parts for check in part.checks]


def encode_report(report: Report) -> str:
    """Return the report as one line of JSON."""
    return msgspec.json.encode(report).decode()


def decode_report(text: str) -> Report:
    """Return the report that the text holds. Raises `MalformedMessageError`."""
    try:
        return msgspec.json.decode(text, type=Report)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise MalformedMessageError(f'not a valid report: {error}') from None
