"""The sentences of the package that the semantic match compares with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import msgspec

REST = '...'  # at the end of `means`: the words of the spoken sentence that the grammar understands after it


@dataclass(frozen=True)
class Exemplar:
    """
    A sentence, and the plain one that asks for the same.

    `means` is '' where the sentence asks for nothing. `actions`: what the steps must be.
    """

    sentence: str
    means: str = ''
    actions: tuple[str, ...] = ()


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    means: str
    steps: tuple[str, ...]
    say: tuple[str, ...]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    commands: tuple[_Entry, ...]
    nothing: tuple[str, ...]


@lru_cache(maxsize=1)
def packaged_exemplars() -> tuple[Exemplar, ...]:
    """Return the exemplars of `exemplars.yaml`."""
    text = files(__package__).joinpath('exemplars.yaml').read_bytes()
    content = msgspec.yaml.decode(text, type=_File)
    commands = [Exemplar(sentence, entry.means, entry.steps) for entry in content.commands for sentence in entry.say]
    return (*commands, *(Exemplar(sentence) for sentence in content.nothing))
