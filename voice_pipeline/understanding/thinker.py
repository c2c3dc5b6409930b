"""
What takes longer than a revision may: the semantic match and the language model, on a thread of their own.

So no model ever stands between a word and its stop. A sentence that is compared while its speaker pauses is given up
when a newer one comes; a final is always answered, once, also when it is overtaken by newer speech.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

from voice_pipeline.messages import Intent
from voice_pipeline.understanding.chain import MODEL_ERRORS
from voice_pipeline.understanding.grammar.parser import Meaning
from voice_pipeline.understanding.language_model.model_parser import CANCELLED
from voice_pipeline.understanding.words.vocabulary import Vocabulary

# The models are loaded this long after the start, when all else is up, or at the first sentence that needs them.
LOAD_AFTER_S = 10.0

_logger = logging.getLogger(__name__)


class Models(Protocol):
    """Those of an `Understander` in this process, or of a `ModelProcess`. One thread loads, uses and closes them."""

    @property
    def has_models(self) -> bool:
        """Say whether the settings and this machine have any, loaded or not."""
        ...

    @property
    def can_compare(self) -> bool:
        """Say whether the semantic match is loaded."""
        ...

    @property
    def can_think(self) -> bool:
        """Say whether the language model is loaded."""
        ...

    def use(self, vocabulary: Vocabulary) -> None:
        """Know these names from now on; for any thread."""
        ...

    def load(self, is_cancelled: Callable[[], bool]) -> None:
        """Load the models, which takes seconds."""
        ...

    def compare(self, text: str, by_grammar: Meaning) -> Meaning:
        """Return what the semantic match makes of a text that the grammar left open, else `by_grammar`."""
        ...

    def think(self, text: str, so_far: Meaning, is_cancelled: Callable[[], bool]) -> Meaning:
        """Return what the language model makes of a text that all else left open, else `so_far`, what that was."""
        ...

    def close(self) -> None:
        """Let go of the models."""
        ...


@dataclass
class Question:
    """
    What is to be thought about: the intent as far as it is known, and what its text means by now.

    `is_overtaken`: something newer was said.
    """

    intent: Intent
    meaning: Meaning
    is_overtaken: bool = False


class Thinker:
    """
    Thinks about one question at a time, on its own thread, which loads the models before.

    `answer(question, meaning)` is called on that thread: for each question with a final intent once, for others unless
    a newer question came before.
    """

    def __init__(self, models: Models, answer: Callable[[Question, Meaning], None]) -> None:
        self._models = models
        self._answer = answer
        self._changed = threading.Condition()  # guards the four below
        self._waiting: deque[Question] = deque()
        self._current: Question | None = None
        self._is_needed = False
        self._is_closed = False
        self._failures: set[str] = set()
        self._is_loaded = threading.Event()
        self._thread = threading.Thread(target=self._run, name='think', daemon=True)
        self._thread.start()

    @property
    def is_working(self) -> bool:
        """Say whether questions are answered: an error that nobody foresaw ends that."""
        return self._thread.is_alive()

    def need(self) -> None:
        """Load the models now, if they are not; returns at once."""
        with self._changed:
            self._is_needed = True
            self._changed.notify()

    def wait_until_loaded(self, timeout_s: float) -> bool:
        """Load the models now and wait for those that can be loaded; say whether they are."""
        self.need()
        return self._is_loaded.wait(timeout_s)

    def ask(self, question: Question) -> None:
        """Think about this when there is time; of those that are not final only the newest waits."""
        with self._changed:
            self._waiting = deque(one for one in self._waiting if one.intent.is_final)
            self._waiting.append(question)
            self._changed.notify()

    def overtake(self, utterance_id: str) -> None:
        """Give up what is thought about other utterances: something newer was said."""
        with self._changed:
            for question in (*self._waiting, *([self._current] if self._current else [])):
                if question.intent.utterance_id != utterance_id:
                    question.is_overtaken = True

    def close(self) -> None:
        """
        Give everything up and end the thread, after what is waiting has had its answer.

        Waits for a model that is being loaded in this process, which is aborted where it ends in the middle of that.
        """
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self.overtake('')
        self._thread.join()

    def _run(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_needed or self._is_closed, LOAD_AFTER_S)
        with closing(self._models):
            self._load()
            self._is_loaded.set()
            while (question := self._next()) is not None:
                meaning = question.meaning
                try:
                    meaning = self._think(question)
                finally:  # also where an error that nobody foresaw ends this thread
                    self._answer(question, meaning)

    def _load(self) -> None:
        if self._is_closed:
            return
        try:
            self._models.load(lambda: self._is_closed)
        except MODEL_ERRORS as error:
            self._log_once(f'it cannot be loaded: {type(error).__name__}: {error}')

    def _next(self) -> Question | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            self._current = self._waiting.popleft() if self._waiting else None
            return self._current

    def _think(self, question: Question) -> Meaning:
        text, meaning = question.intent.text, question.meaning
        try:
            meaning = self._models.compare(text, meaning)
            if question.intent.is_final and not question.is_overtaken:
                meaning = self._models.think(text, meaning, lambda: question.is_overtaken)
        except MODEL_ERRORS as error:
            self._log_once(f'it cannot be used for a sentence: {type(error).__name__}: {error}')
        return replace(question.meaning, reason=CANCELLED) if question.is_overtaken else meaning

    def _log_once(self, failure: str) -> None:
        if failure not in self._failures:
            self._failures.add(failure)
            _logger.error('a model of the understanding failed, %s', failure)
