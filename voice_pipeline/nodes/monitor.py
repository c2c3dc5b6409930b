"""All topics → `/diagnostics`, `performance` and its numbers: rates, latencies, the machine, verdicts, utterances."""

from __future__ import annotations

import platform
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from std_msgs.msg import Float32, String

from voice_pipeline import topics
from voice_pipeline.audio.frames import Frame
from voice_pipeline.control.motion import STILL
from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.record import read_record
from voice_pipeline.messages import STAGES, Message, StageName
from voice_pipeline.monitoring import diagnostics
from voice_pipeline.monitoring.budgets import BudgetError, Budgets, load_budgets
from voice_pipeline.monitoring.changes import Changes
from voice_pipeline.monitoring.hardware import find_sensors
from voice_pipeline.monitoring.keeper import UtteranceKeeper
from voice_pipeline.monitoring.machine import MachineSampler
from voice_pipeline.monitoring.monitor import PipelineMonitor
from voice_pipeline.monitoring.processes import PsutilSystem
from voice_pipeline.monitoring.recording import RunRecorder
from voice_pipeline.monitoring.report import Level, Report, encode_report
from voice_pipeline.monitoring.settings import MonitorSettings
from voice_pipeline.monitoring.text import performance_lines
from voice_pipeline.monitoring.utterances import encode_utterance
from voice_pipeline.nodes.base import LATCHED_QOS, MESSAGE_QOS, PipelineNode, RawT, StartError, run
from voice_pipeline.nodes.conversions import velocity_from_twist
from voice_pipeline.nodes.health import DiagnosticsPublisher
from voice_pipeline.nodes.inbox import Inbox, UndatedMessageError
from voice_pipeline.paths import PACKAGE

LOOKS_HZ = 4.0  # how often it takes what has come, and publishes the utterances that have come further
# `ros2 topic echo` keeps five messages, and would lose the first of six; all lines of a report go out before the next.
LINES_PER_LOOK = 3
LINES_PER_REPORT = len(STAGES) + 3

# Which stage is to blame for a malformed message on a topic.
SOURCES: dict[str, StageName] = {
    topics.AUDIO: 'audio',
    topics.TRANSCRIPT: 'recognition',
    topics.INTENT: 'understanding',
    topics.PLAN: 'planning',
    topics.EXECUTION: 'control',
}
# Of what only the recogniser can count: its status, and what its keys begin with.
LISTENING = f'{PACKAGE}: listening'
NOT_BELIEVED = 'not believed: '


class Monitor(PipelineNode[MonitorSettings]):
    """
    Only listens; the pipeline does not know that it is there.

    It takes what has come a few times a second, with the moments at which it came, rather than wake for each message:
    that halves what it costs.
    """

    def __init__(self) -> None:
        super().__init__('monitor', MonitorSettings)
        try:
            budgets = load_budgets(Path(self.settings.budgets) if self.settings.budgets else None)
        except BudgetError as error:
            raise StartError(str(error)) from None
        self._monitor = PipelineMonitor(budgets, time.time_ns)
        self._changes = Changes()
        self._host = Host()
        self._sensors = find_sensors(self._host)
        self._sampler = MachineSampler(PsutilSystem(), time.time_ns, self._sensors)
        self._waiting_lines: deque[str] = deque()
        self._recorder = self._make_recorder(budgets)
        self._keeper = self._make_keeper()
        self._advertise()
        self._inbox: Inbox | None = Inbox(self)
        self._listen_to_all()
        rate_hz = self.settings.rate_hz
        self.create_steady_timer(1.0 / rate_hz, self._publish_report)
        self.create_steady_timer(1.0 / max(LOOKS_HZ, rate_hz * LINES_PER_REPORT / LINES_PER_LOOK), self._look)
        self.report_ready(f'reads {self._sensors.description}')

    def _make_recorder(self, budgets: Budgets) -> RunRecorder | None:
        path = self.settings.record
        return RunRecorder(Path(path).expanduser(), budgets) if path else None

    def _make_keeper(self) -> UtteranceKeeper | None:
        settings = self.settings
        if not settings.keep_utterances:
            return None
        return UtteranceKeeper(Path(settings.keep_utterances).expanduser(), settings.keep_count, settings.keep_days)

    def _advertise(self) -> None:
        self._diagnostics = DiagnosticsPublisher(self)
        self._lines = self.create_publisher(String, topics.PERFORMANCE, MESSAGE_QOS)
        self._report = self.create_publisher(String, topics.REPORT, MESSAGE_QOS)
        self._utterances = self.create_publisher(String, topics.UTTERANCE, MESSAGE_QOS)
        self._numbers = {stage: self._number_publishers(stage) for stage in STAGES}

    def _listen_to_all(self) -> None:
        self.on_audio(self._on_frame)
        kind = TwistStamped if self.settings.stamped else Twist
        self.listen(kind, topics.CMD_VEL, self._on_velocity, MESSAGE_QOS)
        self.on_every_message(self._on_message)
        self.listen(String, topics.READY, lambda text, _: self._monitor.on_ready(text.data), LATCHED_QOS)
        self.listen(DiagnosticArray, topics.DIAGNOSTICS, self._on_diagnostics, MESSAGE_QOS)

    def listen(self, kind: type[RawT], topic: str, take: Callable[[RawT, int], None], qos: QoSProfile) -> None:
        """Have each message kept for the next look, or taken at once where that is not possible."""
        if self._inbox is None:
            super().listen(kind, topic, take, qos)
        else:
            self._inbox.listen(kind, topic, take, qos)

    def _number_publishers(self, stage: StageName) -> tuple[Publisher, Publisher]:
        base = f'{topics.PERFORMANCE}/{stage}'
        return (
            self.create_publisher(Float32, f'{base}/hz', MESSAGE_QOS),
            self.create_publisher(Float32, f'{base}/latency_ms', MESSAGE_QOS),
        )

    # --- what comes in -------------------------------------------------------------------------------------------

    def _take(self) -> None:
        """Take what has come since the last time."""
        if self._inbox is None:
            return
        try:
            self._inbox.take()
        except UndatedMessageError:
            self.get_logger().info('this middleware does not say when a message came: each is taken when it comes')
            self._inbox.close()
            self._inbox = None
            self._listen_to_all()

    def _on_frame(self, frame: Frame, received_ns: int) -> None:
        self._monitor.on_audio(frame.sequence, frame.stamp_ns, frame.end_ns, received_ns)
        if self._keeper is not None:
            self._keeper.on_frame(frame)

    def _on_message(self, message: Message, received_ns: int) -> None:
        self._monitor.on_message(message, received_ns)
        if self._keeper is not None:
            self._keeper.on_message(message, received_ns)

    def _on_velocity(self, message: Twist | TwistStamped, received_ns: int) -> None:
        self._monitor.on_velocity(velocity_from_twist(message) != STILL, received_ns)

    def _on_diagnostics(self, message: DiagnosticArray, _received_ns: int) -> None:
        """Take what the recogniser turned down; robots share this topic, so that of another host is none of ours."""
        for status in message.status:
            if status.name == LISTENING and status.hardware_id == platform.node():
                counts = {value.key: value.value for value in status.values if value.key.startswith(NOT_BELIEVED)}
                numbers = {key: int(value) for key, value in counts.items() if value.isdecimal()}
                self._monitor.on_counted_elsewhere('recognition', numbers)

    def reject(self, topic: str, reason: str) -> None:
        """Drop an unusable message, and hold it against the stage it comes from."""
        super().reject(topic, reason)
        self._monitor.on_malformed(SOURCES[topic], reason)

    # --- what goes out -------------------------------------------------------------------------------------------

    def _look(self) -> None:
        self._take()
        self._publish_utterances()
        self._publish_lines()

    def _publish_report(self) -> None:
        self._take()
        setup = read_record(self._host)
        self._monitor.on_setup(setup)
        self._monitor.on_machine(self._sampler.sample())
        report = self._monitor.report()
        self._log_changes(report)
        if self._recorder is not None:
            self._recorder.on_report(report)
        self._report.publish(String(data=encode_report(report)))
        self._waiting_lines = deque(performance_lines(report))
        statuses = diagnostics.diagnostic_statuses(report, platform.node())
        if setup is not None:
            statuses.append(diagnostics.jetson_status(setup, platform.node()))
        self._diagnostics.publish(statuses)
        self._publish_numbers(report)

    def _log_changes(self, report: Report) -> None:
        for change in self._changes.since_last(report):
            if change.level is Level.OK:
                self.get_logger().info(change.line)
            else:
                self.get_logger().warning(change.line)

    def _publish_lines(self) -> None:
        for _ in range(min(LINES_PER_LOOK, len(self._waiting_lines))):
            self._lines.publish(String(data=self._waiting_lines.popleft()))

    def _publish_utterances(self) -> None:
        for record in self._monitor.changed_utterances():
            self._utterances.publish(String(data=encode_utterance(record)))
            if self._recorder is not None:
                self._recorder.on_utterance(record)
            if self._keeper is not None:
                self._keeper.on_utterance(record)

    def _publish_numbers(self, report: Report) -> None:
        """Publish what is known: a plot shows a gap rather than a zero that was never measured."""
        for stage in report.stages:
            rate, latency = self._numbers[stage.values.name]
            if stage.values.rate_hz is not None:
                rate.publish(Float32(data=stage.values.rate_hz))
            if stage.values.latency_ms is not None:
                latency.publish(Float32(data=stage.values.latency_ms.p50))

    def close(self) -> None:
        """Let go of the sensors and files."""
        if self._inbox is not None:
            self._inbox.close()
        self._sensors.close()
        if self._recorder is not None:
            self._recorder.close()
        if self._keeper is not None:
            self._keeper.close()


def main() -> int:
    """Run the node."""
    return run(Monitor)


if __name__ == '__main__':
    sys.exit(main())
