"""
Feeding one stage: at a fixed rate, which shows what it holds, and as fast as it answers, which shows what it could.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

from voice_pipeline.messages import Message
from voice_pipeline.monitoring.statistics import NS_PER_MS, NS_PER_S
from voice_pipeline.tools.revisions import Clock
from voice_pipeline.tools.validate.witness import intervals_ms

MessageT = TypeVar('MessageT', bound=Message)

PATIENCE_S = 2.0  # for the last answer; what takes longer counts as lost


class SystemClock(Clock):
    """The time that messages are stamped with."""

    def now_ns(self) -> int:
        """Return the time of the system's clock."""
        return time.time_ns()


class Partner(Protocol[MessageT]):
    """A stage that answers each message once."""

    def send(self, message: MessageT) -> MessageT:
        """Send the message, brought up to date; return what was sent."""

    def answered_ns(self, message: MessageT, timeout_s: float) -> int | None:
        """Wait for the answer; return when it came, None when it did not."""


@dataclass(frozen=True)
class Exchange:
    """When a message was sent and its answer came (ns of the same clock); None: it did not."""

    sent_ns: int
    answered_ns: int | None

    @property
    def round_trip_ms(self) -> float | None:
        """From sending to the answer."""
        return None if self.answered_ns is None else (self.answered_ns - self.sent_ns) / NS_PER_MS


def offer(
    messages: Iterable[MessageT], count: int, rate_hz: float, partner: Partner[MessageT], clock: Clock
) -> list[Exchange]:
    """Send `count` messages at this rate, whatever comes back, then collect the answers."""
    start_ns = clock.now_ns()
    sent: list[tuple[MessageT, int]] = []
    for index, message in enumerate(islice(messages, count)):
        clock.wait_until(start_ns + round(index * NS_PER_S / rate_hz))
        sent_ns = clock.now_ns()
        sent.append((partner.send(message), sent_ns))
    deadline_ns = clock.now_ns() + round(PATIENCE_S * NS_PER_S)

    def left_s() -> float:
        return max(0.0, (deadline_ns - clock.now_ns()) / NS_PER_S)

    return [Exchange(sent_ns, partner.answered_ns(message, left_s())) for message, sent_ns in sent]


def take_turns(messages: Iterable[MessageT], count: int, partner: Partner[MessageT], clock: Clock) -> list[Exchange]:
    """Send `count` messages, each as soon as the one before is answered; ends at the first that is not."""
    exchanges: list[Exchange] = []
    for message in islice(messages, count):
        sent_ns = clock.now_ns()
        exchanges.append(Exchange(sent_ns, partner.answered_ns(partner.send(message), PATIENCE_S)))
        if exchanges[-1].answered_ns is None:
            break
    return exchanges


def answer_intervals_ms(exchanges: Iterable[Exchange]) -> list[float]:
    """Return the times between answers, in the order in which they came."""
    arrived = sorted(one.answered_ns for one in exchanges if one.answered_ns is not None)
    return intervals_ms(('', at_ns) for at_ns in arrived)


def round_trips_ms(exchanges: Iterable[Exchange]) -> list[float]:
    """Return the round trips of those that were answered."""
    return [trip for one in exchanges if (trip := one.round_trip_ms) is not None]


def lost(exchanges: Iterable[Exchange]) -> int:
    """Return how many were not answered."""
    return sum(one.answered_ns is None for one in exchanges)
