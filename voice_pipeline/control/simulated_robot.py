"""A robot base without a robot: it takes velocities and answers with odometry, as fast as it is asked."""

from __future__ import annotations

import math
import random

from voice_pipeline.control.motion import STILL, Odometry, Velocity, wrap
from voice_pipeline.control.profile import slew
from voice_pipeline.control.settings import SimulationSettings


class SimulatedRobot:
    """
    A differential or omnidirectional base with limited acceleration, slip and noisy odometry.

    Like the bases of ros2_control (`diff_drive_controller`, `cmd_vel_timeout`) it stops by itself when commands go
    silent. The same calls with the same seed give the same odometry. The odometry frame is the world: it is noisy but
    does not drift, so slip shows in it.
    """

    def __init__(self, settings: SimulationSettings) -> None:
        self._settings = settings
        self._random = random.Random(settings.seed)
        self._now_s: float | None = None
        self._commanded = STILL
        self._commanded_s = -math.inf
        self._wheels = STILL  # the velocity of the drive, before slip
        self._pose = Odometry(settings.start_x_m, settings.start_y_m, math.radians(settings.start_yaw_deg))

    @property
    def true_pose(self) -> Odometry:
        """Where the robot is, without noise; its yaw counts whole turns."""
        return self._pose

    def command(self, velocity: Velocity, now_s: float) -> None:
        """Take a velocity to be held until the next one or the timeout; what is not a number means stand still."""
        self._commanded = velocity if velocity.is_finite else STILL
        self._commanded_s = now_s

    def step(self, now_s: float) -> Odometry:
        """Move on to `now_s` and return the odometry there. Going back in time moves nothing."""
        if self._now_s is not None:
            self._move_until(now_s, self._now_s)
        self._now_s = now_s
        return self._measured(now_s)

    def _move_until(self, end_s: float, begin_s: float) -> None:
        """Move in pieces of at most one period, so that ramps and the timeout are resolved after a long gap too."""
        pieces = math.ceil((end_s - begin_s) * self._settings.rate_hz)
        dt_s = (end_s - begin_s) / max(1, pieces)
        for piece in range(pieces):
            is_silent = begin_s + piece * dt_s - self._commanded_s > self._settings.cmd_timeout_s
            self._turn_wheels(STILL if is_silent else self._commanded, dt_s)
            self._pose = _moved(self._pose, self._slipping(), dt_s)

    def _turn_wheels(self, wanted: Velocity, dt_s: float) -> None:
        linear = self._settings.acceleration_mps2
        angular = math.radians(self._settings.angular_acceleration_dps2)
        lateral_mps = wanted.lateral_mps if self._settings.drive == 'omnidirectional' else 0.0
        self._wheels = Velocity(
            slew(self._wheels.linear_mps, wanted.linear_mps, linear, linear, dt_s),
            slew(self._wheels.lateral_mps, lateral_mps, linear, linear, dt_s),
            slew(self._wheels.angular_rps, wanted.angular_rps, angular, angular, dt_s),
        )

    def _slipping(self) -> Velocity:
        grip = 1.0 - self._settings.slip
        wheels = self._wheels
        return Velocity(wheels.linear_mps * grip, wheels.lateral_mps * grip, wheels.angular_rps * grip)

    def _measured(self, now_s: float) -> Odometry:
        noise_m, noise_rad = self._settings.noise_m, math.radians(self._settings.noise_deg)
        return Odometry(
            self._pose.x_m + self._random.gauss(0.0, noise_m),
            self._pose.y_m + self._random.gauss(0.0, noise_m),
            wrap(self._pose.yaw_rad + self._random.gauss(0.0, noise_rad)),
            stamp_ns=round(now_s * 1e9),
            velocity=self._slipping(),
        )


def _moved(pose: Odometry, velocity: Velocity, dt_s: float) -> Odometry:
    """Return the pose after a constant velocity: an exact arc (Siegwart, Autonomous Mobile Robots, 3.2)."""
    turned_rad = velocity.angular_rps * dt_s
    if abs(turned_rad) < 1e-6:
        sine, versine = 1.0, turned_rad / 2.0  # sin(t)/t and (1 - cos(t))/t near 0
    else:
        sine, versine = math.sin(turned_rad) / turned_rad, (1.0 - math.cos(turned_rad)) / turned_rad
    ahead_m, left_m = velocity.linear_mps * dt_s, velocity.lateral_mps * dt_s
    dx, dy = ahead_m * sine - left_m * versine, ahead_m * versine + left_m * sine
    cos_yaw, sin_yaw = math.cos(pose.yaw_rad), math.sin(pose.yaw_rad)
    return Odometry(
        pose.x_m + dx * cos_yaw - dy * sin_yaw, pose.y_m + dx * sin_yaw + dy * cos_yaw, pose.yaw_rad + turned_rad
    )
