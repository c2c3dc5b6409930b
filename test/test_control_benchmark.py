"""The benchmark of the controller: real processes, a few moves and stops."""

import json
import math

import pytest

from voice_pipeline.__main__ import main
from voice_pipeline.control.motion import Odometry
from voice_pipeline.messages import Move, MoveArguments, Turn, TurnArguments
from voice_pipeline.tools.benchmark import control, control_run
from voice_pipeline.tools.benchmark.control_run import Arrival, arrival

BACK = Move(MoveArguments(direction='backward', distance_m=1.0))
BEGIN = Odometry(1.0, 2.0, math.pi / 2)


@pytest.mark.parametrize(
    ('step', 'end', 'off_cm', 'off_deg'),
    [
        (BACK, Odometry(1.0, 1.0, math.pi / 2), 0.0, 0.0),
        (BACK, Odometry(1.03, 1.04, math.pi / 2 + 0.1), 5.0, math.degrees(0.1)),
        (Turn(TurnArguments(angle_deg=-450.0)), Odometry(9.0, 9.0, 0.0), None, 0.0),
        (Turn(TurnArguments(angle_deg=180.0)), Odometry(1.0, 2.0, math.pi / 2), None, 180.0),
    ],
)
def test_how_far_off_the_robot_came_to_rest(step, end, off_cm, off_deg):
    assert arrival('x', step, BEGIN, end) == Arrival('x', pytest.approx(off_cm, abs=1e-9), pytest.approx(off_deg))


def test_the_loop_the_stops_and_the_arrivals_are_measured_also_under_load(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(control_run, 'MOVES', control_run.MOVES[:1])
    file = tmp_path / 'figures.json'
    assert main(['benchmark', 'control', '--stops', '2', '--load', '1', '--json', str(file)]) == 0
    alone, loaded = json.loads(file.read_text())
    assert (alone['busy'], loaded['busy']) == (0, 1)
    for trial in (alone, loaded):
        assert trial['stop_ms']['count'] == 2
        assert 0.0 < trial['stop_ms']['max'] < 1000.0
        assert trial['arrivals'][0]['off_cm'] < 2.0
        assert float(trial['loop']['period p50 (ms)']) > 0.0
    printed = capfd.readouterr().out
    assert 'stop to zero: p95 (ms)' in printed
    assert 'beside 1 busy' in printed


def test_nodes_that_do_not_answer_are_said(monkeypatch, capfd):
    monkeypatch.setattr(control_run, 'PATIENCE_S', 0.01)
    assert main(['benchmark', 'control']) == 1
    assert 'the nodes: nothing within' in capfd.readouterr().err


def test_busy_processes_end_with_the_measurement():
    with control.loaded(2) as processes:
        assert [process.poll() for process in processes] == [None, None]
    assert None not in [process.poll() for process in processes]
