"""Every stage alone: the work is real, the table and the report are true to it."""

import pytest
from speech import CountingBackend, say

from voice_pipeline.__main__ import main
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.benchmark import stages
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.benchmark.recorded import RecordingError, record, recorded, said_again
from voice_pipeline.tools.benchmark.scenarios import Passes, ScenariosError, clip_of, load_scenarios
from voice_pipeline.tools.benchmark.stage_report import Pass, StageBenchmark, StageReportError, StageTimes, read_report
from voice_pipeline.tools.benchmark.stage_work import Workload, reference_ms, stage_workloads
from voice_pipeline.understanding.settings import UnderstandingSettings

PASSES = Passes(warm_up=1, repetitions=2)


@pytest.fixture(scope='module')
def clips():
    return [Clip('turn left', 'synthetic', 'turn left', say('turn left', before_s=0.1, after_s=0.0))]


def test_the_scenarios_that_come_along_can_be_used():
    scenarios = load_scenarios()
    assert scenarios.validate.quick.commands < scenarios.validate.long.commands
    assert clip_of(scenarios.interruption.stop).words == 'stop'


@pytest.mark.parametrize(
    ('text', 'problem'),
    [
        ('sentences: []', 'sentences'),
        ('{sentences', 'not valid YAML'),
        ('unknown: 1', 'unknown'),
    ],
)
def test_a_wrong_scenario_file_says_what_is_wrong(tmp_path, text, problem):
    file = tmp_path / 'scenarios.yaml'
    file.write_text(text)
    with pytest.raises(ScenariosError, match=problem):
        load_scenarios(file)


def test_a_missing_scenario_file_says_so(tmp_path):
    with pytest.raises(ScenariosError, match='cannot be read'):
        load_scenarios(tmp_path / 'none.yaml')


def test_the_recorded_revisions_are_whole_utterances():
    revisions = recorded()
    finals = [one for one in revisions if one.is_final]
    assert len(finals) == len({one.utterance_id for one in revisions}) == len(load_scenarios().sentences) + 2
    assert all(one.text for one in finals)


def test_what_is_said_again_is_another_utterance():
    first, second = recorded()[:2]
    again = said_again([first, second], 'x')
    names = [next(again).utterance_id for _ in range(4)]
    assert names[0] == names[1] != names[2] == names[3]


def test_revisions_are_recorded_as_they_are_read(tmp_path, clips):
    file = tmp_path / 'new' / 'revisions.jsonl'
    count = record(clips, RecognitionSettings(), CountingBackend(), file)
    assert len(recorded(file)) == count > 0


def test_a_broken_recording_names_its_line(tmp_path):
    file = tmp_path / 'revisions.jsonl'
    file.write_text('{}\n')
    with pytest.raises(RecordingError, match=r'revisions.jsonl:1: not a valid transcript'):
        recorded(file)


def test_every_stage_has_its_work(clips):
    grammar = UnderstandingSettings(semantic='off')
    workloads = stage_workloads(clips, recorded()[:40], CountingBackend(), grammar)
    times = stages.measure(workloads, PASSES, lambda _: None)
    wanted = {'audio', 'recognition', 'whole', 'understanding, grammar', 'planning', 'control', 'messages', 'monitor'}
    assert wanted <= times.keys()
    for one in times.values():
        assert len(one.passes) == PASSES.repetitions
        assert all(sample > 0 for sample in one.samples_ms)
    recognition, whole = times['recognition'], times['whole']
    assert len(recognition.samples_ms) == len(whole.samples_ms)
    assert all(
        part < all_of_it
        for one, other in zip(recognition.passes, whole.passes, strict=True)
        for part, all_of_it in zip(one.samples_ms, other.samples_ms, strict=True)
    )


def test_the_warm_up_does_not_count_and_the_workloads_take_turns():
    done = []

    def work(name, ms):
        return Workload(name, lambda: (done.append(name), {name: [ms, 3 * ms]})[1])

    times = stages.measure([work('a', 2.0), work('b', 8.0)], PASSES, lambda _: None, reference=lambda: 4.0)
    assert done == ['a', 'b'] * 3
    assert len(times['a'].passes) == 2
    assert [one.relative for one in times['b'].passes] == [4.0, 4.0]


def test_what_others_slow_down_is_left_out_of_the_undisturbed_time():
    passes = tuple(
        Pass(samples_ms=samples_ms, reference_ms=reference_ms)
        for samples_ms, reference_ms in (((2.0, 90.0, 4.0), 9.0), ((70.0, 3.0, 80.0), 2.0))
    )
    report = StageBenchmark(machine={}, backend='', stages={'planning': StageTimes(passes=passes)})
    assert report.stages['planning'].undisturbed_ms == 3.0
    assert report.relative('planning') == 1.5


def test_the_reference_takes_its_time():
    assert reference_ms() > 0.1


def test_the_report_is_read_as_it_was_saved(monkeypatch, capsys, tmp_path):
    workloads = [Workload('planning', lambda: {'planning': [0.1, 0.2, 0.3]})]
    monkeypatch.setattr(stages, 'load', lambda _settings: CountingBackend())
    monkeypatch.setattr(stages, 'clips_of', lambda _scenarios: [])
    monkeypatch.setattr(stages, 'stage_workloads', lambda *_: workloads)
    file = tmp_path / 'deep' / 'stages.json'

    assert main(['benchmark', 'stages', '--repetitions', '3', '--json', str(file)]) == 0

    assert 'planning' in capsys.readouterr().out
    report = read_report(file)
    assert [one.samples_ms for one in report.stages['planning'].passes] == [(0.1, 0.2, 0.3)] * 3
    assert report.backend == 'a stand-in'


@pytest.mark.parametrize('text', ['', '{}', '{"machine": {}, "backend": "", "stages": {}}'])
def test_another_document_is_no_report(tmp_path, text):
    file = tmp_path / 'report.json'
    file.write_text(text)
    with pytest.raises(StageReportError, match='no report of the stages'):
        read_report(file)
