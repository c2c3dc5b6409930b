"""What others do for the controller: skills and Nav2 are asked, waited for, recalled, and never drive beside it."""

import math
from types import SimpleNamespace

import pytest
from control_rig import Rig, go_to, move, moving, planned, turn

from voice_pipeline.control.errands import Navigation
from voice_pipeline.control.motion import STILL
from voice_pipeline.control.navigation import ABORTED, CANCELED, SUCCEEDED, Nav2
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.zones import Area, Zones
from voice_pipeline.messages import (
    Cancel,
    Follow,
    FollowArguments,
    Gesture,
    Look,
    LookArguments,
    Pause,
    Pick,
    PickArguments,
    Place,
    PlaceArguments,
    Pose2D,
    Resume,
    Say,
    SayArguments,
    SkillRequest,
    Turn,
    TurnArguments,
    decode,
    encode,
)
from voice_pipeline.simulation.settings import SimulationSettings
from voice_pipeline.simulation.skills import SimulatedSkills

PICK = planned(Pick(PickArguments(object='cup')))
PLACE = planned(Place(PlaceArguments(object='cup', person='me')))
FOLLOW = planned(Follow(FollowArguments(person='me')))
SAY = planned(Say(SayArguments(text='hello')))
FACE = planned(Turn(TurnArguments(object='door')))


@pytest.fixture
def rig():
    """A robot whose skills are answered by the test."""
    return Rig().run(0.1)


@pytest.fixture
def able():
    """A robot with the simulated skills."""
    return Rig(skills=SimulatedSkills(SimulationSettings())).run(0.1)


def newest_id(rig):
    return rig.requests[-1].skill_id


# --- from the request to the result --------------------------------------------------------------------------------


def test_bring_me_the_cup(able):
    plan_id = able.submit(move('forward', 0.5), PICK, move('backward', 0.5), PLACE, SAY)
    assert able.until_end(plan_id).state == 'done'
    assert able.asked() == ['pick', 'place', 'say']
    assert able.robot.true_pose.x_m == pytest.approx(0.0, abs=0.03)
    steps = [execution.step for execution in able.reports_of(plan_id)]
    assert steps == sorted(steps)
    assert set(steps) == {0, 1, 2, 3, 4}


def test_the_request_carries_what_identifies_the_plan(rig):
    plan = rig.plan(planned(Gesture(), timeout_s=7.0), utterance_id='u7', revision=2)
    rig.controller.submit(plan, rig.now_ns())
    (request,) = rig.cycle().requests
    assert decode(SkillRequest, encode(request)) == request
    assert (request.plan_id, request.utterance_id, request.revision) == (plan.plan_id, 'u7', 2)
    assert (request.speech_end_ns, request.trace) == (plan.speech_end_ns, plan.trace)
    assert (request.step, request.timeout_s, request.is_cancelled) == (Gesture(), 7.0, False)


def test_what_the_skill_says_becomes_of_the_plan(rig):
    plan_id = rig.submit(PICK)
    rig.run(0.1)
    rig.answer(newest_id(rig), 'running', 0.4)
    rig.run(0.5)
    assert (rig.reports_of(plan_id)[-1].state, rig.reports_of(plan_id)[-1].progress) == ('running', 0.4)
    rig.answer(newest_id(rig), 'failed', reason='the gripper is empty')
    rig.cycle()
    assert (rig.end_of(plan_id).state, rig.end_of(plan_id).reason) == ('failed', 'the gripper is empty')
    assert rig.asked() == ['pick']


@pytest.mark.parametrize('speed', [0.25, 1.0, 30.0])
def test_the_base_stands_still_while_a_skill_works(speed):
    rig = Rig(skills=SimulatedSkills(SimulationSettings(skill_speed=speed))).run(0.1)
    rig.submit(move('forward', 3.0))
    rig.run(2.0)
    plan_id = rig.submit(PICK, move('forward', 0.3), utterance_id='u2')
    while not rig.requests:
        assert rig.cycle().velocity is not None
    assert rig.velocity == STILL
    while rig.reports_of(plan_id)[-1].step == 0:
        assert rig.cycle().velocity == STILL or rig.reports_of(plan_id)[-1].step == 1
    assert rig.until_end(plan_id).state == 'done'


def test_who_is_not_there_is_not_waited_for(rig):
    began_s = rig.now_s
    plan_id, waiting = rig.submit(PICK), rig.submit(move('forward', 1.0), mode='append')
    end = rig.until_end(plan_id)
    assert (end.state, end.reason) == ('failed', 'nobody here can pick: no answer on the topic skill')
    assert rig.now_s - began_s < rig.settings.skill_answer_s + 0.5
    assert rig.end_of(waiting).state == 'stopped'
    assert rig.asked() == ['pick', '-pick']
    after_s = rig.now_s
    rig.submit(move('forward', 1.0))
    rig.cycle()
    assert moving(rig.cycle().velocity), 'nobody was at it, so nobody has to leave off'
    assert rig.now_s - after_s < 0.1


def test_a_skill_that_takes_too_long_is_recalled(rig):
    plan_id = rig.submit(planned(Pick(), timeout_s=4.0))
    rig.cycle()
    rig.answer(newest_id(rig), 'running')
    assert 'longer than 4.0 s' in rig.until_end(plan_id).reason
    assert rig.asked() == ['pick', '-pick']


def test_answers_to_nobody_are_ignored(rig):
    rig.answer('unknown', 'done')
    plan_id = rig.submit(PICK)
    rig.cycle()
    rig.answer('unknown', 'failed', reason='no')
    rig.answer(newest_id(rig), 'done')
    rig.answer(newest_id(rig), 'failed', reason='late')
    assert rig.until_end(plan_id).state == 'done'


# --- leaving off ---------------------------------------------------------------------------------------------------


def stop_by_button(rig):
    rig.controller.stop('emergency button')


ENDINGS = [
    (stop_by_button, 'stopped'),
    (lambda rig: rig.submit(mode='stop'), 'stopped'),
    (lambda rig: rig.submit(planned(Cancel()), mode='cancel'), 'stopped'),
    (lambda rig: rig.submit(move('forward', 0.3), utterance_id='u2'), 'replaced'),
]


@pytest.mark.parametrize(('end', 'state'), ENDINGS)
@pytest.mark.parametrize('step', [PICK, FOLLOW, SAY, FACE])
def test_the_skill_is_recalled_with_the_plan(rig, step, end, state):
    plan_id = rig.submit(step)
    rig.run(0.1)
    rig.answer(newest_id(rig), 'running')
    rig.run(0.5)
    end(rig)
    tick = rig.cycle()
    assert rig.end_of(plan_id).state == state
    assert tick.velocity == STILL
    (request,) = tick.requests
    assert request.is_cancelled
    assert request == decode(SkillRequest, encode(request))
    assert request.skill_id == rig.requests[0].skill_id


def test_a_waiting_skill_is_not_asked_for(rig):
    rig.submit(move('forward', 1.0), PICK)
    rig.run(0.5)
    stop_by_button(rig)
    rig.run(1.0)
    assert rig.requests == []


def test_nothing_begins_before_who_was_recalled_has_left_off(rig):
    rig.submit(FOLLOW)
    rig.run(0.1)
    rig.answer(newest_id(rig), 'running')
    rig.run(0.5)
    plan_id = rig.submit(move('forward', 0.3), utterance_id='u2')
    rig.run(1.0)
    assert rig.velocity == STILL
    rig.answer(newest_id(rig), 'failed', reason='cancelled')
    rig.cycle()
    assert moving(rig.cycle().velocity)
    assert rig.until_end(plan_id).state == 'done'


def test_who_does_not_say_that_he_left_off_is_not_waited_for_for_ever(rig):
    rig.submit(FOLLOW)
    rig.run(0.1)
    rig.answer(newest_id(rig), 'running')
    rig.run(0.5)
    plan_id = rig.submit(move('forward', 0.3), utterance_id='u2')
    assert rig.until_end(plan_id, limit_s=rig.settings.skill_answer_s + 4.0).state == 'done'


def test_a_skill_that_is_held_is_begun_anew(able):
    plan_id = able.submit(PICK)
    able.run(1.0)
    able.submit(planned(Pause()), mode='pause')
    able.run(10.0)
    assert able.asked() == ['pick', '-pick']
    assert able.end_of(plan_id) is None
    able.submit(planned(Resume()), mode='resume')
    assert able.until_end(plan_id).state == 'done'
    assert able.asked() == ['pick', '-pick', 'pick']
    assert len({request.skill_id for request in able.requests}) == 2


def test_a_correction_of_what_comes_later_leaves_the_skill_alone(able):
    able.submit(PICK, turn(90.0))
    able.run(1.0)
    plan_id = able.submit(PICK, turn(-90.0))
    assert able.until_end(plan_id).state == 'done'
    assert able.asked() == ['pick']
    assert math.degrees(able.robot.true_pose.yaw_rad) == pytest.approx(-90.0, abs=1.5)


# --- who drives ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('step', [FOLLOW, FACE])
def test_who_drives_itself_has_the_wheels_for_itself(rig, step):
    plan_id = rig.submit(move('forward', 0.5), step)
    while not rig.requests:
        rig.cycle()
    assert [rig.cycle().velocity for _ in range(100)] == [None] * 100
    rig.answer(newest_id(rig), 'running')
    rig.run(1.0)
    rig.answer(newest_id(rig), 'done')
    assert rig.cycle().velocity == STILL
    assert rig.until_end(plan_id).state == 'done'


def test_to_face_a_thing_is_to_look_at_it(rig):
    rig.submit(FACE)
    assert rig.cycle().requests[0].step == Look(LookArguments(object='door'))


def test_to_look_leaves_the_wheels_to_the_controller(rig):
    rig.submit(planned(Look()))
    assert rig.cycle().velocity == STILL


def test_who_drives_is_recalled_at_the_geofence():
    rig = Rig(zones=Zones(Area(((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))))).run(0.1)
    plan_id = rig.submit(FOLLOW)
    rig.run(0.1)
    rig.answer(newest_id(rig), 'running')
    step = rig.robot.step
    rig.robot.step = lambda now_s: step(now_s).__class__(rig.away_m, 0.0, 0.0, round(now_s * 1e9))
    for rig.away_m in (0.2, 0.5, 0.9):
        rig.run(0.5)
        assert rig.end_of(plan_id) is None
    rig.away_m = 1.1
    tick = rig.cycle()
    assert rig.end_of(plan_id).reason == 'the robot is outside of where it may drive'
    assert tick.velocity == STILL
    assert rig.asked() == ['follow', '-follow']


# --- Nav2 ----------------------------------------------------------------------------------------------------------


class Later:
    """A future that the test decides."""

    def __init__(self):
        self._callbacks, self._value = [], None

    def add_done_callback(self, callback):
        self._callbacks.append(callback)

    def result(self):
        return self._value

    def set(self, value):
        self._value = value
        for callback in self._callbacks:
            callback(self)


class FakeServer:
    """An action client whose server does what the test says."""

    def __init__(self, is_there=True):
        self.is_there = is_there
        self.goals, self.cancelled = [], 0
        self.answered, self.ended = Later(), Later()

    def server_is_ready(self):
        return self.is_there

    def send_goal_async(self, goal, feedback_callback):
        self.goals.append(goal)
        self.tell = lambda left_m: feedback_callback(
            SimpleNamespace(feedback=SimpleNamespace(distance_remaining=left_m))
        )
        self.answered, self.ended = Later(), Later()
        return self.answered

    def accept(self, accepted=True):
        self.accepted = accepted
        self.answered.set(self)

    def get_result_async(self):
        return self.ended

    def cancel_goal_async(self):
        self.cancelled += 1
        return Later()

    def end(self, status):
        self.ended.set(SimpleNamespace(status=status))


class NavigatedRig(Rig):
    """A robot that is driven to places by Nav2."""

    def __init__(self, **more):
        self.server = FakeServer()
        self.nav2 = Nav2(
            self.server, lambda request: request.goal, lambda *about: self.controller.update_errand(*about)
        )
        super().__init__(can_navigate=self.nav2.is_there, **more)
        self.run(0.1)

    def cycle(self, dt_s=None):
        tick = super().cycle(dt_s)
        for request in tick.requests:
            self.nav2.ask(request)
        return tick


def test_nav2_drives_to_places_and_the_controller_the_rest():
    rig = NavigatedRig()
    plan_id = rig.submit(go_to(2.0, 2.0), turn(90.0))
    rig.cycle()
    assert rig.server.goals == [Pose2D(x_m=2.0, y_m=2.0, yaw_rad=pytest.approx(math.pi / 4))]
    rig.server.accept()
    rig.server.tell(0.0)
    rig.server.tell(4.0)
    rig.server.tell(1.0)
    rig.run(1.0)
    assert rig.velocity is None
    assert rig.reports_of(plan_id)[-1].progress == pytest.approx(0.75)
    rig.server.end(SUCCEEDED)
    assert rig.until_end(plan_id).state == 'done'
    assert math.degrees(rig.robot.true_pose.yaw_rad) == pytest.approx(90.0, abs=1.5)


def test_without_its_server_the_controller_drives_itself():
    rig = NavigatedRig()
    rig.server.is_there = False
    assert rig.until_end(rig.submit(go_to(1.0, 0.5))).state == 'done'
    assert rig.robot.true_pose.x_m == pytest.approx(1.0, abs=0.03)
    assert rig.server.goals == []


@pytest.mark.parametrize(
    ('happens', 'reason'),
    [
        (lambda server: server.accept(accepted=False), 'Nav2 does not take the goal'),
        (lambda server: (server.accept(), server.end(ABORTED)), 'Nav2 found no way there'),
        (lambda server: (server.accept(), server.end(CANCELED)), 'the navigation was cancelled'),
        (lambda server: (server.accept(), server.end(0)), 'Nav2 gave up'),
        (lambda server: None, 'Nav2 does not answer'),
    ],
)
def test_what_goes_wrong_with_nav2_is_said(happens, reason):
    rig = NavigatedRig()
    plan_id = rig.submit(go_to(2.0, 2.0))
    rig.cycle()
    happens(rig.server)
    end = rig.until_end(plan_id)
    assert (end.state, end.reason) == ('failed', reason)


def test_a_stop_recalls_nav2_at_once_and_holds_the_wheels_until_it_has_left_off():
    rig = NavigatedRig()
    rig.submit(go_to(2.0, 2.0))
    rig.cycle()
    rig.server.accept()
    rig.run(1.0)
    stop_by_button(rig)
    assert rig.cycle().velocity == STILL
    assert rig.server.cancelled == 1
    rig.run(rig.settings.zero_hold_s + 0.5)
    assert rig.velocity == STILL
    rig.server.end(CANCELED)
    rig.run(rig.settings.zero_hold_s + 0.1)
    assert rig.velocity is None


def test_a_stop_before_nav2_has_accepted_is_not_lost():
    rig = NavigatedRig()
    rig.submit(go_to(2.0, 2.0))
    rig.cycle()
    stop_by_button(rig)
    rig.cycle()
    assert rig.server.cancelled == 0
    rig.server.accept()
    assert rig.server.cancelled == 1


def test_held_navigation_goes_on_from_where_it_is():
    rig = NavigatedRig(settings=ControlSettings(skill_answer_s=0.5))
    plan_id = rig.submit(go_to(2.0, 2.0, 0.0))
    rig.cycle()
    rig.server.accept()
    rig.submit(planned(Pause()), mode='pause')
    rig.run(5.0)
    rig.server.end(CANCELED)
    rig.submit(planned(Resume()), mode='resume')
    rig.run(0.1)
    assert len(rig.server.goals) == 2
    rig.server.accept()
    rig.server.end(SUCCEEDED)
    assert rig.until_end(plan_id).state == 'done'


def test_nav2_ignores_what_it_does_not_know():
    answers = []
    Nav2(FakeServer(), lambda request: request, lambda *about: answers.append(about)).ask(Navigation('x', goal=None))
    assert answers == []
