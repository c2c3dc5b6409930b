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
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from voice_pipeline.audio.activity import VoiceActivity
from voice_pipeline.audio.frames import FRAME_S, Frame, to_float
from voice_pipeline.messages import StageTrace, Transcript
from voice_pipeline.recognition.backend import NOTHING_HEARD, Backend, Hypothesis, hear
from voice_pipeline.recognition.endpointing import frame_count
from voice_pipeline.recognition.honesty import Rejection, cry_to_stop, rejection
from voice_pipeline.recognition.listener import Listener, Utterance
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.window import windows_of

# What the libraries raise where a model cannot run: out of memory, a lost GPU, an input that they refuse.
_BACKEND_ERRORS = (RuntimeError, ValueError, OSError, MemoryError)

HANG_NS = 5_000_000_000  # a revision takes less than half a second on any machine that can be used
MISSING_SOUND_S = 1.0  # after which a stream that stopped has ended; the microphone gives a frame every 32 ms

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
    missing_sound: int = 0  # streams that stopped in the middle of an utterance
    rejected: Mapping[Rejection, int] = field(default_factory=dict)  # utterances whose text was not believed, and why


@dataclass
class _Progress:
    """How far the utterance at work is; lengths are in chunks."""

    utterance_id: str = ''
    revision: int = 0  # of the next transcript
    covered: int = 0  # the sound that the last revision covered
    due: float = 0.0  # the length from which the next revision is due
    decoded: int = 0  # the sound behind `hypothesis`
    is_settled: bool = False  # whether `hypothesis` is good enough for a final
    hypothesis: Hypothesis = NOTHING_HEARD
    rejected: Rejection | None = None  # why there is no text


class SpeechRecognizer:
    """Makes the revisions of the transcript of each utterance."""

    def __init__(
        self,
        settings: RecognitionSettings,
        backend: Backend,
        activity: VoiceActivity,
        clock_ns: Callable[[], int] = time.time_ns,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._backend = backend
        self._clock_ns = clock_ns
        self._steady_s = steady_s
        self._windows = windows_of(settings, backend.has_adapter)
        self._tail = frame_count(settings.tail_ms / 1000)
        self._interval = max(1.0, 1.0 / (settings.max_revision_hz * FRAME_S))  # in chunks
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
        self._rejected: Counter[Rejection] = Counter()
        self._missing_sound = 0
        self._newest_steady_s = steady_s()  # when the last frame came, by a clock that nobody sets
        self._newest_ns = 0  # when the last frame came; written by the thread that receives, as `_is_hanging`
        self._is_hanging = False
        self._busy_since_ns: int | None = None  # the last frame when the model began; None while it rests

    def accept(self, frame: Frame, received_ns: int) -> None:
        """Take the next frame, which arrived at `received_ns` (system clock). Takes about 1 ms, never waits."""
        with self._changed:
            self._utterances.extend(self._listener.accept(frame, received_ns))
            if self._utterances:
                self._changed.notify()
        self._newest_ns = received_ns
        self._newest_steady_s = self._steady_s()
        self._watch_model()

    def set_speaking(self, is_speaking: bool, at_ns: int) -> None:
        """Note that the robot itself begins to speak, or has finished, at `at_ns` (system clock)."""
        with self._changed:
            self._listener.set_speaking(is_speaking, at_ns)

    def end_where_sound_is_missing(self) -> None:
        """End the stream where an utterance is open and no frame came for `MISSING_SOUND_S`: call it now and then."""
        with self._changed:
            is_late = self._steady_s() - self._newest_steady_s > MISSING_SOUND_S
            if not (is_late and self._utterances and not self._utterances[-1].is_over):
                return
            self._missing_sound += 1
            _logger.warning('no sound for %.0f s in the middle of an utterance: it ends here', MISSING_SOUND_S)
        self.finish()

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
            missing_sound=self._missing_sound,
            rejected=dict(self._rejected),
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
        progress.hypothesis = self._admitted(utterance, hypothesis or NOTHING_HEARD)
        if utterance.is_over and progress.rejected is not None:
            self._rejected[progress.rejected] += 1
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
        skipped = int(max(0.0, length - progress.due) / self._interval)
        self._skipped += skipped
        progress.due += (1 + skipped) * self._interval
        progress.covered = length

    def _hear(self, utterance: Utterance) -> Hypothesis | None:
        """Return what is heard; None where the backend fails. Sound that was decoded before is not decoded again."""
        progress = self._progress
        length = min(len(utterance), utterance.voiced + self._tail)
        is_pause = utterance.is_over or length < len(utterance)
        if progress.decoded == length and (progress.is_settled or not is_pause):
            return progress.hypothesis
        windows = self._windows.settled if is_pause else self._windows.growing
        draft = progress.hypothesis if progress.hypothesis.text else None
        self._busy_since_ns = self._newest_ns
        try:
            heard = hear(self._backend, to_float(utterance.samples(length)), windows, draft)
        except _BACKEND_ERRORS as error:
            self._note_failure(error)
            return None
        finally:
            self._busy_since_ns = None
        self._decoded += 1
        progress.decoded = length
        # What a pause would hear in the same window, it need not hear again.
        progress.is_settled = is_pause or (windows[0] == self._windows.settled[0] and not heard.is_suspicious)
        voice_s = sum(chunk.voice for chunk in utterance.chunks[:length]) * FRAME_S
        progress.rejected = rejection(heard, voice_s, self._settings)
        return heard if progress.rejected is None else NOTHING_HEARD

    def _admitted(self, utterance: Utterance, hypothesis: Hypothesis) -> Hypothesis:
        """Return the hypothesis without what the robot may have said itself."""
        if not (utterance.only_stop and hypothesis.text):
            return hypothesis
        cry = cry_to_stop(hypothesis.text)
        self._progress.rejected = None if cry else 'own_voice'
        return replace(hypothesis, text=cry) if cry else NOTHING_HEARD

    def _watch_model(self) -> None:
        """Say once that the model does not come back; nothing can interrupt it, but frames are still taken."""
        since_ns = self._busy_since_ns
        if since_ns is None:
            self._is_hanging = False
        elif not self._is_hanging and self._newest_ns - since_ns > HANG_NS:
            self._is_hanging = True
            _logger.error(
                '%s has not answered for %.0f s: no transcripts until it does; restart the node, or set another '
                'backend or device',
                self._backend.name,
                HANG_NS / 1e9,
            )

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
