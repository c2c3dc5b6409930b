"""What became of a tuning: typed outcomes, and the record of them all that other programs read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

State = Literal[
    'read',  # only looked at
    'ok',  # as wanted, nothing done
    'changed',
    'would change',  # a plan, or a dry run
    'differs',  # verified, and not as wanted
    'not available',  # this board has no such thing
    'not permitted',  # needs rights that we do not have
    'needs reboot',
    'failed',
]

# Not as wanted, the worst first.
UNMET: tuple[State, ...] = ('failed', 'needs reboot', 'not permitted', 'differs', 'would change')

Verb = Literal['read', 'plan', 'apply', 'verify', 'undo']


class TuningError(Exception):
    """A tuning cannot be read or changed: the state says which kind of failure, the advice what to do about it."""

    def __init__(self, state: State, reason: str, advice: str = '') -> None:
        super().__init__(reason)
        self.state: State = state
        self.reason = reason
        self.advice = advice


@dataclass(frozen=True)
class Outcome:
    """What became of one tuning; `advice` is what a person can do about it, or should know."""

    tuning: str
    state: State
    reason: str
    advice: str = ''


@dataclass(frozen=True)
class SetupRecord:
    """
    All outcomes of one run, as they travel in JSON.

    `board` is '' on a machine that is no Jetson. `boot_id` is that of the kernel, since most of it ends with a reboot;
    `time_ns` is of the system clock.
    """

    verb: Verb
    board: str
    boot_id: str
    time_ns: Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    outcomes: tuple[Outcome, ...] = ()
    version: Literal[1] = 1

    @property
    def unmet(self) -> tuple[Outcome, ...]:
        """What is not as wanted, the worst first."""
        bad = [outcome for outcome in self.outcomes if outcome.state in UNMET]
        return tuple(sorted(bad, key=lambda outcome: UNMET.index(outcome.state)))

    @property
    def summary(self) -> str:
        """One sentence for all of it."""
        if not self.board:
            return 'not a Jetson: nothing to set up'
        if self.unmet:
            return '; '.join(f'{outcome.tuning} {outcome.state}: {outcome.reason}' for outcome in self.unmet)
        changed = ', '.join(outcome.tuning for outcome in self.outcomes if outcome.state == 'changed')
        if self.verb == 'undo':
            return f'put back: {changed}' if changed else 'nothing to undo'
        return f'changed: {changed}' if changed else 'as wanted'


def encode_record(record: SetupRecord) -> str:
    """Return the record as one line of JSON."""
    return msgspec.json.encode(record).decode()


def decode_record(text: str) -> SetupRecord:
    """Return the record that the text holds. Raises `ValueError`."""
    return msgspec.json.decode(text, type=SetupRecord)
