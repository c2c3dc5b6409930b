"""What `benchmark understanding` asks: sentences with their meaning, one JSON object a line, labelled by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from voice_pipeline.messages import Step, Stop


class SentencesError(ValueError):
    """The file cannot be used; the text says which file and line, and what is wrong."""


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a file; other people's files may hold more, which is left alone."""

    text: str
    steps: tuple[Step, ...]
    emergency_stop: bool | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Sentence:
    """
    A sentence and what it should lead to.

    `emergency_stop` is None where the label does not tell whether it is one. `kind` is the row of the report it counts
    in. `where` is its file and line.
    """

    text: str
    steps: tuple[Step, ...]
    emergency_stop: bool | None
    kind: str
    where: str


_decoder = msgspec.json.Decoder(_Line)


def read_sentences(paths: Sequence[Path]) -> list[Sentence]:
    """Return the sentences of all files, in order. Raises `SentencesError`."""
    return [sentence for path in paths for sentence in _read(path)]


def _read(path: Path) -> list[Sentence]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise SentencesError(f'{path}: cannot be read: {error.strerror}') from None
    sentences = [_sentence(line, path, number) for number, line in enumerate(lines, start=1) if line.strip()]
    if not sentences:
        raise SentencesError(f'{path}: holds no sentences')
    return sentences


def _sentence(line: bytes, path: Path, number: int) -> Sentence:
    try:
        labelled = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SentencesError(
            f'{path}:{number}: {error}; expected {{"text": …, "steps": [{{"action": …, "args": {{…}}}}]}} and, '
            'where it matters, "emergency_stop" and "kind"'
        ) from None
    return Sentence(
        text=labelled.text,
        steps=labelled.steps,
        emergency_stop=_is_emergency(labelled),
        kind=labelled.kind or path.stem,
        where=f'{path.name}:{number}',
    )


def _is_emergency(labelled: _Line) -> bool | None:
    """A file without kinds may know nothing of emergency stops: its bare stops could be either."""
    if labelled.emergency_stop is None and labelled.kind is None and labelled.steps == (Stop(),):
        return None
    return bool(labelled.emergency_stop)
