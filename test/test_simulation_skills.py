"""The simulated robot's skills: how they go on, end and fail, as a robot-specific node would tell it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.control.errands import skill_for
from voice_pipeline.messages import (
    Follow,
    FollowArguments,
    Gesture,
    GestureArguments,
    Look,
    Pick,
    PickArguments,
    Place,
    PlaceArguments,
    Say,
    SayArguments,
    SkillRequest,
    Turn,
    TurnArguments,
    decode,
    encode,
)
from voice_pipeline.planning.skills import parse_skills, skill_needed
from voice_pipeline.simulation.settings import SimulationSettings
from voice_pipeline.simulation.skills import SKILLS, SimulatedSkills

EVERY_STEP = (Pick(), Place(), Follow(), Gesture(), Look(), Say(), Turn(TurnArguments(object='door')))
PICK = Pick(PickArguments(object='cup'))
PLACE = Place(PlaceArguments(object='cup', person='me'))


def request(step, skill_id='s1', timeout_s=30.0, *, is_cancelled=False):
    return SkillRequest(
        utterance_id='u1',
        revision=2,
        is_final=True,
        speech_end_ns=5,
        skill_id=skill_id,
        plan_id='p1',
        step=step,
        timeout_s=timeout_s,
        is_cancelled=is_cancelled,
    )


class Robot:
    """Skills on a clock that is turned by hand; `results` are all answers so far."""

    def __init__(self, **settings):
        self.skills = SimulatedSkills(SimulationSettings(**settings))
        self.now_s = 100.0
        self.results = []

    def ask(self, step, skill_id='s1', **changes):
        self.skills.request(request(step, skill_id, **changes), self.now_s)
        return self

    def run(self, seconds, step_s=0.05):
        for _ in range(round(seconds / step_s)):
            self.now_s += step_s
            self.results += self.skills.step(self.now_s)
        return self

    def ends(self):
        return [(one.skill_id, one.state, one.reason) for one in self.results if one.state != 'running']


def test_what_it_can_is_what_the_planner_may_ask_it_for():
    assert parse_skills(SKILLS) == {skill_needed(step) for step in EVERY_STEP}
    for step in EVERY_STEP:
        answer = Robot().ask(skill_for(step)).run(0.1).results[0]
        assert (answer.state, answer.reason) in [('running', ''), ('failed', 'the gripper is empty')]


@pytest.mark.parametrize(
    ('step', 'at_least_s'),
    [
        (Look(), 1.0),
        (PICK, 4.0),
        (Gesture(GestureArguments(gesture='wave')), 2.0),
        (Follow(FollowArguments(person='me')), 9.0),
        (Say(SayArguments(text='one two three four five')), 1.7),
        (Say(), 0.3),
    ],
)
def test_a_skill_takes_its_time_tells_its_progress_and_is_done(step, at_least_s):
    robot = Robot().ask(step).run(at_least_s)
    assert {one.state for one in robot.results} == {'running'}
    robot.run(3.0)
    assert robot.ends() == [('s1', 'done', '')]
    progress = [one.progress for one in robot.results]
    assert progress[0] == 0.0
    assert progress[-1] == 1.0
    assert progress == sorted(progress)


def test_an_answer_carries_what_identified_the_request():
    result = Robot().ask(PICK).run(0.1).results[0]
    sent = request(PICK)
    assert (result.utterance_id, result.revision, result.speech_end_ns) == ('u1', 2, 5)
    assert (result.skill_id, result.plan_id) == (sent.skill_id, sent.plan_id)
    assert decode(type(result), encode(result)) == result
    assert decode(SkillRequest, encode(sent)) == sent


def test_fetching_is_pick_then_place_and_only_what_is_held_can_be_placed():
    robot = Robot(skill_speed=100.0)
    asked = [PLACE, PICK, PICK, Place(PlaceArguments(object='bottle')), PLACE, PLACE]
    for number, step in enumerate(asked):
        robot.ask(step, f's{number}').run(0.2)
    assert robot.ends() == [
        ('s0', 'failed', 'the gripper is empty'),
        ('s1', 'done', ''),
        ('s2', 'failed', 'the gripper already holds cup'),
        ('s3', 'failed', 'the gripper holds cup, not bottle'),
        ('s4', 'done', ''),
        ('s5', 'failed', 'the gripper is empty'),
    ]


def test_one_skill_at_a_time():
    robot = Robot().ask(PICK, 's1').run(1.0).ask(Look(), 's2').run(10.0)
    assert robot.ends() == [('s2', 'failed', 'busy: pick'), ('s1', 'done', '')]


def test_a_request_that_arrives_twice_is_done_once():
    robot = Robot().ask(Look()).run(1.0).ask(Look()).run(3.0).ask(Look()).run(3.0)
    assert robot.ends() == [('s1', 'done', '')]


def test_what_takes_too_long_fails_in_time():
    robot = Robot().ask(PICK, timeout_s=2.0).run(1.9)
    assert robot.ends() == []
    assert robot.run(0.2).ends() == [('s1', 'failed', 'not done within 2 s')]
    assert robot.skills.holds is None


@pytest.mark.parametrize('leave_off', ['cancel', 'stop'])
def test_it_leaves_off_at_once(leave_off):
    robot = Robot().ask(PICK).run(1.0)
    if leave_off == 'cancel':
        robot.ask(PICK, is_cancelled=True)
    else:
        robot.skills.stop('told to stop')
    robot.run(0.05)
    assert robot.ends() == [('s1', 'failed', 'cancelled' if leave_off == 'cancel' else 'told to stop')]
    assert robot.run(10.0).ask(Look(), 's2').run(5.0).ends()[1:] == [('s2', 'done', '')]


def test_to_cancel_another_skill_changes_nothing_and_keeps_a_late_request_from_starting():
    robot = Robot().ask(PICK).run(1.0).ask(Look(), 's2', is_cancelled=True).run(10.0)
    robot.ask(Look(), 's2').run(10.0)
    assert robot.ends() == [('s1', 'done', '')]


def test_skills_fail_half_way_with_a_reason_as_often_as_asked():
    def outcomes(seed):
        robot = Robot(skill_failures=0.3, skill_speed=100.0, seed=seed)
        for number in range(200):
            robot.ask(Look(), f's{number}').run(0.1)
        return robot.ends()

    first = outcomes(1)
    assert first == outcomes(1) != outcomes(2)
    failed = [reason for _, state, reason in first if state == 'failed']
    assert 40 < len(failed) < 80
    assert set(failed) == {'I cannot see it'}


def test_a_failed_pick_leaves_the_gripper_empty():
    robot = Robot(skill_failures=1.0).ask(PICK).run(6.0)
    assert robot.ends() == [('s1', 'failed', 'the cup slipped out of the gripper')]
    assert robot.skills.holds is None


steps = st.sampled_from([PICK, PLACE, Look(), Gesture(), Follow(), Say(), Place()])
actions = st.lists(
    st.tuples(steps, st.sampled_from('abcdef'), st.booleans(), st.floats(0.0, 6.0), st.floats(0.1, 20.0)), max_size=20
)


@given(actions, st.sampled_from([0.0, 0.5, 1.0]))
def test_whatever_is_asked_each_skill_ends_exactly_once(sequence, failures):
    robot = Robot(skill_failures=failures)
    for step, skill_id, is_cancelled, wait_s, timeout_s in sequence:
        robot.ask(step, skill_id, is_cancelled=is_cancelled, timeout_s=timeout_s).run(wait_s, step_s=0.5)
    robot.run(30.0, step_s=0.5)
    started = {one.skill_id for one in robot.results}
    ended = [skill_id for skill_id, _, _ in robot.ends()]
    assert sorted(ended) == sorted(started)
