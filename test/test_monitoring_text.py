import pytest
from monitoring_script import Script

from voice_pipeline.monitoring.diagnostics import KeyValue, diagnostic_statuses
from voice_pipeline.monitoring.machine import MachineSample, ProcessUsage, Reading
from voice_pipeline.monitoring.report import Level
from voice_pipeline.monitoring.text import performance_lines

PROCESSES = (
    ProcessUsage('speech_recognition', 4711, 62.5, 412.25),
    ProcessUsage('monitor', 4712, None, 30.0),
)


@pytest.fixture
def busy():
    script = Script()
    script.obey('u1')
    script.recognition_ms, script.control_ms = 90, 25
    script.obey('u2', period_ms=100, text='turn left ninety degrees')
    script.audio(frames=100)
    readings = (
        Reading('temperature', 'cpu', 55.25, '°C'),
        Reading('temperature', 'gpu', 61.0, '°C'),
        Reading('power', 'VDD_IN', 7.256, 'W'),
    )
    script.monitor.on_machine(MachineSample((20.0, 48.4), None, 612.4, PROCESSES, readings))
    return script


NOTHING = '    - Hz  p50    - ms  p95    - ms  jitter   - ms  age     - s  drops   0  late   0  OK: no data yet'


def test_lines_before_anything_happened():
    assert performance_lines(Script().report()) == [
        f'audio          {NOTHING}',
        f'recognition    {NOTHING}',
        f'understanding  {NOTHING}',
        f'planning       {NOTHING}',
        f'control        {NOTHING}',
        'voice->action            p50    - ms  p95    - ms  stop p95    - ms  CPU   - %  GPU   - %  '
        'memory    - MB  hottest   - C  OK: no data yet',
    ]


def test_lines_of_a_pipeline_with_a_slow_recogniser(busy):
    rate = 'rate 12.20 Hz is below the budget of 15 Hz'
    latency = 'latency p95 90.00 ms is above the budget of 66 ms'
    figures = 'age   5.0 s  drops   0  late   0'
    assert performance_lines(busy.report()) == [
        'audio           31.2 Hz  p50   20 ms  p95   20 ms  jitter   0 ms  '
        'age   0.0 s  drops   0  late   0  OK: within budget',
        'recognition     12.2 Hz  p50   40 ms  p95   90 ms  jitter  18 ms  '
        f'age   5.0 s  drops   0  late  30  ERROR: {rate}; {latency}',
        f'understanding   12.2 Hz  p50    4 ms  p95    4 ms  jitter  18 ms  {figures}  ERROR: {rate}',
        f'planning        12.2 Hz  p50    2 ms  p95    2 ms  jitter  18 ms  {figures}  ERROR: {rate}',
        'control         25.0 Hz  p50   10 ms  p95   25 ms  jitter   0 ms  '
        'age   3.2 s  drops   0  late   0  OK: within budget',
        'voice->action            p50  289 ms  p95  304 ms  '
        'p50 = endpointing 150 + recognition 120 + understanding 5 + planning 3 + control 11 ms  '
        'stop p95    - ms  CPU  34 %  GPU   - %  memory  612 MB  hottest  61 C  '
        'ERROR: see recognition, understanding, planning; '
        'likely cause: recognition is slow, understanding is slow',
    ]


def test_what_is_wrong_with_the_whole_is_said_on_the_last_line():
    script = Script()
    script.monitor.on_machine(MachineSample((96.0, 98.0), None, 612.4, PROCESSES))
    line = performance_lines(script.report())[-1]
    assert line.endswith(
        'ERROR: machine: CPU 97.00 % is above the budget of 80 %; '
        'likely cause: speech_recognition still starting, CPU at 97 % (most of it other programs)'
    )


def test_each_line_is_one_line_and_plain_ascii(busy):
    assert all(line.isascii() and line.isprintable() for line in performance_lines(busy.report()))


def status(report, name):
    return next(one for one in diagnostic_statuses(report, 'robot 7') if one.name == f'voice_pipeline: {name}')


def test_one_status_a_stage_one_for_the_way_and_one_for_the_machine(busy):
    statuses = diagnostic_statuses(busy.report(), 'robot 7')
    assert [one.name.removeprefix('voice_pipeline: ') for one in statuses] == [
        'audio',
        'recognition',
        'understanding',
        'planning',
        'control',
        'voice to action',
        'voice to stop',
        'machine',
    ]
    assert {one.hardware_id for one in statuses} == {'robot 7'}
    assert [one.level for one in statuses] == [0, 2, 2, 2, 0, 0, 0, 0]
    assert all(type(one.level) is int and one.message for one in statuses)


def test_the_status_of_a_stage(busy):
    recognition = status(busy.report(), 'recognition')
    assert recognition.level == Level.ERROR
    assert recognition.message.startswith('rate 12.20 Hz is below the budget of 15 Hz')
    assert recognition.values == (
        KeyValue('rate while active (Hz)', '12.2'),
        KeyValue('rate over the last minute (Hz)', '5.2'),
        KeyValue('jitter (ms)', '18.0'),
        KeyValue('longest interval (ms)', '100.0'),
        KeyValue('latency p50 (ms)', '40.0'),
        KeyValue('latency p95 (ms)', '90.0'),
        KeyValue('latency p99 (ms)', '90.0'),
        KeyValue('latency max (ms)', '90.0'),
        KeyValue('final latency p50 (ms)', '120.0'),
        KeyValue('final latency p95 (ms)', '120.0'),
        KeyValue('final latency p99 (ms)', '120.0'),
        KeyValue('final latency max (ms)', '120.0'),
        KeyValue('latencies beyond the budget', '30'),
        KeyValue('age (s)', '5.0'),
        KeyValue('messages', '62'),
        KeyValue('dropped', '0'),
        KeyValue('malformed', '0'),
        KeyValue('clock errors', '0'),
    )


def test_the_status_of_a_stage_that_gets_its_work_from_another(busy):
    busy.publish(busy.messages('u3', 0, busy.now_ns)[0])
    busy.monitor.on_malformed('understanding', 'not a valid intent: Expected `int`')
    values = {one.key: one.value for one in status(busy.report(), 'understanding').values}
    expected = {
        'likely cause': 'recognition is slow',
        'transport from recognition p50 (ms)': '1.0',
        'transport from recognition p99 (ms)': '1.0',
        'waiting now': '1',
        'waiting at most': '1',
        'malformed': '1',
        'rejected, not a valid intent: Expected `int`': '1',
    }
    assert {key: values[key] for key in expected} == expected


def test_the_status_of_the_stops():
    script = Script()
    assert status(script.report(), 'voice to stop').message == 'no data yet'
    script.cry_stop('u', brake_ms=120)
    stops = status(script.report(), 'voice to stop')
    values = {one.key: one.value for one in stops.values}
    assert (stops.message, values['voice to stop p95 (ms)']) == ('within budget', '165.0')
    assert (values['recognition of the median (ms)'], values['control of the median (ms)']) == ('40.0', '120.0')


def test_the_status_of_the_way_from_voice_to_action(busy):
    values = {one.key: one.value for one in status(busy.report(), 'voice to action').values}
    assert values == {
        'voice to action p50 (ms)': '289.0',
        'voice to action p95 (ms)': '304.0',
        'voice to action p99 (ms)': '304.0',
        'voice to action max (ms)': '304.0',
        'command to action p50 (ms)': 'not available',
        'endpointing of the median (ms)': '150.0',
        'recognition of the median (ms)': '120.0',
        'understanding of the median (ms)': '5.0',
        'planning of the median (ms)': '3.0',
        'control of the median (ms)': '11.0',
        'newest text': 'turn left ninety degrees',
        'newest (ms)': '304.0',
    }


def test_an_utterance_that_is_not_counted_is_explained():
    script = Script()
    script.publish(script.execution('u', (), speech_end_ns=script.now_ns))
    values = {one.key: one.value for one in status(script.report(), 'voice to action').values}
    assert values['newest not counted'] == 'not in the trace: understanding, planning, control'


def test_the_status_of_the_machine(busy):
    values = {one.key: one.value for one in status(busy.report(), 'machine').values}
    assert values == {
        'CPU, all cores (%)': '34.2',
        'GPU (%)': 'not available',
        'memory of the pipeline (MB)': '612.4',
        'core 0 (%)': '20.0',
        'core 1 (%)': '48.4',
        'temperature cpu (°C)': '55.2',
        'temperature gpu (°C)': '61.0',
        'power VDD_IN (W)': '7.3',
        'speech_recognition, process 4711: CPU (% of a core)': '62.5',
        'speech_recognition, process 4711: memory (MB)': '412.2',
        'monitor, process 4712: CPU (% of a core)': 'not available',
        'monitor, process 4712: memory (MB)': '30.0',
    }
