"""The machine: is it idle, and large enough, and is its clock right?"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.outcome import TuningError
from voice_pipeline.jetson.record import state_directory
from voice_pipeline.monitoring.budgets import Budgets
from voice_pipeline.monitoring.hardware import MemoryAndDisk
from voice_pipeline.monitoring.machine import Reading
from voice_pipeline.paths import cache_directory
from voice_pipeline.tools.doctor.check import Check, Finding, error, ok, skipped, warning
from voice_pipeline.tools.doctor.configuration import budgets_of
from voice_pipeline.tools.doctor.surroundings import Surroundings

_LEAST_MEMORY_MB = 1024  # all nodes with the sentence model take 964 MB
_MOST_SWAPPED_MB = 256
_BUSY_PERCENT = 50.0  # the pipeline needs up to 30 % of two cores
_LEAST_DISK_MB, _LITTLE_DISK_MB = 200, 1000
_MOST_JUMP_S = 0.05


def checks(here: Surroundings) -> tuple[Check, ...]:
    """Return the checks of what the machine has left."""
    group = 'Computer'
    clock_offset_s = time.time() - time.monotonic()

    def look_at_memory() -> Finding:
        return check_memory(MemoryAndDisk().read().readings, budgets_of(here.files))

    def look_at_disk() -> Finding:
        return check_disk(find_space(here.environment))

    def look_at_clock() -> Finding:
        return check_clock(here.host, time.time() - time.monotonic() - clock_offset_s)

    return (
        Check('memory', group, 'memory for all nodes?', look_at_memory, 'allocation'),
        Check('load', group, 'is the processor free?', lambda: check_load(measure_load()), 'sequential stages'),
        Check('disk', group, 'can models, logs and state be written?', look_at_disk, 'I/O'),
        Check('clock', group, 'is the clock right, and steady?', look_at_clock),
    )


def check_memory(readings: Sequence[Reading], budgets: Budgets) -> Finding:
    """Is there memory for all nodes?"""
    values = {reading.name: reading.value for reading in readings if reading.group == 'memory'}
    if 'available' not in values:
        return skipped('the system does not say how much memory is free')
    available_mb, swapped_mb = values['available'], values.get('swap used', 0.0)
    found = f'{available_mb:.0f} MB available, {swapped_mb:.0f} MB in swap'
    advice = (
        'close programs (a browser, the desktop: sudo systemctl isolate multi-user.target); semantic: off in '
        'intent_parser.yaml saves 0.5 GB'
    )
    if available_mb < _LEAST_MEMORY_MB:
        return error(f'{found}: too little, the nodes need up to {_LEAST_MEMORY_MB} MB', advice)
    if available_mb < budgets.machine.memory_mb:
        return warning(f'{found}: less than the budget of {budgets.machine.memory_mb:g} MB', advice)
    if swapped_mb > _MOST_SWAPPED_MB:
        return warning(f'{found}: memory was short before, and what was swapped out comes back slowly', advice)
    return ok(found)


@dataclass(frozen=True)
class Load:
    """How busy the machine is: % of all cores, how many there are, and the busiest programs, in % of one core."""

    cpu_percent: float
    cores: int
    busiest: tuple[str, ...]


def measure_load(duration_s: float = 1.0) -> Load:
    """Watch all programs but this one for a while."""
    programs = [process for process in psutil.process_iter(['name']) if process.pid != os.getpid()]
    _cpu_percents(programs)
    percent = float(psutil.cpu_percent(interval=duration_s))
    shares = sorted(_cpu_percents(programs), reverse=True)
    busiest = tuple(f'{name} {share:.0f} %' for share, name in shares[:3] if share >= 10)
    return Load(percent, len(os.sched_getaffinity(0)), busiest)


def _cpu_percents(programs: Sequence[psutil.Process]) -> list[tuple[float, str]]:
    """Return the load since the call before, and the name, of the programs that are still there."""
    shares = []
    for program in programs:
        try:
            shares.append((float(program.cpu_percent()), f'{program.info["name"]} (pid {program.pid})'))
        except psutil.Error:  # it has ended, or belongs to someone else
            continue
    return shares


def check_load(load: Load) -> Finding:
    """Is the processor free for the pipeline?"""
    who = f': {", ".join(load.busiest)}' if load.busiest else ''
    found = f'{load.cpu_percent:.0f} % of {load.cores} {"core" if load.cores == 1 else "cores"} busy{who}'
    if load.cpu_percent > _BUSY_PERCENT:
        return warning(f'{found}; revisions will be late', 'end what is not needed; see it live: top')
    if load.cores < 2:
        return warning(f'{found}; recognition and control share it', 'give the container or machine two cores or more')
    return ok(found)


@dataclass(frozen=True)
class Space:
    """A folder that is written to, what for, and how much is free there; None where it may not be written to."""

    purpose: str
    folder: Path
    free_mb: float | None


def find_space(environment: Mapping[str, str]) -> list[Space]:
    """Return the folders that the pipeline and ROS write to."""
    ros = Path(environment.get('ROS_HOME') or Path.home() / '.ros')
    logs = Path(environment.get('ROS_LOG_DIR') or ros / 'log').expanduser()
    state = state_directory()
    return [_cache_space(), Space('logs of ROS', logs, _free_mb(logs)), Space('state', state, _free_mb(state))]


def _cache_space() -> Space:
    purpose = 'converted models'
    try:
        folder = cache_directory()
    except OSError as refusal:
        return Space(purpose, Path(refusal.filename), None)
    return Space(purpose, folder, _free_mb(folder))


def _free_mb(folder: Path) -> float | None:
    """Return what is free where the folder is, or will be made."""
    there = next((parent for parent in (folder, *folder.parents) if parent.exists()), Path('/'))
    return shutil.disk_usage(there).free / 2**20 if os.access(there, os.W_OK) else None


def check_disk(spaces: Sequence[Space]) -> Finding:
    """Can models, logs and state be written?"""
    locked = [space for space in spaces if space.free_mb is None]
    if locked:
        names = ', '.join(f'{space.folder} ({space.purpose})' for space in locked)
        return error(
            f'not writable: {names}',
            f'sudo chown -R $USER {locked[0].folder}, or choose other '
            'folders: XDG_CACHE_HOME, ROS_LOG_DIR, XDG_STATE_HOME',
        )
    least = min(spaces, key=lambda space: space.free_mb or 0.0)
    free_mb = least.free_mb or 0.0
    found = f'{free_mb / 1000:.1f} GB free for the {least.purpose} ({least.folder})'
    advice = f'free some: du -sh {least.folder} ~/.ros/log; old logs of ROS can be deleted'
    if free_mb < _LEAST_DISK_MB:
        return error(f'{found}: too little for a converted model', advice)
    if free_mb < _LITTLE_DISK_MB:
        return warning(found, advice)
    return ok(found)


def check_clock(host: Host, jumped_s: float) -> Finding:
    """Is the clock right, and steady? `jumped_s`: by how much it was set while the doctor was at work."""
    if abs(jumped_s) > _MOST_JUMP_S:
        return warning(
            f'the clock was set by {jumped_s:+.2f} s just now: latencies measured meanwhile are wrong',
            'wait until it is synchronised: timedatectl',
        )
    try:
        completed = host.query('timedatectl', 'show', '--property=NTPSynchronized', '--value')
    except TuningError as problem:
        return skipped(f'it cannot be asked whether the clock is synchronised: {problem}')
    said = completed.last_line
    if said not in ('yes', 'no'):
        return skipped('the system does not say whether its clock is synchronised')
    if said == 'no':
        return warning(
            'the clock is not synchronised: with nodes on several machines, latencies and staleness are wrong',
            'sudo timedatectl set-ntp true; where there is no internet, chrony with the robot as the server',
        )
    return ok('the clock is synchronised, and did not jump')
