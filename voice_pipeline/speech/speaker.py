"""Says sentences one after the other, and is silent the moment it should be."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import numpy as np

from voice_pipeline.audio.frames import Samples
from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.messages import Transcript
from voice_pipeline.speech.loudspeaker import LoudspeakerError, Output
from voice_pipeline.speech.sentences import SentenceQueue, is_own_voice, words
from voice_pipeline.speech.settings import SpeakerSettings
from voice_pipeline.speech.voices import Voice

_logger = logging.getLogger(__name__)
_END_S = 2.0


class Speaker:
    """
    Speaks from a thread of its own; every method may be called from any thread and returns at once.

    Two things silence it within one block of sound, and drop what waits: `stop`, always, and someone who speaks while
    it speaks. That is a transcript with words, of sound from after its own began, that are not its own (`is_own_voice`)
    and not just guessed (`interrupt_confidence`). Where in doubt it speaks on: an echo must not cut it off, and there
    is always `stop`.

    `on_speaking` is told true before a sound begins, and false `tail_ms` after the last of what waits was heard, or at
    once when it is cut off.
    """

    def __init__(
        self,
        settings: SpeakerSettings,
        voice: Voice,
        output: Output,
        on_speaking: Callable[[bool], None],
        clock_s: Callable[[], float] = time.monotonic,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """`clock_ns` is the system clock of the messages."""
        self._settings = settings
        self._voice = voice
        self._output = output
        self._on_speaking = on_speaking
        self._clock_s = clock_s
        self._clock_ns = clock_ns
        self._changed = threading.Condition()
        self._queue = SentenceQueue(settings.max_waiting, settings.repeat_s)
        self._cut = threading.Event()  # of the sentence at work
        self._is_speaking = False
        self._began_ns = 0
        self._said = ''  # since it began to speak
        self._complaint = ''
        self._has_ended = False
        self._thread = threading.Thread(target=self._work, name='speaker', daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """Say this after what waits, unless it was asked for lately."""
        with self._changed:
            if self._queue.add(text, self._clock_s()):
                self._changed.notify_all()

    def stop(self) -> None:
        """Be silent, and say nothing of what waits."""
        with self._changed:
            self._silence()

    def hear(self, transcript: Transcript) -> None:
        """Be silent when this is someone who speaks while the robot does."""
        with self._changed:
            if self._is_speaking and self._is_someone(transcript):
                _logger.info('interrupted by "%s"', transcript.heard)
                self._silence()

    def close(self) -> None:
        """Be silent, and end the thread."""
        with self._changed:
            self._has_ended = True
            self._silence()
        self._thread.join(timeout=_END_S)

    def _silence(self) -> None:
        self._queue.clear()
        self._cut.set()
        self._changed.notify_all()

    def _is_someone(self, transcript: Transcript) -> bool:
        return (
            self._settings.interruptible
            and transcript.speech_end_ns > self._began_ns
            and transcript.confidence >= self._settings.interrupt_confidence
            and bool(words(transcript.heard))
            and not is_own_voice(transcript.heard, self._said)
        )

    # --- the thread ----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while (taken := self._next()) is not None:
                self._speak(*taken)
                self._fall_silent()
        finally:
            # Whatever happens, the recogniser must not stay deaf.
            self._tell(is_speaking=False)

    def _next(self) -> tuple[str, threading.Event] | None:
        """Wait for a sentence; returns it with the event that cuts it off, or None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._queue) or self._has_ended)
            if self._has_ended:
                return None
            self._cut = threading.Event()
            return self._queue.take(), self._cut

    def _speak(self, sentence: str, cut: threading.Event) -> None:
        try:
            self._output.open()
            sound = self._voice.speak(sentence)
            if len(sound) and self._begin(sentence, cut):
                self._output.play(self._at_volume(sound), cut)
        except (SpeechError, LoudspeakerError) as error:
            self._complain(str(error))
        else:
            self._complaint = ''

    def _begin(self, sentence: str, cut: threading.Event) -> bool:
        """Take note, and tell, that there is sound from now on; returns whether there shall be any."""
        with self._changed:
            if cut.is_set():
                return False
            if not self._is_speaking:
                self._began_ns, self._said = self._clock_ns(), ''
            self._tell(is_speaking=True)
            self._said += f' {sentence}'
            return True

    def _fall_silent(self) -> None:
        """Let the room fall silent, unless there is more to say or the sound was cut off."""
        with self._changed:
            if not self._is_speaking:
                return
            self._changed.wait_for(lambda: len(self._queue) or self._cut.is_set(), self._settings.tail_ms / 1e3)
            if not len(self._queue):
                self._tell(is_speaking=False)

    def _tell(self, *, is_speaking: bool) -> None:
        if is_speaking != self._is_speaking:
            self._is_speaking = is_speaking
            self._on_speaking(is_speaking)

    def _at_volume(self, sound: Samples) -> Samples:
        if self._settings.volume == 1.0:
            return sound
        return (sound * self._settings.volume).astype(np.int16)

    def _complain(self, reason: str) -> None:
        """Say once what is wrong, until it works again."""
        if reason != self._complaint:
            _logger.warning('nothing can be said aloud: %s', reason)
        self._complaint = reason
