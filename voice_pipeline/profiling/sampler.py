"""
A sampling profiler for all threads of this process: a thread of its own looks at their stacks at a steady rate.

Why not cProfile: it sees one thread; Python 3.12 allows one in a process and mixes the threads in it
(github.com/python/cpython/issues/124656); and it keeps no stacks. What it costs is in `benchmark techniques`.

A look needs Python's lock (GIL). A thread that runs Python gives it up every 5 ms, or when it enters numpy or the
model: the seconds in a function are right, but of two lines that take microseconds either may be the one that is seen.
"""

from __future__ import annotations

import linecache
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import CodeType, FrameType

from voice_pipeline.profiling.stacks import WAITING, Call, Profile, Stack

# Who is here waits for work: file and function of the innermost Python frame. The last two are ours.
_WAITING_IN = (
    ('/threading.py', 'wait'),
    ('/threading.py', '_wait_for_tstate_lock'),
    ('/threading.py', 'join'),
    ('/queue.py', 'get'),
    ('/concurrent/futures/thread.py', '_worker'),
    ('/selectors.py', 'select'),
    ('/rclpy/executors.py', '_wait_for_ready_callbacks'),
    ('/nodes/base.py', 'run'),
    ('/audio/pipe.py', '_read'),
)
# Of a thread: hours of a profile take no more memory, and to write it does not hold up the node. 300 are usual.
_MAX_STACKS = 2000
_IMPORTING = '<frozen importlib'  # six calls for each import, which tracebacks leave out too

_Key = tuple[int, ...]  # the line, then the identities of the code objects from the innermost call out
_WAITING_KEY: _Key = (-1,)
_OTHERS_KEY: _Key = (-2,)


class StackTally:
    """The seconds in each stack so far; for one thread at a time."""

    def __init__(self) -> None:
        self._seconds: dict[str, defaultdict[_Key, float]] = {}
        self._codes: dict[int, CodeType] = {}  # keeps them alive, so that an identity stays one
        self._waits: dict[int, bool] = {}

    def add(self, frames: Mapping[str, FrameType], seconds: float) -> None:
        """Count `seconds` for what each thread does now: its name and innermost frame."""
        for thread, frame in frames.items():
            stacks = self._seconds.setdefault(thread, defaultdict(float))
            key = self._key(frame)
            is_too_many = len(stacks) >= _MAX_STACKS and key not in stacks
            stacks[_OTHERS_KEY if is_too_many else key] += seconds

    def profile(self, name: str) -> Profile:
        """Return what was counted, with readable names."""
        threads = {}
        for thread, stacks in self._seconds.items():
            named: defaultdict[Stack, float] = defaultdict(float)
            for key, seconds in stacks.items():
                named[self._stack(key)] += seconds
            threads[thread] = dict(named)
        return Profile(name, threads)

    def _key(self, frame: FrameType) -> _Key:
        # Identities: to hash a code object is to hash all of its constants.
        key = [frame.f_lineno or 0]
        each: FrameType | None = frame
        while each is not None:
            code = each.f_code
            identity = id(code)
            if identity not in self._codes:
                self._codes[identity] = code
                self._waits[identity] = _is_waiting(code)
            key.append(identity)
            each = each.f_back
        return _WAITING_KEY if self._waits[key[1]] else tuple(key)

    def _stack(self, key: _Key) -> Stack:
        if key == _WAITING_KEY:
            return WAITING
        if key == _OTHERS_KEY:
            return (Call('other stacks'),)
        line, *identities = key
        *callers, innermost = (self._codes[identity] for identity in reversed(identities))
        file = innermost.co_filename
        text = linecache.getline(file, line).strip()
        shown = [code for code in callers if not code.co_filename.startswith(_IMPORTING)]
        return (*map(_call_of, (*shown, innermost)), Call(f'{line}: {text}' if text else f'line {line}', file, line))


def _is_waiting(code: CodeType) -> bool:
    return any(code.co_name == function and code.co_filename.endswith(file) for file, function in _WAITING_IN)


def _call_of(code: CodeType) -> Call:
    if code.co_name == '<module>':
        return Call(f'<module> {Path(code.co_filename).stem}', code.co_filename, code.co_firstlineno)
    # From Python 3.11 on, the name of the class is in it.
    return Call(getattr(code, 'co_qualname', code.co_name), code.co_filename, code.co_firstlineno)
