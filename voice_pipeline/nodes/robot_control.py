"""`plan`, `stop`, `odom` → `cmd_vel`, `execution`: a fixed-rate loop that owns the robot's velocity."""

from __future__ import annotations

import sys
import time

from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry as OdometryMessage
from std_msgs.msg import Empty

from voice_pipeline import topics
from voice_pipeline.control.controller import Controller
from voice_pipeline.control.motion import STILL, Velocity
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.messages import Plan
from voice_pipeline.nodes.base import LATCHED_QOS, MESSAGE_QOS, PipelineNode, run
from voice_pipeline.nodes.conversions import odometry_from_message, velocity_to_twist


class RobotControl(PipelineNode[ControlSettings]):
    """Everything here returns within microseconds: nothing may stand between a stop and the wheels."""

    def __init__(self) -> None:
        super().__init__('robot_control', ControlSettings)
        self._controller = Controller(self.settings)
        kind = TwistStamped if self.settings.stamped else Twist
        self._cmd_vel = self.create_publisher(kind, topics.CMD_VEL, MESSAGE_QOS)
        self._publish_execution = self.message_publisher(topics.EXECUTION, LATCHED_QOS)
        self.on_message(Plan, topics.PLAN, self._controller.submit)
        self.create_subscription(Empty, topics.STOP, self._on_stop, MESSAGE_QOS)
        self.create_subscription(OdometryMessage, topics.ODOM, self._on_odometry, MESSAGE_QOS)
        self.create_steady_timer(1.0 / self.settings.rate_hz, self._tick)
        self.report_ready(f'{self.settings.rate_hz:g} Hz')

    def _on_stop(self, _message: Empty) -> None:
        self._controller.stop('told to stop')
        self._tick()  # not at the next cycle: now

    def _on_odometry(self, message: OdometryMessage) -> None:
        self._controller.update_odometry(odometry_from_message(message))

    def _tick(self) -> None:
        tick = self._controller.tick()
        if tick.velocity is not None:
            self._drive(tick.velocity)
        for execution in tick.executions:
            self._publish_execution(execution)

    def _drive(self, velocity: Velocity) -> None:
        twist = velocity_to_twist(velocity)
        if not self.settings.stamped:
            self._cmd_vel.publish(twist)
            return
        stamped = TwistStamped(twist=twist)
        stamped.header.frame_id = 'base_link'
        stamped.header.stamp = self.get_clock().now().to_msg()
        self._cmd_vel.publish(stamped)

    def close(self) -> None:
        """Stop the robot before the node goes."""
        self._controller.stop('robot_control is ending')
        self._tick()
        self._drive(STILL)
        time.sleep(0.05)  # let the middleware send it: a publisher is destroyed with what it has not sent yet


def main() -> int:
    """Run the node."""
    return run(RobotControl)


if __name__ == '__main__':
    sys.exit(main())
