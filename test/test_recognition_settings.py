import pytest

from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.settings import SettingsError


def test_defaults_are_valid():
    assert RecognitionSettings.from_mapping({}) == RecognitionSettings()


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        ({'speech_threshold': 0.4, 'silence_threshold': 0.6}, 'silence_threshold .* must not exceed speech_threshold'),
        ({'pre_roll_ms': 900}, 'pre_roll_ms .* must not exceed final_silence_ms'),
        ({'tail_ms': 900}, 'tail_ms .* must not exceed final_silence_ms'),
        ({'max_utterance_s': 29.0}, 'lower max_utterance_s'),
        ({'backend': 'whisper.cpp'}, 'expected one of auto, faster-whisper'),
        ({'threads': 0}, "'threads' is 0"),
        ({'windows_s': 5}, "did you mean 'window_s'"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(values, reason):
    with pytest.raises(SettingsError, match=reason):
        RecognitionSettings.from_mapping(values)


def test_every_setting_is_described():
    assert all(parameter.description for parameter in RecognitionSettings.parameters())
