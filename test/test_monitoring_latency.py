import pytest
from hypothesis import given
from hypothesis import strategies as st
from monitoring_script import MS, PLANNED, START_NS, STEPS, S, Script

from voice_pipeline.messages import Intent, Plan, StageTrace
from voice_pipeline.monitoring.latency import UTTERANCES


def latency(script):
    return script.report().voice_to_action.values


def entry(name, received_ms, finished_ms):
    return StageTrace(name=name, received_ns=START_NS + received_ms * MS, finished_ns=START_NS + finished_ms * MS)


def run(script, trace, utterance_id='u', speech_end_ns=START_NS, **changes):
    script.publish(script.execution(utterance_id, trace, speech_end_ns=speech_end_ns, **changes))


def commit(script, plan_id, mode='replace', utterance_id='u'):
    script.publish(
        Plan(
            utterance_id=utterance_id,
            revision=0,
            is_final=True,
            speech_end_ns=START_NS,
            plan_id=plan_id,
            mode=mode,
            is_committed=True,
            steps=() if mode == 'stop' else PLANNED,
        )
    )


WHOLE = (
    entry('recognition', 200, 260),
    entry('understanding', 262, 265),
    entry('planning', 266, 268),
    entry('control', 270, 290),
)


def test_the_way_from_the_last_word_to_the_first_motion_is_split():
    script = Script()
    script.speak('u', text='go forward two meters')
    (utterance,) = latency(script).utterances
    assert utterance.text == 'go forward two meters'
    assert utterance.kind == 'voice'
    assert {part.name: part.duration_ms for part in utterance.parts} == {
        'endpointing': 150,
        'recognition': 120,
        'understanding': 5,
        'planning': 3,
        'control': 11,
    }
    assert utterance.total_ms == 289
    assert utterance.problem == ''


@given(
    st.lists(st.integers(0, 400), min_size=8, max_size=8),
    st.integers(0, 1000),
)
def test_the_parts_sum_to_the_total(steps_ms, endpointing_ms):
    at_ms, entries = endpointing_ms, []
    for index, name in enumerate(('recognition', 'understanding', 'planning', 'control')):
        received_ms = at_ms + (steps_ms[2 * index] if index else 0)
        at_ms = received_ms + steps_ms[2 * index + 1]
        entries.append(entry(name, received_ms, at_ms))
    script = Script()
    run(script, tuple(entries))
    (utterance,) = latency(script).utterances
    assert sum(part.duration_ns for part in utterance.parts) == utterance.total_ns == at_ms * MS
    assert utterance.parts[0].duration_ms == endpointing_ms


def test_only_the_first_motion_of_an_utterance_is_measured():
    script = Script()
    run(script, WHOLE, plan_id='first')
    run(script, WHOLE, plan_id='first')
    run(script, (*WHOLE[:3], entry('control', 270, 5000)), plan_id='second')
    assert [one.total_ms for one in latency(script).utterances] == [290]


@pytest.mark.parametrize('state', ['done', 'stopped', 'refused', 'failed', 'replaced'])
def test_what_is_not_running_is_not_measured(state):
    script = Script()
    run(script, WHOLE, state=state)
    assert latency(script).utterances == ()


def test_a_stop_is_measured_like_a_motion():
    script = Script()
    commit(script, 'stop it', mode='stop')
    run(script, WHOLE, plan_id='stop it')
    run(script, WHOLE, plan_id='stop it', state='done')
    assert latency(script).voice_ms.p50 == 290


def test_a_stage_that_worked_twice_counts_to_its_last_result():
    script = Script()
    run(script, (*WHOLE[:2], entry('planning', 266, 267), entry('planning', 280, 281), entry('control', 282, 300)))
    (utterance,) = latency(script).utterances
    assert utterance.total_ms == 300
    assert {part.name: part.duration_ms for part in utterance.parts}['planning'] == 16


def test_a_typed_command_is_measured_apart():
    script = Script()
    trace = (entry('understanding', 0, 3), entry('planning', 4, 6), entry('control', 8, 20))
    script.publish(
        Intent(
            utterance_id='typed',
            revision=0,
            is_final=True,
            speech_end_ns=START_NS,
            trace=trace[:1],
            text='turn left',
            silence_ms=0,
            steps=STEPS,
            source='typed',
        )
    )
    run(script, trace, utterance_id='typed')
    values = latency(script)
    (command,) = values.utterances
    assert (command.kind, command.text, command.total_ms) == ('command', 'turn left', 20)
    assert [part.name for part in command.parts] == ['understanding', 'planning', 'control']
    assert values.voice_ms is None
    assert values.command_ms.p50 == 20


PROBLEMS = {
    'not in the trace: planning, control': WHOLE[:2],
    'not in the trace: understanding': (WHOLE[0], *WHOLE[2:]),
    'endpointing took -50 ms: the clock was set back, or its times are wrong': (
        entry('recognition', -50, 260),
        *WHOLE[1:],
    ),
    'understanding took -3600000 ms: the clock was set back, or its times are wrong': (
        WHOLE[0],
        *(entry(one, -3_599_740, -3_599_740) for one in ('understanding', 'planning', 'control')),
    ),
    'control took 3600 s: the clock was set, or its times are wrong': (*WHOLE[:3], entry('control', 270, 3_600_268)),
}


@pytest.mark.parametrize('problem', PROBLEMS)
def test_what_cannot_be_true_is_named_and_not_counted(problem):
    script = Script()
    run(script, PROBLEMS[problem])
    values = latency(script)
    (utterance,) = values.utterances
    assert (utterance.problem, utterance.total_ms, utterance.parts) == (problem, None, ())
    assert values.voice_ms is None


def test_an_utterance_that_was_heard_is_not_taken_for_a_typed_command():
    script = Script()
    script.publish(script.messages('u', 0, START_NS)[0])
    run(script, WHOLE[1:])
    (utterance,) = latency(script).utterances
    assert (utterance.kind, utterance.problem) == ('voice', 'not in the trace: recognition')


def test_waiting_for_the_plan_before_is_not_latency():
    script = Script()
    commit(script, 'first', utterance_id='a')
    run(script, WHOLE, utterance_id='a', plan_id='first')
    commit(script, 'then', mode='append', utterance_id='b')
    run(script, WHOLE, utterance_id='a', plan_id='first', state='done')
    run(script, (*WHOLE[:3], entry('control', 270, 9000)), utterance_id='b', plan_id='then')
    values = latency(script)
    assert [one.problem for one in values.utterances] == ['', 'waited for the plan before it']
    assert values.utterances[1].total_ms == 9000
    assert values.voice_ms.max == 290
    assert script.stage('control').values.latency_ms.max == 20


def test_an_appended_plan_that_need_not_wait_counts():
    script = Script()
    commit(script, 'first', utterance_id='a')
    run(script, WHOLE, utterance_id='a', plan_id='first')
    run(script, WHOLE, utterance_id='a', plan_id='first', state='done')
    commit(script, 'then', mode='append', utterance_id='b')
    run(script, WHOLE, utterance_id='b', plan_id='then')
    assert latency(script).voice_ms.count == 2


def test_the_typical_utterance_is_the_median():
    script = Script()
    for index, control_ms in enumerate((400, 290, 280)):
        run(script, (*WHOLE[:3], entry('control', 270, control_ms)), utterance_id=f'u{index}')
    values = latency(script)
    assert values.voice_ms.p50 == values.typical.total_ms == 290
    assert values.voice_ms.p95 == 400


def test_the_newest_utterances_are_kept():
    script = Script()
    for index in range(UTTERANCES + 5):
        run(script, WHOLE, utterance_id=f'u{index}', plan_id=f'p{index}')
    values = latency(script)
    assert len(values.utterances) == UTTERANCES
    assert values.utterances[-1].utterance_id == f'u{UTTERANCES + 4}'


def test_a_long_motion_is_not_measured_again_however_much_is_said_meanwhile():
    script = Script()
    run(script, WHOLE, utterance_id='long', plan_id='long')
    for index in range(300):
        run(script, WHOLE, utterance_id=f'u{index}', plan_id=f'p{index}')
        run(script, WHOLE, utterance_id='long', plan_id='long')
    assert all(one.utterance_id != 'long' for one in latency(script).utterances)


def test_a_minute_is_the_longest_that_is_believed():
    script = Script()
    run(script, (*WHOLE[:3], entry('control', 270, 60_000)), utterance_id='slow')
    run(script, (*WHOLE[:3], entry('control', 270, 60_001)), utterance_id='wrong')
    assert [one.total_ns for one in latency(script).utterances] == [60 * S, None]
