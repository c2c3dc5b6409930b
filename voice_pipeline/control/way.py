"""How fast the robot may drive on: before what is in the way, at the geofence, and in speed zones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from voice_pipeline.control.motion import STILL, Odometry, Velocity
from voice_pipeline.control.obstacles import (
    Numbers,
    Scan,
    is_clear_to_turn,
    obstacle_points,
    room_m,
    to_robot,
    to_world,
)
from voice_pipeline.control.profile import braking_speed
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.zones import Ray, Zones

FENCE_MARGIN_M = 0.05
CREEP_MPS = 0.02  # slower is standing
# With room for this speed for this long, a way is open again: the noise of a scan must not shuffle the robot.
REOPEN_MPS, REOPEN_S = 0.1, 0.5
IN_THE_WAY = 'something is in the way'
AT_THE_FENCE = 'the robot may not drive further this way'
OUTSIDE = 'the robot is outside of where it may drive'
NO_SCAN = 'the laser scan is silent'
NO_POINTS: Numbers = np.empty((0, 2))


@dataclass(frozen=True)
class Passage:
    """
    How fast the robot may drive in a direction.

    `cruise_mps`: no faster here; `stop_mps`: no faster, to be able to stop before what `reason` says; `may_clear`: that
    may go away by itself. Faster than `brake_mps`, only the brakes help.
    """

    cruise_mps: float = math.inf
    stop_mps: float = math.inf
    brake_mps: float = math.inf
    reason: str = ''
    may_clear: bool = True

    @property
    def is_blocked(self) -> bool:
        """Whether there is no way on."""
        return self.stop_mps < CREEP_MPS


FREE = Passage()


class Way:
    """Knows what the last scan saw, in the frame of the odometry, and the zones."""

    def __init__(self, settings: ControlSettings, zones: Zones) -> None:
        self._settings = settings
        self._zones = zones
        self._points: Numbers | None = None
        self._stamp_ns = 0
        self._received_s = 0.0

    def expect_scans(self) -> None:
        """Learn that there is a scanner: from now on the robot drives on fresh scans only."""
        if self._points is None:
            self._points, self._received_s = NO_POINTS, -math.inf

    def update(self, scan: Scan, odometry: Odometry, now_s: float) -> None:
        """Take a scan that was made here. One that says nothing, or repeats the last stamp, is as good as none."""
        points = obstacle_points(scan, self._settings)
        if points is None or scan.stamp_ns == self._stamp_ns != 0:
            return
        self._points = to_world(points, odometry)
        self._stamp_ns, self._received_s = scan.stamp_ns, now_s

    def problem(self, now_s: float) -> str:
        """Return why the robot sees no way at all, or ''."""
        is_silent = self._points is not None and abs(now_s - self._received_s) > self._settings.scan_timeout_s
        return NO_SCAN if is_silent else ''

    def allows(self, odometry: Odometry) -> bool:
        """Say whether the robot may be here."""
        return self._zones.allow(odometry.x_m, odometry.y_m)

    def passage(self, velocity: Velocity, odometry: Odometry, now_s: float, dt_s: float) -> Passage:
        """Return how fast the robot may go on in the direction of the velocity, held for a cycle of `dt_s`."""
        if velocity == STILL:
            return FREE
        if velocity.speed_mps == 0.0:
            return self._room_to_turn(odometry, now_s)
        settings, hold_s = self._settings, dt_s + self._settings.reaction_s
        bearing_rad = math.atan2(velocity.lateral_mps, velocity.linear_mps)
        ray = Ray.towards(odometry.x_m, odometry.y_m, odometry.yaw_rad + bearing_rad)
        fastest_mps = self._zones.fastest_mps(ray, settings.deceleration_mps2, hold_s)
        fence = self._before(self._zones.room_m(ray) - FENCE_MARGIN_M, FENCE_MARGIN_M, AT_THE_FENCE, hold_s)
        obstacle = self._obstacle(odometry, bearing_rad, now_s, hold_s)
        nearest = min(obstacle, fence, key=lambda passage: passage.stop_mps)
        return Passage(
            cruise_mps=fastest_mps,
            stop_mps=nearest.stop_mps,
            brake_mps=min(fence.brake_mps, obstacle.brake_mps),
            reason=nearest.reason,
            may_clear=nearest is not fence,
        )

    def _obstacle(self, odometry: Odometry, bearing_rad: float, now_s: float, hold_s: float) -> Passage:
        if self._points is None:
            return FREE
        if self.problem(now_s):
            return Passage(stop_mps=0.0, brake_mps=0.0, reason=NO_SCAN)
        ahead_m = room_m(to_robot(self._points, odometry), bearing_rad, self._settings)
        return self._before(ahead_m, self._settings.obstacle_margin_m, IN_THE_WAY, hold_s)

    def _before(self, ahead_m: float, margin_m: float, reason: str, hold_s: float) -> Passage:
        """Return the passage that ends in this distance; half of the margin behind it is for noise and surprises."""
        if ahead_m == math.inf:
            return FREE
        deceleration_mps2 = self._settings.deceleration_mps2
        return Passage(
            stop_mps=braking_speed(ahead_m, deceleration_mps2, hold_s),
            brake_mps=braking_speed(ahead_m + margin_m / 2.0, deceleration_mps2, hold_s),
            reason=reason,
        )

    def _room_to_turn(self, odometry: Odometry, now_s: float) -> Passage:
        if self._points is None or self.problem(now_s):
            return FREE
        is_clear = is_clear_to_turn(to_robot(self._points, odometry), self._settings)
        return FREE if is_clear else Passage(stop_mps=0.0, reason=IN_THE_WAY)


class Blockade:
    """Whether the way is blocked, why, and for how long."""

    def __init__(self) -> None:
        self.reason = ''
        self._since_s = 0.0
        self._narrow_s = 0.0  # when there was no room last

    @property
    def is_on(self) -> bool:
        """Whether the work waits for the way to clear."""
        return bool(self.reason)

    def look(self, passage: Passage, now_s: float) -> bool:
        """Take how it is now; return whether that began or ended just now."""
        was_on = self.is_on
        if passage.stop_mps < REOPEN_MPS:
            self._narrow_s = now_s
        if passage.is_blocked:
            self._since_s = self._since_s if was_on else now_s
            self.reason = passage.reason
        elif was_on and not 0.0 <= now_s - self._narrow_s < REOPEN_S:
            self.reason = ''
        return self.is_on != was_on

    def lasted_s(self, now_s: float) -> float:
        """Return for how long it has been blocked."""
        return now_s - self._since_s

    def lift(self) -> None:
        """Forget it: the work is another."""
        self.reason = ''
