"""Looks on from another process: hands everything the pipeline publishes to a listener that knows no ROS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import rclpy
from nav_msgs.msg import Odometry as OdometryMessage
from rclpy.executors import ExternalShutdownException
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import String

from voice_pipeline import topics
from voice_pipeline.control.motion import Odometry
from voice_pipeline.messages import Message
from voice_pipeline.monitoring.report import Report, decode_report
from voice_pipeline.nodes.base import LATCHED_QOS, PipelineNode, make_executor
from voice_pipeline.nodes.conversions import odometry_from_message
from voice_pipeline.settings import Settings

NodeT = TypeVar('NodeT', bound=PipelineNode[Any])


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


class Observer(PipelineNode[Settings]):
    """Listens to what the pipeline publishes for people and tools."""

    def __init__(self, listener: Listener) -> None:
        super().__init__('observer', Settings)
        self.create_subscription(String, topics.READY, lambda message: listener.on_ready(message.data), LATCHED_QOS)
        self.on_every_message(listener.on_message)
        self.create_subscription(
            OdometryMessage, topics.ODOM, lambda message: listener.on_odometry(odometry_from_message(message)), 10
        )
        self.create_subscription(String, topics.REPORT, lambda text: listener.on_report(decode_report(text.data)), 10)


@contextmanager
def observing(listener: Listener, namespace: str, domain_id: int) -> Iterator[None]:
    """Listen to the pipeline in this namespace and DDS domain, from a thread of its own, while the context lasts."""
    with on_graph(lambda: Observer(listener), namespace, domain_id):
        yield


@contextmanager
def on_graph(make_node: Callable[[], NodeT], namespace: str, domain_id: int) -> Iterator[NodeT]:
    """Make a node in this namespace and DDS domain, and let a thread of its own spin it while the context lasts."""
    rclpy.init(
        args=['--ros-args', '-r', f'__ns:={namespace}', '--log-level', 'warn'],
        domain_id=domain_id,
        signal_handler_options=SignalHandlerOptions.NO,
    )
    node = make_node()
    executor = make_executor()
    executor.add_node(node)
    ended = threading.Event()

    def spin() -> None:
        try:
            while not ended.is_set():
                executor.spin_once(timeout_sec=0.1)
        except ExternalShutdownException:
            return

    thread = threading.Thread(target=spin, name='observer', daemon=True)
    thread.start()
    try:
        yield node
    finally:
        ended.set()
        thread.join(timeout=2.0)
        node.destroy_node()
        rclpy.try_shutdown()
