"""The engines: which is taken, what they make of a sentence, and what is kept of it."""

import importlib.util
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ
from voice_pipeline.audio.speech import SpeechError, speech_bounds
from voice_pipeline.speech import voices
from voice_pipeline.speech.sentences import sentences
from voice_pipeline.speech.settings import SpeakerSettings
from voice_pipeline.speech.voices import ESPEAK, CachedVoice, EspeakVoice, HibariVoice, load_voice

HERE = {
    'hibari': importlib.util.find_spec('hibari') is not None,
    'espeak-ng': shutil.which(ESPEAK) is not None,
}
engines = pytest.mark.parametrize(
    'engine',
    [
        pytest.param(name, marks=pytest.mark.skipif(not is_here, reason=f'{name} is not installed'))
        for name, is_here in HERE.items()
    ],
)


@engines
def test_an_engine_speaks_16_khz_and_faster_is_shorter(engine):
    slow, fast = (load_voice(SpeakerSettings(engine=engine, rate=rate)) for rate in (0.8, 1.6))
    sound = slow.speak('Going to the kitchen.')
    begin, end = speech_bounds(sound)
    assert sound.dtype == np.int16
    assert 0.8 < (end - begin) / SAMPLE_RATE_HZ < 3.0
    assert len(fast.speak('Going to the kitchen.')) < 0.8 * len(sound)
    assert slow.description == engine


@engines
@pytest.mark.parametrize('text', ['-h', '--help', '-w /nowhere/x.wav', '[[h@l0U', '<say-as>', '5 % & $3.50', '日本'])
def test_any_text_is_data(engine, text, capfd):
    voice = load_voice(SpeakerSettings(engine=engine))
    for sentence in sentences(text):
        assert voice.speak(sentence).dtype == np.int16
    assert capfd.readouterr().out == ''


@pytest.mark.skipif(not HERE['hibari'], reason='hibari is not installed')
@settings(max_examples=50)
@given(st.text(max_size=40))
def test_what_hibari_cannot_read_is_refused_in_words(text):
    voice = HibariVoice()
    for sentence in sentences(text):
        try:
            sound = voice.speak(sentence)
        except SpeechError as error:
            assert 'cannot read' in str(error)  # noqa: PT017  (either may happen)
        else:
            assert sound.dtype == np.int16


@pytest.mark.parametrize(
    ('engine', 'installed', 'taken'),
    [
        ('auto', {'hibari', 'espeak-ng'}, 'hibari'),
        ('auto', {'espeak-ng'}, 'espeak-ng'),
        ('espeak-ng', {'hibari', 'espeak-ng'}, 'espeak-ng'),
        ('none', {'hibari', 'espeak-ng'}, None),
        ('none', set(), None),
    ],
)
def test_which_engine_is_taken(monkeypatch, engine, installed, taken):
    monkeypatch.setattr(voices.importlib.util, 'find_spec', lambda name: name if name in installed else None)
    monkeypatch.setattr(voices.shutil, 'which', lambda name: name if name in installed else None)
    monkeypatch.setattr(voices, 'synthesise', lambda text, rate: np.zeros(1, dtype=np.int16))
    voice = load_voice(SpeakerSettings(engine=engine))
    assert (voice and voice.description) == taken


def test_without_any_engine_the_user_learns_what_to_install(monkeypatch):
    monkeypatch.setattr(voices.importlib.util, 'find_spec', lambda name: None)
    monkeypatch.setattr(voices.shutil, 'which', lambda name: None)
    with pytest.raises(SpeechError, match='pip install hibari-tts, or sudo apt-get install espeak-ng'):
        load_voice(SpeakerSettings())
    with pytest.raises(SpeechError, match='sudo apt-get install espeak-ng'):
        load_voice(SpeakerSettings(engine='espeak-ng'))


def test_a_program_that_fails_is_no_crash(monkeypatch, tmp_path):
    broken = tmp_path / ESPEAK
    broken.write_text('#!/bin/sh\nexit 3\n')
    broken.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(SpeechError, match='espeak-ng could not speak'):
        EspeakVoice().speak('Hello.')


class CountingVoice:
    """One second of sound for each word."""

    description = 'counting'

    def __init__(self):
        self.spoken = []

    def speak(self, sentence):
        self.spoken.append(sentence)
        return np.zeros(SAMPLE_RATE_HZ * len(sentence.split()), dtype=np.int16)


def test_what_was_said_lately_is_not_made_again():
    voice = CountingVoice()
    cached = CachedVoice(voice, cache_s=4.0)
    for sentence in ('one', 'one two', 'one', 'three four', 'one', 'one two'):
        assert len(cached.speak(sentence)) == SAMPLE_RATE_HZ * len(sentence.split())
    assert voice.spoken == ['one', 'one two', 'three four', 'one two']


@given(st.lists(st.sampled_from(['a', 'b b', 'c c c', 'd d d d d d']), max_size=30), st.sampled_from([0.0, 2.0, 5.0]))
def test_the_cache_keeps_its_bound(said, cache_s):
    cached = CachedVoice(CountingVoice(), cache_s)
    for sentence in said:
        cached.speak(sentence)
        kept = sum(len(sound) for sound in cached._sounds.values())
        assert kept <= cache_s * SAMPLE_RATE_HZ
