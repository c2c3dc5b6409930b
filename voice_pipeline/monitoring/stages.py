"""What is measured of one stage."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from voice_pipeline.messages import StageName, StageTrace
from voice_pipeline.monitoring.statistics import (
    LONGEST_PLAUSIBLE_NS,
    NS_PER_MS,
    NS_PER_S,
    GapCounter,
    RateMeter,
    Summary,
    Window,
)

WINDOW = 256  # values a stage is judged by: about 17 s of speech at 15 Hz


@dataclass(frozen=True)
class StageValues:
    """
    One stage at one moment; None is "not available".

    `rate_hz` and `interval_ms` (the time between messages: its spread is the jitter) count while active only.
    `latency_ms` is of revisions, `final_latency_ms` of finals where the stage tells them apart. `dropped` counts what
    is missing from the stage's output, `malformed` the messages of the stage that could not be read, `clock_errors`
    the latencies that were negative or over a minute and were left out.
    `quiet_s`: for how long it has owed an answer, the next frame or the rest of an utterance, None where it owes none.
    `fault_age_s`: how long ago a message was malformed or a frame lost, None when never.
    """

    name: StageName
    count: int
    rate_hz: float | None
    interval_ms: Summary | None
    latency_ms: Summary | None
    final_latency_ms: Summary | None
    age_s: float | None
    dropped: int
    malformed: int
    clock_errors: int
    quiet_s: float | None
    fault_age_s: float | None


class StageStatistics:
    """Statistics of the messages of one stage. Times are system-clock nanoseconds. Not thread-safe."""

    def __init__(self, name: StageName, window: int = WINDOW) -> None:
        self.name = name
        self.rate = RateMeter(window)
        self._latency_ms = Window(window)
        self._final_latency_ms = Window(window)
        self._gaps = GapCounter()
        self._count = 0
        self._malformed = 0
        self._clock_errors = 0
        self._newest_ns: int | None = None
        self._owing_since_ns: int | None = None
        self._newest_fault_ns: int | None = None

    def on_message(self, received_ns: int) -> None:
        """Count a message: whatever the stage owed, it has answered."""
        self._count += 1
        self._newest_ns = received_ns
        self._owing_since_ns = None

    def on_number(self, key: Hashable, number: int) -> int:
        """Take in the message's number in its sequence; return how many are missing before it."""
        return self._gaps.add(key, number)

    def on_latency(self, latency_ns: int, *, is_final: bool = False) -> None:
        """Take in a latency; an implausible one is counted as a clock error instead."""
        if not 0 <= latency_ns <= LONGEST_PLAUSIBLE_NS:
            self._clock_errors += 1
            return
        (self._final_latency_ms if is_final else self._latency_ms).add(latency_ns / NS_PER_MS)

    def on_work(self, since_ns: int) -> None:
        """Note that the stage has work since then, unless it has not answered earlier work either."""
        if self._owing_since_ns is None:
            self._owing_since_ns = since_ns

    def on_malformed(self, received_ns: int) -> None:
        """Count a message of this stage that could not be read."""
        self._malformed += 1
        self.on_fault(received_ns)

    def on_fault(self, received_ns: int) -> None:
        """Note the time of a loss or a malformed message."""
        self._newest_fault_ns = received_ns

    def values(self, now_ns: int) -> StageValues:
        """Return the statistics at this moment."""
        return StageValues(
            name=self.name,
            count=self._count,
            rate_hz=self.rate.rate_hz(),
            interval_ms=self.rate.intervals_ms(),
            latency_ms=self._latency_ms.summary(),
            final_latency_ms=self._final_latency_ms.summary(),
            age_s=_age_s(self._newest_ns, now_ns),
            dropped=self._gaps.missing,
            malformed=self._malformed,
            clock_errors=self._clock_errors,
            quiet_s=_age_s(self._owing_since_ns, now_ns),
            fault_age_s=_age_s(self._newest_fault_ns, now_ns),
        )


def newest_trace(trace: tuple[StageTrace, ...], name: StageName) -> StageTrace | None:
    """Return the last entry of this stage in a message's trace, None when the stage left none."""
    return next((entry for entry in reversed(trace) if entry.name == name), None)


def _age_s(then_ns: int | None, now_ns: int) -> float | None:
    """Return the time since then; 0 when the clock was set back meanwhile."""
    return None if then_ns is None else max(now_ns - then_ns, 0) / NS_PER_S
