"""What the page shows, from data alone: charts that Plotly accepts, words that say what is wrong, empty states."""

import dataclasses
import math
from dataclasses import replace

import numpy as np
import pytest
from dashboard_rig import READINGS, START_NS, NotingRobot, filled_state, record, scripted_report, update_request
from plotly import graph_objects

from voice_pipeline.control.motion import Odometry
from voice_pipeline.dashboard import figures, parts
from voice_pipeline.dashboard import words as texts
from voice_pipeline.dashboard.access import Access
from voice_pipeline.dashboard.app import FILLED, Surroundings, add_page, fill
from voice_pipeline.dashboard.server import make_flask
from voice_pipeline.dashboard.state import DashboardState, MachinePoint
from voice_pipeline.messages import STAGES, Execution, Pose2D
from voice_pipeline.monitoring.latency import UtteranceLatency
from voice_pipeline.monitoring.report import Level, Verdict
from voice_pipeline.simulation.world import load_world


def words(component):
    """Return all text of a component and of what is in it, as a reader sees it."""
    if component is None:
        return ''
    if isinstance(component, (list, tuple)):
        return ' '.join(filter(None, map(words, component)))
    return component if isinstance(component, str) else words(getattr(component, 'children', None))


def checked(figure):
    """Return the figure, which Plotly has found to be one: it refuses what it does not know."""
    graph_objects.Figure(figure)
    return figure


def trace(figure, name):
    (found,) = (one for one in figure['data'] if one['name'] == name)
    return found


def points_of(*values):
    return [MachinePoint(START_NS + index * 10**9, one) for index, one in enumerate(values)]


# --- stages --------------------------------------------------------------------------------------------------------


def test_each_stage_has_its_numbers_its_budget_and_its_verdict():
    boxes = parts.stages(scripted_report(recognition_ms=41))
    assert [box.id for box in boxes] == [*(f'stage-{name}' for name in STAGES), 'stage-whole']
    recognition = words(boxes[1])
    for expected in ('recognition', '15.6  Hz', '≥ 15', '41.0  ms', '≤ 66', '✓  OK'):
        assert expected in recognition
    assert boxes[1].className == 'stage ok'


@pytest.mark.parametrize('level', list(Level))
def test_a_verdict_is_said_in_a_word_and_a_sign_not_by_its_colour_alone(level):
    report = scripted_report()
    verdicts = {name: part.verdict for name, part in report.parts().items()}
    box = parts.stages(report.with_verdicts({**verdicts, 'planning': Verdict(level, 'because of it')}))[3]
    assert level.name in words(box)
    assert parts.SIGNS[level] in words(box)
    assert box.className == f'stage {level.name.lower()}'
    assert ('Because of it' in words(box)) == (level is not Level.OK)


def test_a_missed_budget_is_explained_with_its_likely_cause():
    report = replace(scripted_report(recognition_ms=90), causes={'recognition': ('the clocks are not locked',)})
    box = parts.stages(report)[1]
    assert 'above the budget of 66 ms. Likely: the clocks are not locked' in words(box)


def test_what_was_not_measured_is_no_success():
    empty = scripted_report(texts=())
    box = parts.stages(empty)[1]
    assert box.className == 'stage none'
    assert 'no data' in words(box)
    assert 'OK' not in words(box)
    assert '–  Hz' in words(box)


# --- status --------------------------------------------------------------------------------------------------------


def status_after(age_s, report):
    state = DashboardState(lambda: START_NS)
    if report is not None:
        state.on_report(report)
    return words(parts.status(dataclasses.replace(state.snapshot(), report_age_s=age_s)))


def test_a_monitor_that_is_not_there_or_has_died_is_named():
    assert 'is the node running?' in status_after(None, None)
    assert 'No word from the monitor for 12 s' in status_after(12.0, scripted_report())


def test_the_status_names_what_needs_a_look():
    report = scripted_report(recognition_ms=90)
    assert 'recognition' in status_after(0.0, report).partition('Needs a look:')[2]


@pytest.mark.parametrize(
    ('state', 'reason', 'expected'),
    [('running', '', 'Step 2 of its plan, 40% done'), ('failed', 'the way is blocked', 'failed, the way is blocked')],
)
def test_what_the_robot_does_is_said_in_words(state, reason, expected):
    dashboard = DashboardState(lambda: START_NS)
    common = {'utterance_id': 'u', 'revision': 0, 'is_final': True, 'speech_end_ns': 0, 'plan_id': 'p'}
    dashboard.on_execution(Execution(state=state, step=1, progress=0.4, reason=reason, **common))
    dashboard.on_odometry(Odometry(1.0, -2.0, 0.0))
    said = parts.doing(dashboard.snapshot())
    assert expected in said
    assert 'x 1.00 m, y -2.00 m' in said


# --- utterances ----------------------------------------------------------------------------------------------------


def test_an_utterance_shows_what_was_heard_understood_planned_and_done():
    one = record(heard='go to the moon', understood='go to moon', planned='', outcome='refused', reason='no such place')
    shown = words(parts.utterances([one]))
    for expected in ('go to the moon', 'go to moon', 'refused', 'no such place', 'spoken'):
        assert expected in shown
    assert 'plan' not in shown.replace('place', '')


@pytest.mark.parametrize('outcome', parts.OUTCOMES)
def test_every_outcome_has_a_sign_and_its_word(outcome):
    shown = words(parts.utterances([record(heard='go', outcome=outcome)]))
    assert f'{parts.OUTCOMES[outcome][0]}  {outcome}' in shown


def test_the_waterfall_has_the_share_of_each_part_and_the_mark_of_the_budget():
    latency = scripted_report(final_ms=120).voice_to_action.values.utterances[0]
    bars = parts.waterfall(latency, 500.0).children[0].children
    *spans, mark = bars
    widths = [float(span.style['width'].rstrip('%')) for span in spans]
    assert len(spans) == len(latency.parts)
    assert sum(widths) == pytest.approx(100 * latency.total_ms / 750.0, abs=0.1)
    assert mark.style['left'] == '66.67%'
    assert f'{latency.total_ms:.0f} ms' in words(parts.waterfall(latency, 500.0))


def test_an_utterance_far_beyond_the_budget_still_fits():
    latency = scripted_report(final_ms=3000).voice_to_action.values.utterances[0]
    spans = parts.waterfall(latency, 500.0).children[0].children[:-1]
    assert sum(float(span.style['width'].rstrip('%')) for span in spans) == pytest.approx(100.0, abs=0.1)


def test_a_latency_that_could_not_be_measured_says_why():
    latency = UtteranceLatency('u1', 'go', 'voice', problem='the clock was set back')
    assert 'the clock was set back' in words(parts.waterfall(latency, 500.0))


def test_text_stays_text():
    shown = parts.utterances([record(heard='<script>alert(1)</script>')])
    assert words(shown).count('<script>') == 1  # a child of an element, which the browser shows as it is


def test_empty_places_say_what_to_do():
    assert 'say or type a command' in words(parts.utterances([]))
    assert 'first report' in words(parts.stages(None))
    assert 'first report' in words(parts.machine(None))
    assert 'not said anything' in words(parts.sayings([]))


def test_the_machine_lists_processes_and_readings():
    shown = words(parts.machine(scripted_report().machine))
    for expected in ('speech_recognition', '412', 'temperature CPU', '51.3 °C', '6.4 W'):
        assert expected in shown


@pytest.mark.parametrize(('age_s', 'expected'), [(0.4, '0 s'), (59.0, '59 s'), (120.0, '2 min'), (7200.0, '2 h')])
def test_ages_have_one_unit(age_s, expected):
    assert texts.duration(age_s) == expected


@pytest.mark.parametrize(('value', 'expected'), [(None, '–'), (0.04, '0.0'), (15.62, '15.6'), (412.3, '412')])
def test_numbers_have_the_digits_that_matter(value, expected):
    assert texts.number(value) == expected


# --- charts --------------------------------------------------------------------------------------------------------


def test_each_utterance_is_a_bar_as_high_as_it_took():
    report = scripted_report([f'text {number}' for number in range(25)])
    latency = report.voice_to_action
    figure = checked(figures.voice_figure(latency.values.utterances, latency.checks[0]))
    heights = [sum(column) for column in zip(*(one['y'] for one in figure['data']), strict=True)]
    totals = [one.total_ms for one in latency.values.utterances][-figures.NEWEST :]
    assert heights == pytest.approx(totals, abs=0.5)
    (budget,) = figure['layout']['shapes']
    assert (budget['y0'], budget['y1']) == (500, 500)
    assert figure['layout']['yaxis']['range'][1] > 500


def test_what_has_no_total_is_no_bar():
    unmeasured = UtteranceLatency('u1', 'go', 'voice', problem='not in the trace: control')
    figure = checked(figures.voice_figure([unmeasured], None))
    assert 'nothing measured yet' in str(figure['layout']['annotations'])


def test_the_processor_shows_each_core_and_their_mean_and_a_gpu_only_where_there_is_one():
    machine = scripted_report().machine
    figure = checked(figures.cpu_figure(points_of(machine.values, machine.values), machine.checks))
    assert [one['y'] for one in figure['data']] == [[20.0, 20.0], [40.0, 40.0], [30.0, 30.0]]
    with_gpu = checked(figures.cpu_figure(points_of(replace(machine.values, gpu_percent=7.0)), machine.checks))
    assert trace(with_gpu, 'GPU')['y'] == [7.0]


def test_what_could_not_be_read_is_a_gap_not_a_zero():
    machine = scripted_report().machine
    gap = replace(machine.values, memory_mb=None, core_percents=(), readings=())
    points = points_of(machine.values, gap)
    assert checked(figures.memory_figure(points, machine.checks))['data'][0]['y'] == [412.0, None]
    assert [one['y'] for one in checked(figures.cpu_figure(points, ()))['data']] == [
        [20.0, None],
        [40.0, None],
        [30.0, None],
    ]
    (line,) = checked(figures.readings_figure(points, 'temperature'))['data']
    assert (line['name'], line['y']) == ('CPU', [51.3, None])


def test_a_machine_without_sensors_has_no_lines():
    assert checked(figures.readings_figure([], 'power'))['data'] == []


def test_the_map_shows_walls_places_path_scan_and_where_the_robot_looks():
    state = filled_state()
    state.on_odometry(Odometry(2.0, 0.5, math.pi / 2))
    state.on_obstacles(np.array([[3.0, 1.0], [4.0, 1.0]]))
    places = {'home': Pose2D(x_m=0.0, y_m=0.0), 'charger': Pose2D(x_m=0.3, y_m=0.0), 'moon': None}
    figure = checked(figures.map_figure(state.snapshot(), load_world('flat'), places))
    assert trace(figure, 'places')['text'] == ['home', 'charger']
    assert len(set(trace(figure, 'places')['textposition'])) == 2  # the names of neighbours do not overlap
    assert trace(figure, 'path')['x'] == [1.0, 2.0]
    assert trace(figure, 'robot')['marker']['angle'] == pytest.approx(0.0)  # to the left of ahead: up
    assert trace(figure, 'laser scan')['y'] == [1.0, 1.0]
    assert None in trace(figure, 'walls')['x']
    assert figure['layout']['yaxis']['scaleanchor'] == 'x'


def test_an_empty_floor_is_a_floor():
    figure = checked(figures.map_figure(DashboardState(lambda: START_NS).snapshot(), load_world(''), {}))
    assert figure['layout']['xaxis']['range'] == [-2.0, 2.0]


# --- the update ----------------------------------------------------------------------------------------------------


def updated(client, seen=None):
    answer = client.post('/_dash-update-component', json=update_request(client, seen))
    assert answer.status_code == 200
    return answer.get_json()['response']


def make_client(state):
    flask = make_flask(NotingRobot(), Access())
    add_page(flask, state.look, Surroundings(), title='voice', rate_hz=2.0)
    return flask.test_client()


def test_an_update_fills_the_page_and_the_next_one_brings_only_what_is_new():
    state = filled_state()
    client = make_client(state)
    first = updated(client)
    assert {name for name, _, _ in FILLED} <= first.keys()
    seen = first['seen']['data']
    assert updated(client, seen).keys() == {'status', 'seen'}
    state.on_say('Hello.')
    assert updated(client, seen).keys() == {'status', 'seen', 'sayings'}


def test_panels_of_sensors_that_are_not_there_are_hidden():
    state = DashboardState(lambda: START_NS)
    report = scripted_report()
    hidden = {}
    for readings in ((), READINGS):
        machine = replace(report.machine, values=replace(report.machine.values, readings=readings))
        state = DashboardState(lambda: START_NS)
        state.on_report(replace(report, machine=machine))
        hidden[readings] = updated(make_client(state))['power-panel']['hidden']
    assert hidden == {(): True, READINGS: False}


def test_before_anything_has_come_the_page_is_there_all_the_same():
    values = fill(DashboardState(lambda: START_NS).snapshot(), {}, Surroundings())
    assert 'say or type a command' in words([value for value in values if isinstance(value, list)])
