"""What a user can get wrong, each node says plainly; what others send wrong, no node dies of."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from geometry_msgs.msg import Twist, Vector3
from graph_rig import Stranger
from nav_msgs.msg import Odometry
from pipeline_rig import repeat_until, running, wait
from std_msgs.msg import Empty, Int16MultiArray, String

from voice_pipeline import topics
from voice_pipeline.messages import Transcript, encode
from voice_pipeline.nodes.base import MESSAGE_QOS
from voice_pipeline.tools.processes import NAMESPACE

ROOT = Path(__file__).resolve().parents[1]


def start(node, *parameters):
    """Start a node that must refuse to; returns its exit status and what it said."""
    command = [sys.executable, '-m', f'voice_pipeline.nodes.{node}', '--ros-args']
    for parameter in parameters:
        command += ['-p', parameter]
    environment = {**os.environ, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST', 'ROS_DOMAIN_ID': '99'}
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return result.returncode, result.stderr


@pytest.mark.parametrize(
    ('node', 'parameters', 'said'),
    [
        ('robot_control', ['max_sped_mps:=1.0'], "unknown parameter 'max_sped_mps': did you mean 'max_speed_mps'?"),
        ('robot_control', ['max_speed_mps:=99.0'], "parameter 'max_speed_mps' is 99.0: expected `float` <= 3.0"),
        ('simulated_robot', ['drive:=hover'], "'hover': expected one of differential, omnidirectional"),
        ('audio_capture', ['source:=wav'], "source 'wav' needs a sound file"),
        ('audio_capture', ['source:=wav', 'wav:=/nowhere/hello.wav'], '/nowhere/hello.wav'),
        ('audio_capture', ['source:=pipe', 'pipe:=/nowhere/pipe'], 'mkfifo /nowhere/pipe'),
        ('speech_recognition', ['backend:=telepathy'], "'telepathy': expected one of auto"),
        ('speech_recognition', ['model:=/nowhere/model.pt'], '/nowhere/model.pt'),
        ('intent_parser', ['vocabulary:=/nowhere/words.yaml'], '/nowhere/words.yaml'),
        ('action_planner', ['vocabulary:=/nowhere/words.yaml'], '/nowhere/words.yaml'),
        ('monitor', ['budgets:=/nowhere/budgets.yaml'], '/nowhere/budgets.yaml'),
    ],
)
def test_a_wrong_setting_ends_the_node_with_a_plain_word(node, parameters, said):
    status, error = start(node, *parameters)
    assert status == 2
    assert said in error
    assert 'Traceback' not in error


BROKEN = """
import sys, threading
from voice_pipeline.nodes.base import PipelineNode, run
from voice_pipeline.settings import Settings

class Broken(PipelineNode):
    def __init__(self):
        super().__init__('broken', Settings)
        threading.Thread(target=self.fail, args=['the pipe is gone']).start()

sys.exit(run(Broken))
"""


def test_a_node_whose_source_is_lost_for_good_ends_with_a_word_so_that_it_can_be_started_again():
    result = subprocess.run(
        [sys.executable, '-c', BROKEN], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1
    assert 'the pipe is gone' in result.stderr + result.stdout


ENDING = """
import sys
from voice_pipeline.nodes.base import PipelineNode, run
from voice_pipeline.settings import Settings

class Brief(PipelineNode):
    def __init__(self):
        super().__init__('brief', Settings)
        print('ready', flush=True)

sys.exit(run(Brief))
"""


def test_who_is_interrupted_again_while_it_ends_ends_well_all_the_same():
    """As under `ros2 launch`: the terminal interrupts all, and so may whoever presses Ctrl-C once more."""
    with subprocess.Popen([sys.executable, '-c', ENDING], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == 'ready\n'
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.001)
    assert process.returncode == 0


NO_SPEECH = {'monitor': {}, 'simulated_robot': {}, 'robot_control': {}, 'action_planner': {}, 'intent_parser': {}}


@pytest.fixture
def publish():
    """A way to publish on the pipeline's topics."""
    stranger = None

    def send(topic, message, listeners=1):
        nonlocal stranger
        stranger = stranger or Stranger(NAMESPACE)  # only here are the nodes running, on a domain of their own
        stranger.publish(topic, message, listeners)

    yield send
    if stranger is not None:
        stranger.node.destroy_node()


def order(story, pipeline, publish, text, happens):
    """Type it until it happens."""
    repeat_until(story, pipeline, lambda: publish(topics.COMMAND, String(data=text)), happens)


def is_done(story):
    return any(one.outcomes == ['done'] for one in story.utterances.values())


def has_moved(story):
    return bool(story.path) and story.path[-1].x_m > 0.2


def test_malformed_messages_are_logged_once_and_the_pipeline_goes_on(tmp_path, monkeypatch, publish):
    with running(tmp_path, NO_SPEECH, monkeypatch) as (story, pipeline):
        for topic in (topics.TRANSCRIPT, topics.INTENT, topics.PLAN, topics.EXECUTION):
            for text in ('', '{"hello": "world"}', '\x00' * 100):
                publish(topic, String(data=text), listeners=3)  # who it is for, the monitor, and the test
        publish(topics.AUDIO, Int16MultiArray())
        nowhere = Odometry()
        nowhere.pose.pose.position.x = float('nan')
        publish(topics.ODOM, nowhere, listeners=2)
        publish(topics.CMD_VEL, Twist(linear=Vector3(x=float('inf'))), listeners=2)
        for text in ('', '\x07', 'x' * 100_000):
            publish(topics.COMMAND, String(data=text))
        order(story, pipeline, publish, 'turn right thirty degrees', lambda: is_done(story))
        wait(story, pipeline, lambda: sum(stage.values.malformed for stage in story.report.stages) == 13)
        logs = {node.name: node.log.read_text() for node in pipeline.nodes}

    assert logs['intent_parser'].count("bad message on 'transcript'") == 1
    assert logs['action_planner'].count("bad message on 'intent'") == 1
    assert logs['robot_control'].count("bad message on 'plan'") == 1
    assert logs['monitor'].count("bad message on 'audio'") == 1


def test_what_a_stage_logs_is_in_the_log_of_its_node(tmp_path, monkeypatch):
    recording = {'source': 'wav', 'wav': str(ROOT / 'resource' / 'demo.flac')}
    nodes = {'speech_recognition': {'backend': 'faster-whisper'}, 'audio_capture': recording}
    with running(tmp_path, nodes, monkeypatch) as (_, pipeline):
        log = pipeline.nodes[0].log.read_text()
    assert 'Whisper tiny.en by faster-whisper on cpu: no GPU in use' in log


def test_a_robot_that_takes_stamped_velocities_moves(tmp_path, monkeypatch, publish):
    stamped = {name: {'stamped': True} for name in ('monitor', 'simulated_robot', 'robot_control')}
    with running(tmp_path, NO_SPEECH | stamped, monkeypatch) as (story, pipeline):
        order(story, pipeline, publish, 'turn right thirty degrees', lambda: is_done(story))
        wait(story, pipeline, lambda: story.report.stages[-1].values.rate_hz is not None)
        assert story.path[-1].yaw_rad < -0.4


def test_anyone_can_stop_the_robot(tmp_path, monkeypatch, publish):
    with running(tmp_path, NO_SPEECH, monkeypatch) as (story, pipeline):
        order(story, pipeline, publish, 'go forward ten meters', lambda: has_moved(story))
        publish(topics.STOP, Empty(), listeners=3)  # control, planner and robot
        wait(story, pipeline, lambda: any(one.outcomes == ['stopped'] for one in story.utterances.values()))
        wait(story, pipeline, lambda: story.path[-1].velocity.linear_mps == 0.0)
        assert story.path[-1].x_m < 3.0


def test_the_robot_tells_how_full_its_battery_is(tmp_path, monkeypatch):
    with running(tmp_path, NO_SPEECH, monkeypatch):
        stranger = Stranger(NAMESPACE, say=(String, MESSAGE_QOS))
        answers = stranger.heard['say']

        def is_told():  # the battery's first message may come later than the first question
            before = len(answers)
            stranger.publish(topics.COMMAND, String(data='how full is your battery'))
            stranger.spin_until(lambda: len(answers) > before)
            return 'percent' in answers[-1].data

        stranger.spin_until(is_told)
        stranger.node.destroy_node()
        assert answers[-1].data.startswith('My battery is at ')


def test_an_emergency_word_in_a_partial_stops_at_once(tmp_path, monkeypatch, publish):
    with running(tmp_path, NO_SPEECH, monkeypatch) as (story, pipeline):
        order(story, pipeline, publish, 'go forward ten meters', lambda: has_moved(story))
        partial = Transcript(
            utterance_id='heard-1',
            revision=0,
            is_final=False,
            speech_end_ns=time.time_ns(),
            text='Stop',
            confidence=0.9,
            silence_ms=0.0,
        )
        publish(topics.TRANSCRIPT, String(data=encode(partial)), listeners=3)  # the parser, the monitor, and the test
        wait(story, pipeline, lambda: any(one.outcomes == ['stopped'] for one in story.utterances.values()))
