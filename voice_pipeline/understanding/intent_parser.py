"""
The understanding stage: every transcript, partial or final, and every typed command becomes an intent.

The grammar answers each revision at once. What it leaves open is compared with known wordings while the speaker pauses,
so that the answer is there when the final comes; a final that is open even then becomes an intent that is not final,
and its final follows when the models are done with it.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from functools import partial

import msgspec

from voice_pipeline.messages import Intent, StageTrace, Transcript
from voice_pipeline.understanding.chain import Understander, is_open
from voice_pipeline.understanding.grammar.parser import MAX_CHARACTERS, Meaning, Parser
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.thinker import Models, Question, Thinker
from voice_pipeline.understanding.words.vocabulary import Vocabulary
from voice_pipeline.understanding.words.vocabulary_file import VocabularyFile

THINKING = 'thinking'  # the reason of an intent whose final follows


class IntentParser:
    """
    Turns transcripts and typed commands into intents: at once one for each, and a later one for what takes thought.

    `publish` takes the later ones, on another thread; every utterance whose final came gets exactly one final intent.
    Without it there are no later ones, and only the grammar understands. `make_models` says where the models compute:
    in this process, or with `ModelProcess` in another. The vocabulary's file is read anew when it changes. Raises
    `VocabularyError` when made with a vocabulary that cannot be used, and nothing later. `clock_ns` is the system's
    clock, `clock_s` counts monotonically.
    """

    def __init__(
        self,
        settings: UnderstandingSettings,
        publish: Callable[[Intent], None] | None = None,
        make_models: Callable[[Vocabulary, UnderstandingSettings], Models] = Understander,
        clock_ns: Callable[[], int] = time.time_ns,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._clock_ns = clock_ns
        self._file = VocabularyFile(settings.vocabulary, clock_s)
        self._grammar = Parser(self._file.vocabulary)
        self._models = make_models(self._file.vocabulary, settings)
        self._thinker: Thinker | None = None
        if publish is not None and self._models.has_models:
            self._thinker = Thinker(self._models, partial(self._on_answer, publish))
        self._by_grammar: tuple[str, Meaning] | None = None  # revisions repeat themselves
        self._compared: tuple[str, Meaning] | None = None  # the last text that was, and what it means
        self._asked = ''  # the last partial text that the models were asked about
        self._commands = 0

    def on_transcript(self, transcript: Transcript, received_ns: int) -> Intent:
        """Return what the words so far ask for. `received_ns`: when the transcript arrived."""
        text = transcript.heard
        meaning = self._understand(text, transcript.utterance_id)
        intent = Intent(
            **transcript.header,
            text=text,
            silence_ms=transcript.silence_ms,
            confidence=transcript.confidence,
            trace=(*transcript.trace, self._trace(received_ns)),
        )
        return self._answered_or_thinking(intent, meaning)

    def on_command(self, text: str, received_ns: int) -> Intent:
        """
        Return what a typed command asks for: an intent of an utterance of its own.

        A text that is too long or has control characters in it gives no motion, but its stop is still a stop.
        """
        self._commands += 1
        text = text.strip()
        refusal = _refusal(text)
        clean = ''.join(char if char.isprintable() else ' ' for char in text[:MAX_CHARACTERS])
        utterance_id = f'typed-{received_ns}-{self._commands}'
        meaning = self._understand(clean, utterance_id)
        intent = Intent(
            utterance_id=utterance_id,
            revision=0,
            is_final=True,
            speech_end_ns=received_ns,
            text=clean,
            silence_ms=0.0,
            source='typed',
            trace=(self._trace(received_ns),),
        )
        if refusal and not meaning.emergency_stop:
            return self._with_meaning(intent, Meaning(reason=refusal))
        return self._answered_or_thinking(intent, meaning)

    def wait_for_models(self, timeout_s: float) -> bool:
        """Wait until the models that can be loaded are, and say whether they are; nothing else ever waits for them."""
        return self._thinker is None or self._thinker.wait_until_loaded(timeout_s)

    def close(self) -> None:
        """End the thread of the models; what they are at gets its final first."""
        if self._thinker is not None:
            self._thinker.close()

    def _understand(self, text: str, utterance_id: str) -> Meaning:
        """Return what is known of the text by now, without waiting for a model."""
        if self._file.refresh():
            self._grammar = Parser(self._file.vocabulary)
            self._models.use(self._file.vocabulary)
            self._by_grammar = self._compared = None
            self._asked = ''
        if self._thinker is not None and text:
            self._thinker.overtake(utterance_id)
        compared = self._compared
        if compared is not None and compared[0] == text:
            return compared[1]
        if self._by_grammar is None or self._by_grammar[0] != text:
            self._by_grammar = text, self._grammar.parse(text)
        return self._by_grammar[1]

    def _answered_or_thinking(self, intent: Intent, meaning: Meaning) -> Intent:
        """Return the intent with its meaning; ask the models first where they may know better."""
        answered = self._with_meaning(intent, meaning)
        if self._thinker is None or not self._thinker.is_working or not is_open(meaning):
            return answered
        self._thinker.need()
        may_compare = self._models.can_compare and (self._compared is None or self._compared[0] != intent.text)
        if intent.is_final and (may_compare or self._models.can_think):
            self._thinker.ask(Question(intent, meaning))
            return msgspec.structs.replace(answered, is_final=False, reason=THINKING)
        is_pause = intent.silence_ms >= self._settings.pause_ms and self._asked != intent.text
        if not intent.is_final and may_compare and is_pause:
            self._asked = intent.text
            self._thinker.ask(Question(intent, meaning))
        return answered

    def _on_answer(self, publish: Callable[[Intent], None], question: Question, meaning: Meaning) -> None:
        """Take what the models found, on their thread."""
        if not question.is_overtaken:
            self._compared = question.intent.text, meaning
        if question.intent.is_final:
            publish(self._with_meaning(question.intent, meaning))

    def _with_meaning(self, intent: Intent, meaning: Meaning) -> Intent:
        """Return the intent with what the words mean, finished now; `intent` has the confidence in the words."""
        *earlier, own = intent.trace
        return msgspec.structs.replace(
            intent,
            steps=meaning.steps,
            is_complete=meaning.is_complete,
            missing=meaning.missing,
            confidence=intent.confidence * self._confidence(meaning),
            reply=meaning.reply,
            emergency_stop=meaning.emergency_stop,
            source='typed' if intent.source == 'typed' else meaning.source,
            reason=meaning.reason,
            trace=(*earlier, msgspec.structs.replace(own, finished_ns=self._clock_ns())),
        )

    def _confidence(self, meaning: Meaning) -> float:
        """Return how sure the understanding is: halved where no word has its place, or none is like a known wording."""
        if meaning.source == 'llm':
            return self._settings.language_model_confidence
        return 0.5 + 0.5 * meaning.coverage

    def _trace(self, received_ns: int) -> StageTrace:
        return StageTrace(name='understanding', received_ns=received_ns, finished_ns=received_ns)


def _refusal(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        return f'A command has at most {MAX_CHARACTERS} characters.'
    if any(unicodedata.category(char) in ('Cc', 'Cs') for char in text):
        return 'A command has no control characters in it.'
    return ''
