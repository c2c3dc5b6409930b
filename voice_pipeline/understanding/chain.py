"""
The ways to understand a sentence, one after the other: the grammar, the semantic match, the language model.

The grammar answers at once and alone decides on stops. What it leaves open may go on to the semantic match, which takes
some ten milliseconds, and a final to the language model, which takes seconds where there is one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from numpy import float32
from numpy.typing import NDArray

from voice_pipeline.understanding.grammar.parser import NOTHING_SAID, Meaning, Parser
from voice_pipeline.understanding.language_model.causal_model import CausalModel, LanguageModelError
from voice_pipeline.understanding.language_model.model_parser import AnswersInJson, UnansweredError, ask
from voice_pipeline.understanding.language_model.prompt import EXAMPLES, SYSTEM
from voice_pipeline.understanding.semantic.matcher import Encoder, SemanticParser, exemplars_for
from voice_pipeline.understanding.semantic.sentence_encoder import EncoderError, SentenceEncoder, is_installed
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.lexicon_words import CONDITIONAL, NEGATED, OTHER_DEVICE
from voice_pipeline.understanding.words.said import ValueFinder
from voice_pipeline.understanding.words.vocabulary import Vocabulary

# What the grammar understood well enough to know that nothing is to be done.
_CLOSED = frozenset((NOTHING_SAID, NEGATED, CONDITIONAL, OTHER_DEVICE))

# What the libraries raise where a model cannot run: out of memory, a lost GPU, an input that they refuse.
MODEL_ERRORS = (RuntimeError, ValueError, OSError, MemoryError)

_logger = logging.getLogger(__name__)


def is_open(meaning: Meaning) -> bool:
    """Say whether the grammar left the sentence open: no steps, no stop, and no mere answer to a question."""
    is_answer = meaning.reply is not None and meaning.coverage == 1.0
    return not (meaning.steps or meaning.emergency_stop or is_answer or meaning.reason == NOTHING_SAID)


def has_models(settings: UnderstandingSettings) -> bool:
    """Say whether the settings and this machine have more than the grammar."""
    return _wants_semantic(settings) or bool(settings.language_model)


def _wants_semantic(settings: UnderstandingSettings) -> bool:
    return settings.semantic == 'on' or (settings.semantic == 'auto' and is_installed(settings.sentence_model))


class Understander:
    """
    Understands sentences in every way that the settings allow and this machine has.

    `by_grammar` may be called from any thread. `load` and what uses the models belong to one thread, whichever it is;
    before `load` has returned there is only the grammar.
    """

    def __init__(self, vocabulary: Vocabulary, settings: UnderstandingSettings) -> None:
        self._settings = settings
        self._encoder: Encoder | None = None
        self._model: AnswersInJson | None = None
        self._vectors: dict[str, NDArray[float32]] = {}
        self._semantic: tuple[Parser, SemanticParser] | None = None
        self.use(vocabulary)

    def use(self, vocabulary: Vocabulary) -> None:
        """Know these names from now on."""
        self._known = Parser(vocabulary), vocabulary  # in one step, for the other thread

    @property
    def has_models(self) -> bool:
        """Say whether the settings and this machine have more than the grammar, loaded or not."""
        return has_models(self._settings)

    @property
    def can_compare(self) -> bool:
        """Say whether the semantic match is loaded."""
        return self._encoder is not None

    @property
    def can_think(self) -> bool:
        """Say whether the language model is loaded."""
        return self._model is not None

    def load(self, is_cancelled: Callable[[], bool] = lambda: False) -> None:
        """Load the models, which takes seconds; one that cannot be loaded is logged, and done without."""
        settings = self._settings
        if _wants_semantic(settings) and not is_cancelled():
            try:
                encoder = SentenceEncoder(settings.sentence_model, settings.threads)
                self._semantic_parser(encoder)
                self._encoder = encoder
            except EncoderError as error:
                _logger.warning('there is no semantic match: %s', error)
        if settings.language_model and not is_cancelled():
            try:
                self._model = CausalModel(
                    settings.language_model, SYSTEM, EXAMPLES, device=settings.device, threads=settings.threads
                )
            except LanguageModelError as error:
                _logger.warning('there is no language model: %s', error)

    def parse(self, text: str) -> Meaning:
        """Return what the text asks for, by the grammar and the semantic match. Never raises."""
        return self.compare(text, self.by_grammar(text))

    def by_grammar(self, text: str) -> Meaning:
        """Return what the grammar makes of the text, within 5 ms."""
        return self._known[0].parse(text)

    def compare(self, text: str, by_grammar: Meaning) -> Meaning:
        """Return what the semantic match makes of a text that the grammar left open, else `by_grammar`."""
        if self._encoder is None or not is_open(by_grammar):
            return by_grammar
        meaning = self._semantic_parser(self._encoder).parse(text, by_grammar)
        return by_grammar if meaning is None else replace(meaning, reply=by_grammar.reply)

    def think(self, text: str, so_far: Meaning, is_cancelled: Callable[[], bool] = lambda: False) -> Meaning:
        """
        Return what the language model makes of a text that all else left open, else `so_far`, what that was.

        Takes up to `language_model_timeout_s`; `is_cancelled` is looked at all the time.
        """
        if self._model is None or not is_open(so_far) or so_far.reason in _CLOSED:
            return so_far
        said = ValueFinder(self._known[1]).find(text)
        if said.is_negated:
            return so_far
        try:
            steps = ask(
                self._model,
                text,
                said,
                max_tokens=self._settings.language_model_max_tokens,
                timeout_s=self._settings.language_model_timeout_s,
                is_cancelled=is_cancelled,
            )
        except UnansweredError as error:
            return replace(so_far, reason=str(error))
        if not steps:
            return so_far
        return Meaning(steps=steps, is_complete=True, coverage=so_far.coverage, source='llm')

    def close(self) -> None:
        """Let go of the models."""
        self._encoder = self._model = self._semantic = None

    def _semantic_parser(self, encoder: Encoder) -> SemanticParser:
        """Return the semantic match with the vocabulary of now."""
        grammar, vocabulary = self._known
        if self._semantic is None or self._semantic[0] is not grammar:
            values = ValueFinder(vocabulary)
            parser = SemanticParser(grammar, values, exemplars_for(vocabulary, grammar), encoder, known=self._vectors)
            self._semantic = grammar, parser
        return self._semantic[1]
