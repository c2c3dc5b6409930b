"""What nodes tell about themselves and others on `/diagnostics` (REP-107)."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from voice_pipeline import topics
from voice_pipeline.monitoring import diagnostics
from voice_pipeline.monitoring.report import Level, Verdict
from voice_pipeline.nodes.base import MESSAGE_QOS, PipelineNode, SettingsT

_PERIOD_S = 1.0
_RECENT_S = 30.0


class DiagnosticsPublisher:
    """Publishes statuses as they are defined for all tools."""

    def __init__(self, node: PipelineNode[SettingsT]) -> None:
        self._clock = node.get_clock()
        self._publisher = node.create_publisher(DiagnosticArray, topics.DIAGNOSTICS, MESSAGE_QOS)

    def publish(self, statuses: Iterable[diagnostics.DiagnosticStatus]) -> None:
        """Publish all statuses as one message, stamped now."""
        message = DiagnosticArray()
        message.header.stamp = self._clock.now().to_msg()
        message.status = [_to_message(status) for status in statuses]
        self._publisher.publish(message)


def _to_message(status: diagnostics.DiagnosticStatus) -> DiagnosticStatus:
    return DiagnosticStatus(
        level=bytes([status.level]),
        name=status.name,
        message=status.message,
        hardware_id=status.hardware_id,
        values=[KeyValue(key=value.key, value=value.value) for value in status.values],
    )


@dataclass(frozen=True)
class Health:
    """How a node is, and the values behind it; where `faults` differ from the last ones, that is a warning for 30 s."""

    verdict: Verdict
    values: dict[str, str]
    faults: Hashable = None


class HealthReport:
    """Publishes the health of a node once a second, as the status `voice_pipeline: PART`."""

    def __init__(self, node: PipelineNode[SettingsT], part: str, health: Callable[[], Health]) -> None:
        self._part = part
        self._health = health
        self._faults = health().faults
        self._fault_s = float('-inf')
        self._diagnostics = DiagnosticsPublisher(node)
        node.create_steady_timer(_PERIOD_S, self._publish)

    def _publish(self) -> None:
        health = self._health()
        verdict = self._judged(health)
        self._diagnostics.publish([diagnostics.make_status(self._part, verdict, platform.node(), health.values)])

    def _judged(self, health: Health) -> Verdict:
        now_s = time.monotonic()
        if health.faults != self._faults:
            self._faults, self._fault_s = health.faults, now_s
        if health.verdict.level is Level.OK and now_s - self._fault_s <= _RECENT_S:
            return Verdict(Level.WARN, 'sound was lost lately: see the counts')
        return health.verdict
