"""The record of each utterance, from its first word to what became of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from monitoring_script import MS, START_NS, Script

from voice_pipeline.messages import (
    Execution,
    Intent,
    MalformedMessageError,
    Move,
    MoveArguments,
    Plan,
    PlannedStep,
    Transcript,
    Turn,
    TurnArguments,
)
from voice_pipeline.monitoring.history import UTTERANCES
from voice_pipeline.monitoring.utterances import decode_utterance, encode_utterance

MOVE = Move(args=MoveArguments(direction='forward', distance_m=2.0))
TURN = Turn(args=TurnArguments(angle_deg=90.0))


class Conversation:
    """Publishes one message after the other, 10 ms apart, about one utterance if not said otherwise."""

    def __init__(self):
        self.script = Script()

    def tell(self, kind, utterance_id='u', *, is_final=True, **fields):
        self.script.wait(10)
        common = {'utterance_id': utterance_id, 'revision': 0, 'speech_end_ns': START_NS, 'is_final': is_final}
        self.script.publish(kind(**common, **fields))

    def hear(self, text, **fields):
        self.tell(Transcript, text=text, confidence=0.9, silence_ms=0, **fields)

    def understand(self, *steps, text='go', **fields):
        self.tell(Intent, text=text, silence_ms=0, steps=steps, **fields)

    def plan(self, plan_id, *steps, is_committed=True, **fields):
        planned = tuple(PlannedStep(step=step, speed_mps=0.3, speed_dps=30.0, timeout_s=10.0) for step in steps)
        self.tell(Plan, plan_id=plan_id, steps=planned, is_committed=is_committed, **fields)

    def execute(self, plan_id, *states, reason='', **fields):
        for state in states:
            self.tell(Execution, plan_id=plan_id, state=state, reason=reason, **fields)

    def command(self, plan_id, *steps, **fields):
        """Say, understand and commit."""
        self.hear('go')
        self.understand(*steps)
        self.plan(plan_id, *steps, **fields)

    @property
    def record(self):
        return self.script.monitor.utterances()[-1]

    @property
    def end(self):
        return self.record.outcome, self.record.reason


@pytest.fixture
def talk():
    return Conversation()


def test_an_utterance_is_followed_from_the_first_word_to_the_deed(talk):
    talk.hear('go', is_final=False)
    record = talk.record
    assert (record.kind, record.heard, record.outcome, record.is_over) == ('voice', 'go', 'open', False)
    assert (record.started_ns, record.speech_end_ns) == (START_NS + 10 * MS, START_NS)
    talk.hear('go forward two', is_final=False, tentative='go forward two meters')
    assert talk.record.heard == 'go forward two meters'
    talk.hear('go forward two meters')
    talk.understand(MOVE, text='go forward two meters')
    assert talk.record.understood == 'move forward 2 m'
    talk.plan('p', MOVE, is_committed=False, is_final=False)
    assert (talk.record.planned, talk.record.outcome, talk.record.plan_id) == ('move forward 2 m', 'open', '')
    talk.plan('p', MOVE, say='Going forward.')
    assert (talk.record.outcome, talk.record.plan_id, talk.record.said) == ('open', 'p', 'Going forward.')
    talk.execute('p', 'running')
    assert (talk.record.outcome, talk.record.is_over) == ('moving', False)
    talk.execute('p', 'done')
    assert talk.end == ('done', '')
    assert talk.record.is_over
    assert talk.record.updated_ns == talk.script.now_ns
    assert talk.record.started_ns == START_NS + 10 * MS


@pytest.mark.parametrize('state', ['stopped', 'refused', 'failed', 'replaced'])
def test_how_a_plan_ends_is_how_the_utterance_ends(talk, state):
    talk.command('p', MOVE)
    talk.execute('p', 'running')
    talk.execute('p', state, reason='something came up')
    assert talk.end == (state, 'something came up')


def test_an_execution_may_be_faster_than_its_plan(talk):
    talk.execute('p', 'running')
    assert talk.record.outcome == 'moving'
    talk.plan('p', MOVE)
    assert (talk.record.outcome, talk.record.planned) == ('moving', 'move forward 2 m')


WITHOUT_A_PLAN = [
    ({'refusal': 'I cannot fly.'}, ('refused', 'I cannot fly.')),
    ({'say': 'I am here.', 'mode': 'answer'}, ('answered', '')),
    ({}, ('nothing', 'no command in it')),
]


@pytest.mark.parametrize(('fields', 'end'), WITHOUT_A_PLAN)
def test_what_moves_nothing_has_an_end_too(talk, fields, end):
    talk.hear('well')
    talk.understand(reason='no command in it')
    talk.plan('p', is_committed=False, is_final=False, **fields)
    assert talk.record.outcome == 'open'
    talk.plan('p', is_committed=False, **fields)
    assert talk.end == end
    assert talk.record.is_over


def test_what_is_understood_after_all_is_no_nothing(talk):
    talk.hear('well')
    talk.understand(reason='no command in it')
    talk.plan('p', is_committed=False)
    talk.understand(MOVE)
    talk.plan('p', MOVE)
    talk.execute('p', 'running', 'done')
    assert talk.end == ('done', '')


def test_a_plan_that_was_corrected_is_no_end(talk):
    talk.command('p/0', MOVE, is_final=False)
    talk.execute('p/0', 'running')
    talk.plan('p/1', TURN)
    talk.execute('p/0', 'replaced', reason='corrected')
    talk.execute('p/1', 'running')
    assert (talk.record.outcome, talk.record.planned, talk.record.plan_id) == ('moving', 'turn 90°', 'p/1')
    talk.execute('p/1', 'done')
    assert talk.end == ('done', '')


def test_a_plan_that_was_appended_belongs_to_it(talk):
    talk.command('p/0', MOVE, is_final=False)
    talk.execute('p/0', 'running')
    talk.plan('p/1', TURN, mode='append')
    assert talk.record.planned == 'move forward 2 m, turn 90°'
    talk.execute('p/0', 'done')
    assert talk.record.outcome == 'open'  # the second waits for its turn
    talk.execute('p/1', 'running', 'done')
    assert talk.record.outcome == 'done'


def test_the_worst_end_counts(talk):
    talk.command('p/0', MOVE, is_final=False)
    talk.plan('p/1', TURN, mode='append')
    talk.execute('p/0', 'running')
    talk.execute('p/0', 'failed', reason='something is in the way')
    talk.execute('p/1', 'stopped', reason='the plan before it failed')
    assert talk.end == ('failed', 'something is in the way')


def test_a_rest_that_is_refused_is_not_hidden_by_what_was_done(talk):
    talk.command('p/0', MOVE, is_final=False)
    talk.execute('p/0', 'running')
    talk.plan('p/1', TURN, is_committed=False, refusal='I cannot jump.')
    assert talk.record.outcome == 'moving'
    talk.execute('p/0', 'done')
    assert talk.end == ('refused', 'I cannot jump.')


def test_an_order_without_steps_is_named(talk):
    talk.command('p', mode='cancel')
    talk.execute('p', 'running', 'done')
    assert (talk.record.planned, talk.record.outcome) == ('cancel', 'done')


def test_a_typed_command_is_one_too(talk):
    talk.tell(Intent, text='turn left', silence_ms=0, steps=(TURN,), source='typed')
    assert (talk.record.kind, talk.record.heard, talk.record.understood) == ('command', 'turn left', 'turn 90°')


def test_the_latency_and_its_parts_are_on_record():
    script = Script()
    script.obey('u')
    (record,) = script.monitor.utterances()
    assert record.latency.total_ms == 289
    assert record.latency.parts[0].name == 'endpointing'
    assert (record.outcome, record.voice_to_stop_ms) == ('done', None)


def test_the_time_to_a_standstill_is_on_record():
    script = Script()
    script.cry_stop('u', brake_ms=120)
    (record,) = script.monitor.utterances()
    assert record.voice_to_stop_ms == 165
    assert {part.name: part.duration_ms for part in record.stop_parts} == {
        'endpointing': 0,
        'recognition': 40,
        'understanding': 5,
        'control': 120,
    }


def changed(talk):
    return [(record.utterance_id, record.outcome) for record in talk.script.monitor.changed_utterances()]


def test_only_what_has_come_further_is_news(talk):
    talk.command('p', MOVE)
    talk.execute('p', 'running')
    assert changed(talk) == [('u', 'moving')]
    talk.execute('p', 'running')  # it says how far it is, and nothing new of the utterance
    assert changed(talk) == []
    talk.hear('stop', utterance_id='v')
    talk.execute('p', 'done')
    assert changed(talk) == [('u', 'done'), ('v', 'open')]
    assert changed(talk) == []


def test_the_newest_are_kept():
    script = Script()
    for index in range(UTTERANCES + 20):
        script.publish(script.messages(f'u{index}', 0, script.now_ns)[0])
        script.wait(10)
    kept = [record.utterance_id for record in script.monitor.utterances()]
    assert kept == [f'u{index}' for index in range(20, UTTERANCES + 20)]
    assert len(script.monitor.changed_utterances()) == UTTERANCES


STATES = ('running', 'done', 'stopped', 'refused', 'failed', 'replaced')
EVENTS = st.one_of(
    st.tuples(st.just('plan'), st.sampled_from('pq'), st.booleans(), st.sampled_from(['', 'no'])),
    st.tuples(st.just('execute'), st.sampled_from('pq'), st.sampled_from(STATES), st.just('')),
)


@given(st.lists(EVENTS, max_size=12))
def test_in_whatever_order_things_come_the_record_is_sound(events):
    talk = Conversation()
    talk.hear('go')
    ended = {}
    for kind, plan_id, what, refusal in events:
        if kind == 'plan':
            talk.plan(plan_id, MOVE, is_committed=what, refusal=refusal)
            if what:
                ended.setdefault(plan_id, False)
        else:
            talk.execute(plan_id, what)
            ended[plan_id] = what != 'running'
    record = talk.record
    assert decode_utterance(encode_utterance(record)) == record
    if ended:
        assert record.is_over == all(ended.values())


@pytest.mark.parametrize('text', ['', '{}', '[1]', '\ud800', '[' * 100_000])
def test_what_is_no_record_is_rejected(text):
    with pytest.raises(MalformedMessageError, match='not a valid utterance'):
        decode_utterance(text)
