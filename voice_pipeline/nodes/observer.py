"""Looks on from another process: hands everything the pipeline publishes to a listener that knows no ROS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar, runtime_checkable

from nav_msgs.msg import Odometry as OdometryMessage
from std_msgs.msg import String

from voice_pipeline import topics
from voice_pipeline.control.motion import Odometry
from voice_pipeline.messages import MalformedMessageError, Message
from voice_pipeline.monitoring.report import Report, decode_report
from voice_pipeline.monitoring.utterances import UtteranceRecord, decode_utterance
from voice_pipeline.nodes.aside import spinning_aside
from voice_pipeline.nodes.base import LATCHED_QOS, MESSAGE_QOS, PipelineNode
from voice_pipeline.nodes.conversions import odometry_from_message
from voice_pipeline.settings import Settings

RecordT = TypeVar('RecordT')


class Listener(Protocol):
    """What an onlooker wants to know; called from one thread, never two calls at a time."""

    def on_ready(self, node: str) -> None:
        """Take note that a node does its work."""

    def on_message(self, message: Message, received_ns: int, /) -> None:
        """Take a transcript, intent, plan or execution."""

    def on_odometry(self, odometry: Odometry) -> None:
        """Take where the robot is."""

    def on_report(self, report: Report) -> None:
        """Take what the monitor says."""


@runtime_checkable
class UtteranceListener(Protocol):
    """A listener that also wants to know what the monitor has put together about each utterance."""

    def on_utterance(self, record: UtteranceRecord) -> None:
        """Take how far an utterance has come."""


class Observer(PipelineNode[Settings]):
    """Listens to what the pipeline publishes for people and tools."""

    def __init__(self, listener: Listener) -> None:
        super().__init__('observer', Settings)
        self.create_subscription(String, topics.READY, lambda message: listener.on_ready(message.data), LATCHED_QOS)
        self.on_every_message(listener.on_message)
        self.create_subscription(
            OdometryMessage, topics.ODOM, lambda message: listener.on_odometry(odometry_from_message(message)), 10
        )
        self._on_document(topics.REPORT, decode_report, listener.on_report)
        if isinstance(listener, UtteranceListener):
            self._on_document(topics.UTTERANCE, decode_utterance, listener.on_utterance)

    def _on_document(self, topic: str, decode: Callable[[str], RecordT], take: Callable[[RecordT], None]) -> None:
        def receive(raw: String) -> None:
            try:
                record = decode(raw.data)
            except MalformedMessageError as error:
                self.reject(topic, str(error))
                return
            take(record)

        self.create_subscription(String, topic, receive, MESSAGE_QOS)


@contextmanager
def observing(listener: Listener, namespace: str, domain_id: int) -> Iterator[None]:
    """Listen to the pipeline in this namespace and DDS domain, from a thread of its own, while the context lasts."""
    with spinning_aside(lambda: Observer(listener), namespace, domain_id):
        yield
