"""The page about a recorded run, from the monitor's recording and from bags: the same figures from both."""

import argparse
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from monitoring_script import START_NS, S, Script
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from voice_pipeline import topics
from voice_pipeline.messages import Execution, Intent, Plan, Transcript, encode
from voice_pipeline.monitoring.budgets import load_budgets
from voice_pipeline.monitoring.machine import MachineSample, Reading
from voice_pipeline.monitoring.recording import MIN_BYTES, RunRecorder
from voice_pipeline.monitoring.report import encode_report
from voice_pipeline.monitoring.utterances import UtteranceRecord, encode_utterance
from voice_pipeline.tools import report as command
from voice_pipeline.tools.report.bag import load_bag
from voice_pipeline.tools.report.page import make_page
from voice_pipeline.tools.report.run import Run, RunError, load_recording

TYPES = get_typestore(Stores.ROS2_JAZZY)
STRING = 'std_msgs/msg/String'
TOPICS = {Transcript: 'transcript', Intent: 'intent', Plan: 'plan', Execution: 'execution'}
STORAGES = [StoragePlugin.MCAP, StoragePlugin.SQLITE3]
SAMPLE = MachineSample(
    core_percents=(20.0, 60.0),
    gpu_percent=None,
    memory_mb=700.0,
    readings=(Reading('temperature', 'cpu', 52.0, '°C'), Reading('power', 'VDD_IN', 7.5, 'W')),
)


def message(kind, *values):
    return TYPES.types[kind](*values)


class Bag:
    """A bag that is being recorded; it stands in for the monitor of a `Script` and passes all on to a real one."""

    def __init__(self, writer, namespace='/voice', monitor=None):
        self.writer = writer
        self.namespace = namespace
        self.monitor = monitor
        self.connections = {}

    def write(self, topic, kind, content, at_ns):
        name = topic if topic.startswith('/') else f'{self.namespace}/{topic}'
        if name not in self.connections:
            self.connections[name] = self.writer.add_connection(name, kind, typestore=TYPES)
        self.writer.write(self.connections[name], at_ns, TYPES.serialize_cdr(content, kind))

    def text(self, topic, text, at_ns):
        self.write(topic, STRING, message(STRING, text), at_ns)

    def on_message(self, document, at_ns):
        self.text(TOPICS[type(document)], encode(document), at_ns)
        if self.monitor is not None:
            self.monitor.on_message(document, at_ns)

    def on_velocity(self, is_moving, at_ns):
        still = message('geometry_msgs/msg/Vector3', 0.0, 0.0, 0.0)
        drive = message('geometry_msgs/msg/Vector3', 0.3 if is_moving else 0.0, 0.0, 0.0)
        self.write('/cmd_vel', 'geometry_msgs/msg/Twist', message('geometry_msgs/msg/Twist', drive, still), at_ns)
        if self.monitor is not None:
            self.monitor.on_velocity(is_moving, at_ns)

    def on_audio(self, sequence, stamp_ns, end_ns, at_ns):
        dimension = 'std_msgs/msg/MultiArrayDimension'
        seconds, nanoseconds = divmod(stamp_ns, S)
        dimensions = [
            message(dimension, 'sample', 512, 1),
            message(dimension, 'rate', 16_000, 0),
            message(dimension, 'sequence', sequence, 0),
            message(dimension, 'stamp', seconds, nanoseconds),
        ]
        layout = message('std_msgs/msg/MultiArrayLayout', dimensions, 0)
        kind = 'std_msgs/msg/Int16MultiArray'
        self.write('audio', kind, message(kind, layout, np.zeros(512, dtype=np.int16)), at_ns)
        if self.monitor is not None:
            self.monitor.on_audio(sequence, stamp_ns, end_ns, at_ns)

    def on_pose(self, x_m, y_m, at_ns):
        point = message('geometry_msgs/msg/Point', x_m, y_m, 0.0)
        pose = message('geometry_msgs/msg/Pose', point, message('geometry_msgs/msg/Quaternion', 0.0, 0.0, 0.0, 1.0))
        nothing = message('geometry_msgs/msg/Vector3', 0.0, 0.0, 0.0)
        twist = message('geometry_msgs/msg/Twist', nothing, nothing)
        header = message('std_msgs/msg/Header', message('builtin_interfaces/msg/Time', 0, 0), 'odom')
        kind = 'nav_msgs/msg/Odometry'
        with_pose = message('geometry_msgs/msg/PoseWithCovariance', pose, np.zeros(36))
        with_twist = message('geometry_msgs/msg/TwistWithCovariance', twist, np.zeros(36))
        self.write('/odom', kind, message(kind, header, 'base_link', with_pose, with_twist), at_ns)


def act(script):
    """Two commands that are carried out, one of them waited for too long, with sound before and after."""
    script.audio(frames=60)
    script.obey('u1', text='go <forward> & "on"')
    script.audio(frames=60)
    script.obey('u2', silence_ms=700)
    script.audio(frames=60)


def record_bag(folder, plugin=StoragePlugin.MCAP, namespace='/voice'):
    """Record what the stages publish; return the monitor that listened."""
    script = Script()
    listening = script.monitor
    with Writer(folder, version=9, storage_plugin=plugin) as writer:
        bag = Bag(writer, namespace, listening)
        script.monitor = bag
        for step in range(50):
            bag.on_pose(0.02 * step, 0.01 * step, START_NS + step)
        act(script)
    return listening, script.now_ns


def record_run(path, **limits):
    """Record what the monitor finds out; return the script."""
    script = Script()
    recorder = RunRecorder(path, load_budgets(), lambda: script.now_ns, **limits)

    def note():
        script.monitor.on_machine(SAMPLE)
        recorder.on_report(script.monitor.report())
        for record in script.monitor.changed_utterances():
            recorder.on_utterance(record)

    note()
    act(script)
    note()
    script.wait(3000)
    note()
    recorder.close()
    return script


@pytest.fixture
def run(capsys):
    def run_command(*words):
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        code = command.main(parser.parse_args([str(word) for word in words]))
        out, err = capsys.readouterr()
        return code, out, err

    return run_command


class Page(HTMLParser):
    """The text of a page, its pictures, and whether its elements are closed as they should be."""

    VOID = ('meta', 'br', 'hr', 'img', 'input', 'link')

    def __init__(self, html):
        super().__init__()
        self.text, self.pictures, self.attributes, self.open = '', 0, [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.pictures += tag == 'svg'
        self.attributes += [(tag, name, value or '') for name, value in attributes]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attributes):
        self.attributes += [(tag, name, value or '') for name, value in attributes]

    def handle_data(self, data):
        if self.open and self.open[-1] != 'style':
            self.text += data


# --- the command ---


@pytest.fixture(scope='module')
def html(tmp_path_factory):
    """The page of a recording."""
    path = tmp_path_factory.mktemp('html') / 'run.jsonl'
    record_run(path)
    return make_page(load_recording(path))


def test_a_recording_becomes_one_page_always_the_same(run, tmp_path, html):
    record_run(tmp_path / 'run.jsonl')
    output = tmp_path / 'new' / 'page.html'
    assert run(tmp_path / 'run.jsonl', '-o', output) == (0, f'{output}\n', '')
    assert output.read_text() == html


def test_the_page_tells_what_happened(html):
    page = Page(html)
    assert page.pictures == 6
    for words in ('go <forward> & "on"', 'move forward 2 m', '289 ms', '839 ms', 'budget 500 ms', 'temperatures'):
        assert words in page.text


def test_the_page_needs_nothing_from_elsewhere(html):
    page = Page(html)
    assert not [tag for tag, *_ in page.attributes if tag in ('script', 'link', 'img', 'iframe')]
    links = [value for _, name, value in page.attributes if name in ('href', 'src', 'xlink:href')]
    assert all(link.startswith('#') for link in links)
    assert not re.search(r'url\((?!#)|@import', html)


def test_pictures_do_not_share_the_names_of_their_parts(html):
    clips = [value for tag, name, value in Page(html).attributes if (tag, name) == ('clippath', 'id')]
    assert len(clips) == len(set(clips)) > 0


@pytest.mark.parametrize(
    ('name', 'content', 'problem'),
    [
        ('missing.jsonl', None, 'there is no such file'),
        ('notes.txt', b'some notes', 'not a line of a recording'),
        ('missing.mcap', None, 'cannot be read'),
        ('bad.mcap', b'some notes', 'cannot be read'),
        ('bad.db3', b'some notes', 'cannot be read'),
        ('metadata.yaml', b'[', 'cannot be read'),
    ],
)
def test_what_cannot_be_read_is_said(run, tmp_path, name, content, problem):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, _, err = run(tmp_path / name)
    assert code == 2
    assert problem in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / name).with_suffix('.html').exists()


def test_a_page_that_cannot_be_written_is_said(run, tmp_path):
    RunRecorder(tmp_path / 'run.jsonl', load_budgets(), lambda: START_NS).close()
    code, _, err = run(tmp_path / 'run.jsonl', '-o', '/dev/null/page.html')
    assert code == 2
    assert '/dev/null' in err


# --- recordings ---


def test_what_is_missing_in_a_recording_is_told(tmp_path):
    path = tmp_path / 'run.jsonl'
    record_run(path)
    path.write_bytes(path.read_bytes()[:-30])
    assert load_recording(path).notes == [
        'Line 7 was not written to its end: a crash, a full disk, or the power failed.',
        'The recording was not ended in order.',
    ]


def test_a_run_larger_than_the_limit_is_told(tmp_path):
    path = tmp_path / 'run.jsonl'
    for _ in range(3):
        record_run(path)
    script = record_run(path, max_bytes=MIN_BYTES)
    recorder = RunRecorder(path, load_budgets(), lambda: START_NS + S, max_bytes=MIN_BYTES)
    for _ in range(80):
        recorder.on_report(script.report())
    assert 'The run is larger than the limit of 0 MB: its beginning is lost.' in load_recording(path).notes


def test_a_recording_of_nothing_says_why_its_sections_are_empty(tmp_path):
    path = tmp_path / 'run.jsonl'
    RunRecorder(path, load_budgets(), lambda: START_NS).close()
    page = Page(make_page(load_recording(path)))
    assert page.pictures == 0
    for reason in ('nothing was said or typed', 'there is no report', 'no stage was timed', 'there is no odometry'):
        assert reason in page.text


def test_every_outcome_has_its_row():
    run = Run(source='test')
    record = UtteranceRecord(utterance_id='', kind='command', started_ns=START_NS, speech_end_ns=0, updated_ns=START_NS)
    outcomes = ('open', 'moving', 'nothing', 'answered', 'done', 'stopped', 'refused', 'failed', 'replaced')
    for outcome in outcomes:
        run.add_utterance(
            replace(record, utterance_id=outcome, outcome=outcome, reason=f'why {outcome}', voice_to_stop_ms=123.4)
        )
    page = Page(make_page(run))
    for outcome in outcomes:
        assert f'why {outcome}' in page.text
    assert page.text.count('stopped after 123 ms') == len(outcomes)


def test_a_changed_verdict_is_told_with_its_time(tmp_path, html):
    script = record_run(tmp_path / 'run.jsonl')
    run = load_recording(tmp_path / 'run.jsonl')
    (change,) = [change for at_ns, change in run.changes if at_ns == script.now_ns and 'audio' in change.line]
    assert change.line.startswith('audio: ERROR -> STALE: no audio for 3.0 s')
    assert change.line in Page(html).text


# --- bags ---


@pytest.mark.parametrize('plugin', STORAGES)
def test_a_bag_gives_the_figures_of_the_monitor_that_listened(tmp_path, plugin):
    monitor, now_ns = record_bag(tmp_path / 'bag', plugin)
    data_file = next(path for path in (tmp_path / 'bag').iterdir() if path.suffix != '.yaml')
    for path in (tmp_path / 'bag', data_file, tmp_path / 'bag' / 'metadata.yaml'):
        run = load_bag(path)
        expected = monitor.report(now_ns)
        measured = [(s.values.name, s.values.count, s.values.rate_hz, s.values.latency_ms) for s in expected.stages]
        assert measured == [
            (s.values.name, s.values.count, s.values.rate_hz, s.values.latency_ms) for s in run.last_report.stages
        ]
        assert run.last_report.voice_to_action.values == expected.voice_to_action.values
        assert list(run.utterances.values()) == list(monitor.utterances())
        assert len(run.samples) == pytest.approx((now_ns - START_NS) / S, abs=2)
        assert (run.path[-1].x_m, run.path[-1].y_m) == pytest.approx((0.98, 0.49))
        assert len(run.path) == 50
        assert run.notes == ['The bag holds no reports of the monitor: the figures are worked out from the messages.']


def test_a_bag_becomes_one_page_with_the_path_of_the_robot(run, tmp_path):
    record_bag(tmp_path / 'bag')
    code, out, _ = run(tmp_path / 'bag')
    assert (code, out) == (0, f'{tmp_path / "bag.html"}\n')
    page = Page((tmp_path / 'bag.html').read_text())
    assert page.pictures == 5
    assert 'only the reports of the monitor hold it' in page.text


def test_what_the_monitor_reported_is_taken_as_it_is(tmp_path):
    script = Script()
    script.obey('u1')
    script.monitor.on_machine(SAMPLE)
    reported, (record,) = script.report(), script.monitor.utterances()
    with Writer(tmp_path / 'bag', version=9) as writer:
        bag = Bag(writer)
        bag.text(topics.REPORT, encode_report(reported), START_NS)
        bag.text(topics.UTTERANCE, encode_utterance(replace(record, outcome='moving')), START_NS)
        bag.text(topics.UTTERANCE, encode_utterance(record), START_NS + 5 * S)
        bag.text(topics.UTTERANCE, '{}', START_NS + 5 * S)
    run = load_bag(tmp_path / 'bag')
    assert run.last_report == reported
    assert run.utterances == {'u1': record}
    assert len(run.samples) == 1
    assert run.notes == ['1 reports or utterances are of another version: left out.']


def test_malformed_messages_in_a_bag_are_counted(tmp_path):
    with Writer(tmp_path / 'bag', version=9) as writer:
        Bag(writer).text('transcript', 'no json', START_NS)
        Bag(writer, '/other').text('chatter', 'no json', START_NS)
    run = load_bag(tmp_path / 'bag')
    assert run.last_report.stages[1].values.malformed == 1
    assert run.notes[1].startswith('Not in the bag: audio, intent, plan, execution, cmd_vel: ')


def test_the_namespace_is_found_and_can_be_chosen(tmp_path):
    for namespace in ('', '/left', '/right/arm'):
        record_bag(tmp_path / f'bag{namespace.replace("/", "_")}', namespace=namespace)
        assert load_bag(tmp_path / f'bag{namespace.replace("/", "_")}').utterances.keys() == {'u1', 'u2'}
    with Writer(tmp_path / 'two', version=9) as writer:
        for namespace in ('/left', '/right/arm'):
            script = Script()
            script.monitor = Bag(writer, namespace)
            script.speak(f'u {namespace}')
    with pytest.raises(RunError, match=r'several pipelines .* choose one with --namespace: /left, /right/arm'):
        load_bag(tmp_path / 'two')
    with pytest.raises(RunError, match='no pipeline in the namespace /middle'):
        load_bag(tmp_path / 'two', 'middle')
    assert load_bag(tmp_path / 'two', 'right/arm').utterances.keys() == {'u /right/arm'}


def test_a_bag_without_the_pipeline_is_refused(tmp_path):
    with Writer(tmp_path / 'bag', version=9) as writer:
        Bag(writer).text('chatter', 'hello', START_NS)
    with pytest.raises(RunError, match='ros2 bag record --all'):
        load_bag(tmp_path / 'bag')


def test_times_of_a_bag_that_jump_by_years_do_no_harm(tmp_path):
    with Writer(tmp_path / 'bag', version=9) as writer:
        bag = Bag(writer)
        for at_ns in (1, START_NS, START_NS + 2 * S):
            bag.text('transcript', '{}', at_ns)
    assert len(load_bag(tmp_path / 'bag').samples) == 3


@pytest.mark.parametrize('plugin', STORAGES)
@pytest.mark.parametrize('share', [0.0, 0.3, 0.6, 0.9])
def test_a_bag_that_was_cut_is_refused_with_advice(tmp_path, plugin, share):
    record_bag(tmp_path / 'bag', plugin)
    data_file = next(path for path in (tmp_path / 'bag').iterdir() if path.suffix != '.yaml')
    content = data_file.read_bytes()
    data_file.write_bytes(content[: round(share * len(content))])
    for path in (tmp_path / 'bag', data_file):
        with pytest.raises(RunError, match='ros2 bag reindex'):
            load_bag(path)
