"""
When words become motion: the commit policy, a pure state machine over the intents of all utterances.

- An emergency stop commits at once, once an utterance; nothing else that utterance asks for is done.
- A final commits. A partial commits early when it is complete, was the same for some revisions, and is followed by
  some silence ("semantic endpointing").
- What follows an early commit is told apart: the same steps are the same plan, sent again; more steps are appended;
  other steps correct it and replace it; words that are no command after all take it back, which stops the robot.
- No motion from an utterance that is stale, that was spoken before what was committed last, that had its final
  already, or whose plan ended otherwise than done.

So each step is executed at most once, whatever is late, repeated or out of order; only a correction begins again what
was not yet done.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal

from voice_pipeline.messages import Execution, Intent, Step, Stop
from voice_pipeline.planning.settings import PlanningSettings

TOO_LATE = 'That was said too long ago; please say it again.'
_MOST_UTTERANCES = 32  # remembered; a late message of an older one is stale anyway
_LONGEST_ID = 90  # leaves room for the plan's number in an identifier of 100 characters

Mode = Literal['replace', 'append', 'stop']


@dataclass(frozen=True)
class Decision:
    """What becomes of one intent: these steps in this mode, committed or only shown; `refusal`: why nothing is done."""

    plan_id: str
    mode: Mode = 'replace'
    steps: tuple[Step, ...] = ()
    is_committed: bool = False
    refusal: str = ''


@dataclass
class _Utterance:
    """What is known of one utterance. `asked`: all steps committed so far; `done`: how many of them are finished."""

    name: str
    revision: int = -1
    steps: tuple[Step, ...] = ()
    same_revisions: int = 0
    has_final: bool = False
    has_stopped: bool = False
    is_over: bool = False
    asked: tuple[Step, ...] = ()
    done: int = 0
    last: Decision | None = None
    plans: int = 0
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)  # by plan_id: which part of `asked` it has

    @property
    def next_plan_id(self) -> str:
        return f'{self.name[-_LONGEST_ID:]}/{self.plans}'


class CommitPolicy:
    """Decides on every intent, in whatever order they come. Not thread-safe: one caller at a time."""

    def __init__(self, settings: PlanningSettings) -> None:
        self._settings = settings
        self._utterances: OrderedDict[str, _Utterance] = OrderedDict()
        self._newest: _Utterance | None = None
        self._newest_end_ns = 0

    def decide(self, intent: Intent, now_ns: int, refusal: str = '') -> Decision:
        """
        Return what to do about the intent. `refusal`: why its steps cannot be planned, '' where they can.

        `now_ns` is on the clock of the intent's `speech_end_ns`.
        """
        utterance = self._utterance(intent.utterance_id)
        is_news = _take(utterance, intent)
        steps = executable(intent.steps)
        if intent.emergency_stop:
            return self._stop(utterance, intent)
        if not is_news or utterance.has_stopped or utterance.is_over:
            return Decision(utterance.next_plan_id, steps=steps)
        if not intent.is_final and not self._is_early(utterance, intent):
            return Decision(utterance.next_plan_id, steps=steps, refusal=refusal)
        if utterance.asked:
            return self._after_early(utterance, intent, now_ns, steps, refusal)
        return self._first(utterance, intent, now_ns, steps, refusal)

    def on_execution(self, execution: Execution) -> None:
        """Learn how far a plan is, for corrections, and that it ended otherwise than done."""
        for utterance in self._utterances.values():
            if execution.plan_id not in utterance.spans:
                continue
            start, end = utterance.spans[execution.plan_id]
            if execution.state == 'running':
                utterance.done = max(utterance.done, min(start + execution.step, end))
            elif execution.state == 'done':
                utterance.done = max(utterance.done, end)
            else:
                utterance.is_over = True

    def _utterance(self, name: str) -> _Utterance:
        utterance = self._utterances.setdefault(name, _Utterance(name))
        self._utterances.move_to_end(name)
        if len(self._utterances) > _MOST_UTTERANCES:
            oldest = next(key for key, value in self._utterances.items() if value is not self._newest)
            del self._utterances[oldest]
        return utterance

    def _is_early(self, utterance: _Utterance, intent: Intent) -> bool:
        is_stable = utterance.same_revisions >= self._settings.commit_revisions
        return intent.is_complete and is_stable and intent.silence_ms >= self._settings.commit_silence_ms

    def _first(
        self, utterance: _Utterance, intent: Intent, now_ns: int, steps: tuple[Step, ...], refusal: str
    ) -> Decision:
        if not steps or refusal:
            return Decision(utterance.next_plan_id, steps=steps, refusal=refusal)
        if isinstance(steps[0], Stop):
            return self._stop(utterance, intent)
        if self._is_too_late(utterance, intent, now_ns):
            return Decision(utterance.next_plan_id, steps=steps, refusal=TOO_LATE)
        return self._commit(utterance, intent, 'replace', steps, offset=0)

    def _after_early(
        self, utterance: _Utterance, intent: Intent, now_ns: int, steps: tuple[Step, ...], refusal: str
    ) -> Decision:
        asked, last = utterance.asked, utterance.last
        if steps == asked and last is not None:
            return last
        nothing = Decision(utterance.next_plan_id, steps=steps, refusal=refusal)
        goes_on = steps[: len(asked)] == asked
        if not steps or refusal:
            has_words = any(char.isalnum() for char in intent.text)
            if not intent.is_final or goes_on or not has_words:
                return nothing if has_words else Decision(utterance.next_plan_id)
            return self._stop(utterance, intent)
        if self._is_too_late(utterance, intent, now_ns):
            return Decision(utterance.next_plan_id, steps=steps, refusal=TOO_LATE)
        if goes_on:
            return self._commit(utterance, intent, 'append', steps, offset=len(asked))
        return self._correct(utterance, intent, steps)

    def _correct(self, utterance: _Utterance, intent: Intent, steps: tuple[Step, ...]) -> Decision:
        """Replace what is not yet done; steps that are done, and still asked for, are not done again."""
        offset = 0
        while offset < min(utterance.done, len(steps)) and steps[offset] == utterance.asked[offset]:
            offset += 1
        if not steps[offset:] or isinstance(steps[offset], Stop):
            return self._stop(utterance, intent)
        return self._commit(utterance, intent, 'replace', steps, offset)

    def _commit(
        self, utterance: _Utterance, intent: Intent, mode: Mode, steps: tuple[Step, ...], offset: int
    ) -> Decision:
        decision = Decision(utterance.next_plan_id, mode, steps[offset:], is_committed=True)
        utterance.plans += 1
        utterance.asked, utterance.last = steps, decision
        if mode == 'replace':
            utterance.spans.clear()
            utterance.done = offset
        utterance.spans[decision.plan_id] = (offset, len(steps))
        self._close_others(utterance, intent)
        return decision

    def _stop(self, utterance: _Utterance, intent: Intent) -> Decision:
        if utterance.has_stopped and utterance.last is not None:
            return utterance.last
        decision = Decision(utterance.next_plan_id, 'stop', (Stop(),), is_committed=True)
        utterance.plans += 1
        utterance.has_stopped, utterance.last = True, decision
        self._close_others(utterance, intent)
        return decision

    def _close_others(self, utterance: _Utterance, intent: Intent) -> None:
        """What was committed before for other utterances was dropped by the robot: nothing is added to it any more."""
        for other in self._utterances.values():
            if other is not utterance and other.asked:
                other.is_over = True
        if intent.speech_end_ns >= self._newest_end_ns:
            self._newest, self._newest_end_ns = utterance, intent.speech_end_ns

    def _is_too_late(self, utterance: _Utterance, intent: Intent, now_ns: int) -> bool:
        """Say whether the words are stale, from the future (the clocks differ), or older than what is being done."""
        if abs(now_ns - intent.speech_end_ns) > self._settings.stale_s * 1e9:
            return True
        return utterance is not self._newest and intent.speech_end_ns < self._newest_end_ns


def executable(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """
    Return the steps without what a stop makes needless.

    A stop at the end of a plan says what happens anyway; one at its beginning is all that is done.
    """
    if steps and isinstance(steps[0], Stop):
        return steps[:1]
    return tuple(step for step in steps if not isinstance(step, Stop))


def _take(utterance: _Utterance, intent: Intent) -> bool:
    """Count the revision; return whether it is news: newer than all before, or the first final."""
    if utterance.has_final or (intent.revision <= utterance.revision and not intent.is_final):
        return False
    is_same = bool(intent.steps) and intent.steps == utterance.steps
    utterance.same_revisions = utterance.same_revisions + 1 if is_same else 1
    utterance.revision, utterance.steps, utterance.has_final = intent.revision, intent.steps, intent.is_final
    return True
