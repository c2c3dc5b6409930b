"""One line for the log whenever a verdict changes, with the likely cause."""

from __future__ import annotations

from dataclasses import dataclass

from voice_pipeline.monitoring.report import Level, Report


@dataclass(frozen=True)
class Change:
    """A verdict that is another one now: the line says of what, how and why."""

    level: Level
    line: str


class Changes:
    """Compares each report with the one before; what has no report yet was OK."""

    def __init__(self) -> None:
        self._levels: dict[str, Level] = {}

    def since_last(self, report: Report) -> list[Change]:
        """Return what has changed since the report before, in the order of the parts."""
        changes = []
        for name, part in report.parts().items():
            before, now = self._levels.get(name, Level.OK), part.verdict.level
            self._levels[name] = now
            if now is not before:
                causes = report.causes.get(name, ())
                why = f'; likely cause: {", ".join(causes)}' if causes else ''
                changes.append(Change(now, f'{name}: {before.name} -> {part.verdict}{why}'))
        return changes
