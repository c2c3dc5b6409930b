"""What is measured of one stage."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from voice_pipeline.messages import StageName, StageTrace
from voice_pipeline.monitoring.statistics import (
    LONGEST_PLAUSIBLE_NS,
    NS_PER_MS,
    NS_PER_S,
    GapCounter,
    OverallRate,
    RateMeter,
    ReasonCounter,
    Summary,
    Window,
)

WINDOW = 256  # values a stage is judged by: about 17 s of speech at 15 Hz

# Whose output each stage works on, where a message's trace tells when it was sent and when it arrived.
UPSTREAM: dict[StageName, StageName] = {
    'understanding': 'recognition',
    'planning': 'understanding',
    'control': 'planning',
}


@dataclass(frozen=True)
class StageValues:
    """
    One stage at one moment; None is "not available".

    `rate_hz` and `interval_ms` (the time between messages: its standard deviation is the jitter) count while active
    only; `overall_hz` is of the newest minute, pauses included. `latency_ms` is of revisions, `final_latency_ms` of
    finals where the stage tells them apart; `deadline_misses` counts those of both that were beyond their budget.
    `transport_ms` is the way to this stage: from the time the stage before it had finished to the time this one had
    received. `queue_depth` is how much is waiting for an answer of this stage now, `queue_depth_max` the most that was
    waiting at the newest arrivals.

    `dropped` counts what is missing from the stage's output, `malformed` the messages of the stage that could not be
    read, `rejects` what was turned down, by reason: malformed messages, refused plans, texts not believed.
    `clock_errors` counts the times that were negative or over a minute and were left out. `quiet_s`: for how long it
    has owed an answer, the next frame or the rest of an utterance, None where it owes none. `fault_age_s`: how long ago
    a message was malformed or a frame lost, None when never.
    """

    name: StageName
    count: int
    rate_hz: float | None
    overall_hz: float | None
    interval_ms: Summary | None
    latency_ms: Summary | None
    final_latency_ms: Summary | None
    transport_ms: Summary | None
    age_s: float | None
    dropped: int
    malformed: int
    clock_errors: int
    deadline_misses: int
    queue_depth: int | None
    queue_depth_max: int | None
    quiet_s: float | None
    fault_age_s: float | None
    rejects: dict[str, int] = field(default_factory=dict)

    @property
    def jitter_ms(self) -> float | None:
        """The standard deviation of the time between messages, None when not available."""
        return self.interval_ms.deviation if self.interval_ms else None


class StageStatistics:
    """
    Statistics of the messages of one stage. Times are system-clock nanoseconds. Not thread-safe.

    A latency above `deadline_ms`, of a final above `final_deadline_ms`, is a deadline miss.
    """

    def __init__(
        self, name: StageName, deadline_ms: float = math.inf, final_deadline_ms: float = math.inf, window: int = WINDOW
    ) -> None:
        self.name = name
        self.rate = RateMeter(window)
        self._overall = OverallRate()
        self._deadline_ms = deadline_ms
        self._final_deadline_ms = final_deadline_ms
        self._latency_ms = Window(window)
        self._final_latency_ms = Window(window)
        self._transport_ms = Window(window)
        self._queue_depths = Window(window)
        self._queue_depth: int | None = None
        self._gaps = GapCounter()
        self._rejects = ReasonCounter()
        self._counted_elsewhere: dict[str, int] = {}
        self._count = 0
        self._malformed = 0
        self._clock_errors = 0
        self._deadline_misses = 0
        self._newest_ns: int | None = None
        self._owing_since_ns: int | None = None
        self._newest_fault_ns: int | None = None

    def on_message(self, received_ns: int) -> None:
        """Count a message: whatever the stage owed, it has answered."""
        self._count += 1
        self._overall.tick(received_ns)
        self._newest_ns = received_ns
        self._owing_since_ns = None

    def on_number(self, key: Hashable, number: int) -> int:
        """Take in the message's number in its sequence; return how many are missing before it."""
        return self._gaps.add(key, number)

    def on_latency(self, latency_ns: int, *, is_final: bool = False) -> None:
        """Take in a latency; an implausible one is counted as a clock error instead."""
        if not self._is_plausible(latency_ns):
            return
        latency_ms = latency_ns / NS_PER_MS
        (self._final_latency_ms if is_final else self._latency_ms).add(latency_ms)
        self._deadline_misses += latency_ms > (self._final_deadline_ms if is_final else self._deadline_ms)

    def on_trace(self, trace: tuple[StageTrace, ...]) -> None:
        """Take in how long the newest input was on its way from the stage before, where the trace tells."""
        before = newest_trace(trace, UPSTREAM[self.name]) if self.name in UPSTREAM else None
        own = newest_trace(trace, self.name)
        if before is not None and own is not None and self._is_plausible(own.received_ns - before.finished_ns):
            self._transport_ms.add((own.received_ns - before.finished_ns) / NS_PER_MS)

    def on_work(self, since_ns: int) -> None:
        """Note that the stage has work since then, unless it has not answered earlier work either."""
        if self._owing_since_ns is None:
            self._owing_since_ns = since_ns

    def on_queue(self, depth: int) -> None:
        """Note how much is waiting for this stage."""
        self._queue_depth = depth
        self._queue_depths.add(depth)

    def on_malformed(self, received_ns: int, reason: str) -> None:
        """Count a message of this stage that could not be read."""
        self._malformed += 1
        self.on_rejected(reason)
        self.on_fault(received_ns)

    def on_rejected(self, reason: str) -> None:
        """Count what was turned down."""
        self._rejects.add(reason)

    def on_counted_elsewhere(self, counts: Mapping[str, int]) -> None:
        """Take what the stage itself has counted so far, by reason."""
        self._counted_elsewhere = {reason: count for reason, count in counts.items() if count}

    def on_fault(self, received_ns: int) -> None:
        """Note the time of a loss or a malformed message."""
        self._newest_fault_ns = received_ns

    def values(self, now_ns: int) -> StageValues:
        """Return the statistics at this moment."""
        depths = self._queue_depths.summary()
        return StageValues(
            name=self.name,
            count=self._count,
            rate_hz=self.rate.rate_hz(),
            overall_hz=self._overall.rate_hz(now_ns),
            interval_ms=self.rate.intervals_ms(),
            latency_ms=self._latency_ms.summary(),
            final_latency_ms=self._final_latency_ms.summary(),
            transport_ms=self._transport_ms.summary(),
            age_s=_age_s(self._newest_ns, now_ns),
            dropped=self._gaps.missing,
            malformed=self._malformed,
            clock_errors=self._clock_errors,
            deadline_misses=self._deadline_misses,
            queue_depth=self._queue_depth,
            queue_depth_max=int(depths.max) if depths else None,
            quiet_s=_age_s(self._owing_since_ns, now_ns),
            fault_age_s=_age_s(self._newest_fault_ns, now_ns),
            rejects=self._rejects.counts() | self._counted_elsewhere,
        )

    def _is_plausible(self, duration_ns: int) -> bool:
        if 0 <= duration_ns <= LONGEST_PLAUSIBLE_NS:
            return True
        self._clock_errors += 1
        return False


def newest_trace(trace: tuple[StageTrace, ...], name: StageName) -> StageTrace | None:
    """Return the last entry of this stage in a message's trace, None when the stage left none."""
    return next((entry for entry in reversed(trace) if entry.name == name), None)


def _age_s(then_ns: int | None, now_ns: int) -> float | None:
    """Return the time since then; 0 when the clock was set back meanwhile."""
    return None if then_ns is None else max(now_ns - then_ns, 0) / NS_PER_S
