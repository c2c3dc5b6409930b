import os
import subprocess
import sys

import psutil
import pytest

from voice_pipeline.monitoring.machine import (
    Hardware,
    MachineSample,
    MachineSampler,
    MachineStatistics,
    ProcessUsage,
    Reading,
)
from voice_pipeline.monitoring.processes import PsutilProcess, PsutilSystem, pipeline_name

MB = 2**20
S = 1_000_000_000


class FakeProcess:
    def __init__(self, pid, name, memory_mb, cpu_percent=10.0):
        self.pid, self.name = pid, name
        self.memory_mb, self.resident_mb, self.load = memory_mb, 200, cpu_percent
        self.has_ended = False

    def cpu_percent(self):
        return None if self.has_ended else self.load

    def memory_bytes(self):
        return None if self.has_ended else self.memory_mb * MB

    def resident_bytes(self):
        return None if self.has_ended else self.resident_mb * MB


class FakeSystem:
    def __init__(self, *processes):
        self.processes = list(processes)
        self.searches = 0

    def core_percents(self):
        return (10.0, 50.0)

    def pipeline_processes(self):
        self.searches += 1
        return [process for process in self.processes if not process.has_ended]


class FakeSensors:
    description = 'a thermometer'

    def __init__(self):
        self.reads = 0

    def read(self):
        self.reads += 1
        return Hardware(33.0, (Reading('temperature', 'cpu', 50.0 + self.reads, '°C'),))

    def close(self):
        pass


@pytest.fixture
def clock():
    class Clock:
        now_ns = 0

        def __call__(self):
            return self.now_ns

    return Clock()


def test_a_sample_adds_up_the_pipeline(clock):
    system = FakeSystem(FakeProcess(7, 'monitor', 40), FakeProcess(3, 'speech_recognition', 600, 150.0))
    sampler = MachineSampler(system, clock, FakeSensors())
    assert sampler.sample().processes[0].cpu_percent is None  # a load needs two readings
    assert sampler.sample() == MachineSample(
        core_percents=(10.0, 50.0),
        gpu_percent=33.0,
        memory_mb=640.0,
        processes=(
            ProcessUsage('speech_recognition', 3, 150.0, 600.0),
            ProcessUsage('monitor', 7, 10.0, 40.0),
        ),
        readings=(Reading('temperature', 'cpu', 51.0, '°C'),),
    )
    assert sampler.sample().cpu_percent == 30


def test_what_is_not_there_is_not_available(clock):
    sample = MachineSampler(FakeSystem(), clock).sample()
    assert (sample.gpu_percent, sample.memory_mb, sample.processes) == (None, None, ())


def test_the_sensors_are_read_once_a_second_however_often_is_sampled(clock):
    sensors = FakeSensors()
    sampler = MachineSampler(FakeSystem(), clock, sensors)
    for tenth in range(31):
        clock.now_ns = tenth * S // 10
        sampler.sample()
    assert sensors.reads == 4


def test_processes_are_searched_seldom(clock):
    system = FakeSystem(FakeProcess(1, 'monitor', 40))
    sampler = MachineSampler(system, clock, refresh_s=5)
    for second in range(11):
        clock.now_ns = second * S
        sampler.sample()
    assert system.searches == 3


def test_memory_is_added_up_for_what_is_found_and_then_seldom(clock):
    monitor, planner = FakeProcess(1, 'monitor', 40), FakeProcess(2, 'action_planner', 50)
    system = FakeSystem(monitor)
    sampler = MachineSampler(system, clock, refresh_s=5, memory_s=20)
    memory = []
    for second in range(0, 30, 5):
        clock.now_ns = second * S
        memory.append(sampler.sample().memory_mb)
        monitor.memory_mb += 1
        if second == 5:
            system.processes.append(planner)
    assert memory == [40, 40, 90, 90, 94, 94]


def test_memory_is_added_up_again_where_more_or_less_of_it_is_resident(clock):
    monitor = FakeProcess(1, 'monitor', 40)
    sampler = MachineSampler(FakeSystem(monitor), clock, refresh_s=5, memory_s=1000)
    memory = []
    for second, resident_mb in enumerate((200, 215, 216, 217, 150)):
        clock.now_ns, monitor.resident_mb = 5 * second * S, resident_mb
        memory.append(sampler.sample().memory_mb)
        monitor.memory_mb += 1
    assert memory == [40, 40, 42, 42, 44]


def test_processes_are_searched_again_when_the_clock_was_set_back(clock):
    system = FakeSystem()
    clock.now_ns = 1000 * S
    sampler = MachineSampler(system, clock)
    sampler.sample()
    clock.now_ns = 0
    sampler.sample()
    assert system.searches == 2


def test_a_process_that_ends_is_left_out_and_one_that_starts_is_found(clock):
    monitor, planner = FakeProcess(1, 'monitor', 40), FakeProcess(2, 'action_planner', 50)
    system = FakeSystem(monitor, planner)
    sampler = MachineSampler(system, clock, refresh_s=5)
    sampler.sample()
    planner.has_ended = True
    assert [process.name for process in sampler.sample().processes] == ['monitor']
    system.processes.append(FakeProcess(2, 'action_planner', 60))  # restarted, with the same process id
    clock.now_ns = 6 * S
    assert [(one.pid, one.cpu_percent) for one in sampler.sample().processes] == [(1, 10.0), (2, None)]


def test_loads_are_averaged_and_memory_is_the_newest():
    statistics = MachineStatistics(samples=2)
    for load, memory_mb in ((100.0, 1.0), (20.0, 2.0), (40.0, 3.0)):
        statistics.on_sample(MachineSample((load, load), load / 2, memory_mb))
    values = statistics.values()
    assert (values.cpu_percent, values.gpu_percent, values.memory_mb) == (30, 15, 3)
    assert values.core_percents == (40, 40)


COMMANDS = [
    ('/opt/robot/lib/voice_pipeline/monitor --ros-args -r __ns:=/voice', 'monitor'),
    ('/usr/bin/python3 /ws/install/voice_pipeline/lib/voice_pipeline/robot_control --ros-args', 'robot_control'),
    ('python3.10 -u -X dev.py', None),
    ('python3 -u /ws/lib/voice_pipeline/intent_parser', 'intent_parser'),
    ('python3 -m voice_pipeline.nodes.action_planner', 'action_planner'),
    ('/venv/bin/python -u -m voice_pipeline.tools.demo --json', 'demo'),
    ('python3 -m pytest voice_pipeline', None),
    ('python3 -m', None),
    ('python3', None),
    ('vim /ws/install/voice_pipeline/lib/voice_pipeline/monitor', None),
    ('/usr/bin/python3 /opt/ros/humble/bin/ros2 launch voice_pipeline voice.launch.py', None),
    ('colcon build --packages-select voice_pipeline', None),
    ('/ws/src/voice_pipeline/voice_pipeline/monitor', None),
    ('', None),
]


@pytest.mark.parametrize(('command', 'name'), COMMANDS)
def test_the_pipeline_is_told_from_other_programs(command, name):
    assert pipeline_name(command.split()) == name


def start(folder, name, domain):
    """Start a process that looks like an installed node, and wait until it runs."""
    script = folder / 'lib' / 'voice_pipeline' / name
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text('print("ready", flush=True)\ninput()\n')
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, 'ROS_DOMAIN_ID': domain},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == 'ready\n'
    return process


def end(process):
    if process.returncode is None:
        process.communicate('\n')


@pytest.fixture
def nodes(tmp_path, monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', '42')
    started = {name: start(tmp_path, name, domain) for name, domain in (('ours', '42'), ('theirs', '43'))}
    yield started
    for process in started.values():
        end(process)


def test_the_processes_of_this_ros_domain_are_found_on_this_machine(nodes):
    found = {process.pid: process.name for process in PsutilSystem().pipeline_processes()}
    assert found[nodes['ours'].pid] == 'ours'
    assert os.getpid() in found
    assert nodes['theirs'].pid not in found


def test_this_machine_can_be_sampled(nodes):
    sample = MachineSampler(PsutilSystem(), clock_ns=lambda: 0).sample()
    assert len(sample.core_percents) == psutil.cpu_count()
    assert all(0 <= percent <= 100 for percent in sample.core_percents)
    assert 1 < sample.memory_mb == sum(process.memory_mb for process in sample.processes)


def test_a_process_that_ended_has_no_readings(nodes):
    process = PsutilProcess(psutil.Process(nodes['ours'].pid), 'ours')
    assert process.memory_bytes() > 0
    end(nodes['ours'])
    assert process.memory_bytes() is None
    assert process.cpu_percent() is None


class WithoutPss:
    """A process of a system, or of a user, that does not tell its proportional set size."""

    pid = 1

    def memory_full_info(self):
        raise psutil.AccessDenied(self.pid)

    def memory_info(self):
        return psutil.Process().memory_info()


def test_resident_memory_stands_in_where_the_proportional_is_not_told():
    assert PsutilProcess(WithoutPss(), 'node').memory_bytes() > MB
