"""
Keeps what went wrong: listens to sound and messages, and hands over what was refused, failed or not understood.

What is kept, where and for how long: `voice_pipeline.monitoring.kept`.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore

import numpy as np

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Frame, Samples
from voice_pipeline.messages import Execution, Intent, Message, Plan, Transcript
from voice_pipeline.monitoring.kept import KeptFolder, UtteranceMessages
from voice_pipeline.monitoring.statistics import NS_PER_S, Recent
from voice_pipeline.monitoring.utterances import UtteranceRecord

HELD_S = 40.0  # of sound: the longest utterance, and what was before it
LEAD_S = 1.5  # before the first transcript: the first words, and some silence
TAIL_S = 0.5  # after the last word: what the recogniser waited for
APART_S = 0.1  # from the last word of the speech before
PENDING = 16  # utterances that are followed, each with its sound
MAX_REVISIONS = 1000  # that are kept of one utterance: about a minute
MAX_WAITING = 4  # utterances that wait for a slow disk; the next ones are not kept
PRUNE_EVERY_S = 3600.0

_logger = logging.getLogger(__name__)


def is_worth_keeping(record: UtteranceRecord) -> bool:
    """Whether it was speech, and the robot did not do what was said."""
    is_unmet = record.outcome in ('refused', 'failed') or (record.outcome == 'nothing' and bool(record.heard))
    return record.kind == 'voice' and is_unmet


class SoundRing:
    """The newest sound; frames that were lost are silence in it."""

    def __init__(self, held_s: float = HELD_S) -> None:
        self._limit = round(held_s * SAMPLE_RATE_HZ)
        self._frames: deque[Frame] = deque()
        self._count = 0

    def add(self, frame: Frame) -> None:
        """Take the next frame; one whose number is not above the one before begins a new stream."""
        newest = self._frames[-1] if self._frames else None
        if newest is not None:
            missing = frame.sequence - newest.sequence - 1
            if missing < 0 or missing * len(frame.samples) > self._limit:
                self._frames.clear()
                self._count = 0
            elif missing:
                silence = np.zeros(missing * len(frame.samples), dtype=np.int16)
                self._append(Frame(silence, frame.sequence - 1, newest.end_ns))
        self._append(frame)

    def cut(self, start_ns: int, end_ns: int) -> tuple[Samples, int]:
        """Return a copy of the frames that reach into this time, and when the first of their samples was captured."""
        inside = [frame for frame in self._frames if frame.end_ns > start_ns and frame.stamp_ns < end_ns]
        if not inside:
            return np.zeros(0, dtype=np.int16), start_ns
        return np.concatenate([frame.samples for frame in inside]), inside[0].stamp_ns

    def _append(self, frame: Frame) -> None:
        self._frames.append(frame)
        self._count += len(frame.samples)
        while self._count > self._limit and len(self._frames) > 1:
            self._count -= len(self._frames.popleft().samples)


@dataclass
class _Pending:
    """An utterance that may still go wrong; `not_before_ns`: what was said before it ended there."""

    first_ns: int
    not_before_ns: int
    is_kept: bool = False
    transcripts: deque[Transcript] = field(default_factory=lambda: deque(maxlen=MAX_REVISIONS))
    intents: deque[Intent] = field(default_factory=lambda: deque(maxlen=MAX_REVISIONS))
    plans: deque[Plan] = field(default_factory=lambda: deque(maxlen=MAX_REVISIONS))
    executions: deque[Execution] = field(default_factory=lambda: deque(maxlen=MAX_REVISIONS))
    sound: tuple[Samples, int] | None = None

    def add(self, message: Message) -> None:
        if isinstance(message, Transcript):
            self.transcripts.append(message)
        elif isinstance(message, Intent):
            self.intents.append(message)
        elif isinstance(message, Plan):
            self.plans.append(message)
        elif isinstance(message, Execution):
            if self.executions and _place(self.executions[-1]) == _place(message):
                self.executions.pop()
            self.executions.append(message)

    def messages(self) -> UtteranceMessages:
        return UtteranceMessages(
            transcripts=tuple(self.transcripts),
            intents=tuple(self.intents),
            plans=tuple(self.plans),
            executions=tuple(self.executions),
        )


def _place(execution: Execution) -> tuple[str, str, int]:
    return execution.plan_id, execution.state, execution.step


class UtteranceKeeper:
    """
    Takes what the monitor hears, and keeps the utterances that went wrong.

    Files are written by a thread of its own. What cannot be written is logged once and not kept. Not thread-safe.
    """

    def __init__(
        self,
        folder: Path,
        max_count: int,
        max_age_days: float,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Keep at most `max_count` utterances, none for longer than `max_age_days`; those there already count."""
        self._folder = KeptFolder(folder, max_count, max_age_days, clock_ns)
        self._clock_ns = clock_ns
        self._ring = SoundRing()
        self._pending: Recent[str, _Pending] = Recent(PENDING)
        self._newest_id = ''
        self._newest_end_ns = self._end_before_ns = 0
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix='keep')
        self._places = BoundedSemaphore(MAX_WAITING)
        self._prune_at_ns = 0

    def on_frame(self, frame: Frame) -> None:
        """Take a frame of sound."""
        self._ring.add(frame)
        now_ns = self._clock_ns()
        if now_ns >= self._prune_at_ns:
            self._prune_at_ns = now_ns + round(PRUNE_EVERY_S * NS_PER_S)
            self._pool.submit(self._folder.prune)

    def on_message(self, message: Message, received_ns: int) -> None:
        """Take a transcript, intent, plan or execution; what belongs to no speech is left alone."""
        pending = self._pending.get(message.utterance_id)
        if isinstance(message, Transcript):
            self._follow(message)
            if pending is None:
                pending = _Pending(received_ns, self._end_before_ns)
                self._pending.put(message.utterance_id, pending)
        if pending is None:
            return
        pending.add(message)
        if isinstance(message, Transcript) and message.is_final:
            pending.sound = self._sound_of(pending)  # now: carrying it out may take longer than the ring holds

    def on_utterance(self, record: UtteranceRecord) -> None:
        """Take the newest state of an utterance, and keep it when it went wrong; what is kept stays as it is."""
        pending = self._pending.get(record.utterance_id)
        if pending is None or pending.is_kept or not is_worth_keeping(record):
            return
        pending.is_kept = True
        samples, started_ns = pending.sound or self._sound_of(pending)
        self._keep(record, pending.messages(), samples, started_ns)

    def close(self) -> None:
        """Write what is waiting, and end the thread."""
        self._pool.shutdown(wait=True)

    def _follow(self, transcript: Transcript) -> None:
        """Note where the speech before this utterance ended: none of it belongs to this one."""
        if transcript.utterance_id != self._newest_id:
            self._newest_id, self._end_before_ns = transcript.utterance_id, self._newest_end_ns
        self._newest_end_ns = transcript.speech_end_ns

    def _sound_of(self, pending: _Pending) -> tuple[Samples, int]:
        start_ns = max(pending.first_ns - round(LEAD_S * NS_PER_S), pending.not_before_ns + round(APART_S * NS_PER_S))
        end_ns = pending.transcripts[-1].speech_end_ns + round(TAIL_S * NS_PER_S)
        return self._ring.cut(start_ns, end_ns)

    def _keep(self, record: UtteranceRecord, messages: UtteranceMessages, samples: Samples, started_ns: int) -> None:
        """Let the thread write it, unless too much waits for the disk already."""
        if not self._places.acquire(blocking=False):
            _logger.warning('the disk of %s is too slow: an utterance is not kept', self._folder.path)
            return
        work = self._pool.submit(self._folder.keep, record, messages, samples, started_ns)
        work.add_done_callback(self._done)

    def _done(self, work: Future[None]) -> None:
        self._places.release()
        work.result()  # an error that nobody foresaw goes to the log
