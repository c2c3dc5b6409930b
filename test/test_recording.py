"""The recording of a run: what is written comes back, also from a file that was cut, and a full disk stops nothing."""

import json
import logging
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from monitoring_script import MS, START_NS, S, Script

from voice_pipeline.monitoring.budgets import load_budgets
from voice_pipeline.monitoring.recording import (
    MAX_OPEN,
    MIN_BYTES,
    CutLine,
    EndLine,
    RecordingError,
    ReportLine,
    RunHeader,
    RunRecorder,
    UtteranceLine,
    older_part,
    read_recording,
)
from voice_pipeline.monitoring.utterances import UtteranceRecord

BUDGETS = load_budgets()
TEXT = st.text(st.characters(codec='utf-8'), max_size=40)


def clock_ns():
    return START_NS


def recorder(path, **limits):
    return RunRecorder(path, BUDGETS, clock_ns, **limits)


def utterance(name='u1', outcome='done', **values):
    return UtteranceRecord(
        utterance_id=name,
        kind='voice',
        started_ns=START_NS,
        speech_end_ns=START_NS + 900 * MS,
        updated_ns=START_NS + S,
        outcome=outcome,
        **values,
    )


@pytest.fixture(scope='module')
def report():
    script = Script()
    script.obey('u1')
    return script.report()


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'runs' / 'run.jsonl'


def of_kind(lines, kind):
    return [line for line in lines if isinstance(line, kind)]


def test_what_is_recorded_is_read(path, report):
    run = recorder(path)
    run.on_report(report)
    run.on_utterance(utterance(outcome='open'))
    run.on_utterance(utterance(outcome='done', heard='go forward'))
    run.close()

    header, reported, over, end = read_recording(path)
    assert (header.started_ns, header.part, header.budgets) == (START_NS, 1, BUDGETS)
    assert header.machine.cores >= 1
    assert header.machine.memory_mb > 0
    assert [stage.values for stage in reported.report.stages] == [stage.values for stage in report.stages]
    assert reported.report.overall == report.overall
    assert over == UtteranceLine(utterance=utterance(outcome='done', heard='go forward'))
    assert end == EndLine(at_ns=START_NS, reason='the monitor was ended')


def test_the_latencies_of_utterances_are_not_repeated_in_every_report(path, report):
    run = recorder(path)
    run.on_report(report)
    assert report.voice_to_action.values.utterances
    assert of_kind(read_recording(path), ReportLine)[0].report.voice_to_action.values.utterances == ()


@given(
    st.lists(st.builds(utterance, name=TEXT, outcome=st.sampled_from(['done', 'refused']), heard=TEXT, reason=TEXT)),
)
def test_all_texts_come_back(tmp_path_factory, records):
    path = tmp_path_factory.mktemp('texts') / 'run.jsonl'
    run = recorder(path)
    for record in records:
        run.on_utterance(record)
    assert [line.utterance for line in of_kind(read_recording(path), UtteranceLine)] == records


def test_every_line_is_there_at_once_and_is_one_json_document(path, report):
    run = recorder(path)
    run.on_report(report)
    run.on_utterance(utterance())
    kinds = [json.loads(line)['kind'] for line in path.read_text().splitlines()]
    assert kinds == ['header', 'report', 'utterance']


def test_only_this_user_can_read_it(path):
    recorder(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_not_over_is_written_as_far_as_it_came(path):
    run = recorder(path)
    run.on_utterance(utterance('u1', 'open'))
    run.on_utterance(utterance('u1', 'moving'))
    assert of_kind(read_recording(path), UtteranceLine) == []
    run.close()
    assert of_kind(read_recording(path), UtteranceLine) == [UtteranceLine(utterance=utterance('u1', 'moving'))]


def test_utterances_that_never_end_are_bounded_and_not_lost(path):
    run = recorder(path)
    for number in range(MAX_OPEN + 3):
        run.on_utterance(utterance(f'u{number}', 'open'))
    assert [line.utterance.utterance_id for line in of_kind(read_recording(path), UtteranceLine)] == ['u0', 'u1', 'u2']


def test_a_recorder_that_is_started_again_goes_on_in_the_same_file(path):
    for name in ('first', 'second'):
        run = recorder(path)
        run.on_utterance(utterance(name))
        run.close()
    kinds = [line.__struct_config__.tag for line in read_recording(path)]
    assert kinds == ['header', 'utterance', 'end'] * 2


# --- cut and damaged files ---


@given(st.data())
def test_a_file_cut_anywhere_after_its_header_gives_all_whole_lines(tmp_path_factory, data):
    path = tmp_path_factory.mktemp('cut') / 'run.jsonl'
    run = recorder(path)
    for number in range(3):
        run.on_utterance(utterance(f'u{number}', heard='grüß Gott'))
    run.close()
    content = path.read_bytes()
    whole = list(read_recording(path))
    length = data.draw(st.integers(content.index(b'\n') + 1, len(content)))
    path.write_bytes(content[:length])

    lines = list(read_recording(path))
    rest = content[:length].rpartition(b'\n')[2]
    count = content[:length].count(b'\n')
    if rest and lines[-1] == whole[count]:  # only its line break is missing
        assert lines == whole[: count + 1]
    else:
        assert lines == whole[:count] + ([CutLine(number=count + 1)] if rest else [])


def test_what_follows_a_cut_line_is_not_lost_with_it(path):
    recorder(path).on_utterance(utterance('u1'))
    os.truncate(path, path.stat().st_size - 20)
    recorder(path).on_utterance(utterance('u2'))
    kinds = [line.__struct_config__.tag for line in read_recording(path)]
    assert kinds == ['header', 'cut', 'header', 'utterance']


DAMAGED = [
    pytest.param('{"kind":"utterance","utterance":{}}', ' .*utterance_id', id='empty utterance'),
    pytest.param('{"kind":"other"}', '', id='other kind'),
    pytest.param('[[[', '', id='no json'),
    pytest.param('[' * 100_000, '', id='deep json'),
    pytest.param('\0\0', '', id='zeros'),
]


@pytest.mark.parametrize(('line', 'problem'), DAMAGED)
def test_a_damaged_line_is_named(path, line, problem):
    run = recorder(path)
    with path.open('a') as file:
        file.write(f'{line}\n')
    run.on_utterance(utterance())
    with pytest.raises(RecordingError, match=f'run.jsonl:2: not a line of a recording of this version:{problem}'):
        list(read_recording(path))


NOT_RECORDINGS = [
    pytest.param(b'', 'holds no recording', id='empty'),
    pytest.param(b'hello', ':1: not a line', id='text'),
    pytest.param(b'\x89PNG\r\n\x1a\n', ':1: not a line', id='picture'),
    pytest.param(b'{"kind":"end","at_ns":1,"reason":""}\n', ':1: not a recording', id='no header'),
    pytest.param(b'\xff' * 5_000_000, ':1: not a line', id='endless line'),
]


@pytest.mark.parametrize(('content', 'problem'), NOT_RECORDINGS)
def test_other_files_are_refused(tmp_path, content, problem):
    path = tmp_path / 'other'
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=problem):
        list(read_recording(path))


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(RecordingError, match='there is no such file'):
        list(read_recording(tmp_path / 'missing.jsonl'))


# --- limits ---


def test_the_newest_part_is_always_there_and_the_size_is_bounded(path, report):
    run = recorder(path, max_bytes=MIN_BYTES)
    sizes = set()
    for number in range(120):
        run.on_report(replace(report, now_ns=START_NS + number))
        sizes.add(path.stat().st_size)
    assert max(sizes) <= MIN_BYTES // 2

    lines = list(read_recording(path))
    numbers = [line.report.now_ns - START_NS for line in of_kind(lines, ReportLine)]
    assert numbers == list(range(numbers[0], 120))
    assert numbers[0] > 0
    older, newer = of_kind(lines, RunHeader)
    assert (older.part + 1, older.started_ns) == (newer.part, newer.started_ns)
    (end,) = of_kind(lines, EndLine)
    assert end.reason == 'this part has 0.125 MB: the run goes on in run.jsonl'
    assert sorted(file.name for file in path.parent.iterdir()) == ['run.jsonl', 'run.jsonl.1']
    assert list(read_recording(older_part(path))) == lines[: lines.index(end) + 1]


def test_a_limit_that_holds_nothing_is_refused(path):
    with pytest.raises(ValueError, match='max_bytes is 10'):
        recorder(path, max_bytes=10)


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path, report, caplog):
    path = tmp_path / 'run.jsonl'
    path.symlink_to('/dev/full')
    with caplog.at_level(logging.ERROR):
        run = recorder(path)
        run.on_report(report)
        run.on_utterance(utterance())
        run.close()
    assert not run.is_recording
    (logged,) = caplog.messages
    assert 'No space left' in logged
    assert str(path) in logged


@pytest.mark.parametrize('place', ['/proc/nowhere/run.jsonl', '/dev/null/run.jsonl', '/'])
def test_a_place_where_nothing_can_be_written_is_said_once(place, report, caplog):
    run = recorder(Path(place))
    run.on_report(report)
    run.close()
    assert not run.is_recording
    assert len(caplog.messages) == 1


def test_nothing_is_written_after_the_end(path, report):
    run = recorder(path)
    run.close()
    run.on_report(report)
    run.close()
    assert [line.__struct_config__.tag for line in read_recording(path)] == ['header', 'end']
