"""A story that forgets nothing: every message with the time it came, and what can be told from them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from voice_pipeline.audio.frames import Frame
from voice_pipeline.messages import Message, StageName, Transcript
from voice_pipeline.monitoring.report import Report
from voice_pipeline.monitoring.stages import newest_trace
from voice_pipeline.monitoring.statistics import NS_PER_MS
from voice_pipeline.tools.demo.story import Story

MessageT = TypeVar('MessageT', bound=Message)


@dataclass(frozen=True)
class Received:
    """A message and when it came (system clock); `stream` is whose it is, where there are several."""

    message: Message
    received_ns: int
    stream: str = ''


@dataclass(frozen=True)
class FrameArrival:
    """When a frame of sound ended, and when it came (system clock); `sequence` is its number."""

    sequence: int
    end_ns: int
    received_ns: int


@dataclass(frozen=True)
class VelocityArrival:
    """A velocity command and when it came (system clock)."""

    is_moving: bool
    received_ns: int


class Witness(Story):
    """Keeps all that is published; what it keeps may be read from other threads while more comes."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[Received] = []
        self.frames: list[FrameArrival] = []
        self.velocities: list[VelocityArrival] = []
        self.reports: list[Report] = []
        self._first_ns: dict[tuple[type[Message], str, int], int] = {}

    def on_message(self, message: Message, received_ns: int) -> None:
        """A stage has published this."""
        with self._changed:
            self.received.append(Received(message, received_ns))
            self._first_ns.setdefault((type(message), message.utterance_id, message.revision), received_ns)
            super().on_message(message, received_ns)

    def on_stream_transcript(self, stream: str, transcript: Transcript, received_ns: int) -> None:
        """The recogniser has published this of one of its streams."""
        with self._changed:
            self.received.append(Received(transcript, received_ns, stream))
            self._changed.notify_all()

    def on_frame(self, frame: Frame, received_ns: int) -> None:
        """A frame of sound has come."""
        with self._changed:
            self.frames.append(FrameArrival(frame.sequence, frame.end_ns, received_ns))

    def on_velocity(self, is_moving: bool, received_ns: int) -> None:
        """A velocity command has come."""
        with self._changed:
            self.velocities.append(VelocityArrival(is_moving, received_ns))
            self._changed.notify_all()

    def on_report(self, report: Report) -> None:
        """The monitor says this."""
        with self._changed:
            self.reports.append(report)
            super().on_report(report)

    def answered_ns(self, kind: type[Message], message: Message, timeout_s: float) -> int | None:
        """Wait for the first message of this kind about the same revision; return when it came, None if not."""
        key = (kind, message.utterance_id, message.revision)
        self.wait_until(lambda: key in self._first_ns, timeout_s)
        return self._first_ns.get(key)

    def of_kind(self, kind: type[MessageT], since_ns: int = 0) -> list[tuple[MessageT, int]]:
        """Return the messages of this kind that came since then, each with when it came."""
        return [
            (one.message, one.received_ns)
            for one in list(self.received)
            if isinstance(one.message, kind) and one.received_ns >= since_ns
        ]


def intervals_ms(moments: Iterable[tuple[Hashable, int]]) -> list[float]:
    """Return the times between each two neighbours (activity, nanoseconds) of the same activity."""
    return [
        (later_ns - earlier_ns) / NS_PER_MS
        for (before, earlier_ns), (after, later_ns) in pairwise(moments)
        if before == after and before is not None
    ]


def revision_intervals_ms(messages: Sequence[tuple[Message, int]]) -> list[float]:
    """Return the times between revisions of the same utterance; a final, which may take longer, is no revision."""
    return intervals_ms((None if message.is_final else message.utterance_id, at_ns) for message, at_ns in messages)


def work_ms(messages: Iterable[Message], stage: StageName) -> list[float]:
    """Return how long the stage had each message, from its input to its output."""
    return spans_ms(messages, lambda message: _span_ns(message, stage, stage))


def newest_sound_ms(messages: Iterable[Message], stage: StageName) -> list[float]:
    """Return the time from the arrival of the newest sound at the recogniser to this stage's output."""
    return spans_ms(messages, lambda message: _span_ns(message, 'recognition', stage))


def spans_ms(messages: Iterable[Message], span_ns: Callable[[Message], int | None]) -> list[float]:
    """Return these spans of the messages that have them, in ms."""
    return [span / NS_PER_MS for message in messages if (span := span_ns(message)) is not None]


def _span_ns(message: Message, first: StageName, last: StageName) -> int | None:
    began, ended = newest_trace(message.trace, first), newest_trace(message.trace, last)
    return None if began is None or ended is None else ended.finished_ns - began.received_ns
