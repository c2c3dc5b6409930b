"""What a laser scan says about the way ahead, as pure functions of points around the robot."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice_pipeline.control.motion import Odometry
from voice_pipeline.control.settings import ControlSettings

SKIN_M = 0.03  # what is less than this inside the robot touches it: scanners are no more exact

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scan:
    """
    One turn of a laser scanner, as `sensor_msgs/LaserScan` counts it.

    Beam i looks at `first_rad` + i·`step_rad`, counter-clockwise from where the scanner looks, and reaches
    `ranges_m[i]`, of shape (n,). `stamp_ns` is when it was measured, 0 where the scanner does not say.
    """

    first_rad: float
    step_rad: float
    nearest_m: float
    furthest_m: float
    ranges_m: Numbers
    stamp_ns: int = 0


def obstacle_points(scan: Scan, settings: ControlSettings) -> Numbers | None:
    """
    Return what the scan met, of shape (n, 2), in the frame of the robot; None where no beam says anything.

    By REP-117 infinity is a beam that met nothing, minus infinity one that met something too near to be measured, and
    other values outside of the scanner's range are not valid. Nor is zero, which drivers give where they know nothing.
    """
    is_touched = scan.ranges_m == -np.inf
    ranges_m = np.where(is_touched, max(scan.nearest_m, SKIN_M), scan.ranges_m)
    is_met = is_touched | ((ranges_m > 0.0) & (ranges_m >= scan.nearest_m) & (ranges_m <= scan.furthest_m))
    is_clear = ranges_m == np.inf
    if not (is_met | is_clear).any():
        return None
    first_rad = scan.first_rad + math.radians(settings.scan_yaw_deg)
    bearings_rad = first_rad + scan.step_rad * np.flatnonzero(is_met)
    beams = np.stack([np.cos(bearings_rad), np.sin(bearings_rad)], axis=1)
    points: Numbers = beams * ranges_m[is_met, None] + (settings.scan_x_m, settings.scan_y_m)
    return points


def to_world(points: Numbers, pose: Odometry) -> Numbers:
    """Return points of the frame of the robot, shape (n, 2), in that of the odometry."""
    turned: Numbers = points @ _rotation(pose.yaw_rad).T + (pose.x_m, pose.y_m)
    return turned


def to_robot(points: Numbers, pose: Odometry) -> Numbers:
    """Return points of the frame of the odometry, shape (n, 2), in that of the robot."""
    turned: Numbers = (points - (pose.x_m, pose.y_m)) @ _rotation(pose.yaw_rad)
    return turned


def room_m(points: Numbers, bearing_rad: float, settings: ControlSettings) -> float:
    """
    Return how far the robot can go straight in a direction before it is at its margin from a point; negative inside.

    `points` have the shape (n, 2), in the frame of the robot. Only what it comes nearer to is in the way.
    """
    dx, dy = math.cos(bearing_rad), math.sin(bearing_rad)
    along_m = points @ (dx, dy)
    aside_m = points @ (-dy, dx)
    reach_m = settings.footprint_radius_m + settings.side_margin_m
    is_ahead = (along_m > 0.0) & (np.abs(aside_m) < reach_m)
    if not is_ahead.any():
        return math.inf
    to_touch_m = along_m[is_ahead] - np.sqrt(reach_m**2 - aside_m[is_ahead] ** 2)
    return float(to_touch_m.min()) + settings.side_margin_m - settings.obstacle_margin_m


def is_clear_to_turn(points: Numbers, settings: ControlSettings) -> bool:
    """Say whether nothing is within the circle that the robot sweeps when it turns in place."""
    return not (np.hypot(points[:, 0], points[:, 1]) < settings.footprint_radius_m - SKIN_M).any()


def _rotation(angle_rad: float) -> Numbers:
    cosine, sine = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[cosine, -sine], [sine, cosine]])
