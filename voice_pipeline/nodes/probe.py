"""Takes the place of a stage: feeds the next one over its topic, and hands what comes back to a listener."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from geometry_msgs.msg import Twist
from rclpy.publisher import Publisher
from std_msgs.msg import Int16MultiArray, String

from voice_pipeline import topics
from voice_pipeline.audio.frames import Frame
from voice_pipeline.control.motion import STILL
from voice_pipeline.messages import Message, Transcript, encode
from voice_pipeline.nodes.aside import spinning_aside
from voice_pipeline.nodes.base import AUDIO_QOS, MESSAGE_QOS, MESSAGE_TOPICS
from voice_pipeline.nodes.conversions import audio_to_message, velocity_from_twist
from voice_pipeline.nodes.observer import Listener, Observer


class ProbeListener(Listener, Protocol):
    """A listener that also wants to know about sound, velocities and the transcripts of several streams."""

    def on_frame(self, frame: Frame, received_ns: int, /) -> None:
        """Take a frame of sound."""

    def on_velocity(self, is_moving: bool, received_ns: int, /) -> None:
        """Take a velocity command; `is_moving` is false for zero."""

    def on_stream_transcript(self, stream: str, transcript: Transcript, received_ns: int, /) -> None:
        """Take a transcript of one of several streams."""


class Probe(Observer):
    """An observer that also speaks; what it sends may be sent from any thread."""

    def __init__(self, listener: ProbeListener, streams: Sequence[str] = ()) -> None:
        super().__init__(listener)
        self.on_audio(listener.on_frame)
        self.create_subscription(
            Twist,
            topics.CMD_VEL,
            lambda twist: listener.on_velocity(velocity_from_twist(twist) != STILL, time.time_ns()),
            MESSAGE_QOS,
        )
        for stream in streams:
            topic = topics.of_stream(stream, topics.TRANSCRIPT)
            self.on_message(Transcript, topic, partial(listener.on_stream_transcript, stream))
        self._speakers: dict[str, Publisher] = {
            stream: self.create_publisher(Int16MultiArray, topics.of_stream(stream, topics.AUDIO), AUDIO_QOS)
            for stream in streams
        }

    def sender(self, kind: type[Message]) -> Callable[[Message], None]:
        """Return the function that publishes messages of this kind; to be made once."""
        publisher = self.create_publisher(String, dict(MESSAGE_TOPICS)[kind], MESSAGE_QOS)
        return lambda message: publisher.publish(String(data=encode(message)))

    def send_frame(self, stream: str, frame: Frame) -> None:
        """Publish a frame of sound of this stream."""
        self._speakers[stream].publish(audio_to_message(frame))


@contextmanager
def probing(listener: ProbeListener, namespace: str, domain_id: int, streams: Sequence[str] = ()) -> Iterator[Probe]:
    """Take part in the pipeline in this namespace and DDS domain while the context lasts."""
    with spinning_aside(lambda: Probe(listener, streams), namespace, domain_id) as probe:
        yield probe
