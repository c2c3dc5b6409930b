"""What a check is, what it finds, and how it is run so that nothing it meets can end the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Level = Literal['ok', 'warning', 'error', 'skipped']

# What makes pipelines of this kind slow; each check says which of these it looks for. TUNING.md explains them.
Bottleneck = Literal[
    'model loading',
    'allocation',
    'CPU-GPU copies',
    'sequential stages',
    'I/O',
    'power mode',
    'discovery',
]

AnswerT = TypeVar('AnswerT')


@dataclass(frozen=True)
class Finding:
    """What a check has found, in one sentence, and, where it is not ok, what to do about it."""

    level: Level
    found: str
    advice: str = ''


def ok(found: str) -> Finding:
    """Return that there is nothing to do."""
    return Finding('ok', found)


def warning(found: str, advice: str) -> Finding:
    """Return that the robot works, but not as well as it could, or not in every case."""
    return Finding('warning', found, advice)


def error(found: str, advice: str) -> Finding:
    """Return that the robot will not work."""
    return Finding('error', found, advice)


def skipped(found: str) -> Finding:
    """Return that there was nothing to look at, and why."""
    return Finding('skipped', found)


class CheckError(Exception):
    """A check cannot go on; what it would have found is known already."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.found)
        self.finding = finding


@dataclass(frozen=True)
class Check:
    """
    One thing to look at. `name` is what `--only` takes, `question` what it answers.

    `examine` may take seconds, but has to bring its own time limit. `bottleneck` is '' where it looks for none of them.
    A `is_quick` check needs neither the model nor the microphone.
    """

    name: str
    group: str
    question: str
    examine: Callable[[], Finding]
    bottleneck: Bottleneck | Literal[''] = ''
    is_quick: bool = True


@dataclass(frozen=True)
class Result:
    """A check that was run, what it found, and how long that took."""

    check: Check
    finding: Finding
    duration_s: float


def run(check: Check) -> Result:
    """Run a check; whatever it raises becomes an error of this check alone."""
    started_s = time.monotonic()
    try:
        finding = check.examine()
    except CheckError as known:
        finding = known.finding
    # Checks look at machines that are broken in ways nobody thought of. One that stumbles must not hide what the others
    # find, so that here, and here only, everything is caught; it is shown as an error and never passed over.
    except Exception as unexpected:
        finding = error(
            f'the check itself failed: {type(unexpected).__name__}: {unexpected}',
            f'please report this line, with the output of: python -m voice_pipeline doctor --only {check.name} --json',
        )
    return Result(check, finding, time.monotonic() - started_s)


class Once(Generic[AnswerT]):
    """
    Asks a costly question once for several checks.

    Where it cannot be answered, the first check that asks says so, and the others are skipped.
    """

    def __init__(self, question: Callable[[], AnswerT]) -> None:
        self._question = question
        self._answers: list[AnswerT] = []
        self._failure: CheckError | None = None

    def __call__(self) -> AnswerT:
        """Return the answer. Raises `CheckError`."""
        if self._failure is not None:
            raise CheckError(skipped('not looked at, because of the error above'))
        if not self._answers:
            try:
                self._answers.append(self._question())
            except CheckError as failure:
                self._failure = failure
                raise
        return self._answers[0]
