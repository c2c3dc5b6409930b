"""`intent`, `execution` → `plan`, and `say` where the robot refuses."""

from __future__ import annotations

import sys

from std_msgs.msg import String

from voice_pipeline import topics
from voice_pipeline.messages import Execution, Intent
from voice_pipeline.nodes.base import MESSAGE_QOS, PipelineNode, StartError, run
from voice_pipeline.planning.action_planner import ActionPlanner, spoken_reply
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.understanding.vocabulary import VocabularyError, load_vocabulary


class ActionPlannerNode(PipelineNode[PlanningSettings]):
    """Plans every revision, and commits at most once what was asked."""

    def __init__(self) -> None:
        super().__init__('action_planner', PlanningSettings)
        try:
            vocabulary = load_vocabulary(self.settings.vocabulary)
        except VocabularyError as error:
            raise StartError(str(error)) from None
        self._planner = ActionPlanner(self.settings, vocabulary)
        self._publish = self.message_publisher(topics.PLAN)
        self._say = self.create_publisher(String, topics.SAY, MESSAGE_QOS)
        self.on_message(Intent, topics.INTENT, self._on_intent)
        self.on_message(Execution, topics.EXECUTION, self._on_execution)
        self.report_ready()

    def _on_intent(self, intent: Intent, received_ns: int) -> None:
        plan = self._planner.on_intent(intent, received_ns)
        self._publish(plan)
        reply = spoken_reply(plan)
        if reply:
            self._say.publish(String(data=reply))

    def _on_execution(self, execution: Execution, _received_ns: int) -> None:
        self._planner.on_execution(execution)


def main() -> int:
    """Run the node."""
    return run(ActionPlannerNode)


if __name__ == '__main__':
    sys.exit(main())
