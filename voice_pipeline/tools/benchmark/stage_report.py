"""What `benchmark stages` leaves behind, and what `benchmark compare` and `benchmark gate` read."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean, median
from typing import Annotated, Any

import msgspec

from voice_pipeline.monitoring.statistics import nearest_rank

FORMAT: int = 1
Time = Annotated[float, msgspec.Meta(gt=0)]


class StageReportError(ValueError):
    """The file is no report of `benchmark stages`; the text says what is wrong and what to do."""


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """
    One pass over all inputs: the times in ms, and that of the reference workload, before and after it.

    The times within a pass belong together; passes are what is compared.
    """

    samples_ms: Annotated[tuple[Time, ...], msgspec.Meta(min_length=1)]
    reference_ms: Time

    @property
    def median_ms(self) -> float:
        """The median time."""
        return median(self.samples_ms)

    @property
    def relative(self) -> float:
        """The median time in units of the reference workload's: what is left when the machine is slower."""
        return self.median_ms / self.reference_ms


class StageTimes(msgspec.Struct, frozen=True, kw_only=True):
    """All passes of one stage."""

    passes: Annotated[tuple[Pass, ...], msgspec.Meta(min_length=1)]

    @property
    def samples_ms(self) -> list[float]:
        """All times in ascending order."""
        return sorted(sample for one in self.passes for sample in one.samples_ms)

    @property
    def undisturbed_ms(self) -> float:
        """
        The median time of what was done, each thing at its fastest pass.

        All passes do the same in the same order, and other programs only ever make it slower.
        """
        return median(map(min, zip(*(one.samples_ms for one in self.passes), strict=False)))


class StageBenchmark(msgspec.Struct, frozen=True, kw_only=True):
    """The document: the machine, what ran the model, and each stage's times."""

    machine: dict[str, Any]
    backend: str
    stages: Annotated[dict[str, StageTimes], msgspec.Meta(min_length=1)]
    format: int = FORMAT

    def relative(self, stage: str) -> float:
        """Return the stage's undisturbed time in units of the reference workload's, at its fastest too."""
        reference_ms = min(one.reference_ms for times in self.stages.values() for one in times.passes)
        return self.stages[stage].undisturbed_ms / reference_ms

    @property
    def machine_name(self) -> str:
        """What tells one machine from another."""
        return f'{self.machine.get("processor", "?")}, {self.machine.get("cores", "?")} cores'


def read_report(path: Path) -> StageBenchmark:
    """Return a saved report. Raises `StageReportError`."""
    try:
        report = msgspec.json.decode(path.read_bytes(), type=StageBenchmark)
    except OSError as error:
        raise StageReportError(f'{path}: cannot be read: {error}') from None
    except msgspec.DecodeError as error:
        raise StageReportError(
            f'{path}: no report of the stages: {error}: make one with "benchmark stages --json {path}"'
        ) from None
    if report.format != FORMAT:
        raise StageReportError(f'{path}: is of format {report.format}, this reads {FORMAT}: make it anew')
    return report


def figures_ms(times: StageTimes) -> dict[str, float]:
    """Return how many times there are, and their distribution in ms."""
    ordered = times.samples_ms
    return {
        'count': len(ordered),
        'mean': fmean(ordered),
        'p50': nearest_rank(ordered, 50),
        'p95': nearest_rank(ordered, 95),
        'p99': nearest_rank(ordered, 99),
        'max': ordered[-1],
    }
