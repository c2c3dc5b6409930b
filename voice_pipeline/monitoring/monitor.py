"""Watches what the stages publish. No ROS: whoever receives messages hands them in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from voice_pipeline.jetson.outcome import SetupRecord
from voice_pipeline.messages import STAGES, Execution, Intent, Message, Plan, StageName, Transcript
from voice_pipeline.monitoring.budgets import Budgets
from voice_pipeline.monitoring.causes import Circumstances, with_causes
from voice_pipeline.monitoring.history import UtteranceHistory
from voice_pipeline.monitoring.hysteresis import Hysteresis
from voice_pipeline.monitoring.judge import judge
from voice_pipeline.monitoring.latency import VoiceToAction
from voice_pipeline.monitoring.machine import MachineSample, MachineStatistics
from voice_pipeline.monitoring.report import Report
from voice_pipeline.monitoring.stages import StageStatistics, newest_trace
from voice_pipeline.monitoring.statistics import Waiting
from voice_pipeline.monitoring.stopping import StopLatency, VoiceToStop
from voice_pipeline.monitoring.utterances import UtteranceRecord


class PipelineMonitor:
    """
    Statistics and verdicts of the whole pipeline.

    All times are nanoseconds of the system clock, which the messages' stamps are of; `clock_ns` gives it. Messages of
    one kind come in the order they were published. Not thread-safe: use it from one thread.
    """

    def __init__(self, budgets: Budgets, clock_ns: Callable[[], int]) -> None:
        self._budgets = budgets
        self._clock_ns = clock_ns
        self._stages = {name: _statistics(name, budgets) for name in STAGES}
        self._voice_to_action = VoiceToAction()
        self._voice_to_stop = VoiceToStop()
        self._machine = MachineStatistics()
        self._history = UtteranceHistory()
        self._hysteresis = Hysteresis(budgets.hysteresis)
        self._circumstances = Circumstances()
        self._unanswered_transcripts: Waiting[tuple[str, int]] = Waiting()
        self._unanswered_intents: Waiting[tuple[str, int]] = Waiting()
        self._waiting_plans: Waiting[str] = Waiting()
        self._capture_run = 0
        self._newest_sequence = -1

    # --- what comes in -------------------------------------------------------------------------------------------

    def on_audio(self, sequence: int, stamp_ns: int, end_ns: int, received_ns: int) -> None:
        """
        Take in a frame of sound, captured from `stamp_ns` to `end_ns`; one that lasts no time is malformed.

        A sequence number that is not above the one before means that the capture was started again.
        """
        if end_ns <= stamp_ns:
            self.on_malformed('audio', 'a frame that lasts no time')
            return
        if sequence <= self._newest_sequence:
            self._capture_run += 1
        self._newest_sequence = sequence
        audio = self._stages['audio']
        audio.on_message(received_ns)
        audio.on_work(received_ns)
        audio.rate.tick(self._capture_run, received_ns)
        audio.on_latency(received_ns - end_ns)
        if audio.on_number(self._capture_run, sequence):
            audio.on_fault(received_ns)

    def on_message(self, message: Message, received_ns: int) -> None:
        """Take in a transcript, intent, plan or execution."""
        self._history.on_message(message, received_ns)
        if isinstance(message, Transcript):
            self._on_transcript(message, received_ns)
        elif isinstance(message, Intent):
            self._on_intent(message, received_ns)
        elif isinstance(message, Plan):
            self._on_plan(message, received_ns)
        elif isinstance(message, Execution):
            self._on_execution(message, received_ns)

    def on_velocity(self, is_moving: bool, received_ns: int) -> None:
        """Take in a velocity command; `is_moving` is false for zero velocity. Pauses between motions do not count."""
        control = self._stages['control']
        control.on_message(received_ns)
        if is_moving:
            control.on_work(received_ns)
            control.rate.tick('motion', received_ns)
        else:
            control.rate.end()
        self._on_stopped(self._voice_to_stop.on_velocity(is_moving, received_ns), received_ns)

    def on_malformed(self, stage: StageName, reason: str = 'malformed') -> None:
        """Count a message of this stage that could not be read, at the time of the clock."""
        self._stages[stage].on_malformed(self._clock_ns(), reason)

    def on_counted_elsewhere(self, stage: StageName, counts: Mapping[str, int]) -> None:
        """Take in what a stage itself has rejected since it was started, by reason."""
        self._stages[stage].on_counted_elsewhere(counts)

    def on_machine(self, sample: MachineSample) -> None:
        """Take in a sample of the machine."""
        self._machine.on_sample(sample)

    def on_setup(self, setup: SetupRecord | None) -> None:
        """Take in how the Jetson is set up, None where that is not known."""
        self._circumstances = self._circumstances.with_setup(setup)

    def on_ready(self, node: str) -> None:
        """Take in that a node does its work from now on."""
        self._circumstances = self._circumstances.with_ready(node)

    # --- what it says --------------------------------------------------------------------------------------------

    def report(self, now_ns: int | None = None) -> Report:
        """Return values and verdicts at that time, by default now; verdicts change from one report to the next."""
        moment_ns = self._clock_ns() if now_ns is None else now_ns
        judged = judge(
            moment_ns,
            (self._stages[name].values(moment_ns) for name in STAGES),
            self._voice_to_action.values(),
            self._voice_to_stop.values(),
            self._machine.values(),
            self._budgets,
        )
        return with_causes(self._hysteresis.steady(judged), self._circumstances)

    def utterances(self) -> tuple[UtteranceRecord, ...]:
        """Return the newest utterances, in the order in which they began."""
        return self._history.records()

    def changed_utterances(self) -> tuple[UtteranceRecord, ...]:
        """Return the utterances that have come further since the last call."""
        return self._history.take_changed()

    # --- one kind of message each --------------------------------------------------------------------------------

    def _on_transcript(self, transcript: Transcript, received_ns: int) -> None:
        self._on_revision('recognition', transcript, received_ns)
        if not transcript.is_final:
            self._stages['recognition'].on_work(received_ns)  # it owes the rest of the utterance
        understanding = self._stages['understanding']
        understanding.on_work(received_ns)
        self._unanswered_transcripts.ask(_revision(transcript))
        understanding.on_queue(len(self._unanswered_transcripts))
        self._voice_to_action.on_transcript(transcript)

    def _on_intent(self, intent: Intent, received_ns: int) -> None:
        self._on_revision('understanding', intent, received_ns)
        self._unanswered_transcripts.answer(_revision(intent), and_all_before=True)
        self._stages['understanding'].on_queue(len(self._unanswered_transcripts))
        planning = self._stages['planning']
        if intent.steps:  # an intent without steps asks for nothing
            planning.on_work(received_ns)
        self._unanswered_intents.ask(_revision(intent))
        planning.on_queue(len(self._unanswered_intents))
        self._voice_to_action.on_intent(intent)
        if intent.emergency_stop and intent.source != 'typed':
            self._on_stopped(self._voice_to_stop.on_emergency(intent, received_ns), received_ns)

    def _on_plan(self, plan: Plan, received_ns: int) -> None:
        self._on_revision('planning', plan, received_ns)
        planning, control = self._stages['planning'], self._stages['control']
        self._unanswered_intents.answer(_revision(plan), and_all_before=True)
        planning.on_queue(len(self._unanswered_intents))
        if plan.is_final and plan.refusal:
            planning.on_rejected(f'refused: {plan.refusal}')
        begins = self._voice_to_action.on_plan(plan)
        if plan.is_committed and plan.steps:
            self._waiting_plans.ask(plan.plan_id)
            control.on_queue(len(self._waiting_plans))
            if begins:
                control.on_work(received_ns)

    def _on_execution(self, execution: Execution, received_ns: int) -> None:
        control = self._stages['control']
        control.on_message(received_ns)
        self._waiting_plans.answer(execution.plan_id)
        control.on_queue(len(self._waiting_plans))
        if execution.state == 'refused':
            control.on_rejected(f'refused: {execution.reason}')
        control.on_trace(execution.trace)
        start = self._voice_to_action.on_execution(execution)
        if start is None:
            return
        if not start.is_queued and start.control_ns is not None:
            control.on_latency(start.control_ns)
        if start.utterance is not None:
            self._history.on_latency(start.utterance, received_ns)

    def _on_revision(self, name: StageName, message: Message, received_ns: int) -> None:
        """Count a revision that this stage published."""
        stage = self._stages[name]
        stage.on_message(received_ns)
        stage.on_number(message.utterance_id, message.revision)
        if message.is_final:
            # A final may take longer than a period: it has a latency budget of its own, and is not a stall.
            stage.rate.end()
        else:
            stage.rate.tick(message.utterance_id, received_ns)
        stage.on_trace(message.trace)
        entry = newest_trace(message.trace, name)
        if entry is not None:
            is_final = message.is_final and name == 'recognition'
            stage.on_latency(entry.finished_ns - entry.received_ns, is_final=is_final)

    def _on_stopped(self, stop: StopLatency | None, received_ns: int) -> None:
        if stop is not None:
            self._history.on_stopped(stop, received_ns)


def _statistics(name: StageName, budgets: Budgets) -> StageStatistics:
    budget = budgets.stage(name)
    final_ms = math.inf if budget.final_p95_ms is None else budget.final_p95_ms
    return StageStatistics(name, deadline_ms=budget.latency_p95_ms, final_deadline_ms=final_ms)


def _revision(message: Message) -> tuple[str, int]:
    return message.utterance_id, message.revision
