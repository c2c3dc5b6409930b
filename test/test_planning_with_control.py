"""The planner, the controller and a simulated robot together: what is said is what the robot has done in the end."""

import math

import pytest
from control_rig import Rig
from planning_rig import Conversation, ask, go_to, move, pause, turn

from voice_pipeline.messages import (
    Cancel,
    Pose2D,
    Repeat,
    RepeatArguments,
    Reply,
    Resume,
    SetSpeed,
    SetSpeedArguments,
    Stop,
)


class Scene:
    """One clock for all; plans and reports travel at once."""

    def __init__(self):
        self.rig = Rig().run(0.1)
        self.conversation = Conversation()

    def say(self, *steps, **more):
        self.conversation.now_s = self.rig.now_s
        plan = self.conversation.say(*steps, after_s=0.0, age_s=0.0, **more)
        self.rig.controller.submit(plan, self.rig.now_ns())
        return plan

    def say_early(self, *steps, name):
        self.say(*steps, name=name, final=False)
        assert self.say(*steps, name=name, final=False).is_committed

    def run(self, seconds):
        for _ in range(round(seconds * self.rig.settings.rate_hz)):
            tick = self.rig.cycle()
            self.conversation.now_s = self.rig.now_s
            here = self.rig.robot.true_pose
            self.conversation.planner.state.update_odometry(Pose2D(x_m=here.x_m, y_m=here.y_m), 0.0)
            for execution in tick.executions:
                self.conversation.planner.on_execution(execution)

    def pose(self):
        self.run(12.0)
        assert not self.rig.controller.is_active
        here = self.rig.robot.true_pose
        return round(here.x_m, 1), round(here.y_m, 1), round(math.degrees(here.yaw_rad) / 5) * 5


@pytest.fixture
def scene():
    return Scene()


def test_forward_two_no_three_is_three(scene):
    scene.say_early(move('forward', 1.5), name='x')
    scene.run(1.5)
    scene.say(move('forward', 2.0), name='x')
    assert scene.pose() == (2.0, 0.0, 0)


@pytest.mark.parametrize('after_s', [0.5, 2.0, 3.6, 4.5, 6.0])
def test_a_correction_of_the_end_keeps_the_beginning(scene, after_s):
    scene.say_early(move('forward', 1.0), turn(90.0), name='x')
    scene.run(after_s)
    scene.say(move('forward', 1.0), turn(-90.0), name='x')
    assert scene.pose() == (1.0, 0.0, -90)


def test_what_goes_on_is_done_after_it(scene):
    scene.say_early(move('forward', 1.0), name='x')
    scene.run(0.5)
    scene.say(move('forward', 1.0), turn(90.0), move('forward', 0.5), name='x')
    assert scene.pose() == (1.0, 0.5, 90)


def test_hold_faster_go_on(scene):
    scene.say(move('forward', 2.0))
    scene.run(1.0)
    scene.say(pause())
    scene.run(20.0)
    assert scene.say(ask('status')).say == 'I am to go forward 2 metres, but I am waiting.'
    scene.say(SetSpeed(SetSpeedArguments(speed='fast')))
    scene.say(Resume())
    scene.run(2.0)
    assert scene.rig.velocity.linear_mps == pytest.approx(0.5)
    assert scene.pose() == (2.0, 0.0, 0)


def test_wait_five_seconds_and_go_on(scene):
    scene.say(move('forward', 1.0))
    scene.run(1.0)
    scene.say(pause(5.0))
    scene.run(4.0)
    here_m = scene.rig.robot.true_pose.x_m
    assert here_m < 0.9
    assert scene.pose() == (1.0, 0.0, 0)


@pytest.mark.parametrize('step', [Cancel(), Stop()])
def test_dropped_work_is_not_taken_up_again(scene, step):
    scene.say(move('forward', 5.0))
    scene.run(2.0)
    scene.say(step)
    scene.run(1.0)
    assert scene.say(Resume()).say == 'There is nothing to go on with.'
    assert scene.pose()[0] < 1.0


def test_again_and_again(scene):
    scene.say(move('forward', 0.5))
    scene.run(5.0)
    scene.say(Repeat(RepeatArguments(count=2)))
    assert scene.pose() == (1.5, 0.0, 0)


def test_the_answer_to_a_question_goes_on_with_what_began(scene):
    scene.say_early(turn(90.0), name='x')
    scene.say(turn(90.0), go_to('meeting room'), name='x')
    scene.run(0.5)
    scene.say(reply=Reply(number=1.0))
    scene.run(20.0)
    assert scene.pose()[:2] == (5.0, 0.0)
