"""Watches what the stages publish and judges it by the budgets. No ROS: whoever receives messages hands them in."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from voice_pipeline.messages import STAGES, Execution, Intent, Message, Plan, StageName, Transcript
from voice_pipeline.monitoring.budgets import Budgets
from voice_pipeline.monitoring.latency import VoiceToAction
from voice_pipeline.monitoring.machine import MachineSample, MachineStatistics
from voice_pipeline.monitoring.report import (
    Check,
    LatencyReport,
    Level,
    MachineReport,
    Report,
    StageReport,
    Verdict,
)
from voice_pipeline.monitoring.stages import StageStatistics, StageValues, newest_trace

NO_DATA = Verdict(Level.OK, 'no data yet')
QUIET_REASONS: dict[StageName, str] = {
    'audio': 'no audio',
    'recognition': 'no transcript in the middle of an utterance',
    'understanding': 'no intent for a transcript',
    'planning': 'no plan for an intent',
    'control': 'no velocity command or execution although there is a plan or motion',
}


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
        self._motion = 0

    def on_audio(self, sequence: int, stamp_ns: int, end_ns: int, received_ns: int) -> None:
        """Take in a frame of sound, from `stamp_ns` to `end_ns`; a sequence that starts again is a new capture."""
        audio = self._stages['audio']
        if sequence <= self._newest_sequence or end_ns < stamp_ns:
            self._capture_run += 1
        self._newest_sequence = sequence
        audio.on_message(received_ns)
        audio.on_work(received_ns)
        audio.rate.tick(self._capture_run, received_ns)
        audio.on_latency(received_ns - end_ns)
        if audio.on_number(self._capture_run, sequence):
            audio.on_fault(received_ns)
