"""The machine's sensors: trees of files for a Jetson, a scripted library and program for NVIDIA's GPUs."""

import subprocess
import sys
import threading
from collections import namedtuple
from types import SimpleNamespace

import psutil
import pytest
from jetson_tree import make_tree, put, put_program

from voice_pipeline.jetson.host import Completed, Host
from voice_pipeline.monitoring.hardware import (
    AllSensors,
    MemoryAndDisk,
    PsutilSensors,
    find_sensors,
    plausible_celsius,
)
from voice_pipeline.monitoring.jetson_sensors import JetsonSensors
from voice_pipeline.monitoring.machine import Hardware, NoSensors, Reading
from voice_pipeline.monitoring.nvidia import OLDEST_S, NvidiaProgram, find_nvidia, load_nvml, parse_answer

GPU_LOAD = 'sys/devices/platform/gpu.0/load'


def put_sensors(root):
    """Write the sensors of an Orin Nano, as they were captured on one, below this folder."""
    zones = {
        'cpu-thermal': 49812,
        'gpu-thermal': 48500,
        'cv0-thermal': -256000,
        'cv1-thermal': 0,
        'cv2-thermal': '',
        'soc0-thermal': 48093,
        'tj-thermal': 50125,
    }
    for index, (name, temperature) in enumerate(zones.items()):
        put(root, f'sys/class/thermal/thermal_zone{index}/type', f'{name}\n')
        put(root, f'sys/class/thermal/thermal_zone{index}/temp', f'{temperature}\n')
    for index, (kind, state) in enumerate({'pwm-fan': 2, 'cpufreq-cpu0': 0, 'gpu-throttle-alert': 1}.items()):
        put(root, f'sys/class/thermal/cooling_device{index}/type', f'{kind}\n')
        put(root, f'sys/class/thermal/cooling_device{index}/cur_state', f'{state}\n')
    put(root, 'sys/class/hwmon/hwmon0/name', 'pwmfan\n')
    put(root, 'sys/class/hwmon/hwmon0/pwm1', '102\n')
    put(root, 'sys/class/hwmon/hwmon1/name', 'ina3221\n')
    rails = (('VDD_IN', 5016, 1440), ('VDD_CPU_GPU_CV', 4992, 300), ('VDD_SOC', 4992, 280))
    for channel, (label, millivolts, milliamperes) in enumerate(rails, start=1):
        put(root, f'sys/class/hwmon/hwmon1/in{channel}_label', f'{label}\n')
        put(root, f'sys/class/hwmon/hwmon1/in{channel}_input', f'{millivolts}\n')
        put(root, f'sys/class/hwmon/hwmon1/curr{channel}_input', f'{milliamperes}\n')
    put(root, 'sys/class/hwmon/hwmon1/in7_label', 'sum of shunt voltages\n')
    put(root, 'sys/class/hwmon/hwmon1/in7_input', '4880\n')
    put(root, 'sys/class/hwmon/hwmon2/name', 'soctherm_oc\n')
    put(root, 'sys/class/hwmon/hwmon2/oc3_event_cnt', '7\n')
    put(root, 'sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq', '1344000\n')
    put(root, 'sys/class/devfreq/17000000.gpu/cur_freq', '306000000\n')
    put(root, GPU_LOAD, '437\n')
    return root


@pytest.fixture
def jetson(tmp_path):
    return put_sensors(make_tree(tmp_path))


def test_a_jetson_tells_all_by_its_files(jetson):
    hardware = JetsonSensors(Host(root=jetson)).read()
    assert hardware.gpu_percent == 43.7
    assert [(one.group, one.name, round(one.value, 3), one.unit) for one in hardware.readings] == [
        ('temperature', 'cpu', 49.812, '°C'),
        ('temperature', 'gpu', 48.5, '°C'),
        ('temperature', 'soc0', 48.093, '°C'),
        ('temperature', 'tj', 50.125, '°C'),
        ('power', 'VDD_IN', 7.223, 'W'),
        ('power', 'VDD_CPU_GPU_CV', 1.498, 'W'),
        ('power', 'VDD_SOC', 1.398, 'W'),
        ('clock', 'CPU 0', 1344, 'MHz'),
        ('clock', 'GPU', 306, 'MHz'),
        ('fan', 'fan', 40, '%'),
        ('throttling', 'over-current oc3', 0, 'events/min'),
        ('throttling', 'cpufreq-cpu0', 0, 'steps'),
        ('throttling', 'gpu-throttle-alert', 1, 'steps'),
    ]


LOADS = [
    ('sys/devices/platform/bus@0/17000000.gpu/load', {}),
    ('sys/class/devfreq/57000000.gpu/device/load', {'sys/class/devfreq/57000000.gpu/device/of_node/name': 'gv11b\0'}),
]


@pytest.mark.parametrize(('load', 'files'), LOADS, ids=['on bus@0', 'by its name in the device tree'])
def test_the_load_of_the_gpu_is_found_wherever_it_is(jetson, load, files):
    (jetson / GPU_LOAD).unlink()
    for name, text in {load: '1000\n', **files}.items():
        put(jetson, name, text)
    assert JetsonSensors(Host(root=jetson)).read().gpu_percent == 100


def test_what_is_not_there_is_left_out(tmp_path):
    assert JetsonSensors(Host(root=tmp_path)).read() == Hardware()


@pytest.mark.parametrize('text', ['', 'nonsense\n', '0x10\n', '\0\0'])
def test_what_cannot_be_read_is_left_out_never_0(jetson, text):
    for file in [*jetson.glob('sys/class/thermal/*/temp'), *jetson.glob('sys/class/hwmon/*/*_input')]:
        file.write_text(text)
    put(jetson, GPU_LOAD, text)
    hardware = JetsonSensors(Host(root=jetson)).read()
    assert hardware.gpu_percent is None
    assert not [one for one in hardware.readings if one.group in ('temperature', 'power')]


def test_over_currents_are_those_of_the_last_minute(jetson):
    clock = [0.0]
    sensors = JetsonSensors(Host(root=jetson), clock_s=lambda: clock[0])
    counts = []
    for now_s, count in ((0, 7), (1, 7), (2, 10), (50, 11), (63, 11), (130, 11), (131, 2)):
        clock[0] = now_s
        put(jetson, 'sys/class/hwmon/hwmon2/oc3_event_cnt', f'{count}\n')
        counts += [one.value for one in sensors.read().readings if one.name == 'over-current oc3']
    assert counts == [0, 0, 3, 4, 1, 0, 0]


def test_a_jetson_is_never_asked_by_nvidia_smi(jetson, monkeypatch):
    asked = []
    put_program(jetson, 'usr/bin/nvidia-smi', '#!/bin/sh\n')
    monkeypatch.setitem(sys.modules, 'pynvml', FakeNvml(FakeGpu(name='Orin (nvgpu)')))
    sensors = find_sensors(Host(root=jetson, run=lambda *command, **_: asked.append(command)))
    hardware = sensors.read()
    sensors.close()
    assert (hardware.gpu_percent, asked) == (43.7, [])
    assert sensors.description == 'GPU, temperatures, power, clocks and fan from sysfs (Jetson), memory and disk'
    assert {'memory', 'disk', 'temperature'} <= {one.group for one in hardware.readings}


# --- any machine -----------------------------------------------------------------------------------------------------


def test_this_machine_can_be_read():
    sensors = find_sensors()
    hardware = sensors.read()
    sensors.close()
    values = {(one.group, one.name): one.value for one in hardware.readings}
    assert 0 < values['memory', 'available'] <= psutil.virtual_memory().total / 2**20
    assert 0 <= values['disk', 'used'] <= 100
    assert all(one.unit for one in hardware.readings)


TEMPERATURES = [(0, None), (None, None), (float('nan'), None), (-256, None), (250, None), (-5.5, -5.5), (61, 61)]


@pytest.mark.parametrize(('value', 'celsius'), TEMPERATURES)
def test_a_sensor_that_is_not_there_has_no_temperature(value, celsius):
    assert plausible_celsius(value) == celsius


def test_the_hottest_of_each_chip_counts(monkeypatch):
    core = namedtuple('core', 'label current')
    chips = {'coretemp': [core('Core 0', 51.0), core('Core 1', 58.0)], 'nvme': [core('', 40.0)], 'off': [core('', 0.0)]}
    monkeypatch.setattr(psutil, 'sensors_temperatures', lambda: chips, raising=False)
    monkeypatch.setattr(psutil, 'sensors_fans', lambda: {'thinkpad': [core('left', 2100)]}, raising=False)
    monkeypatch.setattr(psutil, 'cpu_freq', lambda: None, raising=False)
    assert PsutilSensors().read().readings == (
        Reading('temperature', 'coretemp', 58.0, '°C'),
        Reading('temperature', 'nvme', 40.0, '°C'),
        Reading('fan', 'thinkpad left', 2100.0, 'rpm'),
    )


def test_a_system_without_sensors_has_no_readings(monkeypatch):
    for name in ('sensors_temperatures', 'sensors_fans', 'cpu_freq'):
        monkeypatch.delattr(psutil, name, raising=False)
    assert PsutilSensors().read() == Hardware()


def swap_readings(monkeypatch, *swaps):
    """Read one swap a second; returns what was said about it each time."""
    seconds = iter(range(100))
    sensors = MemoryAndDisk(clock_s=lambda: float(next(seconds)))
    said = []
    for total, used, swapped_in in swaps:
        swap = SimpleNamespace(total=total << 20, used=used << 20, sin=swapped_in << 20)
        monkeypatch.setattr(psutil, 'swap_memory', lambda swap=swap: swap)
        said.append({one.name: one.value for one in sensors.read().readings if 'swap' in one.name})
    return said


def test_what_comes_back_from_the_swap_is_a_rate(monkeypatch):
    assert swap_readings(monkeypatch, (4000, 100, 50), (4000, 120, 62), (4000, 120, 0)) == [
        {'swap used': 100.0},
        {'swap used': 120.0, 'swapped in': 12.0},
        {'swap used': 120.0, 'swapped in': 0.0},
    ]


def test_a_machine_without_swap_has_no_readings_of_it(monkeypatch):
    assert swap_readings(monkeypatch, (0, 0, 0)) == [{}]


# --- a GPU of NVIDIA: the library ------------------------------------------------------------------------------------


class FakeGpu:
    def __init__(self, name='NVIDIA RTX 4000', load=35, reasons=0x1, lacks=()):
        self.name, self.load, self.reasons, self.lacks = name, load, reasons, lacks


class FakeNvml:
    """Behaves as the package nvidia-ml-py; a value that a GPU lacks raises, as "not supported" does there."""

    NVML_TEMPERATURE_GPU = NVML_CLOCK_GRAPHICS = 0

    class NVMLError(Exception):
        pass

    def __init__(self, *gpus, driver=True):
        self.gpus, self.driver, self.is_open = gpus, driver, False

    def nvmlInit(self):  # noqa: N802
        if not self.driver:
            raise self.NVMLError('NVML Shared Library Not Found')
        self.is_open = True

    def nvmlShutdown(self):  # noqa: N802
        self.is_open = False

    def nvmlDeviceGetCount(self):  # noqa: N802
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return self.gpus[index]

    def nvmlDeviceGetName(self, gpu):  # noqa: N802
        return gpu.name

    def __getattr__(self, name):
        values = {
            'nvmlDeviceGetUtilizationRates': lambda gpu: SimpleNamespace(gpu=gpu.load, memory=1),
            'nvmlDeviceGetTemperature': lambda _: 61,
            'nvmlDeviceGetPowerUsage': lambda _: 45_500,
            'nvmlDeviceGetClockInfo': lambda _: 1410,
            'nvmlDeviceGetFanSpeed': lambda _: 30,
            'nvmlDeviceGetMemoryInfo': lambda _: SimpleNamespace(used=512 << 20),
            'nvmlDeviceGetCurrentClocksThrottleReasons': lambda gpu: gpu.reasons,
        }
        if name not in values:
            raise AttributeError(name)

        def ask(gpu, *_):
            if name in gpu.lacks:
                raise self.NVMLError('Not Supported')
            return values[name](gpu)

        return ask


def test_a_gpu_is_read_by_the_library(monkeypatch):
    library = FakeNvml(FakeGpu(reasons=0x4 | 0x40))
    monkeypatch.setitem(sys.modules, 'pynvml', library)
    sensors = load_nvml()
    assert sensors.read() == Hardware(
        35.0,
        (
            Reading('temperature', 'GPU', 61.0, '°C'),
            Reading('power', 'GPU', 45.5, 'W'),
            Reading('clock', 'GPU', 1410.0, 'MHz'),
            Reading('fan', 'GPU', 30.0, '%'),
            Reading('memory', 'GPU used', 512.0, 'MB'),
            Reading('throttling', 'GPU power cap', 1.0, 'yes/no'),
            Reading('throttling', 'GPU hardware slowdown', 0.0, 'yes/no'),
            Reading('throttling', 'GPU heat', 1.0, 'yes/no'),
            Reading('throttling', 'GPU power brake', 0.0, 'yes/no'),
        ),
    )
    sensors.close()
    assert not library.is_open


def test_of_several_gpus_the_busiest_counts(monkeypatch):
    monkeypatch.setitem(sys.modules, 'pynvml', FakeNvml(FakeGpu(load=10), FakeGpu(load=80)))
    hardware = load_nvml().read()
    assert hardware.gpu_percent == 80
    assert [one.name for one in hardware.readings if one.group == 'temperature'] == ['GPU 0', 'GPU 1']


def test_what_a_gpu_does_not_tell_is_left_out(monkeypatch):
    lacks = ('nvmlDeviceGetUtilizationRates', 'nvmlDeviceGetFanSpeed', 'nvmlDeviceGetCurrentClocksThrottleReasons')
    monkeypatch.setitem(sys.modules, 'pynvml', FakeNvml(FakeGpu(lacks=lacks)))
    hardware = load_nvml().read()
    assert hardware.gpu_percent is None
    assert {one.group for one in hardware.readings} == {'temperature', 'power', 'clock', 'memory'}


UNUSABLE = [None, FakeNvml(driver=False), FakeNvml(), FakeNvml(FakeGpu(name=b'Orin (nvgpu)'))]


@pytest.mark.parametrize('library', UNUSABLE, ids=['no package', 'no driver', 'no GPU', 'the GPU of a Jetson'])
def test_without_a_gpu_there_is_nothing_to_read(monkeypatch, tmp_path, library):
    monkeypatch.setitem(sys.modules, 'pynvml', library)
    assert isinstance(find_nvidia(Host(root=tmp_path)), NoSensors)


# --- a GPU of NVIDIA: the program ------------------------------------------------------------------------------------

ANSWER = 'NVIDIA RTX 4000, 35, 61, 45.50, 1410, [N/A], 512\n'


def test_the_answer_of_the_program():
    assert parse_answer(ANSWER) == Hardware(
        35.0,
        (
            Reading('temperature', 'GPU', 61.0, '°C'),
            Reading('power', 'GPU', 45.5, 'W'),
            Reading('clock', 'GPU', 1410.0, 'MHz'),
            Reading('memory', 'GPU used', 512.0, 'MB'),
        ),
    )


NO_ANSWERS = [
    '',
    'No devices were found\n',
    'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.\n',
    'Orin (nvgpu), [N/A], [N/A], [N/A], [N/A], [N/A], [N/A]\n',
    'NVIDIA RTX 4000, nan, [Unknown Error], inf, [N/A], [N/A], [N/A]\n',
]


@pytest.mark.parametrize('text', NO_ANSWERS)
def test_what_is_no_answer_says_nothing(text):
    assert parse_answer(text) == Hardware()


class FakeProgram:
    """Plays one answer after the other; what is an exception is raised. After the last it waits to be ended."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.is_over = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, command, *, text_input, timeout_s):
        assert command[0] == '/usr/bin/nvidia-smi'
        if not self.answers:
            self.is_over.set()
            self.may_end.wait(10)
            return Completed(1, '')
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def ask():
    """Ask the program until its answers are over; returns what is known then, after some seconds."""
    programs = []

    def run(*answers, then_s=0.0):
        clock = [0.0]
        runner = FakeProgram(*answers)
        sensors = NvidiaProgram(Host(run=runner), '/usr/bin/nvidia-smi', clock_s=lambda: clock[0], period_s=0.0)
        programs.append((sensors, runner))
        assert runner.is_over.wait(10)
        clock[0] = then_s
        return sensors.read()

    yield run
    for sensors, runner in programs:
        sensors.close()
        runner.may_end.set()


def test_the_program_is_asked_in_the_background(ask):
    assert ask(Completed(0, ANSWER)).gpu_percent == 35


FAILURES = [Completed(9, 'NVIDIA-SMI has failed'), subprocess.TimeoutExpired('nvidia-smi', 5), FileNotFoundError()]


@pytest.mark.parametrize('failure', FAILURES)
def test_a_program_that_fails_is_asked_again(ask, failure):
    assert ask(failure) == Hardware()
    assert ask(failure, Completed(0, ANSWER)).gpu_percent == 35


def test_what_the_program_said_long_ago_is_not_true_any_more(ask):
    assert ask(Completed(0, ANSWER), then_s=OLDEST_S).gpu_percent == 35
    assert ask(Completed(0, ANSWER), then_s=OLDEST_S + 1) == Hardware()


def test_the_program_stands_in_where_the_library_is_missing(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, 'pynvml', None)
    put_program(tmp_path, 'usr/bin/nvidia-smi', '#!/bin/sh\n')
    sensors = find_nvidia(Host(root=tmp_path, run=lambda *_, **__: Completed(0, ANSWER)))
    sensors.close()
    assert sensors.description == 'GPU by nvidia-smi, every 5 s'


def test_several_sources_are_one():
    class Load(NoSensors):
        description = 'a load'

        def read(self):
            return Hardware(12.0, (Reading('clock', 'GPU', 1.0, 'MHz'),))

    class Heat:
        description = 'heat'

        def read(self):
            return Hardware(None, (Reading('temperature', 'cpu', 40.0, '°C'),))

        def close(self):
            pass

    hardware = Heat().read() + Load().read()
    assert (hardware.gpu_percent, len(hardware.readings)) == (12.0, 2)
    assert AllSensors((Heat(), NoSensors())).description == 'heat'
