"""`benchmark control`: how even the control loop is, how soon a stop is zero, how near the robot arrives; over DDS."""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.tools.benchmark.control_run import ControlRun, NoAnswerError, Trial
from voice_pipeline.tools.benchmark.output import count, make_console, save_json, unsaved
from voice_pipeline.tools.processes import NAMESPACE, PipelineProcesses

PURPOSE = 'how even the control loop is, how soon a stop is zero, how near the robot arrives'
# A base as they are: its wheels slip, unevenly, and it answers late. Without noise, its odometry is the truth.
ROBOT = {'slip': 0.05, 'slip_noise': 0.03, 'latency_s': 0.05}

PRIORITY = ControlSettings().realtime_priority


def measure(stops: int, busy: int, priority: int) -> Trial:
    """Run the controller, at this priority, and a simulated robot beside busy processes. Raises `NoAnswerError`."""
    from voice_pipeline.nodes.commander import commanding

    with tempfile.TemporaryDirectory() as logs, loaded(busy):
        control = {'realtime_priority': priority}
        pipeline = PipelineProcesses({'simulated_robot': ROBOT, 'robot_control': control}, logs=Path(logs))
        os.environ.update(pipeline.environment())
        run = ControlRun()
        with commanding(run, NAMESPACE, pipeline.domain_id) as commander, pipeline:
            return run.measure(commander, stops, busy)


@contextlib.contextmanager
def loaded(busy: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Keep so many processes busy, each a whole processor core, while the context lasts."""
    processes = [subprocess.Popen([sys.executable, '-c', 'while True: pass']) for _ in range(busy)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def table(trials: Sequence[Trial]) -> Table:
    """Return the figures, a column for each trial."""
    result = Table('', *(f'beside {trial.busy} busy' if trial.busy else 'alone' for trial in trials))
    loops = [trial.loop for trial in trials]
    for name in ('nominal (ms)', 'period p50 (ms)', 'period p99 (ms)', 'period max (ms)', 'cycles', 'missed cycles'):
        result.add_row(f'loop: {name}', *(loop[name] for loop in loops))
    result.add_row('loop: scheduling', *(loop['scheduling'] for loop in loops))
    for name in ('count', 'p50', 'p95', 'max'):
        unit = '' if name == 'count' else ' (ms)'
        result.add_row(f'stop to zero: {name}{unit}', *(f'{getattr(trial.stop_ms, name):.4g}' for trial in trials))
    result.add_row('moves begun again after a stop', *(str(trial.interrupted) for trial in trials))
    for index, arrival in enumerate(trials[0].arrivals):
        result.add_row(f'arrival: {arrival.name}', *(str(trial.arrivals[index]) for trial in trials))
    return result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument('--stops', type=count, default=30, metavar='N', help='how often to stop (%(default)s)')
    parser.add_argument('--load', type=count, metavar='N', help='measure again beside N busy processes')
    parser.add_argument(
        '--priority',
        type=int,
        default=PRIORITY,
        metavar='N',
        help='real-time priority of the loop; 0: none (%(default)s)',
    )
    parser.add_argument('--json', type=Path, metavar='FILE', help='save the figures')


def main(arguments: argparse.Namespace) -> int:
    """Run the benchmark; return 0, or 1 where nothing could be measured or saved (said on stderr)."""
    console = make_console()
    trials = []
    try:
        for busy in (0, arguments.load) if arguments.load else (0,):
            with console.status(f'{arguments.stops} stops, beside {busy} busy processes'):
                trials.append(measure(arguments.stops, busy, arguments.priority))
    except ImportError as error:
        print(f'error: this needs ROS 2 (pip install "voice_pipeline[ros]"): {error}', file=sys.stderr)
        return 1
    except NoAnswerError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    console.print(table(trials))
    if arguments.json:
        try:
            save_json([asdict(trial) for trial in trials], arguments.json, console)
        except OSError as error:
            return unsaved(error)
    return 0
