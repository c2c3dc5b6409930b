"""
When words become motion: the commit policy, a pure state machine over the intents of all utterances.

- An emergency stop commits at once, once an utterance; nothing else that utterance asks for is done.
- A final commits. A partial commits early when it is complete, was the same for some revisions, and is followed by
  some silence ("semantic endpointing").
- What follows an early commit is told apart: the same steps are the same plan, sent again; more steps are appended;
  other steps correct it and replace it; words that are no command after all take it back, which stops the robot.
- The answer to a question continues the utterance that the question was about.
- No motion from an utterance that is stale, that was spoken before what was committed last, that had its final
  already, or whose plan ended otherwise than done.

A correction names all steps of its utterance again. The controller, which alone knows what is done, keeps what the
plans have in common, so that each step is executed at most once, whatever is late, repeated or out of order.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from voice_pipeline.messages import Execution, Intent, PlanMode, Step, Stop
from voice_pipeline.planning.arrange import arrange
from voice_pipeline.planning.proposal import STOP, Proposal
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.planning.wording import has_words

TOO_LATE = 'That was said too long ago; please say it again.'
SAY_AGAIN = 'Please say that again.'
_MOST_UTTERANCES = 32  # remembered; a late message of an older one is stale anyway
_LONGEST_ID = 90  # leaves room for the plan's number in an identifier of 100 characters

# What becomes of the steps from this index on.
Propose = Callable[[tuple[Step, ...], int], Proposal]


@dataclass(frozen=True)
class Decision:
    """
    What becomes of one intent: the proposal, committed in this mode or only shown.

    `is_new`: committed for the first time. `is_told`: not committed, but the last word on it, to be spoken.
    """

    plan_id: str
    proposal: Proposal
    mode: PlanMode = 'replace'
    is_committed: bool = False
    is_new: bool = False
    is_told: bool = False


@dataclass
class _Utterance:
    """What is known of one utterance. `asked`: all steps committed so far; `work`: the plans that have them."""

    name: str
    revision: int = -1
    steps: tuple[Step, ...] = ()
    same_revisions: int = 0
    has_final: bool = False
    has_stopped: bool = False
    is_over: bool = False
    asked: tuple[Step, ...] = ()
    last: Decision | None = None
    plans: int = 0
    work: set[str] = field(default_factory=set)

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

    def decide(self, intent: Intent, now_ns: int, propose: Propose, continues: str = '') -> Decision:
        """
        Return what to do about the intent.

        `now_ns` is on the clock of the intent's `speech_end_ns`; `continues` names the utterance that this one, the
        answer to a question, completes.
        """
        utterance = self._utterance(intent.utterance_id)
        steps = arrange(intent.steps)
        is_news = _take(utterance, intent, steps)
        if intent.emergency_stop:
            return self._stop(utterance, intent)
        whole = propose(steps, 0)
        draft = Decision(utterance.next_plan_id, whole, whole.mode)
        if not is_news or utterance.has_stopped or utterance.is_over:
            return draft
        begun = self._begun(continues, utterance)
        if not intent.is_final and (begun is not None or not self._is_early(utterance, intent)):
            return draft
        if begun is not None:
            _continue(utterance, begun)
        if utterance.is_over:
            return draft
        if utterance.work:
            return self._after_early(utterance, intent, now_ns, steps, draft, propose)
        return self._first(utterance, intent, now_ns, steps, draft)

    def on_execution(self, execution: Execution) -> None:
        """Learn that a plan ended otherwise than done."""
        if execution.state in ('running', 'done'):
            return
        for utterance in self._utterances.values():
            if execution.plan_id in utterance.work:
                utterance.is_over = True

    def _utterance(self, name: str) -> _Utterance:
        utterance = self._utterances.setdefault(name, _Utterance(name))
        self._utterances.move_to_end(name)
        if len(self._utterances) > _MOST_UTTERANCES:
            oldest = next(key for key, value in self._utterances.items() if value is not self._newest)
            del self._utterances[oldest]
        return utterance

    def _begun(self, name: str, utterance: _Utterance) -> _Utterance | None:
        """Return the utterance of this name where it began something early that another one now completes."""
        begun = self._utterances.get(name)
        return begun if begun is not None and begun.work and not utterance.work else None

    def _is_early(self, utterance: _Utterance, intent: Intent) -> bool:
        is_stable = utterance.same_revisions >= self._settings.commit_revisions
        return intent.is_complete and is_stable and intent.silence_ms >= self._settings.commit_silence_ms

    def _first(
        self, utterance: _Utterance, intent: Intent, now_ns: int, steps: tuple[Step, ...], draft: Decision
    ) -> Decision:
        proposal = draft.proposal
        if steps and steps == utterance.asked and utterance.last is not None:
            return utterance.last
        if proposal.refusal:
            return _told(draft, intent, proposal)
        if isinstance(steps[0], Stop):
            return self._stop(utterance, intent)
        if self._is_too_late(utterance, intent, now_ns):
            return _told(draft, intent, Proposal(refusal=TOO_LATE))
        if not proposal.is_doable:
            return _told(draft, intent, proposal)
        return self._commit(utterance, intent, proposal.mode, steps, proposal)

    def _after_early(
        self,
        utterance: _Utterance,
        intent: Intent,
        now_ns: int,
        steps: tuple[Step, ...],
        draft: Decision,
        propose: Propose,
    ) -> Decision:
        asked, last = utterance.asked, utterance.last
        if steps == asked and last is not None:
            return last
        if not has_words(intent.text):
            return replace(draft, proposal=Proposal())
        goes_on = steps[: len(asked)] == asked
        if not goes_on:
            return self._correct(utterance, intent, now_ns, steps, draft)
        rest = propose(steps, len(asked))
        if rest.refusal or not rest.is_doable:
            return _told(draft, intent, rest)
        if self._is_too_late(utterance, intent, now_ns):
            return _told(draft, intent, Proposal(refusal=TOO_LATE))
        return self._commit(utterance, intent, 'append' if rest.is_work else rest.mode, steps, rest)

    def _correct(
        self, utterance: _Utterance, intent: Intent, now_ns: int, steps: tuple[Step, ...], draft: Decision
    ) -> Decision:
        """Do other steps instead; what turns out to be no work at all takes back what began."""
        proposal = draft.proposal
        is_other_work = proposal.is_doable and (proposal.is_work or proposal.mode == 'cancel')
        if not is_other_work:
            if not intent.is_final and not proposal.is_doable:
                return draft
            reason = SAY_AGAIN if proposal.question else proposal.refusal or proposal.say
            return self._stop(utterance, intent, reason)
        if self._is_too_late(utterance, intent, now_ns):
            return _told(draft, intent, Proposal(refusal=TOO_LATE))
        return self._commit(utterance, intent, proposal.mode, steps, proposal)

    def _commit(
        self, utterance: _Utterance, intent: Intent, mode: PlanMode, steps: tuple[Step, ...], proposal: Proposal
    ) -> Decision:
        decision = Decision(utterance.next_plan_id, proposal, mode, is_committed=True)
        utterance.plans += 1
        utterance.asked, utterance.last = steps, decision
        if mode in ('replace', 'cancel'):
            utterance.work.clear()
        if proposal.is_work:
            utterance.work.add(decision.plan_id)
        if proposal.is_work or mode == 'cancel':
            self._close_others(utterance)
        self._note_newest(utterance, intent)
        return replace(decision, is_new=True)

    def _stop(self, utterance: _Utterance, intent: Intent, reason: str = '') -> Decision:
        if utterance.has_stopped and utterance.last is not None:
            return utterance.last
        proposal = replace(STOP, say=f'I stopped. {reason}' if reason else '')
        decision = Decision(utterance.next_plan_id, proposal, 'stop', is_committed=True)
        utterance.plans += 1
        utterance.has_stopped, utterance.last = True, decision
        self._close_others(utterance)
        self._note_newest(utterance, intent)
        return replace(decision, is_new=True)

    def _close_others(self, utterance: _Utterance) -> None:
        """What was committed before for other utterances was dropped by the robot: nothing is added to it any more."""
        for other in self._utterances.values():
            if other is not utterance and other.work:
                other.is_over = True

    def _note_newest(self, utterance: _Utterance, intent: Intent) -> None:
        if intent.speech_end_ns >= self._newest_end_ns:
            self._newest, self._newest_end_ns = utterance, intent.speech_end_ns

    def _is_too_late(self, utterance: _Utterance, intent: Intent, now_ns: int) -> bool:
        """Say whether the words are stale, from the future (the clocks differ), or older than what is being done."""
        if abs(now_ns - intent.speech_end_ns) > self._settings.stale_s * 1e9:
            return True
        return utterance is not self._newest and intent.speech_end_ns < self._newest_end_ns


def _continue(utterance: _Utterance, begun: _Utterance) -> None:
    """Let an answer complete what another utterance began: one whole, of which the rest is still to be done."""
    utterance.is_over = begun.is_over or begun.has_stopped
    utterance.asked, utterance.last, utterance.work = begun.asked, begun.last, set(begun.work)


def _told(draft: Decision, intent: Intent, proposal: Proposal) -> Decision:
    return replace(draft, proposal=proposal, mode=proposal.mode, is_told=intent.is_final)


def _take(utterance: _Utterance, intent: Intent, steps: tuple[Step, ...]) -> bool:
    """Count the revision; return whether it is news: newer than all before, or the first final."""
    if utterance.has_final or (intent.revision <= utterance.revision and not intent.is_final):
        return False
    is_same = bool(steps) and steps == utterance.steps
    utterance.same_revisions = utterance.same_revisions + 1 if is_same else 1
    utterance.revision, utterance.steps, utterance.has_final = intent.revision, steps, intent.is_final
    return True
