"""
The models of the understanding in a process of their own, so that no word waits for Python's lock.

Importing torch and loading a model hold that lock for up to a quarter of a second at a time. In the process that parses
every revision, and finds the stop in it, that was the longest wait of all.
"""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from voice_pipeline.understanding.chain import has_models
from voice_pipeline.understanding.grammar.parser import Meaning
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary import Vocabulary

PROGRAM = 'voice_pipeline.understanding.sentence_models'  # what runs in the process
LOOK_S = 0.05  # how often a thread that waits for an answer looks whether it is still wanted

_logger = logging.getLogger(__name__)


class ModelProcessError(RuntimeError):
    """The process of the models has ended, or a model failed in it."""


@dataclass(frozen=True)
class Answer:
    """What the process answers: what was asked for, or an error; what it logged; which models it has by now."""

    meaning: Meaning | None
    error: str
    logged: tuple[tuple[int, str], ...]
    can_compare: bool
    can_think: bool


class ModelProcess:
    """
    Does what the models of an `Understander` do, in another process, which `load` starts.

    `load`, `compare`, `think` and `close` belong to one thread, whichever it is. When this process ends, so does the
    other one.
    """

    def __init__(self, vocabulary: Vocabulary, settings: UnderstandingSettings) -> None:
        self._settings = settings
        self._vocabulary = vocabulary
        self._sent_vocabulary: Vocabulary | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._can_compare = self._can_think = False

    @property
    def has_models(self) -> bool:
        """Say whether the settings and this machine have models, loaded or not."""
        return has_models(self._settings)

    @property
    def can_compare(self) -> bool:
        """Say whether the semantic match is loaded."""
        return self._can_compare

    @property
    def can_think(self) -> bool:
        """Say whether the language model is loaded."""
        return self._can_think

    def use(self, vocabulary: Vocabulary) -> None:
        """Know these names from now on."""
        self._vocabulary = vocabulary

    def load(self, is_cancelled: Callable[[], bool] = lambda: False) -> None:
        """Start the process and have it load the models, which takes seconds. Raises `ModelProcessError`, `OSError`."""
        ours, theirs = socket.socketpair()
        self._pipe = Connection(ours.detach())
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, '-m', PROGRAM, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._send('load', self._settings)
        if self._wait(is_cancelled):
            self._receive()
        else:
            self.close()

    def compare(self, text: str, by_grammar: Meaning) -> Meaning:
        """Do as `Understander.compare`. Raises `ModelProcessError`."""
        if not self.can_compare:
            return by_grammar
        self._send('compare', text, by_grammar)
        return self._receive() or by_grammar

    def think(self, text: str, so_far: Meaning, is_cancelled: Callable[[], bool] = lambda: False) -> Meaning:
        """Do as `Understander.think`. Raises `ModelProcessError`."""
        if not self.can_think:
            return so_far
        self._send('think', text, so_far)
        if not self._wait(is_cancelled):
            self._send('cancel')
        return self._receive() or so_far

    def close(self) -> None:
        """End the process, whatever it is at: it holds nothing that could be lost."""
        self._can_compare = self._can_think = False
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _send(self, request: str, *arguments: Any) -> None:
        with self._talking() as pipe:
            vocabulary = self._vocabulary
            if vocabulary is not self._sent_vocabulary and request != 'cancel':
                pipe.send(('use', vocabulary))
                self._sent_vocabulary = vocabulary
            pipe.send((request, *arguments))

    def _wait(self, is_cancelled: Callable[[], bool]) -> bool:
        """Return True once there is an answer, False as soon as it is not wanted any more."""
        with self._talking() as pipe:
            while not pipe.poll(LOOK_S):
                if is_cancelled():
                    return False
        return True

    def _receive(self) -> Meaning | None:
        with self._talking() as pipe:
            answer: Answer = pipe.recv()
        for level, text in answer.logged:
            _logger.log(level, '%s', text)
        self._can_compare, self._can_think = answer.can_compare, answer.can_think
        if answer.error:
            raise ModelProcessError(answer.error)
        return answer.meaning

    @contextmanager
    def _talking(self) -> Iterator[Connection]:
        ended = 'the process of the models has ended: there is only the grammar until this node is started again'
        if self._pipe is None or self._pipe.closed:
            raise ModelProcessError(ended)
        try:
            yield self._pipe
        except (EOFError, OSError):
            self.close()
            raise ModelProcessError(ended) from None
