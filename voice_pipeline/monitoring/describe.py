"""Steps in a few words, for tables and records: "move forward 2 m, turn left 90°"."""

from __future__ import annotations

from voice_pipeline.messages import Step, steps_to_builtins

_UNITS = {'m': ' m', 's': ' s', 'mps': ' m/s', 'deg': '°', 'dps': '°/s'}


def describe_steps(steps: tuple[Step, ...]) -> str:
    """Return all steps on one line; '' when there are none."""
    return ', '.join(_describe(step['action'], step['args']) for step in steps_to_builtins(steps))  # type: ignore[arg-type]


def _describe(action: str, arguments: dict[str, str | float]) -> str:
    words = [action.replace('_', ' ')]
    for name, value in arguments.items():
        if isinstance(value, str):
            words.append(value)
        else:
            words.append(f'{value:g}{_UNITS.get(name.rpartition("_")[2], "")}')
    return ' '.join(words)
