"""All scenarios, one after another, and what the machine did meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from voice_pipeline.monitoring.budgets import Budgets
from voice_pipeline.monitoring.machine import MachineValues
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.benchmark.recorded import RecordingError
from voice_pipeline.tools.benchmark.scenarios import Effort
from voice_pipeline.tools.processes import PipelineError
from voice_pipeline.tools.validate.lines import Line, Outcome
from voice_pipeline.tools.validate.listening import validate_listening
from voice_pipeline.tools.validate.promises import OTHER_LOAD_PERCENT, STREAMS
from voice_pipeline.tools.validate.stages import validate_planning, validate_understanding
from voice_pipeline.tools.validate.whole import Say, converse
from voice_pipeline.tools.validate.whole_figures import Record, lines_of, pipeline_cpu_percent

TITLES = {
    'recognition': 'Speech recognition',
    'streams': f'{len(STREAMS)} people at once, one recogniser',
    'intents': 'Command processing',
    'planning': 'Action planning',
    'whole': 'End to end',
}
# What can be chosen, and which outcomes it has: one recogniser serves one person and then several.
SCENARIOS = {
    'recognition': ('recognition', 'streams'),
    'intents': ('intents',),
    'planning': ('planning',),
    'whole': ('whole',),
}
_LOOK_S = 1.0  # how long the machine is looked at before


@dataclass(frozen=True)
class Task:
    """What is to be validated, how thoroughly, and against what; `recogniser` are parameters of its node."""

    scenarios: Sequence[str]
    effort: Effort
    budgets: Budgets
    clips: Sequence[Clip]
    recogniser: Mapping[str, object]
    logs: Path


@dataclass(frozen=True)
class Validation:
    """What came of it: the outcomes in order, the conversation where there was one, and what makes it doubtful."""

    outcomes: tuple[Outcome, ...]
    record: Record | None
    warnings: tuple[str, ...]


def validate(task: Task, say: Say) -> Validation:
    """Carry out the scenarios. One that cannot be carried out has a problem; the others go on."""
    warnings = _load_before()
    records: list[Record] = []
    outcomes: list[Outcome] = []
    for name in task.scenarios:
        say(f'{TITLES[name]}: starting')
        outcomes += _outcomes(SCENARIOS[name], partial(_carry_out, name, task, records, say))
    if records:
        warnings += _load_during(records[0].machine)
    return Validation(tuple(outcomes), records[0] if records else None, tuple(warnings))


def _outcomes(names: Sequence[str], carry_out: Callable[[], Sequence[Sequence[Line]]]) -> list[Outcome]:
    started_s = time.monotonic()
    try:
        lines = carry_out()
    except (PipelineError, RecordingError, BrokenPipeError) as error:
        return [Outcome(name, TITLES[name], problem=str(error)) for name in names]
    seconds = (time.monotonic() - started_s) / len(names)
    return [Outcome(name, TITLES[name], tuple(own), seconds) for name, own in zip(names, lines, strict=True)]


def _carry_out(name: str, task: Task, records: list[Record], say: Say) -> Sequence[Sequence[Line]]:
    """Return the lines of each outcome of the scenario; a conversation is kept in `records`."""
    recogniser, logs = dict(task.recogniser), task.logs / name
    if name == 'recognition':
        return validate_listening(task.effort, task.budgets, logs, task.clips, recogniser)
    if name == 'intents':
        return [validate_understanding(task.effort, task.budgets, logs)]
    if name == 'planning':
        return [validate_planning(task.effort, task.budgets, logs)]
    records.append(converse(task.effort, logs, task.clips, recogniser, say))
    return [lines_of(records[-1], task.budgets)]


def _load_before() -> list[str]:
    busy = psutil.cpu_percent(interval=_LOOK_S)
    if busy <= OTHER_LOAD_PERCENT:
        return []
    return [f'other programs used {busy:.0f} % of the processor before the start: these figures are worse than alone']


def _load_during(samples: Sequence[MachineValues]) -> list[str]:
    """Say what else the machine did while someone spoke to the whole pipeline."""
    others = [other for one in samples if (other := other_load_percent(one)) is not None]
    other = sum(others) / len(others) if others else 0.0
    if other <= OTHER_LOAD_PERCENT:
        return []
    return [
        f'other programs (and this one) used {other:.0f} % of the processor during the conversation: '
        'these figures are worse than alone'
    ]


def other_load_percent(values: MachineValues) -> float | None:
    """Return the load of all cores that is not the pipeline's own, in % of the machine; None where not known."""
    own_percent = pipeline_cpu_percent(values)
    if own_percent is None:
        return None
    return max(0.0, sum(values.core_percents) / len(values.core_percents) - own_percent)
