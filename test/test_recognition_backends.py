"""Both libraries with the real model on real sound."""

import subprocess
import sys

import numpy as np
import pytest
from speech import say

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, to_float
from voice_pipeline.recognition.backend import NOTHING_HEARD, Request, hear
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.honesty import rejection
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.recognition.window import FULL_WINDOW, Window

WINDOW = Window(10.0)
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
        yield {name: load(RecognitionSettings(backend=name, device='cpu', adapter='none')) for name in BACKENDS}


@pytest.mark.parametrize('name', BACKENDS)
@pytest.mark.parametrize('sentence', SENTENCES)
def test_speech_is_understood(backends, name, sentence):
    heard = backends[name].transcribe(to_float(say(sentence)), WINDOW)

    assert words(heard.text) == SENTENCES[sentence]
    assert heard.confidence > 0.5
    assert heard.no_speech_probability < 0.5
    assert 0 < len(heard.tokens) < 20
    assert not heard.is_suspicious


def test_both_backends_agree_on_how_likely_it_is(backends):
    sound = to_float(say('turn left ninety degrees'))
    faster, openai = (backends[name].transcribe(sound, WINDOW) for name in BACKENDS)

    assert faster.text == openai.text
    assert faster.mean_log_probability == pytest.approx(openai.mean_log_probability, abs=0.1)
    assert faster.no_speech_probability == pytest.approx(openai.no_speech_probability, abs=0.05)


@pytest.mark.parametrize('name', BACKENDS)
def test_the_window_is_a_matter_of_time_and_not_of_words(backends, name):
    sound = to_float(say('go to the kitchen and bring me the red cup'))
    texts = {backends[name].transcribe(sound, window_s).text for window_s in (FULL_WINDOW, WINDOW)}

    assert len(texts) == 1


def test_a_window_of_as_many_states_as_there_are_mels_is_heard_like_any_other():
    backend = load(RecognitionSettings(backend='faster-whisper', device='cpu'))
    sound = to_float(say('stop', before_s=0.1, after_s=0.0))
    windows = [Window(frames / 100, padding_s=0.5) for frames in (158, 160, 162)]
    assert windows[1].frame_count(len(sound)) == 160

    heard = [backend.transcribe(sound, window) for window in windows]

    assert [words(one.text) for one in heard] == ['stop'] * 3
    assert all(one.confidence > 0.5 for one in heard)


def test_sounds_that_are_heard_together_are_heard_as_alone():
    backend = load(RecognitionSettings(backend='faster-whisper', device='cpu'))
    sentences = ('turn left ninety degrees', 'go to the kitchen and bring me the red cup', 'stop')
    sounds = [to_float(say(sentence, before_s=0.2, after_s=0.0)) for sentence in sentences]
    window = Window(0.0, padding_s=0.5)
    alone = [backend.transcribe(sound, window) for sound in sounds]

    together = backend.transcribe_batch([Request(sound, (window,)) for sound in (*sounds, np.zeros(0, np.float32))])

    assert together.pop() == NOTHING_HEARD
    assert [words(one.text) for one in together] == [words(one.text) for one in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.confidence == pytest.approx(other.confidence, abs=0.15)  # shorter ones hear more silence after them


@pytest.mark.parametrize('name', BACKENDS)
def test_long_speech_gets_a_longer_window(backends, name):
    sentence = to_float(say('go to the kitchen and bring me the red cup'))
    heard = hear(backends[name], np.tile(sentence, 3), (WINDOW, FULL_WINDOW))

    assert words(heard.text).count('red cup') == 3


@pytest.mark.parametrize('name', BACKENDS)
@pytest.mark.parametrize('length', [1, 100, SAMPLE_RATE_HZ, 31 * SAMPLE_RATE_HZ])
def test_silence_of_any_length_is_nothing(backends, name, length):
    heard = backends[name].transcribe(np.zeros(length, np.float32), WINDOW)

    assert rejection(heard, length / SAMPLE_RATE_HZ, RecognitionSettings()) is not None


@pytest.mark.parametrize('name', BACKENDS)
def test_no_sound_is_nothing(backends, name):
    assert backends[name].transcribe(np.zeros(0, np.float32), WINDOW).text == ''


@pytest.mark.parametrize('name', BACKENDS)
def test_silence_that_fills_the_window_and_silence_that_was_recorded_are_the_same(backends, name):
    sound = to_float(say('stop'))
    recorded = np.pad(sound, (0, 9 * SAMPLE_RATE_HZ - len(sound)))

    assert backends[name].transcribe(recorded, WINDOW) == backends[name].transcribe(sound, WINDOW)


@pytest.mark.parametrize('name', BACKENDS)
def test_the_draft_never_changes_the_text(backends, name):
    """Greedy decoding itself: see test_recognition_greedy."""
    sound = to_float(say('go to the kitchen and bring me the red cup'))
    draft = None
    for end in range(SAMPLE_RATE_HZ // 2, len(sound), SAMPLE_RATE_HZ // 2):
        heard = backends[name].transcribe(sound[:end], WINDOW, draft)
        assert heard.tokens == backends[name].transcribe(sound[:end], WINDOW).tokens
        draft = heard


@pytest.mark.parametrize('name', BACKENDS)
def test_long_and_fast_speech_is_heard_to_its_end(backends, name):
    """12 s without a pause, 5 tokens a second."""
    sentences = (
        'go to the kitchen and bring me the red cup',
        'turn left ninety degrees',
        'pick up the blue box and put it on the table',
        'what is your battery level',
        'drive back to the charging station',
        'wave to the people and say hello to them',
        'look at the window',
        'stop at the corner',
    )
    edges = [np.flatnonzero(np.abs(say(sentence)) > 300)[[0, -1]] for sentence in sentences]
    sound = np.concatenate([say(text)[a:b] for text, (a, b) in zip(sentences, edges, strict=True)])
    heard = backends[name].transcribe(to_float(sound), WINDOW)

    assert words(heard.text).split()[-4:] == ['stop', 'at', 'the', 'corner']
    assert not heard.was_cut


@pytest.mark.parametrize('name', BACKENDS)
def test_a_loop_is_cut_and_a_longer_window_asked(backends, name):
    """Without an adapter, Whisper says this again and again in so short a window."""
    sound = to_float(say('turn left ninety degrees', before_s=0.1, after_s=0.1))
    short, long = Window(0.0, 0.5), WINDOW
    cut = backends[name].transcribe(sound, short)

    assert (words(cut.text), cut.was_cut) == ('turn left 90 degrees', True)
    assert hear(backends[name], sound, (short, long)) == backends[name].transcribe(sound, long)


SPEECH = to_float(say('turn left ninety degrees'))


@pytest.mark.parametrize('name', BACKENDS)
@pytest.mark.parametrize(
    'sound',
    [
        pytest.param(np.clip(SPEECH * 20, -1, 1), id='clipped'),
        pytest.param(SPEECH * 100, id='very loud'),
        pytest.param(SPEECH / 300, id='very quiet'),
        pytest.param(SPEECH + 0.3, id='direct current'),
        pytest.param(np.where(np.arange(len(SPEECH)) % 4000 == 0, np.nan, SPEECH), id='not a number'),
        pytest.param(SPEECH.astype(np.float64), id='double precision'),
        pytest.param(SPEECH[::2].repeat(2)[::1], id='aliased'),
    ],
)
def test_bad_sound_is_understood_as_far_as_a_person_would(backends, name, sound):
    assert words(backends[name].transcribe(sound, WINDOW).text) == 'turn left 90 degrees'


@pytest.mark.parametrize('name', BACKENDS)
@pytest.mark.parametrize('value', [0.0, 1.0, -1.0, np.nan, np.inf, 1e30])
@pytest.mark.parametrize('length', [1, 2, 16_000])
def test_what_is_no_sound_at_all_does_no_harm(backends, name, value, length):
    heard = backends[name].transcribe(np.full(length, value, np.float32), WINDOW)

    assert 0.0 <= heard.confidence <= 1.0
    assert 0.0 <= heard.no_speech_probability <= 1.0


@pytest.mark.parametrize('name', BACKENDS)
def test_after_bad_input_the_next_is_heard(backends, name):
    for bad in (np.full(8000, np.nan), np.zeros(1), np.zeros(0)):
        backends[name].transcribe(bad.astype(np.float32), WINDOW)

    assert words(backends[name].transcribe(SPEECH, WINDOW).text) == 'turn left 90 degrees'


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
