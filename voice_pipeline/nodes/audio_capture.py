"""Microphone, sound file or pipe → `audio`."""

from __future__ import annotations

import sys
import threading

from std_msgs.msg import Int16MultiArray, String

from voice_pipeline import topics
from voice_pipeline.audio.settings import CaptureSettings
from voice_pipeline.audio.source import AudioSource, SourceError
from voice_pipeline.audio.sources import open_source
from voice_pipeline.monitoring.report import Level, Verdict
from voice_pipeline.nodes.base import AUDIO_QOS, LATCHED_QOS, PipelineNode, StartError, run
from voice_pipeline.nodes.conversions import audio_to_message
from voice_pipeline.nodes.health import Health, HealthReport

RECOGNISER = 'speech_recognition'


class AudioCapture(PipelineNode[CaptureSettings]):
    """Publishes frames of 32 ms from one thread that belongs to the sound."""

    def __init__(self) -> None:
        super().__init__('audio_capture', CaptureSettings)
        self._stop = threading.Event()
        self._is_listened_to = threading.Event()
        try:
            self._source = open_source(self.settings, on_status=self._log_status, begin=self._is_listened_to)
        except SourceError as error:
            raise StartError(str(error)) from None
        self._publisher = self.create_publisher(Int16MultiArray, topics.AUDIO, AUDIO_QOS)
        self.create_subscription(String, topics.READY, self._on_ready, LATCHED_QOS)
        self._health = HealthReport(self, 'capture', lambda: health_of(self._source))
        self._thread = threading.Thread(target=self._capture, name='capture', daemon=True)
        self._thread.start()
        self.report_ready(self._source.description)

    def _on_ready(self, message: String) -> None:
        """A recording begins when it can be heard: a model takes seconds to load, and DDS its time to connect."""
        if message.data == RECOGNISER:
            self._is_listened_to.set()

    def _log_status(self, text: str) -> None:
        """A sound file tells how far it is; the others tell what is wrong."""
        log = self.get_logger().info if self.settings.source == 'wav' else self.get_logger().warning
        log(text)

    def _capture(self) -> None:
        try:
            for frame in self._source.frames(self._stop):
                self._publisher.publish(audio_to_message(frame))
        except SourceError as error:
            self.fail(str(error))
            return
        if not self._stop.is_set():
            self.get_logger().info('the sound has ended')

    def close(self) -> None:
        """End the capture thread."""
        self._stop.set()
        self._thread.join(timeout=2.0)


def health_of(source: AudioSource) -> Health:
    """Return whether the sound comes, and what was lost of it."""
    health = source.health
    verdict = Verdict(Level.OK, source.description)
    if health.is_lost:
        verdict = Verdict(Level.ERROR, f'{source.description} is lost: plug it in again')
    values = {'source': source.description, 'losses': str(health.losses), 'overruns': str(health.overruns)}
    return Health(verdict, values, faults=(health.losses, health.overruns))


def main() -> int:
    """Run the node."""
    return run(AudioCapture)


if __name__ == '__main__':
    sys.exit(main())
