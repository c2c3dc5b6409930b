"""When words become motion: early commits, corrections, stops, and every order in which messages can come."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_pipeline.messages import Execution, Intent, Move, MoveArguments, Stop, Turn, TurnArguments
from voice_pipeline.planning.commit import TOO_LATE, CommitPolicy
from voice_pipeline.planning.settings import PlanningSettings

SECOND = 1_000_000_000
NOW = 1000 * SECOND
SETTINGS = PlanningSettings(commit_silence_ms=200.0, commit_revisions=2, stale_s=5.0)
A = Move(MoveArguments(direction='forward', distance_m=1.0))
B = Turn(TurnArguments(angle_deg=90.0))
C = Move(MoveArguments(direction='backward', distance_m=2.0))


class Talk:
    """Feeds a policy with the revisions of utterances and remembers what was committed."""

    def __init__(self):
        self.policy = CommitPolicy(SETTINGS)
        self.revisions = Counter()

    def hear(self, *steps, final=False, complete=True, silence_ms=300.0, name='u', stop=False, end_ns=NOW,
             refusal='', text='words', revision=None):  # fmt: skip
        self.revisions[name] += 1
        intent = Intent(
            utterance_id=name, revision=self.revisions[name] if revision is None else revision, is_final=final,
            speech_end_ns=end_ns, text=text, silence_ms=silence_ms, steps=steps, is_complete=complete,
            emergency_stop=stop,
        )  # fmt: skip
        return self.policy.decide(intent, NOW, refusal)

    def commit_early(self, *steps, **more):
        self.hear(*steps, **more)
        decision = self.hear(*steps, **more)
        assert decision.is_committed
        return decision

    def report(self, plan_id, state, step=0):
        self.policy.on_execution(
            Execution(utterance_id='u', revision=0, is_final=False, speech_end_ns=NOW, plan_id=plan_id, state=state,
                      step=step)
        )  # fmt: skip


@pytest.fixture
def talk():
    return Talk()


def outcome(decision):
    return decision.is_committed and (decision.mode, decision.steps)


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
    assert talk.hear(A) == early
    assert talk.hear(A, final=True) == early


def test_more_steps_after_an_early_commit_are_appended(talk):
    talk.commit_early(A)
    decision = talk.hear(A, B, final=True)
    assert outcome(decision) == ('append', (B,))
    assert decision.plan_id == 'u/1'


def test_a_correction_replaces(talk):
    talk.commit_early(A)
    decision = talk.hear(C, final=True)
    assert outcome(decision) == ('replace', (C,))
    assert decision.plan_id == 'u/1'


def test_a_correction_does_not_repeat_what_is_done(talk):
    early = talk.commit_early(A, B)
    talk.report(early.plan_id, 'running', step=1)
    assert outcome(talk.hear(A, C, final=True)) == ('replace', (C,))


def test_a_correction_to_what_is_done_stops_the_rest(talk):
    early = talk.commit_early(A, B)
    talk.report(early.plan_id, 'running', step=1)
    assert outcome(talk.hear(A, final=True)) == ('stop', (Stop(),))


def test_steps_of_an_appended_plan_count_from_where_it_begins(talk):
    talk.commit_early(A)
    appended = talk.commit_early(A, B, C)
    talk.report('u/0', 'done')
    talk.report(appended.plan_id, 'running', step=1)
    assert outcome(talk.hear(A, B, A, final=True)) == ('replace', (A,))


@pytest.mark.parametrize('text', ['', ' . '])
def test_an_empty_final_after_an_early_commit_changes_nothing(talk, text):
    talk.commit_early(A)
    decision = talk.hear(final=True, text=text, refusal='Nothing was said.')
    assert not decision.is_committed
    assert decision.refusal == ''


def test_words_that_turn_out_to_be_no_command_stop_what_began_early(talk):
    talk.commit_early(A)
    assert not talk.hear(refusal='You said not to.').is_committed
    assert outcome(talk.hear(final=True, refusal='You said not to.')) == ('stop', (Stop(),))


def test_a_rest_that_is_refused_leaves_the_beginning_alone(talk):
    talk.commit_early(A)
    decision = talk.hear(A, B, final=True, refusal='Too far.')
    assert not decision.is_committed
    assert decision.refusal == 'Too far.'


def test_a_stop_at_the_end_is_where_the_plan_ends_anyway(talk):
    early = talk.commit_early(A)
    assert talk.hear(A, Stop(), final=True) == early


def test_a_stop_alone_stops(talk):
    assert outcome(talk.hear(Stop(), final=True)) == ('stop', (Stop(),))


def test_an_emergency_stop_commits_on_the_first_partial_and_once(talk):
    first = talk.hear(Stop(), stop=True, complete=False, silence_ms=0.0)
    assert outcome(first) == ('stop', (Stop(),))
    assert talk.hear(Stop(), stop=True, final=True) == first


def test_an_emergency_stop_is_never_too_late(talk):
    talk.hear(A, name='newer', final=True)
    talk.hear(A, final=True, end_ns=NOW - 60 * SECOND)
    assert outcome(talk.hear(Stop(), stop=True, revision=0, end_ns=NOW - 60 * SECOND)) == ('stop', (Stop(),))


def test_after_an_emergency_stop_its_utterance_moves_nothing(talk):
    talk.hear(Stop(), stop=True)
    assert not talk.hear(A, final=True).is_committed


def test_an_emergency_stop_ends_what_other_utterances_began(talk):
    talk.commit_early(A, name='first')
    talk.hear(Stop(), stop=True, name='second', end_ns=NOW - SECOND)
    assert not talk.hear(A, B, name='first', final=True).is_committed


def test_what_was_said_before_a_stop_comes_too_late(talk):
    talk.hear(Stop(), stop=True, name='second')
    decision = talk.hear(A, name='first', final=True, end_ns=NOW - 1)
    assert (decision.is_committed, decision.refusal) == (False, TOO_LATE)


def test_what_is_said_after_a_stop_moves_again(talk):
    talk.hear(Stop(), stop=True, name='first', end_ns=NOW - SECOND)
    assert talk.hear(A, name='second', final=True).is_committed


@pytest.mark.parametrize('age_s', [6, -6])
def test_stale_words_and_words_from_the_future_move_nothing(talk, age_s):
    decision = talk.hear(A, final=True, end_ns=NOW - age_s * SECOND)
    assert (decision.is_committed, decision.refusal) == (False, TOO_LATE)


def test_nothing_counts_after_the_final(talk):
    talk.hear(A, final=True)
    assert not any(talk.hear(B, final=final).is_committed for final in (True, False, False, False))


def test_late_revisions_count_for_nothing(talk):
    talk.hear(A, revision=7)
    assert not any(talk.hear(A, revision=revision).is_committed for revision in (7, 3, 6))
    assert talk.hear(A, revision=8).is_committed


@pytest.mark.parametrize('state', ['stopped', 'failed', 'refused', 'replaced'])
def test_nothing_is_appended_to_a_plan_that_did_not_end_well(talk, state):
    early = talk.commit_early(A)
    talk.report(early.plan_id, state)
    assert not talk.hear(A, B, final=True).is_committed


def test_long_names_still_give_valid_plan_ids(talk):
    assert len(talk.hear(A, final=True, name='x' * 100).plan_id) <= 100


def test_many_utterances_do_not_pile_up(talk):
    for number in range(200):
        assert talk.hear(A, name=f'u{number}', final=True, end_ns=NOW + number).is_committed
    assert len(talk.policy._utterances) < 50


# --- any order -----------------------------------------------------------------------------------------------------

event = st.fixed_dictionaries(
    {
        'name': st.sampled_from(['u', 'v', 'w']),
        'revision': st.integers(0, 6),
        'steps': st.sampled_from([(), (A,), (A, B), (A, B, C), (C,), (Stop(),), (A, Stop())]),
        'final': st.booleans(),
        'complete': st.booleans(),
        'silence_ms': st.sampled_from([0.0, 300.0]),
        'stop': st.integers(0, 9).map(lambda n: n == 0),
        'end_ns': st.sampled_from([NOW - 60 * SECOND, NOW - 2 * SECOND, NOW - SECOND, NOW]),
        'refusal': st.sampled_from(['', '', 'No.']),
        'text': st.sampled_from(['words', '']),
    }
)


def play(events):
    """Return the events with their decisions."""
    talk = Talk()
    return [(e, talk.hear(*e['steps'], **{k: v for k, v in e.items() if k != 'steps'})) for e in events]


@given(st.lists(event, max_size=25))
@settings(max_examples=400, deadline=None)
def test_whatever_comes_in_whatever_order(events):
    plans, finals, stopped = {}, set(), set()
    for said, decision in play(events):
        name = said['name']
        if said['stop']:
            assert decision.is_committed or name in stopped
            assert decision.mode == 'stop'
        if decision.is_committed:
            assert decision.refusal == ''
            assert decision.steps
            is_new = decision.plan_id not in plans
            assert is_new or plans[decision.plan_id] == decision, 'a plan keeps its meaning'
            if is_new and decision.mode != 'stop':
                assert name not in stopped, 'a stop wins'
                assert name not in finals, 'the final is the last word'
                assert said['end_ns'] > NOW - 5 * SECOND, 'nothing stale moves'
                assert not said['refusal']
                assert not any(isinstance(step, Stop) for step in decision.steps)
            plans[decision.plan_id] = decision
            if decision.mode == 'stop':
                stopped.add(name)
        if said['final']:
            finals.add(name)


@given(st.lists(event, max_size=25))
@settings(max_examples=400, deadline=None)
def test_no_step_is_done_more_often_than_it_was_asked_for(events):
    queue, owner, known = [], None, set()
    for said, decision in play(events):
        if not decision.is_committed or decision.plan_id in known:
            continue
        known.add(decision.plan_id)
        if decision.mode == 'append':
            assert owner == said['name'], 'only what goes on is appended'
            queue += decision.steps
        else:
            queue, owner = list(decision.steps), said['name']
        if decision.mode != 'stop':
            assert tuple(queue) == tuple(step for step in said['steps'] if not isinstance(step, Stop))
