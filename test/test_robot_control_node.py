"""The controller as a node, over real DDS: stops, skills, obstacles, and what it says about itself."""

import time
from itertools import count

import pytest
from control_rig import move, pause, planned, turn
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from graph_rig import Stranger
from pipeline_rig import running
from std_msgs.msg import Empty, String
from test_nodes import start

from voice_pipeline import topics
from voice_pipeline.control.motion import STILL
from voice_pipeline.control.way import IN_THE_WAY
from voice_pipeline.messages import Execution, Pick, PickArguments, Plan, Say, SayArguments, Stop, decode, encode
from voice_pipeline.nodes.base import LATCHED_QOS, MESSAGE_QOS
from voice_pipeline.nodes.conversions import velocity_from_twist
from voice_pipeline.tools.processes import NAMESPACE

STAMPED = {'simulated_robot': {'stamped': True}, 'robot_control': {'stamped': True, 'rate_hz': 20.0}}


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
        self._wait_for_odometry()

    def _wait_for_odometry(self):
        end = self.end(self.order(pause(0.02)))
        while end.reason == 'no odometry was received':
            end = self.end(self.order(pause(0.02)))
        assert end.state == 'done'

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
        commander.publish(topics.STOP, Empty())
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


def test_when_the_planner_goes_the_robot_stops_and_the_loop_tells_how_steady_it_is(tmp_path, monkeypatch):
    with running(tmp_path, STAMPED, monkeypatch):
        commander = Commander()
        driving = commander.start_driving()
        commander.node.destroy_publisher(commander._publishers.pop(topics.PLAN))
        assert (commander.end(driving).state, commander.end(driving).reason) == ('stopped', 'the planner is gone')
        commander.spin_until(lambda: commander.diagnostics)
        status = commander.diagnostics[-1].status[0]
        values = {value.key: value.value for value in status.values}
        assert status.name == 'voice_pipeline: control loop'
        assert values['nominal (ms)'] == '50.00'
        assert float(values['period p50 (ms)']) <= float(values['period p99 (ms)']) <= float(values['period max (ms)'])
        assert 'priority' in values['scheduling']


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
    control = {'stamped': True, 'obstacle_wait_s': 0.2}
    with running(tmp_path, {'simulated_robot': at_wall, 'robot_control': control}, monkeypatch) as (story, pipeline):
        commander = Commander()
        end = commander.end(commander.order(move('forward', 2.0)))
        assert (end.state, end.reason) == ('failed', IN_THE_WAY)
        assert -1.0 < min(pose.x_m for pose in story.path) < -0.7
        assert 'bumped' not in pipeline.nodes[0].log.read_text()


def test_zones_that_cannot_be_read_end_the_node_with_a_plain_word(tmp_path):
    zones = tmp_path / 'mine.yaml'
    zones.write_text('geofence: 7')
    status, error = start('robot_control', f'zones:={zones}')
    assert status == 2
    assert f'{zones}: Expected `array' in error
    assert 'Traceback' not in error
