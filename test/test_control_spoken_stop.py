"""The spoken stop, over real DDS: from a sound file, through all nodes and real Whisper, to zero on `cmd_vel`."""

import threading

import pytest
import rclpy
from geometry_msgs.msg import TwistStamped
from pipeline_rig import repeat_until, talking, wait
from rclpy.executors import SingleThreadedExecutor

from voice_pipeline import topics
from voice_pipeline.audio.speech import synthesise
from voice_pipeline.audio.wav import read_sound, write_sound
from voice_pipeline.control.motion import STILL
from voice_pipeline.messages import Move
from voice_pipeline.nodes.base import MESSAGE_QOS
from voice_pipeline.nodes.conversions import velocity_from_twist
from voice_pipeline.tools.processes import NAMESPACE

FAST_MPS = 0.3
STAMPED = ('monitor', 'simulated_robot', 'robot_control')


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


@pytest.fixture
def stop_word(tmp_path):
    """A sound file that says "stop"."""
    file = tmp_path / 'stop.wav'
    write_sound(synthesise('stop'), file)
    return file


def test_a_spoken_stop_is_zero_at_once_on_the_wheels(tmp_path, monkeypatch, stop_word):
    parameters = {name: {'stamped': True} for name in STAMPED}
    parameters['robot_control']['use_scan'] = 'off'  # on a busy machine scans may be late, and nothing is in the way
    with talking(tmp_path, parameters, monkeypatch) as (story, pipeline, person):
        wheels, drive = Wheels(), synthesise('go forward ten meters')

        def is_fast():
            return bool(wheels.velocities) and wheels.velocities[-1].linear_mps > FAST_MPS

        def stopped():
            return [one for one in story.utterances.values() if 'stopped' in one.outcomes]

        try:
            repeat_until(story, pipeline, lambda: person.say(drive), is_fast)
            person.say(read_sound(stop_word))
            wait(story, pipeline, stopped)
            wait(story, pipeline, lambda: story.path[-1].velocity == STILL)
        finally:
            wheels.end()
        (driven,) = stopped()
        x_m = story.path[-1].x_m
    assert isinstance(driven.steps[0], Move)  # where it is said soon enough, the stop belongs to the same utterance
    speeds = [velocity.linear_mps for velocity in wheels.velocities]
    last = max(index for index, speed in enumerate(speeds) if speed > 0.0)
    assert speeds[last] > FAST_MPS, 'from full speed'
    assert set(wheels.velocities[last + 1 :]) == {STILL}, 'to zero at once, and for good'
    assert 0.1 < x_m < 9.0
