"""
The trapezoidal velocity profile, as pure functions of the present state.

Nothing is planned ahead: each cycle chooses the next speed from what remains, so that disturbances, slip and a changed
limit need no new trajectory. The braking curve is the discrete-time form of v = √(2·d·r): a speed v is held for one
cycle before the next choice, so v must satisfy v²/(2d) + v·dt ≤ r. Following it never needs more than the deceleration
d, never passes the end, and reaches it within a few cycles.
"""

from __future__ import annotations

import math

from voice_pipeline.control.motion import Velocity
from voice_pipeline.control.settings import ControlSettings


def next_speed(
    remaining: float,
    speed: float,
    max_speed: float,
    acceleration: float,
    deceleration: float,
    dt_s: float,
    reaction_s: float = 0.0,
) -> float:
    """
    Return the speed for the coming cycle of a motion that shall end at rest where nothing remains.

    `remaining` and `speed` are signed along the same axis; any consistent unit (m or rad). The limits are positive.
    `reaction_s` is how much later than commanded the robot slows down.
    """
    wanted = min(max_speed, braking_speed(abs(remaining), deceleration, dt_s + reaction_s))
    return slew(speed, math.copysign(wanted, remaining), acceleration, deceleration, dt_s)


def braking_speed(remaining: float, deceleration: float, hold_s: float) -> float:
    """Return the highest speed that, held for `hold_s`, still leaves room to brake within `remaining` ≥ 0."""
    if remaining <= 0.0:
        return 0.0
    lost = deceleration * hold_s
    # √(l² + 2dr) − l, written so that it keeps its digits where r is small.
    return 2.0 * deceleration * remaining / (math.sqrt(lost**2 + 2.0 * deceleration * remaining) + lost)


def slew(speed: float, wanted: float, acceleration: float, deceleration: float, dt_s: float) -> float:
    """Return `speed` moved towards `wanted` as far as one cycle allows; a reversal passes through zero."""
    if speed * wanted < 0.0:
        wanted = 0.0
    limit = acceleration if abs(wanted) > abs(speed) else deceleration
    return speed + clamp(wanted - speed, limit * dt_s)


def clamp(value: float, bound: float) -> float:
    """Return `value` within [-bound, bound]."""
    return max(-bound, min(bound, value))


def limit_velocity(wanted: Velocity, previous: Velocity, settings: ControlSettings, dt_s: float) -> Velocity:
    """Return `wanted` within the speed limits and within what the accelerations allow after `previous`."""
    speed_up, slow_down = settings.acceleration_mps2, settings.deceleration_mps2
    angular = math.radians(settings.angular_acceleration_dps2)
    linear_mps = clamp(wanted.linear_mps, settings.max_speed_mps)
    lateral_mps = clamp(wanted.lateral_mps, settings.max_lateral_mps)
    angular_rps = clamp(wanted.angular_rps, math.radians(settings.max_speed_dps))
    return Velocity(
        slew(previous.linear_mps, linear_mps, speed_up, slow_down, dt_s),
        slew(previous.lateral_mps, lateral_mps, speed_up, slow_down, dt_s),
        slew(previous.angular_rps, angular_rps, angular, angular, dt_s),
    )


def brake(velocity: Velocity, settings: ControlSettings, dt_s: float) -> Velocity:
    """Return the next velocity of an emergency stop: zero, or translation slowed by the stop deceleration."""
    if settings.stop_deceleration_mps2 == 0.0:
        return Velocity()
    change = settings.stop_deceleration_mps2 * dt_s
    return Velocity(_toward_zero(velocity.linear_mps, change), _toward_zero(velocity.lateral_mps, change), 0.0)


def _toward_zero(speed: float, change: float) -> float:
    return speed - clamp(speed, change)
