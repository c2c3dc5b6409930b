"""
From frames of sound to utterances: what the receiving thread does with each frame, about 1 ms of work.

The listener finds the utterances; it recognises nothing. Its chunks are what Silero takes (`FRAME_SAMPLES`), whatever
the length of the frames that arrive.

While the robot itself speaks, its words are in the sound. They must not move it, and a person must still be able to
stop it: so sound is heard on, and an utterance that began meanwhile, or that the robot interrupted, can only stop it.
"""

from __future__ import annotations

import uuid
from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

from voice_pipeline.audio.activity import VoiceActivity
from voice_pipeline.audio.frames import FRAME_S, FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame, Samples
from voice_pipeline.audio.level import LevelMeter, raised
from voice_pipeline.recognition.endpointing import Endpointer, Event, State, frame_count
from voice_pipeline.recognition.own_voice import OwnVoice
from voice_pipeline.recognition.settings import RecognitionSettings

MAX_GAP_FRAMES = 32  # lost frames that are replaced by silence; after more, the stream is another one
PAUSE_CHUNKS = 3  # the pause between two words at which a long utterance is cut
MAX_REORDER_FRAMES = 32  # a frame this much older than the newest comes from a stream that began again


@dataclass(frozen=True)
class Chunk:
    """
    `FRAME_SAMPLES` samples, the capture time of their end, and when the frame that completed them arrived.

    `voice`: the probability of speech.
    """

    samples: Samples
    captured_ns: int
    received_ns: int
    voice: float = 0.0


@dataclass
class Utterance:
    """
    One continuous piece of speech, growing until `is_over`; `voiced` counts the chunks up to the last voiced one.

    `only_stop`: the robot's own words may be in it.
    """

    utterance_id: str
    chunks: list[Chunk]
    voiced: int
    is_over: bool = False
    only_stop: bool = False

    def __len__(self) -> int:
        return len(self.chunks)

    def append(self, chunk: Chunk, is_voiced: bool) -> None:
        """Take the next chunk of the stream."""
        self.chunks.append(chunk)
        if is_voiced:
            self.voiced = len(self.chunks)

    def snapshot(self) -> Utterance:
        """Return a copy that does not grow, for another thread."""
        return replace(self, chunks=self.chunks.copy())

    def samples(self, chunk_count: int) -> Samples:
        """Return the first chunks as one array of shape (`chunk_count` × `FRAME_SAMPLES`,)."""
        return np.concatenate([chunk.samples for chunk in self.chunks[:chunk_count]])

    def quietest_moment(self, among: int) -> int:
        """Return how many chunks come before the middle of the quietest `PAUSE_CHUNKS` of the last `among` chunks."""
        last = np.stack([chunk.samples for chunk in self.chunks[-among:]]).astype(np.float64)
        energy = np.convolve(last.var(axis=1), np.ones(PAUSE_CHUNKS), mode='valid')
        return len(self) - len(last) + int(energy.argmin()) + PAUSE_CHUNKS // 2 + 1

    @property
    def newest(self) -> Chunk:
        """The last chunk."""
        return self.chunks[-1]

    @property
    def speech_end_ns(self) -> int:
        """The capture time of the end of the last voiced chunk."""
        return self.chunks[self.voiced - 1].captured_ns

    @property
    def silence_ms(self) -> float:
        """How long nothing was voiced, in the time of the sound."""
        return (len(self.chunks) - self.voiced) * FRAME_S * 1000


@dataclass
class FrameCounts:
    """How the stream of frames arrived."""

    lost: int = 0  # by gaps in the sequence
    dropped: int = 0  # repeated or too late
    restarts: int = 0  # streams that began again, or went on after a long gap


@dataclass
class _Stream:
    """Where the stream of frames is."""

    next_sequence: int | None = None
    end_ns: int = 0
    rest: Samples = field(default_factory=lambda: np.zeros(0, np.int16))  # less than a chunk, kept for the next frame
    received_ns: int = 0


class Listener:
    """Finds utterances in a stream of frames; for one thread at a time."""

    def __init__(self, settings: RecognitionSettings, activity: VoiceActivity) -> None:
        self.counts = FrameCounts()
        self._activity = activity
        self._meter = LevelMeter()
        self._own_voice = OwnVoice(settings.speaking_tail_ms)
        self._hears_itself = False
        self._endpointer = Endpointer(settings)
        before_start = frame_count(settings.pre_roll_ms / 1000) + frame_count(settings.min_speech_ms / 1000)
        # A long utterance is cut in its last quarter.
        self._cut_among = max(PAUSE_CHUNKS, frame_count(settings.max_utterance_s) // 4)
        self._recent: deque[Chunk] = deque(maxlen=before_start)
        self._open: Utterance | None = None
        self._stream = _Stream()
        self._id_prefix = uuid.uuid4().hex[:8]  # another one after each restart of the process
        self._id_count = 0

    def accept(self, frame: Frame, received_ns: int) -> list[Utterance]:
        """Take the next frame and return the utterances that began in it; they grow with later calls."""
        gap = self._gap_before(frame)
        if gap is None:
            self.counts.dropped += 1
            return []
        stream = self._stream
        stream.next_sequence = frame.sequence + 1
        stream.end_ns = frame.end_ns
        stream.received_ns = received_ns
        silence = np.zeros(gap * len(frame.samples), np.int16)
        return self._split(np.concatenate([stream.rest, silence, frame.samples]))

    def set_speaking(self, is_speaking: bool, at_ns: int) -> None:
        """Note that the robot begins to speak, or has finished; `at_ns` is on the clock of `received_ns`."""
        self._own_voice.set_speaking(is_speaking, at_ns)

    def finish(self) -> None:
        """End the stream and the open utterance; less than a chunk of sound (32 ms) at its end is left out."""
        self._end_utterance()
        self._recent.clear()
        self._endpointer.reset()
        self._activity.reset()
        self._meter.reset()
        self._stream = _Stream()

    def _gap_before(self, frame: Frame) -> int | None:
        """Return how many frames are missing before this one, or None where this one is to be dropped."""
        expected = self._stream.next_sequence
        if expected is None:
            return 0
        gap = frame.sequence - expected
        self.counts.lost += max(0, gap)
        began_again = gap < 0 and (frame.stamp_ns >= self._stream.end_ns or -gap > MAX_REORDER_FRAMES)
        if began_again or gap > MAX_GAP_FRAMES:
            self.counts.restarts += 1
            self.finish()
            return 0
        return gap if gap >= 0 else None

    def _split(self, samples: Samples) -> list[Utterance]:
        """Take the chunks of samples that end at the stream's `end_ns`, and keep the rest."""
        started = []
        whole = len(samples) - len(samples) % FRAME_SAMPLES
        for start in range(0, whole, FRAME_SAMPLES):
            end = start + FRAME_SAMPLES
            age_ns = (len(samples) - end) * 1_000_000_000 // SAMPLE_RATE_HZ
            captured_ns = max(0, self._stream.end_ns - age_ns)
            utterance = self._hear(Chunk(samples[start:end], captured_ns, self._stream.received_ns))
            if utterance is not None:
                started.append(utterance)
        self._stream.rest = samples[whole:]
        return started

    def _hear(self, chunk: Chunk) -> Utterance | None:
        """Take one chunk and return the utterance that it began, if any."""
        self._tell_voices_apart(chunk)
        chunk = replace(chunk, voice=self._voice(chunk.samples))
        event = self._endpointer.update(chunk.voice, self._meter.above_floor_db)
        self._recent.append(chunk)
        if event is Event.STARTED:
            chunks = list(self._recent)
            return self._begin(chunks, voiced=len(chunks), only_stop=self._hears_itself)
        if self._open is not None:
            self._open.append(chunk, self._endpointer.is_voiced)
        if event is Event.CUT:
            return self._cut()
        if event is Event.ENDED:
            self._end_utterance()
        return None

    def _voice(self, samples: Samples) -> float:
        """Return the probability of speech; digital silence, as of a muted microphone, needs no model."""
        self._meter.update(samples)
        return self._activity.probability(raised(samples, self._meter.gain_db)) if samples.any() else 0.0

    def _tell_voices_apart(self, chunk: Chunk) -> None:
        """Let no utterance hold both what was said to the robot and what the robot says."""
        hears_itself = self._own_voice.is_heard(chunk.received_ns)
        if hears_itself == self._hears_itself:
            return
        self._hears_itself = hears_itself
        self._recent.clear()
        is_pause = self._endpointer.state is State.PAUSE
        if not hears_itself and self._open is not None and not is_pause:
            return  # somebody speaks on, and their first words may be missing
        if self._open is not None:
            self._open.only_stop |= not is_pause
        self._end_utterance()
        self._endpointer.reset()

    def _begin(self, chunks: list[Chunk], voiced: int, only_stop: bool) -> Utterance:
        self._id_count += 1
        self._open = Utterance(f'{self._id_prefix}-{self._id_count}', chunks, voiced, only_stop=only_stop)
        return self._open

    def _cut(self) -> Utterance | None:
        """End the utterance between two words; return the next one, where it has begun with what was said after."""
        utterance = self._open
        assert utterance is not None  # only an open utterance can be too long
        length = utterance.quietest_moment(self._cut_among)
        rest, voiced = utterance.chunks[length:], utterance.voiced - length
        del utterance.chunks[length:]
        utterance.voiced = min(utterance.voiced, length)
        self._end_utterance()
        self._recent.clear()  # or the next utterance would begin with the words that this one ended with
        self._recent.extend(rest)
        if voiced <= 0:
            return None
        self._endpointer.resume(len(rest))
        return self._begin(rest, voiced, utterance.only_stop)

    def _end_utterance(self) -> None:
        if self._open is not None:
            self._open.is_over = True
        self._open = None
