"""The planning stage: every intent becomes a plan, committed or not, or an answer, or a question."""

from __future__ import annotations

import time
from collections.abc import Callable

from voice_pipeline.messages import Execution, Intent, Plan, StageTrace, Step
from voice_pipeline.planning.commit import CommitPolicy, Decision
from voice_pipeline.planning.dialogue import Dialogue
from voice_pipeline.planning.proposal import Proposal, Proposer
from voice_pipeline.planning.robot_state import RobotState
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.planning.speeds import Speeds, usual_speeds
from voice_pipeline.planning.wording import has_words
from voice_pipeline.understanding.words.vocabulary import Vocabulary


class ActionPlanner:
    """Turns each intent, partial or final, into exactly one plan. Not thread-safe: one caller at a time."""

    def __init__(
        self, settings: PlanningSettings, vocabulary: Vocabulary, clock_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._clock_ns = clock_ns
        self._state = RobotState(clock_ns)
        self._settings = settings
        self._proposer = Proposer(settings, vocabulary, self._state)
        self._policy = CommitPolicy(settings)
        self._dialogue = Dialogue(settings.question_s)
        self._speeds = usual_speeds(settings)
        self._speeds_before = ('', self._speeds)  # the utterance that changed them last, and what they were

    @property
    def state(self) -> RobotState:
        """What is known of the robot: tell it about the odometry and the battery."""
        return self._state

    @property
    def speeds(self) -> Speeds:
        """The speeds at which the robot drives and turns where nothing else is said."""
        return self._speeds

    def use_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Know these names from now on, instead of those known so far."""
        self._proposer = Proposer(self._settings, vocabulary, self._state)

    def on_intent(self, intent: Intent, received_ns: int) -> Plan:
        """Return the plan for the intent. `received_ns`: when it arrived, on the clock of its `speech_end_ns`."""
        heard = self._dialogue.hear(intent, received_ns)

        def propose(steps: tuple[Step, ...], offset: int) -> Proposal:
            return self._proposer.propose(heard.intent, steps, offset, self._speeds_for(intent, offset))

        decision = self._policy.decide(heard.intent, received_ns, propose, heard.continues)
        plan = self._plan(intent, decision, received_ns)
        if decision.is_new or decision.is_told:
            self._keep_speeds(intent, decision)
        if decision.is_new:
            self._state.on_plan(plan, is_repetition=decision.proposal.is_repetition)
            if not heard.continues:
                self._dialogue.clear()  # who gives another command does not answer any more
        if decision.is_told and decision.proposal.question is not None:
            self._dialogue.ask(decision.proposal.question, heard.intent, received_ns)
        return plan

    def on_execution(self, execution: Execution) -> None:
        """Learn how far the robot is."""
        self._state.on_execution(execution)
        self._policy.on_execution(execution)
        if execution.state in ('stopped', 'failed'):
            self._dialogue.clear()

    def on_stop(self) -> None:
        """Learn that somebody stopped the robot: what it asked is not to be done any more."""
        self._dialogue.clear()

    def _plan(self, intent: Intent, decision: Decision, received_ns: int) -> Plan:
        proposal = decision.proposal
        return Plan(
            **intent.header,
            plan_id=decision.plan_id,
            mode='answer' if decision.is_told and proposal.question else decision.mode,
            is_committed=decision.is_committed,
            steps=() if decision.is_told and proposal.question else proposal.steps,
            refusal=proposal.refusal,
            say=_words(intent, proposal) if decision.is_committed or decision.is_told else '',
            trace=(*intent.trace, self._trace(received_ns)),
        )

    def _speeds_for(self, intent: Intent, offset: int) -> Speeds:
        """Return the speeds that the steps change: a later revision says again what an earlier one changed already."""
        utterance_id, before = self._speeds_before
        return before if utterance_id == intent.utterance_id and not offset else self._speeds

    def _keep_speeds(self, intent: Intent, decision: Decision) -> None:
        utterance_id, before = self._speeds_before
        is_other_work = utterance_id == intent.utterance_id and decision.is_new and decision.mode == 'replace'
        changed = decision.proposal.speeds or (before if is_other_work else None)
        if changed is None:
            return
        if utterance_id != intent.utterance_id:
            self._speeds_before = intent.utterance_id, self._speeds
        self._speeds = changed

    def _trace(self, received_ns: int) -> StageTrace:
        return StageTrace(name='planning', received_ns=received_ns, finished_ns=self._clock_ns())


def spoken_reply(plan: Plan) -> str:
    """Return what to say about the plan, '' for nothing: partials are never spoken about."""
    return plan.say if plan.is_final else ''


def _words(intent: Intent, proposal: Proposal) -> str:
    if proposal.question is not None:
        return proposal.question.text
    return proposal.say or proposal.refusal if has_words(intent.text) else ''
