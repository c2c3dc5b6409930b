"""A profile of this process, written to files when asked and at the end."""

from __future__ import annotations

import logging
import sys
import threading
import time
from pathlib import Path

from voice_pipeline.profiling.files import write_profile
from voice_pipeline.profiling.sampler import StackTally

_logger = logging.getLogger(__name__)


class Profiler:
    """
    Looks at the stacks of all threads until `stop`, or for `duration_s` where that is not 0, and writes the profile.

    The files are those of `write_profile`, in `folder`; each later profile takes the place of the one before. A file
    that cannot be written is an error in the log, and the process goes on.
    """

    def __init__(self, name: str, folder: Path, rate_hz: float, duration_s: float = 0.0) -> None:
        self._name = name
        self._folder = folder
        self._period_s = 1.0 / rate_hz
        self._duration_s = duration_s
        self._tally = StackTally()
        self._ended = threading.Event()
        self._is_asked = False
        self._thread = threading.Thread(target=self._run, name='profiler', daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask(self) -> None:
        """Ask for the profile so far. For a signal handler too: it takes no lock."""
        self._is_asked = True

    def stop(self) -> None:
        """End; the profile is written meanwhile."""
        self._ended.set()

    def join(self) -> None:
        """Return when the profile is written: after `stop`, or after `duration_s`."""
        self._thread.join()

    def _run(self) -> None:
        started_s = looked_s = time.perf_counter()
        while not self._ended.wait(self._period_s):
            now_s = time.perf_counter()
            # Not the period: a look that came late stands for the time since the one before.
            self._look(now_s - looked_s)
            looked_s = now_s
            if self._is_asked:
                self._is_asked = False
                self._write()
            if self._duration_s and now_s - started_s >= self._duration_s:
                break
        self._write()

    def _look(self, seconds: float) -> None:
        names = {thread.ident: thread.name for thread in threading.enumerate() if thread is not self._thread}
        frames = sys._current_frames()
        self._tally.add({names[ident]: frame for ident, frame in frames.items() if ident in names}, seconds)

    def _write(self) -> None:
        try:
            files = write_profile(self._tally.profile(self._name), self._folder)
        except OSError as error:
            _logger.error('the profile cannot be written: %s', error)
            return
        _logger.info('profile: %s', ', '.join(map(str, files)))
