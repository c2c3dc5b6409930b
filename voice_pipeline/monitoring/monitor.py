"""Watches what the stages publish. No ROS: whoever receives messages hands them in."""

from __future__ import annotations

from collections.abc import Callable

from voice_pipeline.messages import STAGES, Execution, Intent, Message, Plan, StageName, Transcript
from voice_pipeline.monitoring.budgets import Budgets
from voice_pipeline.monitoring.judge import judge
from voice_pipeline.monitoring.latency import VoiceToAction
from voice_pipeline.monitoring.machine import MachineSample, MachineStatistics
from voice_pipeline.monitoring.report import Report
from voice_pipeline.monitoring.stages import StageStatistics, newest_trace


class PipelineMonitor:
    """
    Statistics and verdicts of the whole pipeline.

    All times are nanoseconds of the system clock, which the messages' stamps are of; `clock_ns` gives it. Messages of
    one kind come in the order they were published. Not thread-safe: use it from one thread.
    """

    def __init__(self, budgets: Budgets, clock_ns: Callable[[], int]) -> None:
        self._budgets = budgets
        self._clock_ns = clock_ns
        self._stages = {name: StageStatistics(name) for name in STAGES}
        self._voice_to_action = VoiceToAction()
        self._machine = MachineStatistics()
        self._capture_run = 0
        self._newest_sequence = -1

    def on_audio(self, sequence: int, stamp_ns: int, end_ns: int, received_ns: int) -> None:
        """
        Take in a frame of sound, captured from `stamp_ns` to `end_ns`; one that lasts no time is malformed.

        A sequence number that is not above the one before means that the capture was started again.
        """
        if end_ns <= stamp_ns:
            self.on_malformed('audio')
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

    def on_malformed(self, stage: StageName) -> None:
        """Count a message of this stage that could not be read, at the time of the clock."""
        self._stages[stage].on_malformed(self._clock_ns())

    def on_machine(self, sample: MachineSample) -> None:
        """Take in a sample of the machine."""
        self._machine.on_sample(sample)

    def report(self, now_ns: int | None = None) -> Report:
        """Return values and verdicts at that time, by default now."""
        moment_ns = self._clock_ns() if now_ns is None else now_ns
        stages = tuple(self._stages[name].values(moment_ns) for name in STAGES)
        return judge(moment_ns, stages, self._voice_to_action.values(), self._machine.values(), self._budgets)

    def _on_transcript(self, transcript: Transcript, received_ns: int) -> None:
        self._on_revision('recognition', transcript, received_ns)
        if not transcript.is_final:
            self._stages['recognition'].on_work(received_ns)  # it owes the rest of the utterance
        self._stages['understanding'].on_work(received_ns)
        self._voice_to_action.on_transcript(transcript)

    def _on_intent(self, intent: Intent, received_ns: int) -> None:
        self._on_revision('understanding', intent, received_ns)
        if intent.steps:  # an intent without steps asks for nothing
            self._stages['planning'].on_work(received_ns)
        self._voice_to_action.on_intent(intent)

    def _on_plan(self, plan: Plan, received_ns: int) -> None:
        self._on_revision('planning', plan, received_ns)
        begins = self._voice_to_action.on_plan(plan)
        if begins and plan.steps:
            self._stages['control'].on_work(received_ns)

    def _on_execution(self, execution: Execution, received_ns: int) -> None:
        control = self._stages['control']
        control.on_message(received_ns)
        start = self._voice_to_action.on_execution(execution)
        if start is not None and not start.is_queued and start.control_ns is not None:
            control.on_latency(start.control_ns)

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
        entry = newest_trace(message.trace, name)
        if entry is not None:
            is_final = message.is_final and name == 'recognition'
            stage.on_latency(entry.finished_ns - entry.received_ns, is_final=is_final)
