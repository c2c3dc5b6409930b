"""`voice_pipeline top`: the pipeline in a terminal, over real DDS, and what it says where there is none."""

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from dashboard_rig import record, scripted_report
from rich.console import Console

from voice_pipeline.messages import STAGES
from voice_pipeline.monitoring.latency import UtteranceLatency
from voice_pipeline.tools.processes import PipelineProcesses
from voice_pipeline.tools.top import EXIT_NO_MONITOR, LATE_S, SHOWN_UTTERANCES, Scene

ROOT = Path(__file__).resolve().parents[1]


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


def shown(scene, width=140):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(scene.picture())
    return console.export_text()


def line(text, start):
    (found,) = (one for one in text.splitlines() if one.strip().startswith(start))
    return found


def test_each_stage_has_its_rate_its_latency_their_budgets_and_a_verdict():
    scene = Scene()
    scene.on_report(scripted_report(recognition_ms=90))
    text = shown(scene)
    for expected in ('15.6', '≥ 15', '90.0', '≤ 66', 'ERROR: latency p95 90.00 ms is above the budget of 66 ms'):
        assert expected in line(text, 'recognition')
    assert line(text, 'planning').rstrip().endswith('OK')
    assert '≤ 500' in line(text, 'voice to action')
    assert 'no data' in line(text, 'voice to stop')
    assert '412 MB' in line(text, 'memory')
    assert '51.3 °C' in line(text, 'temperature CPU')
    assert '–' in line(text, 'GPU')


def test_the_likely_cause_is_named():
    scene = Scene()
    scene.on_report(replace(scripted_report(recognition_ms=90), causes={'recognition': ('the clocks are not locked',)}))
    assert 'likely: the clocks' in shown(scene, width=200)


def test_utterances_are_newest_first_and_bounded_and_latencies_of_before_are_there():
    scene = Scene()
    scene.on_report(scripted_report(('said before we came',)))
    for number in range(3):
        scene.on_utterance(record(f'new {number}', heard=f'turn left {number}', outcome='done'))
    scene.on_utterance(record('new 2', heard='fly [bold]away', outcome='refused', reason='it has no wings'))
    text = shown(scene)
    order = [text.index(words) for words in ('fly [bold]away', 'turn left 1', 'turn left 0', 'said before we came')]
    assert order == sorted(order)
    assert 'refused: it has no wings' in text
    for number in range(50):
        scene.on_utterance(record(f'u{number}', heard=f'words {number} of many', outcome='done'))
    assert shown(scene).count('of many') == SHOWN_UTTERANCES


def test_an_utterance_shows_its_latency():
    scene = Scene()
    scene.on_report(scripted_report(texts=()))
    latency = UtteranceLatency('u1', 'go', 'voice', total_ns=321_000_000)
    scene.on_utterance(record('u1', heard='go', outcome='done', latency=latency))
    assert line(shown(scene), 'go').rstrip().endswith('321')


def test_a_monitor_that_falls_silent_is_no_success():
    clock = Clock()
    scene = Scene(clock)
    assert 'no word from the monitor yet' in shown(scene)
    scene.on_report(scripted_report())
    assert 'no word from the monitor' not in shown(scene)
    clock.now_s += LATE_S + 2
    assert 'STALE: no word from the monitor for 7 s' in shown(scene)


def test_it_reads_on_a_narrow_terminal():
    scene = Scene()
    scene.on_report(scripted_report())
    assert max(map(len, shown(scene, width=80).splitlines())) <= 80


def run_top(*arguments, **environment):
    return subprocess.run(
        [sys.executable, '-m', 'voice_pipeline', 'top', *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_one_table_of_a_running_pipeline(tmp_path):
    pytest.importorskip('rclpy')
    with PipelineProcesses({'monitor': {'rate_hz': 10.0}}, logs=tmp_path) as processes:
        result = run_top('--once', '--timeout', '60', **processes.environment())
    assert result.returncode == 0, result.stderr
    assert all(stage in result.stdout for stage in STAGES)
    assert 'none yet: say or type a command' in result.stdout


def test_where_no_monitor_answers_it_says_what_to_check():
    pytest.importorskip('rclpy')
    result = run_top('--once', '--timeout', '0.2', '--namespace', '/nobody', '--domain', '97')
    assert result.returncode == EXIT_NO_MONITOR
    assert result.stdout == ''
    for advice in ("'/nobody' of DDS domain 97", 'ros2 node list', '--namespace', 'ROS_DOMAIN_ID'):
        assert advice in result.stderr
    assert 'Traceback' not in result.stderr


def test_a_domain_that_is_no_number_is_named():
    pytest.importorskip('rclpy')
    result = run_top('--once', ROS_DOMAIN_ID='robot')
    assert result.returncode == EXIT_NO_MONITOR
    assert "ROS_DOMAIN_ID is 'robot'" in result.stderr
    assert 'Traceback' not in result.stderr
