"""Walls and obstacles in the plane: how far away the nearest one is, and what a laser beam meets."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from voice_pipeline.paths import config_file
from voice_pipeline.yaml_file import load_yaml

FLAT = 'flat'  # the name of the world that comes with the package
LIMIT_M = 1000.0  # nothing is further away from the origin

Numbers = npt.NDArray[np.float64]
Coordinate = Annotated[float, msgspec.Meta(ge=-LIMIT_M, le=LIMIT_M)]
Size = Annotated[float, msgspec.Meta(ge=0.001, le=LIMIT_M)]
Point = tuple[Coordinate, Coordinate]


class WorldError(ValueError):
    """The world cannot be used; the text says which file, what is wrong and what is expected."""


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file. Lengths in metres, in the frame of the odometry (REP-105)."""


class Spot(_Entry, frozen=True, kw_only=True):
    """A point on the floor."""

    x_m: Coordinate
    y_m: Coordinate


class Circle(_Entry, frozen=True, kw_only=True):
    """A round obstacle around its centre."""

    x_m: Coordinate
    y_m: Coordinate
    radius_m: Size


class Box(_Entry, frozen=True, kw_only=True):
    """A rectangular obstacle around its centre, `length_m` along its x axis before it is turned by `yaw_deg`."""

    x_m: Coordinate
    y_m: Coordinate
    length_m: Size
    width_m: Size
    yaw_deg: Annotated[float, msgspec.Meta(ge=-360, le=360)] = 0.0

    @property
    def corners(self) -> Numbers:
        """The corners, counter-clockwise, of shape (4, 2)."""
        half = np.array([self.length_m, self.width_m]) / 2.0
        local = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]]) * half
        cosine, sine = math.cos(math.radians(self.yaw_deg)), math.sin(math.radians(self.yaw_deg))
        return local @ np.array([[cosine, sine], [-sine, cosine]]) + (self.x_m, self.y_m)


class _File(_Entry, frozen=True, kw_only=True):
    charger: Spot | None = None
    walls: tuple[Annotated[tuple[Point, ...], msgspec.Meta(min_length=2)], ...] = ()
    boxes: dict[str, Box] = {}
    circles: dict[str, Circle] = {}


@dataclass(frozen=True)
class World:
    """
    What stands around. `walls` are lines from point to point; an empty world is an open floor.

    Obstacles are known by name. A robot that stands at the `charger` is charged.
    """

    walls: tuple[tuple[Point, ...], ...] = ()
    boxes: Mapping[str, Box] = field(default_factory=dict)
    circles: Mapping[str, Circle] = field(default_factory=dict)
    charger: Spot | None = None

    @classmethod
    def load(cls, path: Path) -> World:
        """Read and check a file, see config/world.yaml for its form. Raises `WorldError`."""
        content = load_yaml(path, WorldError)
        try:
            parts = msgspec.convert(content if content is not None else {}, _File)
        except msgspec.ValidationError as error:
            raise WorldError(f'{path}: {error} (see config/world.yaml of the package for the form)') from None
        return cls(walls=parts.walls, boxes=parts.boxes, circles=parts.circles, charger=parts.charger)

    @property
    def is_empty(self) -> bool:
        """Whether it is an open floor."""
        return not (self.walls or self.boxes or self.circles)

    def clearance_m(self, x_m: float, y_m: float) -> float:
        """
        Return the distance from a point to the nearest wall or obstacle, negative inside an obstacle.

        It changes by no more than the point moves, so that whoever moves less than it meets nothing.
        """
        point = np.array([x_m, y_m])
        distances = (
            _to_segments(point, self._wall_segments),
            _to_circles(point, self._circles),
            _to_boxes(point, self._boxes),
        )
        return min((float(part.min()) for part in distances if part.size), default=math.inf)

    def ranges_m(self, x_m: float, y_m: float, bearings_rad: Numbers) -> Numbers:
        """Return how far a beam from the point reaches at each bearing, of shape (n,); infinity where it meets none."""
        origin = np.array([x_m, y_m])
        beams = np.stack([np.cos(bearings_rad), np.sin(bearings_rad)], axis=1)
        ranges = np.full(len(beams), np.inf)
        if len(self._segments):
            ranges = np.minimum(ranges, _beams_to_segments(origin, beams, self._segments))
        if len(self._circles):
            ranges = np.minimum(ranges, _beams_to_circles(origin, beams, self._circles))
        return ranges

    @cached_property
    def _wall_segments(self) -> Numbers:
        """Begin and end of each wall, of shape (n, 2, 2)."""
        pieces = [pair for wall in self.walls for pair in itertools.pairwise(wall)]
        return np.array(pieces, dtype=np.float64).reshape(-1, 2, 2)

    @cached_property
    def _segments(self) -> Numbers:
        """All straight edges, those of the boxes too, of shape (n, 2, 2)."""
        edges = [np.stack([box.corners, np.roll(box.corners, -1, axis=0)], axis=1) for box in self.boxes.values()]
        return np.concatenate([self._wall_segments, *edges])

    @cached_property
    def _circles(self) -> Numbers:
        """Centre and radius of each, of shape (n, 3)."""
        rows = [(circle.x_m, circle.y_m, circle.radius_m) for circle in self.circles.values()]
        return np.array(rows, dtype=np.float64).reshape(-1, 3)

    @cached_property
    def _boxes(self) -> Numbers:
        """Centre, half length, half width, cosine and sine of the yaw of each, of shape (n, 6)."""
        rows = [
            (
                *(box.x_m, box.y_m, box.length_m / 2.0, box.width_m / 2.0),
                *(math.cos(math.radians(box.yaw_deg)), math.sin(math.radians(box.yaw_deg))),
            )
            for box in self.boxes.values()
        ]
        return np.array(rows, dtype=np.float64).reshape(-1, 6)


def load_world(name: str) -> World:
    """Return the world of this file, 'flat' being the one installed with the package. Raises `WorldError`."""
    if not name:
        return World()
    return World.load(config_file('world.yaml') if name == FLAT else Path(name))


def _to_segments(point: Numbers, segments: Numbers) -> Numbers:
    begins, along = segments[:, 0], segments[:, 1] - segments[:, 0]
    lengths = np.maximum(np.sum(along**2, axis=1), 1e-12)  # a wall may be a point
    share = np.clip(np.sum((point - begins) * along, axis=1) / lengths, 0.0, 1.0)
    return np.linalg.norm(begins + share[:, None] * along - point, axis=1)


def _to_circles(point: Numbers, circles: Numbers) -> Numbers:
    return np.linalg.norm(circles[:, :2] - point, axis=1) - circles[:, 2]


def _to_boxes(point: Numbers, boxes: Numbers) -> Numbers:
    """Return the signed distances (I. Quilez, "2D distance functions": box)."""
    x, y = (point - boxes[:, :2]).T
    cosine, sine = boxes[:, 4], boxes[:, 5]
    beyond_x = np.abs(cosine * x + sine * y) - boxes[:, 2]
    beyond_y = np.abs(cosine * y - sine * x) - boxes[:, 3]
    outside = np.hypot(np.maximum(beyond_x, 0.0), np.maximum(beyond_y, 0.0))
    return outside + np.minimum(np.maximum(beyond_x, beyond_y), 0.0)


def _beams_to_segments(origin: Numbers, beams: Numbers, segments: Numbers) -> Numbers:
    """Return the nearest crossing of each beam: origin + t·beam = begin + s·along, solved for all pairs at once."""
    along = segments[:, 1] - segments[:, 0]
    to_begin = segments[:, 0] - origin
    turn = _cross(beams[:, None], along[None])
    with np.errstate(divide='ignore', invalid='ignore'):  # a beam along a wall: no crossing
        reach = _cross(to_begin, along)[None] / turn
        share = _cross(to_begin[None], beams[:, None]) / turn
    is_hit = (reach >= 0.0) & (share >= 0.0) & (share <= 1.0)
    nearest: Numbers = np.where(is_hit, reach, np.inf).min(axis=1)
    return nearest


def _beams_to_circles(origin: Numbers, beams: Numbers, circles: Numbers) -> Numbers:
    """Return the nearest crossing of each beam: |origin + t·beam - centre| = radius, the first t ≥ 0."""
    to_origin = origin - circles[:, :2]
    half_b = beams @ to_origin.T
    rest = half_b**2 - (np.sum(to_origin**2, axis=1) - circles[:, 2] ** 2)
    root = np.sqrt(np.maximum(rest, 0.0))
    first = np.where(-half_b - root >= 0.0, -half_b - root, -half_b + root)
    is_hit = (rest >= 0.0) & (first >= 0.0)
    nearest: Numbers = np.where(is_hit, first, np.inf).min(axis=1)
    return nearest


def _cross(a: Numbers, b: Numbers) -> Numbers:
    product: Numbers = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product
