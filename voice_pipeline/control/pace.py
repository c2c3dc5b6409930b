"""How evenly the control loop runs, and the right to run before all others."""

from __future__ import annotations

import os

from voice_pipeline.monitoring.statistics import RateMeter, Summary

WINDOW_S = 20.0
SLOWEST_HZ = 20.0


class Pace:
    """Measures the periods of the last cycles."""

    def __init__(self, rate_hz: float) -> None:
        self._meter = RateMeter(round(rate_hz * WINDOW_S))

    def note(self, now_ns: int) -> None:
        """Count a cycle that begins now (monotonic clock)."""
        self._meter.tick('loop', now_ns)

    def periods_ms(self) -> Summary | None:
        """Return the distribution of the periods, None before there is one."""
        return self._meter.intervals_ms()


def is_too_slow(periods_ms: Summary) -> bool:
    """Say whether the loop is slower than it may be, in one cycle of a hundred or more."""
    return periods_ms.p99 > 1000.0 / SLOWEST_HZ


def ask_for_real_time(priority: int) -> str:
    """
    Give the calling thread this priority before all normal ones (SCHED_FIFO, see sched(7)); 0 leaves it as it is.

    Returns in words what came of it: without the right to it, the thread goes on as it was.
    """
    if priority == 0:
        return 'normal priority'
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError as error:
        return f'normal priority: real-time priority {priority} is not permitted ({error.strerror})'
    return f'real-time priority {priority}'
