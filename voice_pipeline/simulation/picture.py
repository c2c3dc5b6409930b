"""Where the robot went, as a picture seen from above."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voice_pipeline.control.motion import Odometry
from voice_pipeline.messages import Pose2D
from voice_pipeline.simulation.world import World

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WALL, OBSTACLE, PLACE = '0.25', '0.8', 'tab:green'


@dataclass(frozen=True)
class Mark:
    """Where the robot was when something happened, and what that was."""

    label: str
    pose: Odometry


def save_picture(
    file: Path,
    path: Sequence[Odometry],
    marks: Sequence[Mark] = (),
    *,
    world: World | None = None,
    places: Mapping[str, Pose2D | None] | None = None,
) -> None:
    """Draw the robot's path in its world into a PNG, SVG or PDF file, making the folder when absent."""
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 7), layout='constrained')
    _draw_world(axes, world or World())
    _draw_places(axes, places or {})
    _draw_path(axes, path)
    _draw_marks(axes, marks)
    axes.set(xlabel='x, ahead of the start [m]', ylabel='y, left of the start [m]', title='Where the robot went')
    axes.set_aspect('equal', adjustable='datalim')
    axes.grid(visible=True, alpha=0.3)
    if marks:
        axes.legend(title='where it was after', handlelength=0, handletextpad=0, loc='best', fontsize='small')
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)
    pyplot.close(figure)


def _draw_world(axes: Axes, world: World) -> None:
    from matplotlib import patches

    for wall in world.walls:
        axes.plot([x_m for x_m, _ in wall], [y_m for _, y_m in wall], color=WALL, linewidth=3, zorder=1)
    for name, box in world.boxes.items():
        axes.add_patch(patches.Polygon(box.corners, facecolor=OBSTACLE, edgecolor=WALL, zorder=1))
        axes.annotate(name, (box.x_m, box.y_m), ha='center', va='center', fontsize='x-small', color=WALL)
    for name, circle in world.circles.items():
        centre = (circle.x_m, circle.y_m)
        axes.add_patch(patches.Circle(centre, circle.radius_m, facecolor=OBSTACLE, edgecolor=WALL, zorder=1))
        axes.annotate(name, centre, ha='center', va='center', fontsize='x-small', color=WALL)


def _draw_places(axes: Axes, places: Mapping[str, Pose2D | None]) -> None:
    for name, pose in places.items():
        if pose is not None:
            axes.plot(pose.x_m, pose.y_m, marker='+', color=PLACE, zorder=2)
            where = (pose.x_m, pose.y_m)
            axes.annotate(name, where, xytext=(4, -10), textcoords='offset points', fontsize='small', color=PLACE)


def _draw_path(axes: Axes, path: Sequence[Odometry]) -> None:
    axes.plot([one.x_m for one in path], [one.y_m for one in path], color='tab:blue', linewidth=1.5, zorder=2)
    if path:
        axes.plot(path[0].x_m, path[0].y_m, marker='o', color='black', zorder=4)
        axes.annotate('start', (path[0].x_m, path[0].y_m), xytext=(-6, 8), textcoords='offset points')


def _draw_marks(axes: Axes, marks: Sequence[Mark]) -> None:
    for number, mark in enumerate(marks, start=1):
        pose = mark.pose
        dx_m, dy_m = math.cos(pose.yaw_rad), math.sin(pose.yaw_rad)
        axes.quiver(pose.x_m, pose.y_m, dx_m, dy_m, angles='xy', scale=25, width=0.005, color='tab:orange', zorder=3)
        # Beside the robot, each a little further out: it is often where it was before.
        offset = (6 + 10 * (number % 2), 6)
        axes.annotate(str(number), (pose.x_m, pose.y_m), xytext=offset, textcoords='offset points', weight='bold')
        axes.plot([], [], linestyle='none', label=f'{number}  {mark.label}')
