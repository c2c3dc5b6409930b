"""The benchmark of listening, and with it what it measures: the real detector and the real model, on short sounds."""

import argparse
import json
from itertools import pairwise

import numpy as np
import pytest
from speech import CountingBackend, LoudnessActivity

from voice_pipeline.audio.frames import to_float
from voice_pipeline.audio.speech import synthesise
from voice_pipeline.recognition.backend import Hypothesis
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.benchmark import command, listening
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.benchmark.listening import Bench
from voice_pipeline.tools.benchmark.noises import NOISES, SHORT_SOUNDS, make_noise
from voice_pipeline.tools.benchmark.room import in_room, spoken_part

SETTINGS = RecognitionSettings(device='cpu')


@pytest.fixture(scope='module')
def bench():
    return Bench(SETTINGS, load(SETTINGS))


def rms_dbfs(samples):
    return 20 * np.log10(np.sqrt(np.mean(to_float(samples) ** 2)))


@pytest.mark.parametrize('name', NOISES)
def test_a_noise_is_the_same_each_time_and_as_loud_as_it_was_asked_for(name):
    noise = make_noise(name, 4.0, -20.0, seed=3)

    assert len(noise) == 64_000
    np.testing.assert_array_equal(noise, make_noise(name, 4.0, -20.0, seed=3))
    if name in SHORT_SOUNDS:
        assert np.abs(noise).max() == pytest.approx(3277, rel=0.01)
    elif name != 'silence':
        assert rms_dbfs(noise) == pytest.approx(-20.0, abs=0.5)


@pytest.mark.parametrize('name', NOISES)
def test_nothing_is_heard_where_nobody_speaks(bench, name):
    (result,) = bench.noises([name], seconds=8.0)

    assert result.texts == ()


@pytest.mark.parametrize(('level_dbfs', 'snr_db'), [(-3.0, None), (-40.0, None), (-3.0, 10.0), (-40.0, 10.0)])
def test_speech_in_a_room_is_as_loud_as_asked_for(level_dbfs, snr_db):
    speech = synthesise('turn left ninety degrees')
    room = in_room(speech, level_dbfs, snr_db, 'white', seed=2)
    quiet = in_room(speech, level_dbfs, None, 'white', seed=2)

    assert 20 * np.log10(np.abs(to_float(quiet.samples)).max()) == pytest.approx(level_dbfs, abs=0.1)
    assert 1.5 <= room.start_s <= room.onset_s < 1.7
    assert not quiet.samples[: round(room.start_s * 16_000)].any()
    if snr_db is not None:
        start = round(room.start_s * 16_000)
        spoken = quiet.samples[start : start + len(spoken_part(speech))]
        assert rms_dbfs(spoken) - rms_dbfs(room.samples[:16_000]) == pytest.approx(snr_db, abs=1.0)


@pytest.mark.parametrize('words', ['turn left ninety degrees', 'stop'])
@pytest.mark.parametrize('level_dbfs', [-3.0, -40.0])
@pytest.mark.parametrize('snr_db', [None, 10.0])
def test_speech_is_found_soon_and_its_first_word_is_whole(bench, words, level_dbfs, snr_db):
    result = bench.speech_at([Clip(words, 'synthetic', words, synthesise(words))], level_dbfs, snr_db)

    assert (result.found, result.whole, result.first_words, result.cut, result.rejected) == (1, 1, 1, 0, 0)
    assert result.delays_ms[0] < 160.0


def test_pauses_up_to_600_ms_cut_no_command(bench):
    results = {(one.pause_ms, one.snr_db): one.cut for one in bench.pauses((600, 1200))}

    assert (results[600, None], results[600, 10.0]) == (0, 0)
    assert results[1200, None] == len(listening.TWO_PARTS)


class Inventive(CountingBackend):
    """Makes a command of every sound."""

    def transcribe(self, samples, window, draft=None):
        return Hypothesis('go', -0.1, 0.0, (1,))


def run(monkeypatch, *words, backend, activity):
    monkeypatch.setattr(listening, 'load', lambda settings: backend)
    monkeypatch.setattr(listening, 'SileroActivity', activity)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.main(parser.parse_args(['listening', *words]))


def test_a_text_made_of_noise_fails_the_benchmark_and_is_shown(monkeypatch, capsys, tmp_path):
    saved = tmp_path / 'heard.json'
    words = ('--part', 'noises', '--noise', 'white', 'silence', '--seconds', '2', '--json', str(saved))
    monkeypatch.setattr(listening, 'NOISE_LEVELS_DBFS', (-3.0,))
    status = run(monkeypatch, *words, backend=Inventive(), activity=LoudnessActivity)
    white, silence = json.loads(saved.read_text())['noises']

    assert status == 1
    assert set(white['texts']) == {'go'}
    assert silence['texts'] == []
    rows = [line for line in capsys.readouterr().out.splitlines() if 'white' in line or 'silence' in line]
    assert [': go' in row for row in rows] == [True, False]


def test_the_whole_benchmark_runs_without_a_model(monkeypatch, capsys):
    monkeypatch.setattr(listening, 'SPEECH_LEVELS_DBFS', (-3.0,))
    monkeypatch.setattr(listening, 'SNRS_DB', (None,))
    monkeypatch.setattr(listening, 'COMMANDS', ('stop',))
    monkeypatch.setattr(listening, 'TWO_PARTS', (('go forward', 'two meters'),))
    monkeypatch.setattr(listening, 'recorded_clips', lambda: [])
    status = run(monkeypatch, '--part', 'speech', 'pauses', backend=CountingBackend(), activity=LoudnessActivity)
    out = capsys.readouterr().out

    assert status == 0
    places = [out.index(title) for title in ('speech', 'commands with a pause')]
    assert all(first < second for first, second in pairwise(places))
