"""
What executes one step, closed loop on odometry.

An executor is started once, then asked once a cycle which velocity it wants, until it is done. What it wants is bounded
again by the controller. Angles and distances are measured, never counted from time, except where a duration was asked.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from voice_pipeline.control.motion import STILL, Axis, Odometry, Velocity, wrap
from voice_pipeline.control.profile import clamp, next_speed
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.messages import Pose2D

SETTLE_S = 0.3  # inside the tolerance this long is arrived, even where noise keeps the speed from zero
EXACT_SHARE = 0.125  # within this share of the tolerance there is nothing to settle
COAST_S = 0.05  # a robot that needs no longer than this to brake is as good as at rest
HEADING_GAIN_PER_S = 2.0  # turn rate per heading error while driving: slow against the 50 Hz cycle, so it cannot ring
MAX_CORRECTION_RPS = math.radians(45.0)
FACE_TOLERANCE_RAD = math.radians(5.0)  # facing a goal is good enough to start: the drive does the rest
FACE_AGAIN_RAD = math.radians(60.0)  # with the goal further aside than this, stop and turn first
NEAR_TOLERANCES = 2.0  # nearer to a goal its bearing is mostly noise: drive on straight until it is abeam


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
    """Straight by a signed distance ahead or to the left, holding the heading."""

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
        direction_rad = self._heading_rad + (0.0 if self._axis == 'linear' else math.pi / 2)
        dx, dy = cycle.odometry.x_m - self._origin.x_m, cycle.odometry.y_m - self._origin.y_m
        remaining_m = self._distance_m - (dx * math.cos(direction_rad) + dy * math.sin(direction_rad))
        wanted_mps = self._approach.next_speed(remaining_m, cycle)
        self.is_done = self._approach.has_arrived
        self._advance_to(1.0 if self.is_done else 1.0 - abs(remaining_m / self._distance_m))
        if self.is_done:
            return STILL
        return along(self._axis, wanted_mps, hold_heading(self._heading_rad - cycle.odometry.yaw_rad))


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


class GoToPose(Executor):
    """Face the goal, drive with the heading following the bearing, then turn to the goal's yaw where it has one."""

    def __init__(self, goal: Pose2D, speed_mps: float, speed_dps: float, settings: ControlSettings) -> None:
        self._goal = goal
        self._speed_dps = speed_dps
        self._settings = settings
        self._drive = Approach('linear', speed_mps, settings.distance_tolerance_m, settings)
        self._phase: Literal['face', 'drive', 'align'] = 'face'

    def start(self, cycle: Cycle) -> None:
        """Choose between driving there and, where the goal is here already, turning only."""
        bearing_rad, self._first_m = self._way(cycle.odometry)
        if self._first_m <= self._settings.distance_tolerance_m:
            self._begin_align(cycle)
        else:
            self._begin_turn('face', bearing_rad, FACE_TOLERANCE_RAD, cycle)

    def update(self, cycle: Cycle) -> Velocity:
        """Return the velocity of the present phase."""
        if self.is_done:
            return STILL
        if self._phase == 'face':
            return self._face(cycle)
        if self._phase == 'drive':
            return self._drive_on(cycle)
        return self._align(cycle)

    def _way(self, odometry: Odometry) -> tuple[float, float]:
        """Return the bearing of the goal and its distance."""
        dx, dy = self._goal.x_m - odometry.x_m, self._goal.y_m - odometry.y_m
        return math.atan2(dy, dx), math.hypot(dx, dy)

    def _begin_turn(
        self, phase: Literal['face', 'align'], heading_rad: float, tolerance_rad: float, cycle: Cycle
    ) -> None:
        # The target is continuous, so that noise near half a turn cannot make the robot hesitate between two ways.
        self._phase = phase
        self._target_rad = cycle.odometry.yaw_rad + wrap(heading_rad - cycle.odometry.yaw_rad)
        self._turn = Approach('angular', math.radians(self._speed_dps), tolerance_rad, self._settings)

    def _turn_on(self, cycle: Cycle) -> Velocity:
        remaining_rad = self._target_rad - cycle.odometry.yaw_rad
        return Velocity(angular_rps=self._turn.next_speed(remaining_rad, cycle))

    def _face(self, cycle: Cycle) -> Velocity:
        # The bearing changes while an earlier motion rolls out; at rest only noise would change it.
        if cycle.velocity.linear_mps != 0.0:
            bearing_rad, _ = self._way(cycle.odometry)
            self._target_rad += wrap(bearing_rad - self._target_rad)
        velocity = self._turn_on(cycle)
        if not self._turn.has_arrived:
            return velocity
        self._phase = 'drive'
        return self._drive_on(cycle)

    def _drive_on(self, cycle: Cycle) -> Velocity:
        bearing_rad, distance_m = self._way(cycle.odometry)
        error_rad = wrap(bearing_rad - cycle.odometry.yaw_rad)
        is_near = distance_m <= NEAR_TOLERANCES * self._settings.distance_tolerance_m
        if not is_near and abs(error_rad) > FACE_AGAIN_RAD:
            self._begin_turn('face', bearing_rad, FACE_TOLERANCE_RAD, cycle)
            return self._face(cycle)
        wanted_mps = self._drive.next_speed(distance_m * math.cos(error_rad), cycle)
        self._advance_to(1.0 - distance_m / self._first_m)
        if self._drive.has_arrived:
            self._begin_align(cycle)
            return STILL
        return Velocity(wanted_mps, 0.0, 0.0 if is_near else hold_heading(error_rad))

    def _begin_align(self, cycle: Cycle) -> None:
        if self._goal.yaw_rad is None:
            self._finish()
        else:
            self._begin_turn('align', self._goal.yaw_rad, math.radians(self._settings.angle_tolerance_deg), cycle)

    def _align(self, cycle: Cycle) -> Velocity:
        velocity = self._turn_on(cycle)
        if self._turn.has_arrived:
            self._finish()
        return velocity

    def _finish(self) -> None:
        self.is_done = True
        self._advance_to(1.0)
