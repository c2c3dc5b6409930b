"""What the monitor takes for the cause of a slow stage: a table."""

import pytest
from monitoring_script import Script

from voice_pipeline.jetson.outcome import Outcome, SetupRecord
from voice_pipeline.monitoring.causes import MOST_CAUSES
from voice_pipeline.monitoring.machine import MachineSample, ProcessUsage, Reading


def process(name, cpu_percent=20.0, memory_mb=300.0):
    return ProcessUsage(name, 4711, cpu_percent, memory_mb)


def sample(*, cores=(30.0, 30.0), gpu=None, memory_mb=700.0, processes=(), readings=()):
    return MachineSample(cores, gpu, memory_mb, tuple(processes), tuple(readings))


def setup(**states):
    """The record of a Jetson whose tunings are in these states."""
    outcomes = tuple(Outcome(name.replace('_', ' '), state, 'as it is') for name, state in states.items())
    return SetupRecord('verify', 'Orin Nano', 'boot', 0, outcomes)


def slow_recognition(script):
    script.recognition_ms = 90
    script.obey('u')


def slow_everything(script):
    script.recognition_ms, script.understanding_ms = 90, 150
    script.obey('u', period_ms=100)


def late_action(script):
    script.obey('u', silence_ms=700)


def slow_stop(script):
    script.cry_stop('u', brake_ms=400)


def loses_sound(script):
    script.audio(frames=20)
    script.sequence += 7
    script.audio(frames=2)
    slow_recognition(script)


def full_machine(script):
    script.obey('u')


def quiet_audio(script):
    script.audio(frames=5)
    script.wait(3_000)


HOT = [Reading('temperature', 'cpu', 71.0, '°C'), Reading('temperature', 'tj', 97.0, '°C')]
HELD = [
    Reading('throttling', 'GPU heat', 1.0, 'yes/no'),
    Reading('throttling', 'GPU power cap', 0.0, 'yes/no'),
    Reading('throttling', 'over-current oc3', 4.0, 'events/min'),
]
SHORT = [Reading('memory', 'available', 120.0, 'MB'), Reading('memory', 'swapped in', 12.0, 'MB/s')]
HEALTHY = [
    Reading('memory', 'available', 4000.0, 'MB'),
    Reading('memory', 'swap used', 900.0, 'MB'),
    Reading('memory', 'swapped in', 0.0, 'MB/s'),
    Reading('temperature', 'tj', 60.0, '°C'),
    Reading('throttling', 'GPU heat', 0.0, 'yes/no'),
]
BUSY = [process('speech_recognition', 150.0), process('monitor', 2.0), process('robot_control', None)]

CAUSES = [
    # what happens, of which part, the machine, the set-up, what is said
    (slow_recognition, 'recognition', sample(readings=HEALTHY), None, []),
    (slow_recognition, 'recognition', sample(cores=()), setup(), []),
    (
        slow_recognition,
        'recognition',
        sample(cores=(99.0, 95.0), processes=BUSY),
        setup(clocks='differs'),
        ['CPU at 97 % (most of it speech_recognition)', 'clocks not locked'],
    ),
    (
        slow_recognition,
        'recognition',
        sample(gpu=97.0),
        setup(clocks='not permitted'),
        ['GPU at 97 %', 'clocks not locked'],
    ),
    (
        slow_recognition,
        'recognition',
        sample(cores=(90.0, 90.0), processes=[process('speech_recognition', 40.0)]),
        None,
        ['CPU at 90 % (most of it other programs)'],
    ),
    (
        slow_recognition,
        'recognition',
        sample(),
        setup(power_mode='differs', clocks='needs reboot', swappiness='differs'),
        ['not the fastest power mode, clocks not locked'],
    ),
    (slow_recognition, 'recognition', sample(), setup(power_mode='ok', clocks='changed'), []),
    (slow_recognition, 'recognition', sample(readings=HELD), None, ['throttled: GPU heat, over-current oc3']),
    (slow_recognition, 'recognition', sample(readings=HOT), None, ['tj at 97 °C']),
    (
        slow_recognition,
        'recognition',
        sample(readings=SHORT),
        None,
        ['only 120 MB of memory left', 'swapping (12 MB/s)'],
    ),
    (loses_sound, 'recognition', sample(), None, ['sound was lost (7 frames)']),
    (slow_everything, 'understanding', sample(gpu=90.0), None, ['recognition is slow', 'GPU at 90 %']),
    (slow_everything, 'planning', sample(), None, ['understanding is slow']),
    (late_action, 'voice to action', sample(), None, ['endpointing takes 700 of 839 ms']),
    (slow_stop, 'voice to stop', sample(gpu=88.0), None, ['GPU at 88 %']),
    (quiet_audio, 'audio', sample(cores=(100.0, 100.0)), None, ['CPU at 100 % (most of it other programs)']),
    (quiet_audio, 'audio', sample(processes=[process('robot_control')]), None, ['audio_capture is not running']),
    (quiet_audio, 'audio', sample(processes=[process('audio_capture')]), None, []),
    (quiet_audio, 'audio', sample(processes=[process('monitor')]), None, []),  # they run on another machine
    (
        full_machine,
        'machine',
        sample(memory_mb=3000.0, processes=[process('monitor'), process('speech_recognition', memory_mb=2500.0)]),
        setup(clocks='differs'),
        ['speech_recognition uses 2500 MB'],
    ),
    (
        full_machine,
        'machine',
        sample(cores=(100.0, 100.0), processes=[process('speech_recognition', 160.0)]),
        None,
        ['CPU at 100 % (most of it speech_recognition)'],
    ),
]


@pytest.mark.parametrize(('happens', 'part', 'machine', 'record', 'causes'), CAUSES)
def test_the_likely_causes(happens, part, machine, record, causes):
    script = Script()
    script.monitor.on_machine(machine)
    script.monitor.on_setup(record)
    happens(script)
    report = script.report()
    assert report.parts()[part].verdict.level > 0
    assert list(report.causes.get(part, ())) == causes


def test_what_is_well_needs_no_cause():
    script = Script()
    script.monitor.on_machine(sample(readings=HOT))
    script.obey('u')
    assert script.report().causes == {}


def test_the_machine_is_no_cause_of_a_malformed_message():
    script = Script()
    script.monitor.on_machine(sample(readings=HOT))
    script.monitor.on_malformed('planning', 'not a valid plan')
    report = script.report()
    assert report.parts()['planning'].verdict.level > 0
    assert report.causes == {}


@pytest.mark.parametrize(
    ('happens', 'causes'),
    [
        (lambda script: None, ('speech_recognition and intent_parser still starting',)),
        (lambda script: script.monitor.on_ready('speech_recognition'), ('intent_parser still starting',)),
        # One that speaks has started, whether or not it was heard to say so.
        (lambda script: script.publish(script.messages('u', 0, script.now_ns)[1]), ('speech_recognition still',)),
    ],
)
def test_models_that_are_being_loaded_keep_a_machine_busy(happens, causes):
    script = Script()
    loading = [process('speech_recognition', 120.0), process('intent_parser', 60.0), process('monitor', 1.0)]
    script.monitor.on_machine(sample(cores=(95.0, 95.0), processes=loading))
    happens(script)
    first, second = script.report().causes['machine']
    assert first.startswith(causes[0])
    assert second == 'CPU at 95 % (most of it speech_recognition)'


def test_a_node_that_works_and_never_answers_is_not_connected():
    script = Script()
    script.monitor.on_machine(sample(processes=[process('action_planner')]))
    for node in ('action_planner', 'somebody_else'):
        script.monitor.on_ready(node)
    script.publish(script.messages('u', 0, script.now_ns)[1])
    script.wait(3_000)
    assert script.report().causes == {'planning': ('action_planner has never answered, not connected (discovery)',)}


def test_messages_that_take_long_are_named_where_they_arrive():
    script = Script()
    script.transport_ms, script.final_ms = 60, 400
    script.speak('u')
    report = script.report()
    assert report.stages[2].values.transport_ms.p95 == 60
    expected = 'messages take 60 ms to understanding, 60 ms to planning, 60 ms to control'
    assert expected in report.causes['voice to action']
    script.understanding_ms = 150
    script.speak('v')
    assert 'messages take 60 ms to understanding' in script.report().causes['understanding']


def test_no_more_than_the_likeliest_are_named():
    script = Script()
    script.monitor.on_machine(sample(cores=(99.0, 99.0), gpu=99.0, readings=HOT + HELD + SHORT))
    slow_recognition(script)
    assert len(script.report().causes['recognition']) == MOST_CAUSES
