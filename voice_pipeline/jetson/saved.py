"""What was there before it was changed: kept in one small file until it is undone, through crashes and reboots."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from voice_pipeline.jetson.tuning import Values

MAX_BYTES = 64 * 1024


class SavedStateError(Exception):
    """The file cannot be read or written; the text says what to do."""


@dataclass(frozen=True)
class Entry:
    """What one tuning saved, in which boot; one that does not survive a reboot is void in the next."""

    values: dict[str, str]
    boot_id: str
    survives_reboot: bool


@dataclass(frozen=True)
class _Document:
    entries: dict[str, Entry]
    version: Literal[1] = 1


class SavedState:
    """The file. Each change is on the disk when the call returns, whole or not at all."""

    def __init__(self, path: Path, boot_id: str) -> None:
        self._path = path
        self._boot_id = boot_id

    def entries(self) -> dict[str, Values]:
        """Return what is saved, by the tuning's name. Raises `SavedStateError`."""
        return {name: entry.values for name, entry in self._load().entries.items()}

    def keep(self, name: str, values: Values, *, survives_reboot: bool) -> None:
        """Save what was there. Raises `SavedStateError`."""
        entry = Entry(dict(values), self._boot_id, survives_reboot)
        self._store(self._load().entries | {name: entry})

    def forget(self, name: str) -> None:
        """Drop what was saved: nothing is left to undo. Raises `SavedStateError`."""
        self._store({known: entry for known, entry in self._load().entries.items() if known != name})

    def _load(self) -> _Document:
        try:
            with self._path.open('rb') as file:
                data = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return _Document({})
        except OSError as error:
            raise SavedStateError(f'{self._path} cannot be read: {error.strerror}') from None
        try:
            document = msgspec.json.decode(data, type=_Document)
        except msgspec.DecodeError as error:
            advice = 'remove it if nothing has to be undone'
            raise SavedStateError(f'{self._path} is not what was written ({error}): {advice}') from None
        alive = {
            name: entry
            for name, entry in document.entries.items()
            if entry.survives_reboot or entry.boot_id == self._boot_id
        }
        return replace(document, entries=alive)

    def _store(self, entries: dict[str, Entry]) -> None:
        data = msgspec.json.encode(_Document(entries))
        if len(data) > MAX_BYTES:
            raise SavedStateError(f'{len(data)} bytes are too much to save in {self._path}')
        try:
            write_whole(self._path, data)
        except OSError as error:
            raise SavedStateError(f'{self._path} cannot be written: {error.strerror}') from None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all, whatever happens. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'{path.name}.{os.getpid()}.new')
    try:
        with temporary.open('wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
