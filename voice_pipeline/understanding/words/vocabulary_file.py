"""The vocabulary's file, read anew when it changes while the robot runs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from voice_pipeline.paths import config_file
from voice_pipeline.understanding.words.vocabulary import Vocabulary, VocabularyError

CHECK_S = 1.0  # how often the file is looked at, at most

_logger = logging.getLogger(__name__)
_Stamp = tuple[int, int]  # modification time in ns, size


class VocabularyFile:
    """
    Holds the vocabulary of a file, '' being the one installed with the package.

    A change is taken over when the whole file can be used; else the vocabulary stays as it was, which is logged once a
    change. `clock_s` counts seconds monotonically. Raises `VocabularyError` when made with a file that cannot be used.
    """

    def __init__(self, path: str = '', clock_s: Callable[[], float] = time.monotonic) -> None:
        self._path = Path(path) if path else config_file('vocabulary.yaml')
        self._clock_s = clock_s
        self._stamp = self._read_stamp()
        self._checked_s = clock_s()
        self._vocabulary = Vocabulary.load(self._path)

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary as last read."""
        return self._vocabulary

    def refresh(self) -> bool:
        """Read the file anew if it has changed, looking at most once a second; say whether the vocabulary is new."""
        now_s = self._clock_s()
        if now_s - self._checked_s < CHECK_S:
            return False
        self._checked_s = now_s
        stamp = self._read_stamp()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._vocabulary = Vocabulary.load(self._path)
        except VocabularyError as error:
            _logger.warning('the vocabulary stays as it was: %s', error)
            return False
        _logger.info('the vocabulary %s was read anew', self._path)
        return True

    def _read_stamp(self) -> _Stamp | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size
