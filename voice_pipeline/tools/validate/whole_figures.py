"""What a conversation with the whole pipeline amounts to, promise by promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from voice_pipeline.messages import Execution, Intent, Message, Plan, Transcript
from voice_pipeline.monitoring.budgets import Budgets
from voice_pipeline.monitoring.latency import PlanStarts, UtteranceLatency, VoiceToAction
from voice_pipeline.monitoring.machine import MachineValues
from voice_pipeline.monitoring.statistics import NS_PER_MS
from voice_pipeline.tools.demo.person import Spoken
from voice_pipeline.tools.validate.lines import Line, amount, average, highest, rate, upper_p95
from voice_pipeline.tools.validate.promises import VOICE_TO_STOP_P95_MS
from voice_pipeline.tools.validate.witness import (
    VelocityArrival,
    Witness,
    intervals_ms,
    newest_sound_ms,
    revision_intervals_ms,
    work_ms,
)

_ENOUGH = 10_000  # utterances that are kept


@dataclass
class Record:
    """
    What was said to the pipeline and counts, and what was seen of it since `since_ns` (system clock).

    `moves` are the long ones that `stops` ended: their recording may have noise in it, and where noise begins and
    speech ends is not told from outside.
    """

    witness: Witness
    since_ns: int = 0
    commands: list[Spoken] = field(default_factory=list)
    moves: list[Spoken] = field(default_factory=list)
    stops: list[Spoken] = field(default_factory=list)

    @property
    def machine(self) -> list[MachineValues]:
        """The monitor's samples of the machine."""
        return [report.machine.values for report in self.witness.reports if report.now_ns >= self.since_ns]

    @property
    def velocities(self) -> list[VelocityArrival]:
        """The velocity commands."""
        return [one for one in self.witness.velocities if one.received_ns >= self.since_ns]

    @property
    def messages(self) -> list[Message]:
        """The messages of all stages, in the order in which they came."""
        return [one.message for one in self.witness.received if one.received_ns >= self.since_ns]

    @property
    def latencies(self) -> list[UtteranceLatency]:
        """Voice to action, of each spoken command that started a motion; a stop starts none."""
        follower = VoiceToAction(size=_ENOUGH)
        for message in self.messages:
            if isinstance(message, Transcript):
                follower.on_transcript(message)
            elif isinstance(message, Intent):
                follower.on_intent(message)
            elif isinstance(message, Plan):
                follower.on_plan(message)
            elif isinstance(message, Execution):
                follower.on_execution(message)
        stops = {one.utterance_id for one in self.messages if isinstance(one, Intent) and one.emergency_stop}
        counted = (one for one in follower.values().utterances if one.kind == 'voice' and not one.problem)
        return [one for one in counted if one.utterance_id not in stops]


def lines_of(record: Record, budgets: Budgets) -> list[Line]:
    """Return every promise about the whole."""
    return [
        *_listening_lines(record, budgets),
        *_thinking_lines(record, budgets),
        *_control_lines(record, budgets),
        *_latency_lines(record, budgets),
        *machine_lines(record.machine, budgets),
    ]


def _listening_lines(record: Record, budgets: Budgets) -> list[Line]:
    audio, recognition = budgets.stages.audio, budgets.stages.recognition
    frames = [one for one in record.witness.frames if one.received_ns >= record.since_ns]
    arrivals_ms = [(one.received_ns - one.end_ns) / NS_PER_MS for one in frames]
    transcripts = record.witness.of_kind(Transcript, record.since_ns)
    voiced = [one for one, _ in transcripts if not one.is_final and not one.silence_ms]
    finals = [one for one, _ in transcripts if one.is_final and one.text]
    return [
        rate('audio_hz', 'audio', intervals_ms(('', one.received_ns) for one in frames), audio.min_hz),
        upper_p95('audio_ms', 'audio: arrival', arrivals_ms, audio.latency_p95_ms),
        rate('recognition_hz', 'recognition', revision_intervals_ms(transcripts), recognition.min_hz),
        upper_p95(
            'recognition_ms', 'recognition: revision', work_ms(voiced, 'recognition'), recognition.latency_p95_ms
        ),
        upper_p95(
            'recognition_final_ms', 'recognition: final', work_ms(finals, 'recognition'), recognition.final_p95_ms
        ),
    ]


def _thinking_lines(record: Record, budgets: Budgets) -> list[Line]:
    understanding, planning = budgets.stages.understanding, budgets.stages.planning
    intents = record.witness.of_kind(Intent, record.since_ns)
    plans = record.witness.of_kind(Plan, record.since_ns)
    understanding_ms = work_ms((intent for intent, _ in intents), 'understanding')
    planning_ms = work_ms((plan for plan, _ in plans), 'planning')
    drafts = [plan for plan, _ in plans if not plan.is_final]
    return [
        rate('understanding_hz', 'understanding', revision_intervals_ms(intents), understanding.min_hz),
        upper_p95('understanding_ms', 'understanding: intent', understanding_ms, understanding.latency_p95_ms),
        rate('end_to_end_hz', 'end to end, plans', revision_intervals_ms(plans), planning.min_hz),
        upper_p95('planning_ms', 'planning: plan', planning_ms, planning.latency_p95_ms),
        upper_p95('newest_sound_ms', 'newest sound to plan', newest_sound_ms(drafts, 'planning'), None),
    ]


def _control_lines(record: Record, budgets: Budgets) -> list[Line]:
    limits = budgets.stages.control
    # Zero velocity ends a motion: the time to the next one is no cycle.
    periods_ms = intervals_ms(('' if one.is_moving else None, one.received_ns) for one in record.velocities)
    return [
        rate('control_hz', 'control, in motion', periods_ms, limits.min_hz),
        upper_p95('control_cycle_ms', 'control: cycle', periods_ms, limits.latency_p95_ms),
        upper_p95('control_ms', 'control: plan to velocity', _starts_ms(record), limits.latency_p95_ms),
    ]


def _starts_ms(record: Record) -> list[float]:
    """Return how long the control took to start each plan that had not to wait for another."""
    starts = PlanStarts()
    found: list[float] = []
    for message in record.messages:
        if isinstance(message, Plan):
            starts.on_plan(message)
        start = starts.on_execution(message) if isinstance(message, Execution) else None
        if start is not None and not start.is_queued and start.control_ns is not None:
            found.append(start.control_ns / NS_PER_MS)
    return found


def _since_sound(latencies_ms: Sequence[float]) -> str:
    """Return from when they count, and how many of them are negative, and why."""
    early = sum(latency_ms < 0.0 for latency_ms in latencies_ms)
    begun = f'; {early} while it was still to be heard' if early else ''
    return f'from the last audible sound of the recording{begun}'


def _latency_lines(record: Record, budgets: Budgets) -> list[Line]:
    limit_ms = budgets.voice_to_action_p95_ms
    latencies, actions_ms = record.latencies, actions_outside_ms(record)
    totals_ms = [one.total_ms for one in latencies if one.total_ms is not None]
    stops_ms, stops_outside_ms = stops_of(record)
    heard_end = 'from the last sample taken for voice'
    still = len(record.commands) - len(actions_ms)
    return [
        upper_p95('voice_to_action_ms', 'voice to action', totals_ms, limit_ms, note=_parts(latencies) or heard_end),
        upper_p95(
            'voice_to_action_outside_ms',
            'voice to action, as seen',
            actions_ms,
            limit_ms,
            note=_since_sound(actions_ms),
        ),
        upper_p95('voice_to_stop_ms', 'voice to stop', stops_ms, VOICE_TO_STOP_P95_MS, note=heard_end),
        upper_p95(
            'voice_to_stop_outside_ms',
            'voice to stop, as seen',
            stops_outside_ms,
            VOICE_TO_STOP_P95_MS,
            note=_since_sound(stops_outside_ms),
        ),
        amount('not_moved', 'commands without motion', float(still), '', 0.0, note=f'of {len(record.commands)}'),
    ]


def _parts(latencies: Sequence[UtteranceLatency]) -> str:
    """Return the median of each part, in flow order."""
    parts: dict[str, list[float]] = {}
    for latency in latencies:
        for part in latency.parts:
            parts.setdefault(part.name, []).append(part.duration_ms)
    return ', '.join(f'{name} {median(durations):.0f}' for name, durations in parts.items())


def actions_outside_ms(record: Record) -> list[float]:
    """Return, of each command, the time from its last audible sound to the first velocity that was received."""
    moving = [one.received_ns for one in record.velocities if one.is_moving]
    starts = [spoken.started_ns for spoken in (*record.commands, *record.moves, *record.stops)]
    found: list[float] = []
    for spoken in record.commands:
        until_ns = min((start_ns for start_ns in starts if start_ns > spoken.started_ns), default=2**63)
        first_ns = next((at_ns for at_ns in moving if spoken.started_ns <= at_ns < until_ns), None)
        if first_ns is not None:
            found.append((first_ns - spoken.speech_end_ns) / NS_PER_MS)
    return found


def stops_of(record: Record) -> tuple[list[float], list[float]]:
    """
    Return the times to zero velocity of each spoken stop.

    The first are from the last sample that the recogniser took for voice, in the revision whose word stopped the robot;
    the second from the last audible sound of the recording, which may come later: a stop needs not the whole word.
    """
    emergencies = [intent for intent, _ in record.witness.of_kind(Intent, record.since_ns) if intent.emergency_stop]
    heard_ms: list[float] = []
    seen_ms: list[float] = []
    for spoken in record.stops:
        heard = next((one for one in emergencies if one.speech_end_ns >= spoken.started_ns), None)
        zero_ns = next(
            (
                one.received_ns
                for one in record.velocities
                if not one.is_moving and one.received_ns >= spoken.started_ns
            ),
            None,
        )
        if heard is not None and zero_ns is not None:
            heard_ms.append((zero_ns - heard.speech_end_ns) / NS_PER_MS)
            seen_ms.append((zero_ns - spoken.speech_end_ns) / NS_PER_MS)
    return heard_ms, seen_ms


def pipeline_cpu_percent(values: MachineValues) -> float | None:
    """Return the pipeline's own load, in % of all cores; None where it is not known."""
    if not values.core_percents or not values.processes:
        return None
    return sum(process.cpu_percent or 0.0 for process in values.processes) / len(values.core_percents)


def machine_lines(values: Sequence[MachineValues], budgets: Budgets) -> list[Line]:
    """Return what the pipeline costs, from the monitor's samples."""
    cpu = [sum(one.core_percents) / len(one.core_percents) for one in values if one.core_percents]
    own = [share for one in values if (share := pipeline_cpu_percent(one)) is not None]
    gpu = [one.gpu_percent for one in values if one.gpu_percent is not None]
    memory = [one.memory_mb for one in values if one.memory_mb is not None]
    limits = budgets.machine
    no_gpu = '' if gpu else 'no GPU whose load is told'
    return [
        average('cpu_percent', 'CPU, all cores', cpu, '%', limits.cpu_percent, note='other programs included'),
        average('pipeline_cpu_percent', 'CPU, the pipeline alone', own, '%', limits.cpu_percent),
        average('gpu_percent', 'GPU', gpu, '%', limits.gpu_percent, note=no_gpu),
        highest('memory_mb', 'memory of all nodes', memory, 'MB', limits.memory_mb),
    ]
