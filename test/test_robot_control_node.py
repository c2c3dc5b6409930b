"""The controller as a node, over real DDS: stops, skills, obstacles, and what it says about itself."""

import math
import os
import shutil
import signal
import time
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from control_rig import move, planned, turn
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseStamped, TwistStamped
from graph_rig import PATIENCE_S, Stranger
from pipeline_rig import AGAIN_S, running, started
from rclpy.clock import Clock
from std_msgs.msg import Empty, String
from test_control_skills import FakeServer
from test_nodes import start

from voice_pipeline import topics
from voice_pipeline.control.errands import Navigation
from voice_pipeline.control.motion import STILL, Odometry
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.way import IN_THE_WAY, NO_SCAN
from voice_pipeline.messages import (
    Execution,
    Pick,
    PickArguments,
    Plan,
    Pose2D,
    Say,
    SayArguments,
    Stop,
    decode,
    encode,
)
from voice_pipeline.nodes import robot_control
from voice_pipeline.nodes.base import LATCHED_QOS, MESSAGE_QOS
from voice_pipeline.nodes.conversions import odometry_to_message, velocity_from_twist
from voice_pipeline.tools.processes import NAMESPACE

# The scans of a starved simulation may be late.
CONTROL = {'stamped': True, 'scan_timeout_s': 3.0}
STAMPED = {'simulated_robot': {'stamped': True}, 'robot_control': {**CONTROL, 'rate_hz': 20.0}}


class Commander(Stranger):
    """Has plans executed, and knows what becomes of them."""

    def __init__(self):
        super().__init__(
            NAMESPACE,
            execution=(String, LATCHED_QOS),
            cmd_vel=(TwistStamped, MESSAGE_QOS),
        )
        self.diagnostics = []
        self.node.create_subscription(DiagnosticArray, topics.DIAGNOSTICS, self.diagnostics.append, MESSAGE_QOS)
        self._ids = count()
        self._wait_until_heard()

    def _wait_until_heard(self):
        """Order a tiny move until one is done: odometry and scans may come late, and DDS may lose a first message."""
        newest, again_s = self.order(move('forward', 0.01)), time.monotonic() + AGAIN_S

        def is_done():
            nonlocal newest, again_s
            state = self.reports(newest)[-1].state if self.reports(newest) else ''
            if state not in ('', 'running', 'done') or time.monotonic() > again_s:
                newest, again_s = self.order(move('forward', 0.01)), time.monotonic() + AGAIN_S
            return state == 'done'

        self.spin_until(is_done)

    def order(self, *steps, mode='replace'):
        plan = Plan(
            utterance_id=f'u{next(self._ids)}',
            revision=0,
            is_final=True,
            speech_end_ns=time.time_ns(),
            plan_id=f'p{next(self._ids)}',
            mode=mode,
            is_committed=True,
            steps=steps,
        )
        self.publish(topics.PLAN, String(data=encode(plan)))
        return plan.plan_id

    def forget(self, topic):
        """Publish there no longer."""
        self.node.destroy_publisher(self._publishers.pop(topic))

    def health(self):
        """The newest diagnostics of the loop: level, message, values; None before there are any."""
        statuses = [one for message in self.diagnostics for one in message.status if 'control loop' in one.name]
        newest = statuses[-1] if statuses else None
        return newest and (newest.level, newest.message, {value.key: value.value for value in newest.values})

    def reports(self, plan_id):
        heard = [decode(Execution, message.data) for message in self.heard[topics.EXECUTION]]
        return [execution for execution in heard if execution.plan_id == plan_id]

    def end(self, plan_id):
        self.spin_until(lambda: self.reports(plan_id) and self.reports(plan_id)[-1].state != 'running')
        return self.reports(plan_id)[-1]

    def velocities(self, since_ns=0):
        """What was commanded after this moment, by the stamps of the messages."""
        heard = self.heard[topics.CMD_VEL]
        return [velocity_from_twist(one) for one in heard if stamp_ns(one) > since_ns]

    def start_driving(self):
        plan_id = self.order(move('forward', 10.0))
        self.spin_until(lambda: self.velocities() and self.velocities()[-1].linear_mps > 0.1)
        return plan_id


def stamp_ns(message):
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec


def test_every_way_to_stop_stops_at_once_and_holds_until_the_next_command(tmp_path, monkeypatch):
    services = pytest.importorskip('std_srvs.srv')
    with running(tmp_path, STAMPED, monkeypatch):
        commander = Commander()

        driving = commander.start_driving()
        stopping = commander.order(planned(Stop()), mode='stop')
        assert commander.end(stopping).state == 'done'
        assert commander.end(driving).state == 'stopped'
        received_ns = commander.reports(stopping)[0].trace[-1].received_ns
        commander.spin_until(lambda: STILL in commander.velocities(received_ns))
        assert set(commander.velocities(received_ns)) == {STILL}, 'no cycle went by before the zero'

        driving = commander.start_driving()
        commander.publish(topics.STOP, Empty(), listeners=2)  # control and robot
        assert (commander.end(driving).state, commander.end(driving).reason) == ('stopped', 'told to stop')

        driving = commander.start_driving()
        client = commander.node.create_client(services.Trigger, topics.STOP)
        commander.spin_until(client.service_is_ready)
        answer = client.call_async(services.Trigger.Request())
        commander.spin_until(answer.done)
        answered_ns = time.time_ns()
        assert (answer.result().success, answer.result().message) == (True, 'stopped')
        assert commander.end(driving).state == 'stopped'
        assert commander.end(commander.order(turn(10.0))).state == 'done'
        assert {velocity.linear_mps for velocity in commander.velocities(answered_ns)} == {0.0}


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_node_with_the_robot_at_rest(tmp_path, monkeypatch, number):
    with running(tmp_path, STAMPED, monkeypatch) as (_, pipeline):
        commander = Commander()
        driving = commander.start_driving()
        control = pipeline.nodes[1].process
        control.send_signal(number)
        assert commander.end(driving).reason == 'robot_control is ending'
        commander.spin_until(lambda: commander.velocities()[-1] == STILL)
        assert control.wait(timeout=PATIENCE_S) == 0
        log = pipeline.nodes[1].log.read_text()
    assert 'the loop: nominal (ms) 50.00, period p50 (ms)' in log
    assert 'Traceback' not in log


def test_when_the_planner_goes_the_robot_stops(tmp_path, monkeypatch):
    with running(tmp_path, STAMPED, monkeypatch):
        commander = Commander()
        driving = commander.start_driving()
        commander.forget(topics.PLAN)
        assert (commander.end(driving).state, commander.end(driving).reason) == ('stopped', 'the planner is gone')


def test_who_listens_late_hears_how_the_last_plan_ended(tmp_path, monkeypatch):
    with running(tmp_path, STAMPED, monkeypatch):
        commander = Commander()
        plan_id = commander.order(turn(5.0))
        assert commander.end(plan_id).state == 'done'
        late = Stranger(NAMESPACE, execution=(String, LATCHED_QOS))
        late.spin_until(lambda: late.heard[topics.EXECUTION])
        late.spin_until(lambda: decode(Execution, late.heard[topics.EXECUTION][-1].data) == commander.end(plan_id))


def test_the_loop_tells_how_steady_it_is_and_who_else_drives(tmp_path, monkeypatch):
    with running(tmp_path, STAMPED, monkeypatch) as (_, pipeline):
        commander = Commander()
        commander.spin_until(lambda: commander.health() and 'period max (ms)' in commander.health()[2])
        commander.spin_until(lambda: commander.health()[:2] == (DiagnosticStatus.OK, 'steady'))
        _, _, values = commander.health()
        assert values['nominal (ms)'] == '50.00'
        assert float(values['period p50 (ms)']) <= float(values['period p99 (ms)']) <= float(values['period max (ms)'])
        assert int(values['missed cycles']) < int(values['cycles'])
        assert 'priority' in values['scheduling']

        commander.publish(topics.CMD_VEL, TwistStamped())
        rival = 'somebody else publishes on cmd_vel too: /voice/stranger'
        commander.spin_until(lambda: commander.health()[:2] == (DiagnosticStatus.WARN, rival))
        commander.forget(topics.CMD_VEL)
        commander.spin_until(lambda: 'somebody else' not in commander.health()[1])
        log = pipeline.nodes[1].log.read_text()
    assert log.count('/voice/stranger publishes on /voice/cmd_vel too') == 1


def test_it_is_ready_when_odometry_comes_and_says_what_is_missing(tmp_path, monkeypatch):
    with started(tmp_path, {'robot_control': CONTROL}, monkeypatch) as (story, pipeline):
        log = pipeline.nodes[0].log
        stranger = Stranger(NAMESPACE)
        stranger.spin_until(lambda: 'the robot does not drive yet: no odometry was received' in log.read_text())
        assert 'its odometry is expected on /voice/odom' in log.read_text()
        assert not story.ready

        def is_ready():
            stranger.publish(topics.ODOM, odometry_to_message(Odometry(0.0, 0.0, 0.0), time.time_ns()), listeners=2)
            return 'robot_control' in story.ready

        stranger.spin_until(is_ready)


def test_while_odometry_is_silent_it_says_that_it_does_not_drive(tmp_path, monkeypatch):
    with running(tmp_path, STAMPED, monkeypatch) as (_, pipeline):
        commander, robot = Commander(), pipeline.nodes[0].process
        silent = 'the robot does not drive: no odometry for '
        robot.send_signal(signal.SIGSTOP)
        try:
            commander.spin_until(lambda: commander.health() and commander.health()[1].startswith(silent))
            assert commander.health()[0] == DiagnosticStatus.ERROR
        finally:
            robot.send_signal(signal.SIGCONT)
        commander.spin_until(lambda: commander.health()[:2] == (DiagnosticStatus.OK, 'steady'))


def test_skills_take_their_turn_between_the_drives(tmp_path, monkeypatch):
    robot = {**STAMPED, 'simulated_robot': {'stamped': True, 'skill_speed': 10.0}}
    with running(tmp_path, robot, monkeypatch) as (story, _):
        commander = Commander()
        pick, say = planned(Pick(PickArguments(object='cup'))), planned(Say(SayArguments(text='here you are')))
        plan_id = commander.order(move('forward', 0.2), pick, move('backward', 0.2), say)
        assert commander.end(plan_id).state == 'done'
        assert {report.step for report in commander.reports(plan_id)} == {0, 1, 2, 3}
        assert commander.end(commander.order(pick)).reason == 'the gripper already holds cup'
        assert abs(story.path[-1].x_m) < 0.03


def test_a_wall_ahead_is_seen_and_not_touched(tmp_path, monkeypatch):
    at_wall = {'stamped': True, 'world': 'flat', 'start_x_m': -0.3, 'start_yaw_deg': 180.0}
    control = {**CONTROL, 'obstacle_wait_s': 0.2}
    with running(tmp_path, {'simulated_robot': at_wall, 'robot_control': control}, monkeypatch) as (story, pipeline):
        commander = Commander()
        end = commander.end(commander.order(move('forward', 2.0)))
        assert (end.state, end.reason) == ('failed', IN_THE_WAY)
        assert -1.0 < min(pose.x_m for pose in story.path) < -0.7
        assert 'bumped' not in pipeline.nodes[0].log.read_text()


def test_the_scans_of_another_scanner_are_left_out_and_bad_ones_stop_the_robot(tmp_path, monkeypatch):
    sensors = pytest.importorskip('sensor_msgs.msg')
    control = {**CONTROL, 'obstacle_wait_s': 0.1}
    robot = {'simulated_robot': {'stamped': True, 'scan_rate_hz': 0.0}, 'robot_control': control}
    with running(tmp_path, robot, monkeypatch) as (_, pipeline):
        commander = Commander()

        def scan(frame, **changes):
            values = {'angle_increment': 0.1, 'range_min': 0.1, 'range_max': 9.0, 'ranges': [float('inf')] * 8}
            message = sensors.LaserScan(**{**values, **changes})
            message.header.frame_id = frame
            message.header.stamp = commander.node.get_clock().now().to_msg()
            commander.publish(topics.SCAN, message)

        scan('laser')
        assert commander.end(commander.order(move('forward', 0.05))).state == 'done'
        driving = commander.order(move('forward', 9.0))
        scan('other')
        for wrong in ({'range_max': 0.0}, {'range_min': -1.0}, {'ranges': []}, {'angle_increment': float('nan')}):
            scan('laser', **wrong)
        end = commander.end(driving)
        assert (end.state, end.reason) == ('failed', NO_SCAN)
        log = pipeline.nodes[1].log.read_text()
    assert "laser scans in the frame 'laser', taken to be at x 0 m, y 0 m, yaw 0 degrees of the robot" in log
    assert log.count("bad message on 'scan'") == 1


def test_nav2_gets_the_pose_in_its_frame_and_is_not_there_without_its_messages(monkeypatch):
    assert robot_control.installed_type('nav2_msgs.action', 'NoSuchAction') is None
    servers = []

    def make_client(_node, kind, name):
        servers.append((FakeServer(), kind, name))
        return servers[-1][0]

    navigate_to_pose = SimpleNamespace(Goal=lambda: SimpleNamespace(pose=PoseStamped()))
    monkeypatch.setattr(robot_control, 'installed_type', lambda *_: navigate_to_pose)
    monkeypatch.setattr('rclpy.action.ActionClient', make_client)
    node = SimpleNamespace(settings=ControlSettings(nav2_frame='floor'), get_clock=Clock)
    nav2 = robot_control.make_nav2(node, lambda *_: None)
    nav2.ask(Navigation('e1', Pose2D(x_m=1.0, y_m=-2.0, yaw_rad=math.pi)))

    ((server, kind, name),) = servers
    assert (kind, name) == (navigate_to_pose, '/navigate_to_pose')
    (sent,) = server.goals
    assert (sent.pose.header.frame_id, sent.pose.header.stamp.sec > 0) == ('floor', True)
    assert (sent.pose.pose.position.x, sent.pose.pose.position.y) == (1.0, -2.0)
    assert (sent.pose.pose.orientation.z, sent.pose.pose.orientation.w) == pytest.approx((1.0, 0.0))

    monkeypatch.setattr(robot_control, 'installed_type', lambda *_: None)
    assert robot_control.make_nav2(node, lambda *_: None) is None


def test_without_the_compiled_half_of_a_package_the_nodes_do_without_it(tmp_path, monkeypatch):
    source = Path(pytest.importorskip('sensor_msgs').__file__).parent
    shutil.copytree(source, tmp_path / 'half' / 'sensor_msgs', ignore=shutil.ignore_patterns('*.so'))
    monkeypatch.setenv('PYTHONPATH', os.pathsep.join([str(tmp_path / 'half'), os.environ.get('PYTHONPATH', '')]))
    with running(tmp_path, STAMPED, monkeypatch) as (_, pipeline):
        commander = Commander()
        assert commander.end(commander.order(turn(5.0))).state == 'done'
        robot, control = (node.log.read_text() for node in pipeline.nodes)
    assert 'no laser scan and no battery state: the package sensor_msgs is not installed' in robot
    assert 'the robot sees no obstacles: the package sensor_msgs is not installed' in control


def test_zones_that_cannot_be_read_end_the_node_with_a_plain_word(tmp_path):
    zones = tmp_path / 'mine.yaml'
    zones.write_text('geofence: 7')
    status, error = start('robot_control', f'zones:={zones}')
    assert status == 2
    assert f'{zones}: Expected `array' in error
    assert 'Traceback' not in error
