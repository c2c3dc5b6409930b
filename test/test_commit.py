"""When words become motion: early commits, corrections, stops, orders and answers."""

import pytest
from commit_rig import NOW, ORDERS, SECOND, A, B, C, Talk, outcome, same_plan

from voice_pipeline.messages import Cancel, Pause, Query, Repeat, Resume, SetSpeed, Stop
from voice_pipeline.planning.arrange import arrange
from voice_pipeline.planning.commit import TOO_LATE


@pytest.fixture
def talk():
    return Talk()


def test_a_final_commits(talk):
    decision = talk.hear(A, B, final=True, silence_ms=0.0)
    assert outcome(decision) == ('replace', (A, B))
    assert decision.plan_id == 'u/0'


def test_a_final_commits_although_more_could_be_said(talk):
    assert outcome(talk.hear(A, final=True, complete=False)) == ('replace', (A,))


@pytest.mark.parametrize('missing', [{'complete': False}, {'silence_ms': 199.0}, {'refusal': 'No.'}])
def test_a_partial_commits_only_with_all_it_takes(talk, missing):
    assert not any(talk.hear(A, **missing).is_committed for _ in range(5))


def test_a_partial_commits_once_it_is_stable(talk):
    assert [talk.hear(step).is_committed for step in (A, B, B, B)] == [False, False, True, True]


def test_the_same_steps_after_an_early_commit_are_the_same_plan(talk):
    early = talk.commit_early(A)
    assert early.is_new
    for decision in (talk.hear(A), talk.hear(A, final=True)):
        assert same_plan(decision, early)
        assert not decision.is_new


def test_more_steps_after_an_early_commit_are_appended(talk):
    talk.commit_early(A)
    decision = talk.hear(A, B, final=True)
    assert outcome(decision) == ('append', (B,))
    assert decision.plan_id == 'u/1'


def test_a_correction_replaces_and_names_all_steps(talk):
    talk.commit_early(A, B)
    decision = talk.hear(A, C, final=True)
    assert outcome(decision) == ('replace', (A, C))
    assert decision.plan_id == 'u/1'


@pytest.mark.parametrize('text', ['', ' . '])
def test_an_empty_final_after_an_early_commit_changes_nothing(talk, text):
    talk.commit_early(A)
    decision = talk.hear(final=True, text=text, refusal='Nothing was said.')
    assert not decision.is_committed
    assert decision.proposal.refusal == ''


def test_words_that_turn_out_to_be_no_command_stop_what_began_early(talk):
    talk.commit_early(A)
    assert not talk.hear(refusal='You said not to.').is_committed
    decision = talk.hear(final=True, refusal='You said not to.')
    assert outcome(decision) == ('stop', (Stop(),))
    assert decision.proposal.say == 'I stopped. You said not to.'


def test_a_rest_that_is_refused_leaves_the_beginning_alone(talk):
    talk.commit_early(A)
    decision = talk.hear(A, B, final=True, refusal='Too far.')
    assert not decision.is_committed
    assert (decision.is_told, decision.proposal.refusal) == (True, 'Too far.')


def test_a_stop_at_the_end_is_where_the_plan_ends_anyway(talk):
    early = talk.commit_early(A)
    assert same_plan(talk.hear(A, Stop(), final=True), early)


def test_a_stop_alone_stops(talk):
    assert outcome(talk.hear(Stop(), final=True)) == ('stop', (Stop(),))


def test_an_emergency_stop_commits_on_the_first_partial_and_once(talk):
    first = talk.hear(Stop(), stop=True, complete=False, silence_ms=0.0)
    assert outcome(first) == ('stop', (Stop(),))
    assert same_plan(talk.hear(Stop(), stop=True, final=True), first)


def test_an_emergency_stop_is_never_too_late(talk):
    talk.hear(A, name='newer', final=True)
    talk.hear(A, final=True, end_ns=NOW - 60 * SECOND)
    assert outcome(talk.hear(Stop(), stop=True, revision=0, end_ns=NOW - 60 * SECOND)) == ('stop', (Stop(),))


def test_after_an_emergency_stop_its_utterance_moves_nothing(talk):
    talk.hear(Stop(), stop=True)
    assert not talk.hear(A, final=True).is_committed


@pytest.mark.parametrize('last', [{'stop': True}, {'final': True}])
@pytest.mark.parametrize('step', [Stop(), Cancel()])
def test_a_stop_or_cancel_ends_what_other_utterances_began(talk, step, last):
    if isinstance(step, Cancel):
        last = {'final': True}
    talk.commit_early(A, name='first', end_ns=NOW - 2 * SECOND)
    assert talk.hear(step, name='second', end_ns=NOW - SECOND, **last).is_committed
    assert not talk.hear(A, B, name='first', final=True).is_committed


def test_what_was_said_before_a_stop_comes_too_late(talk):
    talk.hear(Stop(), stop=True, name='second')
    decision = talk.hear(A, name='first', final=True, end_ns=NOW - 1)
    assert (decision.is_committed, decision.is_told, decision.proposal.refusal) == (False, True, TOO_LATE)


def test_what_is_said_after_a_stop_moves_again(talk):
    talk.hear(Stop(), stop=True, name='first', end_ns=NOW - SECOND)
    assert talk.hear(A, name='second', final=True).is_committed


@pytest.mark.parametrize('age_s', [6, -6])
@pytest.mark.parametrize('step', [A, Resume(), SetSpeed(), Query()])
def test_stale_words_and_words_from_the_future_move_nothing(talk, age_s, step):
    decision = talk.hear(step, final=True, end_ns=NOW - age_s * SECOND)
    assert (decision.is_committed, decision.proposal.refusal) == (False, TOO_LATE)


def test_nothing_counts_after_the_final(talk):
    talk.hear(A, final=True)
    decisions = [talk.hear(B, final=final) for final in (True, False, False, False)]
    assert not any(decision.is_committed or decision.is_told for decision in decisions)


def test_late_revisions_count_for_nothing(talk):
    talk.hear(A, revision=7)
    assert not any(talk.hear(A, revision=revision).is_committed for revision in (7, 3, 6))
    assert talk.hear(A, revision=8).is_committed


@pytest.mark.parametrize('state', ['stopped', 'failed', 'refused', 'replaced'])
def test_nothing_is_appended_to_a_plan_that_did_not_end_well(talk, state):
    early = talk.commit_early(A)
    talk.report(early.plan_id, state)
    assert not talk.hear(A, B, final=True).is_committed


def test_a_plan_that_its_own_correction_replaced_ended_well_enough(talk):
    talk.commit_early(A)
    talk.commit_early(C)
    talk.report('u/0', 'replaced')
    assert outcome(talk.hear(C, B, final=True)) == ('append', (B,))


# --- orders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('step', 'mode'), [(kind(), mode) for kind, mode in ORDERS.items() if mode != 'answer'])
def test_orders_commit_like_work(talk, step, mode):
    early = talk.commit_early(step)
    assert early.mode == mode
    assert same_plan(talk.hear(step, final=True), early)


def test_an_answer_is_told_on_the_final_and_never_committed(talk):
    assert not any(talk.hear(Query()).is_told for _ in range(4))
    decision = talk.hear(Query(), final=True)
    assert (decision.is_committed, decision.is_told, decision.mode) == (False, True, 'answer')


@pytest.mark.parametrize('step', [Pause(), Resume(), SetSpeed()])
def test_work_after_an_order_is_work_of_its_own(talk, step):
    talk.commit_early(step)
    assert outcome(talk.hear(A, final=True)) == ('replace', (A,))


@pytest.mark.parametrize('step', [SetSpeed(), Resume()])
def test_an_order_after_work_is_an_order(talk, step):
    talk.commit_early(A)
    assert outcome(talk.hear(A, step, final=True)) == (ORDERS[type(step)], (step,))


def test_a_cancel_after_work_drops_it(talk):
    talk.commit_early(A)
    assert outcome(talk.hear(A, Cancel(), final=True)) == ('cancel', (Cancel(),))


@pytest.mark.parametrize('step', [Pause(), Resume(), SetSpeed(), Query()])
def test_work_that_turns_out_to_be_something_else_stops(talk, step):
    talk.commit_early(A)
    assert outcome(talk.hear(step, final=True)) == ('stop', (Stop(),))


@pytest.mark.parametrize(
    ('said', 'meant'),
    [
        ((), ()),
        ((A, Stop(), B), (A, B)),
        ((Stop(), A), (Stop(),)),
        ((Cancel(),), (Cancel(),)),
        ((Cancel(), Cancel()), (Cancel(),)),
        ((A, Cancel(), B, Pause()), (B,)),
        ((Pause(),), (Pause(),)),
        ((A, Repeat()), (A, Repeat())),
    ],
)
def test_orders_take_effect_on_what_is_around_them(said, meant):
    assert arrange(said) == meant


# --- answers that continue another utterance -------------------------------------------------------------------------


def test_an_answer_continues_what_began_early(talk):
    talk.commit_early(A, end_ns=NOW - 2)
    decision = talk.hear(A, B, name='v', final=True, continues='u')
    assert (outcome(decision), decision.plan_id) == (('append', (B,)), 'v/0')


def test_an_answer_to_what_did_not_begin_is_whole(talk):
    talk.hear(final=True, refusal='Which?', end_ns=NOW - 2)
    assert outcome(talk.hear(A, B, name='v', final=True, continues='u')) == ('replace', (A, B))


@pytest.mark.parametrize('state', ['stopped', 'failed'])
def test_an_answer_does_not_continue_what_went_wrong(talk, state):
    early = talk.commit_early(A, end_ns=NOW - 2)
    talk.report(early.plan_id, state)
    assert not talk.hear(A, B, name='v', final=True, continues='u').is_committed


def test_long_names_still_give_valid_plan_ids(talk):
    assert len(talk.hear(A, final=True, name='x' * 100).plan_id) <= 100


def test_many_utterances_do_not_pile_up(talk):
    for number in range(200):
        assert talk.hear(A, name=f'u{number}', final=True, end_ns=NOW + number).is_committed
    assert len(talk.policy._utterances) < 50
