"""From a sound file to a moved robot: all real nodes, each a process, over real DDS, with real Whisper."""

import math

import numpy as np
import pytest
import soundfile
from pipeline_rig import ALL_NODES, running, wait

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ
from voice_pipeline.audio.speech import synthesise
from voice_pipeline.messages import STAGES, Move, Turn


@pytest.fixture
def commands(tmp_path):
    """Two commands on one recording, with time between them for the robot to carry the first one out."""
    pause = np.zeros(8 * SAMPLE_RATE_HZ, dtype=np.int16)
    said = [synthesise('turn left ninety degrees'), pause, synthesise('go forward one meter')]
    file = tmp_path / 'commands.wav'
    soundfile.write(file, np.concatenate(said), SAMPLE_RATE_HZ)
    return file


def test_spoken_commands_move_the_robot(tmp_path, monkeypatch, commands):
    parameters = {name: {} for name in ALL_NODES} | {'audio_capture': {'source': 'wav', 'wav': str(commands)}}
    with running(tmp_path, parameters, monkeypatch) as (story, pipeline):
        wait(story, pipeline, lambda: sum(one.is_settled for one in story.utterances.values()) >= 2)
        wait(story, pipeline, lambda: len(story.report.voice_to_action.values.utterances) >= 2)
        turned, moved = story.utterances.values()
        here = story.path[-1]
        report = story.report

    assert [type(step) for step in (*turned.steps, *moved.steps)] == [Turn, Move]
    assert (turned.outcomes, moved.outcomes) == (['done'], ['done'])
    assert turned.pose.yaw_rad == pytest.approx(math.pi / 2, abs=math.radians(3))
    assert (here.x_m, here.y_m) == pytest.approx((0.0, 1.0), abs=0.06)

    assert [stage.values.name for stage in report.stages] == list(STAGES)
    assert all(stage.values.rate_hz and stage.values.latency_ms for stage in report.stages)
    assert report.machine.values.memory_mb
    for utterance in report.voice_to_action.values.utterances:
        assert [part.name for part in utterance.parts] == [
            'endpointing',
            'recognition',
            'understanding',
            'planning',
            'control',
        ]
