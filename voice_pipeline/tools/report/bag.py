"""
A run out of a rosbag2: what the monitor reported, or, where that was not recorded, what it would have.

The messages of the stages are put through `PipelineMonitor` at the times at which the bag received them, so that a bag
of `transcript`, `intent`, `plan`, `execution` and `cmd_vel` gives the same statistics as the monitor itself did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voice_pipeline import topics
from voice_pipeline.messages import (
    Execution,
    Intent,
    MalformedMessageError,
    Message,
    Plan,
    StageName,
    Transcript,
    decode,
)
from voice_pipeline.monitoring.budgets import load_budgets
from voice_pipeline.monitoring.monitor import PipelineMonitor
from voice_pipeline.monitoring.report import decode_report
from voice_pipeline.monitoring.statistics import NS_PER_S
from voice_pipeline.monitoring.utterances import decode_utterance
from voice_pipeline.tools.report.run import Run, RunError

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader

REPORT_EVERY_NS = NS_PER_S
LONGEST_QUIET_NS = 600 * NS_PER_S  # of which there are reports; a bag's times may jump by years

_STRING, _AUDIO = 'std_msgs/msg/String', 'std_msgs/msg/Int16MultiArray'
_TWISTS = ('geometry_msgs/msg/Twist', 'geometry_msgs/msg/TwistStamped')
_ODOMETRY = 'nav_msgs/msg/Odometry'
_MESSAGES: dict[str, tuple[type[Message], StageName]] = {
    topics.TRANSCRIPT: (Transcript, 'recognition'),
    topics.INTENT: (Intent, 'understanding'),
    topics.PLAN: (Plan, 'planning'),
    topics.EXECUTION: (Execution, 'control'),
}
# The topics that are read, with the types that they may have; what the robot drives by is often remapped to the root.
_TYPES = {
    **dict.fromkeys((*_MESSAGES, topics.REPORT, topics.UTTERANCE), (_STRING,)),
    topics.AUDIO: (_AUDIO,),
    topics.CMD_VEL: _TWISTS,
    topics.ODOM: (_ODOMETRY,),
}
_OF_ROBOT = (topics.CMD_VEL, topics.ODOM)


def is_bag(path: Path) -> bool:
    """Whether this is a rosbag2: its folder, or one of its files."""
    return path.is_dir() or path.suffix in ('.mcap', '.db3') or path.name == 'metadata.yaml'


def load_bag(path: Path, namespace: str = '') -> Run:
    """
    Return the run in the bag, of the pipeline in this namespace, '' for the only one. Raises `RunError`.

    `path` is a rosbag2 folder, or one of its `.mcap` or `.db3` files.
    """
    bag = path.parent if path.name == 'metadata.yaml' else path
    run = Run(source=f'bag {bag.name}')
    with _opened(bag) as reader:
        recorded = {one.topic: one.msgtype for one in reader.connections if one.msgcount}
        names = _topics_to_read(recorded, namespace)
        player = _Player(run, names)
        for name, message, at_ns in _messages(reader, names, bag):
            player.play(name, message, at_ns)
    player.end()
    return run


@contextmanager
def _opened(bag: Path) -> Iterator[AnyReader]:
    try:
        from rosbags.highlevel import AnyReader
        from rosbags.typesys import Stores, get_typestore
    except ImportError as error:
        raise RunError(f'a bag is read with rosbags: pip install rosbags ({error})') from None
    with ExitStack() as stack:
        try:
            reader = AnyReader([bag], default_typestore=get_typestore(Stores.ROS2_JAZZY))
            stack.enter_context(reader)
        except _damages() as error:
            raise _unreadable(bag, error) from None
        yield reader


def _messages(reader: AnyReader, names: Mapping[str, str], bag: Path) -> Iterator[tuple[str, Any, int]]:
    """Yield (topic, message, time) of these topics, in order of time."""
    connections = [one for one in reader.connections if one.topic in names]
    try:
        for connection, at_ns, data in reader.messages(connections=connections):
            yield connection.topic, reader.deserialize(data, connection.msgtype), at_ns
    except _damages() as error:
        raise _unreadable(bag, error) from None


def _damages() -> tuple[type[Exception], ...]:
    """Return what rosbags raises on damaged files: its own errors, and what its parts raise on bytes that are wrong."""
    import apsw
    from rosbags.highlevel import AnyReaderError
    from rosbags.rosbag2 import ReaderError

    return AnyReaderError, ReaderError, apsw.Error, OSError, ValueError, LookupError, OverflowError, RuntimeError


def _unreadable(bag: Path, error: Exception) -> RunError:
    advice = 'a bag that was not closed is repaired with "ros2 bag reindex", an .mcap file with "mcap recover"'
    return RunError(f'{bag} cannot be read: {" ".join(str(error).split())} ({advice})')


def _topics_to_read(recorded: Mapping[str, str], namespace: str) -> dict[str, str]:
    """Return the topic of the pipeline, by the topic in the bag whose types are given. Raises `RunError`."""
    own = {topic for topic in _TYPES if topic not in _OF_ROBOT}
    found: dict[str, dict[str, str]] = {}
    for name, message_type in recorded.items():
        for topic in own:
            if name.endswith(f'/{topic}') and message_type in _TYPES[topic]:
                found.setdefault(name.removesuffix(f'/{topic}') or '/', {})[name] = topic
    wanted = f'/{namespace.strip("/")}' if namespace else ''
    if wanted not in found and (wanted or len(found) != 1):
        raise RunError(_not_found(wanted, sorted(found)))
    wanted = wanted or next(iter(found))
    names = found[wanted]
    for topic in _OF_ROBOT:
        candidates = [name for name, message_type in recorded.items() if message_type in _TYPES[topic]]
        preferred = [f'{wanted.rstrip("/")}/{topic}', f'/{topic}', *(candidates if len(candidates) == 1 else ())]
        names |= dict.fromkeys([one for one in preferred if one in candidates][:1], topic)
    return names


def _not_found(wanted: str, found: list[str]) -> str:
    if not found:
        return 'none of the topics of the pipeline is in this bag: record with "ros2 bag record --all"'
    asked = f'there is no pipeline in the namespace {wanted}' if wanted else 'there are several pipelines in this bag'
    return f'{asked}: choose one with --namespace: {", ".join(found)}'


class _Player:
    """Puts the messages of a bag, in the order of their times, into a run."""

    def __init__(self, run: Run, names: dict[str, str]) -> None:
        self.topics = names
        self._run = run
        self._now_ns = 0
        self._next_report_ns = 0
        self._monitor = PipelineMonitor(load_budgets(), lambda: self._now_ns)
        self._has_reports = topics.REPORT in names.values()
        self._has_utterances = topics.UTTERANCE in names.values()
        self._unreadable = 0
        if not self._has_reports:
            run.notes.append('The bag holds no reports of the monitor: the figures are worked out from the messages.')
            missing = [topic for topic in (topics.AUDIO, *_MESSAGES, topics.CMD_VEL) if topic not in names.values()]
            if missing:
                run.notes.append(
                    f'Not in the bag: {", ".join(missing)}: what depends on that is missing, or looks stale.'
                )

    def play(self, name: str, message: Any, at_ns: int) -> None:
        """Take the next message."""
        self._report_until(at_ns)
        self._now_ns = at_ns
        topic = self.topics[name]
        if topic in _MESSAGES:
            self._on_document(topic, message.data)
        elif topic in (topics.REPORT, topics.UTTERANCE):
            self._on_record(topic, message.data)
        elif topic == topics.AUDIO:
            self._on_audio(message)
        elif topic == topics.CMD_VEL:
            twist = getattr(message, 'twist', message)
            is_moving = any((twist.linear.x, twist.linear.y, twist.angular.z))
            self._monitor.on_velocity(is_moving, at_ns)
        elif topic == topics.ODOM:
            position = message.pose.pose.position
            self._run.add_pose(position.x, position.y)

    def end(self) -> None:
        """Take the state at the end of the bag."""
        self._report_until(self._now_ns + REPORT_EVERY_NS)
        if self._unreadable:
            self._run.notes.append(f'{self._unreadable} reports or utterances are of another version: left out.')

    def _report_until(self, at_ns: int) -> None:
        """Report for each second that has passed, as the monitor does; also when nothing comes for a while."""
        if not self._next_report_ns or at_ns - self._next_report_ns > LONGEST_QUIET_NS:
            self._next_report_ns = at_ns + REPORT_EVERY_NS
        while self._next_report_ns <= at_ns:
            if not self._has_reports:
                self._run.add_report(self._monitor.report(self._next_report_ns))
            if not self._has_utterances:
                for record in self._monitor.changed_utterances():
                    self._run.add_utterance(record)
            self._next_report_ns += REPORT_EVERY_NS

    def _on_document(self, topic: str, text: str) -> None:
        kind, stage = _MESSAGES[topic]
        try:
            self._monitor.on_message(decode(kind, text), self._now_ns)
        except MalformedMessageError:
            self._monitor.on_malformed(stage)

    def _on_record(self, topic: str, text: str) -> None:
        try:
            if topic == topics.REPORT:
                self._run.add_report(decode_report(text))
            else:
                self._run.add_utterance(decode_utterance(text))
        except MalformedMessageError:
            self._unreadable += 1

    def _on_audio(self, message: Any) -> None:
        dimensions = {dimension.label: dimension for dimension in message.layout.dim}
        if not {'rate', 'sequence', 'stamp'} <= dimensions.keys() or not dimensions['rate'].size:
            self._monitor.on_malformed('audio')
            return
        stamp_ns = dimensions['stamp'].size * NS_PER_S + dimensions['stamp'].stride
        end_ns = stamp_ns + len(message.data) * NS_PER_S // dimensions['rate'].size
        self._monitor.on_audio(dimensions['sequence'].size, stamp_ns, end_ns, self._now_ns)
