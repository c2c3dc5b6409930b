"""The speaker as a node, over real DDS: it speaks, is silenced, and lives without a loudspeaker."""

import os
import shutil

import pytest
import rclpy
from graph_rig import PATIENCE_S, Stranger
from pipeline_rig import running
from std_msgs.msg import Bool, Empty, String

from voice_pipeline import topics
from voice_pipeline.messages import Transcript, encode
from voice_pipeline.nodes.speaker import STATE_QOS, SpeakerNode
from voice_pipeline.speech.voices import ESPEAK
from voice_pipeline.tools.processes import NAMESPACE


class EndlessOutput:
    """A loudspeaker on which every sound lasts until it is cut off."""

    def open(self):
        return 'endless'

    def play(self, samples, cut):
        assert cut.wait(PATIENCE_S)


class Listener(Stranger):
    """Notes whether the robot is speaking."""

    def __init__(self, namespace):
        super().__init__(namespace, speaking=(Bool, STATE_QOS))

    @property
    def speaking(self):
        return [state.data for state in self.heard[topics.SPEAKING]]


@pytest.fixture
def stranger(monkeypatch):
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    rclpy.init(args=['--ros-args', '-p', f'engine:={ESPEAK}', '-p', 'tail_ms:=0'], domain_id=os.getpid() % 90 + 1)
    yield Listener('/')
    rclpy.try_shutdown()


@pytest.mark.skipif(shutil.which(ESPEAK) is None, reason=f'{ESPEAK} is not installed')
def test_what_is_said_is_spoken_until_a_stop_or_until_someone_speaks(stranger):
    robot = SpeakerNode(EndlessOutput())
    stranger.executor.add_node(robot)
    stranger.spin_until(lambda: stranger.speaking == [False])
    stranger.publish(topics.SAY, String(data='I am going to the kitchen.'))
    stranger.spin_until(lambda: stranger.speaking == [False, True])
    stranger.publish(topics.STOP, Empty())
    stranger.spin_until(lambda: stranger.speaking == [False, True, False])
    stranger.publish(topics.SAY, String(data='I am going to the kitchen.'))
    stranger.spin_until(lambda: stranger.speaking[3:] == [True])
    stranger.publish(topics.TRANSCRIPT, String(data='not a transcript'))
    speech = Transcript(
        utterance_id='u1',
        revision=0,
        is_final=False,
        speech_end_ns=2**62,
        text='wait a moment',
        confidence=0.9,
        silence_ms=0.0,
    )
    stranger.publish(topics.TRANSCRIPT, String(data=encode(speech)))
    stranger.spin_until(lambda: stranger.speaking[3:] == [True, False])
    assert robot.malformed == {topics.TRANSCRIPT: 1}
    robot.close()
    robot.destroy_node()


@pytest.mark.parametrize(
    ('parameters', 'logged'),
    [
        ({'engine': 'none'}, 'ready: silent, as told'),
        pytest.param(
            {'engine': ESPEAK, 'device': 'no such loudspeaker'},
            'the robot stays silent until there is a loudspeaker',
            marks=pytest.mark.skipif(shutil.which(ESPEAK) is None, reason=f'{ESPEAK} is not installed'),
        ),
    ],
)
def test_without_a_voice_or_a_loudspeaker_it_lives_and_is_not_speaking(tmp_path, monkeypatch, parameters, logged):
    with running(tmp_path, {'speaker': parameters}, monkeypatch) as (_, pipeline):
        stranger = Listener(NAMESPACE)
        stranger.spin_until(lambda: stranger.speaking == [False])
        if parameters['engine'] != 'none':
            for words in ('One.', 'Two.'):
                stranger.publish(topics.SAY, String(data=words))
        assert pipeline.failed() is None
        log = pipeline.nodes[0].log
        stranger.spin_until(lambda: logged in log.read_text())
    assert stranger.speaking == [False]
    assert log.read_text().count('WARN') <= 2  # one at the start, one for what was to be said
