"""What runs in the process of the models: `ModelProcess` starts it, and asks it about one sentence after the other."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from voice_pipeline.understanding.chain import MODEL_ERRORS, Understander
from voice_pipeline.understanding.grammar.parser import Meaning
from voice_pipeline.understanding.model_process import Answer
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary import Vocabulary

NICENESS = 5  # on the same cores, hearing and driving come before thinking


class SentenceModels:
    """Answers requests one at a time: `load`, `compare` and `think`; `use` and `cancel` have no answer."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._vocabulary = Vocabulary()
        self._understander: Understander | None = None
        self._is_cancelled = False
        self._log = _Log()
        logging.getLogger('voice_pipeline').addHandler(self._log)

    def serve(self) -> None:
        """Answer until nobody is there to ask."""
        with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
            while True:
                request, *arguments = self._pipe.recv()
                if request == 'use':
                    self._use(*arguments)
                elif request != 'cancel':  # which may also come when the answer is given
                    self._pipe.send(self._answer(request, arguments))

    def _use(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        if self._understander is not None:
            self._understander.use(vocabulary)

    def _answer(self, request: str, arguments: list[Any]) -> Answer:
        self._is_cancelled = False
        meaning: Meaning | None = None
        error = ''
        try:
            if request == 'load':
                self._load(*arguments)
            else:
                meaning = self._ask(request, *arguments)
        except MODEL_ERRORS as failure:
            error = f'{type(failure).__name__}: {failure}'
        one = self._understander
        return Answer(
            meaning=meaning,
            error=error,
            logged=self._log.take(),
            can_compare=one is not None and one.can_compare,
            can_think=one is not None and one.can_think,
        )

    def _load(self, settings: UnderstandingSettings) -> None:
        self._understander = Understander(self._vocabulary, settings)
        self._understander.load()

    def _ask(self, request: str, text: str, so_far: Meaning) -> Meaning:
        assert self._understander is not None  # `load` comes first
        if request == 'compare':
            return self._understander.compare(text, so_far)
        return self._understander.think(text, so_far, self._look_for_cancel)

    def _look_for_cancel(self) -> bool:
        """Say whether the answer is not wanted any more: nothing else is sent before it."""
        if not self._is_cancelled and self._pipe.poll():
            self._pipe.recv()
            self._is_cancelled = True
        return self._is_cancelled


class _Log(logging.Handler):
    """Keeps warnings until they are sent to where the node logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._kept: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self._kept.append((record.levelno, record.getMessage()))

    def take(self) -> tuple[tuple[int, str], ...]:
        """Return and forget what was logged."""
        kept, self._kept = tuple(self._kept), []
        return kept


def main() -> None:
    """Answer on the pipe with this file descriptor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the node, which ends this process
    os.nice(NICENESS)
    SentenceModels(Connection(int(sys.argv[1]))).serve()


if __name__ == '__main__':
    main()
