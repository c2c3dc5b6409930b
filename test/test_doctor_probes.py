"""What the doctor asks in child processes: the real probes, and children that hang, crash or say nothing."""

import importlib.util
import os
import signal
import subprocess
import sys

import msgspec
import pytest

from voice_pipeline.jetson.host import run_command
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.doctor.check import CheckError
from voice_pipeline.tools.doctor.isolated import MARK, ask
from voice_pipeline.tools.doctor.probes import REVISIONS
from voice_pipeline.tools.doctor.records import (
    GraphAnswer,
    GraphQuestion,
    MicrophoneAnswer,
    MicrophoneQuestion,
    PriorityAnswer,
    PriorityQuestion,
    RecognitionAnswer,
)

QUESTION = PriorityQuestion(priority=20)


def ask_priority(run=run_command, timeout_s=20.0):
    return ask(
        'priority', QUESTION, PriorityAnswer, what='it cannot be asked', advice='help', timeout_s=timeout_s, run=run
    )


def failure(run, **more):
    with pytest.raises(CheckError) as raised:
        ask_priority(run, **more)
    finding = raised.value.finding
    assert (finding.level, finding.advice) == ('error', 'help')
    return finding.found


def instead(program):
    """A runner that runs another program with the real machinery."""

    def run(command, *, text_input, timeout_s):
        return run_command([sys.executable, '-c', program], text_input=text_input, timeout_s=timeout_s)

    return run


def test_the_answer_is_found_among_what_libraries_print():
    program = f"print('ALSA lib: trouble'); print({MARK!r} + '{{\"problem\": \"no\"}}'); print('bye')"
    assert ask_priority(instead(program)).problem == 'no'


def test_a_child_that_hangs_is_ended():
    assert failure(instead('import time; time.sleep(60)'), timeout_s=0.5) == (
        'it cannot be asked: no answer within 0.5 s'
    )


@pytest.mark.parametrize(
    ('program', 'word'),
    [
        ('import os, signal; os.kill(os.getpid(), signal.SIGSEGV)', 'a library crashed'),
        ('import os, signal; os.kill(os.getpid(), signal.SIGILL)', 'instructions that this processor does not have'),
        ('import os, signal; os.kill(os.getpid(), signal.SIGKILL)', 'want of memory'),
        ('import os, signal; os.kill(os.getpid(), signal.SIGUSR1)', 'SIGUSR1'),
        ('import nothing_of_this_name', "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ('', 'exit status 0'),
        ("print('[ERROR] [1.2] [rcl]: no such domain, at /src/rcl/init.c:154')", 'cannot be asked: no such domain'),
    ],
)
def test_a_child_that_crashes_or_says_nothing(program, word):
    assert word in failure(instead(program))


def test_a_child_that_cannot_be_started():
    def run(command, *, text_input, timeout_s):
        raise PermissionError(13, 'Permission denied')

    assert failure(run) == 'it cannot be asked: Permission denied'


def test_a_child_whose_parent_has_gone_ends_by_itself():
    question = GraphQuestion(namespace='nobody', topics=(), patience_s=600, settling_s=600)
    program = 'from voice_pipeline.tools.doctor import graph, probes\nimport signal, sys\n'
    program += 'graph.look = probes.look = lambda question: signal.pause()\n'
    program += f'probes._main(["graph", {msgspec.json.encode(question).decode()!r}, "0"])'
    ended = subprocess.run([sys.executable, '-c', program], check=False, timeout=60)
    assert ended.returncode == -signal.SIGALRM


def test_the_real_priority():
    answer = ask_priority()
    assert answer.problem == '' or 'not permitted' in answer.problem


def test_the_real_microphone_or_why_there_is_none():
    answer = ask(
        'microphone',
        MicrophoneQuestion(device='no such microphone', duration_s=0.1),
        MicrophoneAnswer,
        what='it cannot be asked',
        advice='help',
        timeout_s=20.0,
    )
    assert answer.levels is None
    assert answer.problem


def try_model(settings):
    return ask('recognition', settings, RecognitionAnswer, what='no', advice='help', timeout_s=120.0)


@pytest.mark.skipif(importlib.util.find_spec('faster_whisper') is None, reason='faster-whisper is not installed')
def test_the_real_model():
    answer = try_model(RecognitionSettings(device='cpu', backend='faster-whisper'))
    assert (answer.problem, answer.device, answer.warnings) == ('', 'cpu', ())
    assert answer.expected_text in answer.text.lower()
    assert len(answer.revision_ms) == REVISIONS
    assert min(answer.revision_ms) > 0 < answer.load_s
    assert answer.speech_s > 1


def test_a_model_that_is_not_there():
    assert '/nowhere.pt' in try_model(RecognitionSettings(device='cpu', model='/nowhere.pt')).problem


def look_at_graph(settling_s):
    question = GraphQuestion(
        namespace=f'doctor_test_{os.getpid()}', topics=('/cmd_vel',), patience_s=20.0, settling_s=settling_s
    )
    return ask('graph', question, GraphAnswer, what='no', advice='help', timeout_s=60.0)


@pytest.fixture
def ros(monkeypatch):
    pytest.importorskip('rclpy')
    monkeypatch.setenv('ROS_DOMAIN_ID', str(1 + (os.getpid() + 50) % 100))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    return monkeypatch


def test_two_real_processes_hear_each_other(ros):
    answer = look_at_graph(settling_s=0.2)
    assert answer.heard_after_s is not None
    assert answer.transport_ms is not None
    assert (answer.nodes, answer.publishers) == ((), {'/cmd_vel': ()})


def test_a_stranger_on_the_graph_is_seen(ros):
    program = (
        'from voice_pipeline import topics\n'
        'from voice_pipeline.nodes.base import PipelineNode, run\n'
        'from voice_pipeline.settings import Settings\n'
        'from voice_pipeline.messages import Transcript\n'
        'def make_node():\n'
        "    node = PipelineNode('robot_control', Settings)\n"
        "    node.message_publisher('/cmd_vel')\n"
        '    print("ready", flush=True)\n'
        '    return node\n'
        'run(make_node, ["--ros-args", "-r", "__ns:=/voice"])\n'
    )
    stranger = subprocess.Popen([sys.executable, '-c', program], stdout=subprocess.PIPE, text=True)
    try:
        assert 'ready\n' in iter(stranger.stdout.readline, '')  # a middleware may say something before
        looks = (
            look_at_graph(settling_s=1.0) for _ in range(10)
        )  # on a busy machine, discovery may take longer than one look
        answer = next((answer for answer in looks if answer.nodes and answer.publishers['/cmd_vel']), None)
    finally:
        stranger.terminate()
        stranger.communicate(timeout=30)
    assert answer is not None
    assert answer.nodes == ('/voice/robot_control',)
    assert answer.publishers == {'/cmd_vel': ('/voice/robot_control',)}


def test_a_middleware_that_is_not_there(ros):
    ros.setenv('RMW_IMPLEMENTATION', 'rmw_of_nobody_cpp')
    with pytest.raises(CheckError, match='rmw_of_nobody_cpp'):
        look_at_graph(settling_s=0.2)
