"""`intent`, `execution`, `odom`, `battery_state` → `plan`, and `say` where the robot answers, asks or refuses."""

from __future__ import annotations

import math
import sys
from typing import Any

from nav_msgs.msg import Odometry as OdometryMessage
from rclpy.qos import qos_profile_sensor_data
from std_msgs.msg import Empty, String

from voice_pipeline import topics
from voice_pipeline.messages import Execution, Intent, Pose2D
from voice_pipeline.nodes.base import MESSAGE_QOS, PipelineNode, StartError, run
from voice_pipeline.nodes.conversions import installed_type, odometry_from_message
from voice_pipeline.planning.action_planner import ActionPlanner, spoken_reply
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.understanding.words.vocabulary import VocabularyError
from voice_pipeline.understanding.words.vocabulary_file import VocabularyFile


class ActionPlannerNode(PipelineNode[PlanningSettings]):
    """Plans every revision, and commits at most once what was asked."""

    def __init__(self) -> None:
        super().__init__('action_planner', PlanningSettings)
        try:
            self._file = VocabularyFile(self.settings.vocabulary)
        except VocabularyError as error:
            raise StartError(str(error)) from None
        self._planner = ActionPlanner(self.settings, self._file.vocabulary)
        self._publish = self.message_publisher(topics.PLAN)
        self._say = self.create_publisher(String, topics.SAY, MESSAGE_QOS)
        self.on_message(Intent, topics.INTENT, self._on_intent)
        self.on_message(Execution, topics.EXECUTION, self._on_execution)
        self.create_subscription(OdometryMessage, topics.ODOM, self._on_odometry, MESSAGE_QOS)
        self.create_subscription(Empty, topics.STOP, self._on_stop, MESSAGE_QOS)
        battery_state = installed_type('sensor_msgs.msg', 'BatteryState')
        if battery_state is not None:
            self.create_subscription(battery_state, topics.BATTERY, self._on_battery, qos_profile_sensor_data)
        self.report_ready()

    def _on_intent(self, intent: Intent, received_ns: int) -> None:
        if self._file.refresh():
            self._planner.use_vocabulary(self._file.vocabulary)
        plan = self._planner.on_intent(intent, received_ns)
        self._publish(plan)
        reply = spoken_reply(plan)
        if reply:
            self._say.publish(String(data=reply))

    def _on_execution(self, execution: Execution, _received_ns: int) -> None:
        self._planner.on_execution(execution)

    def _on_odometry(self, message: OdometryMessage) -> None:
        odometry = odometry_from_message(message)
        velocity = odometry.velocity
        self._planner.state.update_odometry(
            Pose2D(x_m=odometry.x_m, y_m=odometry.y_m, yaw_rad=odometry.yaw_rad),
            speed_mps=math.hypot(velocity.linear_mps, velocity.lateral_mps),
            turn_dps=math.degrees(velocity.angular_rps),
        )

    def _on_battery(self, message: Any) -> None:
        self._planner.state.update_battery(message.percentage)

    def _on_stop(self, _message: Empty) -> None:
        self._planner.on_stop()


def main() -> int:
    """Run the node."""
    return run(ActionPlannerNode)


if __name__ == '__main__':
    sys.exit(main())
