"""The level meter: steady noise, the speech above it, and the gain for a quiet microphone."""

import numpy as np
import pytest
from speech import say

from voice_pipeline.audio.frames import FRAME_SAMPLES
from voice_pipeline.audio.level import LevelMeter, raised

RNG_SEED = 0


def noise(level_dbfs, seconds, offset=0):
    rng = np.random.default_rng(RNG_SEED)
    return (rng.normal(0, 32768 * 10 ** (level_dbfs / 20), round(seconds * 16_000)) + offset).astype(np.int16)


def fed(*sounds):
    meter = LevelMeter()
    sound = np.concatenate(sounds)
    for frame in sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES):
        meter.update(frame)
    return meter


@pytest.mark.parametrize('level_dbfs', [-20.0, -40.0, -60.0])
@pytest.mark.parametrize('offset', [0, 3000])
def test_the_floor_is_the_level_of_steady_noise(level_dbfs, offset):
    meter = fed(noise(level_dbfs, 3, offset))

    assert meter.floor_db == pytest.approx(level_dbfs, abs=1.5)
    assert meter.above_floor_db < 3.0


def test_speech_is_above_the_floor_that_it_leaves_where_it_was():
    speech = say('turn left ninety degrees', 2.0, 0.0)[: 3 * 16_000]
    meter = fed(speech + noise(-50, 3))

    assert meter.floor_db == pytest.approx(-50, abs=2)
    assert meter.above_floor_db > 10


def test_a_fan_that_is_switched_on_becomes_the_floor_in_some_seconds():
    assert fed(noise(-60, 3), noise(-30, 2)).floor_db < -55
    assert fed(noise(-60, 3), noise(-30, 3.5)).floor_db == pytest.approx(-30, abs=1.5)


def test_lost_frames_say_nothing_about_the_room():
    meter = fed(noise(-40, 3), np.zeros(10 * FRAME_SAMPLES, np.int16))

    assert meter.floor_db == pytest.approx(-40, abs=1.5)
    assert meter.above_floor_db == 0.0


@pytest.mark.parametrize(
    ('level_dbfs', 'gain_db'),
    [(-70.0, 20.0), (-54.0, 10.0), (-40.0, 0.0), (-10.0, 0.0)],
)
def test_a_quiet_microphone_is_raised_until_its_noise_is_where_speech_is_found_best(level_dbfs, gain_db):
    assert fed(noise(level_dbfs, 4)).gain_db == pytest.approx(gain_db, abs=1.5)


def test_the_gain_leaves_room_for_loud_speech_and_comes_back_after_it():
    loud = fed(noise(-70, 3), say('stop', 0.0, 0.0))
    after = fed(noise(-70, 3), say('stop', 0.0, 0.0), noise(-70, 10))

    assert loud.gain_db < 5.0
    assert after.gain_db > 15.0


def test_reset_forgets_the_room():
    meter = fed(noise(-30, 3))
    meter.reset()

    assert (meter.floor_db, meter.gain_db) == (-100.0, 0.0)


def test_raised_sound_is_louder_and_clipped():
    samples = np.array([0, 100, -100, 30_000, -32_768], np.int16)

    assert raised(samples, 0.0) is samples
    assert raised(samples, 20.0).tolist() == [0, 1000, -1000, 32767, -32768]
