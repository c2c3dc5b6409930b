"""The comparison of two models: what is summed, what is judged, and what the table shows."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rich.console import Console

from voice_pipeline.recognition.backend import Hypothesis
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.tools.optimise import compare as compare_module
from voice_pipeline.tools.optimise import verdict
from voice_pipeline.tools.optimise.clips import NAMES, Clip
from voice_pipeline.tools.optimise.compare import (
    GENERAL,
    Comparison,
    Errors,
    RefusedError,
    Side,
    compare,
    markdown,
    total,
)

CLEAR, NOISY = 'a clear voice', 'a voice nobody understands'


def side(clear_wrong, noisy_wrong, revision_ms=30.0):
    return Side(
        'a model',
        size_bytes=2_000_000,
        load_ms=[100.0, 300.0, 200.0],
        revision_ms=[revision_ms] * 3,
        final_ms=[40.0, 50.0, 60.0],
        errors={CLEAR: Errors(10, 100, clear_wrong), NOISY: Errors(10, 100, noisy_wrong)},
    )


def test_guesses_have_no_part_in_the_verdict():
    comparison = Comparison(side(5, 80), side(7, 20))
    assert comparison.judged == {GENERAL: [CLEAR]}
    assert comparison.points_worse == pytest.approx(2.0)


def test_a_model_that_becomes_better_is_less_than_nothing_worse():
    assert Comparison(side(9, 40), side(3, 30)).points_worse == pytest.approx(-8.0)


def test_names_that_are_learned_do_not_pay_for_what_is_forgotten():
    before, after = side(5, 80), side(9, 80)
    names = f'{NAMES}, {CLEAR}'
    before.errors[names], after.errors[names] = Errors(10, 100, 40), Errors(10, 100, 10)
    comparison = Comparison(before, after)
    assert comparison.judged == {GENERAL: [CLEAR], NAMES: [names]}
    assert comparison.points_worse == pytest.approx(4.0)
    assert f'| word errors, {NAMES}, all but guesses | 40.0 % | 10.0 % |' in markdown(comparison)


def test_where_all_is_guessed_nothing_is_good_enough():
    assert Comparison(side(90, 80), side(10, 10)).points_worse == np.inf


def test_groups_count_by_their_words():
    one = side(5, 80)
    one.errors[NOISY] = Errors(20, 300, 15)
    assert total(one, [CLEAR, NOISY]) == Errors(30, 400, 20)
    assert total(one, [CLEAR, NOISY]).percent == 5.0
    assert Errors().percent == 0.0


def test_the_table_has_both_side_by_side():
    lines = markdown(Comparison(side(5, 80), side(7, 20, revision_ms=15.0))).splitlines()
    assert '| weights on the disk | 2.0 MB | 2.0 MB |' in lines
    assert '| loaded, warm and checked in | 200 ms | 200 ms |' in lines
    assert '| one revision, median (p95) | 30.0 ms (30.0 ms) | 15.0 ms (15.0 ms) |' in lines
    assert f'| word errors, {CLEAR} (10 clips) | 5.0 % | 7.0 % |' in lines
    assert '| word errors, general speech, all but guesses | 5.0 % | 7.0 % |' in lines


class ScriptedBackend:
    """A model that always hears the same."""

    name, device, has_adapter = 'faster-whisper', 'cpu', True

    def __init__(self, model, text):
        self.description = f'scripted {model}'
        self._text = text

    def transcribe(self, samples, window, draft=None):
        return Hypothesis(self._text, -0.1, 0.0)


@pytest.fixture
def two_models(monkeypatch, tmp_path):
    """One model hears "go left", the other "go right"; their weights are two files of different size."""
    for name, size in (('good', 10), ('bad', 5)):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'model.bin').write_bytes(b'x' * size)
    heard = {str(tmp_path / 'good'): 'go left', str(tmp_path / 'bad'): 'go right'}
    monkeypatch.setattr(compare_module, 'load', lambda settings: ScriptedBackend(settings.model, heard[settings.model]))
    return [verdict.candidate(name, model=str(tmp_path / name)) for name in ('good', 'bad')]


CLIPS = [Clip(CLEAR, 'Go left.', np.zeros(16000, np.int16))] * 4


def test_both_models_hear_every_clip(two_models):
    ticks = []
    comparison = compare(*two_models, CLIPS, lambda: ticks.append(1))
    before, after = comparison.before, comparison.after
    assert (before.description, after.description) == ('scripted good', 'scripted bad')
    assert (before.size_bytes, after.size_bytes) == (10, 5)
    assert before.errors == {CLEAR: Errors(4, 8, 0)}
    assert after.errors == {CLEAR: Errors(4, 8, 4)}
    assert [len(times) for times in (after.load_ms, after.revision_ms, after.final_ms)] == [3, 4, 4]
    assert len(ticks) == 4
    assert comparison.points_worse == 50.0


def test_worse_than_its_bound_is_refused_with_the_figure(two_models, tmp_path):
    with pytest.raises(RefusedError, match=r'50\.0 more word errors .* at most 1 '):
        verdict.judge(*two_models, CLIPS, 1.0, tmp_path / 'report', Console(quiet=True))


def test_within_its_bound_the_figures_are_kept(two_models, tmp_path):
    verdict.judge(*two_models, CLIPS, 50.0, tmp_path / 'report', Console(quiet=True))
    figures = json.loads((tmp_path / 'report' / 'comparison.json').read_text())
    assert figures['points_worse'] == 50.0
    assert figures['after']['errors'][CLEAR]['wrong'] == 4
    assert 'scripted bad' in (tmp_path / 'report' / 'comparison.md').read_text()


def test_a_result_that_cannot_even_be_loaded_is_refused(two_models, tmp_path, monkeypatch):
    def load(settings):
        if settings.model.endswith('bad'):
            raise ModelError('it heard nonsense')
        return ScriptedBackend(settings.model, 'go left')

    monkeypatch.setattr(compare_module, 'load', load)
    with pytest.raises(RefusedError, match='refused: it heard nonsense'):
        verdict.judge(*two_models, CLIPS, 1000.0, tmp_path, Console(quiet=True))
    with pytest.raises(ModelError, match='it heard nonsense'):
        verdict.judge(*two_models[::-1], CLIPS, 1000.0, tmp_path, Console(quiet=True))


def test_settings_that_cannot_be_are_a_model_error():
    with pytest.raises(ModelError, match='threads'):
        verdict.candidate('any', threads=0)
