"""Both libraries with the real model on real sound."""

import subprocess
import sys

import numpy as np
import pytest
from speech import say

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, to_float
from voice_pipeline.recognition.backend import without_noise
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError

BACKENDS = ('faster-whisper', 'openai-whisper')
SENTENCES = {
    'turn left ninety degrees': 'turn left 90 degrees',
    'go to the kitchen and bring me the red cup': 'go to the kitchen and bring me the red cup',
    'stop': 'stop',
}


def words(text):
    return ''.join(character for character in text.lower() if character.isalnum() or character == ' ')


@pytest.fixture(scope='module')
def backends(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('XDG_CACHE_HOME', str(tmp_path_factory.mktemp('cache')))
        yield {name: load(RecognitionSettings(backend=name, device='cpu')) for name in BACKENDS}


@pytest.mark.parametrize('name', BACKENDS)
@pytest.mark.parametrize('sentence', SENTENCES)
def test_speech_is_understood(backends, name, sentence):
    heard = backends[name].transcribe(to_float(say(sentence)), window_s=10.0)

    assert words(heard.text) == SENTENCES[sentence]
    assert heard.confidence > 0.5
    assert heard.no_speech_probability < 0.5
    assert 0 < heard.token_count < 20


def test_both_backends_agree_on_how_likely_it_is(backends):
    sound = to_float(say('turn left ninety degrees'))
    faster, openai = (backends[name].transcribe(sound, window_s=10.0) for name in BACKENDS)

    assert faster.text == openai.text
    assert faster.mean_log_probability == pytest.approx(openai.mean_log_probability, abs=0.1)
    assert faster.no_speech_probability == pytest.approx(openai.no_speech_probability, abs=0.05)


@pytest.mark.parametrize('name', BACKENDS)
def test_the_window_is_a_matter_of_time_and_not_of_words(backends, name):
    sound = to_float(say('go to the kitchen and bring me the red cup'))
    texts = {backends[name].transcribe(sound, window_s).text for window_s in (30.0, 10.0)}

    assert len(texts) == 1


@pytest.mark.parametrize('name', BACKENDS)
def test_long_speech_gets_a_longer_window(backends, name):
    sentence = to_float(say('go to the kitchen and bring me the red cup'))
    heard = backends[name].transcribe(np.tile(sentence, 3), window_s=10.0)

    assert words(heard.text).count('red cup') == 3


@pytest.mark.parametrize('name', BACKENDS)
@pytest.mark.parametrize('length', [1, 100, SAMPLE_RATE_HZ, 31 * SAMPLE_RATE_HZ])
def test_silence_of_any_length_is_nothing(backends, name, length):
    heard = backends[name].transcribe(np.zeros(length, np.float32), window_s=10.0)

    assert without_noise(heard, RecognitionSettings()).text == ''


@pytest.mark.parametrize('name', BACKENDS)
def test_no_sound_is_nothing(backends, name):
    assert backends[name].transcribe(np.zeros(0, np.float32), window_s=10.0).text == ''


@pytest.mark.parametrize('name', BACKENDS)
def test_silence_that_fills_the_window_and_silence_that_was_recorded_are_the_same(backends, name):
    sound = to_float(say('stop'))
    recorded = np.pad(sound, (0, 9 * SAMPLE_RATE_HZ - len(sound)))

    assert backends[name].transcribe(recorded, 10.0) == backends[name].transcribe(sound, 10.0)


def test_faster_whisper_runs_without_torch():
    """torch is several hundred megabytes that a robot without a GPU need not load."""
    script = (
        'import sys\n'
        'from voice_pipeline.recognition.choose import load\n'
        'from voice_pipeline.recognition.settings import RecognitionSettings\n'
        "load(RecognitionSettings(backend='faster-whisper', device='cpu'))\n"
        "sys.exit(' '.join(name for name in ('torch', 'whisper', 'onnxruntime') if name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stderr) == (1, '\n')


def test_a_model_that_cannot_be_downloaded_is_said_in_words(monkeypatch):
    import faster_whisper

    def offline(*args, **kwargs):
        raise OSError('Name or service not known')

    monkeypatch.setattr(faster_whisper, 'WhisperModel', offline)
    with pytest.raises(ModelError, match=r'tiny\.en works offline'):
        load(RecognitionSettings(model='base.en', backend='faster-whisper', device='cpu'))
