"""The understanding stage: every transcript, partial or final, becomes an intent."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable

from voice_pipeline.messages import Intent, StageTrace, Transcript
from voice_pipeline.understanding.parser import MAX_CHARACTERS, Meaning, Parser
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.vocabulary import load_vocabulary


class IntentParser:
    """
    Turns transcripts and typed commands into intents; every input gives exactly one.

    Raises `VocabularyError` when made with a vocabulary that cannot be used, and nothing later.
    """

    def __init__(self, settings: UnderstandingSettings, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._parser = Parser(load_vocabulary(settings.vocabulary))
        self._clock_ns = clock_ns
        self._last: tuple[str, Meaning] | None = None  # revisions repeat themselves
        self._commands = 0

    def on_transcript(self, transcript: Transcript, received_ns: int) -> Intent:
        """Return what the words so far ask for. `received_ns`: when the transcript arrived."""
        meaning = self._parse(transcript.heard)
        return Intent(
            utterance_id=transcript.utterance_id,
            revision=transcript.revision,
            is_final=transcript.is_final,
            speech_end_ns=transcript.speech_end_ns,
            text=transcript.heard,
            silence_ms=transcript.silence_ms,
            steps=meaning.steps,
            is_complete=meaning.is_complete,
            emergency_stop=meaning.emergency_stop,
            source='grammar',
            reason=meaning.reason,
            trace=(*transcript.trace, self._trace(received_ns)),
        )

    def on_command(self, text: str, received_ns: int) -> Intent:
        """
        Return what a typed command asks for: one final intent of an utterance of its own.

        A text that is too long or has control characters in it gives no motion, but its stop is still a stop.
        """
        text = text.strip()
        refusal = _refusal(text)
        clean = ''.join(char if char.isprintable() else ' ' for char in text[:MAX_CHARACTERS])
        meaning = self._parse(clean)
        if refusal and not meaning.emergency_stop:
            meaning = Meaning(reason=refusal)
        self._commands += 1
        return Intent(
            utterance_id=f'typed-{received_ns}-{self._commands}',
            revision=0,
            is_final=True,
            speech_end_ns=received_ns,
            text=clean,
            silence_ms=0.0,
            steps=meaning.steps,
            is_complete=meaning.is_complete,
            emergency_stop=meaning.emergency_stop,
            source='typed',
            reason=meaning.reason,
            trace=(self._trace(received_ns),),
        )

    def _parse(self, text: str) -> Meaning:
        if self._last is None or self._last[0] != text:
            self._last = text, self._parser.parse(text)
        return self._last[1]

    def _trace(self, received_ns: int) -> StageTrace:
        return StageTrace(name='understanding', received_ns=received_ns, finished_ns=self._clock_ns())


def _refusal(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        return f'A command has at most {MAX_CHARACTERS} characters.'
    if any(unicodedata.category(char) in ('Cc', 'Cs') for char in text):
        return 'A command has no control characters in it.'
    return ''
