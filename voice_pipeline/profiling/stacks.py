"""What a profile is made of: for each thread, the seconds that it spent in each stack of calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Call(NamedTuple):
    """A function, or, at the end of a stack, the line of it that runs. `line` is 0 where it has none."""

    name: str
    file: str = ''
    line: int = 0


Stack = tuple[Call, ...]  # from the thread's first call to what it does
Stacks = Mapping[Stack, float]  # seconds

WAITING: Stack = (Call('waiting'),)  # for work: a lock, a queue, a message


@dataclass(frozen=True)
class Profile:
    """The time of all threads of one process. `threads`: their stacks, those of one name together."""

    name: str
    threads: Mapping[str, Stacks]

    @property
    def work(self) -> dict[Stack, float]:
        """The stacks of all threads, below the names of the threads, without the time in which they only waited."""
        return {
            (Call(thread), *stack): seconds
            for thread, stacks in self.threads.items()
            for stack, seconds in stacks.items()
            if stack != WAITING
        }
