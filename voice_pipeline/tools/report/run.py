"""A recorded run as what is drawn and told of it: the same from a recording of the monitor and from a rosbag2."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from voice_pipeline.messages import Pose2D
from voice_pipeline.monitoring.changes import Change, Changes
from voice_pipeline.monitoring.machine import Reading
from voice_pipeline.monitoring.recording import (
    MB,
    CutLine,
    EndLine,
    Line,
    RecordingError,
    ReportLine,
    RunHeader,
    UtteranceLine,
    read_recording,
)
from voice_pipeline.monitoring.report import NO_DATA, Check, Level, Report, budget_checks
from voice_pipeline.monitoring.utterances import UtteranceRecord

SAME_PLACE_M = 0.01  # the path has a point when the robot has come this far
MOST_CHANGES = 1000  # of verdicts, the newest


class RunError(ValueError):
    """A run cannot be read; the text says what is wrong and what to do."""


@dataclass(frozen=True)
class Sample:
    """
    What one report says, in short.

    `values` are the checks' by name, and of each stage `STAGE_p50_ms`; None is "not available". `levels` are the
    verdicts of all parts, by name, None where there was nothing to judge.
    """

    at_ns: int
    values: dict[str, float | None]
    levels: dict[str, Level | None]
    readings: tuple[Reading, ...]


@dataclass
class Run:
    """
    What is known of a run, in order of time; built line by line, since a run may be hours long.

    `checks` are the newest of their name: the labels, units and limits of `Sample.values`. `worst` is the furthest that
    each value came to, or over, its limit. `notes` say what a reader should know about the record itself.
    """

    source: str
    headers: list[RunHeader] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    checks: dict[str, Check] = field(default_factory=dict)
    worst: dict[str, float] = field(default_factory=dict)
    utterances: dict[str, UtteranceRecord] = field(default_factory=dict)
    changes: list[tuple[int, Change]] = field(default_factory=list)
    path: list[Pose2D] = field(default_factory=list)
    last_report: Report | None = None
    notes: list[str] = field(default_factory=list)
    _changes: Changes = field(default_factory=Changes, repr=False)

    @property
    def start_ns(self) -> int:
        """When the run begins; 0 where nothing is known of it."""
        begins = [header.started_ns for header in self.headers[:1]] + [sample.at_ns for sample in self.samples[:1]]
        return min(begins + [one.started_ns for one in self.utterances.values()], default=0)

    @property
    def end_ns(self) -> int:
        """When the run ends."""
        ends = [sample.at_ns for sample in self.samples[-1:]] + [one.updated_ns for one in self.utterances.values()]
        return max(ends, default=self.start_ns)

    def add_report(self, report: Report) -> None:
        """Take the next report."""
        self.last_report = report
        values: dict[str, float | None] = {}
        for check in budget_checks(report):
            self.checks[check.name] = check
            values[check.name] = check.value
            if check.value is not None:
                worse = min if check.is_minimum else max
                self.worst[check.name] = worse(check.value, self.worst.get(check.name, check.value))
        for stage in report.stages:
            latency_ms = stage.values.latency_ms
            values[f'{stage.values.name}_p50_ms'] = latency_ms.p50 if latency_ms else None
        levels = {
            name: None if part.verdict == NO_DATA else part.verdict.level for name, part in report.parts().items()
        }
        self.samples.append(Sample(report.now_ns, values, levels, report.machine.values.readings))
        self.changes += [(report.now_ns, change) for change in self._changes.since_last(report)]
        del self.changes[:-MOST_CHANGES]

    def add_utterance(self, record: UtteranceRecord) -> None:
        """Take the newest state of an utterance."""
        self.utterances[record.utterance_id] = record

    def add_pose(self, x_m: float, y_m: float) -> None:
        """Take where the robot is."""
        if not (math.isfinite(x_m) and math.isfinite(y_m)):
            return
        newest = self.path[-1] if self.path else None
        if newest is None or math.hypot(x_m - newest.x_m, y_m - newest.y_m) >= SAME_PLACE_M:
            self.path.append(Pose2D(x_m=x_m, y_m=y_m))


def load_recording(path: Path) -> Run:
    """Return the run that the monitor recorded. Raises `RunError`."""
    run = Run(source=f'recording {path.name}')
    is_ended = False
    try:
        for line in read_recording(path):
            is_ended = isinstance(line, EndLine)
            _take(run, line)
    except RecordingError as error:
        raise RunError(str(error)) from None
    first = run.headers[0]
    if first.part > 1:
        run.notes.append(f'The run is larger than the limit of {first.max_bytes / MB:.0f} MB: its beginning is lost.')
    starts = len({header.started_ns for header in run.headers})
    if starts > 1:
        run.notes.append(f'The monitor was started {starts} times in this recording.')
    if not is_ended:
        run.notes.append('The recording was not ended in order.')
    return run


def _take(run: Run, line: Line | CutLine) -> None:
    if isinstance(line, RunHeader):
        run.headers.append(line)
    elif isinstance(line, ReportLine):
        run.add_report(line.report)
    elif isinstance(line, UtteranceLine):
        run.add_utterance(line.utterance)
    elif isinstance(line, CutLine):
        run.notes.append(f'Line {line.number} was not written to its end: a crash, a full disk, or the power failed.')
