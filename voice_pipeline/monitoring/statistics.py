"""Statistics in bounded memory. What has no value yet is None ("not available"), never 0."""

from __future__ import annotations

import math
import re
from collections import OrderedDict, deque
from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
# Nothing the pipeline measures lasts a minute: what seems to is a step of the system clock (NTP, a restored suspend).
LONGEST_PLAUSIBLE_NS = 60 * NS_PER_S

_NUMBER = re.compile(r'\d+(?:\.\d+)?')
_LONGEST_REASON = 200

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
    """The distribution of `count` values, in their unit; `deviation` is the standard deviation."""

    count: int
    mean: float
    deviation: float
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
        variance = math.fsum((value - mean) ** 2 for value in ordered) / len(ordered)
        return Summary(
            count=len(ordered),
            mean=mean,
            deviation=math.sqrt(variance),
            p50=nearest_rank(ordered, 50),
            p95=nearest_rank(ordered, 95),
            p99=nearest_rank(ordered, 99),
            max=ordered[-1],
        )


def summarise(values: Collection[float]) -> Summary | None:
    """Return the distribution of the values, None when there are none."""
    window = Window(max(len(values), 1))
    for value in values:
        window.add(value)
    return window.summary()


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
        """
        Return the distribution of the intervals, None before the first.

        Their standard deviation is the jitter: the figure that `ros2 topic hz` calls "std dev".
        """
        return self._intervals_ms.summary()


class OverallRate:
    """Messages per second of the newest minute, pauses included: the load that a stage puts on the others."""

    def __init__(self, seconds: int = 60) -> None:
        self._counts = [0] * seconds  # of each second, the newest minute in a ring
        self._newest_s: int | None = None
        self._first_ns = 0

    def tick(self, at_ns: int) -> None:
        """Count a message."""
        self._turn(at_ns)
        self._counts[at_ns // NS_PER_S % len(self._counts)] += 1

    def rate_hz(self, now_ns: int) -> float | None:
        """Return the rate at this moment; None before the first message, and for a second after it."""
        if self._newest_s is None:
            return None
        self._turn(now_ns)
        oldest_ns = (now_ns // NS_PER_S - len(self._counts) + 1) * NS_PER_S
        watched_ns = now_ns - max(oldest_ns, self._first_ns)
        return sum(self._counts) * NS_PER_S / watched_ns if watched_ns >= NS_PER_S else None

    def _turn(self, now_ns: int) -> None:
        """Empty the seconds that have passed with no message; begin again where the clock was set back."""
        now_s = now_ns // NS_PER_S
        if self._newest_s is None or now_ns < self._first_ns or now_s < self._newest_s:
            self._counts = [0] * len(self._counts)
            self._first_ns = now_ns
        else:
            for second in range(max(self._newest_s, now_s - len(self._counts)) + 1, now_s + 1):
                self._counts[second % len(self._counts)] = 0
        self._newest_s = now_s


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

    def values(self) -> list[ValueT]:
        """Return all values, the one unused for longest first."""
        return list(self._items.values())

    def __len__(self) -> int:
        return len(self._items)


class Waiting(Generic[KeyT]):
    """What was asked and is not answered yet: never more than `size`, the oldest is given up."""

    def __init__(self, size: int = 64) -> None:
        self._size = size
        self._keys: dict[KeyT, None] = {}
        self._answered: Recent[KeyT, bool] = Recent(size)

    def ask(self, key: KeyT) -> None:
        """Note what waits for an answer, unless that was faster."""
        if self._answered.get(key) is not None:
            return
        self._keys[key] = None
        if len(self._keys) > self._size:
            del self._keys[next(iter(self._keys))]

    def answer(self, key: KeyT, *, and_all_before: bool = False) -> None:
        """Note that this waits no more, nor what was asked before it where that is not wanted any more."""
        self._answered.put(key, True)
        if key in self._keys:
            keys = list(self._keys)
            for answered in keys[: keys.index(key) + 1] if and_all_before else [key]:
                del self._keys[answered]

    def __len__(self) -> int:
        return len(self._keys)


class ReasonCounter:
    """
    Counts by reason, in bounded memory: beyond `kinds` different reasons, all new ones count as `OTHER`.

    Numbers in a reason do not make it another one: "9 metres is too far" and "12 metres is too far" are one kind.
    """

    OTHER = 'other reasons'

    def __init__(self, kinds: int = 12) -> None:
        self._kinds = kinds
        self._counts: dict[str, int] = {}

    def add(self, reason: str) -> None:
        """Count one."""
        kind = _NUMBER.sub('#', reason)[:_LONGEST_REASON]
        if kind not in self._counts and len(self._counts) >= self._kinds:
            kind = self.OTHER
        self._counts[kind] = self._counts.get(kind, 0) + 1

    def counts(self) -> dict[str, int]:
        """Return how many of each kind, the most frequent first."""
        return dict(sorted(self._counts.items(), key=lambda item: -item[1]))


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
