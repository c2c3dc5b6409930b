"""The sentences, voices and sounds that an adapter is trained with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ
from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.tools.optimise import voices as voices_module
from voice_pipeline.tools.optimise.augment import (
    MAX_CLIP_S,
    NOISES,
    SHORTEST_CUT_S,
    in_room,
    spoken,
    training_clip,
)
from voice_pipeline.tools.optimise.corpus import HELD_OUT, number_words, plain, training_sentence
from voice_pipeline.tools.optimise.voices import (
    GENERATORS,
    HELD_OUT_VOICES,
    Generator,
    Voice,
    available_voices,
    pick,
    resampled,
)


def tone(seconds, hz=300.0):
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ)).astype(
        np.float32
    )


@pytest.fixture
def robots(monkeypatch):
    """Two generators that hum: one of one voice, one of two; nothing else is installed."""
    hummed = {'deep': 120.0, 'high': 400.0, 'odd': 250.0}

    def hum(voice, text, rate):
        return tone(len(text) / 15 / rate, hummed[voice])

    for name in list(GENERATORS):
        monkeypatch.delitem(GENERATORS, name)
    monkeypatch.setitem(GENERATORS, 'often', Generator(lambda: ['deep'], hum, 0.9, ''))
    monkeypatch.setitem(GENERATORS, 'seldom', Generator(lambda: ['high', 'odd'], hum, 0.1, ''))
    return [Voice('often', 'deep'), Voice('seldom', 'high'), Voice('seldom', 'odd')]


@given(st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_sentences_are_whole_speakable_and_never_held_out(seed):
    sentence = training_sentence(np.random.default_rng(seed))
    assert sentence
    assert not set(sentence) & set('{}|_0123456789')
    assert plain(sentence) not in {plain(text) for text in HELD_OUT}


def test_the_same_seed_gives_the_same_sentences_and_others_other_ones():
    def sentences(seed):
        rng = np.random.default_rng(seed)
        return [training_sentence(rng) for _ in range(50)]

    assert sentences(1) == sentences(1)
    assert sentences(1) != sentences(2)
    assert len(set(sentences(1))) > 40


@pytest.mark.parametrize(
    ('number', 'words'),
    [
        (0, 'zero'),
        (13, 'thirteen'),
        (20, 'twenty'),
        (45, 'forty five'),
        (100, 'one hundred'),
        (307, 'three hundred and seven'),
        (999, 'nine hundred and ninety nine'),
    ],
)
def test_numbers_in_words(number, words):
    assert number_words(number) == words


@given(st.integers(0, 999))
def test_numbers_in_words_are_read_back(number):
    from text_to_num import text2num

    assert text2num(number_words(number), 'en') == number


def test_generators_that_are_not_installed_are_named_with_a_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    voices_module._flite_voices.cache_clear()
    found, missing = available_voices()
    voices_module._flite_voices.cache_clear()
    assert {voice.generator for voice in found} <= {'hibari'}
    for name in ('flite', 'festival', 'espeak-ng'):
        assert any(line.startswith(name) and 'apt-get install' in line for line in missing)


@pytest.mark.parametrize('generator', sorted(GENERATORS))
def test_each_installed_generator_speaks_slowly_and_fast(generator):
    found = [voice for voice in available_voices()[0] if voice.generator == generator]
    if not found:
        pytest.skip(f'{generator} is not installed')
    slow, fast = (found[-1].speak('Turn left, "slowly" (now).', rate) for rate in (0.7, 1.4))
    assert slow.dtype == np.float32
    assert len(slow) > 1.3 * len(fast) > SAMPLE_RATE_HZ * 0.3
    assert 0.01 < np.abs(slow).max() <= 1.0


def test_a_generator_that_fails_says_so():
    with pytest.raises(SpeechError):
        Voice('espeak-ng', 'no such voice').speak('Hello')


def test_a_generator_that_says_nothing_is_an_error(monkeypatch):
    monkeypatch.setitem(GENERATORS, 'mute', Generator(lambda: ['m'], lambda *_: np.zeros(0, np.float32), 1.0, ''))
    with pytest.raises(SpeechError, match='mute m says nothing'):
        Voice('mute', 'm').speak('Hello')


def test_voices_are_drawn_by_the_share_of_their_generator(robots):
    rng = np.random.default_rng(0)
    drawn = [pick(robots, rng).name for _ in range(1000)]
    assert 850 < drawn.count('often deep') < 950
    assert drawn.count('seldom high') > 20
    assert drawn.count('seldom odd') > 20


def test_the_held_out_voices_are_voices():
    generators = {name.partition(' ')[0] for name in HELD_OUT_VOICES}
    assert generators <= set(GENERATORS)


def test_faster_is_shorter_and_higher():
    sound = resampled(tone(1.0, hz=300), 1.2)
    assert len(sound) == pytest.approx(SAMPLE_RATE_HZ / 1.2, abs=2)
    assert np.argmax(np.abs(np.fft.rfft(sound))) * SAMPLE_RATE_HZ / len(sound) == pytest.approx(360, abs=2)


def test_the_same_number_gives_the_same_clip(robots):
    first, again, other = (training_clip(robots, np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert len(first) != len(other) or (first != other).any()


def test_clips_have_any_level_and_a_bounded_length(robots):
    clips = [training_clip(robots, np.random.default_rng(seed)) for seed in range(60)]
    peaks = [np.abs(clip.astype(int)).max() for clip in clips]
    assert min(peaks) < 2000
    assert max(peaks) > 15000
    assert all(clip.dtype == np.int16 for clip in clips)
    assert all(SHORTEST_CUT_S * 0.8 <= len(clip) / SAMPLE_RATE_HZ <= MAX_CLIP_S for clip in clips)


def test_a_voice_that_fails_is_replaced_and_if_all_fail_it_is_said(robots, monkeypatch):
    failures = []

    def fail(voice, text, rate):
        failures.append(text)
        raise SpeechError('broken')

    monkeypatch.setitem(GENERATORS, 'often', Generator(lambda: ['deep'], fail, 0.05, ''))
    assert all(len(spoken(robots, np.random.default_rng(seed))) for seed in range(10))
    assert failures
    with pytest.raises(SpeechError, match='broken'):
        spoken(robots[:1], np.random.default_rng(1))


def test_a_room_adds_a_tail_that_decays():
    click = np.zeros(SAMPLE_RATE_HZ, np.float32)
    click[1000] = 1.0
    heard = in_room(click, 0.3, np.random.default_rng(0))
    assert heard.shape == click.shape
    assert heard[1000] == pytest.approx(1.0, abs=1e-3)
    assert np.abs(heard[:1000]).max() < 1e-6
    early, late = np.abs(heard[1001:2000]).mean(), np.abs(heard[4000:5000]).mean()
    assert early > 3 * late > 0


@pytest.mark.parametrize('name', sorted(NOISES))
@pytest.mark.parametrize('count', [1601, 16000])
def test_noises_are_as_long_as_asked_and_not_silent(name, count):
    noise = NOISES[name](count, np.random.default_rng(0))
    assert noise.shape == (count,)
    assert noise.dtype == np.float32
    assert np.isfinite(noise).all()
    assert noise.std() > 0
