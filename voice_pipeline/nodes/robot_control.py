"""
`plan`, `stop`, `odom`, `scan` → `cmd_vel`, `execution`, `skill`: a fixed-rate loop that owns the robot's velocity.

Where Nav2 is running, it drives to places; where there is a laser scan, the robot stops before what is in its way.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry as OdometryMessage
from rclpy.qos import qos_profile_sensor_data
from std_msgs.msg import Empty

from voice_pipeline import topics
from voice_pipeline.control.controller import Controller
from voice_pipeline.control.errands import Answer, Navigation, Request
from voice_pipeline.control.motion import STILL, Velocity
from voice_pipeline.control.navigation import Nav2
from voice_pipeline.control.pace import Pace, ask_for_real_time, is_too_slow
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.zones import ZonesError, load_zones
from voice_pipeline.messages import Plan, SkillResult
from voice_pipeline.nodes.base import LATCHED_QOS, MESSAGE_QOS, PipelineNode, StartError, run
from voice_pipeline.nodes.conversions import (
    AlienMessageError,
    odometry_from_message,
    scan_from_message,
    velocity_to_twist,
    yaw_to_quaternion,
)

HOUSEKEEPING_S = 1.0


class RobotControl(PipelineNode[ControlSettings]):
    """Everything here returns within microseconds: nothing may stand between a stop and the wheels."""

    def __init__(self) -> None:
        super().__init__('robot_control', ControlSettings)
        settings = self.settings
        try:
            zones = load_zones(settings.zones)
        except ZonesError as error:
            raise StartError(str(error)) from None
        self._controller = Controller(settings, zones=zones, can_navigate=self._can_navigate)
        self._nav2 = make_nav2(self, self._controller.update_errand) if settings.use_nav2 == 'auto' else None
        self._pace = Pace(settings.rate_hz)
        self._has_warned = False
        self._advertise()
        self._listen()
        self._scheduling = ask_for_real_time(settings.realtime_priority)
        self.create_steady_timer(1.0 / settings.rate_hz, self._cycle)
        self.create_steady_timer(HOUSEKEEPING_S, self._keep_house)
        self.report_ready(f'{settings.rate_hz:g} Hz, {self._scheduling}')

    def _advertise(self) -> None:
        kind = TwistStamped if self.settings.stamped else Twist
        self._cmd_vel = self.create_publisher(kind, topics.CMD_VEL, MESSAGE_QOS)
        self._publish_execution = self.message_publisher(topics.EXECUTION, LATCHED_QOS)
        self._publish_skill = self.message_publisher(topics.SKILL)
        self._diagnostics = self.create_publisher(DiagnosticArray, topics.DIAGNOSTICS, MESSAGE_QOS)

    def _listen(self) -> None:
        self.on_message(Plan, topics.PLAN, self._on_plan)
        self.on_message(SkillResult, topics.SKILL_RESULT, self._on_skill_result)
        self.create_subscription(Empty, topics.STOP, lambda _: self._stop('told to stop'), MESSAGE_QOS)
        # Of sensors only the newest counts; and whoever publishes best effort is heard by no reliable subscriber.
        self.create_subscription(OdometryMessage, topics.ODOM, self._on_odometry, qos_profile_sensor_data)
        self._listen_to_what_is_installed()

    def _listen_to_what_is_installed(self) -> None:
        try:
            from std_srvs.srv import Trigger

            self.create_service(Trigger, topics.STOP, self._on_stop_service)
        except ImportError:
            self.get_logger().info('no service stop: the package std_srvs is not installed')
        if self.settings.use_scan == 'off':
            return
        try:
            from sensor_msgs.msg import LaserScan

            self.create_subscription(LaserScan, topics.SCAN, self._on_scan, qos_profile_sensor_data)
        except ImportError:
            self.get_logger().info('the robot sees no obstacles: the package sensor_msgs is not installed')

    # --- what comes in -------------------------------------------------------------------------------------------

    def _stop(self, reason: str) -> None:
        self._controller.stop(reason)
        self._tick()  # not at the next cycle: now

    def _on_plan(self, plan: Plan, received_ns: int) -> None:
        self._controller.submit(plan, received_ns)
        if plan.mode == 'stop':
            self._tick()

    def _on_stop_service(self, _request: Any, response: Any) -> Any:
        self._stop('told to stop')
        response.success, response.message = True, 'stopped'
        return response

    def _on_odometry(self, message: OdometryMessage) -> None:
        self._controller.update_odometry(odometry_from_message(message))

    def _on_scan(self, message: Any) -> None:
        try:
            self._controller.update_scan(scan_from_message(message))
        except AlienMessageError as error:
            self.reject(topics.SCAN, str(error))

    def _on_skill_result(self, result: SkillResult, _received_ns: int) -> None:
        self._controller.update_errand(result.skill_id, Answer(result.state, result.progress, result.reason))

    def _can_navigate(self) -> bool:
        return self._nav2 is not None and self._nav2.is_there()

    # --- the loop ------------------------------------------------------------------------------------------------

    def _cycle(self) -> None:
        self._pace.note(time.monotonic_ns())
        self._tick()

    def _tick(self) -> None:
        tick = self._controller.tick()
        if tick.velocity is not None:
            self._drive(tick.velocity)
        for request in tick.requests:
            self._ask(request)
        for execution in tick.executions:
            self._publish_execution(execution)

    def _ask(self, request: Request) -> None:
        if not isinstance(request, Navigation):
            self._publish_skill(request)
        elif self._nav2 is not None:
            self._nav2.ask(request)

    def _drive(self, velocity: Velocity) -> None:
        twist = velocity_to_twist(velocity)
        if not self.settings.stamped:
            self._cmd_vel.publish(twist)
            return
        stamped = TwistStamped(twist=twist)
        stamped.header.frame_id = 'base_link'
        stamped.header.stamp = self.get_clock().now().to_msg()
        self._cmd_vel.publish(stamped)

    # --- housekeeping --------------------------------------------------------------------------------------------

    def _keep_house(self) -> None:
        self._look_for_planner()
        self._look_for_rivals()
        self._publish_pace()

    def _look_for_planner(self) -> None:
        """Without a planner nobody's word stops the robot any more."""
        if self._controller.is_active and not self._count_publishers(topics.PLAN):
            self._stop('the planner is gone')

    def _look_for_rivals(self) -> None:
        """Say once that somebody else drives too; Nav2 may, when it is asked."""
        if self._has_warned or self._can_navigate() or self._count_publishers(topics.CMD_VEL) < 2:
            return
        self._has_warned = True
        self.get_logger().warning(
            f'somebody else publishes on {self._cmd_vel.topic_name} too: let one node drive, or a twist_mux decide'
        )

    def _count_publishers(self, topic: str) -> int:
        return self.count_publishers(self.resolve_topic_name(topic))

    def _publish_pace(self) -> None:
        periods_ms = self._pace.periods_ms()
        if periods_ms is None:
            return
        is_slow = is_too_slow(periods_ms)
        values = {
            'period p50 (ms)': f'{periods_ms.p50:.2f}',
            'period p99 (ms)': f'{periods_ms.p99:.2f}',
            'period max (ms)': f'{periods_ms.max:.2f}',
            'nominal (ms)': f'{1000.0 / self.settings.rate_hz:.2f}',
            'scheduling': self._scheduling,
        }
        message = DiagnosticArray()
        message.header.stamp = self.get_clock().now().to_msg()
        message.status = [
            DiagnosticStatus(
                level=DiagnosticStatus.WARN if is_slow else DiagnosticStatus.OK,
                name='voice_pipeline: control loop',
                message='too slow' if is_slow else 'steady',
                hardware_id=platform.node(),
                values=[KeyValue(key=key, value=value) for key, value in values.items()],
            )
        ]
        self._diagnostics.publish(message)

    def close(self) -> None:
        """Stop the robot before the node goes."""
        self._controller.stop('robot_control is ending')
        self._tick()
        self._drive(STILL)
        time.sleep(0.05)  # let the middleware send it: a publisher is destroyed with what it has not sent yet


def make_nav2(node: PipelineNode[ControlSettings], report: Callable[[str, Answer], None]) -> Nav2 | None:
    """Return Nav2's client, None where its messages are not installed; whether Nav2 is running is another question."""
    try:
        from nav2_msgs.action import NavigateToPose
    except ImportError:
        return None
    from rclpy.action import ActionClient

    def make_goal(request: Navigation) -> Any:
        assert request.goal is not None
        goal = NavigateToPose.Goal()
        goal.pose.header.frame_id = node.settings.nav2_frame
        goal.pose.header.stamp = node.get_clock().now().to_msg()
        goal.pose.pose.position.x, goal.pose.pose.position.y = request.goal.x_m, request.goal.y_m
        goal.pose.pose.orientation = yaw_to_quaternion(request.goal.yaw_rad or 0.0)
        return goal

    return Nav2(ActionClient(node, NavigateToPose, node.settings.nav2_action), make_goal, report)


def main() -> int:
    """Run the node."""
    return run(RobotControl)


if __name__ == '__main__':
    sys.exit(main())
