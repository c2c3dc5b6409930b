"""Verdicts that stay: a level changes when it has been another one for a while, not at every flicker."""

from __future__ import annotations

from dataclasses import dataclass

from voice_pipeline.monitoring.budgets import HysteresisTimes
from voice_pipeline.monitoring.report import NO_DATA, Level, Report, Verdict
from voice_pipeline.monitoring.statistics import NS_PER_S


@dataclass
class _Tendency:
    """Since when the level is another one in this direction, and the verdict nearest to the one shown in that time."""

    is_worse: bool
    since_ns: int
    nearest: Verdict


class SteadyVerdict:
    """
    The verdict on one part, from what is judged of it now and then.

    A level gets worse after it was worse for `worse_after_s`, to the best level of that time, and better after it was
    better for `better_after_s`, to the worst level of that time. STALE needs no patience: its own time has passed.
    While the level is kept its reason is the last one that was given for it.
    """

    def __init__(self, times: HysteresisTimes) -> None:
        self._worse_after_ns = int(times.worse_after_s * NS_PER_S)
        self._better_after_ns = int(times.better_after_s * NS_PER_S)
        self._shown = NO_DATA
        self._tendency: _Tendency | None = None

    def take(self, judged: Verdict, now_ns: int) -> Verdict:
        """Take in what is judged now; returns the verdict to show."""
        if judged.level == self._shown.level or judged.level == Level.STALE:
            self._shown, self._tendency = judged, None
            return self._shown
        tendency = self._follow(judged, now_ns)
        patience_ns = self._worse_after_ns if tendency.is_worse else self._better_after_ns
        if now_ns - tendency.since_ns >= patience_ns:
            self._shown, self._tendency = tendency.nearest, None
            if judged.level != self._shown.level:
                self._follow(judged, now_ns)
        return self._shown

    def _follow(self, judged: Verdict, now_ns: int) -> _Tendency:
        is_worse = judged.level > self._shown.level
        tendency = self._tendency
        if tendency is None or tendency.is_worse != is_worse or now_ns < tendency.since_ns:
            tendency = self._tendency = _Tendency(is_worse, now_ns, judged)
        elif judged.level == tendency.nearest.level or is_worse == (judged.level < tendency.nearest.level):
            tendency.nearest = judged
        return tendency


class Hysteresis:
    """Keeps the verdicts of a report's parts steady from one report to the next."""

    def __init__(self, times: HysteresisTimes) -> None:
        self._times = times
        self._verdicts: dict[str, SteadyVerdict] = {}

    def steady(self, report: Report) -> Report:
        """Return the report with steady verdicts, and the overall verdict that follows from them."""
        steady = {
            name: self._verdicts.setdefault(name, SteadyVerdict(self._times)).take(part.verdict, report.now_ns)
            for name, part in report.parts().items()
        }
        return report.with_verdicts(steady)
