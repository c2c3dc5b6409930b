"""`cmd_vel`, `skill` → `odom`, `scan`, `battery_state`, `skill_result`: a robot that moves without wheels."""

from __future__ import annotations

import array
import sys
import time
from typing import Any

from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry as OdometryMessage
from std_msgs.msg import Empty

from voice_pipeline import topics
from voice_pipeline.messages import SkillRequest
from voice_pipeline.nodes.base import MESSAGE_QOS, PipelineNode, StartError, run
from voice_pipeline.nodes.conversions import (
    NANOSECONDS_PER_SECOND,
    installed_type,
    odometry_to_message,
    velocity_from_twist,
)
from voice_pipeline.simulation.battery import Battery
from voice_pipeline.simulation.robot import SimulatedRobot
from voice_pipeline.simulation.scanner import NEAREST_M, LaserScanner, Scan
from voice_pipeline.simulation.settings import SimulationSettings
from voice_pipeline.simulation.skills import SimulatedSkills
from voice_pipeline.simulation.world import World, WorldError, load_world

BATTERY_PERIOD_S = 1.0
SKILLS_PERIOD_S = 0.05


class SimulatedRobotNode(PipelineNode[SimulationSettings]):
    """Lives in real time; what it does is decided in `voice_pipeline.simulation`."""

    def __init__(self) -> None:
        super().__init__('simulated_robot', SimulationSettings)
        try:
            world = load_world(self.settings.world)
            self._robot = SimulatedRobot(self.settings, world)
        except WorldError as error:
            raise StartError(str(error)) from None
        self._skills = SimulatedSkills(self.settings)
        self._was_touching = False
        self._odom = self.create_publisher(OdometryMessage, topics.ODOM, MESSAGE_QOS)
        self._answer = self.message_publisher(topics.SKILL_RESULT)
        kind = TwistStamped if self.settings.stamped else Twist
        self.create_subscription(kind, topics.CMD_VEL, self._on_velocity, MESSAGE_QOS)
        self.create_subscription(Empty, topics.STOP, self._on_stop, MESSAGE_QOS)
        self.on_message(SkillRequest, topics.SKILL, self._on_skill)
        self.create_steady_timer(1.0 / self.settings.rate_hz, self._advance)
        self.create_steady_timer(SKILLS_PERIOD_S, self._tell_skills)
        self._start_sensors(world)
        self.report_ready(f'{self.settings.drive} drive, {self.settings.world or "open floor"}')

    def _start_sensors(self, world: World) -> None:
        """Publish scans and the battery's state, where their message package is installed."""
        battery_state = installed_type('sensor_msgs.msg', 'BatteryState')
        laser_scan = installed_type('sensor_msgs.msg', 'LaserScan')
        if battery_state is None or laser_scan is None:
            self.get_logger().info('no laser scan and no battery state: the package sensor_msgs is not installed')
            return
        battery = self.create_publisher(battery_state, topics.BATTERY, MESSAGE_QOS)
        self.create_steady_timer(
            BATTERY_PERIOD_S, lambda: battery.publish(_battery_message(battery_state, self._robot.battery))
        )
        if self.settings.scan_rate_hz > 0.0:
            scan = self.create_publisher(laser_scan, topics.SCAN, MESSAGE_QOS)
            scanner = LaserScanner(self.settings, world)
            self.create_steady_timer(
                1.0 / self.settings.scan_rate_hz,
                lambda: scan.publish(_scan_message(laser_scan, scanner.scan(self._robot.true_pose))),
            )

    def _on_velocity(self, message: Twist | TwistStamped) -> None:
        self._robot.command(velocity_from_twist(message), time.monotonic())

    def _on_skill(self, request: SkillRequest, _received_ns: int) -> None:
        self._skills.request(request, time.monotonic())
        self._tell_skills()

    def _on_stop(self, _message: Empty) -> None:
        self._skills.stop('told to stop')
        self._tell_skills()

    def _advance(self) -> None:
        odometry = self._robot.step(time.monotonic())
        self._odom.publish(odometry_to_message(odometry, time.time_ns()))
        if self._robot.is_touching and not self._was_touching:
            self.get_logger().warning(f'bumped into something at x {odometry.x_m:.2f} y {odometry.y_m:.2f}')
        self._was_touching = self._robot.is_touching

    def _tell_skills(self) -> None:
        for result in self._skills.step(time.monotonic()):
            self._answer(result)


def _stamp(message: Any) -> Any:
    """Return the message, of this moment and in the robot's own frame."""
    message.header.frame_id = 'base_link'
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(time.time_ns(), NANOSECONDS_PER_SECOND)
    return message


def _scan_message(kind: type[Any], scan: Scan) -> Any:
    return _stamp(
        kind(
            angle_min=scan.first_rad,
            angle_max=scan.first_rad + scan.step_rad * (len(scan.ranges_m) - 1),
            angle_increment=scan.step_rad,
            range_min=NEAREST_M,
            range_max=scan.range_m,
            ranges=array.array('f', scan.ranges_m.tolist()),
        )
    )


def _battery_message(kind: type[Any], battery: Battery) -> Any:
    unknown = float('nan')
    status = kind.POWER_SUPPLY_STATUS_CHARGING if battery.is_charging else kind.POWER_SUPPLY_STATUS_DISCHARGING
    return _stamp(
        kind(
            voltage=battery.voltage_v,
            current=battery.current_a,
            percentage=battery.share,
            temperature=unknown,
            charge=unknown,
            capacity=unknown,
            design_capacity=unknown,
            power_supply_status=status,
            power_supply_technology=kind.POWER_SUPPLY_TECHNOLOGY_LION,
            present=True,
        )
    )


def main() -> int:
    """Run the node."""
    return run(SimulatedRobotNode)


if __name__ == '__main__':
    sys.exit(main())
