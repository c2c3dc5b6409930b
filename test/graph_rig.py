"""Someone else on the ROS graph, for tests: says things, and keeps what is heard."""

import time

import rclpy
from rclpy.executors import SingleThreadedExecutor

from voice_pipeline.nodes.base import MESSAGE_QOS

PATIENCE_S = 60.0


class Stranger:
    """`heard` are the messages of each topic that it listens to, which is given as topic=(kind, QoS)."""

    def __init__(self, namespace, **listens_to):
        self.node = rclpy.create_node('stranger', namespace=namespace)
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.heard = {topic: [] for topic in listens_to}
        for topic, (kind, qos) in listens_to.items():
            self.node.create_subscription(kind, topic, self.heard[topic].append, qos)
        self._publishers = {}

    def publish(self, topic, message, listeners=1):
        """Say it, once so many listen."""
        if topic not in self._publishers:
            self._publishers[topic] = self.node.create_publisher(type(message), topic, MESSAGE_QOS)
        self.spin_until(lambda: self._publishers[topic].get_subscription_count() >= listeners)
        self._publishers[topic].publish(message)

    def spin_until(self, condition):
        """Look at the condition after everything that happens."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline_s, self.heard
            self.executor.spin_once(timeout_sec=0.1)
