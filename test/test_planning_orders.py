"""Orders about the work at hand, questions to the robot, skills, and all of them mixed with work."""

import pytest
from planning_rig import ALL_SKILLS, Conversation, ask, go_to, move, outcome, pause, pick, steps_of, turn

from voice_pipeline.messages import (
    Cancel,
    Gesture,
    GestureArguments,
    Look,
    LookArguments,
    Pose2D,
    Repeat,
    RepeatArguments,
    Resume,
    Say,
    SayArguments,
    SetSpeed,
    SetSpeedArguments,
    Stop,
)
from voice_pipeline.understanding.words.vocabulary import Vocabulary

A, B, C = move(), turn(), move('backward', 2.0)


def again(count=None):
    return Repeat(RepeatArguments(count=count))


def speed(**args):
    return SetSpeed(SetSpeedArguments(**args))


def speak(text=None, person=None):
    return Say(SayArguments(text=text, person=person))


@pytest.fixture
def idle():
    return Conversation()


@pytest.fixture
def busy():
    conversation = Conversation()
    conversation.do(move('forward', 5.0))
    return conversation


# --- cancel, pause, resume -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('step', 'expected'),
    [
        (Cancel(), ('cancel', '')),
        (pause(), ('pause', '')),
        (pause(5.0), ('pause', '')),
        (Resume(), ('resume', '')),
        (speed(change='increase'), ('adjust', 'My speed is 0.5 metres per second now.')),
        (Stop(), ('stop', '')),
    ],
)
def test_orders_about_the_work_at_hand(busy, step, expected):
    assert outcome(busy.say(step)) == expected


@pytest.mark.parametrize(
    ('step', 'expected'),
    [
        (Cancel(), ('cancel', 'There is nothing to cancel.')),
        (pause(), ('pause', 'I am not doing anything.')),
        (pause(5.0), ('replace', '')),
        (Resume(), ('', 'There is nothing to go on with.')),
        (speed(change='decrease'), ('', 'My speed is 0.3 metres per second now.')),
        (Stop(), ('stop', '')),
    ],
)
def test_orders_where_there_is_no_work(idle, step, expected):
    assert outcome(idle.say(step)) == expected


def test_a_pause_with_a_time_holds_the_work_for_it(busy):
    plan = busy.say(pause(5.0))
    assert steps_of(plan) == (pause(5.0),)


def test_words_right_after_a_command_find_the_robot_at_work(idle):
    idle.say(A)
    assert outcome(idle.say(speed(change='increase'), after_s=0.5))[0] == 'adjust'


def test_a_robot_of_which_nothing_is_heard_any_more_is_not_at_work(busy):
    busy.now_s += 10.0
    assert outcome(busy.say(Resume())) == ('', 'There is nothing to go on with.')


# --- speed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('args', 'mps', 'dps', 'said'),
    [
        ({'speed_mps': 0.3}, 0.3, 45.0, 'My speed is 0.3 metres per second now.'),
        ({'percent': 50.0}, 0.25, 37.5, 'My speed is 0.25 metres per second now.'),
        ({'speed': 'slow'}, 0.2, 30.0, 'My speed is 0.2 metres per second now.'),
        ({'speed': 'normal'}, 0.4, 60.0, 'My speed is 0.4 metres per second now.'),
        ({'speed': 'fast'}, 0.5, 75.0, 'My speed is 0.5 metres per second now.'),
        ({'change': 'increase'}, 0.5, 75.0, 'My speed is 0.5 metres per second now.'),
        ({'change': 'decrease'}, 0.3, 45.0, 'My speed is 0.3 metres per second now.'),
        ({'speed_mps': 3.0}, 0.4, 60.0, 'I can move at most 0.5 metres per second, not 3 metres per second.'),
        ({'percent': 1e9}, 0.4, 60.0, 'I can move at most 0.5 metres per second.'),
        ({'speed_mps': 0.001}, 0.4, 60.0, 'I can move at 0.05 metres per second at least.'),
        ({}, 0.4, 60.0, 'I did not hear how fast I should be.'),
    ],
)
@pytest.mark.parametrize('is_busy', [False, True])
def test_a_speed_holds_from_now_on(idle, busy, is_busy, args, mps, dps, said):
    conversation = busy if is_busy else idle
    plan = conversation.say(speed(**args))
    assert plan.say == said
    if plan.is_committed:
        assert (plan.steps[0].speed_mps, plan.steps[0].speed_dps) == pytest.approx((mps, dps))
    planned = conversation.say(A, B).steps
    assert (planned[0].speed_mps, planned[1].speed_dps) == pytest.approx((mps, dps))


def test_there_is_an_end_to_faster_and_slower(idle):
    said = [idle.say(speed(change='increase')).say for _ in range(2)]
    assert said[-1] == 'I am as fast as I may be: 0.5 metres per second.'
    said = [idle.say(speed(change='decrease')).say for _ in range(12)]
    assert said[-1] == 'I am as slow as I may be: 0.05 metres per second.'
    assert idle.say(A).steps[0].speed_mps == pytest.approx(0.05)


def test_a_capped_speed_says_so():
    conversation = Conversation(over_limit='cap')
    plan = conversation.say(speed(speed_mps=9.0))
    assert plan.say == (
        'I can move at most 0.5 metres per second, so that is what I do. My speed is 0.5 metres per second now.'
    )


def test_the_revisions_of_one_order_change_the_speed_once(busy):
    early = busy.say_early(speed(change='decrease'), name='x')
    final = busy.say(speed(change='decrease'), name='x')
    assert (early.plan_id, early.steps) == (final.plan_id, final.steps)
    assert busy.planner.speeds.mps == pytest.approx(0.3)
    assert outcome(final) == ('adjust', 'My speed is 0.3 metres per second now.')


def test_a_draft_changes_no_speed(idle):
    idle.say(speed(change='decrease'), final=False)
    assert idle.planner.speeds.mps == 0.4


def test_what_goes_on_after_a_speed_counts_it_once(busy):
    busy.say_early(speed(change='decrease'), name='x')
    plan = busy.say(speed(change='decrease'), A, name='x')
    assert (outcome(plan)[0], steps_of(plan)) == ('replace', (A,))
    assert plan.steps[0].speed_mps == pytest.approx(0.3)
    assert busy.planner.speeds.mps == pytest.approx(0.3)


def test_a_speed_within_a_sequence_holds_for_what_follows(idle):
    plan = idle.say(A, speed(speed_mps=0.2), C)
    assert [planned.speed_mps for planned in plan.steps] == [0.4, 0.2]
    assert outcome(plan) == ('replace', 'My speed is 0.2 metres per second now.')


# --- repeat --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('count', 'times'),
    [(None, 1), (1, 1), (3, 3), (5, 5)],
)
def test_repeat_does_what_was_carried_out_last(idle, count, times):
    idle.carry_out(C)
    idle.carry_out(A, B)
    plan = idle.say(again(count))
    assert (outcome(plan), steps_of(plan)) == (('replace', ''), (A, B) * times)


@pytest.mark.parametrize('count', [6, 10**9])
def test_repeating_has_an_end(idle, count):
    idle.carry_out(A, B)
    assert outcome(idle.say(again(count)))[0] == ''
    assert idle.say(again(count)).refusal == f'I can do at most 10 things at a time, not {2 * count}.'


def test_there_may_be_nothing_to_repeat(idle):
    assert outcome(idle.say(again())) == ('', 'There is nothing to repeat.')


def test_repeat_waits_for_the_end(busy):
    assert outcome(busy.say(again())) == ('', 'I am not done yet. Ask me again when I am.')


def test_what_was_not_carried_out_is_not_repeated(idle):
    idle.carry_out(A)
    idle.report(idle.do(B), 'failed')
    assert steps_of(idle.say(again())) == (A,)


def test_repeating_twice_repeats_the_same_each_time(idle):
    idle.carry_out(A)
    idle.carry_out(again(2))
    assert steps_of(idle.say(again())) == (A,)


def test_repeat_within_a_sequence_repeats_what_stands_before_it(idle):
    assert steps_of(idle.say(A, B, again(2), C)) == (A, B, A, B, A, B, C)


def test_an_utterance_that_was_carried_out_in_parts_is_repeated_as_a_whole(idle):
    first = idle.say_early(A, name='x')
    second = idle.say(A, B, name='x')
    for plan in (first, second):
        idle.report(plan, 'done')
    assert steps_of(idle.say(again())) == (A, B)


# --- mixed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('said', 'done', 'words'),
    [
        ((Cancel(), A), (A,), ''),
        ((A, Cancel(), B), (B,), ''),
        ((A, pause()), (A,), ''),
        ((A, Stop()), (A,), ''),
        ((A, pause(2.0), B), (A, pause(2.0), B), ''),
        ((ask('battery'), A), (A,), 'I do not know how full my battery is.'),
        ((A, ask('identity')), (A,), 'My name is Rover.'),
        ((speak('hello'), A), (A,), 'Hello.'),
        ((A, Resume()), (), 'I can go on, or do something else. Please say one of the two.'),
        ((A, speak('hello')), (), 'I cannot speak on the way.'),
        ((A, pick('book')), (), 'I cannot pick things up.'),
        ((A, pause(), B), (), 'For how long should I wait?'),
        ((A,) * 11, (), 'I can do at most 10 things at a time, not 11.'),
    ],
)
def test_mixed_sequences_are_done_sensibly_or_not_at_all(idle, said, done, words):
    plan = idle.say(*said)
    assert (steps_of(plan), plan.say) == (done, words)
    assert plan.is_committed is bool(done)


def test_everything_cancelled_is_a_cancel(busy):
    assert outcome(busy.say(A, B, Cancel()))[0] == 'cancel'


# --- skills and speech ---------------------------------------------------------------------------------------------


def test_a_robot_with_skills_uses_them():
    conversation = Conversation(skills=ALL_SKILLS)
    wave = Gesture(GestureArguments(gesture='wave'))
    plan = conversation.say(A, pick('book'), wave, speak('done'))
    assert steps_of(plan) == (A, pick('book'), wave, speak('done'))


@pytest.mark.parametrize(
    ('step', 'said'),
    [
        (speak('dinner is ready'), 'Dinner is ready.'),
        (speak('dinner is ready', 'alex'), 'Alex, dinner is ready.'),
        (speak('good morning', 'me'), 'Good morning.'),
        (speak(), 'I did not hear what to say.'),
        (Gesture(), 'I did not hear which gesture.'),
    ],
)
def test_speaking_needs_no_plan(idle, step, said):
    assert outcome(idle.say(step)) == ('', said)


# --- questions to the robot ----------------------------------------------------------------------------------------


def test_a_robot_that_knows_nothing_says_so(idle):
    answers = {
        'position': 'I do not know where I am.',
        'battery': 'I do not know how full my battery is.',
        'speed': 'I do not know how fast I am. I usually move at 0.4 metres per second.',
        'status': 'I am doing nothing.',
        'identity': 'My name is Rover.',
        'destination': 'I am not going anywhere.',
        'distance': 'I am not going anywhere.',
        'eta': 'I am not going anywhere.',
        'perception': 'I do not know. I cannot tell what is around me.',
        'object_location': 'I did not hear what you are looking for.',
        None: 'I did not understand the question.',
    }
    for topic, answer in answers.items():
        assert outcome(idle.say(ask(topic))) == ('', answer)


def test_a_question_moves_nothing_and_leaves_the_work_alone(busy):
    plan = busy.say(ask('status'))
    assert (plan.mode, plan.is_committed, plan.steps, plan.refusal) == ('answer', False, (), '')
    assert plan.say == 'I am going forward 5 metres.'
    assert busy.say(ask('status'), final=False).say == ''


@pytest.mark.parametrize(
    ('pose', 'answer'),
    [
        (Pose2D(x_m=0.2, y_m=0.1), 'I am at home.'),
        (Pose2D(x_m=3.0, y_m=4.3), 'I am at the kitchen.'),
        (Pose2D(x_m=0.0, y_m=-1.5), 'I am 1.5 metres from home.'),
    ],
)
def test_where_it_is(idle, pose, answer):
    idle.planner.state.update_odometry(pose, 0.0)
    assert idle.say(ask('position')).say == answer
    idle.now_s += 60.0
    assert idle.say(ask('position')).say == 'I do not know where I am.'


def test_where_it_is_without_places():
    conversation = Conversation(Vocabulary())
    conversation.planner.state.update_odometry(Pose2D(x_m=1.5, y_m=-0.5), 0.0)
    assert conversation.say(ask('position')).say == (
        'I am 1.5 metres ahead of and 50 centimetres right of where I started.'
    )
    assert conversation.say(ask('identity')).say == 'I am a robot, and have no name yet.'
    assert conversation.say(ask('capabilities')).say == 'I can move, turn, wait, and answer questions.'


@pytest.mark.parametrize(
    ('speed_mps', 'turn_dps', 'answer'),
    [
        (0.35, 0.0, 'I am moving at 0.35 metres per second.'),
        (-0.2, 0.0, 'I am moving at 0.2 metres per second.'),
        (0.0, -45.0, 'I am turning at 45 degrees per second.'),
        (0.0, 0.0, 'I am standing still. I usually move at 0.4 metres per second.'),
    ],
)
def test_how_fast_it_is(idle, speed_mps, turn_dps, answer):
    idle.planner.state.update_odometry(Pose2D(x_m=0.0, y_m=0.0), speed_mps, turn_dps)
    assert idle.say(ask('speed')).say == answer


@pytest.mark.parametrize(
    ('share', 'answer'),
    [
        (0.804, 'My battery is at 80 percent.'),
        (1.0, 'My battery is at 100 percent.'),
        (float('nan'), 'I do not know how full my battery is.'),
        (80.0, 'I do not know how full my battery is.'),
    ],
)
def test_how_full_its_battery_is(idle, share, answer):
    idle.planner.state.update_battery(share)
    assert idle.say(ask('battery')).say == answer


def test_what_it_is_doing(idle):
    plan = idle.say(turn(), go_to('kitchen'), A)
    assert idle.say(ask('status'), after_s=0.1).say == 'I am about to start.'
    idle.report(plan, step=1)
    assert idle.say(ask('status')).say == 'I am going to the kitchen. After that, 1 more thing is to do.'
    idle.report(plan, step=1, reason='paused')
    assert idle.say(ask('status')).say == (
        'I am to go to the kitchen, but I am waiting. After that, 1 more thing is to do.'
    )
    idle.report(plan, 'done')
    assert idle.say(ask('status')).say == 'I am doing nothing.'


@pytest.mark.parametrize(
    ('steps', 'progress', 'destination', 'distance', 'eta'),
    [
        ((go_to('kitchen'),), 0.2, 'I am going to the kitchen.', 'It is 5 metres still to go.', 'In about 12 seconds.'),
        (
            (move('forward', 4.0), turn()),
            0.5,
            'I am not going to a place. I am going forward 4 metres.',
            'It is 2 metres still to go.',
            'In about 6 seconds.',
        ),
        (
            (turn(), go_to('kitchen')),
            0.5,
            'I am going to the kitchen.',
            'I do not know how far it is.',
            'I do not know how long it will take.',
        ),
        (
            (pause(30.0),),
            0.5,
            'I am not going to a place. I am waiting 30 seconds.',
            'I do not know how far it is.',
            'In about 15 seconds.',
        ),
    ],
)
def test_where_it_is_going_and_how_long_that_takes(idle, steps, progress, destination, distance, eta):
    plan = idle.do(*steps)
    idle.planner.state.update_odometry(Pose2D(x_m=0.0, y_m=0.0), 0.4)
    idle.report(plan, progress=progress)
    said = [idle.say(ask(topic), after_s=0.1).say for topic in ('destination', 'distance', 'eta')]
    assert said == [destination, distance, eta]


@pytest.mark.parametrize(
    ('name', 'location', 'distance'),
    [
        (
            'kitchen',
            'The kitchen is 5 metres away, ahead to the left.',
            'It is 5 metres to the kitchen, in a straight line.',
        ),
        ('galley', 'The galley is 5 metres away, ahead to the left.', None),
        ('home', 'Home is here.', None),
        ('book', 'I do not know where the book is.', 'I do not know how far the book is.'),
        ('attic', 'I do not know where the attic is.', 'I do not know how far the attic is.'),
    ],
)
def test_where_things_are(idle, name, location, distance):
    idle.planner.state.update_odometry(Pose2D(x_m=0.0, y_m=0.0, yaw_rad=0.1), 0.0)
    assert idle.say(ask('object_location', object=name)).say == location
    assert distance is None or idle.say(ask('distance', place=name)).say == distance


def test_odometry_that_is_not_made_of_numbers_is_ignored(idle):
    idle.planner.state.update_odometry(Pose2D(x_m=float('nan'), y_m=0.0), 0.0)
    assert idle.planner.state.pose is None


def test_what_it_can_do():
    conversation = Conversation(skills='look, pick')
    assert conversation.say(ask('capabilities')).say == (
        'I can move, turn, wait, go to home, the kitchen, meeting room 1 and 1 more place, pick things up, look at '
        'things, and answer questions.'
    )


def test_looking_is_a_skill(idle):
    assert outcome(idle.say(Look(LookArguments(direction='left')))) == ('', 'I cannot look at things.')
