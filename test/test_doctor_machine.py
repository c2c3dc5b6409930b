"""What the doctor says of the computer: memory, load, disk, clock, power, heat and priority."""

import pytest
from doctor_rig import says
from jetson_tree import make_tree, put

from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.jetson.clocks import ClocksTuning
from voice_pipeline.jetson.governor import GovernorTuning
from voice_pipeline.jetson.host import Completed, Host
from voice_pipeline.jetson.power_mode import PowerModeTuning
from voice_pipeline.monitoring.budgets import load_budgets
from voice_pipeline.monitoring.machine import Reading
from voice_pipeline.tools.doctor import computer, power
from voice_pipeline.tools.doctor.records import PriorityAnswer

BUDGETS = load_budgets()


@pytest.mark.parametrize(
    ('available_mb', 'swapped_mb', 'level'),
    [(8000, 0, 'ok'), (8000, 900, 'warning'), (1500, 0, 'warning'), (500, 0, 'error'), (None, 0, 'skipped')],
)
def test_memory(available_mb, swapped_mb, level):
    readings = [Reading('memory', 'swap used', swapped_mb, 'MB')]
    if available_mb is not None:
        readings.append(Reading('memory', 'available', available_mb, 'MB'))
    says(computer.check_memory(readings, BUDGETS), level)


@pytest.mark.parametrize(
    ('load', 'level', 'word'),
    [
        (computer.Load(10, 6, ()), 'ok', '6 cores'),
        (computer.Load(80, 6, ('chrome (pid 7) 90 %',)), 'warning', 'chrome'),
        (computer.Load(10, 1, ()), 'warning', '1 core '),
    ],
)
def test_load(load, level, word):
    says(computer.check_load(load), level, word)


@pytest.mark.parametrize(('free_mb', 'level'), [(5000, 'ok'), (600, 'warning'), (50, 'error'), (None, 'error')])
def test_disk(tmp_path, free_mb, level):
    spaces = [computer.Space('logs of ROS', tmp_path, 9000.0), computer.Space('state', tmp_path / 'state', free_mb)]
    says(computer.check_disk(spaces), level, 'state')


def test_the_folders_that_are_written_to(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('XDG_STATE_HOME', str(tmp_path / 'state'))
    spaces = computer.find_space({'ROS_LOG_DIR': str(tmp_path / 'log')})
    assert {space.folder.relative_to(tmp_path).parts[0] for space in spaces} == {'cache', 'log', 'state'}
    assert all(space.free_mb > 0 for space in spaces)


def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / 'file').touch()
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'file'))
    says(computer.check_disk(computer.find_space({})), 'error', 'not writable', 'XDG_CACHE_HOME')


def timedatectl(output):
    return Host(run=lambda command, text_input, timeout_s: Completed(0, output))


@pytest.mark.parametrize(
    ('output', 'jumped_s', 'level'),
    [
        ('yes\n', 0.0, 'ok'),
        ('yes\n', -2.5, 'warning'),
        ('no\n', 0.0, 'warning'),
        ('Failed to connect to bus\n', 0.0, 'skipped'),
    ],
)
def test_clock(output, jumped_s, level):
    says(computer.check_clock(timedatectl(output), jumped_s), level)


def test_a_clock_that_nobody_keeps():
    def missing(command, text_input, timeout_s):
        raise FileNotFoundError

    says(computer.check_clock(Host(run=missing), 0.0), 'skipped', 'timedatectl')


def test_a_jetson_as_it_is_delivered_and_as_it_should_be(tmp_path):
    host = Host(root=make_tree(tmp_path), is_root=True)
    for tuning in (PowerModeTuning(host), ClocksTuning(host)):
        says(power.check_tuning(tuning, power.JETSON_ADVICE), 'warning', 'jetson apply')
        tuning.change()
        says(power.check_tuning(tuning, power.JETSON_ADVICE), 'ok')


def test_a_laptop_that_dozes(tmp_path):
    put(tmp_path, 'sys/devices/system/cpu/cpufreq/policy0/scaling_governor', 'powersave\n')
    says(
        power.check_tuning(GovernorTuning(Host(root=tmp_path)), power.GOVERNOR_ADVICE),
        'warning',
        'powersave',
        'scaling_governor',
    )
    says(power.check_tuning(GovernorTuning(Host(root=tmp_path / 'vm')), power.GOVERNOR_ADVICE), 'skipped')


@pytest.mark.parametrize(
    ('readings', 'level', 'word'),
    [
        ((), 'skipped', ''),
        ((('temperature', 'cpu', 60, '°C'), ('temperature', 'gpu', 70, '°C')), 'ok', 'gpu) shows 70'),
        ((('temperature', 'cpu', 95, '°C'),), 'warning', '95 °C'),
        ((('throttling', 'over-current oc1', 3, 'events/min'),), 'warning', 'oc1 (3 events/min)'),
        ((('throttling', 'over-current oc1', 0, 'events/min'), ('temperature', 'cpu', 50, '°C')), 'ok', '50'),
    ],
)
def test_heat(tmp_path, readings, level, word):
    says(power.check_temperature([Reading(*values) for values in readings], Host(root=tmp_path)), level, word)


def test_a_processor_that_was_slowed_down(tmp_path):
    put(tmp_path, 'sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count', '17\n')
    says(power.check_temperature([], Host(root=tmp_path)), 'warning', '17 times')


def test_real_time_priority():
    settings = ControlSettings(realtime_priority=20)
    says(power.check_realtime(settings, 90, lambda: PriorityAnswer()), 'ok', '20')
    says(
        power.check_realtime(settings, 0, lambda: PriorityAnswer(problem='not permitted')),
        'warning',
        'limits.d',
        'the limit is 0',
    )
    says(power.check_realtime(ControlSettings(realtime_priority=0), 0, pytest.fail), 'skipped')
