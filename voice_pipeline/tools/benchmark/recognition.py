"""
`benchmark recognition`: all contestants hear the same clips in turns, A B C D A B C D, so that what else the machine
does hits all alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from statistics import median

from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.benchmark.contestant import ContestantError, ContestantProcess, Entry, Heard, Memory
from voice_pipeline.tools.machine import core_count

# CTranslate2's threads spin for 200 ms after their work (KMP_BLOCKTIME of Intel's OpenMP): the next turn comes later.
SETTLE_S = 0.25
TUNING_TAKES = 3

Say = Callable[[str], None]


@dataclass(frozen=True)
class Take:
    """What one contestant heard in one clip in one run."""

    contestant: str
    clip: Clip
    run: int
    heard: Heard


@dataclass(frozen=True)
class LeftOut:
    """A contestant that did not take part, or not to the end, and why."""

    name: str
    reason: str


@dataclass
class Lineup:
    """The contestants, loaded and warm; ends their processes: `with Lineup() as lineup`."""

    processes: list[ContestantProcess] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def __enter__(self) -> Lineup:
        return self

    def __exit__(self, *_exception: object) -> None:
        for process in self.processes:
            process.close()

    def drop(self, process: ContestantProcess, error: ContestantError) -> None:
        """Go on without this one."""
        process.close()
        self.processes.remove(process)
        self.left_out.append(LeftOut(process.entry.name, str(error)))


def enter(lineup: Lineup, entries: Sequence[Entry], clip: Clip, device: str, threads: int | None, say: Say) -> None:
    """
    Load the contestants, one after another, and let each hear the clip once or more, so that it is warm.

    `threads` is the number for those whose number is not fixed, or None to find the fastest for each.
    """
    for entry in entries:
        if find_spec(entry.module) is None:
            lineup.left_out.append(LeftOut(entry.name, f'not installed: pip install {entry.distribution}'))
            continue
        say(f'loading {entry.name}')
        try:
            lineup.processes.append(_fastest(entry, clip, device, _thread_counts(entry, threads)))
        except ContestantError as error:
            lineup.left_out.append(LeftOut(entry.name, str(error)))


def _thread_counts(entry: Entry, threads: int | None) -> list[int]:
    """Return the numbers of threads to try: powers of two up to the number of cores, and that number."""
    if not entry.tunes_threads:
        return [RecognitionSettings().threads]
    if threads is not None:
        return [threads]
    cores = core_count()
    return sorted({2**exponent for exponent in range(cores.bit_length())} | {cores})


def _fastest(entry: Entry, clip: Clip, device: str, thread_counts: Sequence[int]) -> ContestantProcess:
    """Return the contestant, warm, with the number of threads that is fastest. Raises `ContestantError`."""
    best: ContestantProcess | None = None
    best_ms = float('inf')
    for threads in thread_counts:
        process = ContestantProcess(entry, threads, device)
        try:
            took_ms = _warm(process, clip, TUNING_TAKES if len(thread_counts) > 1 else 1)
        except ContestantError:
            process.close()
            raise
        slower, best_ms = (process, best_ms) if took_ms >= best_ms else (best, took_ms)
        best = best if slower is process else process
        if slower is not None:
            slower.close()
    assert best is not None
    return best


def _warm(process: ContestantProcess, clip: Clip, takes: int) -> float:
    """Return the median time of a clip in ms, of some takes after the first."""
    heard = [process.hear(clip.samples) for _ in range(1 + takes)]
    return median(sum(sum(times) for times in one.times_ms.values()) for one in heard[1:])


def take_turns(lineup: Lineup, clips: Sequence[Clip], runs: int, settle_s: float = SETTLE_S) -> Iterator[Take]:
    """Yield each take as it is done; a contestant that fails is left out from then on."""
    for run in range(runs):
        for clip in clips:
            for process in list(lineup.processes):
                time.sleep(settle_s)
                try:
                    heard = process.hear(clip.samples)
                except ContestantError as error:
                    lineup.drop(process, error)
                else:
                    yield Take(process.entry.name, clip, run, heard)


def memories(lineup: Lineup) -> dict[str, Memory]:
    """Return the memory of each contestant's process."""
    found = {}
    for process in list(lineup.processes):
        try:
            found[process.entry.name] = process.memory()
        except ContestantError as error:
            lineup.drop(process, error)
    return found
