"""What the nodes that listen say of themselves, and what they do while the robot speaks."""

import time

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from pipeline_rig import running
from speech import say
from std_msgs.msg import Bool

from voice_pipeline.audio.source import SourceHealth
from voice_pipeline.audio.wav import write_sound
from voice_pipeline.monitoring.report import Level
from voice_pipeline.nodes import audio_capture, speech_recognition
from voice_pipeline.recognition.recognizer import RecognitionStatistics
from voice_pipeline.tools.processes import NAMESPACE

DEADLINE_S = 60.0


def test_the_recogniser_names_each_reason_not_to_believe_a_text():
    health = speech_recognition.health_of(
        RecognitionStatistics(utterances=9, lost_frames=2, missing_sound=1, rejected={'no_speech': 3, 'own_voice': 1})
    )

    assert health.verdict.level is Level.OK
    assert health.values['not believed: no_speech'] == '3'
    assert health.values['not believed: own_voice'] == '1'
    assert (health.values['frames lost'], health.values['streams that stopped']) == ('2', '1')


def test_only_what_is_wrong_counts_as_a_fault():
    quiet = speech_recognition.health_of(RecognitionStatistics())
    noisy = speech_recognition.health_of(RecognitionStatistics(utterances=5, rejected={'no_speech': 5}))
    lossy = speech_recognition.health_of(RecognitionStatistics(lost_frames=1))

    assert quiet.faults == noisy.faults != lossy.faults


class Microphone:
    description = "microphone 'USB Mic'"

    def __init__(self, health):
        self.health = health


@pytest.mark.parametrize(
    ('health', 'level', 'sentence'),
    [
        (SourceHealth(), Level.OK, "microphone 'USB Mic'"),
        (SourceHealth(losses=1, overruns=4), Level.OK, "microphone 'USB Mic'"),
        (SourceHealth(is_lost=True, losses=1), Level.ERROR, "microphone 'USB Mic' is lost: plug it in again"),
    ],
)
def test_a_lost_microphone_is_an_error(health, level, sentence):
    found = audio_capture.health_of(Microphone(health))

    assert (found.verdict.level, found.verdict.reason) == (level, sentence)
    assert found.values['overruns'] == str(health.overruns)


def test_while_the_robot_speaks_it_does_not_obey_and_says_why(tmp_path, monkeypatch):
    write_sound(say('go forward two meters'), tmp_path / 'own.wav')
    recording = {'source': 'wav', 'wav': str(tmp_path / 'own.wav'), 'loop': True}
    nodes = {'speech_recognition': {'backend': 'faster-whisper'}, 'audio_capture': recording}
    statuses: dict[str, dict[str, str]] = {}

    def take(message):
        for status in message.status:
            statuses[status.name] = {value.key: value.value for value in status.values}

    with running(tmp_path, nodes, monkeypatch) as (story, _):
        speaker = rclpy.create_node('stranger', namespace=NAMESPACE)
        speaking = speaker.create_publisher(Bool, 'speaking', 10)
        speaker.create_subscription(DiagnosticArray, '/diagnostics', take, 10)
        speaker.create_timer(0.1, lambda: speaking.publish(Bool(data=True)))
        deadline_s = time.monotonic() + DEADLINE_S
        while int(statuses.get('voice_pipeline: listening', {}).get('not believed: own_voice', 0)) < 2:
            assert time.monotonic() < deadline_s, statuses
            rclpy.spin_once(speaker, timeout_sec=0.1)
        speaker.destroy_node()

    assert statuses['voice_pipeline: capture']['overruns'] == '0'
    # The first may have begun before the robot spoke; no later one is heard.
    assert sum(bool(one.transcript) for one in story.utterances.values()) <= 1
