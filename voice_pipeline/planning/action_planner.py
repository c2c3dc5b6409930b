"""The planning stage: every intent becomes a plan, committed or not."""

from __future__ import annotations

import time
from collections.abc import Callable

from voice_pipeline.messages import Execution, Intent, Plan, PlannedStep, StageTrace, Step
from voice_pipeline.planning.commit import CommitPolicy, executable
from voice_pipeline.planning.planner import Planner, RefusedError
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.understanding.parser import NOTHING_SAID
from voice_pipeline.understanding.vocabulary import Vocabulary


class ActionPlanner:
    """Turns each intent, partial or final, into exactly one plan. Not thread-safe: one caller at a time."""

    def __init__(
        self, settings: PlanningSettings, vocabulary: Vocabulary, clock_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._planner = Planner(settings, vocabulary)
        self._policy = CommitPolicy(settings)
        self._clock_ns = clock_ns
        self._last_execution: Execution | None = None

    @property
    def last_execution(self) -> Execution | None:
        """What the robot last said about its work."""
        return self._last_execution

    def on_intent(self, intent: Intent, received_ns: int) -> Plan:
        """Return the plan for the intent. `received_ns`: when it arrived, on the clock of its `speech_end_ns`."""
        planned, refusal = self._plan(executable(intent.steps))
        if not intent.steps:
            refusal = intent.reason or 'I did not understand that.'
        decision = self._policy.decide(intent, received_ns, refusal)
        if decision.is_committed or not refusal:
            planned, _ = self._plan(decision.steps)
        return Plan(
            utterance_id=intent.utterance_id,
            revision=intent.revision,
            is_final=intent.is_final,
            speech_end_ns=intent.speech_end_ns,
            plan_id=decision.plan_id,
            mode=decision.mode,
            is_committed=decision.is_committed,
            steps=planned,
            refusal='' if decision.is_committed else decision.refusal,
            trace=(*intent.trace, self._trace(received_ns)),
        )

    def on_execution(self, execution: Execution) -> None:
        """Learn how far the robot is."""
        self._last_execution = execution
        self._policy.on_execution(execution)

    def _plan(self, steps: tuple[Step, ...]) -> tuple[tuple[PlannedStep, ...], str]:
        try:
            return self._planner.plan(steps), ''
        except RefusedError as error:
            return (), str(error)

    def _trace(self, received_ns: int) -> StageTrace:
        return StageTrace(name='planning', received_ns=received_ns, finished_ns=self._clock_ns())


def spoken_reply(plan: Plan) -> str:
    """Return what to say about the plan: why a finished utterance is not done, or ''."""
    if not plan.is_final or plan.is_committed or plan.refusal == NOTHING_SAID:
        return ''
    return plan.refusal
