"""
From frames to transcripts, while people speak: one model for one or more streams of sound.

Two threads meet here: the one that receives frames calls `accept`, which never waits for the model; one worker calls
`next_transcripts`, which does the model's work. The newest sound wins: a revision that is overtaken by newer sound is
never made, so a slow model revises less often but never falls behind. Sound and finals are never skipped.

Where several streams have something to do, finals come first, then the stream that waited longest. A backend that can
hears several at once, those whose sound is about as long; the others take turns.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from voice_pipeline.audio.activity import VoiceActivity
from voice_pipeline.audio.frames import FRAME_S, Frame
from voice_pipeline.messages import Transcript
from voice_pipeline.recognition.backend import Backend, Hypothesis, Request, batch_size_of, hear_all
from voice_pipeline.recognition.batching import MicroBatcher
from voice_pipeline.recognition.honesty import Rejection
from voice_pipeline.recognition.listener import Utterance
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.stream import MISSING_SOUND_S, Stream
from voice_pipeline.recognition.window_policy import windows_of

# What the libraries raise where a model cannot run: out of memory, a lost GPU, an input that they refuse.
_BACKEND_ERRORS = (RuntimeError, ValueError, OSError, MemoryError)

HANG_NS = 5_000_000_000  # a revision takes less than half a second on any machine that can be used
ONLY_STREAM = ''  # the name of the stream where there is one

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RecognitionStatistics:
    """What happened since the start, in all streams."""

    lost_frames: int = 0
    dropped_frames: int = 0  # repeated or too late
    stream_restarts: int = 0
    utterances: int = 0
    published: int = 0
    decoded: int = 0  # answers of the model; a transcript that only says how long the silence is needs none
    skipped_revisions: int = 0  # that the model was too slow for
    failed_revisions: int = 0  # that the backend raised for
    missing_sound: int = 0  # streams that stopped in the middle of an utterance
    rejected: Mapping[Rejection, int] = field(default_factory=dict)  # utterances whose text was not believed, and why


@dataclass(frozen=True)
class StreamTranscript:
    """A transcript and whose it is; `is_decoded`: the model ran for it, else only the silence has grown."""

    stream: str
    transcript: Transcript
    is_decoded: bool


@dataclass(frozen=True)
class _Turn:
    """One stream's part of a run of the model."""

    stream: Stream
    utterance: Utterance
    request: Request

    @property
    def frame_count(self) -> int:
        return self.request.windows[0].frame_count(len(self.request.samples))


# A revision waits for the next frame where that comes so soon, and does not make revisions rarer than 15 a second. On
# ten commands, three runs without and with it in turns, the newest sound was shown after 53 ms instead of 56 (p95, the
# medians), on a busier machine after 52 instead of 78, at the same rate.
FRESH_WAIT_S = 0.02
LONGEST_PERIOD_S = 1 / 15
FRAME_JITTER_S = 0.003  # of the frames of a sound card, and of DDS


class SpeechRecognizer:
    """Makes the revisions of the transcript of each utterance, of each stream."""

    def __init__(
        self,
        settings: RecognitionSettings,
        backend: Backend,
        activities: VoiceActivity | Mapping[str, VoiceActivity],
        clock_ns: Callable[[], int] = time.time_ns,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`activities`: a voice activity for each stream, by its name; or one for the only stream."""
        self._backend = backend
        self._clock_ns = clock_ns
        self._steady_s = steady_s
        self._batcher = MicroBatcher(batch_size_of(backend), settings.batch_wait_ms / 1000)
        windows = windows_of(settings, backend.has_adapter)
        if not isinstance(activities, Mapping):
            activities = {ONLY_STREAM: activities}
        self._changed = threading.Condition()  # guards what the streams receive
        self._streams = {name: Stream(settings, activity, windows) for name, activity in activities.items()}
        self._waiting = list(self._streams)  # the worker's, as all below: who was heard longest ago comes first
        self._began_s = float('-inf')  # when the model was asked last, by the steady clock
        self._last_failure = ''
        self._newest_ns = 0  # when the last frame came; written by the thread that receives, as `_is_hanging`
        self._is_hanging = False
        self._busy_since_ns: int | None = None  # the last frame when the model began; None while it rests

    def accept(self, frame: Frame, received_ns: int, stream: str = ONLY_STREAM) -> None:
        """Take the next frame, which arrived at `received_ns` (system clock). Takes about 1 ms, never waits."""
        with self._changed:
            self._streams[stream].accept(frame, received_ns, self._steady_s())
            if self._streams[stream].is_active:
                self._changed.notify()
        self._newest_ns = received_ns
        self._watch_model()

    def set_speaking(self, is_speaking: bool, at_ns: int) -> None:
        """Note that the robot itself begins to speak, or has finished, at `at_ns` (system clock)."""
        with self._changed:
            for stream in self._streams.values():
                stream.listener.set_speaking(is_speaking, at_ns)

    def end_where_sound_is_missing(self) -> None:
        """End the streams that stopped in the middle of an utterance: call it now and then."""
        with self._changed:
            now_s = self._steady_s()
            for name, stream in self._streams.items():
                if stream.end_where_sound_is_missing(now_s):
                    where = f' from {name}' if name else ''
                    _logger.warning('no sound%s for %.0f s in an utterance: it ends here', where, MISSING_SOUND_S)
                    self._changed.notify()

    def finish(self) -> None:
        """End all streams: the open utterances get their finals, and the next frame begins another stream."""
        with self._changed:
            for stream in self._streams.values():
                stream.finish()
            self._changed.notify()

    def next_transcripts(self, timeout_s: float) -> list[StreamTranscript]:
        """Return the next transcripts, none where none came within `timeout_s`. For one worker thread."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            with self._changed:
                if not self._changed.wait_for(self._is_any_due, max(0.0, deadline_s - time.monotonic())):
                    return []
                self._gather()
                self._began_s = self._steady_s()
                taken = [(name, self._streams[name].take()) for name in self._chosen()]
            transcripts = self._revise(taken)
            if transcripts:
                return transcripts

    @property
    def statistics(self) -> RecognitionStatistics:
        """What happened since the start; from any thread."""
        streams = self._streams.values()
        return RecognitionStatistics(
            lost_frames=sum(stream.listener.counts.lost for stream in streams),
            dropped_frames=sum(stream.listener.counts.dropped for stream in streams),
            stream_restarts=sum(stream.listener.counts.restarts for stream in streams),
            utterances=sum(stream.counts.utterances for stream in streams),
            published=sum(stream.counts.published for stream in streams),
            decoded=sum(stream.counts.decoded for stream in streams),
            skipped_revisions=sum(stream.counts.skipped for stream in streams),
            failed_revisions=sum(stream.counts.failed for stream in streams),
            missing_sound=sum(stream.counts.missing_sound for stream in streams),
            rejected=dict(sum((stream.counts.rejected for stream in streams), Counter[Rejection]())),
        )

    # --- whose turn it is; under the lock ------------------------------------------------------------------------

    def _is_any_due(self) -> bool:
        return any(stream.is_due for stream in self._streams.values())

    def _gather(self) -> None:
        """Wait a moment for the next frame, or where several people speak, for the others; never with a final."""
        speaking = [stream for stream in self._streams.values() if stream.is_active]
        if len(speaking) == 1:
            self._wait_for_next_frame(speaking[0])
        self._batcher.wait_for_others(
            self._changed,
            len(speaking),
            lambda: all(stream.is_due for stream in speaking) or any(stream.has_final for stream in speaking),
        )

    def _wait_for_next_frame(self, stream: Stream) -> None:
        """Wait for the next frame where it comes in a moment: what is made of older sound is out of date then."""
        newest_s, now_s = stream.newest_s, self._steady_s()
        next_s = newest_s + FRAME_S
        is_soon = 0.0 < next_s - now_s <= FRESH_WAIT_S and next_s - self._began_s <= LONGEST_PERIOD_S
        if is_soon and not stream.has_final:
            self._changed.wait_for(
                lambda: stream.newest_s > newest_s or stream.has_final, next_s - now_s + FRAME_JITTER_S
            )

    def _chosen(self) -> list[str]:
        """Return the streams that are heard now, and put them behind those that are not."""
        due = [name for name in self._waiting if self._streams[name].is_due]
        due.sort(key=lambda name: not self._streams[name].has_final)  # stable: who waited longest stays first
        chosen = due[: self._batcher.max_size]
        self._waiting = [name for name in self._waiting if name not in chosen] + chosen
        return chosen

    # --- the model's work ----------------------------------------------------------------------------------------

    def _revise(self, taken: Sequence[tuple[str, Utterance]]) -> list[StreamTranscript]:
        """Return the transcripts of the utterances as they are now, without those that have nothing to say."""
        turns = {}
        for name, utterance in taken:
            request = self._streams[name].begin(utterance)
            if request is not None:
                turns[name] = _Turn(self._streams[name], utterance, request)
        self._hear(list(turns.values()))
        made = ((name, self._streams[name].transcript(utterance, self._clock_ns())) for name, utterance in taken)
        return [StreamTranscript(name, transcript, name in turns) for name, transcript in made if transcript]

    def _hear(self, turns: Sequence[_Turn]) -> None:
        """Let the model hear what is asked, those together that are about as long."""
        for together in self._batcher.batches(turns, lambda turn: turn.frame_count):
            answers = self._answers([turn.request for turn in together])
            for turn, heard in zip(together, answers, strict=True):
                turn.stream.take_answer(turn.utterance, turn.request, heard)

    def _answers(self, requests: Sequence[Request]) -> Sequence[Hypothesis | None]:
        """Return what the model heard, None where it failed."""
        self._busy_since_ns = self._newest_ns
        try:
            return hear_all(self._backend, requests)
        except _BACKEND_ERRORS as error:
            self._note_failure(error)
            return [None] * len(requests)
        finally:
            self._busy_since_ns = None

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
        if str(error) != self._last_failure:  # the same failure twenty times a second is said once
            self._last_failure = str(error)
            _logger.error('%s failed; revisions are left out until it works again', self._backend.name, exc_info=error)
