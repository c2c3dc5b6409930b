"""
One stream of sound: its utterances, and how far the transcript of the one at work is.

The recogniser has one of these for each microphone. Its thread that receives sound calls `accept` and `finish`; its
worker calls the rest, with the answers of the model. The pace is counted in the time of the sound: the same sound,
revised at the same moments, gives the same transcripts.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace

from voice_pipeline.audio.activity import VoiceActivity
from voice_pipeline.audio.frames import FRAME_S, Frame, to_float
from voice_pipeline.messages import StageTrace, Transcript
from voice_pipeline.recognition.backend import NOTHING_HEARD, Hypothesis, Request
from voice_pipeline.recognition.endpointing import frame_count
from voice_pipeline.recognition.honesty import Rejection, cry_to_stop, rejection
from voice_pipeline.recognition.listener import Listener, Utterance
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.settled import SettledText
from voice_pipeline.recognition.window_policy import Windows

MISSING_SOUND_S = 1.0  # after which a stream that stopped has ended; the microphone gives a frame every 32 ms


@dataclass
class StreamCounts:
    """What happened since the start."""

    utterances: int = 0
    published: int = 0
    decoded: int = 0
    skipped: int = 0
    failed: int = 0
    missing_sound: int = 0  # how often the stream stopped in the middle of an utterance
    rejected: Counter[Rejection] = field(default_factory=Counter)  # utterances whose text was not believed, and why


@dataclass
class _Progress:
    """How far the utterance at work is; lengths are in chunks."""

    settled: SettledText
    utterance_id: str = ''
    revision: int = 0  # of the next transcript
    covered: int = 0  # the sound that the last revision covered
    due: float = 0.0  # the length from which the next revision is due
    decoded: int = 0  # the sound behind `hypothesis`
    is_settled: bool = False  # whether `hypothesis` is good enough for a final
    hypothesis: Hypothesis = NOTHING_HEARD
    has_failed: bool = False  # whether the model has, this time
    rejected: Rejection | None = None  # why there is no text


class Stream:
    """Finds utterances in a stream of frames and keeps the revisions of their transcripts."""

    def __init__(self, settings: RecognitionSettings, activity: VoiceActivity, windows: Windows) -> None:
        self.counts = StreamCounts()
        self.listener = Listener(settings, activity)
        self._settings = settings
        self._windows = windows
        self._tail = frame_count(settings.tail_ms / 1000)
        self._interval = max(1.0, 1.0 / (settings.max_revision_hz * FRAME_S))  # in chunks
        self._utterances: deque[Utterance] = deque()  # oldest first; only the last may still be open
        self.newest_s = 0.0  # when the last frame came, by a clock that nobody sets
        self._progress = self._progress_of('')

    # --- under the recogniser's lock -----------------------------------------------------------------------------

    def accept(self, frame: Frame, received_ns: int, now_s: float) -> None:
        """Take the next frame, which arrived at `received_ns` (system clock), `now_s` by the steady clock."""
        self._utterances.extend(self.listener.accept(frame, received_ns))
        self.newest_s = now_s

    def end_where_sound_is_missing(self, now_s: float) -> bool:
        """End the stream where an utterance is open and no frame came for `MISSING_SOUND_S`; return whether it did."""
        is_open = bool(self._utterances) and not self._utterances[-1].is_over
        if not is_open or now_s - self.newest_s <= MISSING_SOUND_S:
            return False
        self.counts.missing_sound += 1
        self.finish()
        return True

    def finish(self) -> None:
        """End the stream: the open utterance gets its final, and the next frame begins another stream."""
        self.listener.finish()

    @property
    def is_active(self) -> bool:
        """Whether an utterance waits or is open."""
        return bool(self._utterances)

    @property
    def has_final(self) -> bool:
        """Whether the oldest utterance is over."""
        return self.is_active and self._utterances[0].is_over

    @property
    def is_due(self) -> bool:
        """Whether there is a revision or a final to be made."""
        if not self._utterances:
            return False
        utterance, progress = self._utterances[0], self._progress
        if utterance.is_over or utterance.utterance_id != progress.utterance_id:
            return True
        return len(utterance) > progress.covered and len(utterance) >= progress.due

    def take(self) -> Utterance:
        """Return a copy of the oldest utterance as it is now, which is forgotten where it is over."""
        utterance = self._utterances[0].snapshot()
        if utterance.is_over:
            self._utterances.popleft()
        return utterance

    # --- the worker's --------------------------------------------------------------------------------------------

    def begin(self, utterance: Utterance) -> Request | None:
        """Begin a revision of the utterance; return what the model is to hear, None where it has heard it before."""
        self._advance(utterance)
        progress = self._progress
        progress.has_failed = False
        length = self._heard_length(utterance)
        is_pause = _is_pause(utterance, length)
        if progress.decoded == length and (progress.is_settled or not is_pause):
            return None
        windows = self._windows.settled if is_pause else self._windows.growing
        draft = progress.hypothesis if progress.hypothesis.text else None
        # With the whole tail it may be the last that is heard of this utterance.
        is_provisional = not is_pause and length < utterance.voiced + self._tail
        return Request(to_float(utterance.samples(length)), windows, draft, is_provisional)

    def take_answer(self, utterance: Utterance, request: Request, heard: Hypothesis | None) -> None:
        """Note what the model heard; None where it failed."""
        progress = self._progress
        progress.has_failed = heard is None
        if heard is None:
            self.counts.failed += 1
            if utterance.is_over:
                progress.hypothesis = NOTHING_HEARD
            return
        self.counts.decoded += 1
        progress.decoded = self._heard_length(utterance)
        is_pause = _is_pause(utterance, progress.decoded)
        # What a pause would hear in the same window, it need not hear again.
        same_window = request.windows[0] == self._windows.settled[0]
        progress.is_settled = is_pause or (same_window and not heard.is_suspicious and not request.is_provisional)
        voice_s = sum(chunk.voice for chunk in utterance.chunks[: progress.decoded]) * FRAME_S
        progress.rejected = rejection(heard, voice_s, self._settings)
        progress.hypothesis = heard if progress.rejected is None else NOTHING_HEARD

    def transcript(self, utterance: Utterance, now_ns: int) -> Transcript | None:
        """Return the revision of the utterance, or None where nothing was heard yet or the model has failed."""
        progress = self._progress
        if progress.has_failed and not utterance.is_over:
            return None
        hypothesis, rejected = self._admitted(utterance)
        if utterance.is_over and rejected is not None:
            self.counts.rejected[rejected] += 1
        if not hypothesis.text and progress.revision == 0:
            return None
        self.counts.published += 1
        progress.revision += 1
        newest = utterance.newest
        if _is_pause(utterance, self._heard_length(utterance)):
            text = progress.settled.settle(hypothesis.text)
        else:
            text = progress.settled.revise(hypothesis.text, len(utterance) * FRAME_S)
        return Transcript(
            utterance_id=utterance.utterance_id,
            revision=progress.revision - 1,
            is_final=utterance.is_over,
            speech_end_ns=utterance.speech_end_ns,
            text=text,
            tentative='' if hypothesis.text == text else hypothesis.text,
            confidence=hypothesis.confidence,
            silence_ms=utterance.silence_ms,
            trace=(
                StageTrace(name='audio', received_ns=newest.captured_ns, finished_ns=newest.received_ns),
                StageTrace(
                    name='recognition', received_ns=newest.received_ns, finished_ns=max(now_ns, newest.received_ns)
                ),
            ),
        )

    def _admitted(self, utterance: Utterance) -> tuple[Hypothesis, Rejection | None]:
        """Return what was heard without what the robot may have said itself, and why there is no text."""
        hypothesis, rejected = self._progress.hypothesis, self._progress.rejected
        if not (utterance.only_stop and hypothesis.text):
            return hypothesis, rejected
        cry = cry_to_stop(hypothesis.text)
        return (replace(hypothesis, text=cry), None) if cry else (NOTHING_HEARD, 'own_voice')

    def _advance(self, utterance: Utterance) -> None:
        """Note that a revision of the sound so far is made, and when the next is due."""
        length = len(utterance)
        if utterance.utterance_id != self._progress.utterance_id:
            self.counts.utterances += 1
            self._progress = self._progress_of(utterance.utterance_id, due=length)
        progress = self._progress
        skipped = int(max(0.0, length - progress.due) / self._interval)
        self.counts.skipped += skipped
        progress.due += (1 + skipped) * self._interval
        progress.covered = length

    def _heard_length(self, utterance: Utterance) -> int:
        """Return how many chunks the model hears: not the silence after the last word and its tail."""
        return min(len(utterance), utterance.voiced + self._tail)

    def _progress_of(self, utterance_id: str, due: float = 0.0) -> _Progress:
        return _Progress(SettledText(self._settings.hold_ms / 1000), utterance_id, due=due)


def _is_pause(utterance: Utterance, heard_length: int) -> bool:
    return utterance.is_over or heard_length < len(utterance)
