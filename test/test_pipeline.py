"""From the sound to a moved robot: all real nodes, each a process, over real DDS, with real Whisper."""

import math

import pytest
from pipeline_rig import repeat_until, talking, wait

from voice_pipeline.audio.speech import synthesise
from voice_pipeline.messages import STAGES, Move, Turn


def test_spoken_commands_move_the_robot(tmp_path, monkeypatch):
    with talking(tmp_path, {}, monkeypatch) as (story, pipeline, person):

        def obeyed():
            return [one for one in story.utterances.values() if one.is_settled and one.outcomes == ['done']]

        turn = synthesise('turn left ninety degrees')
        repeat_until(story, pipeline, lambda: person.say(turn), lambda: len(obeyed()) == 1)
        person.say(synthesise('go forward one meter'))
        wait(story, pipeline, lambda: len(obeyed()) == 2)
        wait(story, pipeline, lambda: len(story.report.voice_to_action.values.utterances) >= 2)
        turned, moved = obeyed()
        here = story.path[-1]
        report = story.report

    assert [type(step) for step in (*turned.steps, *moved.steps)] == [Turn, Move]
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
