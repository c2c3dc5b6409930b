"""
A GPU of NVIDIA that is no Jetson's: by their library (NVML, through the package `nvidia-ml-py`), else by `nvidia-smi`.

Neither is needed: where both are missing there is nothing to read. The integrated GPU of a Jetson answers both with
"N/A" under the name "(nvgpu)": it is ignored.
"""

from __future__ import annotations

import importlib
import logging
import math
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.outcome import TuningError
from voice_pipeline.monitoring.machine import Hardware, NoSensors, Reading, Sensors

INTEGRATED = '(nvgpu)'
PROGRAM_PERIOD_S = 5.0  # the program takes a noticeable part of a second each time
PROGRAM_TIMEOUT_S = 5.0
OLDEST_S = 20.0  # what the program said before that is not true any more

# Why the driver holds the clocks back: bits of nvmlClocksEventReasons. Idling and what a user asked for are none.
THROTTLE_REASONS = {0x4: 'power cap', 0x8: 'hardware slowdown', 0x20: 'heat', 0x40: 'heat', 0x80: 'power brake'}

QUERY = (
    'name',
    'utilization.gpu',
    'temperature.gpu',
    'power.draw',
    'clocks.current.graphics',
    'fan.speed',
    'memory.used',
)

_logger = logging.getLogger(__name__)


def find_nvidia(host: Host) -> Sensors:
    """Return what can be asked about NVIDIA's GPUs on this machine, `NoSensors` where there are none."""
    nvml = load_nvml()
    if nvml is not None:
        return nvml
    try:
        return NvidiaProgram(host, host.program('nvidia-smi'))
    except TuningError:
        return NoSensors()


# --- the library -----------------------------------------------------------------------------------------------------


def load_nvml() -> NvmlSensors | None:
    """Return the sensors that NVML reads; None where the package, the driver or a GPU is missing."""
    try:
        library = importlib.import_module('pynvml')
    except ImportError:
        return None
    try:
        library.nvmlInit()
        devices = [library.nvmlDeviceGetHandleByIndex(index) for index in range(library.nvmlDeviceGetCount())]
        discrete = [device for device in devices if INTEGRATED not in _text(library.nvmlDeviceGetName(device))]
    except library.NVMLError as error:
        _logger.debug('NVML: %s', error)
        return None
    return NvmlSensors(library, discrete) if discrete else None


def _text(name: str | bytes) -> str:
    """Return the name; old versions of the library gave bytes."""
    return name.decode(errors='replace') if isinstance(name, bytes) else name


class NvmlSensors:
    """NVIDIA's GPUs by their library; a value that a GPU does not have is left out."""

    description = 'GPU by NVML'

    def __init__(self, library: Any, devices: list[Any]) -> None:
        self._library = library
        self._devices = devices

    def read(self) -> Hardware:
        """Return the load of the busiest GPU, and what each of them says."""
        gpus = [self._read(device, _name(index, len(self._devices))) for index, device in enumerate(self._devices)]
        return _together(gpus)

    def close(self) -> None:
        """Let go of the library."""
        try:
            self._library.nvmlShutdown()
        except self._library.NVMLError as error:
            _logger.debug('NVML: %s', error)

    def _read(self, device: Any, name: str) -> Hardware:
        library = self._library
        utilization = self._ask(library.nvmlDeviceGetUtilizationRates, device)
        memory = self._ask(library.nvmlDeviceGetMemoryInfo, device)
        milliwatts = self._ask(library.nvmlDeviceGetPowerUsage, device)
        readings = _readings(
            name,
            celsius=self._ask(library.nvmlDeviceGetTemperature, device, library.NVML_TEMPERATURE_GPU),
            watts=None if milliwatts is None else milliwatts / 1000,
            mhz=self._ask(library.nvmlDeviceGetClockInfo, device, library.NVML_CLOCK_GRAPHICS),
            fan_percent=self._ask(library.nvmlDeviceGetFanSpeed, device),
            memory_mb=None if memory is None else memory.used / 2**20,
        )
        percent = None if utilization is None else float(utilization.gpu)
        return Hardware(percent, (*readings, *self._throttling(device, name)))

    def _throttling(self, device: Any, name: str) -> Iterator[Reading]:
        # The name before the driver 535.
        ask = getattr(self._library, 'nvmlDeviceGetCurrentClocksEventReasons', None)
        reasons = self._ask(ask or self._library.nvmlDeviceGetCurrentClocksThrottleReasons, device)
        if reasons is not None:
            for words in dict.fromkeys(THROTTLE_REASONS.values()):
                is_held = any(reasons & bit for bit, reason in THROTTLE_REASONS.items() if reason == words)
                yield Reading('throttling', f'{name} {words}', float(is_held), 'yes/no')

    def _ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except self._library.NVMLError:
            return None


# --- the program -----------------------------------------------------------------------------------------------------


class NvidiaProgram:
    """
    NVIDIA's GPUs by `nvidia-smi`, run now and then by a thread of its own: it may take seconds, or hang.

    `read` gives the newest answer, as long as it is not old.
    """

    description = f'GPU by nvidia-smi, every {PROGRAM_PERIOD_S:g} s'

    def __init__(
        self,
        host: Host,
        program: str,
        clock_s: Callable[[], float] = time.monotonic,
        period_s: float = PROGRAM_PERIOD_S,
    ) -> None:
        self._run = host.run
        self._command = (program, f'--query-gpu={",".join(QUERY)}', '--format=csv,noheader,nounits')
        self._clock_s = clock_s
        self._period_s = period_s
        self._newest: tuple[float, Hardware] | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._keep_asking, name='nvidia-smi', daemon=True).start()

    def read(self) -> Hardware:
        """Return the newest answer, nothing where there is none, or it is old."""
        newest = self._newest
        return newest[1] if newest is not None and self._clock_s() - newest[0] <= OLDEST_S else Hardware()

    def close(self) -> None:
        """End the thread, after the answer it waits for."""
        self._ended.set()

    def _keep_asking(self) -> None:
        while not self._ended.is_set():
            answer = self._ask()
            if answer is not None:
                self._newest = self._clock_s(), answer
            self._ended.wait(self._period_s)

    def _ask(self) -> Hardware | None:
        try:
            completed = self._run(self._command, text_input='', timeout_s=PROGRAM_TIMEOUT_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            _logger.debug('nvidia-smi: %s', error)
            return None
        return parse_answer(completed.output) if completed.exit_status == 0 else None


def parse_answer(text: str) -> Hardware:
    """Return what `nvidia-smi` printed for `QUERY`, a line a GPU; what it does not know is "[N/A]" there."""
    lines = [[value.strip() for value in line.split(',')] for line in text.splitlines()]
    gpus = [values for values in lines if len(values) == len(QUERY) and INTEGRATED not in values[0]]
    return _together([_parsed(values, _name(index, len(gpus))) for index, values in enumerate(gpus)])


def _parsed(values: list[str], name: str) -> Hardware:
    percent, celsius, watts, mhz, fan_percent, memory_mb = (_number(value) for value in values[1:])
    readings = _readings(name, celsius=celsius, watts=watts, mhz=mhz, fan_percent=fan_percent, memory_mb=memory_mb)
    return Hardware(percent, tuple(readings))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


# --- both ------------------------------------------------------------------------------------------------------------


def _name(index: int, count: int) -> str:
    return 'GPU' if count == 1 else f'GPU {index}'


def _readings(
    name: str,
    *,
    celsius: float | None,
    watts: float | None,
    mhz: float | None,
    fan_percent: float | None,
    memory_mb: float | None,
) -> Iterator[Reading]:
    if celsius is not None:
        yield Reading('temperature', name, float(celsius), '°C')
    if watts is not None:
        yield Reading('power', name, watts, 'W')
    if mhz is not None:
        yield Reading('clock', name, float(mhz), 'MHz')
    if fan_percent is not None:
        yield Reading('fan', name, float(fan_percent), '%')
    if memory_mb is not None:
        yield Reading('memory', f'{name} used', memory_mb, 'MB')


def _together(gpus: list[Hardware]) -> Hardware:
    """Return all GPUs as one: the load is that of the busiest."""
    loads = [gpu.gpu_percent for gpu in gpus if gpu.gpu_percent is not None]
    return Hardware(max(loads, default=None), tuple(reading for gpu in gpus for reading in gpu.readings))
