"""A node beside the main program, for tools: on the ROS graph of the pipeline, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import rclpy
from rclpy.executors import Executor, ExternalShutdownException
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from voice_pipeline.nodes.base import make_executor

NodeT = TypeVar('NodeT', bound=Node)

_SPIN_S = 0.1  # how often it looks whether it was told to end
_END_S = 2.0


@contextmanager
def spinning_aside(make_node: Callable[[], NodeT], namespace: str, domain_id: int) -> Iterator[NodeT]:
    """Have the node do its work, in this namespace and DDS domain, while the context lasts."""
    rclpy.init(
        args=['--ros-args', '-r', f'__ns:={namespace}', '--log-level', 'warn'],
        domain_id=domain_id,
        signal_handler_options=SignalHandlerOptions.NO,
    )
    try:
        node = make_node()
        try:
            executor = make_executor()
            executor.add_node(node)
            with _spinning(executor):
                yield node
        finally:
            node.destroy_node()
    finally:
        rclpy.try_shutdown()


@contextmanager
def _spinning(executor: Executor) -> Iterator[None]:
    ended = threading.Event()

    def spin() -> None:
        try:
            while not ended.is_set():
                executor.spin_once(timeout_sec=_SPIN_S)
        except ExternalShutdownException:
            return

    thread = threading.Thread(target=spin, name='node aside', daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=_END_S)
