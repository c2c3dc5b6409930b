"""Follows each utterance, or typed command, from its first word to the end of what the robot did about it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from voice_pipeline.messages import Execution, Intent, Message, Plan, Transcript
from voice_pipeline.monitoring.describe import describe_steps
from voice_pipeline.monitoring.latency import UtteranceLatency
from voice_pipeline.monitoring.stages import newest_trace
from voice_pipeline.monitoring.statistics import Recent
from voice_pipeline.monitoring.stopping import StopLatency
from voice_pipeline.monitoring.utterances import Outcome, UtteranceRecord

UTTERANCES = 100  # the newest ones that are followed

# How plans can end, the worst last.
_End: TypeAlias = Literal['done', 'replaced', 'stopped', 'refused', 'failed']
_ENDS: tuple[_End, ...] = ('done', 'replaced', 'stopped', 'refused', 'failed')
_Answer: TypeAlias = Literal['open', 'nothing', 'answered', 'refused']


@dataclass
class _Plan:
    """A plan that was committed, or is executed: its words, and how far it is; `end` is None before it has ended."""

    words: str = ''
    has_begun: bool = False
    end: _End | None = None
    reason: str = ''


@dataclass
class _Track:
    """An utterance: its record so far, its plans in the order they came, and what was answered without any."""

    record: UtteranceRecord
    plans: dict[str, _Plan] = field(default_factory=dict)
    draft: str = ''
    answer: _Answer = 'open'
    answer_reason: str = ''
    not_understood: str = ''
    has_changed: bool = True


class UtteranceHistory:
    """The newest utterances, in bounded memory. Times are system-clock nanoseconds. Not thread-safe."""

    def __init__(self, size: int = UTTERANCES) -> None:
        self._tracks: Recent[str, _Track] = Recent(size)

    def on_message(self, message: Message, received_ns: int) -> None:
        """Take in a transcript, intent, plan or execution."""
        track = self._track(message, received_ns)
        if isinstance(message, Transcript):
            _update(track, received_ns, kind='voice', heard=message.heard, speech_end_ns=message.speech_end_ns)
        elif isinstance(message, Intent):
            self._on_intent(track, message, received_ns)
        elif isinstance(message, Plan):
            _take_plan(track, message)
            _update_work(track, received_ns, said=message.say or track.record.said)
        elif isinstance(message, Execution):
            plan = track.plans.setdefault(message.plan_id, _Plan())
            plan.has_begun, plan.reason = True, message.reason
            plan.end = None if message.state == 'running' else message.state
            _update_work(track, received_ns)

    def on_latency(self, latency: UtteranceLatency, received_ns: int) -> None:
        """Take in how long an utterance took to become motion."""
        track = self._tracks.get(latency.utterance_id)
        if track is not None:
            _update(track, received_ns, latency=latency)

    def on_stopped(self, stop: StopLatency, received_ns: int) -> None:
        """Take in how long an utterance took to stop the robot."""
        track = self._tracks.get(stop.utterance_id)
        if track is not None:
            _update(track, received_ns, voice_to_stop_ms=stop.duration_ms, stop_parts=stop.parts)

    def records(self) -> tuple[UtteranceRecord, ...]:
        """Return all that are followed, in the order in which they began."""
        return tuple(sorted((track.record for track in self._tracks.values()), key=lambda one: one.started_ns))

    def take_changed(self) -> tuple[UtteranceRecord, ...]:
        """Return those that have come further since the last call, in the order in which they began."""
        changed = [track for track in self._tracks.values() if track.has_changed]
        for track in changed:
            track.has_changed = False
        return tuple(sorted((track.record for track in changed), key=lambda one: one.started_ns))

    def _track(self, message: Message, received_ns: int) -> _Track:
        track = self._tracks.get(message.utterance_id)
        if track is None:
            is_voice = isinstance(message, Transcript) or newest_trace(message.trace, 'recognition') is not None
            record = UtteranceRecord(
                utterance_id=message.utterance_id,
                kind='voice' if is_voice else 'command',
                started_ns=received_ns,
                speech_end_ns=message.speech_end_ns,
                updated_ns=received_ns,
            )
            track = _Track(record)
            self._tracks.put(message.utterance_id, track)
        return track

    def _on_intent(self, track: _Track, intent: Intent, received_ns: int) -> None:
        track.not_understood = intent.reason
        # Of speech the transcript has more to tell: the words that may still change.
        heard = intent.text if track.record.kind == 'command' else track.record.heard or intent.text
        _update(track, received_ns, heard=heard, understood=describe_steps(intent.steps))


def _take_plan(track: _Track, plan: Plan) -> None:
    words = describe_steps(tuple(planned.step for planned in plan.steps))
    if plan.is_committed and plan.mode != 'answer':
        track.plans.setdefault(plan.plan_id, _Plan()).words = words or plan.mode
        return
    track.draft = words
    if plan.is_final:
        track.answer, track.answer_reason = _answer(track, plan)


def _answer(track: _Track, plan: Plan) -> tuple[_Answer, str]:
    """Return what became of an utterance that moves nothing, and why."""
    if plan.refusal:
        return 'refused', plan.refusal
    if plan.say:
        return 'answered', ''
    return 'nothing', track.not_understood


def _update_work(track: _Track, received_ns: int, **changes: Any) -> None:
    outcome, reason = _outcome(track)
    plan_id = next(reversed(track.plans), '')
    _update(track, received_ns, planned=_planned(track), plan_id=plan_id, outcome=outcome, reason=reason, **changes)


def _update(track: _Track, received_ns: int, **changes: Any) -> None:
    """Change the record; that a message came which says nothing new is no news."""
    record = track.record
    track.has_changed = track.has_changed or any(getattr(record, name) != value for name, value in changes.items())
    track.record = replace(record, updated_ns=received_ns, **changes)


def _planned(track: _Track) -> str:
    """Return the words of the plans that count, of the draft where none is committed yet."""
    valid = [plan for plan in track.plans.values() if plan.end != 'replaced'] or list(track.plans.values())
    return ', '.join(plan.words for plan in valid if plan.words) or track.draft


def _outcome(track: _Track) -> tuple[Outcome, str]:
    """Return the worst end of its plans, and why; before that, how far it is."""
    plans = list(track.plans.values())
    if not plans:
        return track.answer, track.answer_reason
    if any(plan.end is None for plan in plans):
        is_moving = any(plan.has_begun and plan.end is None for plan in plans)
        return ('moving' if is_moving else 'open'), ''
    # A plan that was replaced by a later one of the same utterance was corrected: that is no end of it.
    counted = [plan for plan in plans[:-1] if plan.end != 'replaced'] + plans[-1:]
    ends: list[tuple[_End, str]] = [(plan.end, plan.reason) for plan in counted if plan.end is not None]
    if track.answer == 'refused':  # the rest of what was said
        ends.append((track.answer, track.answer_reason))
    return max(ends, key=lambda end: _ENDS.index(end[0]))
