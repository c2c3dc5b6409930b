"""The whole pipeline: someone speaks to all nodes, a simulated robot moves, and everything is measured on the way."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.benchmark.scenarios import Effort
from voice_pipeline.tools.demo.person import Person, Spoken
from voice_pipeline.tools.validate.session import Session, session
from voice_pipeline.tools.validate.whole_figures import Record

HEARD_TIMEOUT_S = 30.0  # a slow machine may take long over a sentence
DONE_TIMEOUT_S = 120.0
INTERRUPT_AFTER_M = 0.3  # how far the robot goes before it is stopped

Say = Callable[[str], None]


@dataclass(frozen=True)
class Script:
    """What is said: commands, of which the first `warm_up` do not count, and interruptions of a long move."""

    commands: Sequence[Clip]
    warm_up: int
    begin: Clip
    stop: Clip
    interruptions: int

    @classmethod
    def of(cls, clips: Sequence[Clip], effort: Effort) -> Script:
        """Take the sentences over and over; the last two clips are the long move and the stop."""
        *sentences, begin, stop = clips
        commands = list(islice(cycle(sentences), effort.warm_up_commands + effort.commands))
        return cls(commands, effort.warm_up_commands, begin, stop, effort.interruptions)


def converse(effort: Effort, logs: Path, clips: Sequence[Clip], recogniser: dict[str, object], say: Say) -> Record:
    """Speak all commands and interruptions, one after another. Raises `PipelineError`."""
    with tempfile.TemporaryDirectory(prefix='voice_pipeline_') as folder:
        pipe = Path(folder) / 'microphone'
        os.mkfifo(pipe)
        with session(_parameters(pipe, recogniser), logs) as at_work, Person(pipe) as person:
            at_work.wait_ready(list(_parameters(pipe, recogniser)))
            record = Record(at_work.witness)
            _converse(Script.of(clips, effort), record, person, at_work, say)
            reports = len(at_work.witness.reports)
            at_work.witness.wait_until(lambda: len(at_work.witness.reports) > reports, timeout_s=5.0)
    return record


def _parameters(pipe: Path, recogniser: dict[str, object]) -> dict[str, dict[str, object]]:
    return {
        'monitor': {},
        'simulated_robot': {},
        'robot_control': {},
        'action_planner': {},
        'intent_parser': {},
        'speech_recognition': recogniser,
        'audio_capture': {'source': 'pipe', 'pipe': str(pipe)},
    }


def _converse(script: Script, record: Record, person: Person, at_work: Session, say: Say) -> None:
    for index, clip in enumerate(script.commands):
        say(f'"{clip.words}" ({index + 1} of {len(script.commands)})')
        spoken = person.say(clip.samples)
        _wait_settled(spoken, at_work)
        if index < script.warm_up:
            record.since_ns = time.time_ns()
        else:
            record.commands.append(spoken)
    for index in range(script.interruptions):
        say(f'"{script.begin.words}", and "{script.stop.words}" ({index + 1} of {script.interruptions})')
        at_work.witness.mark()
        begun = person.say(script.begin.samples)
        _wait_under_way(begun, at_work)
        record.moves.append(begun)
        record.stops.append(person.say(script.stop.samples))
        _wait_settled(record.stops[-1], at_work)


def _wait_settled(spoken: Spoken, at_work: Session) -> None:
    """Wait until the robot is done with what was said; what is not heard at all is not waited for."""
    witness = at_work.witness
    if witness.wait_until(lambda: witness.is_heard(spoken.started_ns, spoken.speech_end_ns), HEARD_TIMEOUT_S):
        at_work.wait(
            lambda: witness.is_settled(spoken.started_ns, spoken.speech_end_ns), DONE_TIMEOUT_S, 'the robot to be done'
        )


def _wait_under_way(spoken: Spoken, at_work: Session) -> None:
    witness = at_work.witness
    witness.wait_until(
        lambda: (
            any(one.is_moving for one in witness.since(spoken.started_ns))
            and witness.travelled_m() >= INTERRUPT_AFTER_M
        ),
        HEARD_TIMEOUT_S,
    )
