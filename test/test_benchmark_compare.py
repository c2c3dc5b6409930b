"""Two reports: a difference is shown where there is one, and none where there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.__main__ import main
from voice_pipeline.tools.benchmark.compare import changes, remarks
from voice_pipeline.tools.benchmark.significance import difference, holm
from voice_pipeline.tools.benchmark.stage_report import Pass, StageBenchmark, StageReportError, StageTimes
from voice_pipeline.tools.benchmark.stages import save_report

PASSES = 10


def report(seed, *, processor='a board', backend='tiny.en', reference_ms=5.0, **medians_ms):
    """Passes whose medians scatter by 3 % around these."""
    random = np.random.default_rng(seed)
    stages = {
        name: StageTimes(
            passes=tuple(
                Pass(samples_ms=(median_ms * random.lognormal(0, 0.03),), reference_ms=reference_ms)
                for _ in range(PASSES)
            )
        )
        for name, median_ms in medians_ms.items()
    }
    return StageBenchmark(machine={'processor': processor, 'cores': 2}, backend=backend, stages=stages)


def verdicts(before, after):
    return {one.stage: one.verdict for one in changes(before, after)}


def test_what_is_slower_and_what_is_faster_is_told_from_noise():
    before = report(1, recognition=40.0, planning=1.0, control=0.1)
    after = report(2, recognition=48.0, planning=1.0, control=0.08)
    assert verdicts(before, after) == {'recognition': 'slower', 'planning': 'no difference shown', 'control': 'faster'}


def test_a_slower_machine_is_no_slower_stage():
    before = report(1, recognition=40.0, reference_ms=5.0)
    after = report(2, recognition=80.0, reference_ms=10.0)
    assert verdicts(before, after) == {'recognition': 'no difference shown'}


def test_the_interval_holds_the_ratio():
    (change,) = changes(report(1, recognition=40.0), report(2, recognition=60.0))
    assert change.difference.low < 1.5 < change.difference.high
    assert change.difference.ratio == pytest.approx(1.5, rel=0.03)


def test_noise_alone_is_seldom_significant():
    """Of 100 comparisons of the same, about five fall below 5 %."""
    random = np.random.default_rng(0)
    low = sum(
        difference(random.lognormal(size=8).tolist(), random.lognormal(size=8).tolist()).p_value < 0.05
        for _ in range(100)
    )
    assert low <= 12


@given(st.lists(st.floats(0.1, 10.0), min_size=2, max_size=8))
def test_nothing_differs_from_itself(values):
    found = difference(values, values)
    assert found.ratio == pytest.approx(1.0)
    assert found.p_value > 0.9


def test_one_value_is_no_measurement():
    with pytest.raises(ValueError, match='less than two'):
        difference([1.0], [1.0, 2.0])


def test_many_tests_are_held_to_one_error_rate():
    """Holm's own example: the smallest is multiplied by how many there are, the next by one less."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_other_machines_models_and_stages_are_said():
    before = report(1, recognition=1.0, planning=1.0)
    after = report(1, processor='another', backend='base.en', recognition=1.0, monitor=1.0)
    said = '\n'.join(remarks(before, after))
    assert 'The machines differ: a board, 2 cores, then another, 2 cores.' in said
    assert 'The models differ: tiny.en, then base.en.' in said
    assert 'monitor; planning' in said


def test_reports_without_a_common_stage_cannot_be_compared():
    with pytest.raises(StageReportError, match='no stage in common'):
        changes(report(1, recognition=1.0), report(1, planning=1.0))


def test_the_command_compares_two_files(tmp_path, capsys):
    save_report(report(1, recognition=40.0), tmp_path / 'a.json')
    save_report(report(2, recognition=60.0), tmp_path / 'b.json')
    assert main(['benchmark', 'compare', str(tmp_path / 'a.json'), str(tmp_path / 'b.json')]) == 0
    assert 'slower' in capsys.readouterr().out


def test_a_file_that_is_not_there_is_said(tmp_path, capsys):
    assert main(['benchmark', 'compare', str(tmp_path / 'a.json'), str(tmp_path / 'b.json')]) == 1
    assert 'a.json: cannot be read' in capsys.readouterr().err
