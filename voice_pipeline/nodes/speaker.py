"""`say` → loudspeaker, `speaking`: silent at once on `stop`, and when someone speaks."""

from __future__ import annotations

import sys

from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Bool, Empty, String

from voice_pipeline import topics
from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.messages import Transcript
from voice_pipeline.nodes.base import MESSAGE_QOS, PipelineNode, run
from voice_pipeline.speech.loudspeaker import Loudspeaker, LoudspeakerError, Output
from voice_pipeline.speech.settings import SpeakerSettings
from voice_pipeline.speech.speaker import Speaker
from voice_pipeline.speech.voices import load_voice

STATE_QOS = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)  # who comes later learns what is now


class SpeakerNode(PipelineNode[SpeakerSettings]):
    """Lives, and says that it is not speaking, also where there is no voice or no loudspeaker."""

    def __init__(self, output: Output | None = None) -> None:
        super().__init__('speaker', SpeakerSettings)
        self._speaking = self.create_publisher(Bool, topics.SPEAKING, STATE_QOS)
        self._tell(False)
        self._speaker: Speaker | None = None
        what = self._start_speaker(output or Loudspeaker(self.settings.device))
        self.report_ready(what)

    def _start_speaker(self, output: Output) -> str:
        """Load the voice, and listen to who wants something said; returns in words what came of it."""
        try:
            voice = load_voice(self.settings)
        except SpeechError as error:
            self.get_logger().warning(f'the robot stays silent: {error}')
            return 'silent'
        if voice is None:
            return 'silent, as told'
        self._speaker = speaker = Speaker(self.settings, voice, output, self._tell)
        self.create_subscription(String, topics.SAY, lambda message: speaker.say(message.data), MESSAGE_QOS)
        self.create_subscription(Empty, topics.STOP, lambda _: speaker.stop(), MESSAGE_QOS)
        self.on_message(Transcript, topics.TRANSCRIPT, lambda transcript, _: speaker.hear(transcript))
        try:
            return f'{voice.description} on {output.open()}'
        except LoudspeakerError as error:
            self.get_logger().warning(f'the robot stays silent until there is a loudspeaker: {error}')
            return f'{voice.description}, without a loudspeaker'

    def _tell(self, is_speaking: bool) -> None:
        self._speaking.publish(Bool(data=is_speaking))

    def close(self) -> None:
        """Be silent, and let the others know."""
        if self._speaker is not None:
            self._speaker.close()


def main() -> int:
    """Run the node."""
    return run(SpeakerNode)


if __name__ == '__main__':
    sys.exit(main())
