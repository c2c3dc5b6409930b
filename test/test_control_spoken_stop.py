"""The spoken stop, over real DDS: from a sound file, through all nodes and real Whisper, to zero on `cmd_vel`."""

import threading

import numpy as np
import pytest
import rclpy
import soundfile
from geometry_msgs.msg import TwistStamped
from pipeline_rig import ALL_NODES, running, wait
from rclpy.executors import SingleThreadedExecutor

from voice_pipeline import topics
from voice_pipeline.audio.frames import SAMPLE_RATE_HZ
from voice_pipeline.audio.speech import synthesise
from voice_pipeline.control.motion import STILL
from voice_pipeline.messages import Move
from voice_pipeline.nodes.base import MESSAGE_QOS
from voice_pipeline.nodes.conversions import velocity_from_twist
from voice_pipeline.tools.processes import NAMESPACE

STAMPED = ('monitor', 'simulated_robot', 'robot_control')


@pytest.fixture
def drive_and_stop(tmp_path):
    """A long drive and, four seconds later, when the robot is on its way, the word that stops it."""
    pause = np.zeros(4 * SAMPLE_RATE_HZ, dtype=np.int16)
    file = tmp_path / 'stop.wav'
    soundfile.write(
        file, np.concatenate([synthesise('go forward ten meters'), pause, synthesise('stop')]), SAMPLE_RATE_HZ
    )
    return file


class Wheels:
    """Keeps the velocities that go to the robot."""

    def __init__(self):
        self.velocities = []
        self._node = rclpy.create_node('wheels', namespace=NAMESPACE)
        self._node.create_subscription(TwistStamped, topics.CMD_VEL, self._on_velocity, MESSAGE_QOS)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def _on_velocity(self, message):
        self.velocities.append(velocity_from_twist(message))

    def _spin(self):
        while not self._ended.is_set():
            self._executor.spin_once(timeout_sec=0.1)

    def end(self):
        self._ended.set()
        self._thread.join()
        self._node.destroy_node()


def test_a_spoken_stop_is_zero_at_once_on_the_wheels(tmp_path, monkeypatch, drive_and_stop):
    parameters = {name: {'stamped': True} if name in STAMPED else {} for name in ALL_NODES}
    parameters['audio_capture'] = {'source': 'wav', 'wav': str(drive_and_stop)}
    parameters['robot_control']['use_scan'] = 'off'  # on a busy machine scans may be late, and nothing is in the way
    with running(tmp_path, parameters, monkeypatch) as (story, pipeline):
        wheels = Wheels()
        try:
            wait(story, pipeline, lambda: any('stopped' in one.outcomes for one in story.utterances.values()))
            wait(story, pipeline, lambda: story.path[-1].velocity == STILL)
        finally:
            wheels.end()
        driven = next(one for one in story.utterances.values() if 'stopped' in one.outcomes)
        x_m = story.path[-1].x_m
    assert [type(step) for step in driven.steps] == [Move]
    speeds = [velocity.linear_mps for velocity in wheels.velocities]
    last = max(index for index, speed in enumerate(speeds) if speed > 0.0)
    assert speeds[last] > 0.3, 'from full speed'
    assert set(wheels.velocities[last + 1 :]) == {STILL}, 'to zero at once, and for good'
    assert 0.3 < x_m < 5.0
