"""Contestants for the tests of the benchmark; here, because the processes that run them must be able to import them."""

from __future__ import annotations

import os
import time

from voice_pipeline.tools.benchmark.contestant import ContestantError, Heard


class Parrot:
    """Hears the same in every clip; faster with more threads, up to two."""

    def __init__(self, threads, device, *, text='go forward 10 m', times_ms=None, **counts):
        self.description = f'a parrot on {device}'
        self.heard = Heard(text, times_ms or {'transcribe': (100.0 / min(threads, 2) + threads,)}, **counts)

    def hear(self, samples):
        return self.heard


class Forgetful(Parrot):
    """Fails from the third clip on: once it has been warmed up by two."""

    def __init__(self, threads, device):
        super().__init__(threads, device)
        self.clips = 0

    def hear(self, samples):
        self.clips += 1
        if self.clips > 2:
            raise RuntimeError('out of memory')
        return super().hear(samples)


class Dying(Parrot):
    """Takes its process with it."""

    def hear(self, samples):
        os._exit(3)


class Hanging(Parrot):
    """Does not answer."""

    def hear(self, samples):
        time.sleep(60)


def refuse(threads, device):
    raise ContestantError(f'{device} is not for me')


def break_down(threads, device):
    raise ValueError('bad magic')
