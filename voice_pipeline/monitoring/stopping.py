"""From an emergency word to a robot that stands still, one figure a stop, split into what each stage took."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from voice_pipeline.messages import Intent
from voice_pipeline.monitoring.latency import Part, TimedStage, split
from voice_pipeline.monitoring.stages import newest_trace
from voice_pipeline.monitoring.statistics import (
    LONGEST_PLAUSIBLE_NS,
    NS_PER_MS,
    Recent,
    Summary,
    nearest_rank,
    summarise,
)

STOPS = 50  # the newest ones that are kept
REMEMBERED = 100  # utterances whose later revisions, which hold the word too, ask for no second stop

# A stop does not wait for a plan.
_STAGES: tuple[TimedStage, ...] = ('recognition', 'understanding')


@dataclass(frozen=True)
class StopLatency:
    """
    How long one utterance took to stop the robot.

    The parts, in flow order, sum to it exactly; `control` is the way to the wheels and the braking. There are none
    where the trace has no usable times.
    """

    utterance_id: str
    duration_ns: int
    parts: tuple[Part, ...] = ()

    @property
    def duration_ms(self) -> float:
        """The duration in milliseconds."""
        return self.duration_ns / NS_PER_MS


@dataclass(frozen=True)
class StopValues:
    """
    Voice to stop over the newest stops, None when not available.

    `typical` is the stop that took the median, so that its parts explain `stop_ms.p50`.
    """

    stop_ms: Summary | None
    typical: StopLatency | None = None


class VoiceToStop:
    """
    Measures what nobody may wait for.

    The time starts at the capture of the last voiced sample that the revision with the emergency word had heard, and
    ends when the monitor receives the first velocity command of zero: the braking is part of it. A stop that found the
    robot at rest is no measurement. Not thread-safe.
    """

    def __init__(self, size: int = STOPS) -> None:
        self._stops: deque[StopLatency] = deque(maxlen=size)
        self._asked: Recent[str, bool] = Recent(REMEMBERED)
        self._pending: Intent | None = None
        self._is_moving = False
        self._still_ns: int | None = None

    def on_emergency(self, intent: Intent, received_ns: int) -> StopLatency | None:
        """
        Take an intent that stops the robot; later ones of the same utterance do not count.

        Returns the measurement where the robot came to rest since the words were there: the stop itself travels faster
        than the word of it.
        """
        if self._asked.get(intent.utterance_id) is not None:
            return None
        self._asked.put(intent.utterance_id, True)
        own = newest_trace(intent.trace, 'understanding')
        heard_ns = received_ns if own is None else own.received_ns
        if self._is_moving:
            self._pending = intent
        elif self._still_ns is not None and self._still_ns >= heard_ns:
            return self._measured(intent, self._still_ns)
        return None

    def on_velocity(self, is_moving: bool, received_ns: int) -> StopLatency | None:
        """Take a velocity command; returns the measurement where it ends a stop."""
        came_to_rest = self._is_moving and not is_moving
        self._is_moving = is_moving
        if not came_to_rest:
            return None
        self._still_ns = received_ns
        pending, self._pending = self._pending, None
        return None if pending is None else self._measured(pending, received_ns)

    def values(self) -> StopValues:
        """Return the distribution over the newest stops."""
        stops = sorted(self._stops, key=lambda stop: stop.duration_ns)
        durations_ms = summarise([stop.duration_ms for stop in stops])
        return StopValues(durations_ms, nearest_rank(stops, 50) if stops else None)

    def _measured(self, intent: Intent, still_ns: int) -> StopLatency | None:
        stop = StopLatency(intent.utterance_id, still_ns - intent.speech_end_ns, _parts(intent, still_ns))
        if not 0 <= stop.duration_ns <= LONGEST_PLAUSIBLE_NS:
            return None
        self._stops.append(stop)
        return stop


def _parts(intent: Intent, still_ns: int) -> tuple[Part, ...]:
    entries = {name: entry for name in _STAGES if (entry := newest_trace(intent.trace, name)) is not None}
    if len(entries) < len(_STAGES):
        return ()
    parts = split(entries, intent.speech_end_ns)
    whole = (*parts, Part('control', still_ns - entries['understanding'].finished_ns))
    return whole if all(part.duration_ns >= 0 for part in whole) else ()
