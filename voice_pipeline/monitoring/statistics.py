"""Statistics in bounded memory. What has no value yet is None ("not available"), never 0."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
# Nothing the pipeline measures lasts a minute: what seems to is a step of the system clock (NTP, a restored suspend).
LONGEST_PLAUSIBLE_NS = 60 * NS_PER_S

KeyT = TypeVar('KeyT', bound=Hashable)
ValueT = TypeVar('ValueT')


def nearest_rank(ordered: list[ValueT], percent: float) -> ValueT:
    """
    Return the percentile of values in ascending order (at least one) by the nearest-rank method.

    It is always one of the values, never a mixture of two, so that a percentile can be traced to what caused it.
    """
    return ordered[max(math.ceil(percent * len(ordered) / 100), 1) - 1]


@dataclass(frozen=True)
class Summary:
    """The distribution of `count` values, in their unit."""

    count: int
    mean: float
    p50: float
    p95: float
    p99: float
    max: float


class Window:
    """The newest `size` values."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f'size is {size}: expected 1 or more')
        self._values: deque[float] = deque(maxlen=size)

    def __len__(self) -> int:
        return len(self._values)

    def add(self, value: float) -> None:
        """Take in a value; the oldest leaves when the window is full. What is not a finite number is left out."""
        if math.isfinite(value):
            self._values.append(value)

    def mean(self) -> float | None:
        """Return the arithmetic mean, None when empty."""
        return math.fsum(self._values) / len(self._values) if self._values else None

    def summary(self) -> Summary | None:
        """Return the distribution, None when empty."""
        mean = self.mean()
        if mean is None:
            return None
        ordered = sorted(self._values)
        return Summary(
            count=len(ordered),
            mean=mean,
            p50=nearest_rank(ordered, 50),
            p95=nearest_rank(ordered, 95),
            p99=nearest_rank(ordered, 99),
            max=ordered[-1],
        )


class RateMeter:
    """
    The rate of messages while there is something to do.

    Only the time between two consecutive messages of the same activity (an utterance, a motion) counts: a pause
    between utterances is not slowness, a stall within one is.
    """

    def __init__(self, size: int) -> None:
        self._intervals_ms = Window(size)
        self._activity: Hashable = None
        self._last_ns: int | None = None

    def tick(self, activity: Hashable, at_ns: int) -> None:
        """Count a message of this activity."""
        if self._last_ns is not None and activity == self._activity:
            interval_ns = at_ns - self._last_ns
            if 0 <= interval_ns <= LONGEST_PLAUSIBLE_NS:
                self._intervals_ms.add(interval_ns / NS_PER_MS)
        self._activity, self._last_ns = activity, at_ns

    def end(self) -> None:
        """The activity is over: the time to the next message does not count."""
        self._activity, self._last_ns = None, None

    def rate_hz(self) -> float | None:
        """Return messages per second over the newest intervals, None before the first interval."""
        mean_ms = self._intervals_ms.mean()
        return 1000 / mean_ms if mean_ms else None

    def intervals_ms(self) -> Summary | None:
        """Return the distribution of the intervals, which shows the jitter, None before the first."""
        return self._intervals_ms.summary()


class Recent(Generic[KeyT, ValueT]):
    """A mapping of bounded size that forgets what was not used for longest."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[KeyT, ValueT] = OrderedDict()

    def get(self, key: KeyT) -> ValueT | None:
        """Return the value and keep it for longer, None when unknown."""
        if key not in self._items:
            return None
        self._items.move_to_end(key)
        return self._items[key]

    def put(self, key: KeyT, value: ValueT) -> None:
        """Remember the value; the one unused for longest is forgotten when there are too many."""
        self._items[key] = value
        self._items.move_to_end(key)
        if len(self._items) > self._size:
            self._items.popitem(last=False)

    def __len__(self) -> int:
        return len(self._items)


class GapCounter:
    """Counts the numbers that are missing from sequences that start at 0 and go up by one, one sequence a key."""

    def __init__(self, keys: int = 8) -> None:
        self._highest: Recent[Hashable, int] = Recent(keys)
        self.missing = 0

    def add(self, key: Hashable, number: int) -> int:
        """
        Take in the next number of the sequence named by `key`, and return how many are missing before it.

        The very first number may be any, since whoever counts may have come late. A repeated number misses nothing.
        """
        highest = self._highest.get(key)
        if highest is None:
            highest = -1 if len(self._highest) else number - 1
        gap = max(number - highest - 1, 0)
        self._highest.put(key, max(number, highest))
        self.missing += gap
        return gap
