"""`cmd_vel` → `odom`: a robot that moves without wheels."""

from __future__ import annotations

import sys
import time

from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry as OdometryMessage

from voice_pipeline import topics
from voice_pipeline.control.settings import SimulationSettings
from voice_pipeline.control.simulated_robot import SimulatedRobot
from voice_pipeline.nodes.base import MESSAGE_QOS, PipelineNode, run
from voice_pipeline.nodes.conversions import odometry_to_message, velocity_from_twist


class SimulatedRobotNode(PipelineNode[SimulationSettings]):
    """Integrates the velocity it is given, in real time."""

    def __init__(self) -> None:
        super().__init__('simulated_robot', SimulationSettings)
        self._robot = SimulatedRobot(self.settings)
        self._odom = self.create_publisher(OdometryMessage, topics.ODOM, MESSAGE_QOS)
        kind = TwistStamped if self.settings.stamped else Twist
        self.create_subscription(kind, topics.CMD_VEL, self._on_velocity, MESSAGE_QOS)
        self.create_steady_timer(1.0 / self.settings.rate_hz, self._advance)
        self.report_ready(f'{self.settings.drive} drive')

    def _on_velocity(self, message: Twist | TwistStamped) -> None:
        self._robot.command(velocity_from_twist(message), time.monotonic())

    def _advance(self) -> None:
        odometry = self._robot.step(time.monotonic())
        self._odom.publish(odometry_to_message(odometry, time.time_ns()))


def main() -> int:
    """Run the node."""
    return run(SimulatedRobotNode)


if __name__ == '__main__':
    sys.exit(main())
