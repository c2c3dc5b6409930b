"""Thousands of utterances, here a few."""

import pytest
from speech import CountingBackend, say

from voice_pipeline.__main__ import main
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.benchmark import endurance
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.benchmark.endurance import Reading, endure, growth_mb

SETTINGS = RecognitionSettings(max_revision_hz=5.0)


@pytest.fixture(scope='module')
def clips():
    return [Clip(text, 'synthetic', text, say(text, before_s=0.2, after_s=0.0)) for text in ('stop', 'turn left')]


def test_every_clip_is_an_utterance_of_one_stream(clips):
    readings = list(endure(CountingBackend(), SETTINGS, clips, count=20))

    assert [reading.utterances for reading in readings] == [1, *range(2, 21, 2)]
    assert [reading.finals for reading in readings] == [1, *range(2, 21, 2)]
    assert all(reading.resident_mb > 10 for reading in readings)


def test_growth_is_that_of_the_second_half():
    readings = [Reading(1, 100.0, 1), Reading(4, 150.0, 4), Reading(5, 160.0, 5), Reading(10, 161.5, 10)]
    assert growth_mb(readings) == 1.5


def test_the_command_prints_what_it_read(monkeypatch, capsys, clips):
    monkeypatch.setattr(endurance, 'load', lambda _settings: CountingBackend())
    monkeypatch.setattr(endurance, 'spoken_clips', lambda: clips)

    assert main(['benchmark', 'endurance', '--utterances', '2']) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith('     1 utterances, 1 with words: ')
    assert printed[-1].endswith(' MB in the second half')


def test_settings_that_cannot_be_are_said(capsys):
    assert main(['benchmark', 'endurance', '--backend', 'parrot']) == 1
    assert "'parrot'" in capsys.readouterr().err
