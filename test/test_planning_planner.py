"""From steps to bounded steps, or to a refusal a person understands."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.messages import (
    Follow,
    GoTo,
    GoToArguments,
    Look,
    Move,
    MoveArguments,
    Pause,
    PauseArguments,
    Pick,
    Pose2D,
    Stop,
    Turn,
    TurnArguments,
)
from voice_pipeline.planning.planner import Planner, RefusedError
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.settings import SettingsError
from voice_pipeline.understanding.vocabulary import Vocabulary

KITCHEN = Pose2D(x_m=3.0, y_m=1.0)
VOCABULARY = Vocabulary(places={'kitchen': KITCHEN, 'attic': None}, synonyms={'galley': 'kitchen'})
SETTINGS = PlanningSettings()
PLANNER = Planner(SETTINGS, VOCABULARY)


def move(direction='forward', **args):
    return Move(MoveArguments(direction=direction, **args))


def turn(**args):
    return Turn(TurnArguments(**args))


def plan_one(step, planner=PLANNER):
    (planned,) = planner.plan((step,))
    return planned


@pytest.mark.parametrize(
    ('step', 'filled', 'speed_mps', 'speed_dps'),
    [
        (move(), move(distance_m=1.0), 0.4, 0.0),
        (move('backward', distance_m=2.0), move('backward', distance_m=2.0), 0.4, 0.0),
        (move(distance_m=2.0, speed='slow'), move(distance_m=2.0, speed='slow'), 0.2, 0.0),
        (move(distance_m=2.0, speed='fast'), move(distance_m=2.0, speed='fast'), 0.5, 0.0),
        (move(distance_m=2.0, speed_mps=0.3), move(distance_m=2.0, speed_mps=0.3), 0.3, 0.0),
        (move(duration_s=3.0), move(duration_s=3.0), 0.4, 0.0),
        (move(distance_m=1.0, duration_s=5.0), move(distance_m=1.0, duration_s=5.0), 0.2, 0.0),
        (turn(direction='left'), turn(angle_deg=90.0), 0.0, 60.0),
        (turn(direction='right'), turn(angle_deg=-90.0), 0.0, 60.0),
        (turn(angle_deg=-45.0), turn(angle_deg=-45.0), 0.0, 60.0),
        (turn(angle_deg=45.0, speed_dps=20.0), turn(angle_deg=45.0, speed_dps=20.0), 0.0, 20.0),
        (turn(angle_deg=40.0, duration_s=2.0), turn(angle_deg=40.0, duration_s=2.0), 0.0, 20.0),
        (turn(direction='left', duration_s=2.0), turn(direction='left', duration_s=2.0), 0.0, 60.0),
        (Pause(PauseArguments(duration_s=2.0)), Pause(PauseArguments(duration_s=2.0)), 0.0, 0.0),
        (Stop(), Stop(), 0.0, 0.0),
    ],
)
def test_what_was_not_said_is_filled_in(step, filled, speed_mps, speed_dps):
    planned = plan_one(step)
    assert planned.step == filled
    assert (planned.speed_mps, planned.speed_dps) == pytest.approx((speed_mps, speed_dps))


@pytest.mark.parametrize('name', ['kitchen', 'galley'])
def test_a_place_has_its_pose_as_goal(name):
    planned = plan_one(GoTo(GoToArguments(place=name)))
    assert planned.goal == KITCHEN
    assert planned.speed_mps > 0
    assert planned.speed_dps > 0


@given(st.floats(min_value=0.01, max_value=20.0), st.floats(min_value=0.17, max_value=0.5))
def test_the_timeout_leaves_room_for_the_whole_move(distance_m, speed_mps):
    planned = plan_one(move(distance_m=distance_m, speed_mps=speed_mps))
    at_rest_s = distance_m / speed_mps + speed_mps / SETTINGS.acceleration_mps2
    assert at_rest_s < planned.timeout_s < 3 * at_rest_s + 10


REFUSED = [
    (move(distance_m=1000.0), 'I can move at most 20 metres at a time, not 1000.'),
    (move(distance_m=math.inf), 'I can move at most 20 metres at a time.'),
    (move(distance_m=math.nan), 'not a number'),
    (move(distance_m=0.0), '0 metres is not an amount'),
    (move(distance_m=-1.0), '-1 metres is not an amount'),
    (move(distance_m=1.0, speed_mps=5.0), 'at most 0.5 metres per second, not 5.'),
    (move(distance_m=20.0, speed_mps=0.001), 'would take'),
    (move(distance_m=20.0, speed_mps=5e-324), 'would take'),
    (move(distance_m=10.0, duration_s=1.0), 'at most 0.5 metres per second'),
    (move(duration_s=1e9), 'at most 120 seconds'),
    (move(duration_s=100.0), 'at most 20 metres at a time, not 40'),
    (move('left', distance_m=1.0), 'I cannot move sideways'),
    (Move(), 'Which way'),
    (turn(angle_deg=0.0), '0 degrees is not an amount'),
    (turn(angle_deg=-10000.0), 'I can turn at most 720 degrees at a time, not 10000.'),
    (turn(angle_deg=math.nan), 'not a number'),
    (turn(angle_deg=90.0, speed_dps=1000.0), 'at most 90 degrees per second'),
    (turn(direction='left', duration_s=60.0), 'at most 720 degrees'),
    (turn(object='door'), 'face'),
    (Turn(), 'Which way'),
    (GoTo(GoToArguments(place='moon')), 'I do not know where the moon is.'),
    (GoTo(GoToArguments(place='attic')), 'I know the attic by name'),
    (GoTo(GoToArguments(person='me')), 'people'),
    (GoTo(), 'Where should I go?'),
    (Pause(), 'How many seconds'),
    (Pick(), 'I cannot pick things up yet.'),
    (Follow(), 'I cannot follow yet.'),
    (Look(), 'I cannot look around yet.'),
]


@pytest.mark.parametrize(('step', 'reason'), REFUSED)
def test_what_is_absurd_or_not_possible_is_refused_in_plain_words(step, reason):
    with pytest.raises(RefusedError) as caught:
        PLANNER.plan((move(distance_m=1.0), step))
    assert reason in str(caught.value)


def test_too_many_steps_are_refused():
    with pytest.raises(RefusedError, match='at most 10 things'):
        PLANNER.plan((move(),) * 11)


def test_a_robot_that_can_moves_sideways():
    planner = Planner(PlanningSettings(max_lateral_mps=0.2), VOCABULARY)
    assert plan_one(move('left', distance_m=1.0), planner).speed_mps == 0.2


def test_cruising_faster_than_the_fastest_is_no_setting():
    with pytest.raises((SettingsError, ValueError), match='max_speed_mps'):
        PlanningSettings.from_mapping({'speed_mps': 1.0})


number = st.one_of(st.none(), st.floats())


@given(number, number, number)
def test_any_number_gives_a_bounded_step_or_a_refusal(distance_m, duration_s, speed_mps):
    try:
        planned = plan_one(move(distance_m=distance_m, duration_s=duration_s, speed_mps=speed_mps))
    except RefusedError:
        return
    assert 0 < planned.speed_mps <= SETTINGS.max_speed_mps
    assert 0 < planned.timeout_s < 1000
    numbers = (planned.step.args.distance_m, planned.step.args.duration_s)
    assert any(value is not None and 0 < value <= 120 for value in numbers)
