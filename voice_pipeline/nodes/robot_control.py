"""
`plan`, `stop`, `odom`, `scan` → `cmd_vel`, `execution`, `skill`: a fixed-rate loop that owns the robot's velocity.

Where Nav2 is running, it drives to places; where there is a laser scan, the robot stops before what is in its way.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

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
from voice_pipeline.monitoring.report import Level, Verdict
from voice_pipeline.nodes.base import LATCHED_QOS, MESSAGE_QOS, PipelineNode, StartError, run
from voice_pipeline.nodes.conversions import (
    AlienMessageError,
    installed_type,
    odometry_from_message,
    scan_from_message,
    velocity_to_twist,
    yaw_to_quaternion,
)
from voice_pipeline.nodes.health import Health, HealthReport

PLANNER_CHECK_S = 0.2
READY_CHECK_S = 0.05
PATIENCE_S = 5.0  # for the first odometry, before the log says what is missing


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
        self._rivals: tuple[str, ...] = ()
        self._scan_frame = settings.scan_frame
        self._advertise()
        self._listen()
        self._scheduling = ask_for_real_time(settings.realtime_priority)
        self.create_steady_timer(1.0 / settings.rate_hz, self._cycle)
        self.create_steady_timer(PLANNER_CHECK_S, self._look_for_planner)
        self._health_report = HealthReport(self, 'control loop', self._health)
        self._started_s = time.monotonic()
        self._has_complained = False
        self._ready_timer = self.create_steady_timer(READY_CHECK_S, self._look_whether_ready)

    def _advertise(self) -> None:
        kind = TwistStamped if self.settings.stamped else Twist
        self._cmd_vel = self.create_publisher(kind, topics.CMD_VEL, MESSAGE_QOS)
        self._publish_execution = self.message_publisher(topics.EXECUTION, LATCHED_QOS)
        self._publish_skill = self.message_publisher(topics.SKILL)

    def _listen(self) -> None:
        self.on_message(Plan, topics.PLAN, self._on_plan)
        self.on_message(SkillResult, topics.SKILL_RESULT, self._on_skill_result)
        self.create_subscription(Empty, topics.STOP, lambda _: self._stop('told to stop'), MESSAGE_QOS)
        # Of sensors only the newest counts; and whoever publishes best effort is heard by no reliable subscriber.
        self.create_subscription(OdometryMessage, topics.ODOM, self._on_odometry, qos_profile_sensor_data)
        self._listen_to_what_is_installed()

    def _listen_to_what_is_installed(self) -> None:
        trigger = installed_type('std_srvs.srv', 'Trigger')
        if trigger is None:
            self.get_logger().info('no service stop: the package std_srvs is not installed')
        else:
            self.create_service(trigger, topics.STOP, self._on_stop_service)
        if self.settings.use_scan == 'off':
            return
        laser_scan = installed_type('sensor_msgs.msg', 'LaserScan')
        if laser_scan is None:
            self.get_logger().info('the robot sees no obstacles: the package sensor_msgs is not installed')
        else:
            self.create_subscription(laser_scan, topics.SCAN, self._on_scan, qos_profile_sensor_data)

    # --- what comes in -------------------------------------------------------------------------------------------

    def _stop(self, reason: str) -> None:
        self._controller.stop(reason)
        self._tick()  # not at the next cycle: now

    def _on_plan(self, plan: Plan, received_ns: int) -> None:
        self._controller.submit(plan, received_ns)
        if plan.is_committed:
            self._tick()

    def _on_stop_service(self, _request: Any, response: Any) -> Any:
        self._stop('told to stop')
        response.success, response.message = True, 'stopped'
        return response

    def _on_odometry(self, message: OdometryMessage) -> None:
        self._controller.update_odometry(odometry_from_message(message))

    def _on_scan(self, message: Any) -> None:
        try:
            self._check_frame(message.header.frame_id)
            scan = scan_from_message(message)
        except AlienMessageError as error:
            self.reject(topics.SCAN, str(error))
            scan = None
        self._controller.update_scan(scan)

    def _check_frame(self, frame: str) -> None:
        """Take one scanner's scans: where it is mounted is known of no other. Raises `AlienMessageError`."""
        if not self._scan_frame:
            self._scan_frame = frame
            settings = self.settings
            where = f'x {settings.scan_x_m:g} m, y {settings.scan_y_m:g} m, yaw {settings.scan_yaw_deg:g} degrees'
            self.get_logger().info(f"laser scans in the frame '{frame}', taken to be at {where} of the robot")
        elif frame != self._scan_frame:
            raise AlienMessageError(f"a laser scan in the frame '{frame}', not '{self._scan_frame}' (scan_frame)")

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
            if execution.state in ('refused', 'failed'):
                self.get_logger().warning(f'{execution.plan_id} {execution.state}: {execution.reason}')

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

    # --- how it is -----------------------------------------------------------------------------------------------

    def _look_whether_ready(self) -> None:
        """Be ready once the robot can be driven: a drive that is ordered before is refused."""
        problem = self._controller.problem
        if not problem:
            self._ready_timer.cancel()
            self.report_ready(f'{self.settings.rate_hz:g} Hz, {self._scheduling}')
        elif not self._has_complained and time.monotonic() - self._started_s > PATIENCE_S:
            self._has_complained = True
            topic = self.resolve_topic_name(topics.ODOM)
            self.get_logger().warning(f'the robot does not drive yet: {problem}; its odometry is expected on {topic}')

    def _look_for_planner(self) -> None:
        """Without a planner, nobody's words are heard any more."""
        if self._controller.is_active and not self.count_publishers(self.resolve_topic_name(topics.PLAN)):
            self._stop('the planner is gone')

    def _health(self) -> Health:
        self._look_for_rivals()
        values = self._pace.values() | {'scheduling': self._scheduling, 'also on cmd_vel': ', '.join(self._rivals)}
        return Health(self._verdict(), values)

    def _verdict(self) -> Verdict:
        problem, periods_ms = self._controller.problem, self._pace.periods_ms()
        if problem:
            return Verdict(Level.ERROR, f'the robot does not drive: {problem}')
        if self._rivals and not self._can_navigate():
            return Verdict(Level.WARN, f'somebody else publishes on cmd_vel too: {", ".join(self._rivals)}')
        if periods_ms is not None and is_too_slow(periods_ms):
            return Verdict(Level.WARN, 'the loop is too slow')
        return Verdict(Level.OK, 'steady')

    def _look_for_rivals(self) -> None:
        """Say who else can drive, when that changes. Nav2 may, when it is asked."""
        before, topic = self._rivals, self._cmd_vel.topic_name
        publishers = self.get_publishers_info_by_topic(topic)
        names = [f'{one.node_namespace.rstrip("/")}/{one.node_name}' for one in publishers]
        if self.get_fully_qualified_name() in names:
            names.remove(self.get_fully_qualified_name())  # once: a second controller is a rival
        self._rivals = tuple(sorted(names))
        if set(self._rivals) - set(before) and not self._can_navigate():
            who = ', '.join(self._rivals)
            self.get_logger().warning(f'{who} publishes on {topic} too: let one node drive, or a twist_mux decide')

    def close(self) -> None:
        """Stop the robot before the node goes."""
        self._controller.stop('robot_control is ending')
        self._tick()
        self._drive(STILL)
        figures = ', '.join(f'{name} {value}' for name, value in self._pace.values().items())
        self.get_logger().info(f'the loop: {figures}')
        time.sleep(0.05)  # let the middleware send it: a publisher is destroyed with what it has not sent yet


def make_nav2(node: PipelineNode[ControlSettings], report: Callable[[str, Answer], None]) -> Nav2 | None:
    """Return Nav2's client, None where its messages are not installed; whether Nav2 is running is another question."""
    navigate_to_pose = installed_type('nav2_msgs.action', 'NavigateToPose')
    if navigate_to_pose is None:
        return None
    from rclpy.action import ActionClient

    def make_goal(request: Navigation) -> Any:
        assert request.goal is not None
        goal = navigate_to_pose.Goal()
        goal.pose.header.frame_id = node.settings.nav2_frame
        goal.pose.header.stamp = node.get_clock().now().to_msg()
        goal.pose.pose.position.x, goal.pose.pose.position.y = request.goal.x_m, request.goal.y_m
        goal.pose.pose.orientation = yaw_to_quaternion(request.goal.yaw_rad or 0.0)
        return goal

    return Nav2(ActionClient(node, navigate_to_pose, node.settings.nav2_action), make_goal, report)


def main() -> int:
    """Run the node."""
    return run(RobotControl)


if __name__ == '__main__':
    sys.exit(main())
