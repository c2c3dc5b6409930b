"""What the robot asks, which answers count, and that nothing moves before."""

import pytest
from planning_rig import ALL_SKILLS, Conversation, ask, go_to, move, outcome, pause, pick, steps_of, turn

from voice_pipeline.messages import (
    Follow,
    FollowArguments,
    GoTo,
    GoToArguments,
    Look,
    Move,
    MoveArguments,
    Place,
    PlaceArguments,
    Reply,
    Resume,
    Stop,
    Turn,
    TurnArguments,
)
from voice_pipeline.planning.dialogue import DECLINED

A, B, C = move(), turn(), move('backward', 2.0)
YES, NO = Reply(is_yes=True), Reply(is_yes=False)
SOMEWHERE = Move(MoveArguments(distance_m=2.0))


@pytest.fixture
def talk():
    return Conversation(skills=ALL_SKILLS)


def asked(plan):
    """The question, where the plan is one."""
    assert (plan.mode, plan.is_committed, plan.steps, plan.refusal) == ('answer', False, (), '')
    return plan.say


def side(direction, angle_deg=None):
    return Turn(TurnArguments(direction=direction, angle_deg=angle_deg))


def put(thing=None, place=None, person=None):
    return Place(PlaceArguments(object=thing, place=place, person=person))


GAPS = [
    (SOMEWHERE, '', 'Which way should I move?', Reply(direction='backward'), C),
    (Move(), 'direction', 'Which way should I move?', Reply(direction='forward', distance_m=3.0), move(distance_m=3.0)),
    (Turn(), 'direction', 'Which way should I turn?', Reply(direction='right'), turn(-90.0)),
    (Turn(), 'direction', 'Which way should I turn?', Reply(direction='around'), turn(180.0)),
    (Turn(), 'direction', 'Which way should I turn?', Reply(direction='right', angle_deg=-30.0), turn(-30.0)),
    (turn(45.0), 'direction', 'Which way should I turn?', Reply(direction='right'), turn(-45.0)),
    (Turn(), 'object', 'What should I turn to?', Reply(object='book'), Turn(TurnArguments(object='book'))),
    (GoTo(), 'place', 'Where should I go?', Reply(place='kitchen'), go_to('kitchen')),
    (GoTo(), '', 'Where should I go?', Reply(person='me'), GoTo(GoToArguments(person='me'))),
    (pick(), 'object', 'What should I pick up?', Reply(object='book'), pick('book')),
    (put('book'), 'place', 'Where should I put the book?', Reply(place='shelf'), put('book', place='shelf')),
    (put('book'), 'place', 'Where should I put the book?', Reply(object='table'), put('book', place='table')),
    (put('book'), 'person', 'Who should I give the book to?', Reply(person='sam'), put('book', person='sam')),
    (put(), 'object', 'What should I put down?', Reply(object='book'), put('book')),
    (Look(), 'object', 'What should I look at?', Reply(object='book'), None),
    (Follow(), 'person', 'Who should I follow?', Reply(person='me'), Follow(FollowArguments(person='me'))),
    (Follow(), '', 'Who should I follow?', Reply(object='cart'), Follow(FollowArguments(object='cart'))),
    (move(distance_m=2.0), 'unit', 'Do you mean go forward 2 metres?', YES, move(distance_m=2.0)),
    (move(distance_m=2.0), 'unit', 'Do you mean go forward 2 metres?', Reply(distance_m=0.6), move(distance_m=0.6)),
    (move(distance_m=None), 'unit', 'How far, in metres or feet?', Reply(distance_m=0.6), move(distance_m=0.6)),
    (turn(-30.0), 'unit', 'Do you mean turn right 30 degrees?', Reply(angle_deg=40.0), turn(-40.0)),
]


@pytest.mark.parametrize(('step', 'missing', 'question', 'reply', 'done'), GAPS)
def test_what_is_missing_is_asked_and_the_answer_completes_the_plan(talk, step, missing, question, reply, done):
    assert asked(talk.say(step, missing=missing)) == question
    plan = talk.say(reply=reply)
    assert outcome(plan) == ('replace', '')
    assert done is None or steps_of(plan) == (done,)


@pytest.mark.parametrize('missing', ['distance', 'angle'])
def test_a_distance_has_a_default_and_is_not_asked(talk, missing):
    assert outcome(talk.say(A, side('left'), missing=missing)) == ('replace', '')


@pytest.mark.parametrize(
    ('step', 'missing', 'reply'),
    [
        (SOMEWHERE, '', Reply(place='kitchen')),
        (SOMEWHERE, '', Reply(direction='around')),
        (Turn(), '', Reply(direction='forward')),
        (GoTo(), '', Reply(distance_m=2.0)),
        (pick(), '', YES),
        (move(distance_m=None), 'unit', YES),
        (move(distance_m=2.0), 'unit', Reply(number=2.0)),
        (pick('cup'), '', Reply(object='bottle')),
        (pick('cup'), '', Reply(object='cup')),
    ],
)
def test_an_answer_to_another_question_drops_it(talk, step, missing, reply):
    asked(talk.say(step, missing=missing))
    assert outcome(talk.say(reply=reply)) == ('', 'I did not understand that.')
    assert outcome(talk.say(reply=Reply(direction='left', object='book', place='kitchen')))[0] == ''


CHOICES = [
    (pick('cup'), 'Which cup, the red or the blue?', Reply(object='red'), pick('red cup')),
    (pick('cup'), 'Which cup, the red or the blue?', Reply(object='the blue one'), pick('blue cup')),
    (pick('cup'), 'Which cup, the red or the blue?', Reply(object='blue cup'), pick('blue cup')),
    (put('cup', 'table'), 'Which cup, the red or the blue?', Reply(object='red'), put('red cup', 'table')),
    (go_to('meeting room'), 'Which meeting room, 1 or 2?', Reply(place='meeting room 2'), go_to('meeting room 2')),
    (go_to('meeting room'), 'Which meeting room, 1 or 2?', Reply(number=1.0), go_to('meeting room 1')),
]


@pytest.mark.parametrize(('step', 'question', 'reply', 'done'), CHOICES)
def test_of_several_that_are_meant_one_is_chosen(talk, step, question, reply, done):
    assert asked(talk.say(step)) == question
    plan = talk.say(reply=reply)
    assert (outcome(plan), steps_of(plan)) == (('replace', ''), (done,))


@pytest.mark.parametrize(
    ('said', 'meant'),
    [('duck', 'small yellow duck'), ('red cup', 'red cup'), ('yellow duck', 'small yellow duck'), ('banana', 'banana')],
)
def test_one_that_fits_is_meant_and_one_that_nobody_knows_may_still_be_found(talk, said, meant):
    assert steps_of(talk.say(pick(said))) == (pick(meant),)


def test_a_gap_is_filled_before_a_choice_is_made(talk):
    assert asked(talk.say(pick('cup'), GoTo())) == 'Where should I go?'
    assert asked(talk.say(reply=Reply(place='kitchen'))) == 'Which cup, the red or the blue?'
    assert steps_of(talk.say(reply=Reply(object='blue'))) == (pick('blue cup'), go_to('kitchen'))


# --- confirmation --------------------------------------------------------------------------------------------------


def test_an_uncertain_motion_moves_on_yes_only(talk):
    assert asked(talk.say(A, B, confidence=0.2)) == 'Did you say: go forward 1 metre, then turn left 90 degrees?'
    plan = talk.say(reply=YES, confidence=0.3)
    assert (outcome(plan), steps_of(plan)) == (('replace', ''), (A, B))


@pytest.mark.parametrize(
    ('answer', 'said'),
    [
        ({'reply': NO}, DECLINED),
        ({'reply': NO, 'reason': 'I heard no command.'}, DECLINED),
        ({'reply': Reply(object='book')}, 'I did not understand that.'),
        ({'reason': 'I heard no command.'}, 'I heard no command.'),
    ],
)
def test_anything_else_than_yes_drops_it(talk, answer, said):
    asked(talk.say(A, confidence=0.2))
    assert outcome(talk.say(**answer)) == ('', said)
    assert outcome(talk.say(reply=YES)) == ('', 'I did not understand that.')


def test_no_and_something_else_does_something_else(talk):
    asked(talk.say(A, confidence=0.2))
    assert steps_of(talk.say(C, reply=NO)) == (C,)


def test_yes_and_something_else_does_what_was_said_last(talk):
    asked(talk.say(A, confidence=0.2))
    assert steps_of(talk.say(C, reply=YES)) == (C,)


@pytest.mark.parametrize('step', [Stop(), pause(), ask('battery')])
def test_what_moves_nothing_needs_no_confirmation(talk, step):
    talk.do(A)
    assert 'Did you say' not in talk.say(step, confidence=0.01).say


def test_going_on_is_a_motion_too(talk):
    talk.do(A)
    assert asked(talk.say(Resume(), confidence=0.1)) == 'Did you say: go on?'
    assert outcome(talk.say(reply=YES))[0] == 'resume'


def test_an_uncertain_answer_is_confirmed(talk):
    asked(talk.say(SOMEWHERE))
    assert asked(talk.say(reply=Reply(direction='backward'), confidence=0.1)) == 'Did you say: go back 2 metres?'
    assert steps_of(talk.say(reply=YES)) == (C,)


def test_nothing_uncertain_is_begun_early(talk):
    assert not talk.say_early(A, name='x', confidence=0.2).is_committed


def test_confirming_can_be_switched_off():
    assert outcome(Conversation(confirm_below=0.0).say(A, confidence=0.0))[0] == 'replace'


# --- when an answer counts -----------------------------------------------------------------------------------------


def test_partials_never_ask(talk):
    for step, more in ((SOMEWHERE, {}), (A, {'confidence': 0.1})):
        plan = talk.say(step, final=False, **more)
        assert (plan.is_committed, plan.say) == (False, '')
    assert outcome(talk.say(reply=YES))[0] == ''


def test_a_question_expires(talk):
    asked(talk.say(SOMEWHERE))
    assert outcome(talk.say(reply=Reply(direction='forward'), after_s=10.1))[0] == ''


def test_an_answer_that_began_in_time_may_take_its_time(talk):
    asked(talk.say(SOMEWHERE))
    talk.say(reply=Reply(direction='forward'), name='x', final=False, after_s=9.0)
    assert outcome(talk.say(reply=Reply(direction='forward'), name='x', after_s=3.0))[0] == 'replace'


def test_what_was_said_before_the_question_does_not_answer_it(talk):
    asked(talk.say(SOMEWHERE))
    assert outcome(talk.say(reply=Reply(direction='forward'), age_s=1.5))[0] == ''
    assert outcome(talk.say(reply=Reply(direction='forward')))[0] == 'replace'


def test_the_utterance_that_raised_the_question_does_not_answer_it(talk):
    asked(talk.say(SOMEWHERE, name='x'))
    assert outcome(talk.say(reply=Reply(direction='forward'), name='x')) == ('', '')


def test_a_noise_does_not_drop_the_question(talk):
    asked(talk.say(SOMEWHERE))
    assert outcome(talk.say(text=' . ', reason='Nothing was said.')) == ('', '')
    assert outcome(talk.say(reply=Reply(direction='forward')))[0] == 'replace'


@pytest.mark.parametrize('final', [True, False])
def test_a_stop_drops_the_question(talk, final):
    asked(talk.say(SOMEWHERE))
    assert outcome(talk.say(Stop(), emergency_stop=True, final=final))[0] == 'stop'
    assert outcome(talk.say(reply=Reply(direction='forward')))[0] == ''


def test_a_stop_from_elsewhere_drops_the_question(talk):
    plan = talk.do(A)
    for drop in (talk.planner.on_stop, lambda: talk.report(plan, 'stopped')):
        asked(talk.say(SOMEWHERE))
        drop()
        assert outcome(talk.say(reply=Reply(direction='forward')))[0] == ''


def test_another_command_drops_the_question_even_early(talk):
    asked(talk.say(SOMEWHERE))
    assert talk.say_early(B, name='x').is_committed
    assert outcome(talk.say(reply=Reply(direction='forward')))[0] == ''


def test_an_answer_shows_what_it_completes_and_is_done_on_its_final(talk):
    asked(talk.say(SOMEWHERE))
    draft = talk.say(reply=Reply(direction='backward'), name='x', final=False, is_complete=False)
    assert (draft.is_committed, steps_of(draft)) == (False, (C,))
    assert outcome(talk.say(reply=Reply(direction='backward'), name='x'))[0] == 'replace'


def test_a_complete_answer_commits_early_and_once(talk):
    asked(talk.say(SOMEWHERE))
    early = talk.say(name='x', reply=Reply(direction='backward'), final=False)
    early = talk.say(name='x', reply=Reply(direction='backward'), final=False)
    final = talk.say(name='x', reply=Reply(direction='backward'))
    assert early.is_committed
    assert (early.plan_id, early.steps) == (final.plan_id, final.steps)


def test_an_early_answer_that_is_taken_back_stops(talk):
    asked(talk.say(A, confidence=0.1))
    for _ in range(2):
        plan = talk.say(name='x', reply=YES, final=False)
    assert plan.is_committed
    assert outcome(talk.say(name='x', reply=NO)) == ('stop', f'I stopped. {DECLINED}')


# --- questions about the rest of what began early --------------------------------------------------------------------


def test_the_answer_appends_the_rest_to_what_began_early(talk):
    talk.say_early(A, name='x')
    assert asked(talk.say(A, pick('cup'), name='x')) == 'Which cup, the red or the blue?'
    plan = talk.say(reply=Reply(object='red'))
    assert (outcome(plan), steps_of(plan)) == (('append', ''), (pick('red cup'),))


def test_such_an_answer_waits_for_its_final(talk):
    talk.say_early(A, name='x')
    asked(talk.say(A, pick('cup'), name='x'))
    for _ in range(3):
        assert not talk.say(name='y', reply=Reply(object='red'), final=False).is_committed
    assert outcome(talk.say(name='y', reply=Reply(object='red')))[0] == 'append'


@pytest.mark.parametrize('state', ['stopped', 'failed'])
def test_the_rest_is_not_done_when_the_beginning_went_wrong(talk, state):
    begun = talk.say_early(A, name='x')
    asked(talk.say(A, pick('cup'), name='x'))
    talk.report(begun, state)
    assert outcome(talk.say(reply=Reply(object='red')))[0] == ''


def test_an_uncertain_correction_stops_and_does_not_guess(talk):
    talk.say_early(A, name='x')
    assert outcome(talk.say(C, name='x', confidence=0.1)) == ('stop', 'I stopped. Please say that again.')
