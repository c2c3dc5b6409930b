"""`transcript`, `command` → `intent`, and `stop` at once on an emergency word."""

from __future__ import annotations

import sys
import time

from std_msgs.msg import Empty, String

from voice_pipeline import topics
from voice_pipeline.messages import Intent, Transcript
from voice_pipeline.nodes.base import MESSAGE_QOS, PipelineNode, StartError, run
from voice_pipeline.understanding.intent_parser import IntentParser
from voice_pipeline.understanding.model_process import ModelProcess
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary import VocabularyError


class IntentParserNode(PipelineNode[UnderstandingSettings]):
    """The executor's thread parses every revision: a stop takes the shortest way to the wheels, past all models."""

    def __init__(self) -> None:
        super().__init__('intent_parser', UnderstandingSettings)
        self._publish_intent = self.message_publisher(topics.INTENT)
        try:
            self._parser = IntentParser(self.settings, self._publish_later, ModelProcess)
        except VocabularyError as error:
            raise StartError(str(error)) from None
        self._stopped_by = ''
        self._stop = self.create_publisher(Empty, topics.STOP, MESSAGE_QOS)
        self.on_message(Transcript, topics.TRANSCRIPT, self._on_transcript)
        self.create_subscription(String, topics.COMMAND, self._on_command, MESSAGE_QOS)
        self.report_ready()

    def _on_transcript(self, transcript: Transcript, received_ns: int) -> None:
        self._publish(self._parser.on_transcript(transcript, received_ns))

    def _on_command(self, message: String) -> None:
        self._publish(self._parser.on_command(message.data, time.time_ns()))

    def _publish(self, intent: Intent) -> None:
        # Once an utterance: a revision that still holds the word must not stop what was asked for since.
        if intent.emergency_stop and intent.utterance_id != self._stopped_by:
            self._stopped_by = intent.utterance_id
            self._stop.publish(Empty())
        self._publish_intent(intent)

    def _publish_later(self, intent: Intent) -> None:
        """Publish what took thought, on the thread of the models; it is never a stop."""
        self._publish_intent(intent)

    def close(self) -> None:
        """End the thread of the models."""
        self._parser.close()


def main() -> int:
    """Run the node."""
    return run(IntentParserNode)


if __name__ == '__main__':
    sys.exit(main())
