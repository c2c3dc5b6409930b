"""
`benchmark techniques`: what each technique for throughput and memory brings here, measured with and without it.

What pays is in the pipeline; what does not is nowhere but here, in `trials`.
"""

from __future__ import annotations

import argparse
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.settings import SettingsError
from voice_pipeline.tools.benchmark.clips import spoken_clips
from voice_pipeline.tools.benchmark.output import count, make_console, save_json, unsaved
from voice_pipeline.tools.benchmark.trial import Trial, Work
from voice_pipeline.tools.benchmark.trials import all_trials
from voice_pipeline.understanding.words.vocabulary import VocabularyError

PURPOSE = 'what batches, caches, buffers, worker pools and profilers cost and bring, each with and without'


@dataclass(frozen=True)
class Cost:
    """
    The time of one unit of work and the CPU time of this process in it, each the best of all rounds.

    `peak_kib`: the most memory that Python and numpy had at once for a run, beyond what they had before.
    """

    time_ms: float
    cpu_ms: float
    peak_kib: float


@dataclass(frozen=True)
class Comparison:
    """What the same work costs without a technique and using it; `use`: where in the pipeline it is."""

    technique: str
    work: str
    use: str
    without: Cost
    using: Cost


@dataclass(frozen=True)
class Clocks:
    """The time and the CPU time of this process."""

    time_ns: Callable[[], int] = time.perf_counter_ns
    cpu_ns: Callable[[], int] = time.process_time_ns


def compare(trial: Trial, rounds: int, clocks: Clocks | None = None) -> Comparison:
    """
    Do the work without and with the technique in turns.

    The best time is the one that the other processes of this machine disturbed least (as in Python's `timeit`).
    """
    clocks = clocks or Clocks()
    for work in (trial.without, trial.using):
        work()  # what is made once is made now
    without_kib, using_kib = _peak_kib(trial.without), _peak_kib(trial.using)
    times_ns = [(_times_ns(trial.without, clocks), _times_ns(trial.using, clocks)) for _ in range(rounds)]
    return Comparison(
        trial.technique,
        trial.work,
        trial.use,
        without=_cost([without for without, _ in times_ns], trial.units, without_kib),
        using=_cost([using for _, using in times_ns], trial.units, using_kib),
    )


def _times_ns(work: Work, clocks: Clocks) -> tuple[int, int]:
    """Return the time that the work takes, and the CPU time."""
    started_ns, cpu_started_ns = clocks.time_ns(), clocks.cpu_ns()
    work()
    return clocks.time_ns() - started_ns, clocks.cpu_ns() - cpu_started_ns


def _cost(times_ns: Iterable[tuple[int, int]], units: int, peak_kib: float) -> Cost:
    time_ms, cpu_ms = (min(column) / units / 1e6 for column in zip(*times_ns, strict=True))
    return Cost(time_ms, cpu_ms, peak_kib)


def _peak_kib(work: Work) -> float:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1024
    finally:
        tracemalloc.stop()


def table(comparisons: Iterable[Comparison]) -> Table:
    """Return the comparisons, a line each: without the technique → using it."""
    result = Table('technique', 'work', 'time ms', 'CPU ms', 'memory KiB', 'in the pipeline')
    for one in comparisons:
        pairs = (
            f'{one.without.time_ms:.3f} → {one.using.time_ms:.3f}',
            f'{one.without.cpu_ms:.3f} → {one.using.cpu_ms:.3f}',
            f'{one.without.peak_kib:.0f} → {one.using.peak_kib:.0f}',
        )
        result.add_row(one.technique, one.work, *pairs, one.use or 'no')
    return result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        '--rounds', type=count, default=5, metavar='N', help='how often, with and without (%(default)s)'
    )
    parser.add_argument('--backend', default='auto', help='auto, faster-whisper or openai-whisper (%(default)s)')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda (%(default)s)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='save the figures')


def main(arguments: argparse.Namespace) -> int:
    """Run the benchmark; return 0, or 1 where nothing could be measured or saved (said on stderr)."""
    try:
        settings = RecognitionSettings.from_mapping({'backend': arguments.backend, 'device': arguments.device})
        clips, backend = spoken_clips(), load(settings)
        with ExitStack() as resources:
            comparisons = list(_compare_all(all_trials(backend, settings, clips, resources), arguments.rounds))
    except (SettingsError, ModelError, SpeechError, VocabularyError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    console = make_console()
    console.print(table(comparisons))
    console.print(backend.description, highlight=False)
    if arguments.json:
        document: dict[str, Any] = {'backend': backend.description, 'comparisons': [asdict(one) for one in comparisons]}
        try:
            save_json(document, arguments.json, console)
        except OSError as error:
            return unsaved(error)
    return 0


def _compare_all(trials: Iterator[Trial], rounds: int) -> Iterator[Comparison]:
    with make_console().status('measuring') as status:
        for trial in trials:
            status.update(f'{trial.technique}: {trial.work}')
            yield compare(trial, rounds)
