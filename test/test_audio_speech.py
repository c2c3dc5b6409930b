"""Synthesised sentences, and the independent opinion on where speech begins and ends."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_pipeline.audio.speech import SpeechError, speech_bounds, synthesise

WINDOW = 160


def noise(count: int, rms: float) -> np.ndarray:
    return np.random.default_rng(1).normal(0, rms, count).astype(np.int16)


@settings(deadline=None)
@given(before=st.integers(0, 8_000), voiced=st.integers(800, 8_000), after=st.integers(0, 8_000))
def test_bounds_are_within_a_window_of_the_truth(before, voiced, after):
    parts = [np.zeros(before, dtype=np.int16), noise(voiced, 3000), np.zeros(after, dtype=np.int16)]

    begin, end = speech_bounds(np.concatenate(parts))

    assert before - WINDOW < begin <= before + WINDOW
    assert before + voiced - WINDOW <= end < before + voiced + WINDOW
    assert end <= before + voiced + after


def test_a_pause_between_words_is_inside():
    word, pause = noise(4_000, 3000), np.zeros(16_000, dtype=np.int16)

    assert speech_bounds(np.concatenate([word, pause, word])) == (0, 24_000)


@pytest.mark.parametrize(('level_db', 'counts'), [(-30, True), (-50, False)])
def test_the_threshold_is_40_db_below_the_loudest(level_db, counts):
    faint = noise(3_200, 6000 * 10 ** (level_db / 20))

    _, end = speech_bounds(np.concatenate([noise(3_200, 6000), faint]))

    assert end == (6_400 if counts else 3_200)


@pytest.mark.parametrize('samples', [np.empty(0), np.zeros(1_000), noise(5_000, 2), np.full(50, -1)])
def test_silence_has_no_bounds(samples):
    assert speech_bounds(samples.astype(np.int16)) == (0, 0)


def test_full_scale_does_not_overflow():
    assert speech_bounds(np.full(1_000, -32768, dtype=np.int16)) == (0, 1_000)


# --- synthesis -------------------------------------------------------------------------------------------------------


def test_a_sentence_is_spoken_the_same_way_each_time():
    pytest.importorskip('hibari', reason='hibari-tts is not installed')
    spoken = synthesise('go forward two meters')
    begin, end = speech_bounds(spoken)

    assert spoken.dtype == np.int16
    assert 0.7 < (end - begin) / 16_000 < 3.0
    np.testing.assert_array_equal(spoken, synthesise('go forward two meters'))


def test_the_rate_is_the_tempo():
    pytest.importorskip('hibari', reason='hibari-tts is not installed')
    slow, fast = (np.ptp(speech_bounds(synthesise('turn left ninety degrees', rate=rate))) for rate in (0.7, 1.4))

    assert slow == pytest.approx(2 * fast, rel=0.25)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'text': ' '}, 'at least one word'),
        ({'text': 'stop', 'rate': 3.0}, 'give 0.5 to 2'),
        ({'text': 'stop', 'voice': 'nobody'}, "no voice 'nobody': choose one of heart"),
    ],
)
def test_what_cannot_be_said_is_refused(arguments, message):
    pytest.importorskip('hibari', reason='hibari-tts is not installed')
    with pytest.raises(SpeechError, match=message):
        synthesise(**arguments)


def test_a_voice_that_is_not_there_is_not_fetched(monkeypatch, tmp_path):
    pytest.importorskip('hibari', reason='hibari-tts is not installed')
    monkeypatch.setenv('HIBARI_HOME', str(tmp_path))

    with pytest.raises(SpeechError, match='run `hibari hello --voice emma` once'):
        synthesise('stop', voice='emma')
    assert list(tmp_path.iterdir()) == []


def test_a_missing_synthesiser_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'hibari', None)

    with pytest.raises(SpeechError, match='pip install hibari-tts'):
        synthesise('stop', voice='heart at first use')
