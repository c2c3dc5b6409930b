"""Has plans carried out from another process, and hands what the robot is told and does to who knows no ROS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry as OdometryMessage
from std_msgs.msg import Empty, String

from voice_pipeline import topics
from voice_pipeline.control.motion import Odometry, Velocity
from voice_pipeline.messages import Execution, Plan
from voice_pipeline.nodes.aside import spinning_aside
from voice_pipeline.nodes.base import LATCHED_QOS, MESSAGE_QOS, PipelineNode
from voice_pipeline.nodes.conversions import odometry_from_message, velocity_from_twist
from voice_pipeline.settings import Settings


class Watcher(Protocol):
    """What a commander wants to know; called from one thread, never two calls at a time."""

    def on_ready(self, node: str) -> None:
        """Take note that a node does its work."""

    def on_velocity(self, velocity: Velocity, received_ns: int) -> None:
        """Take what the wheels are told, and when that arrived (monotonic clock)."""

    def on_odometry(self, odometry: Odometry) -> None:
        """Take where the robot is."""

    def on_execution(self, execution: Execution) -> None:
        """Take how far a plan is."""

    def on_diagnostics(self, name: str, values: dict[str, str]) -> None:
        """Take what a node says of itself."""


class Commander(PipelineNode[Settings]):
    """Publishes plans and stops; may be called from any thread."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__('commander', Settings)
        self._watcher = watcher
        self._plan = self.message_publisher(topics.PLAN)
        self._stop = self.create_publisher(Empty, topics.STOP, MESSAGE_QOS)
        self.create_subscription(String, topics.READY, lambda message: watcher.on_ready(message.data), LATCHED_QOS)
        self.create_subscription(Twist, topics.CMD_VEL, self._on_velocity, MESSAGE_QOS)
        self.create_subscription(OdometryMessage, topics.ODOM, self._on_odometry, MESSAGE_QOS)
        self.create_subscription(DiagnosticArray, topics.DIAGNOSTICS, self._on_diagnostics, MESSAGE_QOS)
        self.on_message(Execution, topics.EXECUTION, lambda execution, _: watcher.on_execution(execution))

    def submit(self, plan: Plan) -> None:
        """Have the plan carried out."""
        self._plan(plan)

    def stop(self) -> None:
        """Stop the robot."""
        self._stop.publish(Empty())

    def is_heard(self) -> bool:
        """Say whether somebody takes plans and stops."""
        return all(self.count_subscribers(self.resolve_topic_name(one)) for one in (topics.PLAN, topics.STOP))

    def _on_velocity(self, message: Twist) -> None:
        received_ns = time.monotonic_ns()
        self._watcher.on_velocity(velocity_from_twist(message), received_ns)

    def _on_odometry(self, message: OdometryMessage) -> None:
        self._watcher.on_odometry(odometry_from_message(message))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self._watcher.on_diagnostics(status.name, {value.key: value.value for value in status.values})


@contextmanager
def commanding(watcher: Watcher, namespace: str, domain_id: int) -> Iterator[Commander]:
    """Command the robot in this namespace and DDS domain while the context lasts; a thread of its own listens."""
    with spinning_aside(lambda: Commander(watcher), namespace, domain_id) as commander:
        yield commander
