"""From a step to a bounded step, or to a refusal a person understands."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.messages import (
    Follow,
    FollowArguments,
    Gesture,
    GoTo,
    GoToArguments,
    Look,
    Move,
    MoveArguments,
    Pause,
    PauseArguments,
    Pick,
    PickArguments,
    Place,
    Pose2D,
    Say,
    Stop,
    Turn,
    TurnArguments,
)
from voice_pipeline.planning.bounds import Bounds, RefusedError
from voice_pipeline.planning.planner import Planner
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.planning.speeds import Speeds, usual_speeds
from voice_pipeline.settings import SettingsError
from voice_pipeline.understanding.words.vocabulary import Vocabulary

KITCHEN = Pose2D(x_m=3.0, y_m=1.0)
FAR = Pose2D(x_m=0.0, y_m=40.0)
VOCABULARY = Vocabulary(places={'kitchen': KITCHEN, 'attic': None, 'barn': FAR}, synonyms={'galley': 'kitchen'})
SETTINGS = PlanningSettings()


def move(direction='forward', **args):
    return Move(MoveArguments(direction=direction, **args))


def turn(**args):
    return Turn(TurnArguments(**args))


def pause(duration_s):
    return Pause(PauseArguments(duration_s=duration_s))


def plan(step, settings=SETTINGS, speeds=None, may_cap=False, here=None):
    """Return the planned step and what is said about it."""
    bounds = Bounds(may_cap)
    planned = Planner(settings, VOCABULARY).plan(step, speeds or usual_speeds(settings), bounds, here)
    return planned, ' '.join(bounds.notes)


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
        (pause(2.0), pause(2.0), 0.0, 0.0),
        (Stop(), Stop(), 0.0, 0.0),
    ],
)
def test_what_was_not_said_is_filled_in(step, filled, speed_mps, speed_dps):
    planned, note = plan(step)
    assert planned.step == filled
    assert (planned.speed_mps, planned.speed_dps) == pytest.approx((speed_mps, speed_dps))
    assert note == ''


def test_the_present_speeds_are_those_of_what_is_said_without():
    slow = Speeds(0.2, 30.0)
    assert plan(move(), speeds=slow)[0].speed_mps == 0.2
    assert plan(move(speed='slow'), speeds=slow)[0].speed_mps == 0.1
    assert plan(turn(direction='left'), speeds=slow)[0].speed_dps == 30.0


@pytest.mark.parametrize('name', ['kitchen', 'galley'])
def test_a_place_has_its_pose_as_goal(name):
    planned, _ = plan(GoTo(GoToArguments(place=name)))
    assert planned.goal == KITCHEN
    assert (planned.speed_mps, planned.speed_dps) == (0.4, 60.0)


def test_a_place_too_far_away_is_refused_where_that_is_known():
    with pytest.raises(RefusedError, match='The barn is 40 metres away, and I go at most 20 metres'):
        plan(GoTo(GoToArguments(place='barn')), here=Pose2D(x_m=0.0, y_m=0.0))
    assert plan(GoTo(GoToArguments(place='barn')), here=Pose2D(x_m=0.0, y_m=30.0))[0].goal == FAR
    assert plan(GoTo(GoToArguments(place='barn')))[0].goal == FAR


@given(st.floats(min_value=0.01, max_value=20.0), st.floats(min_value=0.17, max_value=0.5))
def test_the_timeout_leaves_room_for_the_whole_move(distance_m, speed_mps):
    planned, _ = plan(move(distance_m=distance_m, speed_mps=speed_mps))
    at_rest_s = distance_m / speed_mps + speed_mps / SETTINGS.acceleration_mps2
    assert at_rest_s < planned.timeout_s < 3 * at_rest_s + 10


REFUSED = [
    (move(distance_m=1000.0), 'I can move at most 20 metres at a time, not 1000 metres.'),
    (move(distance_m=math.inf), 'I can move at most 20 metres at a time.'),
    (move(distance_m=1e308), 'I can move at most 20 metres at a time.'),
    (move(distance_m=math.nan), 'I cannot move by that; it is not a number.'),
    (move(distance_m=0.0), 'I cannot move by 0 metres.'),
    (move(distance_m=-1.0), 'I cannot move by -1 metres.'),
    (move(distance_m=1.0, speed_mps=5.0), 'I can move at most 0.5 metres per second, not 5 metres per second.'),
    (move(distance_m=1.0, speed_mps=0.001), 'I can move at 0.05 metres per second at least.'),
    (move(distance_m=20.0, speed_mps=5e-324), 'I can move at 0.05 metres per second at least.'),
    (move(distance_m=20.0, speed_mps=0.1), 'I can move at most 12 metres at a time, not 20 metres.'),
    (move(distance_m=10.0, duration_s=1.0), 'I can move at most 0.5 metres per second, not 10 metres per second.'),
    (move(distance_m=1.0, duration_s=1e9), 'I can move at most 2 minutes at a time.'),
    (move(duration_s=1e9), 'I can move at most 50 seconds at a time.'),
    (move('left', distance_m=1.0), 'I cannot move sideways. I can turn and then go forward.'),
    (turn(angle_deg=0.0), 'I cannot turn by 0 degrees.'),
    (turn(angle_deg=-10000.0), 'I can turn at most 720 degrees at a time, not 10000 degrees.'),
    (turn(angle_deg=math.nan), 'I cannot turn by that; it is not a number.'),
    (turn(angle_deg=90.0, speed_dps=1e3), 'I can turn at most 90 degrees per second, not 1000 degrees per second.'),
    (turn(direction='left', duration_s=60.0), 'I can turn at most 12 seconds at a time, not 1 minute.'),
    (GoTo(GoToArguments(place='moon')), 'I do not know where the moon is.'),
    (GoTo(GoToArguments(place='attic')), 'I know the attic by name, but not where it is.'),
    (pause(1e5), 'I can pause at most 2 minutes at a time, not 100000 seconds.'),
    (Pick(PickArguments(object='cup')), 'I cannot pick things up.'),
    (Place(), 'I cannot put things down.'),
    (Follow(FollowArguments(person='me')), 'I cannot follow people.'),
    (Look(), 'I cannot look at things.'),
    (Gesture(), 'I cannot make gestures.'),
    (Say(), 'I cannot speak on the way.'),
    (turn(object='door'), 'I cannot turn to face things.'),
    (GoTo(GoToArguments(person='me')), 'I cannot go to people.'),
]


@pytest.mark.parametrize(('step', 'reason'), REFUSED)
def test_what_is_absurd_or_not_possible_is_refused_in_plain_words(step, reason):
    with pytest.raises(RefusedError) as caught:
        plan(step)
    assert str(caught.value) == reason


CAPPED = [
    (move(distance_m=1000.0), move(distance_m=20.0), 'I can move at most 20 metres at a time, so that is what I do.'),
    (move(duration_s=1e5), move(duration_s=50.0), 'I can move at most 50 seconds at a time, so that is what I do.'),
    (turn(angle_deg=-1e4), turn(angle_deg=-720.0), 'I can turn at most 720 degrees at a time, so that is what I do.'),
    (pause(1e5), pause(120.0), 'I can pause at most 2 minutes at a time, so that is what I do.'),
]


@pytest.mark.parametrize(('step', 'capped', 'note'), CAPPED)
def test_what_is_too_much_is_capped_where_the_policy_says_so(step, capped, note):
    planned, said = plan(step, may_cap=True)
    assert planned.step == capped
    assert said == note


@pytest.mark.parametrize(('asked_mps', 'capped_mps'), [(9.0, 0.5), (0.001, 0.05)])
def test_speeds_are_capped_both_ways(asked_mps, capped_mps):
    planned, said = plan(move(distance_m=1.0, speed_mps=asked_mps), may_cap=True)
    assert planned.speed_mps == capped_mps
    assert said != ''


@pytest.mark.parametrize('value', [math.nan, math.inf, 0.0, -1.0])
def test_what_is_no_amount_is_never_capped(value):
    with pytest.raises(RefusedError):
        plan(move(distance_m=value), may_cap=True)


SKILLED = PlanningSettings(skills='pick, place, follow, gesture, look, say, face, approach')


@pytest.mark.parametrize(
    'step', [Pick(), Place(), Follow(), Gesture(), Look(), Say(), turn(object='door'), GoTo(GoToArguments(person='me'))]
)
def test_a_skill_the_robot_has_is_planned(step):
    planned, _ = plan(step, settings=SKILLED)
    assert planned.step == step
    assert planned.timeout_s == SKILLED.skill_timeout_s


def test_a_robot_that_can_moves_sideways():
    assert plan(move('left', distance_m=1.0), PlanningSettings(max_lateral_mps=0.2))[0].speed_mps == 0.2


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        ({'speed_mps': 1.0}, 'max_speed_mps'),
        ({'speed_mps': 0.03}, 'min_speed_mps'),
        ({'skills': 'pick, juggle'}, "'juggle' is not a skill; known are: pick, place"),
        ({'over_limit': 'ignore'}, 'expected one of cap, refuse'),
    ],
)
def test_settings_that_cannot_be_are_refused(values, reason):
    with pytest.raises(SettingsError, match=reason):
        PlanningSettings.from_mapping(values)


number = st.one_of(st.none(), st.floats())


@given(number, number, number, st.booleans())
def test_any_number_gives_a_bounded_step_or_a_refusal(distance_m, duration_s, speed_mps, may_cap):
    step = move(distance_m=distance_m, duration_s=duration_s, speed_mps=speed_mps)
    try:
        planned, _ = plan(step, may_cap=may_cap)
    except RefusedError:
        return
    assert 0 < planned.speed_mps <= SETTINGS.max_speed_mps
    assert 0 < planned.timeout_s < 1000
    args = planned.step.args
    assert (args.distance_m or args.duration_s * planned.speed_mps) <= SETTINGS.max_distance_m * (1 + 1e-9)


@given(number, number, number, st.booleans())
def test_any_number_gives_a_bounded_turn_or_a_refusal(angle_deg, duration_s, speed_dps, may_cap):
    step = turn(angle_deg=angle_deg, direction='left', duration_s=duration_s, speed_dps=speed_dps)
    try:
        planned, _ = plan(step, may_cap=may_cap)
    except RefusedError:
        return
    assert 0 < planned.speed_dps <= SETTINGS.max_speed_dps
    assert 0 < planned.timeout_s < 1000
    args = planned.step.args
    turned_deg = abs(args.angle_deg) if args.angle_deg is not None else args.duration_s * planned.speed_dps
    assert 0 < turned_deg <= SETTINGS.max_angle_deg * (1 + 1e-9)
