"""What the doctor says of microphone, loudspeaker and the model that hears."""

import numpy as np
import pytest
from doctor_rig import says
from jetson_tree import put

from voice_pipeline.audio.settings import CaptureSettings
from voice_pipeline.jetson.host import Host
from voice_pipeline.monitoring.budgets import load_budgets
from voice_pipeline.recognition.choose import Available
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import BUNDLED_SHA256
from voice_pipeline.speech.settings import SpeakerSettings
from voice_pipeline.tools.doctor import model, sound
from voice_pipeline.tools.doctor.probes import sound_levels
from voice_pipeline.tools.doctor.records import (
    DeviceAnswer,
    LoudspeakerAnswer,
    MicrophoneAnswer,
    RecognitionAnswer,
    SoundLevels,
)

BUDGETS = load_budgets()


# --- sound


def tone(amplitude, offset=0.0):
    return np.clip(amplitude * np.sin(np.arange(16_000) * 0.3) + offset, -32768, 32767).astype(np.int16)


def noise(amplitude):
    return (np.random.default_rng(0).standard_normal(16_000) * amplitude).astype(np.int16)


@pytest.mark.parametrize(
    ('samples', 'level', 'word'),
    [
        (noise(100), 'ok', '-50 dBFS'),
        (np.zeros(16_000, np.int16), 'error', 'muted'),
        (np.zeros(0, np.int16), 'error', 'muted'),
        (tone(40_000), 'warning', 'clipped'),
        (noise(100) + np.int16(5000), 'warning', '15%'),
        (np.tile(np.array([0, 1], np.int16), 8000), 'warning', 'hardly'),
        (tone(10_000), 'warning', 'very loud'),
    ],
)
def test_the_level_of_a_microphone(samples, level, word):
    says(sound.judge_levels(sound_levels(samples)), level, word)


def test_levels_have_the_scale_of_the_converter():
    levels = sound_levels(tone(16_384))
    assert levels.peak_dbfs == pytest.approx(-6.0, abs=0.1)
    assert levels.rms_dbfs == pytest.approx(-9.0, abs=0.1)


LEVELS = SoundLevels(rms_dbfs=-50, peak_dbfs=-40, offset_share=0, clipped_share=0, is_all_zero=False)


@pytest.mark.parametrize(
    ('answer', 'level', 'word'),
    [
        (MicrophoneAnswer(devices=('0: Array (48000 Hz)',), device="microphone 'Array'", levels=LEVELS), 'ok', '48000'),
        (MicrophoneAnswer(problem='no microphone found'), 'error', 'source:=wav'),
        (MicrophoneAnswer(devices=('0: A', '1: B'), problem="no microphone is called 'C'"), 'error', 'fuser'),
        (MicrophoneAnswer(devices=('0: A',), device='A', problem='microphone lost'), 'error', 'there are: 0: A'),
    ],
)
def test_microphone(answer, level, word):
    says(sound.check_microphone(CaptureSettings(), lambda: answer), level, word)
    expected = 'ok' if answer.levels else 'skipped'
    says(sound.check_microphone_level(CaptureSettings(), lambda: answer), expected)


def test_no_microphone_is_needed_for_a_sound_file():
    settings = CaptureSettings(source='wav', wav='a.wav')
    says(sound.check_microphone(settings, pytest.fail), 'skipped')
    says(sound.check_microphone_level(settings, pytest.fail), 'skipped')


@pytest.mark.parametrize(
    ('device', 'problem', 'level'),
    [('', '', 'ok'), ('', 'none found', 'skipped'), ('Bar', 'none of this name', 'warning')],
)
def test_loudspeaker(device, problem, level):
    answer = LoudspeakerAnswer(device='Speaker', problem=problem)
    says(sound.check_loudspeaker(SpeakerSettings(device=device), lambda: answer), level)


def test_the_right_to_use_sound_devices(tmp_path, monkeypatch):
    host = Host(root=tmp_path)
    says(sound.check_sound_rights(host, ('audio',), 'me'), 'skipped')
    put(tmp_path, 'dev/snd/pcmC0D0c', '')
    says(sound.check_sound_rights(host, ('audio',), 'me'), 'ok')
    monkeypatch.setattr('os.access', lambda path, mode: False)
    says(sound.check_sound_rights(host, (), 'me'), 'error', 'usermod -aG audio me', 'are not in')


# --- model


def test_the_bundled_model_is_whole():
    says(model.check_model(RecognitionSettings()), 'ok', 'SHA-256', 'tiny.en')


def test_a_damaged_model(monkeypatch):
    monkeypatch.setitem(BUNDLED_SHA256, 'config.json', '0' * 64)
    says(model.check_model(RecognitionSettings()), 'error', 'damaged', 'pip install --force-reinstall')


@pytest.mark.parametrize(
    ('settings', 'level', 'word'),
    [
        (RecognitionSettings(adapter='none'), 'warning', 'without an adapter'),
        (RecognitionSettings(adapter='/nowhere.npz'), 'error', '/nowhere.npz'),
        (RecognitionSettings(model='/nowhere.pt'), 'error', '/nowhere.pt'),
        (RecognitionSettings(model='base.en'), 'warning', 'downloaded'),
    ],
)
def test_other_models(settings, level, word):
    says(model.check_model(settings), level, word)


CPU_ONLY = Available(openai_whisper=True, faster_whisper=True)
WITH_CUDA = Available(openai_whisper=True, faster_whisper=True, openai_cuda=True)


@pytest.mark.parametrize(
    ('device', 'available', 'gpus', 'level', 'word'),
    [
        ('auto', WITH_CUDA, 1, 'ok', 'openai-whisper on cuda'),
        ('auto', CPU_ONLY, 0, 'ok', 'no GPU here'),
        ('auto', CPU_ONLY, 1, 'warning', 'there is a GPU'),
        ('cpu', CPU_ONLY, 1, 'ok', 'faster-whisper on cpu'),
        ('cuda', CPU_ONLY, 1, 'error', 'finds no GPU'),
        ('auto', Available(), 0, 'error', 'no Whisper library'),
    ],
)
def test_the_device_asked_for_and_the_one_in_use(tmp_path, device, available, gpus, level, word):
    answer = DeviceAnswer(available=available, gpus=gpus)
    says(model.check_device(RecognitionSettings(device=device), answer, Host(root=tmp_path)), level, word)


def test_a_gpu_without_its_driver(tmp_path):
    put(tmp_path, 'dev/nvidia0', '')
    answer = DeviceAnswer(available=CPU_ONLY, gpus=0)
    says(model.check_device(RecognitionSettings(), answer, Host(root=tmp_path)), 'warning', 'driver')


def trial(*revision_ms, **more):
    values = {'description': 'x', 'device': 'cpu', 'text': 'Go.', 'expected_text': 'go', 'speech_s': 1.3, 'load_s': 1.0}
    return lambda: RecognitionAnswer(revision_ms=revision_ms, **{**values, **more})


def test_how_the_model_hears():
    says(model.check_recognition(trial(30.0)), 'ok', '"Go."')
    says(model.check_recognition(trial(problem='it heard nonsense')), 'error', 'nonsense')
    says(model.check_recognition(trial(30.0, warnings=('the CPU is used instead',))), 'warning', 'CPU is used')


@pytest.mark.parametrize(
    ('revision_ms', 'level'), [((20.0, 30.0, 500.0), 'ok'), ((90.0,), 'warning'), ((900.0,), 'error')]
)
def test_how_fast_the_model_is(revision_ms, level):
    says(model.check_speed(trial(*revision_ms), BUDGETS), level)


@pytest.mark.parametrize(
    ('description', 'device', 'named'),
    [
        ('faster-whisper tiny.en on cpu', 'cpu', set()),
        ('openai-whisper base.en on cpu', 'cpu', {'backend:=faster-whisper', 'model:=tiny.en'}),
        ('openai-whisper base.en on cuda', 'cuda', {'model:=tiny.en'}),
    ],
)
def test_a_slow_model_is_told_what_it_does_not_do_already(description, device, named):
    advice = model.check_speed(trial(90.0, description=description, device=device), BUDGETS).advice
    assert {word for word in ('backend:=faster-whisper', 'model:=tiny.en') if word in advice} == named


def test_how_long_the_model_loads():
    says(model.check_loading(trial(30.0)), 'ok')
    says(model.check_loading(trial(30.0, load_s=40.0)), 'warning', '40.0 s')


def test_a_model_that_cannot_be_loaded_is_said_once():
    broken = trial(problem='broken')
    says(model.check_loading(broken), 'skipped')
    says(model.check_speed(broken, BUDGETS), 'skipped')
