"""Numbers as people read them, on the page and in the terminal."""

from __future__ import annotations

from voice_pipeline.monitoring.report import Check


def number(value: float | None) -> str:
    """Return a value with the digits that matter; a dash is "not available"."""
    if value is None:
        return '–'
    return f'{value:.1f}' if abs(value) < 100 else f'{value:.0f}'


def limit(check: Check) -> str:
    """Return the budget: "≥ 15"."""
    return f'{"≥" if check.is_minimum else "≤"} {check.limit:g}'


def duration(age_s: float) -> str:
    """Return an age in one unit."""
    if age_s < 60:
        return f'{age_s:.0f} s'
    return f'{age_s / 60:.0f} min' if age_s < 3600 else f'{age_s / 3600:.0f} h'
