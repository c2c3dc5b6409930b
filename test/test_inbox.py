"""Messages taken in batches, over real DDS: none lost, in order, and with the moment at which each came."""

import time

import pytest
import rclpy
from graph_rig import Stranger
from rclpy.node import Node
from std_msgs.msg import String

from voice_pipeline.nodes.base import LATCHED_QOS, MESSAGE_QOS
from voice_pipeline.nodes.inbox import DEPTH, Inbox, Topic, UndatedMessageError
from voice_pipeline.nodes.monitor import Monitor

HERE = '/inbox_test'


@pytest.fixture
def owner():
    rclpy.init(args=['--ros-args', '-r', f'{HERE}/told:={HERE}/elsewhere', '-r', '__node:=renamed'], domain_id=94)
    node = Node('owner', namespace=HERE)
    yield node
    node.destroy_node()
    rclpy.try_shutdown()


@pytest.fixture
def stranger(owner):
    return Stranger(HERE)


@pytest.fixture
def undated(monkeypatch):
    """As under Cyclone DDS."""
    monkeypatch.setattr(Topic, 'receive', lambda _: [(0, String(data='when?'))])


def take_until(inbox, condition):
    deadline_s = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < deadline_s
        inbox.take()


def test_what_came_is_handed_out_in_its_order_with_the_moment_it_came(owner, stranger):
    inbox, heard = Inbox(owner), []
    for topic in ('first', 'second'):
        inbox.listen(String, topic, lambda message, at_ns: heard.append((message.data, at_ns)), MESSAGE_QOS)
    before_ns = time.time_ns()
    for number in range(DEPTH // 2):
        stranger.publish(('first', 'second')[number % 2], String(data=str(number)))
    assert heard == []
    take_until(inbox, lambda: len(heard) == DEPTH // 2)
    assert sorted(heard, key=lambda one: one[1]) == heard
    for offset in (0, 1):  # DDS promises an order within a topic
        assert [text for text, _ in heard if int(text) % 2 == offset] == [str(n) for n in range(offset, DEPTH // 2, 2)]
    assert before_ns < heard[0][1]

    def came_before_it_was_taken():
        stranger.publish('first', String(data='once more'))
        asked_ns = time.time_ns()
        inbox.take()
        return heard[-1][1] < asked_ns and heard[-1][0] == 'once more'

    stranger.spin_until(came_before_it_was_taken)
    inbox.close()


def test_topics_are_named_as_for_the_owner_and_what_was_latched_comes_too(owner, stranger):
    latched = stranger.node.create_publisher(String, 'elsewhere', LATCHED_QOS)
    latched.publish(String(data='said before'))
    inbox, heard = Inbox(owner), []
    inbox.listen(String, 'told', lambda message, _: heard.append(message.data), LATCHED_QOS)
    take_until(inbox, lambda: heard == ['said before'])
    assert (owner.get_name(), inbox.name) == ('renamed', '_renamed_inbox')
    inbox.close()


def test_a_middleware_that_does_not_say_when_is_found_out(owner, undated):
    inbox, heard = Inbox(owner), []
    inbox.listen(String, 'told', lambda *what: heard.append(what), MESSAGE_QOS)
    with pytest.raises(UndatedMessageError):
        inbox.take()
    assert heard == []
    inbox.close()


def test_the_monitor_then_takes_each_message_when_it_comes(owner, stranger, undated):
    monitor = Monitor()
    stranger.executor.add_node(monitor)

    def is_taken():
        stranger.publish('/transcript', String(data='nonsense'))
        return monitor.malformed['transcript']

    stranger.spin_until(is_taken)
    monitor.close()
    monitor.destroy_node()
