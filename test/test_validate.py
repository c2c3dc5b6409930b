"""The validator: figures, verdicts and reports, from scripted measurements."""

import json
import subprocess
from itertools import count

import pytest

from voice_pipeline.__main__ import main
from voice_pipeline.messages import Execution, Intent, Plan, StageTrace, Transcript
from voice_pipeline.monitoring.budgets import load_budgets
from voice_pipeline.monitoring.machine import MachineValues, ProcessUsage
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.demo.person import Spoken
from voice_pipeline.tools.machine import describe, machine
from voice_pipeline.tools.processes import NodeProcess, PipelineError, PipelineProcesses
from voice_pipeline.tools.revisions import Clock
from voice_pipeline.tools.validate import command, exchange, listening, report, run
from voice_pipeline.tools.validate.lines import Line, Outcome, Verdict, amount, average, figures_of, rate, upper_p95
from voice_pipeline.tools.validate.page import page
from voice_pipeline.tools.validate.promises import OTHER_LOAD_PERCENT
from voice_pipeline.tools.validate.run import Validation, other_load_percent
from voice_pipeline.tools.validate.whole_figures import Record, lines_of, machine_lines
from voice_pipeline.tools.validate.witness import Received, Witness, intervals_ms, revision_intervals_ms

MS = 1_000_000
SECOND = 1_000_000_000
BUDGETS = load_budgets()


class HandClock(Clock):
    """A clock that moves when somebody waits."""

    def __init__(self):
        self.ns = 0

    def now_ns(self):
        return self.ns

    def wait_until(self, at_ns):
        self.ns = max(self.ns, at_ns)


class SlowPartner:
    """Answers each message after so many ms of the clock, those in `deaf_to` never."""

    def __init__(self, clock, latency_ms, deaf_to=()):
        self.clock, self.latency_ns, self.deaf_to = clock, latency_ms * MS, set(deaf_to)
        self.due_ns = {}

    def send(self, message):
        self.due_ns[message] = self.clock.ns + self.latency_ns
        return message

    def answered_ns(self, message, timeout_s):
        if message in self.deaf_to:
            self.clock.ns += round(timeout_s * SECOND)
            return None
        self.clock.wait_until(self.due_ns[message])
        return self.due_ns[message]


def trace(name, received_ns, finished_ns):
    return StageTrace(name=name, received_ns=received_ns, finished_ns=finished_ns)


def transcript(utterance_id, revision, *, is_final=False, text='turn left', speech_end_ns=0, silence_ms=0.0, traces=()):
    return Transcript(
        utterance_id=utterance_id,
        revision=revision,
        is_final=is_final,
        speech_end_ns=speech_end_ns,
        trace=traces,
        text=text,
        confidence=1.0,
        silence_ms=silence_ms,
    )


# --- figures and verdicts ----------------------------------------------------------------------------------------


def test_figures_are_those_of_the_samples():
    figures = figures_of([4.0, 1.0, 2.0, 3.0])
    assert (figures.count, figures.mean, figures.median, figures.min, figures.max, figures.p95) == (
        4,
        2.5,
        2.5,
        1,
        4,
        4,
    )
    assert figures.deviation == pytest.approx(1.29, abs=0.01)
    assert figures_of([7.0]).deviation == 0.0
    assert figures_of([]) is None


@pytest.mark.parametrize(
    ('line', 'verdict'),
    [
        (rate('hz', 'rate', [50.0, 50.0], 20.0), Verdict.PASS),
        (rate('hz', 'rate', [50.0, 51.0], 20.0), Verdict.FAIL),
        (rate('hz', 'rate', [], 20.0), Verdict.NOT_MEASURED),
        (upper_p95('ms', 'time', [1.0] * 19 + [900.0], 10.0), Verdict.PASS),
        (upper_p95('ms', 'time', [1.0] * 18 + [900.0] * 2, 10.0), Verdict.FAIL),
        (upper_p95('ms', 'time', [900.0], None), Verdict.INFORMATION),
        (average('cpu', 'load', [70.0, 90.0], '%', 80.0), Verdict.PASS),
        (amount('lost', 'lost', 1.0, '', 0.0), Verdict.FAIL),
        (amount('gpu', 'GPU', None, '%', 80.0), Verdict.NOT_MEASURED),
    ],
)
def test_a_line_is_judged_by_its_limit(line, verdict):
    assert line.verdict is verdict


def test_only_neighbours_of_the_same_activity_have_an_interval():
    assert intervals_ms(
        [('a', 0), ('a', 50 * MS), ('b', 500 * MS), ('b', 570 * MS), (None, SECOND), (None, 2 * SECOND)]
    ) == [
        50.0,
        70.0,
    ]


def test_the_wait_for_a_final_is_no_interval():
    revisions = [(transcript('u', 0), 0), (transcript('u', 1), 60 * MS), (transcript('u', 2, is_final=True), 900 * MS)]
    assert revision_intervals_ms(revisions) == [60.0]


# --- feeding a stage ---------------------------------------------------------------------------------------------


def test_what_is_offered_goes_out_on_time_however_slow_the_answers():
    clock = HandClock()
    exchanges = exchange.offer(count(), 5, 50.0, SlowPartner(clock, latency_ms=300), clock)
    assert [one.sent_ns for one in exchanges] == [0, 20 * MS, 40 * MS, 60 * MS, 80 * MS]
    assert exchange.round_trips_ms(exchanges) == [300.0] * 5
    assert exchange.answer_intervals_ms(exchanges) == [20.0] * 4


def test_what_is_not_answered_is_lost_and_all_are_waited_for_together():
    clock = HandClock()
    exchanges = exchange.offer(range(9), 4, 100.0, SlowPartner(clock, 1, deaf_to=[1, 2]), clock)
    assert exchange.lost(exchanges) == 2
    assert exchange.round_trips_ms(exchanges) == [1.0, 1.0]
    assert clock.ns <= 30 * MS + exchange.PATIENCE_S * SECOND


def test_turns_show_what_the_stage_could_do():
    clock = HandClock()
    exchanges = exchange.take_turns(count(), 4, SlowPartner(clock, latency_ms=4), clock)
    assert exchange.answer_intervals_ms(exchanges) == [4.0] * 3


def test_turns_end_where_no_answer_comes():
    clock = HandClock()
    exchanges = exchange.take_turns(count(), 10, SlowPartner(clock, 1, deaf_to=[2]), clock)
    assert [one.answered_ns is None for one in exchanges] == [False, False, True]


# --- listening ---------------------------------------------------------------------------------------------------


def heard(step_ms, *, stream='first', work_ms=20, count=5):
    """An utterance "turn left" of revisions so far apart, and its final."""
    received = []
    for revision in range(count):
        is_final = revision == count - 1
        at_ns = SECOND + revision * step_ms * MS
        traces = (trace('recognition', at_ns - work_ms * MS, at_ns),)
        message = transcript(f'{stream}-u', revision, is_final=is_final, traces=traces)
        received.append(Received(message, at_ns, stream))
    return received


def clip(words):
    return Clip(words, 'synthetic', words, None)


def by_name(lines):
    return {line.name: line for line in lines}


def test_one_person_is_heard_at_a_rate_and_with_latencies():
    lines = by_name(listening.lines_of_one(listening.Heard([[clip('turn left')]], [heard(50)]), BUDGETS))
    assert lines['rate_hz'].value == pytest.approx(20.0)
    assert lines['revision_ms'].value == lines['final_ms'].value == pytest.approx(20.0)
    assert {line.verdict for line in lines.values()} == {Verdict.PASS, Verdict.INFORMATION}


def test_a_final_that_never_came_and_a_wrong_word_are_seen():
    said = [[clip('turn right'), clip('stop')]]
    lines = by_name(listening.lines_of_one(listening.Heard(said, [heard(50)]), BUDGETS))
    assert (lines['lost_finals'].value, lines['lost_finals'].verdict) == (1.0, Verdict.FAIL)
    assert lines['word_errors_percent'].note == '2 of 3'


def test_several_people_are_judged_by_the_slowest_stream():
    streams = [heard(50), heard(100, stream='second'), heard(60, stream='third')]
    lines = by_name(listening.lines_of_several(listening.Heard([[clip('turn left')]] * 3, streams), BUDGETS))
    assert (lines['streams'].value, lines['streams'].verdict) == (2.0, Verdict.FAIL)
    assert lines['slowest_hz'].value == pytest.approx(10.0)
    assert '"second"' in lines['slowest_hz'].label
    assert lines['throughput_hz'].value == pytest.approx(20.0 + 10.0 + 1000 / 60)


# --- the whole ---------------------------------------------------------------------------------------------------


def machine_values(load, own, memory_mb):
    return MachineValues(
        cpu_percent=load,
        gpu_percent=None,
        memory_mb=memory_mb,
        core_percents=(load, load),
        processes=(ProcessUsage('speech_recognition', 1, own * 2, memory_mb),),
    )


@pytest.fixture
def record():
    """A command whose motion begins 300 ms after its sound ends, and a stop that works 100 ms after its sound."""
    witness = Witness()
    end_ns = 10 * SECOND
    action_ns = end_ns + 300 * MS
    traces = (
        trace('recognition', end_ns + 160 * MS, end_ns + 250 * MS),
        trace('understanding', end_ns + 251 * MS, end_ns + 252 * MS),
        trace('planning', end_ns + 253 * MS, end_ns + 254 * MS),
        trace('control', end_ns + 290 * MS, action_ns),
    )
    shared = {'utterance_id': 'u-1', 'revision': 0, 'speech_end_ns': end_ns, 'is_final': True}
    witness.on_message(transcript('u-1', 0, is_final=True, speech_end_ns=end_ns, traces=traces[:1]), end_ns + 250 * MS)
    witness.on_message(Intent(**shared, text='turn left', silence_ms=0.0, trace=traces[:2]), end_ns + 252 * MS)
    witness.on_message(Plan(**shared, plan_id='p', is_committed=True, trace=traces[:3]), end_ns + 254 * MS)
    witness.on_message(Execution(**shared, plan_id='p', state='running', trace=traces), action_ns)
    for cycle in range(10):
        witness.on_velocity(True, action_ns + cycle * 20 * MS)
    stop_ns = 20 * SECOND
    stop = Intent(
        utterance_id='u-2',
        revision=0,
        is_final=False,
        speech_end_ns=stop_ns - 50 * MS,
        text='stop',
        silence_ms=0.0,
        emergency_stop=True,
    )
    witness.on_message(stop, stop_ns + 90 * MS)
    witness.on_velocity(False, stop_ns + 100 * MS)
    return Record(
        witness,
        commands=[Spoken(end_ns - SECOND, end_ns, end_ns)],
        stops=[Spoken(stop_ns - SECOND, stop_ns, stop_ns)],
    )


def test_voice_to_action_is_measured_within_and_from_outside(record):
    lines = by_name(lines_of(record, BUDGETS))
    assert lines['voice_to_action_ms'].samples == (300.0,)
    assert lines['voice_to_action_outside_ms'].samples == (300.0,)
    assert lines['voice_to_action_ms'].note.startswith('endpointing 160, recognition 90')
    assert lines['control_hz'].value == pytest.approx(50.0)
    assert lines['control_ms'].samples == (10.0,)
    assert lines['not_moved'].verdict is Verdict.PASS


def test_a_stop_counts_from_its_word_and_from_its_sound(record):
    lines = by_name(lines_of(record, BUDGETS))
    assert lines['voice_to_stop_ms'].samples == (150.0,)
    assert lines['voice_to_stop_outside_ms'].samples == (100.0,)


def test_a_command_that_moved_nothing_is_seen(record):
    record.commands.append(Spoken(12 * SECOND, 13 * SECOND, 13 * SECOND))
    assert by_name(lines_of(record, BUDGETS))['not_moved'].verdict is Verdict.FAIL


def test_the_machine_is_judged_and_a_missing_gpu_is_not():
    lines = by_name(machine_lines([machine_values(90.0, 30.0, 700.0), machine_values(92.0, 30.0, 900.0)], BUDGETS))
    assert (lines['cpu_percent'].value, lines['cpu_percent'].verdict) == (91.0, Verdict.FAIL)
    assert (lines['pipeline_cpu_percent'].value, lines['pipeline_cpu_percent'].verdict) == (30.0, Verdict.PASS)
    assert lines['memory_mb'].value == 900.0
    assert lines['gpu_percent'].verdict is Verdict.NOT_MEASURED


def test_what_others_do_is_the_rest():
    assert other_load_percent(machine_values(90.0, 30.0, 1.0)) == pytest.approx(60.0)
    assert other_load_percent(MachineValues(None, None, None)) is None


# --- reports -----------------------------------------------------------------------------------------------------


@pytest.fixture
def validation(record):
    outcomes = (
        Outcome('whole', 'End to end', tuple(lines_of(record, BUDGETS)), 1.0),
        Outcome('planning', 'Action planning', (rate('held_hz', 'plans <held>', [20.0] * 9, 20.0, 'a & b'),), 1.0),
    )
    return Validation(outcomes, record, ('something else was going on',))


def test_a_broken_promise_is_no_pass(validation):
    assert not report.is_kept(Validation((Outcome('x', 'X', (amount('a', 'a', 2.0, '', 1.0),)),), None, ()))
    assert not report.is_kept(Validation((Outcome('x', 'X', problem='no node'),), None, ()))
    assert report.is_kept(Validation(validation.outcomes[1:], None, ()))


def test_the_document_holds_every_figure_and_the_samples(validation):
    document = json.loads(json.dumps(report.as_json(validation, machine(), 'quick')))
    whole, planning = document['scenarios']
    held = planning['lines'][0]
    assert (held['verdict'], held['value'], held['samples']) == ('PASS', 50.0, [20.0] * 9)
    assert held['figures'].keys() == {'count', 'mean', 'median', 'deviation', 'min', 'max', 'p95'}
    assert {'processor', 'cores', 'memory_mb', 'gpu', 'ros', 'python', 'load_before'} <= document['machine'].keys()
    assert whole['name'] == 'whole'


def test_the_page_stands_alone_and_escapes(validation):
    text = page(validation, machine(), 'quick')
    assert text.count('<svg') == 3  # two scenarios with enough samples, and the latencies
    assert 'plans &lt;held&gt;' in text
    assert 'a &amp; b' in text
    assert 'something else was going on' in text
    assert '<script' not in text
    assert '<link' not in text


def test_the_machine_is_described_in_one_line():
    line = describe(machine())
    assert '\n' not in line
    assert 'cores' in line


# --- the command -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('outcome', 'status', 'said'),
    [
        (Outcome('planning', 'Action planning', (rate('hz', 'plans', [20.0] * 3, 20.0),)), 0, 'PASS: 1 kept'),
        (
            Outcome('planning', 'Action planning', (rate('hz', 'plans', [90.0] * 3, 20.0),)),
            1,
            'FAIL: 0 kept, 1 not kept',
        ),
        (Outcome('planning', 'Action planning', problem='the node has ended'), 2, 'the node has ended'),
    ],
)
def test_the_exit_status_is_the_verdict(monkeypatch, capsys, tmp_path, outcome, status, said):
    monkeypatch.setattr(command, 'validate', lambda task, say: Validation((outcome,), None, ()))
    files = [tmp_path / 'deep' / 'v.json', tmp_path / 'deep' / 'v.html']
    arguments = ['validate', '--only', 'planning', '--json', str(files[0]), '--html', str(files[1])]
    assert main(arguments) == status
    assert said in capsys.readouterr().out
    assert all(file.is_file() for file in files)


def test_a_scenario_that_cannot_run_does_not_keep_the_others_from_running(monkeypatch, tmp_path):
    def fail(*_arguments):
        raise PipelineError('ROS 2 is not there')

    monkeypatch.setattr(run, 'validate_understanding', fail)
    monkeypatch.setattr(run, 'validate_planning', lambda *_: [Line('a', 'a', 1.0, '')])
    monkeypatch.setattr(run, '_LOOK_S', 0.0)
    task = run.Task(['intents', 'planning'], None, BUDGETS, [], {}, tmp_path)
    validation = run.validate(task, lambda _text: None)
    assert [(one.name, one.problem) for one in validation.outcomes] == [
        ('intents', 'ROS 2 is not there'),
        ('planning', ''),
    ]


def test_a_busy_machine_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(run.psutil, 'cpu_percent', lambda interval: OTHER_LOAD_PERCENT + 30.0)
    validation = run.validate(run.Task([], None, BUDGETS, [], {}, tmp_path), lambda _text: None)
    assert '40 % of the processor before the start' in validation.warnings[0]


def test_a_wrong_file_is_said_in_plain_words(capsys, tmp_path):
    file = tmp_path / 'scenarios.yaml'
    file.write_text('sentences: []\n')
    assert main(['validate', '--scenarios', str(file)]) == 2
    assert 'scenarios.yaml: ' in capsys.readouterr().err


def test_the_script_ends_with_interruptions(monkeypatch):
    from voice_pipeline.tools.benchmark.scenarios import load_scenarios
    from voice_pipeline.tools.validate.whole import Script

    scenarios = load_scenarios()
    interruption = scenarios.interruption
    clips = [clip(one.words) for one in (*scenarios.sentences, interruption.begin, interruption.stop)]
    script = Script.of(clips, scenarios.validate.quick)
    assert len(script.commands) == scenarios.validate.quick.commands + scenarios.validate.quick.warm_up_commands
    assert (script.begin.words, script.stop.words) == ('go forward ten meters', 'stop')
    assert 'stop' not in {one.words for one in script.commands}


# --- waiting for nodes -------------------------------------------------------------------------------------------


def test_who_waits_too_long_is_told_for_what_and_where_the_logs_are(tmp_path):
    pipeline = PipelineProcesses({}, logs=tmp_path)
    pipeline.wait(lambda _seconds: True, 0.0, 'nothing')
    with pytest.raises(PipelineError, match=f'waited 0 s for the robot; the logs are in {tmp_path}'):
        pipeline.wait(lambda _seconds: False, 0.0, 'the robot')


def test_nobody_waits_for_a_node_that_has_ended(tmp_path):
    log = tmp_path / 'monitor.log'
    log.write_text('no such budget\n')
    pipeline = PipelineProcesses({}, logs=tmp_path)
    with subprocess.Popen(['true']) as process:
        process.wait()
        pipeline.nodes.append(NodeProcess('monitor', process, log))
        with pytest.raises(PipelineError, match='monitor has ended:\nno such budget'):
            pipeline.wait(lambda _seconds: False, 60.0, 'the robot')
