"""What figures depend on: the machine, its software, and what else it is doing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from voice_pipeline.recognition.choose import cuda_device_count

DISTRIBUTIONS = ('openai-whisper', 'torch', 'faster-whisper', 'ctranslate2', 'pywhispercpp', 'numpy')
BYTES_PER_MB = 2**20
NVIDIA_SMI_TIMEOUT_S = 10.0
_BOARD = Path('/proc/device-tree/model')
_CPU_INFO = Path('/proc/cpuinfo')


def machine() -> dict[str, Any]:
    """Return processor, cores, memory, GPU, system, versions, and the load before."""
    return {
        'processor': _processor(),
        'cores': core_count(),
        'memory_mb': round(psutil.virtual_memory().total / BYTES_PER_MB),
        'gpu': _gpu(),
        'load_before': [round(load, 2) for load in os.getloadavg()],
        'system': f'{_distribution()}{platform.system()} {platform.release()} {platform.machine()}',
        'python': platform.python_version(),
        'ros': _ros(),
        'versions': {name: found for name in DISTRIBUTIONS if (found := _version(name))},
    }


def describe(about_machine: Mapping[str, Any]) -> str:
    """Return what `machine` found as one line."""
    versions = ', '.join(f'{name} {number}' for name, number in about_machine['versions'].items())
    loads = ' '.join(f'{load:.1f}' for load in about_machine['load_before'])
    return (
        f'{about_machine["processor"]}, {about_machine["cores"]} cores, {about_machine["memory_mb"]} MB, '
        f'GPU {about_machine["gpu"]}, load before {loads}; '
        f'{about_machine["system"]}, Python {about_machine["python"]}, ROS {about_machine["ros"]}; {versions}'
    )


def core_count() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def _processor() -> str:
    """Return the board's name, or the processor's."""
    if _BOARD.is_file():
        return _BOARD.read_text(errors='replace').rstrip('\0\n')
    if _CPU_INFO.is_file():
        for line in _CPU_INFO.read_text(errors='replace').splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()


def _gpu() -> str:
    """Return the names of the GPUs that CUDA can use, or 'none'."""
    count = cuda_device_count()
    if not count:
        return 'none'
    command = shutil.which('nvidia-smi')
    if command is not None:
        query = [command, '--query-gpu=name', '--format=csv,noheader']
        try:
            said = subprocess.run(query, capture_output=True, text=True, timeout=NVIDIA_SMI_TIMEOUT_S, check=True)
        except (OSError, subprocess.SubprocessError):
            return f'{count} by CUDA'
        return ', '.join(name.strip() for name in said.stdout.splitlines() if name.strip())
    return f'{count} by CUDA'


def _distribution() -> str:
    try:
        return f'{platform.freedesktop_os_release()["PRETTY_NAME"]}, '
    except (OSError, KeyError):
        return ''


def _ros() -> str:
    """Return the distribution and the middleware, 'none' where there is no ROS."""
    rclpy = _version('rclpy') or _version('ros-rclpy')
    name = os.environ.get('ROS_DISTRO') or ('jazzy' if _version('ros-jazzy-rclpy') else '')
    if rclpy is None and not name:
        return 'none'
    middleware = os.environ.get('RMW_IMPLEMENTATION', 'the default middleware')
    return f'{name} (rclpy {rclpy or "?"}, {middleware})'.strip()


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
