"""The budgets of `config/budgets.yaml` as typed records: the file is the only place of the numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import msgspec

from voice_pipeline.messages import StageName
from voice_pipeline.paths import config_file
from voice_pipeline.yaml_file import load_yaml

Limit = Annotated[float, msgspec.Meta(gt=0)]
Percent = Annotated[float, msgspec.Meta(gt=0, le=100)]


class BudgetError(ValueError):
    """The budgets file cannot be used; the text names the file, the field and what is expected there."""


class _Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file."""


class StageBudget(_Record, frozen=True, kw_only=True):
    """Of one stage: its lowest rate while active, and the 95th percentile of its latency (of finals, where apart)."""

    min_hz: Limit
    latency_p95_ms: Limit
    final_p95_ms: Limit | None = None


class StageBudgets(_Record, frozen=True, kw_only=True):
    """One budget a stage, in flow order."""

    audio: StageBudget
    recognition: StageBudget
    understanding: StageBudget
    planning: StageBudget
    control: StageBudget


class MachineBudget(_Record, frozen=True, kw_only=True):
    """Of the whole machine (averages over a minute), and the memory of the pipeline's processes (1 MB = 2^20 bytes)."""

    cpu_percent: Percent
    gpu_percent: Percent
    memory_mb: Limit


class WarnWithin(_Record, frozen=True, kw_only=True):
    """How close to its budget a rate, and any other value, may come before it is a warning; 0 for never."""

    rate_percent: Annotated[float, msgspec.Meta(ge=0, lt=100)]
    limit_percent: Annotated[float, msgspec.Meta(ge=0, lt=100)]


class HysteresisTimes(_Record, frozen=True, kw_only=True):
    """For how long a verdict must be worse, or better, before it is changed; 0 for at once."""

    worse_after_s: Annotated[float, msgspec.Meta(ge=0)]
    better_after_s: Annotated[float, msgspec.Meta(ge=0)]


class Budgets(_Record, frozen=True, kw_only=True):
    """
    Everything the pipeline promises.

    `stale_after_s`: how long audio, or a stage with work to do, may be quiet. `recent_s`: how long a lost audio frame
    or a malformed message stays a warning.
    """

    stages: StageBudgets
    voice_to_action_p95_ms: Limit
    voice_to_stop_p95_ms: Limit
    machine: MachineBudget
    warn_within: WarnWithin
    hysteresis: HysteresisTimes
    stale_after_s: Limit
    recent_s: Limit

    def stage(self, name: StageName) -> StageBudget:
        """Return the budget of one stage."""
        budget: StageBudget = getattr(self.stages, name)
        return budget


def load_budgets(path: Path | None = None) -> Budgets:
    """Return the budgets of a YAML file, by default the installed `budgets.yaml`. Raises `BudgetError`."""
    file = path or config_file('budgets.yaml')
    document = load_yaml(file, BudgetError)
    if not isinstance(document, dict):
        raise BudgetError(f'{file}: expected a mapping with the keys {", ".join(Budgets.__struct_fields__)}')
    return _convert(document, file)


def _convert(document: dict[Any, Any], file: Path) -> Budgets:
    try:
        _check_finite(document, '')
        return msgspec.convert(document, Budgets)
    except msgspec.ValidationError as error:
        problem, _, field = str(error).partition(' - at `$.')
        field = field.rstrip('`')
        place = f'{file}: {field}' if field else f'{file}'
        raise BudgetError(f'{place}: {problem[0].lower()}{problem[1:]}') from None


def _check_finite(value: Any, field: str) -> None:
    """YAML can say `.inf` and `.nan`: budgets that nothing could ever break."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_finite(inner, f'{field}.{key}')
    elif isinstance(value, float) and not math.isfinite(value):
        raise msgspec.ValidationError(f'Expected a finite number, got {value} - at `${field}`')
