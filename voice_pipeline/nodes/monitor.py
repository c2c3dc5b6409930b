"""All topics → `/diagnostics`, `performance` and its numbers: rates, latencies, the machine, verdicts."""

from __future__ import annotations

import platform
import sys
import time
from collections import deque
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.publisher import Publisher
from std_msgs.msg import Float32, String

from voice_pipeline import topics
from voice_pipeline.audio.frames import Frame
from voice_pipeline.control.motion import STILL
from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.record import read_record
from voice_pipeline.messages import STAGES, StageName
from voice_pipeline.monitoring import diagnostics
from voice_pipeline.monitoring.budgets import BudgetError, load_budgets
from voice_pipeline.monitoring.machine import MachineSampler
from voice_pipeline.monitoring.monitor import PipelineMonitor
from voice_pipeline.monitoring.processes import PsutilSystem
from voice_pipeline.monitoring.report import Report, encode_report
from voice_pipeline.monitoring.settings import MonitorSettings
from voice_pipeline.monitoring.text import performance_lines
from voice_pipeline.nodes.base import MESSAGE_QOS, PipelineNode, StartError, run
from voice_pipeline.nodes.conversions import velocity_from_twist

# Room for all lines of a report before the next one comes.
LINES_PER_REPORT = len(STAGES) + 3

# Which stage is to blame for a malformed message on a topic.
SOURCES: dict[str, StageName] = {
    topics.AUDIO: 'audio',
    topics.TRANSCRIPT: 'recognition',
    topics.INTENT: 'understanding',
    topics.PLAN: 'planning',
    topics.EXECUTION: 'control',
}


class Monitor(PipelineNode[MonitorSettings]):
    """Only listens; the pipeline does not know that it is there."""

    def __init__(self) -> None:
        super().__init__('monitor', MonitorSettings)
        try:
            budgets = load_budgets(Path(self.settings.budgets) if self.settings.budgets else None)
        except BudgetError as error:
            raise StartError(str(error)) from None
        self._monitor = PipelineMonitor(budgets, time.time_ns)
        self._sampler = MachineSampler(PsutilSystem(), time.time_ns)
        self._host = Host()
        self._listen()
        self._diagnostics = self.create_publisher(DiagnosticArray, topics.DIAGNOSTICS, MESSAGE_QOS)
        self._lines = self.create_publisher(String, topics.PERFORMANCE, MESSAGE_QOS)
        self._report = self.create_publisher(String, topics.REPORT, MESSAGE_QOS)
        self._numbers = {stage: self._number_publishers(stage) for stage in STAGES}
        self._waiting_lines: deque[str] = deque()
        self.create_steady_timer(1.0 / self.settings.rate_hz, self._publish_report)
        self.create_steady_timer(1.0 / (self.settings.rate_hz * LINES_PER_REPORT), self._publish_line)
        self.report_ready()

    def _listen(self) -> None:
        self.on_audio(self._on_frame)
        kind = TwistStamped if self.settings.stamped else Twist
        self.create_subscription(kind, topics.CMD_VEL, self._on_velocity, MESSAGE_QOS)
        self.on_every_message(self._monitor.on_message)

    def _number_publishers(self, stage: StageName) -> tuple[Publisher, Publisher]:
        base = f'{topics.PERFORMANCE}/{stage}'
        return (
            self.create_publisher(Float32, f'{base}/hz', MESSAGE_QOS),
            self.create_publisher(Float32, f'{base}/latency_ms', MESSAGE_QOS),
        )

    def _on_frame(self, frame: Frame, received_ns: int) -> None:
        self._monitor.on_audio(frame.sequence, frame.stamp_ns, frame.end_ns, received_ns)

    def _on_velocity(self, message: Twist | TwistStamped) -> None:
        self._monitor.on_velocity(velocity_from_twist(message) != STILL, time.time_ns())

    def reject(self, topic: str, reason: str) -> None:
        """Drop an unusable message, and hold it against the stage it comes from."""
        super().reject(topic, reason)
        self._monitor.on_malformed(SOURCES[topic])

    def _publish_report(self) -> None:
        self._monitor.on_machine(self._sampler.sample())
        report = self._monitor.report()
        self._report.publish(String(data=encode_report(report)))
        self._waiting_lines = deque(performance_lines(report))
        self._publish_diagnostics(report)
        self._publish_numbers(report)

    def _publish_line(self) -> None:
        """Publish one line at a time: `ros2 topic echo` keeps five messages, and would lose the first of six."""
        if self._waiting_lines:
            self._lines.publish(String(data=self._waiting_lines.popleft()))

    def _publish_diagnostics(self, report: Report) -> None:
        message = DiagnosticArray()
        message.header.stamp = self.get_clock().now().to_msg()
        statuses = diagnostics.diagnostic_statuses(report, platform.node())
        setup = read_record(self._host)
        if setup is not None:
            statuses.append(diagnostics.jetson_status(setup, platform.node()))
        message.status = [_diagnostic_status(status) for status in statuses]
        self._diagnostics.publish(message)

    def _publish_numbers(self, report: Report) -> None:
        """Publish what is known: a plot shows a gap rather than a zero that was never measured."""
        for stage in report.stages:
            rate, latency = self._numbers[stage.values.name]
            if stage.values.rate_hz is not None:
                rate.publish(Float32(data=stage.values.rate_hz))
            if stage.values.latency_ms is not None:
                latency.publish(Float32(data=stage.values.latency_ms.p50))


def _diagnostic_status(status: diagnostics.DiagnosticStatus) -> DiagnosticStatus:
    return DiagnosticStatus(
        level=bytes([status.level]),
        name=status.name,
        message=status.message,
        hardware_id=status.hardware_id,
        values=[KeyValue(key=value.key, value=value.value) for value in status.values],
    )


def main() -> int:
    """Run the node."""
    return run(Monitor)


if __name__ == '__main__':
    sys.exit(main())
