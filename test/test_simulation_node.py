"""The simulated robot as a node, over real DDS: it answers to skills, bumps into walls, and sees and feels itself."""

import math
import time

import pytest
from geometry_msgs.msg import Twist, Vector3
from graph_rig import Stranger
from pipeline_rig import AGAIN_S, running, wait
from std_msgs.msg import Empty, String

from voice_pipeline import topics
from voice_pipeline.messages import (
    Pick,
    PickArguments,
    Place,
    PlaceArguments,
    Say,
    SayArguments,
    SkillRequest,
    SkillResult,
    decode,
    encode,
)
from voice_pipeline.nodes.base import MESSAGE_QOS
from voice_pipeline.tools.processes import NAMESPACE


class Asker(Stranger):
    """Asks for skills, and knows how they ended."""

    def __init__(self):
        super().__init__(NAMESPACE, skill_result=(String, MESSAGE_QOS))

    def ask(self, step, skill_id):
        request = SkillRequest(
            utterance_id='u1',
            revision=0,
            is_final=True,
            speech_end_ns=0,
            skill_id=skill_id,
            plan_id='p1',
            step=step,
            timeout_s=60.0,
        )
        self.publish(topics.SKILL, String(data=encode(request)))

    def wait_until_answered(self):
        """Ask for what fails at once until that is heard: DDS may connect the answers later than the questions."""
        again_s = 0.0

        def is_answered():
            nonlocal again_s
            if time.monotonic() > again_s:
                self.ask(Place(PlaceArguments(object='cup')), 's0')
                again_s = time.monotonic() + AGAIN_S
            return bool(self.states('s0'))

        self.spin_until(is_answered)

    def states(self, skill_id):
        results = [decode(SkillResult, answer.data) for answer in self.heard[topics.SKILL_RESULT]]
        return [(one.state, one.reason) for one in results if one.skill_id == skill_id]


def test_skills_are_answered_and_a_stop_ends_them(tmp_path, monkeypatch):
    with running(tmp_path, {'simulated_robot': {'skill_speed': 0.3}}, monkeypatch):
        stranger = Asker()
        stranger.publish(topics.SKILL, String(data='{"not": "a request"}'))
        stranger.wait_until_answered()
        stranger.ask(Pick(PickArguments(object='cup')), 's1')
        stranger.spin_until(lambda: stranger.states('s1') == [('running', '')])
        stranger.publish(topics.STOP, Empty())
        stranger.spin_until(lambda: stranger.states('s1')[-1] == ('failed', 'told to stop'))
        stranger.ask(Say(SayArguments(text='hello')), 's2')
        stranger.spin_until(lambda: stranger.states('s2')[-1:] == [('done', '')])
        stranger.ask(Place(PlaceArguments(object='cup')), 's3')
        stranger.spin_until(lambda: stranger.states('s3') == [('failed', 'the gripper is empty')])


def test_in_the_flat_walls_stop_it(tmp_path, monkeypatch):
    at_wall = {'world': 'flat', 'start_x_m': -0.9, 'start_yaw_deg': 180.0}
    with running(tmp_path, {'simulated_robot': at_wall}, monkeypatch) as (story, pipeline):
        stranger = Stranger(NAMESPACE)
        stranger.publish(topics.CMD_VEL, Twist(linear=Vector3(x=1.0)))
        wait(story, pipeline, lambda: bool(story.path) and story.path[-1].x_m < -0.99)
        wait(story, pipeline, lambda: story.path[-1].velocity.linear_mps == 0.0)
        assert story.path[-1].x_m == pytest.approx(-1.0, abs=2e-3)
        wait(story, pipeline, lambda: 'bumped into something at x -1.00' in pipeline.nodes[0].log.read_text())


def test_it_publishes_what_it_sees_and_what_is_left_in_its_battery(tmp_path, monkeypatch):
    sensors = pytest.importorskip('sensor_msgs.msg')
    robot = {'world': 'flat', 'scan_noise_m': 0.0, 'battery_percent': 40.0, 'start_x_m': -0.5}
    with running(tmp_path, {'simulated_robot': robot}, monkeypatch):
        stranger = Stranger(
            NAMESPACE, scan=(sensors.LaserScan, MESSAGE_QOS), battery_state=(sensors.BatteryState, MESSAGE_QOS)
        )
        stranger.spin_until(lambda: all(stranger.heard.values()))
        scan, battery = stranger.heard[topics.SCAN][0], stranger.heard[topics.BATTERY][0]
    assert scan.header.frame_id == 'base_link'
    assert len(scan.ranges) == 360
    assert scan.angle_max == pytest.approx(math.pi - scan.angle_increment, abs=1e-5)
    assert scan.ranges[0] == pytest.approx(0.7, abs=1e-3)  # the wall behind
    assert battery.percentage == pytest.approx(0.4, abs=0.01)
    assert battery.power_supply_status == sensors.BatteryState.POWER_SUPPLY_STATUS_CHARGING


def test_a_world_that_cannot_be_read_ends_the_node_with_a_plain_word(tmp_path):
    from test_nodes import start

    world = tmp_path / 'mine.yaml'
    world.write_text('walls: 7')
    status, error = start('simulated_robot', f'world:={world}')
    assert status == 2
    assert f'{world}: Expected `array`, got `int` - at `$.walls`' in error
    assert 'Traceback' not in error
