"""Records and ROS messages carry the same, both ways; an alien message is refused with a reason."""

import array
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from std_msgs.msg import Int16MultiArray

from voice_pipeline.audio.frames import Frame
from voice_pipeline.control.motion import Odometry, Velocity
from voice_pipeline.nodes.conversions import (
    AlienMessageError,
    audio_from_message,
    audio_to_message,
    odometry_from_message,
    odometry_to_message,
    scan_from_message,
    velocity_from_twist,
    velocity_to_twist,
)

speeds = st.floats(-3, 3)


@given(
    samples=st.lists(st.integers(-32768, 32767), min_size=1, max_size=600),
    sequence=st.integers(0, 2**32 - 1),
    stamp_ns=st.integers(0, 2**62),
)
def test_audio_keeps_its_samples_its_number_and_its_time(samples, sequence, stamp_ns):
    frame = Frame(samples=np.array(samples, dtype=np.int16), sequence=sequence, stamp_ns=stamp_ns)
    received = audio_from_message(audio_to_message(frame))
    assert received.samples.tolist() == samples
    assert (received.sequence, received.stamp_ns) == (sequence, stamp_ns)


def make_audio():
    return audio_to_message(Frame(samples=np.zeros(512, dtype=np.int16), sequence=0, stamp_ns=0))


def test_audio_without_a_layout_is_refused():
    message = Int16MultiArray(data=array.array('h', [1, 2, 3]))
    with pytest.raises(AlienMessageError, match='without the dimension rate, sample, sequence, stamp'):
        audio_from_message(message)


def test_audio_at_another_rate_is_refused():
    message = make_audio()
    message.layout.dim[1].size = 44100
    with pytest.raises(AlienMessageError, match='audio at 44100 Hz: publish it at 16000 Hz mono'):
        audio_from_message(message)


@pytest.mark.parametrize('length', [0, 511, 100_000])
def test_audio_of_another_length_than_it_says_is_refused(length):
    message = make_audio()
    message.data = array.array('h', [0] * length)
    with pytest.raises(AlienMessageError, match=f'audio of {length} samples'):
        audio_from_message(message)


@given(linear=speeds, lateral=speeds, angular=speeds)
def test_velocity_survives_the_journey(linear, lateral, angular):
    velocity = Velocity(linear_mps=linear, lateral_mps=lateral, angular_rps=angular)
    assert velocity_from_twist(velocity_to_twist(velocity)) == velocity


@given(x=st.floats(-1e3, 1e3), y=st.floats(-1e3, 1e3), yaw=st.floats(-3.1, 3.1), stamp_ns=st.integers(0, 2**61))
def test_odometry_survives_the_journey(x, y, yaw, stamp_ns):
    message = odometry_to_message(Odometry(x_m=x, y_m=y, yaw_rad=yaw), stamp_ns)
    received = odometry_from_message(message)
    assert (received.x_m, received.y_m, received.stamp_ns) == (x, y, stamp_ns)
    assert math.isclose(received.yaw_rad, yaw, abs_tol=1e-9)


def laser_scan(**changes):
    sensors = pytest.importorskip('sensor_msgs.msg')
    values = {'angle_min': -1.0, 'angle_increment': 0.5, 'range_min': 0.1, 'range_max': 8.0, 'ranges': [1.0, math.inf]}
    message = sensors.LaserScan(**{**values, **changes})
    message.header.stamp.sec, message.header.stamp.nanosec = 5, 7
    return message


def test_a_laser_scan_keeps_its_beams_its_limits_and_its_time():
    scan = scan_from_message(laser_scan())
    assert scan.ranges_m.tolist() == [1.0, math.inf]
    assert (scan.first_rad, scan.step_rad, scan.stamp_ns) == (-1.0, 0.5, 5_000_000_007)
    assert (scan.nearest_m, scan.furthest_m) == pytest.approx((0.1, 8.0))


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        ({'angle_increment': math.nan}, 'not numbers'),
        ({'range_min': 9.0}, 'in order'),
        ({'range_min': -1.0}, 'in order'),
        ({'ranges': []}, 'of 0 beams'),
        ({'ranges': [1.0] * 100_001}, 'of 100001 beams'),
    ],
)
def test_a_laser_scan_that_is_none_is_refused(changes, reason):
    with pytest.raises(AlienMessageError, match=reason):
        scan_from_message(laser_scan(**changes))
