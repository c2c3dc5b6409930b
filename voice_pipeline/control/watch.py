"""Does the robot do what it is told? Watches over odometry and motion, each saying in words what is wrong."""

from __future__ import annotations

import math
from dataclasses import replace

from voice_pipeline.control.motion import STILL, Odometry, unwrap, wrap
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.steps import Cycle

CLOCK_JUMP_S = 0.5  # clocks that are disciplined (NTP) are slewed, far less a cycle
LEAP_RAD = math.radians(60.0)
MOVING_SHARE = 0.2  # less than this share of the commanded motion is not moving as commanded
MIN_EXPECTED_M = 0.05
MIN_EXPECTED_RAD = math.radians(5.0)


class OdometryWatch:
    """Keeps the newest odometry, its yaw continuous, and says when it is missing, silent, frozen or leaping."""

    def __init__(self, settings: ControlSettings) -> None:
        self._settings = settings
        self._leap = ''
        self._received_s = 0.0
        self.newest: Odometry | None = None

    def update(self, odometry: Odometry, now_s: float) -> None:
        """Take a message. One that is not made of numbers, or not newer than the last, is as good as none."""
        if not odometry.is_finite:
            return
        last = self.newest
        if last is not None and not self._is_newer(odometry.stamp_ns, last.stamp_ns, now_s - self._received_s):
            return
        self.newest = replace(odometry, yaw_rad=unwrap(odometry.yaw_rad, last.yaw_rad if last else 0.0))
        if last is not None:
            self._look_for_leap(self.newest, last, now_s - self._received_s)
        self._received_s = now_s

    def _is_newer(self, stamp_ns: int, last_ns: int, elapsed_s: float) -> bool:
        """After a silence that has ended every motion, an older stamp is that of another source, or of a set clock."""
        if stamp_ns == 0:
            return True
        return stamp_ns > last_ns or (stamp_ns < last_ns and elapsed_s > 2.0 * self._settings.odom_timeout_s)

    def problem(self, now_s: float) -> str:
        """Return why the odometry cannot be driven on, or ''."""
        if self.newest is None:
            return 'no odometry was received'
        silent_s = now_s - self._received_s
        if silent_s > self._settings.odom_timeout_s:
            return f'no odometry for {silent_s:.1f} s'
        return self._leap

    def forgive_leap(self) -> None:
        """Take the pose after a leap as the new truth."""
        self._leap = ''

    def forget(self) -> None:
        """Drop everything: times are not comparable any more."""
        self.newest = None
        self._leap = ''

    def _look_for_leap(self, odometry: Odometry, last: Odometry, elapsed_s: float) -> None:
        moved_m = math.hypot(odometry.x_m - last.x_m, odometry.y_m - last.y_m)
        fastest_mps = math.hypot(self._settings.max_speed_mps, self._settings.max_lateral_mps)
        if moved_m > self._settings.odom_leap_m + fastest_mps * elapsed_s:
            self._leap = f'the odometry leapt by {moved_m:.1f} m'
        turned_rad = abs(wrap(odometry.yaw_rad - last.yaw_rad))
        if turned_rad > LEAP_RAD + math.radians(self._settings.max_speed_dps) * elapsed_s:
            self._leap = f'the odometry leapt by {math.degrees(turned_rad):.0f} degrees'


class StallWatch:
    """
    Compares the commanded motion with the measured one, a window at a time; two bad windows in a row are a stall.

    One may be bad without a fault: a sluggish robot that is told to turn round still rolls on for a while.
    Both are signed: a robot that moves the other way (an inverted odometry or motor) is caught like one that is stuck.
    """

    def __init__(self, stall_s: float) -> None:
        self._window_s = stall_s / 2.0
        self._origin: Odometry | None = None
        self._is_suspect = False

    def check(self, cycle: Cycle) -> str:
        """Return how the robot fails to move as commanded, or ''. To be called once a cycle."""
        if cycle.velocity == STILL:
            self._origin, self._is_suspect = None, False
            return ''
        if self._origin is None:
            self._begin(cycle)
            return ''
        self._add(cycle)
        is_significant = self._expected_m() >= MIN_EXPECTED_M or abs(self._yaw_rad) >= MIN_EXPECTED_RAD
        if cycle.now_s - self._since_s < self._window_s or not is_significant:
            return ''
        problem = self._compare(cycle.odometry)
        was_suspect, self._is_suspect = self._is_suspect, bool(problem)
        self._origin = None
        return problem if was_suspect else ''

    def _begin(self, cycle: Cycle) -> None:
        self._origin = cycle.odometry
        self._since_s = cycle.now_s
        self._x_m = self._y_m = self._yaw_rad = 0.0

    def _add(self, cycle: Cycle) -> None:
        velocity, yaw_rad = cycle.velocity, cycle.odometry.yaw_rad
        ahead_m, left_m = velocity.linear_mps * cycle.dt_s, velocity.lateral_mps * cycle.dt_s
        self._x_m += ahead_m * math.cos(yaw_rad) - left_m * math.sin(yaw_rad)
        self._y_m += ahead_m * math.sin(yaw_rad) + left_m * math.cos(yaw_rad)
        self._yaw_rad += velocity.angular_rps * cycle.dt_s

    def _expected_m(self) -> float:
        return math.hypot(self._x_m, self._y_m)

    def _compare(self, odometry: Odometry) -> str:
        """A drive is judged by its way alone: its heading corrections may just cancel a drift of the robot."""
        assert self._origin is not None
        expected_m = self._expected_m()
        if expected_m >= MIN_EXPECTED_M:
            dx, dy = odometry.x_m - self._origin.x_m, odometry.y_m - self._origin.y_m
            moved_m = (dx * self._x_m + dy * self._y_m) / expected_m
            if moved_m >= MOVING_SHARE * expected_m:
                return ''
            return f'the robot does not move as commanded ({moved_m:.2f} m instead of {expected_m:.2f} m)'
        turned_rad = (odometry.yaw_rad - self._origin.yaw_rad) * math.copysign(1.0, self._yaw_rad)
        if turned_rad >= MOVING_SHARE * abs(self._yaw_rad):
            return ''
        turned, expected = math.degrees(turned_rad), math.degrees(abs(self._yaw_rad))
        return f'the robot does not turn as commanded ({turned:.0f} instead of {expected:.0f} degrees)'


class ClockWatch:
    """Notices when the system clock was set, by comparing it with the monotonic one."""

    def __init__(self) -> None:
        self._offset_s: float | None = None

    def jump_s(self, now_s: float, now_ns: int) -> float:
        """Return by how much the system clock was set since the last call, 0 where it runs as it should."""
        offset_s = now_ns / 1e9 - now_s
        jump_s = 0.0 if self._offset_s is None else offset_s - self._offset_s
        self._offset_s = offset_s
        return jump_s if abs(jump_s) > CLOCK_JUMP_S else 0.0
