"""Velocities, poses and angles in the plane (REP-103: x ahead, y to the left, yaw counter-clockwise)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Axis = Literal['linear', 'lateral', 'angular']


@dataclass(frozen=True)
class Velocity:
    """A velocity in the robot's own frame: ahead, to the left, counter-clockwise."""

    linear_mps: float = 0.0
    lateral_mps: float = 0.0
    angular_rps: float = 0.0

    @property
    def is_finite(self) -> bool:
        """Whether every component is a number."""
        return all(map(math.isfinite, (self.linear_mps, self.lateral_mps, self.angular_rps)))

    @property
    def speed_mps(self) -> float:
        """How fast the robot drives, whichever way."""
        return math.hypot(self.linear_mps, self.lateral_mps)

    def slowed_to(self, speed_mps: float) -> Velocity:
        """Return the velocity with a drive of at most this speed, in the same direction; turning is left as it is."""
        if self.speed_mps <= speed_mps:
            return self
        share = speed_mps / self.speed_mps
        return Velocity(self.linear_mps * share, self.lateral_mps * share, self.angular_rps)

    def on(self, axis: Axis) -> float:
        """Return one component, in m/s or rad/s."""
        if axis == 'angular':
            return self.angular_rps
        return self.linear_mps if axis == 'linear' else self.lateral_mps


STILL = Velocity()


@dataclass(frozen=True)
class Odometry:
    """
    Where the robot is in the odometry frame (REP-105), and how fast it moves there.

    `stamp_ns` is when it was measured, 0 where the robot does not say. A `yaw_rad` from a message lies anywhere in
    one turn; inside the controller it is continuous and counts whole turns (`unwrap`).
    """

    x_m: float
    y_m: float
    yaw_rad: float
    stamp_ns: int = 0
    velocity: Velocity = STILL

    @property
    def is_finite(self) -> bool:
        """Whether the pose consists of numbers."""
        return all(map(math.isfinite, (self.x_m, self.y_m, self.yaw_rad)))


def wrap(angle_rad: float) -> float:
    """Return the same direction within [-π, π]."""
    return math.remainder(angle_rad, math.tau)


def unwrap(yaw_rad: float, previous_rad: float) -> float:
    """Return the direction `yaw_rad` as the continuous angle nearest to `previous_rad`: turns are not forgotten."""
    return previous_rad + wrap(yaw_rad - previous_rad)
