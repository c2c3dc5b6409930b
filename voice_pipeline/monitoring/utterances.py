"""One record an utterance: what was heard, understood, planned and done about it, and how long that took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from voice_pipeline.messages import MalformedMessageError
from voice_pipeline.monitoring.latency import Part, UtteranceLatency

# `open`: still spoken, or waiting to be carried out; `moving`: its plan is being executed. All others are ends:
# `nothing`: no command was in it; `answered`: the robot only said something; the rest is how its plan ended.
Outcome = Literal['open', 'moving', 'nothing', 'answered', 'done', 'stopped', 'refused', 'failed', 'replaced']


@dataclass(frozen=True)
class UtteranceRecord:
    """
    One utterance, or typed command, as far as it has come; what is not known is '' or None.

    `heard` is its newest text, `understood` and `planned` the steps in short words, `said` what the robot answered,
    `reason` why it ended as it did. `started_ns` is when its first message came, `speech_end_ns` the capture time of
    its last voiced sample, `updated_ns` when its newest message came. `voice_to_stop_ms` is there where it stopped the
    robot: from the last voiced sample of the emergency word's revision to zero velocity; `stop_parts` sum to it.
    """

    utterance_id: str
    kind: Literal['voice', 'command']
    started_ns: int
    speech_end_ns: int
    updated_ns: int
    heard: str = ''
    understood: str = ''
    planned: str = ''
    said: str = ''
    plan_id: str = ''
    outcome: Outcome = 'open'
    reason: str = ''
    latency: UtteranceLatency | None = None
    voice_to_stop_ms: float | None = None
    stop_parts: tuple[Part, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing more is expected of it."""
        return self.outcome not in ('open', 'moving')


def encode_utterance(record: UtteranceRecord) -> str:
    """Return the record as one line of JSON."""
    return msgspec.json.encode(record).decode()


def decode_utterance(text: str) -> UtteranceRecord:
    """Return the record that the text holds. Raises `MalformedMessageError`."""
    try:
        return msgspec.json.decode(text, type=UtteranceRecord)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise MalformedMessageError(f'not a valid utterance: {error}') from None
