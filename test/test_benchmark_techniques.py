"""What each technique brings: the same work with and without it, both with the same result."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest
from speech import CountingBackend, say

from voice_pipeline.__main__ import main
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.benchmark import reuse_trials, techniques, trials
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.benchmark.techniques import Clocks, Comparison, Cost, compare, table
from voice_pipeline.tools.benchmark.trial import Trial


@pytest.fixture(scope='module')
def clips():
    texts = ('stop', 'turn left ninety degrees', 'go forward one meter', 'follow me')
    return [Clip(text, 'synthetic', text, say(text, before_s=0.1, after_s=0.0)) for text in texts]


def test_the_work_is_done_in_turns_and_the_best_time_of_a_unit_counts():
    done = []
    now_ms = cpu_ms = 0.0

    def work(name, *durations_ms):
        remaining_ms = list(durations_ms)

        def run():
            nonlocal now_ms, cpu_ms
            done.append(name)
            now_ms += remaining_ms.pop(0)
            cpu_ms += 3.0

        return run

    # To warm up, for the memory, and twice for the time.
    trial = Trial('nap', 'sleeping', work('without', 9, 9, 40, 20), work('with', 1, 1, 5, 8), units=2, use='at night')
    found = compare(trial, 2, Clocks(lambda: round(now_ms * 1e6), lambda: round(cpu_ms * 1e6)))

    assert done == ['without', 'with'] * 4
    assert (found.without.time_ms, found.using.time_ms) == (10.0, 2.5)
    assert (found.without.cpu_ms, found.using.cpu_ms) == (1.5, 1.5)
    assert (found.technique, found.work, found.use) == ('nap', 'sleeping', 'at night')


def test_the_memory_is_the_most_that_was_taken_at_once():
    trial = Trial('buffer', 'writing', lambda: np.zeros(1_000_000, np.uint8), lambda: None)
    found = compare(trial, rounds=1)
    assert found.without.peak_kib == pytest.approx(1_000_000 / 1024, rel=0.1)
    assert found.using.peak_kib < 100


def test_the_table_says_what_is_used_and_what_is_not():
    costs = Cost(2.0, 1.5, 10.4), Cost(1.0, 0.5, 0.0)
    rows = [Comparison('cache', 'parsing', 'understanding', *costs), Comparison('pool', 'parsing', '', *costs)]
    cells = [list(column.cells) for column in table(rows).columns]
    assert [column[0] for column in cells] == [
        'cache',
        'parsing',
        '2.000 → 1.000',
        '1.500 → 0.500',
        '10 → 0',
        'understanding',
    ]
    assert cells[-1] == ['understanding', 'no']


def test_a_known_spectrogram_is_faster(clips):
    """By so much that it is on any machine."""
    found = compare(reuse_trials.known_frames(clips[1].samples.astype(np.float32) / 32768), rounds=3)
    assert found.using.cpu_ms < found.without.cpu_ms


def test_the_copy_to_the_gpu_runs_here_too():
    pytest.importorskip('torch')
    trial = trials.pinned_copy('cpu')
    trial.without()
    trial.using()


def test_a_text_is_parsed_as_often_as_it_is_not_remembered():
    parsed = []
    texts = ['a', 'a', 'b', 'a', 'a']
    trial = reuse_trials.last_text(parsed.append, texts)
    trial.without()
    assert parsed == texts
    parsed.clear()
    trial.using()
    assert parsed == ['a', 'b', 'a']
    parsed.clear()
    reuse_trials.many_texts(parsed.append, texts).using()
    assert parsed == ['a', 'b']


def test_every_technique_has_a_trial_that_runs(clips, monkeypatch):
    monkeypatch.setattr(trials, 'ProcessPoolExecutor', lambda workers, _context: ThreadPoolExecutor(workers))
    with ExitStack() as resources:
        everything = list(trials.all_trials(CountingBackend(), RecognitionSettings(), clips, resources))
        for trial in everything:
            trial.without()
            trial.using()
    assert {trial.technique for trial in everything} == {
        'micro-batch',
        'cache',
        'buffer pool',
        'worker pool',
        'profile',
    }
    assert {trial.technique for trial in everything if trial.use} == {'micro-batch', 'cache', 'profile'}


def test_the_command_prints_and_saves(monkeypatch, capsys, tmp_path, clips):
    monkeypatch.setattr(techniques, 'load', lambda _settings: CountingBackend())
    monkeypatch.setattr(techniques, 'spoken_clips', lambda: clips)
    monkeypatch.setattr(
        techniques, 'all_trials', lambda *_arguments: iter([reuse_trials.known_frames(np.zeros(16_000, np.float32))])
    )
    report = tmp_path / 'techniques.json'

    assert main(['benchmark', 'techniques', '--rounds', '1', '--json', str(report)]) == 0
    assert 'spectrogram of a revision' in capsys.readouterr().out
    (saved,) = json.loads(report.read_text())['comparisons']
    assert saved['use'] == 'recognition: LogMel'

    assert main(['benchmark', 'techniques', '--rounds', '1', '--json', '/dev/null/x.json']) == 1
    assert main(['benchmark', 'techniques', '--device', 'tpu']) == 1
    assert "parameter 'device' is 'tpu'" in capsys.readouterr().err
