"""The laser scanner of the simulated robot."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from voice_pipeline.control.motion import Odometry
from voice_pipeline.simulation.settings import SimulationSettings
from voice_pipeline.simulation.world import Numbers, World

NEAREST_M = 0.05


@dataclass(frozen=True)
class Scan:
    """
    One turn of the laser around the middle of the robot, as `sensor_msgs/LaserScan` counts it.

    Beam i looks at `first_rad` + i·`step_rad`, counter-clockwise from ahead, and reaches `ranges_m[i]`, of shape (n,).
    By REP-117 infinity means that it met nothing within `range_m`, and minus infinity that it met something nearer than
    `NEAREST_M`.
    """

    first_rad: float
    step_rad: float
    range_m: float
    ranges_m: Numbers


class LaserScanner:
    """Looks all around, with noise. The same calls with the same seed give the same scans."""

    def __init__(self, settings: SimulationSettings, world: World) -> None:
        self._settings = settings
        self._world = world
        self._step_rad = math.tau / settings.scan_beams
        self._bearings_rad = -math.pi + self._step_rad * np.arange(settings.scan_beams)
        self._random = np.random.default_rng(settings.seed)

    def scan(self, pose: Odometry) -> Scan:
        """Return what the scanner sees from here."""
        ranges_m = self._world.ranges_m(pose.x_m, pose.y_m, self._bearings_rad + pose.yaw_rad)
        ranges_m += self._random.normal(0.0, self._settings.scan_noise_m, len(ranges_m))
        ranges_m[ranges_m > self._settings.scan_range_m] = np.inf
        ranges_m[ranges_m < NEAREST_M] = -np.inf
        return Scan(-math.pi, self._step_rad, self._settings.scan_range_m, ranges_m)
