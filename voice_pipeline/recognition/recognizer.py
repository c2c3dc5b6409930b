"""
From frames to transcripts, while someone speaks.

Two threads meet here: the one that receives frames calls `accept`, which never waits for the model; one worker calls
`next_transcript`, which does the model's work. The newest sound wins: a revision that is overtaken by newer sound is
never made, so a slow model revises less often but never falls behind. Sound and finals are never skipped.

The pace is counted in the time of the sound: the same sound, revised at the same moments, gives the same transcripts.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from voice_pipeline.audio.activity import VoiceActivity
from voice_pipeline.audio.frames import FRAME_S, Frame, to_float
from voice_pipeline.messages import StageTrace, Transcript
from voice_pipeline.recognition.backend import NOTHING_HEARD, Backend, Hypothesis, without_noise
from voice_pipeline.recognition.endpointing import frame_count
from voice_pipeline.recognition.listener import Listener, Utterance
from voice_pipeline.recognition.repetition import without_repetition
from voice_pipeline.recognition.settings import RecognitionSettings

# What the libraries raise where a model cannot run: out of memory, a lost GPU, an input that they refuse.
_BACKEND_ERRORS = (RuntimeError, ValueError, OSError, MemoryError)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RecognitionStatistics:
    """What happened since the start."""

    lost_frames: int = 0
    dropped_frames: int = 0  # repeated or too late
    stream_restarts: int = 0
    utterances: int = 0
    published: int = 0
    decoded: int = 0  # runs of the model; a transcript that only says how long the silence is needs none
    skipped_revisions: int = 0  # that the model was too slow for
    failed_revisions: int = 0  # that the backend raised for


@dataclass
class _Progress:
    """How far the utterance at work is; lengths are in chunks."""

    utterance_id: str = ''
    revision: int = 0  # of the next transcript
    covered: int = 0  # the sound that the last revision covered
    due: float = 0.0  # the length from which the next revision is due
    decoded: int = 0  # the sound behind `hypothesis`
    hypothesis: Hypothesis = NOTHING_HEARD


class SpeechRecognizer:
    """Makes the revisions of the transcript of each utterance."""

    def __init__(
        self,
        settings: RecognitionSettings,
        backend: Backend,
        activity: VoiceActivity,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._settings = settings
        self._backend = backend
        self._clock_ns = clock_ns
        self._tail = frame_count(settings.tail_ms / 1000)
        self._interval = 1.0 / (settings.max_revision_hz * FRAME_S)
        self._changed = threading.Condition()  # guards the two below
        self._listener = Listener(settings, activity)
        self._utterances: deque[Utterance] = deque()  # oldest first; only the last may still be open
        self._progress = _Progress()  # the worker's, as all below
        self._utterance_count = 0
        self._published = 0
        self._decoded = 0
        self._skipped = 0
        self._failed = 0
        self._last_failure = ''

    def accept(self, frame: Frame, received_ns: int) -> None:
        """Take the next frame, which arrived at `received_ns` (system clock). Takes about 1 ms, never waits."""
        with self._changed:
            self._utterances.extend(self._listener.accept(frame, received_ns))
            if self._utterances:
                self._changed.notify()

    def finish(self) -> None:
        """End the stream: the open utterance gets its final, and the next frame begins another stream."""
        with self._changed:
            self._listener.finish()
            self._changed.notify()

    def next_transcript(self, timeout_s: float) -> Transcript | None:
        """Return the next transcript, or None where none came within `timeout_s`. For one worker thread."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            with self._changed:
                if not self._changed.wait_for(self._is_due, max(0.0, deadline_s - time.monotonic())):
                    return None
                utterance = self._utterances[0].snapshot()
                if utterance.is_over:
                    self._utterances.popleft()
            transcript = self._revise(utterance)
            if transcript is not None:
                return transcript

    @property
    def statistics(self) -> RecognitionStatistics:
        """What happened since the start; from any thread."""
        counts = self._listener.counts
        return RecognitionStatistics(
            lost_frames=counts.lost,
            dropped_frames=counts.dropped,
            stream_restarts=counts.restarts,
            utterances=self._utterance_count,
            published=self._published,
            decoded=self._decoded,
            skipped_revisions=self._skipped,
            failed_revisions=self._failed,
        )

    def _is_due(self) -> bool:
        if not self._utterances:
            return False
        utterance, progress = self._utterances[0], self._progress
        if utterance.is_over or utterance.utterance_id != progress.utterance_id:
            return True
        return len(utterance) > progress.covered and len(utterance) >= progress.due

    def _revise(self, utterance: Utterance) -> Transcript | None:
        """Return the transcript of the utterance as it is now, or None where there is nothing to say."""
        self._advance(utterance)
        progress = self._progress
        hypothesis = self._hear(utterance)
        if hypothesis is None and not utterance.is_over:
            return None
        progress.hypothesis = hypothesis or NOTHING_HEARD
        if not progress.hypothesis.text and progress.revision == 0:
            return None
        self._published += 1
        progress.revision += 1
        return self._transcript(utterance, progress.revision - 1)

    def _advance(self, utterance: Utterance) -> None:
        """Note that a revision of the sound so far is made, and when the next is due."""
        length = len(utterance)
        if utterance.utterance_id != self._progress.utterance_id:
            self._utterance_count += 1
            self._progress = _Progress(utterance.utterance_id, due=length)
        progress = self._progress
        late = max(0.0, length - progress.due)
        self._skipped += int(late / self._interval)
        progress.due = max(progress.due + self._interval, length)
        progress.covered = length

    def _hear(self, utterance: Utterance) -> Hypothesis | None:
        """Return what is heard; None where the backend fails. Sound that was decoded before is not decoded again."""
        progress = self._progress
        length = min(len(utterance), utterance.voiced + self._tail)
        if progress.decoded == length:
            return progress.hypothesis
        try:
            heard = self._backend.transcribe(to_float(utterance.samples(length)), self._settings.window_s)
        except _BACKEND_ERRORS as error:
            self._note_failure(error)
            return None
        self._decoded += 1
        progress.decoded = length
        speech_s = utterance.voiced * FRAME_S - self._settings.pre_roll_ms / 1000
        text = without_repetition(heard.text, speech_s)
        return without_noise(replace(heard, text=text), self._settings)

    def _note_failure(self, error: Exception) -> None:
        self._failed += 1
        if str(error) != self._last_failure:  # the same failure twenty times a second is said once
            self._last_failure = str(error)
            _logger.error('%s failed; revisions are left out until it works again', self._backend.name, exc_info=error)

    def _transcript(self, utterance: Utterance, revision: int) -> Transcript:
        hypothesis, newest = self._progress.hypothesis, utterance.newest
        finished_ns = max(self._clock_ns(), newest.received_ns)
        return Transcript(
            utterance_id=utterance.utterance_id,
            revision=revision,
            is_final=utterance.is_over,
            speech_end_ns=utterance.speech_end_ns,
            text=hypothesis.text,
            confidence=hypothesis.confidence,
            silence_ms=utterance.silence_ms,
            trace=(
                StageTrace(name='audio', received_ns=newest.captured_ns, finished_ns=newest.received_ns),
                StageTrace(name='recognition', received_ns=newest.received_ns, finished_ns=finished_ns),
            ),
        )
