"""The way to a pose where no Nav2 is: turn, drive, turn, closed loop on odometry."""

from __future__ import annotations

import math
from typing import Literal

from voice_pipeline.control.motion import STILL, Odometry, Velocity, wrap
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.steps import Approach, Cycle, Executor, hold_heading
from voice_pipeline.messages import Pose2D

FACE_TOLERANCE_RAD = math.radians(5.0)  # facing a goal is good enough to start: the drive does the rest
FACE_AGAIN_RAD = math.radians(60.0)  # with the goal further aside than this, stop and turn first
NEAR_TOLERANCES = 2.0  # nearer to a goal its bearing is mostly noise: drive on straight until it is abeam


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
