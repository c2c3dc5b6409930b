"""Command processing and action planning, each node alone, fed over its topic with what the stage before made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Generic, Literal, TypeVar

import msgspec

from voice_pipeline.messages import Intent, Message, Plan, Transcript
from voice_pipeline.monitoring.budgets import Budgets
from voice_pipeline.monitoring.statistics import NS_PER_MS
from voice_pipeline.tools.benchmark.recorded import recorded, said_again
from voice_pipeline.tools.benchmark.scenarios import Effort
from voice_pipeline.tools.processes import PipelineError
from voice_pipeline.tools.revisions import Clock
from voice_pipeline.tools.validate.exchange import (
    Exchange,
    SystemClock,
    answer_intervals_ms,
    lost,
    offer,
    round_trips_ms,
    take_turns,
)
from voice_pipeline.tools.validate.lines import Line, amount, rate, upper_p95
from voice_pipeline.tools.validate.promises import GRAMMAR_P95_MS, INTENTS_HZ, OFFERED_TO_BUDGET, PLANS_HZ
from voice_pipeline.tools.validate.session import Session, session
from voice_pipeline.tools.validate.witness import work_ms
from voice_pipeline.understanding.intent_parser import IntentParser
from voice_pipeline.understanding.settings import UnderstandingSettings

FedT = TypeVar('FedT', Transcript, Intent)
WARM_UP_ROUNDS, WARM_UP_MESSAGES, WARM_UP_HZ = 15, 50, 50.0  # at most; a warm stage takes one round
WARM_MS = 50.0  # the slowest answer of a warm stage: far above what each takes
CONNECT_TRIES, CONNECT_S = 60, 0.5


@dataclass(frozen=True)
class Stage(Generic[FedT]):
    """A stage that answers each message with one; `plural` is what it makes, in words."""

    node: str
    name: Literal['understanding', 'planning']
    plural: str
    takes: type[FedT]
    gives: type[Message]
    budget_hz: float


UNDERSTANDING = Stage('intent_parser', 'understanding', 'intents', Transcript, Intent, INTENTS_HZ)
PLANNING = Stage('action_planner', 'planning', 'plans', Intent, Plan, PLANS_HZ)


class StagePartner(Generic[FedT]):
    """The stage's node, as a partner of an exchange."""

    def __init__(self, stage: Stage[FedT], at_work: Session) -> None:
        self._stage: Stage[FedT] = stage
        self._witness = at_work.witness
        self._publish = at_work.probe.sender(stage.takes)

    def send(self, message: FedT) -> FedT:
        """Publish the message, its speech ending as long ago as its silence is."""
        speech_end_ns = time.time_ns() - round(message.silence_ms * NS_PER_MS)
        fresh = msgspec.structs.replace(message, speech_end_ns=speech_end_ns)
        self._publish(fresh)
        return fresh

    def answered_ns(self, message: FedT, timeout_s: float) -> int | None:
        """Wait for the stage's first answer to this revision."""
        return self._witness.answered_ns(self._stage.gives, message, timeout_s)


def validate_understanding(effort: Effort, budgets: Budgets, logs: Path) -> list[Line]:
    """Feed the intent parser with recorded revisions. Raises `PipelineError`, `RecordingError`."""
    revisions = recorded()
    with session({UNDERSTANDING.node: {}}, logs) as at_work:
        offered, turns = _exercise(UNDERSTANDING, lambda name: said_again(revisions, name), effort, at_work)
        intents = [intent for intent, _ in at_work.witness.of_kind(Intent, offered[0].sent_ns)]
    by_grammar = work_ms((intent for intent in intents if intent.source == 'grammar'), 'understanding')
    return [
        *_exchange_lines(UNDERSTANDING, offered, turns),
        *_work_lines(UNDERSTANDING, intents, budgets),
        upper_p95('grammar_ms', 'of these, by the grammar', by_grammar, GRAMMAR_P95_MS),
    ]


def validate_planning(effort: Effort, budgets: Budgets, logs: Path) -> list[Line]:
    """Feed the planner with the intents of recorded revisions. Raises `PipelineError`, `RecordingError`."""
    intents = _intents(recorded())
    with session({PLANNING.node: {}}, logs) as at_work:
        offered, turns = _exercise(PLANNING, lambda name: _meant_again(intents, name), effort, at_work)
        plans = [plan for plan, _ in at_work.witness.of_kind(Plan, offered[0].sent_ns)]
    return [*_exchange_lines(PLANNING, offered, turns), *_work_lines(PLANNING, plans, budgets)]


def _intents(transcripts: Sequence[Transcript]) -> list[Intent]:
    """Return what the grammar makes of the transcripts."""
    parser = IntentParser(UnderstandingSettings(semantic='off'))
    return [
        msgspec.structs.replace(parser.on_transcript(transcript, transcript.speech_end_ns), trace=())
        for transcript in transcripts
    ]


def _meant_again(intents: Sequence[Intent], name: str) -> Iterable[Intent]:
    return (
        msgspec.structs.replace(intent, utterance_id=f'{name}-{turn}-{intent.utterance_id}')
        for turn in count()
        for intent in intents
    )


def _exercise(
    stage: Stage[FedT], messages: Callable[[str], Iterable[FedT]], effort: Effort, at_work: Session
) -> tuple[list[Exchange], list[Exchange]]:
    """Return the exchanges at the offered rate, and in turns, of a stage that is connected and warm."""
    partner, clock = StagePartner(stage, at_work), SystemClock()
    at_work.wait_ready([stage.node])
    _connect(partner, messages('connect'), stage)
    _warm_up(partner, messages('warm-up'), clock)
    offered = offer(messages('offered'), effort.offered, OFFERED_TO_BUDGET * stage.budget_hz, partner, clock)
    return offered, take_turns(messages('turns'), effort.turns, partner, clock)


def _connect(partner: StagePartner[FedT], messages: Iterable[FedT], stage: Stage[FedT]) -> None:
    """Send until the first answer: DDS takes its time to connect. Raises `PipelineError`."""
    for message in islice(messages, CONNECT_TRIES):
        if partner.answered_ns(partner.send(message), CONNECT_S) is not None:
            return
    raise PipelineError(
        f'{stage.node} does not answer: look for its log in reports/logs, and whether a firewall keeps DDS '
        'from using the loopback interface'
    )


def _warm_up(partner: StagePartner[FedT], messages: Iterable[FedT], clock: Clock) -> None:
    """Send until the answers come at their pace: a node that is ready may still load models in the background."""
    source = iter(messages)
    for _ in range(WARM_UP_ROUNDS):
        exchanges = offer(source, WARM_UP_MESSAGES, WARM_UP_HZ, partner, clock)
        if not lost(exchanges) and max(round_trips_ms(exchanges)) < WARM_MS:
            return


def _exchange_lines(stage: Stage[FedT], offered: Sequence[Exchange], turns: Sequence[Exchange]) -> list[Line]:
    at_hz = f'{OFFERED_TO_BUDGET * stage.budget_hz:g} Hz'
    missing = lost([*offered, *turns])
    return [
        rate('held_hz', f'{stage.plural} held, {at_hz} offered', answer_intervals_ms(offered), stage.budget_hz),
        rate('turns_hz', f'{stage.plural} one after the other', answer_intervals_ms(turns), stage.budget_hz),
        amount('lost', 'not answered', float(missing), '', None, note=f'of {len(offered) + len(turns)}'),
        upper_p95('round_trip_ms', 'there and back over DDS', round_trips_ms(offered), None),
    ]


def _work_lines(stage: Stage[FedT], messages: Sequence[Message], budgets: Budgets) -> list[Line]:
    limit_ms = budgets.stage(stage.name).latency_p95_ms
    return [upper_p95('latency_ms', 'latency of the stage', work_ms(messages, stage.name), limit_ms)]
