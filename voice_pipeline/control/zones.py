"""
Where the robot may drive, and where only slowly: areas in the frame of the odometry, from a YAML file.

    geofence: [[-1.0, -2.5], [5.5, 2.5]]  # x and y in metres; two corners are a rectangle, more are a polygon
    speed_zones:
      kitchen: {corners: [[2.0, 1.0], [4.0, 2.2]], max_speed_mps: 0.2}

All is decided by geometry alone, whatever a plan says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import msgspec

from voice_pipeline.control.profile import braking_speed
from voice_pipeline.yaml_file import load_yaml

LIMIT_M = 10_000.0  # nothing is further away from the origin

Coordinate = Annotated[float, msgspec.Meta(ge=-LIMIT_M, le=LIMIT_M)]
Point = tuple[Coordinate, Coordinate]
Corners = Annotated[tuple[Point, ...], msgspec.Meta(min_length=2)]


class ZonesError(ValueError):
    """The zones cannot be used; the text says which file, what is wrong and what is expected."""


class _ZoneEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    corners: Corners
    max_speed_mps: Annotated[float, msgspec.Meta(ge=0.02, le=10)]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    geofence: Corners | None = None
    speed_zones: dict[str, _ZoneEntry] = {}


@dataclass(frozen=True)
class Ray:
    """A way from a point in a direction, which is a vector of length 1."""

    x_m: float
    y_m: float
    dx: float
    dy: float

    @classmethod
    def towards(cls, x_m: float, y_m: float, bearing_rad: float) -> Ray:
        """Return the way from the point at this bearing."""
        return cls(x_m, y_m, math.cos(bearing_rad), math.sin(bearing_rad))


@dataclass(frozen=True)
class Area:
    """A polygon given by its corners in order; its edges may cross (even-odd rule)."""

    corners: tuple[Point, ...]

    def contains(self, x_m: float, y_m: float) -> bool:
        """Say whether the point is inside, by counting the edges on one side of it."""
        is_inside = False
        for (ax, ay), (bx, by) in self._edges():
            if (ay > y_m) != (by > y_m) and x_m < ax + (y_m - ay) / (by - ay) * (bx - ax):
                is_inside = not is_inside
        return is_inside

    def first_edge_m(self, ray: Ray) -> float:
        """Return how far it is to the first edge along the ray, infinity where there is none."""
        nearest_m = math.inf
        for (ax, ay), (bx, by) in self._edges():
            ex, ey = bx - ax, by - ay
            turn = ray.dx * ey - ray.dy * ex
            if turn == 0.0:
                continue  # parallel
            ox, oy = ax - ray.x_m, ay - ray.y_m
            reach_m, share = (ox * ey - oy * ex) / turn, (ox * ray.dy - oy * ray.dx) / turn
            if reach_m >= 0.0 and 0.0 <= share <= 1.0:
                nearest_m = min(nearest_m, reach_m)
        return nearest_m

    def _edges(self) -> Iterator[tuple[Point, Point]]:
        return pairwise((*self.corners, self.corners[0]))


@dataclass(frozen=True)
class SpeedZone:
    """Where the robot drives no faster than this."""

    area: Area
    max_speed_mps: float


@dataclass(frozen=True)
class Zones:
    """The areas of a robot; without a geofence it may drive anywhere."""

    geofence: Area | None = None
    speed_zones: Mapping[str, SpeedZone] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Zones:
        """Read and check a file. Raises `ZonesError`."""
        content = load_yaml(path, ZonesError)
        try:
            parts = msgspec.convert(content if content is not None else {}, _File)
        except msgspec.ValidationError as error:
            raise ZonesError(f'{path}: {error} (for example: "geofence: [[-1, -2], [5, 2]]")') from None
        geofence = None if parts.geofence is None else _area(parts.geofence, path, 'the geofence')
        return cls(geofence, {name: _zone(entry, path, name) for name, entry in parts.speed_zones.items()})

    def allow(self, x_m: float, y_m: float) -> bool:
        """Say whether the robot may be at the point."""
        return self.geofence is None or self.geofence.contains(x_m, y_m)

    def room_m(self, ray: Ray) -> float:
        """Return how far the robot may go; who is outside of the geofence may only come back."""
        if self.geofence is None:
            return math.inf
        edge_m = self.geofence.first_edge_m(ray)
        if self.geofence.contains(ray.x_m, ray.y_m):
            return edge_m
        return 0.0 if edge_m == math.inf else math.inf

    def fastest_mps(self, ray: Ray, deceleration_mps2: float, hold_s: float) -> float:
        """Return the fastest speed here that, held for `hold_s`, is slow enough at the zones that lie ahead."""
        fastest_mps = math.inf
        for zone in self.speed_zones.values():
            limit_mps = zone.max_speed_mps
            if not zone.area.contains(ray.x_m, ray.y_m):
                run_out_m = zone.area.first_edge_m(ray) + limit_mps**2 / (2.0 * deceleration_mps2)
                if run_out_m == math.inf:
                    continue
                limit_mps = max(limit_mps, braking_speed(run_out_m, deceleration_mps2, hold_s))
            fastest_mps = min(fastest_mps, limit_mps)
        return fastest_mps


NO_ZONES = Zones()


def load_zones(path: str) -> Zones:
    """Return the zones of this file, '' for none. Raises `ZonesError`."""
    return Zones.load(Path(path)) if path else NO_ZONES


def _zone(entry: _ZoneEntry, path: Path, name: str) -> SpeedZone:
    return SpeedZone(_area(entry.corners, path, f"the speed zone '{name}'"), entry.max_speed_mps)


def _area(corners: tuple[Point, ...], path: Path, what: str) -> Area:
    if len(corners) == 2:
        (ax, ay), (bx, by) = corners
        corners = ((ax, ay), (bx, ay), (bx, by), (ax, by))
    xs, ys = zip(*corners, strict=True)
    if min(xs) == max(xs) or min(ys) == max(ys):
        raise ZonesError(f'{path}: {what} has no inside: give two opposite corners, or a polygon')
    return Area(corners)
