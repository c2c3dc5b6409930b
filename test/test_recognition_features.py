"""The spectrogram, against the one of openai-whisper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speech import say

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, to_float
from voice_pipeline.recognition.features import HOP_SAMPLES, LogMel, LogMels, mel_filters, usable
from voice_pipeline.recognition.window import MAX_WINDOW_S

SOUND = to_float(say('turn left ninety degrees'))
FULL_S = MAX_WINDOW_S * SAMPLE_RATE_HZ


def whispers_own(samples, frame_count, mel_count=80):
    import torch
    import whisper

    padding = frame_count * HOP_SAMPLES - len(samples)
    return whisper.log_mel_spectrogram(torch.from_numpy(samples), mel_count, padding).numpy()


@pytest.mark.parametrize('mel_count', [80, 128])
def test_the_filters_are_those_of_whisper(mel_count):
    from whisper.audio import mel_filters as whispers_filters

    np.testing.assert_allclose(mel_filters(mel_count), whispers_filters('cpu', mel_count).numpy(), atol=1e-7)


@pytest.mark.parametrize('mel_count', [80, 128])
@pytest.mark.parametrize('length', [1, 160, 200, 201, 5000, len(SOUND)])
def test_the_numbers_are_those_of_whisper(length, mel_count):
    expected = whispers_own(SOUND[:length], 1000, mel_count)

    np.testing.assert_allclose(LogMel(mel_count)(SOUND[:length], 1000), expected, atol=1e-4)


@given(st.lists(st.integers(1, len(SOUND)), min_size=1, max_size=6), st.integers(0, 1000))
@settings(max_examples=30)
def test_what_was_heard_before_does_not_change_the_numbers(lengths, start):
    """A sound that grows, shrinks, or is another one."""
    log_mel = LogMel()
    for length in lengths:
        log_mel(SOUND[:length], 600)
    log_mel(SOUND[start : start + 2000], 600)

    for length in sorted(lengths):
        np.testing.assert_array_equal(log_mel(SOUND[:length], 600), LogMel()(SOUND[:length], 600))


def test_a_result_is_not_overwritten_by_the_next():
    log_mel = LogMel()
    first = log_mel(SOUND[:8000], 300)
    copy = first.copy()
    log_mel(SOUND[:16000], 300)

    np.testing.assert_array_equal(first, copy)


def test_several_sounds_may_grow_by_turns():
    """Two are remembered; a third takes the place of the one used longest ago."""
    log_mels = LogMels(2)
    sounds = [SOUND, SOUND[::-1].copy(), -SOUND]
    for length in (8000, 12000, 16000):
        for sound in sounds:
            np.testing.assert_array_equal(log_mels(sound[:length], 200), LogMel()(sound[:length], 200))


def test_sound_that_fills_the_window_is_followed_by_silence():
    """Whisper hears its end mirrored there; only the last frame differs."""
    sound = np.resize(SOUND, FULL_S)

    np.testing.assert_allclose(LogMel()(sound, 3000)[:, :-1], whispers_own(sound, 3000)[:, :-1], atol=1e-4)


def test_silence_is_the_least_whisper_knows():
    assert set(LogMel()(np.zeros(1000, np.float32), 100).ravel()) == {-1.5}


@pytest.mark.parametrize(
    ('samples', 'expected'),
    [
        ([], []),
        ([0.5, np.nan, -0.5], [0.5, 0.0, -0.5]),
        ([np.inf, -np.inf, 1e30], [1000.0, -1000.0, 1000.0]),
        ([3.0, -7.0], [3.0, -7.0]),
    ],
)
def test_what_is_not_a_number_is_made_usable(samples, expected):
    np.testing.assert_array_equal(usable(np.array(samples)), np.array(expected, np.float32))


def test_at_most_30_seconds_are_used():
    assert len(usable(np.zeros(FULL_S + 1, np.float32))) == FULL_S
