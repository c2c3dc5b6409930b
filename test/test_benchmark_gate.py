"""The gate opens for what is as fast as it was, on whatever machine, and for nothing else."""

import pytest

from voice_pipeline.__main__ import main
from voice_pipeline.tools.benchmark.gate import Reference, judge, read_reference, reference_of
from voice_pipeline.tools.benchmark.stage_report import Pass, StageBenchmark, StageTimes
from voice_pipeline.tools.benchmark.stages import save_report


def report(reference_ms=4.0, **medians_ms):
    stages = {
        name: StageTimes(passes=(Pass(samples_ms=(median_ms,), reference_ms=reference_ms),) * 3)
        for name, median_ms in medians_ms.items()
    }
    return StageBenchmark(machine={'processor': 'a board', 'cores': 2}, backend='tiny.en', stages=stages)


@pytest.fixture
def reference():
    return reference_of(report(recognition=40.0, planning=0.4))


@pytest.mark.parametrize(
    ('now', 'kept'),
    [
        (report(recognition=40.0, planning=0.4), [True, True]),
        (report(recognition=51.0, planning=0.4), [True, True]),
        (report(recognition=53.0, planning=0.4), [False, True]),
        (report(reference_ms=8.0, recognition=80.0, planning=0.8), [True, True]),  # a machine half as fast
        (report(reference_ms=2.0, recognition=40.0, planning=0.2), [False, True]),  # a faster one shows no speed
        (report(recognition=40.0), [True, False]),  # what is not measured is not kept
        (report(recognition=40.0, planning=0.4, monitor=9.0), [True, True]),  # what is new has no reference
    ],
)
def test_a_stage_is_held_against_its_reference(reference, now, kept):
    assert [one.is_kept for one in judge(now, reference, 1.3)] == kept


@pytest.fixture
def files(tmp_path):
    save_report(report(recognition=40.0), tmp_path / 'good.json')
    save_report(report(recognition=60.0), tmp_path / 'slow.json')
    return tmp_path


def gate(folder, name, *more):
    return main(['benchmark', 'gate', str(folder / name), '--reference', str(folder / 'reference.json'), *more])


def test_the_exit_status_tells(files, capsys):
    assert gate(files, 'good.json', '--update') == 0
    assert read_reference(files / 'reference.json') == Reference(
        machine='a board, 2 cores', relative={'recognition': 10.0}
    )
    assert gate(files, 'good.json') == 0
    assert gate(files, 'slow.json') == 1
    assert gate(files, 'slow.json', '--tolerance', '1.6') == 0
    assert 'slower' in capsys.readouterr().out


def test_what_cannot_be_judged_is_another_status(files, capsys):
    assert gate(files, 'good.json') == 2
    (files / 'reference.json').write_text('[]')
    assert gate(files, 'good.json') == 2
    assert gate(files, 'none.json') == 2
    said = capsys.readouterr().err
    assert 'reference.json: cannot be read' in said
    assert 'make one with --update' in said


@pytest.mark.parametrize('tolerance', ['0.9', 'nan', 'inf', 'much'])
def test_a_tolerance_below_one_is_none(files, capsys, tolerance):
    with pytest.raises(SystemExit):
        gate(files, 'good.json', '--tolerance', tolerance)
    assert 'no number of 1 or more' in capsys.readouterr().err
