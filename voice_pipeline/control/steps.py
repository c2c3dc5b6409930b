"""
What executes one step, closed loop on odometry.

An executor is started once, then asked once a cycle which velocity it wants, until it is done. What it wants is bounded
again by the controller. Angles and distances are measured, never counted from time, except where a duration was asked.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from voice_pipeline.control.motion import STILL, Axis, Odometry, Velocity
from voice_pipeline.control.profile import clamp, next_speed
from voice_pipeline.control.settings import ControlSettings

SETTLE_S = 0.3  # inside the tolerance this long is arrived, even where noise keeps the speed from zero
EXACT_SHARE = 0.125  # within this share of the tolerance there is nothing to settle
COAST_S = 0.05  # a robot that needs no longer than this to brake is as good as at rest
HEADING_GAIN_PER_S = 4.0  # turn rate per heading error while driving: slow against the 50 Hz cycle, so it cannot ring
MAX_CORRECTION_RPS = math.radians(45.0)
# A drive that came off its line heads for the point of it this far ahead (pure pursuit): as far as it gets in a time
# that the heading can follow, else it would weave.
LOOKAHEAD_M, LOOKAHEAD_S = 0.3, 0.45
MAX_STEER_RAD = math.radians(30.0)


@dataclass(frozen=True)
class Cycle:
    """What an executor may know: the newest odometry (continuous yaw), the velocity last commanded, and the time."""

    odometry: Odometry
    velocity: Velocity
    now_s: float
    dt_s: float


class Executor(ABC):
    """One step at work. `problem`: why it cannot be done; '' while it can."""

    is_done = False
    progress = 0.0
    problem = ''

    @abstractmethod
    def start(self, cycle: Cycle) -> None:
        """Take the present pose and time as the beginning."""

    @abstractmethod
    def update(self, cycle: Cycle) -> Velocity | None:
        """
        Return the wanted velocity, None while somebody else drives the robot.

        Sets `is_done`, and `progress` as the share of the step that is done, or `problem`.
        """

    # Most leave off by not being asked any more.
    def leave(self) -> None:  # noqa: B027
        """Leave off; `update` may be called again later, and then goes on."""

    def _advance_to(self, share: float) -> None:
        self.progress = max(self.progress, min(1.0, max(0.0, share)))


class Approach:
    """Brings one axis to rest where nothing remains, from either side, and says when it `has_arrived`."""

    def __init__(self, axis: Axis, max_speed: float, tolerance: float, settings: ControlSettings) -> None:
        self._axis = axis
        self._max_speed = max_speed
        self._tolerance = tolerance
        self._acceleration, self._deceleration = accelerations(axis, settings)
        self._reaction_s = settings.reaction_s
        self._inside_since_s: float | None = None
        self.has_arrived = False

    def next_speed(self, remaining: float, cycle: Cycle) -> float:
        """Return the speed for the coming cycle. All in the unit of the axis, m or rad."""
        speed = cycle.velocity.on(self._axis)
        has_settled = self._has_settled(abs(remaining), cycle.now_s)
        self.has_arrived = has_settled or self._is_at_rest(abs(remaining), speed, cycle)
        if self.has_arrived:
            return 0.0
        limits = (self._max_speed, self._acceleration, self._deceleration)
        return next_speed(remaining, speed, *limits, cycle.dt_s, self._reaction_s)

    def _has_settled(self, distance: float, now_s: float) -> bool:
        if distance > self._tolerance:
            self._inside_since_s = None
            return False
        if self._inside_since_s is None:
            self._inside_since_s = now_s
        return now_s - self._inside_since_s >= SETTLE_S

    def _is_at_rest(self, distance: float, speed: float, cycle: Cycle) -> bool:
        """Whether this cycle can end the motion, both as commanded and as measured: a sluggish robot lags behind."""
        if distance > self._tolerance * EXACT_SHARE:
            return False
        measured = cycle.odometry.velocity.on(self._axis)
        return abs(speed) <= self._deceleration * cycle.dt_s and abs(measured) <= self._deceleration * COAST_S


def accelerations(axis: Axis, settings: ControlSettings) -> tuple[float, float]:
    """Return how fast a motion along the axis may speed up and slow down, in m/s² or rad/s²."""
    if axis == 'angular':
        angular = math.radians(settings.angular_acceleration_dps2)
        return angular, angular
    return settings.acceleration_mps2, settings.deceleration_mps2


def resting_heading(cycle: Cycle, settings: ControlSettings) -> float:
    """Return the heading in which a turn that is still running out will end, so that a drive starts without a swing."""
    angular_rps = cycle.velocity.angular_rps
    run_out_rad = angular_rps * abs(angular_rps) / (2.0 * math.radians(settings.angular_acceleration_dps2))
    return cycle.odometry.yaw_rad + run_out_rad


def hold_heading(error_rad: float) -> float:
    """Return the turn rate that takes a small heading error out while driving, in rad/s."""
    return clamp(HEADING_GAIN_PER_S * error_rad, MAX_CORRECTION_RPS)


def along(axis: Axis, speed: float, angular_rps: float = 0.0) -> Velocity:
    """Return the velocity with this speed along one axis, and a correction of the heading where that axis drives."""
    if axis == 'angular':
        return Velocity(angular_rps=speed)
    return Velocity(speed, 0.0, angular_rps) if axis == 'linear' else Velocity(0.0, speed, angular_rps)


class Drive(Executor):
    """Straight by a signed distance ahead or to the left, on a line: what pushes the robot off it is taken back."""

    def __init__(self, distance_m: float, axis: Axis, speed_mps: float, settings: ControlSettings) -> None:
        self._distance_m = distance_m
        self._axis = axis
        self._settings = settings
        tolerance_m = min(settings.distance_tolerance_m, abs(distance_m) / 2)  # a centimetre asked is a centimetre
        self._approach = Approach(axis, speed_mps, tolerance_m, settings)

    def start(self, cycle: Cycle) -> None:
        """Take the line from here along the present heading."""
        self._origin = cycle.odometry
        self._heading_rad = resting_heading(cycle, self._settings)

    def update(self, cycle: Cycle) -> Velocity:
        """Return the velocity along the line; a reversal takes an overshoot back."""
        along_m, aside_m = self._on_line(cycle.odometry)
        remaining_m = self._distance_m - along_m
        wanted_mps = self._approach.next_speed(remaining_m, cycle)
        self.is_done = self._approach.has_arrived
        self._advance_to(1.0 if self.is_done else 1.0 - abs(remaining_m / self._distance_m))
        if self.is_done:
            return STILL
        heading_rad = self._heading_rad + self._steer(remaining_m, aside_m, abs(wanted_mps))
        return along(self._axis, wanted_mps, hold_heading(heading_rad - cycle.odometry.yaw_rad))

    def _on_line(self, odometry: Odometry) -> tuple[float, float]:
        """Return how far the robot has come along its line, and how far it is to the left of it."""
        direction_rad = self._heading_rad + (0.0 if self._axis == 'linear' else math.pi / 2)
        cosine, sine = math.cos(direction_rad), math.sin(direction_rad)
        dx, dy = odometry.x_m - self._origin.x_m, odometry.y_m - self._origin.y_m
        return dx * cosine + dy * sine, dy * cosine - dx * sine

    def _steer(self, remaining_m: float, aside_m: float, speed_mps: float) -> float:
        """Return by how much to turn off the heading to get back to the line; at its end the heading is what counts."""
        ahead_m = max(LOOKAHEAD_M, speed_mps * LOOKAHEAD_S)
        steer_rad = clamp(math.atan(aside_m / ahead_m), MAX_STEER_RAD) * min(1.0, abs(remaining_m) / ahead_m)
        return -steer_rad if self._distance_m > 0.0 else steer_rad


class Turn(Executor):
    """In place by a signed angle, which may be several turns."""

    def __init__(self, angle_rad: float, speed_dps: float, settings: ControlSettings) -> None:
        self._angle_rad = angle_rad
        tolerance_rad = min(math.radians(settings.angle_tolerance_deg), abs(angle_rad) / 2)
        self._approach = Approach('angular', math.radians(speed_dps), tolerance_rad, settings)

    def start(self, cycle: Cycle) -> None:
        """Take the angle from the present heading."""
        self._target_rad = cycle.odometry.yaw_rad + self._angle_rad

    def update(self, cycle: Cycle) -> Velocity:
        """Return the turn rate; a reversal takes an overshoot back."""
        remaining_rad = self._target_rad - cycle.odometry.yaw_rad
        wanted_rps = self._approach.next_speed(remaining_rad, cycle)
        self.is_done = self._approach.has_arrived
        self._advance_to(1.0 if self.is_done else 1.0 - abs(remaining_rad / self._angle_rad))
        return Velocity(angular_rps=wanted_rps)


class TimedMotion(Executor):
    """A signed speed (m/s or rad/s) along one axis for a time, ramps included; a drive holds its heading."""

    def __init__(self, speed: float, axis: Axis, duration_s: float, settings: ControlSettings) -> None:
        self._speed = speed
        self._axis = axis
        self._duration_s = duration_s
        self._settings = settings
        self._deceleration = accelerations(axis, settings)[1]

    def start(self, cycle: Cycle) -> None:
        """Start the time, and take the present heading to be held."""
        self._started_s = cycle.now_s
        self._heading_rad = resting_heading(cycle, self._settings)

    def update(self, cycle: Cycle) -> Velocity:
        """Return the speed, braking so that it is zero when the time is over."""
        left_s = self._duration_s - (cycle.now_s - self._started_s)
        self.is_done = left_s <= 0.0
        self._advance_to(1.0 - left_s / self._duration_s)
        if self.is_done:
            return STILL
        speed = math.copysign(min(abs(self._speed), self._deceleration * left_s), self._speed)
        return along(self._axis, speed, hold_heading(self._heading_rad - cycle.odometry.yaw_rad))


class Wait(Executor):
    """Stand still for a time."""

    def __init__(self, duration_s: float) -> None:
        self._duration_s = duration_s

    def start(self, cycle: Cycle) -> None:
        """Start the time."""
        self._started_s = cycle.now_s

    def update(self, cycle: Cycle) -> Velocity:
        """Return zero."""
        waited_s = cycle.now_s - self._started_s
        self.is_done = waited_s >= self._duration_s
        self._advance_to(waited_s / self._duration_s)
        return STILL
