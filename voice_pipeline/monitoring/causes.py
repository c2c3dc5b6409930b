"""
Why is it slow? The likely causes of a verdict, from what else is known at that moment.

A table of rules, the likeliest cause first: each looks at the whole report and gives a few words where it applies.
They are hints for a person, not proofs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from voice_pipeline.jetson.outcome import SetupRecord
from voice_pipeline.messages import STAGES
from voice_pipeline.monitoring.machine import ProcessUsage, Reading
from voice_pipeline.monitoring.report import AnyPart, Level, Report
from voice_pipeline.monitoring.stages import StageValues

HIGH_LOAD_PERCENT = 85.0
HOT_C = 85.0  # boards begin to hold their clocks back between 85 and 100 °C
LITTLE_MEMORY_MB = 300.0
SWAPPING_MB_PER_S = 1.0
SLOW_TRANSPORT_MS = 20.0  # a message takes well below 5 ms on a machine that has time
LOST_LATELY_S = 30.0
MOST_CAUSES = 3

# The node of each stage; those that load models take long enough to start that it is noticed.
NODES: dict[str, str] = {
    'audio': 'audio_capture',
    'recognition': 'speech_recognition',
    'understanding': 'intent_parser',
    'planning': 'action_planner',
    'control': 'robot_control',
}
SLOW_STARTERS = ('recognition', 'understanding')
# What stays as the power mode and the clocks are set.
PACE_TUNINGS = ('power mode', 'clocks')

# The stages whose rate is that of the stage before them.
_BEFORE: dict[str, str] = {'recognition': 'audio', 'understanding': 'recognition', 'planning': 'understanding'}

_SPEED = frozenset((*STAGES, 'voice to action', 'voice to stop'))
_SOUND = frozenset(('recognition', 'voice to action', 'voice to stop'))
_MACHINE = frozenset({'machine'})


@dataclass(frozen=True)
class Circumstances:
    """What is known besides the report: how the Jetson is set up (None: not known), which nodes do their work."""

    setup: SetupRecord | None = None
    ready: frozenset[str] = field(default_factory=frozenset)

    def with_setup(self, setup: SetupRecord | None) -> Circumstances:
        """Return the circumstances with this set-up."""
        return replace(self, setup=setup)

    def with_ready(self, node: str) -> Circumstances:
        """Return the circumstances with one more node of the pipeline at work; others are none of ours."""
        return replace(self, ready=self.ready | ({node} & {*NODES.values()}))


@dataclass(frozen=True)
class Case:
    """One part that is not OK, and all that may explain it."""

    part: str
    report: Report
    circumstances: Circumstances

    @property
    def processes(self) -> frozenset[str]:
        """The names of the pipeline's processes on this machine."""
        return frozenset(process.name for process in self.report.machine.values.processes)

    def stage(self, name: str) -> StageValues | None:
        """Return what was measured of a stage."""
        return next((stage.values for stage in self.report.stages if stage.values.name == name), None)

    def readings(self, group: str) -> Iterator[Reading]:
        """Return the machine's readings of this group."""
        return (reading for reading in self.report.machine.values.readings if reading.group == group)


@dataclass(frozen=True)
class Rule:
    """Explains some parts: `find` gives the cause in a few words, '' where it does not apply."""

    explains: frozenset[str]
    find: Callable[[Case], str]


def with_causes(report: Report, circumstances: Circumstances) -> Report:
    """Return the report with the likely causes of what is not OK."""
    bad = [name for name, part in report.parts().items() if _can_be_explained(part)]
    found = {name: likely_causes(Case(name, report, circumstances)) for name in bad}
    return replace(report, causes={name: causes for name, causes in found.items() if causes})


def likely_causes(case: Case) -> tuple[str, ...]:
    """Return what probably caused that this part is not OK, the likeliest first; empty where nothing is known."""
    found = [cause for rule in RULES if case.part in rule.explains and (cause := rule.find(case))]
    return tuple(found[:MOST_CAUSES])


def _can_be_explained(part: AnyPart) -> bool:
    """Whether it is slow, quiet or loses something: that messages are malformed has nothing to do with the machine."""
    is_slow = any(check.verdict().level > Level.OK for check in part.checks)
    is_lossy = isinstance(part.values, StageValues) and part.values.dropped > 0
    return part.verdict.level == Level.STALE or (part.verdict.level > Level.OK and (is_slow or is_lossy))


# --- the rules -----------------------------------------------------------------------------------------------------


def _gone(case: Case) -> str:
    """A stage that is silent has no process, where others have one: not all of them run on another machine."""
    node, running = NODES[case.part], case.processes
    is_silent = case.report.parts()[case.part].verdict.level == Level.STALE
    return f'{node} is not running' if is_silent and node not in running and running & {*NODES.values()} else ''


def _loading(case: Case) -> str:
    silent = [stage.values.name for stage in case.report.stages if not stage.values.count]
    starting = [NODES[stage] for stage in SLOW_STARTERS if stage in silent]
    loading = [node for node in starting if node in case.processes and node not in case.circumstances.ready]
    return f'{" and ".join(loading)} still starting' if loading else ''


def _unconnected(case: Case) -> str:
    """A node that works, and has not answered a single time: the middleware has not brought the two together."""
    node, stage = NODES[case.part], case.stage(case.part)
    is_silent = case.report.parts()[case.part].verdict.level == Level.STALE
    has_never = stage is not None and not stage.count and node in case.circumstances.ready
    return f'{node} has never answered, not connected (discovery)' if is_silent and has_never else ''


def _lost_sound(case: Case) -> str:
    audio = case.stage('audio')
    if audio is None or audio.fault_age_s is None or not audio.dropped or audio.fault_age_s > LOST_LATELY_S:
        return ''
    return f'sound was lost ({audio.dropped} frames)'


def _upstream(case: Case) -> str:
    """A stage is no faster than the one before it."""
    before, parts = _BEFORE[case.part], case.report.parts()
    return f'{before} is slow' if _is_slow(parts[before]) and _is_slow(parts[case.part]) else ''


def _is_slow(part: AnyPart) -> bool:
    return any(check.is_minimum and check.ok is False for check in part.checks)


def _longest_part(case: Case) -> str:
    typical = case.report.voice_to_action.values.typical
    if typical is None or not typical.parts:
        return ''
    longest = max(typical.parts, key=lambda part: part.duration_ns)
    return f'{longest.name} takes {longest.duration_ms:.0f} of {typical.total_ms:.0f} ms'


def _busy_cpu(case: Case) -> str:
    machine = case.report.machine.values
    cores = machine.core_percents
    if not cores:
        return ''
    percent = max(sum(cores) / len(cores), machine.cpu_percent or 0.0)
    if percent < HIGH_LOAD_PERCENT:
        return ''
    ours = [process for process in machine.processes if process.cpu_percent is not None]
    ours_percent = sum(_cpu_percent(process) for process in ours) / len(cores)
    who = 'other programs' if ours_percent < percent / 2 else max(ours, key=_cpu_percent).name
    return f'CPU at {percent:.0f} % (most of it {who})'


def _cpu_percent(process: ProcessUsage) -> float:
    return process.cpu_percent or 0.0


def _busy_gpu(case: Case) -> str:
    percent = case.report.machine.values.gpu_percent
    return f'GPU at {percent:.0f} %' if percent is not None and percent >= HIGH_LOAD_PERCENT else ''


def _throttled(case: Case) -> str:
    held = [reading.name for reading in case.readings('throttling') if reading.value > 0]
    return f'throttled: {", ".join(held)}' if held else ''


def _hot(case: Case) -> str:
    hottest = max(case.readings('temperature'), key=lambda reading: reading.value, default=None)
    if hottest is None or hottest.value < HOT_C:
        return ''
    return f'{hottest.name} at {hottest.value:.0f} {hottest.unit}'


def _free_clocks(case: Case) -> str:
    setup = case.circumstances.setup
    unmet = [outcome.tuning for outcome in setup.unmet] if setup else []
    words = {'power mode': 'not the fastest power mode', 'clocks': 'clocks not locked'}
    return ', '.join(words[name] for name in PACE_TUNINGS if name in unmet)


def _big_process(case: Case) -> str:
    machine = case.report.machine
    is_over = any(check.name == 'memory_mb' and check.ok is False for check in machine.checks)
    if not is_over or not machine.values.processes:
        return ''
    biggest = max(machine.values.processes, key=lambda process: process.memory_mb)
    return f'{biggest.name} uses {biggest.memory_mb:.0f} MB'


def _little_memory(case: Case) -> str:
    free = next((reading for reading in case.readings('memory') if reading.name == 'available'), None)
    return f'only {free.value:.0f} MB of memory left' if free is not None and free.value < LITTLE_MEMORY_MB else ''


def _swapping(case: Case) -> str:
    swapped = next((reading for reading in case.readings('memory') if reading.name == 'swapped in'), None)
    if swapped is None or swapped.value < SWAPPING_MB_PER_S:
        return ''
    return f'swapping ({swapped.value:.0f} MB/s)'


def _slow_transport(case: Case) -> str:
    slow = [
        f'{transport.p95:.0f} ms to {stage.values.name}'
        for stage in case.report.stages
        if case.part in (stage.values.name, 'voice to action', 'voice to stop')
        and (transport := stage.values.transport_ms) is not None
        and transport.p95 > SLOW_TRANSPORT_MS
    ]
    return f'messages take {", ".join(slow)}' if slow else ''


RULES: tuple[Rule, ...] = (
    Rule(frozenset(NODES), _gone),
    Rule(_SPEED | _MACHINE, _loading),
    Rule(frozenset(NODES), _unconnected),
    Rule(_SOUND, _lost_sound),
    Rule(frozenset(_BEFORE), _upstream),
    Rule(frozenset({'voice to action'}), _longest_part),
    Rule(_SPEED | _MACHINE, _busy_cpu),
    Rule(_SPEED, _busy_gpu),
    Rule(_SPEED, _throttled),
    Rule(_SPEED, _hot),
    Rule(_SPEED, _free_clocks),
    Rule(_MACHINE, _big_process),
    Rule(_SPEED, _little_memory),
    Rule(_SPEED | _MACHINE, _swapping),
    Rule(_SPEED, _slow_transport),
)
