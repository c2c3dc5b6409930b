"""The velocity profile: arrives, never overshoots, never exceeds a limit. And the angles."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.control.motion import Velocity, unwrap, wrap
from voice_pipeline.control.profile import braking_speed, limit_velocity, next_speed, slew
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.settings import SettingsError

distances = st.floats(0.001, 20.0)
speeds = st.floats(0.05, 3.0)
accelerations = st.floats(0.1, 10.0)
periods = st.floats(0.005, 0.05)


@given(distances, st.sampled_from([-1.0, 1.0]), speeds, accelerations, accelerations, periods)
def test_a_motion_arrives_at_rest_without_overshoot_and_within_its_limits(distance, sign, fastest, up, down, dt):
    remaining, speed = sign * distance, 0.0
    ideal_s = distance / fastest + fastest / up + fastest / down
    for _ in range(math.ceil(2 * ideal_s / dt) + 50):
        before, speed = speed, next_speed(remaining, speed, fastest, up, down, dt)
        assert abs(speed) <= fastest
        grows = abs(speed) > abs(before)
        assert abs(speed - before) <= (up if grows else down) * dt + 1e-9
        remaining -= speed * dt
        assert sign * remaining >= -1e-9
    assert abs(remaining) < 1e-4
    assert abs(speed) < 1e-2


@given(st.floats(-5, 5), st.floats(-3, 3), speeds, accelerations, accelerations, periods)
def test_from_any_speed_the_motion_comes_to_rest_at_its_end(remaining, speed, fastest, up, down, dt):
    for _ in range(math.ceil(60 / dt / min(1.0, fastest, up, down))):
        speed = next_speed(remaining, speed, fastest, up, down, dt)
        remaining -= speed * dt
        if abs(remaining) < 1e-4 and abs(speed) < 1e-2:
            return
    pytest.fail(f'{remaining} remained at speed {speed}')


@given(distances, accelerations)
def test_with_short_cycles_the_braking_curve_is_the_textbook_one(remaining, deceleration):
    assert braking_speed(remaining, deceleration, 1e-7) == pytest.approx(
        math.sqrt(2 * deceleration * remaining), rel=1e-3
    )


@pytest.mark.parametrize(
    ('speed', 'wanted', 'expected'),
    [
        (0.0, 1.0, 0.1),  # speeds up with 1 m/s² for 0.1 s
        (0.5, 0.0, 0.3),  # slows down with 2 m/s²
        (0.5, -1.0, 0.3),  # a reversal slows down first
        (0.1, -1.0, 0.0),  # and passes through zero
        (-0.5, 0.0, -0.3),
        (0.95, 1.0, 1.0),
    ],
)
def test_slew(speed, wanted, expected):
    assert slew(speed, wanted, 1.0, 2.0, 0.1) == pytest.approx(expected)


components = st.floats(-1e6, 1e6)


@given(st.builds(Velocity, components, components, components), periods)
def test_limited_velocities_never_pass_a_limit(wanted, dt):
    settings = ControlSettings(max_lateral_mps=0.2)
    fastest_rps, angular = math.radians(settings.max_speed_dps), math.radians(settings.angular_acceleration_dps2)
    limits = (settings.acceleration_mps2, settings.acceleration_mps2, angular)
    velocity = Velocity()
    for _ in range(300):
        before, velocity = velocity, limit_velocity(wanted, velocity, settings, dt)
        for axis, acceleration in zip(('linear', 'lateral', 'angular'), limits, strict=True):
            assert abs(velocity.on(axis) - before.on(axis)) <= acceleration * dt + 1e-12
        assert abs(velocity.linear_mps) <= settings.max_speed_mps
        assert abs(velocity.lateral_mps) <= settings.max_lateral_mps
        assert abs(velocity.angular_rps) <= fastest_rps


@given(st.lists(st.floats(-3.0, 3.0), max_size=50), st.floats(-math.pi, math.pi))
def test_whole_turns_are_counted(changes, start):
    true_rad = continuous_rad = start
    for change in changes:
        true_rad += change
        continuous_rad = unwrap(wrap(true_rad), continuous_rad)
    assert continuous_rad == pytest.approx(true_rad, abs=1e-6)


def test_settings_say_what_is_wrong():
    with pytest.raises(SettingsError, match="'rate_hz' is 5"):
        ControlSettings.from_mapping({'rate_hz': 5})
    assert all(parameter.description for parameter in ControlSettings.parameters())
