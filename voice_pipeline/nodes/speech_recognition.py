"""`audio` → `transcript`, of one stream or several: a fresh revision of the whole utterance, many times a second."""

from __future__ import annotations

import sys
import threading
import time
from functools import partial

from std_msgs.msg import Bool

from voice_pipeline import topics
from voice_pipeline.audio.activity import SileroActivity
from voice_pipeline.audio.frames import Frame
from voice_pipeline.monitoring.report import Level, Verdict
from voice_pipeline.nodes.base import MESSAGE_QOS, PipelineNode, StartError, run
from voice_pipeline.nodes.health import Health, HealthReport
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.recognizer import RecognitionStatistics, SpeechRecognizer
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError

_IDLE_S = 0.2  # how long the worker waits for work before it looks whether the node has ended


class SpeechRecognition(PipelineNode[RecognitionSettings]):
    """The executor's thread takes frames in; one worker runs the model, on the newest sound only."""

    def __init__(self) -> None:
        super().__init__('speech_recognition', RecognitionSettings)
        try:
            backend = load(self.settings)
        except ModelError as error:
            raise StartError(str(error)) from None
        streams = self.settings.stream_names
        self._recognizer = SpeechRecognizer(self.settings, backend, {stream: SileroActivity() for stream in streams})
        self._publish = {
            stream: self.message_publisher(topics.of_stream(stream, topics.TRANSCRIPT)) for stream in streams
        }
        self._ended = threading.Event()
        self._worker = threading.Thread(target=self._recognise, name='recognise', daemon=True)
        self._worker.start()
        self._is_heard = False
        self._health = HealthReport(self, 'listening', lambda: health_of(self._recognizer.statistics))
        self.create_subscription(Bool, topics.SPEAKING, self._on_speaking, MESSAGE_QOS)
        for stream in streams:
            self.on_audio(partial(self._on_frame, stream), topics.of_stream(stream, topics.AUDIO))
        self.get_logger().info(f'{backend.description}: loaded and warm; waiting for sound')

    def _on_frame(self, stream: str, frame: Frame, received_ns: int) -> None:
        if not self._is_heard:
            # Not before: until the sound's publisher is connected, what is said would be lost.
            self._is_heard = True
            self.report_ready('sound comes in')
        self._recognizer.accept(frame, received_ns, stream)

    def _on_speaking(self, message: Bool) -> None:
        self._recognizer.set_speaking(message.data, time.time_ns())

    def _recognise(self) -> None:
        while not self._ended.is_set():
            for made in self._recognizer.next_transcripts(timeout_s=_IDLE_S):
                self._publish[made.stream](made.transcript)
            self._recognizer.end_where_sound_is_missing()

    def close(self) -> None:
        """End the worker after the revision it is at."""
        self._ended.set()
        self._worker.join(timeout=5.0)


def health_of(statistics: RecognitionStatistics) -> Health:
    """Return what the recogniser counted: how the sound came in, and which texts it did not believe."""
    faults = {
        'frames lost': statistics.lost_frames,
        'frames repeated or late': statistics.dropped_frames,
        'streams that began again': statistics.stream_restarts,
        'streams that stopped': statistics.missing_sound,
        'revisions that failed': statistics.failed_revisions,
    }
    counts = {
        'utterances': statistics.utterances,
        **faults,
        **{f'not believed: {reason}': count for reason, count in sorted(statistics.rejected.items())},
    }
    values = {key: str(count) for key, count in counts.items()}
    return Health(Verdict(Level.OK, 'listening'), values, faults=tuple(faults.values()))


def main() -> int:
    """Run the node."""
    return run(SpeechRecognition)


if __name__ == '__main__':
    sys.exit(main())
