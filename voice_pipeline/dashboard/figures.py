"""
The charts, as pure functions from data to what Plotly draws.

They are plain dictionaries in Plotly's own JSON form: building `plotly.graph_objects` costs 30 times as much (4.7 ms
against 0.16 ms for four lines of 300 points), several times a second on a board that has better things to do. Texts
and grid lines take their colours from the page's style sheet, so that they follow its dark and light theme.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Literal

from voice_pipeline.dashboard.state import MachinePoint, Snapshot
from voice_pipeline.messages import Pose2D
from voice_pipeline.monitoring.latency import PartName, UtteranceLatency
from voice_pipeline.monitoring.report import Check
from voice_pipeline.monitoring.statistics import NS_PER_S
from voice_pipeline.simulation.world import World

Figure = dict[str, Any]
Trace = dict[str, Any]

# Okabe and Ito, "Color Universal Design" (2008): told apart by the colour-blind too.
PART_COLOURS: Mapping[PartName, str] = {
    'endpointing': '#999999',
    'recognition': '#0072b2',
    'understanding': '#56b4e9',
    'planning': '#e69f00',
    'control': '#009e73',
}
LINES = ('#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00')
LOAD, CORE, BUDGET, PATH, ROBOT, PLACE, WALL, OBSTACLE = (
    '#0072b2',
    '#999999',
    '#d55e00',
    '#56b4e9',
    '#d55e00',
    '#009e73',
    '#777777',
    '#cc79a7',
)
NEWEST = 20  # utterances in the chart
TICK_FORMATS = [  # seconds only where ticks are less than a minute apart
    {'dtickrange': [None, 59_999], 'value': '%H:%M:%S'},
    {'dtickrange': [60_000, None], 'value': '%H:%M'},
]
MAP_MARGIN_M = 0.5
LABEL_WIDTH_M, LABEL_HEIGHT_M = 1.6, 0.4
MAP_SMALLEST_M = 2.0  # half the width of the smallest part of the floor that is shown
_CORNER_ANGLES_RAD = [math.tau * corner / 32 for corner in range(33)]


def voice_figure(utterances: Sequence[UtteranceLatency], check: Check | None) -> Figure:
    """Return what the newest utterances took from the last word to motion, a bar each, oldest first."""
    newest = [one for one in utterances if one.total_ns is not None][-NEWEST:]
    traces: list[Trace] = []
    for name, colour in PART_COLOURS.items():
        durations = [next((part.duration_ms for part in one.parts if part.name == name), 0.0) for one in newest]
        traces.append(
            {
                'type': 'bar',
                'name': name,
                'x': list(range(1, len(newest) + 1)),
                'y': [round(duration, 1) for duration in durations],
                'customdata': [one.text for one in newest],
                'hovertemplate': '%{customdata}<br>' + name + ' %{y:.0f} ms<extra></extra>',
                'marker': {'color': colour},
            }
        )
    figure = _figure(traces, y_title='ms')
    figure['layout'] |= {'barmode': 'stack', 'bargap': 0.3, 'showlegend': False}  # the page has one, which wraps
    figure['layout']['xaxis'] |= {'range': [0.4, max(len(newest), 5) + 0.6], 'dtick': 5 if len(newest) > 10 else 1}
    return _with_budget(figure, check)


def cpu_figure(points: Sequence[MachinePoint], checks: Iterable[Check]) -> Figure:
    """Return the load of each core, of all together, and of the GPU where it can be read."""
    times = _times(points)
    cores = max((len(point.values.core_percents) for point in points), default=0)
    traces = [
        {
            **_line(times, [_get(point.values.core_percents, core) for point in points], 'each core', CORE, width=1),
            'legendgroup': 'cores',
            'showlegend': core == 0,
            'hovertemplate': f'core {core}: %{{y:.0f}} %<extra></extra>',
        }
        for core in range(cores)
    ]
    means = [_mean(point.values.core_percents) for point in points]
    traces.append(_line(times, means, 'all together', LOAD, width=3))
    if any(point.values.gpu_percent is not None for point in points):
        traces.append(_line(times, [point.values.gpu_percent for point in points], 'GPU', '#009e73', width=3))
    figure = _figure(traces, y_title='%', is_time=True)
    figure['layout']['yaxis'] |= {'range': [0, 104]}
    return _with_budget(figure, _check(checks, 'cpu_percent'))


def memory_figure(points: Sequence[MachinePoint], checks: Iterable[Check]) -> Figure:
    """Return the memory of the pipeline's processes together."""
    line = _line(_times(points), [point.values.memory_mb for point in points], 'pipeline', LOAD, width=3)
    return _with_budget(_figure([line], y_title='MB', is_time=True), _check(checks, 'memory_mb'))


def readings_figure(points: Sequence[MachinePoint], group: Literal['temperature', 'power']) -> Figure:
    """Return the machine's own sensors of one group, a line each; no lines where there are none."""
    series: dict[str, list[float | None]] = {}
    unit = ''
    for index, point in enumerate(points):
        for reading in point.values.readings:
            if reading.group == group:
                series.setdefault(reading.name, [None] * len(points))[index] = reading.value
                unit = reading.unit
    times = _times(points)
    lines = [
        _line(times, values, name, LINES[number % len(LINES)], width=2)
        for number, (name, values) in enumerate(sorted(series.items()))
    ]
    return _figure(lines, y_title=unit, is_time=True)


def map_figure(snapshot: Snapshot, world: World, places: Mapping[str, Pose2D | None]) -> Figure:
    """Return the floor from above: walls and obstacles that are known, places, path, laser scan and the robot."""
    traces = [*_world_traces(world), *_place_traces(places), *_robot_traces(snapshot)]
    figure = _figure(traces, y_title='m')
    (low_x, high_x), (low_y, high_y) = _map_range(traces)
    figure['layout']['xaxis'] |= {'range': [low_x, high_x], 'constrain': 'domain'}
    figure['layout']['yaxis'] |= {'range': [low_y, high_y], 'scaleanchor': 'x', 'constrain': 'domain'}
    figure['layout']['showlegend'] = False
    return figure


def _world_traces(world: World) -> list[Trace]:
    outlines = [list(wall) for wall in world.walls]
    outlines += [[*box.corners, box.corners[0]] for box in world.boxes.values()]
    outlines += [
        [
            (circle.x_m + circle.radius_m * math.cos(angle), circle.y_m + circle.radius_m * math.sin(angle))
            for angle in _CORNER_ANGLES_RAD
        ]
        for circle in world.circles.values()
    ]
    x_m: list[float | None] = []
    y_m: list[float | None] = []
    for outline in outlines:  # one line with gaps: a hundred traces would be slow to draw
        x_m += [*(float(x) for x, _ in outline), None]
        y_m += [*(float(y) for _, y in outline), None]
    if not outlines:
        return []
    return [_scatter(x_m, y_m, 'walls', line={'color': WALL, 'width': 2}, hoverinfo='skip')]


def _place_traces(places: Mapping[str, Pose2D | None]) -> list[Trace]:
    known = {name: pose for name, pose in places.items() if pose is not None}
    if not known:
        return []
    return [
        _scatter(
            [pose.x_m for pose in known.values()],
            [pose.y_m for pose in known.values()],
            'places',
            mode='markers+text',
            marker={'symbol': 'cross', 'size': 7, 'color': PLACE},
            text=list(known),
            textposition=_label_sides(list(known.values())),
            hoverinfo='skip',
        )
    ]


def _label_sides(poses: Sequence[Pose2D]) -> list[str]:
    """Put the name of a place below it, or above where that of a neighbour would be in the way."""
    sides: list[str] = []
    for index, pose in enumerate(poses):
        is_crowded = any(
            abs(pose.x_m - other.x_m) < LABEL_WIDTH_M
            and abs(pose.y_m - other.y_m) < LABEL_HEIGHT_M
            and 'bottom' in side
            for other, side in zip(poses[:index], sides, strict=True)
        )
        sides.append('top center' if is_crowded else 'bottom center')
    return sides


def _robot_traces(snapshot: Snapshot) -> list[Trace]:
    traces = []
    if snapshot.obstacles is not None and len(snapshot.obstacles):
        x_m, y_m = snapshot.obstacles.round(2).T.tolist()
        marker = {'size': 3, 'color': OBSTACLE}
        traces.append(_scatter(x_m, y_m, 'laser scan', mode='markers', marker=marker, hoverinfo='skip'))
    if snapshot.path:
        x_m, y_m = ([round(point[axis], 3) for point in snapshot.path] for axis in (0, 1))
        traces.append(_scatter(x_m, y_m, 'path', line={'color': PATH, 'width': 2}, hoverinfo='skip'))
    if snapshot.robot is not None:
        # Plotly turns clockwise from up, REP-103 counter-clockwise from ahead (x, to the right here).
        marker = {'symbol': 'arrow', 'size': 20, 'color': ROBOT, 'angle': 90 - math.degrees(snapshot.robot.yaw_rad)}
        x_m, y_m = [snapshot.robot.x_m], [snapshot.robot.y_m]
        traces.append(_scatter(x_m, y_m, 'robot', mode='markers', marker=marker))
    return traces


def _map_range(traces: Iterable[Trace]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the part of the floor that everything is on, in half metres, so that it does not shiver as one drives."""
    drawn = list(traces)

    def along(axis: str) -> tuple[float, float]:
        values = [value for trace in drawn for value in trace[axis] if value is not None]
        low = math.floor(min(values, default=0.0) / MAP_MARGIN_M - 1) * MAP_MARGIN_M
        high = math.ceil(max(values, default=0.0) / MAP_MARGIN_M + 1) * MAP_MARGIN_M
        return min(low, -MAP_SMALLEST_M), max(high, MAP_SMALLEST_M)

    return along('x'), along('y')


def _figure(traces: list[Trace], *, y_title: str, is_time: bool = False) -> Figure:
    axis: dict[str, Any] = {'fixedrange': True, 'zeroline': False, 'automargin': True}
    layout: dict[str, Any] = {
        'margin': {'l': 44, 'r': 8, 't': 8, 'b': 28},
        'paper_bgcolor': 'rgba(0,0,0,0)',
        'plot_bgcolor': 'rgba(0,0,0,0)',
        'font': {'size': 12},
        'dragmode': False,
        'showlegend': len(traces) > 1,
        'legend': {'orientation': 'h', 'y': 1.02, 'yanchor': 'bottom', 'x': 0},
        'xaxis': {**axis, 'type': 'date', 'nticks': 5, 'tickformatstops': TICK_FORMATS} if is_time else dict(axis),
        'yaxis': {**axis, 'rangemode': 'tozero', 'title': {'text': y_title}},
    }
    if not any(trace['y'] for trace in traces):
        layout['annotations'] = [_note('nothing measured yet', x=0.5, y=0.5)]
        layout['xaxis']['visible'] = layout['yaxis']['visible'] = False
    return {'data': traces, 'layout': layout}


def _note(text: str, **where: Any) -> dict[str, Any]:
    return {'xref': 'paper', 'yref': 'paper', 'showarrow': False, 'text': text, **where}


def _line(x: list[str], y: Sequence[float | None], name: str, colour: str, *, width: int) -> Trace:
    values = [None if value is None else round(value, 1) for value in y]
    return _scatter(x, values, name, line={'color': colour, 'width': width})


def _scatter(x: Sequence[Any], y: Sequence[Any], name: str, *, mode: str = 'lines', **options: Any) -> Trace:
    return {'type': 'scatter', 'mode': mode, 'name': name, 'x': x, 'y': y, **options}


def _with_budget(figure: Figure, check: Check | None) -> Figure:
    """Draw the budget as a dashed line, and let the axis reach it."""
    if check is None or not figure['layout']['yaxis'].get('visible', True):
        return figure
    layout = figure['layout']
    line = {'color': BUDGET, 'width': 2, 'dash': 'dash'}
    layout['shapes'] = [
        {'type': 'line', 'xref': 'paper', 'x0': 0, 'x1': 1, 'y0': check.limit, 'y1': check.limit, 'line': line}
    ]
    text = f'budget {check.limit:g} {check.unit}'
    layout['annotations'] = [_note(text, x=1, xanchor='right', y=check.limit, yref='y', yanchor='bottom')]
    highest = max((value for value in _stacked(figure) if value is not None), default=0.0)
    layout['yaxis'].setdefault('range', [0, max(check.limit, highest) * 1.12])
    return figure


def _stacked(figure: Figure) -> list[float | None]:
    """Return the heights that the traces reach: bars stand upon each other."""
    rows = [trace['y'] for trace in figure['data']]
    if figure['layout'].get('barmode') == 'stack':
        return [sum(column) for column in zip(*rows, strict=True)]
    return [value for row in rows for value in row]


def _times(points: Sequence[MachinePoint]) -> list[str]:
    """Return the times of day that the robot's clock shows, in the form of Plotly's dates."""
    return [clock_time(point.at_ns).strftime('%Y-%m-%d %H:%M:%S') for point in points]


def clock_time(at_ns: int) -> datetime:
    """Return a system time in the robot's own time zone."""
    return datetime.fromtimestamp(at_ns / NS_PER_S, timezone.utc).astimezone()


def _check(checks: Iterable[Check], name: str) -> Check | None:
    return next((check for check in checks if check.name == name), None)


def _get(values: Sequence[float], index: int) -> float | None:
    return values[index] if index < len(values) else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
