import json

import msgspec
import pytest
from monitoring_script import MS, PLANNED, START_NS, S, Script, hasty

from voice_pipeline.messages import STAGES, MalformedMessageError, Plan
from voice_pipeline.monitoring.budgets import load_budgets
from voice_pipeline.monitoring.machine import MachineSample
from voice_pipeline.monitoring.report import Level, Verdict, budget_checks, decode_report, encode_report

BUDGETS = hasty(load_budgets())
SAMPLE = MachineSample(core_percents=(20.0, 60.0), gpu_percent=30.0, memory_mb=700.0)


def budgets(**stages):
    """The installed budgets with other numbers for some stages."""
    changed = {name: msgspec.structs.replace(BUDGETS.stage(name), **numbers) for name, numbers in stages.items()}
    return msgspec.structs.replace(BUDGETS, stages=msgspec.structs.replace(BUDGETS.stages, **changed))


def healthy(script):
    """Everything that a robot in use publishes."""
    script.obey('u1')
    script.obey('u2')
    script.audio(frames=100)
    script.monitor.on_machine(SAMPLE)
    return script


def test_a_robot_nobody_spoke_to_is_not_in_error():
    report = Script().report()
    nothing = Verdict(Level.OK, 'no data yet')
    assert [stage.verdict for stage in report.stages] == [nothing] * 5
    assert {part.verdict for part in report.parts().values()} == {report.overall} == {nothing}
    assert all(check.value is None and check.ok is None for check in budget_checks(report))


def test_a_healthy_pipeline_is_ok_and_stays_ok_while_nobody_speaks():
    script = healthy(Script())
    script.audio(frames=2000)
    report = script.report()
    assert [stage.values.name for stage in report.stages] == list(STAGES)
    assert report.overall == Verdict(Level.OK, 'within budget')
    rates = {stage.values.name: stage.values.rate_hz for stage in report.stages}
    assert rates == pytest.approx(
        {'audio': 31.25, 'recognition': 15.625, 'understanding': 15.625, 'planning': 15.625, 'control': 25}
    )
    medians = {stage.values.name: stage.values.latency_ms.p50 for stage in report.stages}
    assert medians == {'audio': 20, 'recognition': 40, 'understanding': 4, 'planning': 2, 'control': 10}


def test_finals_of_the_recogniser_are_counted_apart():
    values = healthy(Script()).stage('recognition').values
    assert (values.latency_ms.count, values.latency_ms.max) == (60, 40)
    assert (values.final_latency_ms.count, values.final_latency_ms.max) == (2, 120)


def test_the_time_to_the_final_is_latency_not_a_stall():
    script = Script()
    script.speak('u', silence_ms=1000)
    assert script.stage('recognition').values.rate_hz == pytest.approx(15.625)


LEVELS = [
    ('audio', 'min_hz', 31.0, Level.WARN, 'rate 31.25 Hz is close to the budget of 31 Hz'),
    ('audio', 'min_hz', 40.0, Level.ERROR, 'rate 31.25 Hz is below the budget of 40 Hz'),
    ('audio', 'latency_p95_ms', 21.0, Level.WARN, 'latency p95 20.00 ms is close to the budget of 21 ms'),
    ('recognition', 'min_hz', 15.5, Level.WARN, 'rate 15.62 Hz is close to the budget of 15.5 Hz'),
    ('recognition', 'min_hz', 16.0, Level.ERROR, 'rate 15.62 Hz is below the budget of 16 Hz'),
    ('recognition', 'latency_p95_ms', 39.0, Level.ERROR, 'latency p95 40.00 ms is above the budget of 39 ms'),
    ('recognition', 'final_p95_ms', 125.0, Level.WARN, 'final latency p95 120.0 ms is close to the budget of 125 ms'),
    ('recognition', 'final_p95_ms', 90.0, Level.ERROR, 'final latency p95 120.0 ms is above the budget of 90 ms'),
    ('understanding', 'latency_p95_ms', 3.0, Level.ERROR, 'latency p95 4.00 ms is above the budget of 3 ms'),
    ('planning', 'latency_p95_ms', 1.0, Level.ERROR, 'latency p95 2.00 ms is above the budget of 1 ms'),
    ('control', 'min_hz', 30.0, Level.ERROR, 'rate 25.00 Hz is below the budget of 30 Hz'),
    ('control', 'latency_p95_ms', 10.5, Level.WARN, 'latency p95 10.00 ms is close to the budget of 10.5 ms'),
]


@pytest.mark.parametrize(('stage', 'field', 'limit', 'level', 'reason'), LEVELS)
def test_each_budget_can_be_broken(stage, field, limit, level, reason):
    report = healthy(Script(budgets(**{stage: {field: limit}}))).report()
    judged = {one.values.name: one.verdict for one in report.stages}
    assert judged[stage] == Verdict(level, reason)
    assert all(verdict.level == Level.OK for name, verdict in judged.items() if name != stage)
    assert report.overall.level == level
    assert report.overall.reason == f'{stage}: {reason}'


def test_a_value_equal_to_its_budget_keeps_it():
    no_margin = msgspec.structs.replace(BUDGETS.warn_within, rate_percent=0, limit_percent=0)
    exact = msgspec.structs.replace(budgets(audio={'latency_p95_ms': 20.0}), warn_within=no_margin)
    script = healthy(Script(exact))
    assert script.stage('audio').values.latency_ms.p95 == 20
    assert script.stage('audio').verdict == Verdict(Level.OK, 'within budget')


@pytest.mark.parametrize(('limit', 'level'), [(280, Level.ERROR), (300, Level.WARN), (500, Level.OK)])
def test_voice_to_action_is_judged(limit, level):
    script = healthy(Script(msgspec.structs.replace(BUDGETS, voice_to_action_p95_ms=limit)))
    report = script.report()
    assert report.voice_to_action.values.voice_ms.p95 == 289
    assert report.voice_to_action.verdict.level == report.overall.level == level


MACHINES = [
    ({'core_percents': (70.0, 94.0)}, Level.ERROR, 'CPU 82.00 % is above the budget of 80 %'),
    ({'core_percents': (70.0, 80.0)}, Level.WARN, 'CPU 75.00 % is close to the budget of 80 %'),
    ({'gpu_percent': 90.0}, Level.ERROR, 'GPU 90.00 % is above the budget of 80 %'),
    ({'memory_mb': 3000.0}, Level.ERROR, 'memory 3000.0 MB is above the budget of 2048 MB'),
    ({'gpu_percent': None}, Level.OK, 'within budget'),
]


@pytest.mark.parametrize(('numbers', 'level', 'reason'), MACHINES)
def test_the_machine_is_judged(numbers, level, reason):
    script = Script()
    values = {'core_percents': (20.0, 60.0), 'gpu_percent': 30.0, 'memory_mb': 700.0, **numbers}
    script.monitor.on_machine(MachineSample(**values))
    report = script.report()
    assert report.machine.verdict == Verdict(level, reason)
    assert report.overall.level == level


def test_stale_when_the_audio_stops_and_well_again_when_it_comes_back():
    script = healthy(Script())
    script.wait(1_900)
    assert script.stage('audio').verdict.level == Level.OK
    script.wait(200)
    assert script.stage('audio').verdict == Verdict(Level.STALE, 'no audio for 2.1 s')
    assert script.report().overall == Verdict(Level.STALE, 'audio: no audio for 2.1 s')
    script.audio(frames=200)
    assert script.stage('audio').values.quiet_s == 0


def test_stale_when_transcripts_stop_in_the_middle_of_an_utterance():
    script = Script()
    for message in script.messages('u', 0, script.now_ns):
        script.publish(message)
    script.wait(2_500)
    assert script.stage('recognition').verdict == Verdict(
        Level.STALE, 'no transcript in the middle of an utterance for 2.5 s'
    )
    assert script.stage('understanding').verdict.level == Level.OK


UNANSWERED = [
    ('understanding', 0, 'no intent for a transcript for 2.5 s'),
    ('planning', 1, 'no plan for an intent for 2.5 s'),
    ('control', 2, 'no velocity command in the middle of a motion, or no execution of a plan, for 2.5 s'),
]


@pytest.mark.parametrize(('stage', 'index', 'reason'), UNANSWERED)
def test_stale_when_a_stage_does_not_answer(stage, index, reason):
    script = Script()
    final = script.messages('u', 0, script.now_ns, is_final=True)
    script.publish(final[index])
    script.wait(1_000)
    script.publish(final[index])  # the work waits since the first request, however many follow
    script.wait(1_500)
    assert script.stage(stage).verdict == Verdict(Level.STALE, reason)


def test_stale_when_velocity_commands_stop_while_moving():
    script = Script()
    script.move()
    script.wait(10_000)
    assert script.stage('control').verdict.level == Level.OK
    script.monitor.on_velocity(True, script.now_ns)
    script.wait(3_000)
    assert script.stage('control').verdict.level == Level.STALE


def test_a_refused_an_early_and_a_waiting_plan_ask_nothing_of_the_control():
    script = Script()
    common = {'utterance_id': 'u', 'revision': 0, 'is_final': True, 'speech_end_ns': START_NS}
    running = script.execution('a', (), speech_end_ns=START_NS, plan_id='running')
    script.publish(Plan(plan_id='refused', refusal='too far', is_committed=True, **common))
    script.publish(Plan(plan_id='early', steps=PLANNED, **common))
    script.publish(running)
    script.publish(Plan(plan_id='next', steps=PLANNED, is_committed=True, mode='append', **common))
    script.wait(5_000)
    assert script.stage('control').verdict.level == Level.OK


def test_lost_frames_warn_for_a_while():
    script = Script()
    script.audio(frames=10)
    script.sequence += 3
    script.audio(frames=10)
    assert script.stage('audio').values.dropped == 3
    assert script.stage('audio').verdict == Verdict(
        Level.WARN, 'lately messages were lost or malformed (3 lost, 0 malformed in all)'
    )
    script.audio(frames=1000)
    assert script.stage('audio').verdict.level == Level.OK
    assert script.stage('audio').values.dropped == 3


def test_a_capture_that_starts_again_has_lost_nothing_and_was_not_slow():
    script = Script()
    script.audio(frames=50)
    script.wait(1_500)
    script.sequence = 0
    script.audio(frames=50)
    values = script.stage('audio').values
    assert values.dropped == 0
    assert values.rate_hz == pytest.approx(31.25)


def test_revisions_that_a_stage_left_out_are_counted():
    script = Script()
    for revision in range(10):
        transcript, intent, plan = script.messages('u', revision, script.now_ns)
        script.publish(transcript)
        if revision % 2 == 0:
            script.publish(intent)
        if revision % 3 == 0:
            script.publish(plan)
    dropped = {name: script.stage(name).values.dropped for name in STAGES}
    assert dropped == {'audio': 0, 'recognition': 0, 'understanding': 4, 'planning': 6, 'control': 0}


@pytest.mark.parametrize('stage', STAGES)
def test_malformed_messages_are_counted_and_warn_for_a_while(stage):
    script = Script()
    script.monitor.on_malformed(stage)
    assert script.stage(stage).values.malformed == 1
    assert script.stage(stage).verdict.level == Level.WARN
    script.wait(31_000)
    assert script.stage(stage).verdict == Verdict(Level.OK, 'no data yet')


def test_a_frame_that_lasts_no_time_is_malformed():
    script = Script()
    script.monitor.on_audio(0, START_NS, START_NS, START_NS)
    values = script.stage('audio').values
    assert (values.malformed, values.count) == (1, 0)


@pytest.mark.parametrize('delay_ns', [-5 * MS, 61 * S])
def test_a_latency_that_cannot_be_true_is_left_out(delay_ns):
    script = Script()
    script.monitor.on_audio(0, START_NS - 32 * MS, START_NS, START_NS + delay_ns)
    values = script.stage('audio').values
    assert values.latency_ms is None
    assert values.clock_errors == 1


def test_nothing_is_older_than_now_when_the_clock_is_set_back():
    script = healthy(Script())
    report = script.monitor.report(script.now_ns - 3600 * S)
    assert [stage.values.age_s for stage in report.stages] == [0] * 5
    assert report.overall.level == Level.OK


def test_the_worst_comes_first_and_nothing_is_hidden():
    script = healthy(Script(budgets(planning={'latency_p95_ms': 1.0})))
    script.wait(3_000)
    assert script.report().overall == Verdict(
        Level.STALE,
        'audio: no audio for 3.0 s; planning: latency p95 2.00 ms is above the budget of 1 ms',
    )


def test_the_checks_list_every_budget():
    checks = budget_checks(healthy(Script(budgets(control={'min_hz': 30.0}))).report())
    shown = {check.name: (check.value, check.limit, check.ok) for check in checks}
    assert shown == {
        'audio_hz': (pytest.approx(31.25), 30, True),
        'audio_p95_ms': (20, 100, True),
        'recognition_hz': (pytest.approx(15.625), 15, True),
        'recognition_p95_ms': (40, 66, True),
        'recognition_final_p95_ms': (120, 300, True),
        'understanding_hz': (pytest.approx(15.625), 15, True),
        'understanding_p95_ms': (4, 100, True),
        'planning_hz': (pytest.approx(15.625), 15, True),
        'planning_p95_ms': (2, 100, True),
        'control_hz': (pytest.approx(25), 30, False),
        'control_p95_ms': (10, 50, True),
        'voice_to_action_p95_ms': (289, 500, True),
        'voice_to_stop_p95_ms': (None, 250, None),
        'cpu_percent': (40, 80, True),
        'gpu_percent': (30, 80, True),
        'memory_mb': (700, 2048, True),
    }


def test_a_report_travels_as_one_line_of_json():
    report = healthy(Script()).report()
    text = encode_report(report)
    assert '\n' not in text
    assert decode_report(text) == report
    assert json.loads(text)['overall'] == {'level': 0, 'reason': 'within budget'}


@pytest.mark.parametrize('text', ['', '{}', '[1]', '\ud800', '[' * 100_000])
def test_what_is_no_report_is_rejected(text):
    with pytest.raises(MalformedMessageError, match='not a valid report'):
        decode_report(text)


def test_latencies_beyond_the_budget_are_counted():
    script = Script()
    script.obey('u1')
    script.recognition_ms, script.final_ms = 67, 301
    script.speak('u2', revisions=5)
    assert script.stage('recognition').values.deadline_misses == 6
    assert script.stage('planning').values.deadline_misses == 0


def test_the_way_between_the_stages_is_measured():
    script = Script()
    script.transport_ms = 3
    script.obey('u')
    transport = {stage.values.name: stage.values.transport_ms for stage in script.report().stages}
    assert {name: summary and summary.max for name, summary in transport.items()} == {
        'audio': None,
        'recognition': None,
        'understanding': 3,
        'planning': 3,
        'control': 3,
    }


def test_the_jitter_is_the_deviation_of_the_intervals():
    script = Script()
    for revision, wait_ms in enumerate((0, 50, 70, 50, 70)):
        script.wait(wait_ms)
        script.publish(script.messages('u', revision, script.now_ns)[0])
    assert script.stage('recognition').values.jitter_ms == pytest.approx(10)


def test_the_overall_rate_counts_the_silence():
    script = healthy(Script())
    script.audio(frames=2000)
    values = {stage.values.name: stage.values for stage in script.report().stages}
    assert values['audio'].overall_hz == pytest.approx(31.25, rel=0.01)
    assert values['recognition'].overall_hz < values['recognition'].rate_hz


def queues(script):
    values = {stage.values.name: stage.values for stage in script.report().stages}
    return {name: (values[name].queue_depth, values[name].queue_depth_max) for name in STAGES}


def test_what_waits_for_an_answer_is_counted():
    script = Script()
    for revision in range(4):
        transcript, intent, plan = script.messages('u', revision, script.now_ns)
        script.publish(transcript)
        if revision == 3:
            script.publish(intent)
    assert queues(script) == {
        'audio': (None, None),
        'recognition': (None, None),
        'understanding': (0, 4),  # the newest answer is one for all before it
        'planning': (1, 1),
        'control': (None, None),
    }
    script.publish(plan)
    assert queues(script)['planning'] == (0, 1)


def test_plans_that_wait_for_their_turn_are_counted():
    script = Script()
    common = {'utterance_id': 'u', 'revision': 0, 'is_final': True, 'speech_end_ns': START_NS, 'is_committed': True}
    for plan_id in ('first', 'second', 'second', 'third'):
        script.publish(Plan(plan_id=plan_id, steps=PLANNED, mode='append', **common))
    assert queues(script)['control'] == (3, 3)
    script.publish(script.execution('u', (), speech_end_ns=START_NS, plan_id='first'))
    assert queues(script)['control'] == (2, 3)


def test_rejects_are_counted_by_reason():
    script = Script()
    common = {'utterance_id': 'u', 'revision': 0, 'speech_end_ns': START_NS, 'plan_id': 'p'}
    for metres in (12, 9.5):
        script.publish(Plan(refusal=f'{metres} metres is too far.', is_final=True, **common))
        script.publish(Plan(refusal='That is not finished yet.', is_final=False, **common))
    script.publish(
        msgspec.structs.replace(
            script.execution('u', (), speech_end_ns=START_NS, state='refused'), reason='the robot is where it is'
        )
    )
    script.monitor.on_malformed('planning', 'not a valid plan')
    script.monitor.on_counted_elsewhere('recognition', {'not believed: no speech': 3, 'not believed: a loop': 0})
    rejects = {stage.values.name: stage.values.rejects for stage in script.report().stages}
    assert rejects == {
        'audio': {},
        'recognition': {'not believed: no speech': 3},
        'understanding': {},
        'planning': {'refused: # metres is too far.': 2, 'not a valid plan': 1},
        'control': {'refused: the robot is where it is': 1},
    }
    assert script.stage('control').verdict.level == Level.OK  # to refuse is no fault


def stops(script):
    return script.report().voice_to_stop.values.stop_ms


def test_voice_to_stop_ends_when_the_robot_is_at_rest():
    script = Script()
    for brake_ms in (100, 200):
        script.cry_stop(f'u{brake_ms}', brake_ms=brake_ms)
    assert (stops(script).count, stops(script).p50, stops(script).max) == (2, 145, 245)
    assert script.report().voice_to_stop.verdict.level == Level.WARN


def test_a_slow_stop_is_an_error():
    script = Script()
    script.cry_stop('u', brake_ms=300)
    assert script.report().overall == Verdict(Level.ERROR, 'voice to stop: p95 345.0 ms is above the budget of 250 ms')


def test_a_stop_of_a_robot_at_rest_is_no_measurement():
    script = Script()
    script.move()
    script.wait(5_000)
    script.cry_stop('u', brake_ms=100, is_moving=False)
    assert stops(script) is None


def test_the_word_is_measured_once_however_often_it_is_heard():
    script = Script()
    script.cry_stop('u', brake_ms=100)
    script.cry_stop('u', brake_ms=100)
    assert stops(script).count == 1


def test_a_robot_that_stands_before_word_of_the_stop_comes_is_measured_too():
    script = Script()
    script.monitor.on_velocity(True, script.now_ns)
    _, intent, _ = script.messages('u', 0, script.now_ns)
    script.wait(60)
    script.monitor.on_velocity(False, script.now_ns)
    script.wait(5)
    script.publish(msgspec.structs.replace(intent, steps=(), emergency_stop=True))
    assert stops(script).max == 60


def test_a_stop_without_a_trace_is_measured_but_cannot_be_split():
    script = Script()
    script.monitor.on_velocity(True, script.now_ns)
    _, intent, _ = script.messages('u', 0, script.now_ns)
    script.wait(50)
    script.publish(msgspec.structs.replace(intent, trace=(), emergency_stop=True))
    script.wait(50)
    script.monitor.on_velocity(False, script.now_ns)
    typical = script.report().voice_to_stop.values.typical
    assert (typical.duration_ms, typical.parts) == (100, ())


@pytest.mark.parametrize('jump_ms', [-3_600_000, 3_600_000])
def test_a_stop_across_a_step_of_the_clock_is_no_measurement(jump_ms):
    script = Script()
    script.cry_stop('u', brake_ms=jump_ms)
    assert stops(script) is None


def test_a_typed_stop_is_no_voice():
    script = Script()
    script.monitor.on_velocity(True, script.now_ns)
    _, intent, _ = script.messages('u', 0, script.now_ns)
    script.publish(msgspec.structs.replace(intent, source='typed', emergency_stop=True))
    script.wait(20)
    script.monitor.on_velocity(False, script.now_ns)
    assert stops(script) is None


def test_a_motion_that_ends_by_itself_is_no_stop():
    script = Script()
    script.obey('u')
    assert stops(script) is None


def test_memory_stays_the_same_however_much_is_said():
    script = Script()
    for index in range(150):
        script.obey(f'u{index}', revisions=5)
        script.audio(frames=5)
    size = len(encode_report(script.report()))
    for index in range(150, 400):
        script.obey(f'u{index}', revisions=5)
        script.audio(frames=5)
    assert len(encode_report(script.report())) == pytest.approx(size, rel=0.02)
    assert len(script.monitor.utterances()) == 100
