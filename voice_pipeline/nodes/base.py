"""What all nodes share: parameters from a settings record, validated messages, readiness, and a clean end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Generic, TypeVar

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.logging import get_logging_directory
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.signals import SignalHandlerOptions
from rclpy.timer import Timer
from std_msgs.msg import Int16MultiArray, String

from voice_pipeline import messages, paths, topics
from voice_pipeline.audio.frames import Frame
from voice_pipeline.nodes.conversions import AlienMessageError, audio_from_message
from voice_pipeline.nodes.parameters import declare_settings
from voice_pipeline.profiling.settings import AUTO, ProfileSettings
from voice_pipeline.settings import Settings, SettingsError

if TYPE_CHECKING:  # a node that is not profiled loads none of it
    from voice_pipeline.profiling.profiler import Profiler

SettingsT = TypeVar('SettingsT', bound=Settings)
MessageT = TypeVar('MessageT', bound=messages.Message)
RawT = TypeVar('RawT')

# Reliable, and a little deep: revisions are small, and a final must not be lost to a busy moment.
MESSAGE_QOS = QoSProfile(depth=20)
# One second of frames.
AUDIO_QOS = QoSProfile(depth=32)
# Also for who subscribes later.
LATCHED_QOS = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)

# Which documents travel on which topic, in flow order.
MESSAGE_TOPICS: tuple[tuple[type[messages.Message], str], ...] = (
    (messages.Transcript, topics.TRANSCRIPT),
    (messages.Intent, topics.INTENT),
    (messages.Plan, topics.PLAN),
    (messages.Execution, topics.EXECUTION),
)

_stages_logger = logging.getLogger(paths.PACKAGE)
_stages_logger.setLevel(logging.DEBUG)  # the node's own level decides

_SPIN_S = 0.25  # how often a quiet node looks whether it was told to end
EXIT_FAILED, EXIT_WRONG_SETTINGS = 1, 2


class StartError(RuntimeError):
    """The node cannot do its work; the text says what the user should do."""


class PipelineNode(Node, Generic[SettingsT]):
    """A thin shell around one stage: parameters in, callbacks, messages out."""

    def __init__(self, name: str, settings_type: type[SettingsT]) -> None:
        super().__init__(name, automatically_declare_parameters_from_overrides=True)
        self.settings, self._profile_settings = declare_settings(self, settings_type, ProfileSettings)
        self.malformed: Counter[str] = Counter()
        self.has_failed = False
        self._log_bridge = _LogBridge(self)
        _stages_logger.addHandler(self._log_bridge)
        self._steady_clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._ready = self.create_publisher(String, topics.READY, LATCHED_QOS)

    def report_ready(self, what: str = '') -> None:
        """Tell the log, and who waits on the `ready` topic, that this node does its work from now on."""
        self._ready.publish(String(data=self.get_name()))
        self.get_logger().info(f'ready{": " if what else ""}{what}')

    def listen(self, kind: type[RawT], topic: str, take: Callable[[RawT, int], None], qos: QoSProfile) -> None:
        """Call `take(message, received_ns)` for each message of ROS, when it comes."""
        self.create_subscription(kind, topic, lambda message: take(message, time.time_ns()), qos)

    def on_message(self, kind: type[MessageT], topic: str, handle: Callable[[MessageT, int], None]) -> None:
        """Call `handle(message, received_ns)` for each valid message; count the others, and log the first of a kind."""

        def receive(raw: String, received_ns: int) -> None:
            try:
                message = messages.decode(kind, raw.data)
            except messages.MalformedMessageError as error:
                self.reject(topic, str(error))
                return
            handle(message, received_ns)

        self.listen(String, topic, receive, MESSAGE_QOS)

    def on_every_message(self, handle: Callable[[messages.Message, int], None]) -> None:
        """Call `handle(message, received_ns)` for each valid message of every stage."""
        for kind, topic in MESSAGE_TOPICS:
            self.on_message(kind, topic, handle)

    def on_audio(self, handle: Callable[[Frame, int], None], topic: str = topics.AUDIO) -> None:
        """Call `handle(frame, received_ns)` for each frame of sound; count what is none, and log the first."""

        def receive(raw: Int16MultiArray, received_ns: int) -> None:
            try:
                frame = audio_from_message(raw)
            except AlienMessageError as error:
                self.reject(topic, str(error))
                return
            handle(frame, received_ns)

        self.listen(Int16MultiArray, topic, receive, AUDIO_QOS)

    def message_publisher(self, topic: str, qos: QoSProfile = MESSAGE_QOS) -> Callable[[messages.Message], None]:
        """Return the function that publishes a message on the topic."""
        publisher: Publisher = self.create_publisher(String, topic, qos)
        return lambda message: publisher.publish(String(data=messages.encode(message)))

    def create_steady_timer(self, period_s: float, callback: Callable[[], None]) -> Timer:
        """Call back at a fixed period of the monotonic clock: neither clock jumps nor simulated time may hold it up."""
        return self.create_timer(period_s, callback, clock=self._steady_clock)

    def reject(self, topic: str, reason: str) -> None:
        """Drop an unusable input: counted, and logged the first time, so that a chatty alien cannot fill the log."""
        self.malformed[topic] += 1
        if self.malformed[topic] == 1:
            self.get_logger().warning(f"ignoring a bad message on '{topic}' (logged once): {reason}")

    def fail(self, reason: str) -> None:
        """End the node, from any of its threads: it cannot go on, but may when it is started again."""
        self.get_logger().fatal(reason)
        self.has_failed = True

    def start_profile(self) -> Profiler | None:
        """Profile the node from now on, where its parameters say so. Raises `StartError`."""
        wanted = self._profile_settings
        if not wanted.profile:
            return None
        from voice_pipeline.profiling.profiler import Profiler

        folder = get_logging_directory() / 'profile' if wanted.profile == AUTO else Path(wanted.profile).expanduser()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(f"the profile cannot be written: {error}; set 'profile' to another folder") from None
        profiler = Profiler(self.get_name(), folder, wanted.profile_rate_hz, wanted.profile_s)
        signal.signal(signal.SIGUSR1, lambda _number, _frame: profiler.ask())
        profiler.start()
        self.get_logger().info(f'writes its profile into {folder} when it ends and on SIGUSR1 (pid {os.getpid()})')
        return profiler

    def close(self) -> None:
        """End threads and leave the robot at rest; called while messages can still be sent."""

    def destroy_node(self) -> None:
        """Destroy the node; what the stages log from now on goes where Python's logging sends it."""
        _stages_logger.removeHandler(self._log_bridge)
        super().destroy_node()


class _LogBridge(logging.Handler):
    """Hands what the stages log, in plain Python, to the node's log."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._logger = node.get_logger()

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        # One line of code a severity: rclpy allows none to be changed from call to call of the same line.
        if record.levelno >= logging.ERROR:
            self._logger.error(text)
        elif record.levelno >= logging.WARNING:
            self._logger.warning(text)
        elif record.levelno >= logging.INFO:
            self._logger.info(text)
        else:
            self._logger.debug(text)


def run(make_node: Callable[[], PipelineNode[SettingsT]], arguments: list[str] | None = None) -> int:
    """Run one node until it is told to end (SIGINT, SIGTERM). Returns the exit status."""
    # rclpy's own signal handlers tear the context down first, and then nothing can say "zero velocity" any more.
    rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    ended = _end_on_signals()
    node: PipelineNode[SettingsT] | None = None
    profiler: Profiler | None = None
    try:
        node = make_node()
        profiler = node.start_profile()
        executor = make_executor()
        executor.add_node(node)
        while rclpy.ok() and not ended() and not node.has_failed:
            executor.spin_once(timeout_sec=_SPIN_S)
    except (SettingsError, StartError) as error:
        sys.stderr.write(f'{sys.argv[0]}: {error}\n')
        return EXIT_WRONG_SETTINGS
    finally:
        if node is not None:
            if profiler is not None:
                profiler.stop()
            node.close()
            if profiler is not None:
                profiler.join()
            node.destroy_node()
        rclpy.try_shutdown()
        # Python takes its own handlers away before it is gone, and a second Ctrl-C then kills what had ended well.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return EXIT_FAILED if node is not None and node.has_failed else 0


def _end_on_signals() -> Callable[[], bool]:
    received: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, remember)
    return lambda: bool(received)


def make_executor() -> Executor:
    """Return the executor that costs least: Jazzy and later have one driven by events, Humble does not."""
    try:
        from rclpy.experimental import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor()
    return EventsExecutor()
