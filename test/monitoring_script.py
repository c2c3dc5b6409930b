"""A scripted pipeline for the tests of the monitor: it publishes what the stages would, at times that are exact."""

from __future__ import annotations

import msgspec

from voice_pipeline.messages import (
    Execution,
    Intent,
    Move,
    MoveArguments,
    Plan,
    PlannedStep,
    StageTrace,
    Transcript,
)
from voice_pipeline.monitoring.budgets import HysteresisTimes, load_budgets
from voice_pipeline.monitoring.monitor import PipelineMonitor

MS = 1_000_000
S = 1_000 * MS
START_NS = 1_700_000_000 * S
FRAME_NS = 32 * MS
STEPS = (Move(args=MoveArguments(direction='forward', distance_m=2.0)),)
PLANNED = tuple(PlannedStep(step=step, speed_mps=0.3, speed_dps=30.0, timeout_s=10.0) for step in STEPS)


def hasty(budgets):
    """The budgets without patience: what a report says follows from what happened, not from the reports before."""
    return msgspec.structs.replace(budgets, hysteresis=HysteresisTimes(worse_after_s=0, better_after_s=0))


class Script:
    """
    Drives a monitor; `now_ns` is the clock, and each latency may be changed between utterances.

    Without budgets it is judged by the installed ones, and at once.
    """

    def __init__(self, budgets=None):
        self.now_ns = START_NS
        self.monitor = PipelineMonitor(budgets or hasty(load_budgets()), clock_ns=lambda: self.now_ns)
        self.sequence = 0
        self.recognition_ms = 40
        self.final_ms = 120
        self.understanding_ms = 4
        self.planning_ms = 2
        self.control_ms = 10
        self.transport_ms = 1

    def report(self):
        return self.monitor.report()

    def stage(self, name):
        return next(stage for stage in self.report().stages if stage.values.name == name)

    def wait(self, duration_ms):
        """Let time pass with nothing published."""
        self.now_ns += int(duration_ms * MS)

    def audio(self, frames, delay_ms=20):
        """Publish frames in real time; the newest was captured `delay_ms` ago."""
        for _ in range(frames):
            self.now_ns += FRAME_NS
            end_ns = self.now_ns - delay_ms * MS
            self.monitor.on_audio(self.sequence, end_ns - FRAME_NS, end_ns, self.now_ns)
            self.sequence += 1

    def trace(self, received_ns, *, is_final=False, until='control'):
        """Return the trace of a revision whose sound was at the recogniser at that time."""
        entries, at_ns = [], received_ns
        recognition_ms = self.final_ms if is_final else self.recognition_ms
        durations = (
            ('recognition', recognition_ms),
            ('understanding', self.understanding_ms),
            ('planning', self.planning_ms),
            ('control', self.control_ms),
        )
        for name, duration_ms in durations:
            finished_ns = at_ns + duration_ms * MS
            entries.append(StageTrace(name=name, received_ns=at_ns, finished_ns=finished_ns))
            at_ns = finished_ns + self.transport_ms * MS
            if name == until:
                break
        return tuple(entries)

    def messages(self, utterance_id, revision, speech_end_ns, *, is_final=False, text='go forward two meters'):
        """Return transcript, intent and plan of a revision that the recogniser received now."""
        common = {
            'utterance_id': utterance_id,
            'revision': revision,
            'is_final': is_final,
            'speech_end_ns': speech_end_ns,
        }
        traces = {
            until: self.trace(self.now_ns, is_final=is_final, until=until)
            for until in ('recognition', 'understanding', 'planning')
        }
        silence_ms = (self.now_ns - speech_end_ns) / MS
        return (
            Transcript(text=text, confidence=0.9, silence_ms=silence_ms, trace=traces['recognition'], **common),
            Intent(text=text, silence_ms=silence_ms, steps=STEPS, trace=traces['understanding'], **common),
            Plan(
                plan_id=f'plan of {utterance_id}',
                steps=PLANNED,
                is_committed=is_final,
                trace=traces['planning'],
                **common,
            ),
        )

    def execution(self, utterance_id, trace, *, speech_end_ns, state='running', plan_id=''):
        return Execution(
            utterance_id=utterance_id,
            revision=0,
            is_final=True,
            speech_end_ns=speech_end_ns,
            trace=trace,
            plan_id=plan_id or f'plan of {utterance_id}',
            state=state,
        )

    def publish(self, message, delay_ms=0):
        self.monitor.on_message(message, self.now_ns + delay_ms * MS)

    def speak(self, utterance_id, *, revisions=30, period_ms=64, silence_ms=150, text='go forward two meters'):
        """Speak, understand, plan, and start to move `silence_ms` + the stages' latencies after the last word."""
        for revision in range(revisions):
            self.wait(period_ms)
            for message in self.messages(utterance_id, revision, self.now_ns, text=text):
                self.publish(message)
        speech_end_ns = self.now_ns
        self.wait(silence_ms)
        for message in self.messages(utterance_id, revisions, speech_end_ns, is_final=True, text=text):
            self.publish(message)
        trace = self.trace(self.now_ns, is_final=True)
        self.now_ns = trace[-1].finished_ns
        self.publish(self.execution(utterance_id, trace, speech_end_ns=speech_end_ns))
        return trace

    def move(self, commands=40, period_ms=40):
        """Publish velocity commands, then zero."""
        for _ in range(commands):
            self.wait(period_ms)
            self.monitor.on_velocity(True, self.now_ns)
        self.wait(period_ms)
        self.monitor.on_velocity(False, self.now_ns)

    def obey(self, utterance_id, **speech):
        """Speak, move, and be done."""
        trace = self.speak(utterance_id, **speech)
        self.move()
        self.publish(self.execution(utterance_id, trace, speech_end_ns=0, state='done'))

    def cry_stop(self, utterance_id, *, brake_ms, is_moving=True):
        """Drive, hear "stop" and brake; the word is understood 45 ms after its last sample."""
        self.monitor.on_velocity(is_moving, self.now_ns)
        speech_end_ns = self.now_ns
        intent = self.messages(utterance_id, 0, speech_end_ns, text='stop')[1]
        self.wait(self.recognition_ms + self.understanding_ms + 1)
        self.publish(msgspec.structs.replace(intent, steps=(), emergency_stop=True))
        self.wait(brake_ms)
        self.monitor.on_velocity(False, self.now_ns)
