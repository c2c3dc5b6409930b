"""What `benchmark recognition` leaves behind: a record of each contestant, a JSON document, a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ
from voice_pipeline.monitoring.statistics import nearest_rank
from voice_pipeline.recognition.weights import BUNDLED_MODEL
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.benchmark.contestant import ContestantProcess, Memory
from voice_pipeline.tools.benchmark.recognition import LeftOut, Take
from voice_pipeline.tools.words import word_errors


@dataclass(frozen=True)
class Measure:
    """The times of one kind; `ratio` is how many of our revisions fit into the median, None without ours."""

    name: str
    count: int
    p50_ms: float
    p95_ms: float
    ratio: float | None


@dataclass(frozen=True)
class Result:
    """All about one contestant; `errors` of `words` words were wrong, each clip counted once."""

    name: str
    description: str
    is_ours: bool
    threads: int
    memory: Memory
    measures: tuple[Measure, ...]
    errors: int
    words: int
    takes: tuple[Take, ...]

    @property
    def error_percent(self) -> float:
        """The word error rate."""
        return 100.0 * self.errors / max(1, self.words)

    @property
    def settled_words(self) -> int:
        """The words that several revisions in a row have shown; 0 where there are no revisions."""
        return sum(take.heard.settled_words for take in self.takes)

    @property
    def changed_words(self) -> int:
        """The settled words that were changed afterwards."""
        return sum(take.heard.changed_words for take in self.takes)


def results_of(
    processes: Sequence[ContestantProcess], takes: Sequence[Take], memory: Mapping[str, Memory]
) -> list[Result]:
    """Return the result of each contestant that took part to the end, in their order."""
    reference_ms = min(
        (
            nearest_rank(times, 50)
            for process in processes
            if process.entry.is_ours and (times := _times_ms(takes, process.entry.name).get('revision'))
        ),
        default=None,
    )
    return [_result(process, takes, memory[process.entry.name], reference_ms) for process in processes]


def _result(process: ContestantProcess, takes: Sequence[Take], memory: Memory, reference_ms: float | None) -> Result:
    name = process.entry.name
    own = tuple(take for take in takes if take.contestant == name)
    counts = [word_errors(take.clip.words, take.heard.text) for take in own if take.run == 0]
    return Result(
        name=name,
        description=process.description,
        is_ours=process.entry.is_ours,
        threads=process.threads,
        memory=memory,
        measures=tuple(_measure(kind, times, reference_ms) for kind, times in _times_ms(takes, name).items()),
        errors=sum(errors for errors, _ in counts),
        words=sum(words for _, words in counts),
        takes=own,
    )


def _times_ms(takes: Sequence[Take], contestant: str) -> dict[str, list[float]]:
    """Return all times of the contestant in ascending order, by what was measured."""
    times_ms: dict[str, list[float]] = {}
    for take in takes:
        if take.contestant == contestant:
            for kind, values in take.heard.times_ms.items():
                times_ms.setdefault(kind, []).extend(values)
    return {kind: sorted(values) for kind, values in times_ms.items() if values}


def _measure(kind: str, times_ms: list[float], reference_ms: float | None) -> Measure:
    p50_ms = nearest_rank(times_ms, 50)
    return Measure(
        kind, len(times_ms), p50_ms, nearest_rank(times_ms, 95), p50_ms / reference_ms if reference_ms else None
    )


def as_json(results: Sequence[Result], left_out: Sequence[LeftOut], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document that is saved; `about` is what holds for the whole run."""
    clips: dict[str, Clip] = {take.clip.name: take.clip for result in results for take in result.takes}
    return {
        **about,
        'model': BUNDLED_MODEL,
        'clips': [
            {
                'name': clip.name,
                'speaker': clip.speaker,
                'words': clip.words,
                'duration_s': round(len(clip.samples) / SAMPLE_RATE_HZ, 3),
            }
            for clip in clips.values()
        ],
        'contestants': [_contestant_json(result) for result in results],
        'left_out': [{'name': one.name, 'reason': one.reason} for one in left_out],
    }


def _contestant_json(result: Result) -> dict[str, Any]:
    return {
        'name': result.name,
        'description': result.description,
        'ours': result.is_ours,
        'threads': result.threads,
        'word_errors': result.errors,
        'words': result.words,
        'word_error_percent': round(result.error_percent, 2),
        'resident_mb': round(result.memory.resident_mb, 1),
        'peak_mb': round(result.memory.peak_mb, 1),
        'settled_words': result.settled_words,
        'changed_words': result.changed_words,
        'measures': {
            measure.name: {
                'count': measure.count,
                'p50_ms': round(measure.p50_ms, 3),
                'p95_ms': round(measure.p95_ms, 3),
                'ratio': None if measure.ratio is None else round(measure.ratio, 2),
            }
            for measure in result.measures
        },
        'takes': [
            {
                'clip': take.clip.name,
                'run': take.run,
                'text': take.heard.text,
                'times_ms': {kind: [round(time, 3) for time in times] for kind, times in take.heard.times_ms.items()},
            }
            for take in result.takes
        ],
    }


def table(results: Sequence[Result]) -> Table:
    """Return the results as a table, a line for each measure."""
    result_table = Table(title='Recognition, side by side', title_justify='left')
    result_table.add_column('contestant', overflow='fold')
    result_table.add_column('options', overflow='fold')
    for heading in ('threads', 'measure', 'p50 ms', 'p95 ms', '× ours', 'word errors', 'memory MB', 'peak MB'):
        result_table.add_column(heading, justify='left' if heading == 'measure' else 'right', no_wrap=True)
    for result in results:
        words = f'{result.errors}/{result.words} {result.error_percent:.1f} %'
        memory = (f'{result.memory.resident_mb:.0f}', f'{result.memory.peak_mb:.0f}')
        head: tuple[str, ...] = (result.name, result.description, str(result.threads))
        tail: tuple[str, ...] = (words, *memory)
        for measure in result.measures:
            ratio = '' if measure.ratio is None else f'{measure.ratio:.1f}'
            result_table.add_row(*head, measure.name, f'{measure.p50_ms:.1f}', f'{measure.p95_ms:.1f}', ratio, *tail)
            head, tail = ('',) * len(head), ('',) * len(tail)
        result_table.add_section()
    return result_table
