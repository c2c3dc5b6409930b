"""
From the last word to the first motion, one figure an utterance, split into what each stage took.

The time starts at the capture of the last voiced sample, not after the silence that tells that the speaker has
finished: that silence is the part called `endpointing`. It may be as short as 200 ms, or less, where a plan is
committed before the transcript is final.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

from voice_pipeline.messages import Execution, Intent, Plan, StageTrace, Transcript
from voice_pipeline.monitoring.stages import newest_trace
from voice_pipeline.monitoring.statistics import (
    LONGEST_PLAUSIBLE_NS,
    NS_PER_MS,
    Recent,
    Summary,
    nearest_rank,
    summarise,
)

UTTERANCES = 50  # the newest ones that are kept
REMEMBERED = 200  # utterances and plans whose later messages are still recognised as theirs

PartName = Literal['endpointing', 'recognition', 'understanding', 'planning', 'control']
TimedStage = Literal['recognition', 'understanding', 'planning', 'control']
VOICE_STAGES: tuple[TimedStage, ...] = ('recognition', 'understanding', 'planning', 'control')
COMMAND_STAGES: tuple[TimedStage, ...] = VOICE_STAGES[1:]


@dataclass(frozen=True)
class Part:
    """What one part took, the way from the stage before it included."""

    name: PartName
    duration_ns: int

    @property
    def duration_ms(self) -> float:
        """The duration in milliseconds."""
        return self.duration_ns / NS_PER_MS


@dataclass(frozen=True)
class UtteranceLatency:
    """
    How long one utterance took to become motion; the parts, in flow order, sum to `total_ns` exactly.

    `kind`: `voice`, from the last voiced sample; `command`, typed, from its arrival. `problem` says why it is not
    counted ('' where it is); where the trace has no usable times there are no parts and no total.
    """

    utterance_id: str
    text: str
    kind: Literal['voice', 'command']
    parts: tuple[Part, ...] = ()
    total_ns: int | None = None
    problem: str = ''

    @property
    def total_ms(self) -> float | None:
        """The total in milliseconds, None when not available."""
        return None if self.total_ns is None else self.total_ns / NS_PER_MS


@dataclass(frozen=True)
class LatencyValues:
    """
    Voice to action over the newest utterances; None is "not available".

    `typical` is the utterance whose total is the median, so that its parts explain `voice_ms.p50`.
    """

    voice_ms: Summary | None
    command_ms: Summary | None
    typical: UtteranceLatency | None
    utterances: tuple[UtteranceLatency, ...]


@dataclass(frozen=True)
class _Said:
    """What is known of an utterance before it moves the robot."""

    text: str
    was_heard: bool


@dataclass(frozen=True)
class Start:
    """
    A plan began to be executed.

    `is_queued`: it had to wait for the plan before it. `control_ns` is its control stage's latency. `utterance` is what
    was measured of its utterance, None where that has moved the robot before.
    """

    is_queued: bool
    control_ns: int | None
    utterance: UtteranceLatency | None = None


class VoiceToAction:
    """Follows the utterances through the stages up to the first motion. Not thread-safe."""

    def __init__(self, size: int = UTTERANCES) -> None:
        self._utterances: deque[UtteranceLatency] = deque(maxlen=size)
        self._said: Recent[str, _Said] = Recent(REMEMBERED)
        self._moved: Recent[str, bool] = Recent(REMEMBERED)
        self._starts = PlanStarts()

    def on_transcript(self, transcript: Transcript) -> None:
        """Remember the newest words of the utterance."""
        self._said.put(transcript.utterance_id, _Said(text=transcript.heard, was_heard=True))

    def on_intent(self, intent: Intent) -> None:
        """Remember the words of a typed command, which has no transcript."""
        if self._said.get(intent.utterance_id) is None:
            was_heard = newest_trace(intent.trace, 'recognition') is not None
            self._said.put(intent.utterance_id, _Said(text=intent.text, was_heard=was_heard))

    def on_plan(self, plan: Plan) -> bool:
        """Note whether the plan has to wait for another; return whether it is new, committed and has not."""
        return self._starts.on_plan(plan)

    def on_execution(self, execution: Execution) -> Start | None:
        """Measure the utterance at its first motion. Returns the start of a plan, None when it is not one."""
        start = self._starts.on_execution(execution)
        if self._moved.get(execution.utterance_id) is None and start is not None:
            self._moved.put(execution.utterance_id, True)
            said = self._said.get(execution.utterance_id) or _Said(text='', was_heard=False)
            measured = _measure(execution, said, is_queued=start.is_queued)
            self._utterances.append(measured)
            return replace(start, utterance=measured)
        return start

    def values(self) -> LatencyValues:
        """Return the newest utterances and the distribution of those that count."""
        counted = [one for one in self._utterances if not one.problem]
        voice = sorted(_of_kind(counted, 'voice'), key=_total_ns)
        return LatencyValues(
            voice_ms=_summary(voice),
            command_ms=_summary(_of_kind(counted, 'command')),
            typical=nearest_rank(voice, 50) if voice else None,
            utterances=tuple(self._utterances),
        )


class PlanStarts:
    """
    Tells when a plan starts to be executed, and whether it waited behind another: waiting its turn is not latency.

    A plan starts at its first 'running'.
    """

    def __init__(self) -> None:
        self._running: str | None = None
        self._queued: Recent[str, bool] = Recent(REMEMBERED)
        self._started: Recent[str, bool] = Recent(REMEMBERED)

    def on_plan(self, plan: Plan) -> bool:
        """
        Note, at its first commit, whether another plan is being executed that this one is queued behind.

        Returns whether it is to begin now: it is committed, was not before, and need not wait.
        """
        if not plan.is_committed or self._queued.get(plan.plan_id) is not None:
            return False
        is_other_running = self._running not in (None, plan.plan_id)
        is_queued = plan.mode == 'append' and is_other_running
        self._queued.put(plan.plan_id, is_queued)
        return not is_queued

    def on_execution(self, execution: Execution) -> Start | None:
        """Return the start of a plan at its first 'running', otherwise None."""
        if execution.state != 'running':
            if self._running == execution.plan_id:
                self._running = None
            return None
        self._running = execution.plan_id
        if self._started.get(execution.plan_id) is not None:
            return None
        self._started.put(execution.plan_id, True)
        control = newest_trace(execution.trace, 'control')
        return Start(
            is_queued=bool(self._queued.get(execution.plan_id)),
            control_ns=None if control is None else control.finished_ns - control.received_ns,
        )


def _measure(execution: Execution, said: _Said, *, is_queued: bool) -> UtteranceLatency:
    """Split the way of one utterance to its first motion into parts, or name the problem."""
    is_voice = said.was_heard or newest_trace(execution.trace, 'recognition') is not None
    stages = VOICE_STAGES if is_voice else COMMAND_STAGES
    unmeasured = UtteranceLatency(execution.utterance_id, said.text, 'voice' if is_voice else 'command')
    entries = {name: entry for name in stages if (entry := newest_trace(execution.trace, name)) is not None}
    missing = [name for name in stages if name not in entries]
    if missing:
        return replace(unmeasured, problem=f'not in the trace: {", ".join(missing)}')
    parts = split(entries, execution.speech_end_ns)
    problem = _clock_problem(parts)
    if problem:
        return replace(unmeasured, problem=problem)
    return replace(
        unmeasured,
        parts=parts,
        total_ns=sum(part.duration_ns for part in parts),
        problem='waited for the plan before it' if is_queued else '',
    )


def split(entries: dict[TimedStage, StageTrace], speech_end_ns: int) -> tuple[Part, ...]:
    """Return the times between consecutive milestones of these stages, at least one, which are in flow order."""
    parts: list[Part] = []
    before_ns = next(iter(entries.values())).received_ns
    if 'recognition' in entries:
        parts.append(Part('endpointing', before_ns - speech_end_ns))
    for name, entry in entries.items():
        parts.append(Part(name, entry.finished_ns - before_ns))
        before_ns = entry.finished_ns
    return tuple(parts)


def _clock_problem(parts: tuple[Part, ...]) -> str:
    """Say which part cannot be true, '' when all can."""
    for part in parts:
        if part.duration_ns < 0:
            return f'{part.name} took {part.duration_ms:.0f} ms: the clock was set back, or its times are wrong'
    if sum(part.duration_ns for part in parts) > LONGEST_PLAUSIBLE_NS:
        longest = max(parts, key=lambda part: part.duration_ns)
        return f'{longest.name} took {longest.duration_ms / 1000:.0f} s: the clock was set, or its times are wrong'
    return ''


def _of_kind(utterances: list[UtteranceLatency], kind: str) -> list[UtteranceLatency]:
    return [one for one in utterances if one.kind == kind]


def _total_ns(utterance: UtteranceLatency) -> int:
    return utterance.total_ns or 0


def _summary(utterances: list[UtteranceLatency]) -> Summary | None:
    return summarise([_total_ns(one) / NS_PER_MS for one in utterances])
