"""The benchmark of the controller: real processes, a few moves and stops."""

import contextlib
import json
import math
import signal
import subprocess
import sys
import threading
import time
from itertools import repeat

import psutil
import pytest

from voice_pipeline.__main__ import main
from voice_pipeline.control.motion import STILL, Odometry, Velocity
from voice_pipeline.messages import Execution, Move, MoveArguments, Turn, TurnArguments
from voice_pipeline.tools.benchmark import control, control_run
from voice_pipeline.tools.benchmark.control_run import Arrival, ControlRun, NoAnswerError, arrival

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


class Robot:
    """Carries out every plan at once, and ends the first ones as the script says."""

    def __init__(self, ends):
        self.run = ControlRun()
        self.ends = iter(ends)
        self.driving = None
        self.at = Odometry(0.0, 0.0, 0.0)

    def is_heard(self):
        return True

    def submit(self, plan):
        state, reason = next(self.ends, ('done', ''))
        if plan.steps[0].step in control_run.AWAY:
            self.driving = plan
            self.run.on_velocity(Velocity(linear_mps=0.4), 0)
            return
        self.report(plan, state, reason)

    def stop(self):
        self.run.on_velocity(STILL, time.monotonic_ns())
        self.report(self.driving, 'stopped', 'told to stop')

    def report(self, plan, state, reason):
        self.run.on_execution(
            Execution(
                utterance_id=plan.utterance_id,
                revision=0,
                is_final=True,
                speech_end_ns=0,
                plan_id=plan.plan_id,
                state=state,
                step=0,
                progress=0.0,
                reason=reason,
            )
        )

    @contextlib.contextmanager
    def present(self):
        """The nodes are there, and say how their loop is."""
        ended = threading.Event()

        def say():
            while not ended.wait(0.005):
                for node in control_run.NODES:
                    self.run.on_ready(node)
                self.run.on_odometry(self.at)
                self.run.on_diagnostics(control_run.LOOP, {'period p99 (ms)': '20.0'})

        thread = threading.Thread(target=say)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def test_a_move_that_was_stopped_for_safety_is_made_again_and_said():
    silent = ('failed', 'the laser scan is silent')
    before_all_has_come, in_the_middle = [silent, silent, ('done', '')], [('done', ''), silent]
    robot = Robot([*before_all_has_come, *in_the_middle])
    with robot.present():
        trial = robot.run.measure(robot, stops=1, busy=0)
    assert trial.interrupted == 1
    assert [one.name for one in trial.arrivals] == [name for name, _ in control_run.MOVES]
    assert trial.stop_ms.count == 1


def test_a_robot_that_never_drives_is_said(monkeypatch):
    monkeypatch.setattr(control_run, 'PATIENCE_S', 0.2)
    robot = Robot(repeat(('refused', 'the brakes are on')))
    with robot.present(), pytest.raises(NoAnswerError, match='10 cm ahead: the brakes are on'):
        robot.run.measure(robot, stops=1, busy=0)


def test_nodes_that_do_not_answer_are_said(monkeypatch, capfd):
    monkeypatch.setattr(control_run, 'PATIENCE_S', 0.01)
    assert main(['benchmark', 'control']) == 1
    assert 'the nodes: nothing within' in capfd.readouterr().err


def test_who_is_told_to_end_takes_the_nodes_along():
    with subprocess.Popen([sys.executable, '-m', 'voice_pipeline', 'benchmark', 'control']) as process:
        nodes = []
        while len(nodes) < 2:
            assert process.poll() is None
            nodes = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60.0) == 128 + signal.SIGTERM
    _, left = psutil.wait_procs(nodes, 60.0)
    assert left == []


def test_busy_processes_end_with_the_measurement():
    with control.loaded(2) as processes:
        assert [process.poll() for process in processes] == [None, None]
    assert None not in [process.poll() for process in processes]
