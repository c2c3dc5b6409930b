"""Speech recognition alone: one person speaks, then three at once, each on a topic of their own, in real time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from voice_pipeline.audio.frames import FRAME_S, FRAME_SAMPLES, Frame, Samples
from voice_pipeline.messages import Transcript
from voice_pipeline.monitoring.budgets import Budgets
from voice_pipeline.monitoring.statistics import NS_PER_S
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.benchmark.scenarios import Effort
from voice_pipeline.tools.benchmark.streams import speak
from voice_pipeline.tools.processes import PipelineError
from voice_pipeline.tools.revisions import arrivals
from voice_pipeline.tools.validate.exchange import SystemClock
from voice_pipeline.tools.validate.lines import Line, amount, rate, upper_p95
from voice_pipeline.tools.validate.promises import STREAMS
from voice_pipeline.tools.validate.session import READY_TIMEOUT_S, Session, session
from voice_pipeline.tools.validate.witness import Received, revision_intervals_ms, work_ms
from voice_pipeline.tools.words import word_errors

NODE = 'speech_recognition'
LAST_FINAL_S = 10.0  # a slow machine may take long over the last final


@dataclass(frozen=True)
class Heard:
    """What was said, and which transcripts came of it, of each stream."""

    said: list[list[Clip]]
    received: list[list[Received]]

    @property
    def everything(self) -> list[Received]:
        """The transcripts of all streams."""
        return [one for stream in self.received for one in stream]


def validate_listening(
    effort: Effort, budgets: Budgets, logs: Path, clips: Sequence[Clip], recogniser: dict[str, object]
) -> tuple[list[Line], list[Line]]:
    """
    Return the lines of one stream, and those of three at once.

    `recogniser` are parameters of the node. Raises `PipelineError`.
    """
    parameters = {NODE: {**recogniser, 'streams': ','.join(STREAMS)}}
    with session(parameters, logs, STREAMS) as at_work:
        _wait_ready(at_work)
        _hear(clips, 1, 1.0, at_work)  # one clip, so that everything has run once
        alone = _hear(clips, 1, effort.listening_s, at_work)
        together = _hear(clips, len(STREAMS), effort.listening_s, at_work)
    return lines_of_one(alone, budgets), lines_of_several(together, budgets)


def _wait_ready(at_work: Session) -> None:
    """Send silence until the node says that it hears. Raises `PipelineError`."""
    deadline_s = time.monotonic() + READY_TIMEOUT_S
    for number, frame in enumerate(_silence()):
        at_work.probe.send_frame(STREAMS[0], frame)
        if at_work.witness.wait_until(lambda: NODE in at_work.witness.ready, FRAME_S):
            return
        failed = at_work.pipeline.failed() if number % 32 == 0 else None
        if failed is not None or time.monotonic() > deadline_s:
            words = '\n'.join(node.last_words() for node in at_work.pipeline.nodes)
            raise PipelineError(f'{NODE} does not listen:\n{words}')


def _silence() -> Iterator[Frame]:
    samples = np.zeros(FRAME_SAMPLES, np.int16)
    sequence = 0
    while True:
        yield Frame(samples, sequence, time.time_ns() - round(FRAME_S * NS_PER_S))
        sequence += 1


def _hear(clips: Sequence[Clip], count: int, seconds: float, at_work: Session) -> Heard:
    """Let so many streams speak at once in real time for about so long, and return what was heard of each."""
    spoken = [speak(clips, stream, seconds) for stream in range(count)]
    first = len(at_work.witness.received)
    _play([samples for samples, _ in spoken], at_work)
    expected = sum(len(said) for _, said in spoken)
    at_work.witness.wait_until(lambda: _finals(_received(first, at_work)) >= expected, LAST_FINAL_S)
    received = _received(first, at_work)
    streams = [[one for one in received if one.stream == name] for name in STREAMS[:count]]
    return Heard([said for _, said in spoken], streams)


def _play(sounds: Sequence[Samples], at_work: Session) -> None:
    """Publish the sounds frame by frame, each frame when its last sample would have been captured."""
    clock = SystemClock()
    start_ns = clock.now_ns()
    for arrival_ns, stream, frame in arrivals(sounds):
        clock.wait_until(start_ns + arrival_ns)
        at_work.probe.send_frame(STREAMS[int(stream)], replace(frame, stamp_ns=start_ns + frame.stamp_ns))


def _received(first: int, at_work: Session) -> list[Received]:
    return at_work.witness.received[first:]


def _finals(received: Sequence[Received]) -> int:
    return sum(isinstance(one.message, Transcript) and one.message.is_final for one in received)


def lines_of_one(heard: Heard, budgets: Budgets) -> list[Line]:
    """Return what is promised to one person."""
    budget = budgets.stages.recognition
    voiced, finals = _split(heard.everything)
    return [
        rate('rate_hz', 'revisions while someone speaks', _intervals_ms(heard.everything), budget.min_hz),
        upper_p95('revision_ms', 'one revision', work_ms(voiced, 'recognition'), budget.latency_p95_ms),
        upper_p95('final_ms', 'the final', work_ms(finals, 'recognition'), budget.final_p95_ms),
        _lost_finals(heard),
        _word_errors(heard),
    ]


def lines_of_several(heard: Heard, budgets: Budgets) -> list[Line]:
    """Return what is promised to several people who speak at once."""
    min_hz = budgets.stages.recognition.min_hz
    voiced, finals = _split(heard.everything)
    named = zip(STREAMS, heard.received, strict=True)
    rates = [rate(name, name, _intervals_ms(stream), min_hz) for name, stream in named]
    served = sum(one.value is not None and one.value >= min_hz for one in rates)
    slowest = min(rates, key=lambda one: one.value or 0.0)
    return [
        Line('streams', f'streams at {min_hz:g} Hz or more', float(served), '', float(len(STREAMS)), is_minimum=True),
        replace(slowest, name='slowest_hz', label=f'revisions of the slowest stream ("{slowest.name}")'),
        Line('throughput_hz', 'revisions of all streams', sum(one.value or 0.0 for one in rates) or None, 'Hz'),
        upper_p95('revision_ms', 'one revision', work_ms(voiced, 'recognition'), None),
        upper_p95('final_ms', 'the final', work_ms(finals, 'recognition'), budgets.stages.recognition.final_p95_ms),
        _lost_finals(heard),
        _word_errors(heard),
    ]


def _split(received: Sequence[Received]) -> tuple[list[Transcript], list[Transcript]]:
    """Return the revisions made during voice, for which the model ran, and the finals that have words."""
    transcripts = [one.message for one in received if isinstance(one.message, Transcript)]
    voiced = [one for one in transcripts if not one.is_final and not one.silence_ms]
    return voiced, [one for one in transcripts if one.is_final and one.text]


def _intervals_ms(received: Sequence[Received]) -> list[float]:
    return revision_intervals_ms([(one.message, one.received_ns) for one in received])


def _lost_finals(heard: Heard) -> Line:
    said = sum(len(clips) for clips in heard.said)
    missing = max(0, said - _finals(heard.everything))
    return amount('lost_finals', 'utterances without a final', float(missing), '', 0.0, note=f'of {said}')


def _word_errors(heard: Heard) -> Line:
    wrong = words = 0
    for clips, received in zip(heard.said, heard.received, strict=True):
        texts = [one.message.text for one in received if isinstance(one.message, Transcript) and one.message.is_final]
        errors, said = word_errors(' '.join(clip.words for clip in clips), ' '.join(texts))
        wrong, words = wrong + errors, words + said
    share = 100.0 * wrong / words if words else None
    return Line('word_errors_percent', 'words heard wrong', share, '%', note=f'{wrong} of {words}')
