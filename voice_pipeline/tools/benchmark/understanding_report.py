"""What `benchmark understanding` leaves behind: a table, the sentences that went wrong, a JSON document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

import msgspec
from rich.table import Table

from voice_pipeline.messages import steps_to_builtins
from voice_pipeline.monitoring.statistics import nearest_rank
from voice_pipeline.tools.benchmark.understanding import Fault, Outcome, Score, score


def scores_of(outcomes: Sequence[Outcome]) -> dict[str, Score]:
    """Return the score of each kind of sentence, in the order of the files."""
    kinds: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        kinds.setdefault(outcome.sentence.kind, []).append(outcome)
    return {kind: score(own) for kind, own in kinds.items()}


def times_ms(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the time per sentence in ms: its median, 95th percentile and maximum."""
    ordered = sorted(outcome.time_ms for outcome in outcomes)
    return {'p50': nearest_rank(ordered, 50), 'p95': nearest_rank(ordered, 95), 'max': ordered[-1]}


def table(outcomes: Sequence[Outcome]) -> Table:
    """Return the scores as a table: a row a kind, then all together."""
    score_table = Table(title='Understanding', title_justify='left')
    score_table.add_column('kind', overflow='fold')
    for heading in (
        'sentences',
        'actions',
        'and arguments',
        'false motions',
        'opposite',
        'stops missed',
        'false stops',
    ):
        score_table.add_column(heading, justify='right', no_wrap=True)
    for kind, one in scores_of(outcomes).items():
        score_table.add_row(*_cells(kind, one))
    score_table.add_section()
    score_table.add_row(*_cells('all', score(outcomes)), style='bold')
    return score_table


def _cells(name: str, one: Score) -> tuple[str, ...]:
    return (
        name,
        str(one.sentences),
        f'{one.sequence_percent:.1f} %',
        f'{one.arguments_percent:.1f} %',
        _of(one.faults['false motion'], one.still),
        str(one.faults['opposite direction']),
        _of(one.faults['missed emergency'], one.emergencies),
        _of(one.faults['false emergency'], one.no_emergencies),
    )


def _of(count: int, total: int) -> str:
    return f'{count} of {total}' if total else '–'


def error_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield each sentence that went wrong: where it is, what is wrong, what was expected and found, and the reason."""
    for outcome in outcomes:
        if outcome.faults:
            sentence, meaning = outcome.sentence, outcome.meaning
            reason = f'  ({meaning.reason})' if meaning.reason else ''
            yield f'{sentence.where}  {", ".join(outcome.faults)}: {sentence.text}'
            yield f'    expected  {msgspec.json.encode(sentence.steps).decode()}'
            yield f'    found     {msgspec.json.encode(meaning.steps_to_do).decode()}{reason}'


def as_json(outcomes: Sequence[Outcome], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document that is saved; `about` is what holds for the whole run."""
    return {
        **about,
        'time_ms': {name: round(value, 4) for name, value in times_ms(outcomes).items()},
        'all': _score_json(score(outcomes)),
        'kinds': {kind: _score_json(one) for kind, one in scores_of(outcomes).items()},
        'sentences': [_outcome_json(outcome) for outcome in outcomes],
    }


def _score_json(one: Score) -> dict[str, Any]:
    return {
        'sentences': one.sentences,
        'must_not_move': one.still,
        'emergencies': one.emergencies,
        'no_emergencies': one.no_emergencies,
        'sequence_percent': round(one.sequence_percent, 2),
        'arguments_percent': round(one.arguments_percent, 2),
        'faults': {fault: one.faults[fault] for fault in get_args(Fault)},
    }


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    sentence, meaning = outcome.sentence, outcome.meaning
    return {
        'where': sentence.where,
        'kind': sentence.kind,
        'text': sentence.text,
        'faults': list(outcome.faults),
        'expected': steps_to_builtins(sentence.steps),
        'found': steps_to_builtins(meaning.steps_to_do),
        'emergency_stop': meaning.emergency_stop,
        'reason': meaning.reason,
        'time_ms': round(outcome.time_ms, 4),
    }
