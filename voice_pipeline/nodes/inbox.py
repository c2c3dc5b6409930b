"""Messages that are taken in batches, by a node that answers none of them and only wants to know when each came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

from voice_pipeline.nodes.base import RawT

# Of each topic: room for what comes while the machine is too busy for the node that looks.
DEPTH = 200


class UndatedMessageError(RuntimeError):
    """The middleware does not say when a message came, as Cyclone DDS: who takes it later cannot know."""


class Topic:
    """What came to one topic and was not taken yet."""

    def __init__(self, subscription: Subscription, kind: type, take: Callable[[Any, int], None]) -> None:
        self._subscription = subscription
        self._kind = kind
        self.take = take

    def receive(self) -> Iterator[tuple[int, Any]]:
        """Yield each message with when it came, in nanoseconds of the system clock; 0: the middleware does not say."""
        handle = self._subscription.handle
        with handle:  # so that nobody takes it away meanwhile
            while (taken := handle.take_message(self._kind, False)) is not None:
                message, details = taken
                yield details['received_timestamp'], message


class Inbox:
    """
    Subscribes for a node without waking it: an executor that runs a callback for each message costs twice as much.

    The subscriptions belong to a node of their own, hidden as its name begins with "_", which no executor spins.
    """

    def __init__(self, node: Node) -> None:
        self._owner = node
        self._node = rclpy.create_node(
            f'_{node.get_name()}_inbox',
            namespace=node.get_namespace(),
            use_global_arguments=False,  # a name given at launch is the owner's
            enable_rosout=False,
            start_parameter_services=False,
        )
        self.topics: list[Topic] = []

    @property
    def name(self) -> str:
        """The name of the node that subscribes."""
        return str(self._node.get_name())

    def listen(self, kind: type[RawT], topic: str, take: Callable[[RawT, int], None], qos: QoSProfile) -> None:
        """Have `take(message, received_ns)` called, from within the method `take`, for each message of the topic."""
        deep = QoSProfile(depth=DEPTH, reliability=qos.reliability, durability=qos.durability)
        name = self._owner.resolve_topic_name(topic)
        subscription = self._node.create_subscription(kind, name, lambda _: None, deep)
        self.topics.append(Topic(subscription, kind, take))

    def take(self) -> None:
        """Hand out what has come, of all topics in the order it came. Raises `UndatedMessageError`."""
        came = [(received_ns, topic.take, message) for topic in self.topics for received_ns, message in topic.receive()]
        if not all(received_ns for received_ns, _, _ in came):
            raise UndatedMessageError
        for received_ns, take, message in sorted(came, key=itemgetter(0)):
            take(message, received_ns)

    def close(self) -> None:
        """Subscribe to nothing any more."""
        self._node.destroy_node()
