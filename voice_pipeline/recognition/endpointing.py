"""
When an utterance begins and ends: a state machine over the voice probability of each frame.

              voice                  min_speech_ms                  no voice
    SILENCE ─────────▶ STARTING ────────────────────▶ SPEECH ◀─────────────────▶ PAUSE
       ▲   ◀───────────   │                             │ max_utterance_s  voice  │ final_silence_ms
       │      no voice                                  │                         │
       └────────────────────────────────────────────────┴─────────────────────────┘

Time is counted in frames, never by a clock, so the same sound always gives the same utterances. Voice is judged with
hysteresis: it begins at `speech_threshold` and lasts while the probability is at least `silence_threshold`. Both adapt
to steady noise: of a frame that is hardly louder than the noise floor, the detector must be sure (`noise_threshold`).
Speech at 10 dB SNR is found as soon as without this and its end 65 ms sooner, and twelve people who talk in the
background, which is speech to the detector, are voice in 7 of 10 frames and no longer in all.
"""

from __future__ import annotations

import math
from enum import Enum, auto

from voice_pipeline.audio.frames import FRAME_S
from voice_pipeline.recognition.settings import RecognitionSettings

# Between these levels above the noise floor, the probability that is asked for falls from `noise_threshold` to that of
# a quiet room.
_NEAR_NOISE_DB, _CLEAR_OF_NOISE_DB = 1.0, 6.0


class State(Enum):
    """Where the speaker is."""

    SILENCE = auto()
    STARTING = auto()  # voice, but not yet long enough to be speech
    SPEECH = auto()
    PAUSE = auto()  # silence, but not yet long enough to be the end


class Event(Enum):
    """What a frame changed."""

    STARTED = auto()  # an utterance began `min_speech_ms` ago
    ENDED = auto()  # the speaker has been silent for `final_silence_ms`
    CUT = auto()  # the utterance reached `max_utterance_s`; what follows is the next one, which may `resume`


def frame_count(duration_s: float) -> int:
    """Return how many whole frames cover the duration."""
    return math.ceil(round(duration_s / FRAME_S, 6))


class Endpointer:
    """The state machine; feed it one probability a frame."""

    def __init__(self, settings: RecognitionSettings) -> None:
        self._speech_threshold = settings.speech_threshold
        self._silence_threshold = settings.silence_threshold
        self._noise_threshold = settings.noise_threshold
        self._min_speech = frame_count(settings.min_speech_ms / 1000)
        self._final_silence = frame_count(settings.final_silence_ms / 1000)
        self._max_utterance = frame_count(settings.max_utterance_s)
        self.reset()

    def reset(self) -> None:
        """Return to `SILENCE`."""
        self.state = State.SILENCE
        self._voiced_frames = 0  # in STARTING
        self._silent_frames = 0  # in PAUSE
        self._utterance_frames = 0  # since STARTED

    def resume(self, frames: int) -> None:
        """Go on in `SPEECH`, in an utterance that began this many frames ago."""
        self.reset()
        self.state = State.SPEECH
        self._utterance_frames = frames

    @property
    def is_voiced(self) -> bool:
        """Whether the last frame was voice."""
        return self.state in (State.STARTING, State.SPEECH)

    def update(self, probability: float, above_floor_db: float = math.inf) -> Event | None:
        """
        Take the voice probability of the next frame and its level above the noise floor; return what it changed.

        A probability that is not a number is 0.
        """
        voiced = probability >= self._threshold(above_floor_db)
        if self.state in (State.SILENCE, State.STARTING):
            return self._before_speech(voiced)
        return self._within_utterance(voiced)

    def _threshold(self, above_floor_db: float) -> float:
        quiet = self._silence_threshold if self.is_voiced else self._speech_threshold
        clear = (above_floor_db - _NEAR_NOISE_DB) / (_CLEAR_OF_NOISE_DB - _NEAR_NOISE_DB)
        noisy = max(quiet, self._noise_threshold)
        return noisy + (quiet - noisy) * min(1.0, max(0.0, clear))

    def _before_speech(self, voiced: bool) -> Event | None:
        if not voiced:
            self.reset()
            return None
        self.state = State.STARTING
        self._voiced_frames += 1
        if self._voiced_frames < self._min_speech:
            return None
        self.state = State.SPEECH
        return Event.STARTED

    def _within_utterance(self, voiced: bool) -> Event | None:
        self.state = State.SPEECH if voiced else State.PAUSE
        self._silent_frames = 0 if voiced else self._silent_frames + 1
        self._utterance_frames += 1
        if self._silent_frames >= self._final_silence:
            self.reset()
            return Event.ENDED
        if self._utterance_frames >= self._max_utterance:
            self.reset()
            return Event.CUT
        return None
