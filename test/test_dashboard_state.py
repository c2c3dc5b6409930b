"""What the dashboard keeps: the newest of everything, in bounded memory, and versions that tell what is new."""

import itertools
import math
import threading

import numpy as np
import pytest
from dashboard_rig import START_NS, S, filled_state, record, scripted_report

from voice_pipeline.control.motion import Odometry
from voice_pipeline.dashboard import state as module
from voice_pipeline.dashboard.settings import DashboardSettings, is_loopback
from voice_pipeline.dashboard.state import DashboardState
from voice_pipeline.settings import SettingsError


class Clock:
    def __init__(self):
        self.now_ns = START_NS

    def __call__(self):
        return self.now_ns


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def state(clock):
    return DashboardState(clock)


def test_at_first_there_is_nothing(state):
    snapshot = state.snapshot()
    assert (snapshot.report, snapshot.report_age_s, snapshot.robot, snapshot.execution) == (None, None, None, None)
    assert (snapshot.utterances, snapshot.sayings, snapshot.path, snapshot.machine) == ((), (), (), ())


def test_an_utterance_that_comes_further_keeps_its_place(state):
    for name in ('u1', 'u2'):
        state.on_utterance(record(name, heard='turn'))
    state.on_utterance(record('u1', heard='turn left', outcome='done'))
    assert [(one.utterance_id, one.heard) for one in state.snapshot().utterances] == [
        ('u2', 'turn'),
        ('u1', 'turn left'),
    ]


def test_everything_is_bounded_and_the_newest_stays(state, clock):
    for number in range(3000):
        clock.now_ns += S
        state.on_utterance(record(f'u{number}'))
        state.on_say(f'saying {number}')
        state.on_odometry(Odometry(float(number), 0.0, 0.0))
    snapshot = state.snapshot()
    assert len(snapshot.utterances) == module.UTTERANCES
    assert snapshot.utterances[0].utterance_id == 'u2999'
    assert [one.text for one in snapshot.sayings][:2] == ['saying 2999', 'saying 2998']
    assert len(snapshot.sayings) == module.SAYINGS
    assert len(snapshot.path) == module.PATH_POINTS
    assert snapshot.path[-1] == (2999.0, 0.0)


def test_of_the_machine_one_point_a_second_is_kept(state, clock):
    report = scripted_report()
    for _ in range(4 * module.MACHINE_POINTS):
        clock.now_ns += S // 2
        state.on_report(report)
    times = [point.at_ns for point in state.snapshot().machine]
    assert len(times) == module.MACHINE_POINTS
    assert all(later - earlier == S for earlier, later in itertools.pairwise(times))


def test_the_age_of_the_report_shows_a_monitor_that_has_died(state, clock):
    state.on_report(scripted_report())
    clock.now_ns += 7 * S
    assert state.snapshot().report_age_s == 7.0
    clock.now_ns -= 60 * S  # the clock was set back
    assert state.snapshot().report_age_s == 0.0


def test_a_robot_that_stands_still_is_no_news(state):
    state.on_odometry(Odometry(1.0, 2.0, 0.0))
    before = state.snapshot().versions
    for yaw_rad in (0.0, math.tau, 0.001):
        state.on_odometry(Odometry(1.001, 2.0, yaw_rad))
    assert state.snapshot().versions == before
    state.on_odometry(Odometry(1.0, 2.0, 0.5))
    assert state.snapshot().robot == Odometry(1.0, 2.0, 0.5)
    assert state.snapshot().versions.robot != before.robot


@pytest.mark.parametrize('alien', [math.nan, math.inf])
def test_a_pose_that_is_not_made_of_numbers_is_none(state, alien):
    state.on_odometry(Odometry(1.0, alien, 0.0))
    assert state.snapshot().robot is None


def test_what_changes_has_another_version_and_nothing_else_has(state):
    changes = {
        'report': lambda: state.on_report(scripted_report()),
        'utterances': lambda: state.on_utterance(record()),
        'sayings': lambda: state.on_say('hello'),
        'robot': lambda: state.on_obstacles(np.zeros((3, 2))),
    }
    for name, change in changes.items():
        before = state.snapshot().versions
        change()
        after = state.snapshot().versions
        assert {field for field in changes if getattr(before, field) != getattr(after, field)} == {name}


def test_the_versions_of_another_run_are_others(clock):
    first = DashboardState(clock).snapshot().versions
    clock.now_ns += S
    assert not set(vars(first).values()) & set(vars(DashboardState(clock).snapshot().versions).values())


def test_it_knows_whether_somebody_looks(state, clock):
    assert not state.is_watched()
    state.look()
    clock.now_ns += 2 * S
    assert state.is_watched()
    clock.now_ns += 10 * S
    assert not state.is_watched()


def test_many_threads_may_write_and_read():
    state = filled_state()
    failures = []

    def write(number):
        try:
            for index in range(200):
                state.on_utterance(record(f'u{number}-{index}'))
                state.on_odometry(Odometry(float(index), float(number), 0.0))
                state.snapshot()
        except RuntimeError as error:  # "mutated during iteration"
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(state.snapshot().utterances) == module.UTTERANCES


@pytest.mark.parametrize('host', ['127.0.0.1', '127.8.0.1', 'localhost', '::1'])
def test_on_this_machine_no_token_is_needed(host):
    assert is_loopback(host)
    assert DashboardSettings(host=host).token == ''


@pytest.mark.parametrize('host', ['0.0.0.0', '192.168.1.20', '::', 'robot.local', ''])
def test_on_the_network_a_token_is_needed(host):
    with pytest.raises(SettingsError, match="set the parameter 'token'"):
        DashboardSettings.from_mapping({'host': host})
    assert DashboardSettings.from_mapping({'host': host, 'token': 'x' * 16}).host == host


def test_a_token_that_can_be_guessed_is_refused():
    with pytest.raises(SettingsError, match='16 or more'):
        DashboardSettings.from_mapping({'token': 'secret'})
