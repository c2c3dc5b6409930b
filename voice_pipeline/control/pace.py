"""How evenly the control loop runs, and the right to run before all others."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from voice_pipeline.monitoring.statistics import NS_PER_S, RateMeter, Summary

WINDOW_S = 20.0
SLOWEST_MS = 1000.0 / 20.0
JITTER_MS = 5.0  # what a period may be longer than it should
THREADS = Path('/proc/self/task')  # of Linux, as are its schedulers; where it is not, there is no such priority
LATE_PERIODS = 1.5  # a cycle that begins this much after the last has missed the one in between


class Pace:
    """Measures the periods of the last cycles, and counts all cycles and those that were missed."""

    def __init__(self, rate_hz: float) -> None:
        self._period_ns = NS_PER_S / rate_hz
        self._meter = RateMeter(round(rate_hz * WINDOW_S))
        self._last_ns: int | None = None
        self.cycles = 0
        self.missed = 0

    def note(self, now_ns: int) -> None:
        """Count a cycle that begins now (monotonic clock)."""
        self._meter.tick('loop', now_ns)
        self.cycles += 1
        if self._last_ns is not None:
            periods = (now_ns - self._last_ns) / self._period_ns
            self.missed += round(periods) - 1 if periods >= LATE_PERIODS else 0
        self._last_ns = now_ns

    def periods_ms(self) -> Summary | None:
        """Return the distribution of the periods, None before there is one."""
        return self._meter.intervals_ms()

    def values(self) -> dict[str, str]:
        """Return the figures by name, in words."""
        periods_ms = self.periods_ms()
        figures = {'nominal (ms)': f'{self._period_ns / 1e6:.2f}'}
        if periods_ms is not None:
            named = (('p50', periods_ms.p50), ('p99', periods_ms.p99), ('max', periods_ms.max))
            figures |= {f'period {name} (ms)': f'{value:.2f}' for name, value in named}
        return {**figures, 'cycles': str(self.cycles), 'missed cycles': str(self.missed)}


def is_too_slow(periods_ms: Summary) -> bool:
    """Say whether the loop is slower than the 20 Hz it may be, in one cycle of a hundred or more."""
    return periods_ms.count >= 100 and periods_ms.p99 > SLOWEST_MS + JITTER_MS


def ask_for_real_time(priority: int) -> str:
    """
    Give this process this priority before all normal ones (SCHED_FIFO, see sched(7)); 0 leaves it as it is.

    All its threads get it, and those that they start: the executor's timers and the middleware have threads of their
    own, and a loop that runs first but waits for them is less even than one that does not run first.

    Returns in words what came of it: without the right to it, the process goes on as it was.
    """
    if priority == 0:
        return 'normal priority'
    try:
        for thread in THREADS.iterdir():
            with suppress(ProcessLookupError):  # it has ended since
                os.sched_setscheduler(int(thread.name), os.SCHED_FIFO, os.sched_param(priority))
    except OSError as error:
        return f'normal priority: real-time priority {priority} is not permitted ({error.strerror})'
    return f'real-time priority {priority}'
