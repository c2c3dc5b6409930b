"""The page: its layout, and the one update that fills it while somebody looks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from flask import Flask

from voice_pipeline.dashboard import figures, parts
from voice_pipeline.dashboard.state import Snapshot
from voice_pipeline.messages import Pose2D
from voice_pipeline.simulation.world import World

FOLDER = Path(__file__).parent
# What the browser may do with a chart: no tool bar, no logo, no swallowing of a finger that scrolls.
GRAPH_CONFIG: Any = {'displayModeBar': False, 'scrollZoom': False, 'doubleClick': False}
MAP_HEIGHT_REM = 24
SENSORS = {'temperature': 'Temperatures', 'power': 'Power'}

# What is filled, and which version of the snapshot tells that it has changed.
FILLED: tuple[tuple[str, str, str], ...] = (
    ('stages', 'children', 'report'),
    ('voice', 'figure', 'report'),
    ('cpu', 'figure', 'report'),
    ('memory', 'figure', 'report'),
    ('temperature', 'figure', 'report'),
    ('temperature-panel', 'hidden', 'report'),
    ('power', 'figure', 'report'),
    ('power-panel', 'hidden', 'report'),
    ('processes', 'children', 'report'),
    ('utterances', 'children', 'utterances'),
    ('sayings', 'children', 'sayings'),
    ('map', 'figure', 'robot'),
)


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What is known of where the robot is, in the frame of its odometry."""

    world: World = dataclasses.field(default_factory=World)
    places: Mapping[str, Pose2D | None] = dataclasses.field(default_factory=dict)


def add_page(
    flask: Flask, look: Callable[[], Snapshot], surroundings: Surroundings, *, title: str, rate_hz: float
) -> None:
    """Add the page to the server; `look` is called for each update, `rate_hz` times a second while it is open."""
    app = Dash(
        'voice_pipeline.dashboard',
        server=False,
        title=title,
        update_title='',  # the tab's title does not flicker
        assets_folder=str(FOLDER / 'assets'),
        index_string=(FOLDER / 'page.html').read_text(encoding='utf-8'),
        serve_locally=True,
        enable_mcp=False,
        meta_tags=[{'name': 'viewport', 'content': 'width=device-width, initial-scale=1'}],
    )
    app.layout = layout(rate_hz)
    outputs = [Output('status', 'children'), Output('status', 'data-now'), Output('seen', 'data')]
    outputs += [Output(name, attribute) for name, attribute, _ in FILLED]

    @app.callback(
        outputs,
        Input('tick', 'n_intervals'),
        State('seen', 'data'),
        # The next update is asked for when this one is there: a slow board or network is not asked for more.
        running=[(Output('tick', 'disabled'), True, False)],
    )
    def update(_tick: int, seen: dict[str, str]) -> list[Any]:
        return fill(look(), seen or {}, surroundings)

    app.init_app(flask)


def fill(snapshot: Snapshot, seen: Mapping[str, str], surroundings: Surroundings) -> list[Any]:
    """Return what the page's update puts in: status, time, versions, and of `FILLED` what was not seen before."""
    versions = dataclasses.asdict(snapshot.versions)
    changed = {name for name, version in versions.items() if seen.get(name) != version}
    filled: dict[tuple[str, str], Any] = {}
    if 'report' in changed:
        filled |= _of_report(snapshot)
    if 'utterances' in changed:
        filled['utterances', 'children'] = parts.utterances(snapshot.utterances, _budget_ms(snapshot))
    if 'sayings' in changed:
        filled['sayings', 'children'] = parts.sayings(snapshot.sayings)
    if 'robot' in changed:
        filled['map', 'figure'] = figures.map_figure(snapshot, surroundings.world, surroundings.places)
    values = [filled.get((name, attribute), no_update) for name, attribute, _ in FILLED]
    return [parts.status(snapshot), str(snapshot.now_ns), versions, *values]


def _budget_ms(snapshot: Snapshot) -> float | None:
    return snapshot.report.voice_to_action.checks[0].limit if snapshot.report else None


def _of_report(snapshot: Snapshot) -> dict[tuple[str, str], Any]:
    report, points = snapshot.report, snapshot.machine
    checks = report.machine.checks if report else ()
    spoken = report.voice_to_action.values.utterances if report else ()
    whole = report.voice_to_action.checks[0] if report else None
    filled: dict[tuple[str, str], Any] = {
        ('stages', 'children'): parts.stages(report),
        ('voice', 'figure'): figures.voice_figure(spoken, whole),
        ('cpu', 'figure'): figures.cpu_figure(points, checks),
        ('memory', 'figure'): figures.memory_figure(points, checks),
        ('processes', 'children'): parts.machine(report.machine if report else None),
    }
    for group in ('temperature', 'power'):
        figure = figures.readings_figure(points, group)
        filled[group, 'figure'] = figure
        filled[f'{group}-panel', 'hidden'] = not figure['data']
    return filled


def layout(rate_hz: float) -> Component:
    """Return the page without its values."""
    return html.Main(
        [
            html.Section(id='status'),
            html.Section([html.H2('From voice to motion'), html.Ol(id='stages')], className='pipeline'),
            html.Div(
                [
                    html.Section([html.H2('Utterances'), parts.legend(), html.Ol(id='utterances')]),
                    html.Div(
                        [
                            html.Section(
                                [html.H2('The robot says'), html.Ul(id='sayings', **parts.aria(live='polite'))],
                                id='says',
                            ),
                            html.Section([html.H2('Where it is'), _graph('map', MAP_HEIGHT_REM)]),
                        ],
                        className='column',
                    ),
                ],
                className='columns',
            ),
            html.Div(
                [
                    html.Section([html.H2('Voice to action'), parts.legend(), _graph('voice')]),
                    html.Section([html.H2('Processor'), _graph('cpu')]),
                    html.Section([html.H2('Memory'), _graph('memory')]),
                    *(
                        html.Section([html.H2(heading), _graph(group)], id=f'{group}-panel', hidden=True)
                        for group, heading in SENSORS.items()
                    ),
                    html.Section([html.H2('Processes'), html.Div(id='processes')]),
                ],
                className='charts',
            ),
            dcc.Interval(id='tick', interval=round(1000 / rate_hz)),
            dcc.Store(id='seen', data={}),
        ]
    )


def _graph(name: str, height_rem: float = 15) -> Component:
    return dcc.Graph(
        id=name,
        figure={'data': [], 'layout': {'xaxis': {'visible': False}, 'yaxis': {'visible': False}}},
        config=GRAPH_CONFIG,
        responsive=True,
        style={'height': f'{height_rem:g}rem'},
    )
