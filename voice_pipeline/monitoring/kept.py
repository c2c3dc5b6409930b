"""
The folder of utterances that went wrong: the sound of each, with all that was made of it, as a pair of files.

`TIME_UTTERANCE.wav` and `.json`: `python -m voice_pipeline replay` puts them through the pipeline again. It is
someone's voice: the files are for this user only, few, and deleted when they are old.
"""

from __future__ import annotations

import io
import logging
import os
import re
import wave
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

import msgspec

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples
from voice_pipeline.messages import Execution, Intent, Plan, Transcript
from voice_pipeline.monitoring.recording import package_version
from voice_pipeline.monitoring.statistics import NS_PER_S
from voice_pipeline.monitoring.utterances import UtteranceRecord

_TIME_FORMAT = '%Y%m%dT%H%M%SZ'
_NAME_LENGTH = 60
_UNFINISHED = '.new'
_OWN_NAME = re.compile(rf'(?P<stem>\d{{8}}T\d{{6}}Z_[A-Za-z0-9-]{{1,{_NAME_LENGTH}}})\.(wav|json)(\.new)?')
_README = """\
What this robot refused, failed to do or did not understand, kept by its monitor so that it can be replayed:

    python -m voice_pipeline replay {folder}

Each NAME.wav is the sound of one utterance, from shortly before its first word to shortly after its last one;
NAME.json is what the pipeline made of it. That may be speech that was not meant for the robot.
No other sound is kept, and nothing leaves this machine. Only the user who runs the robot can read these files.
At most {max_count} are kept, none for longer than {max_age_days:g} days. Delete them as you like; to keep none, switch
it off in the parameters of the monitor.
"""

_logger = logging.getLogger(__name__)


class KeptUtteranceError(ValueError):
    """A file is no kept utterance; the text says which, and why."""


class UtteranceMessages(msgspec.Struct, frozen=True, kw_only=True):
    """All that the pipeline made of one utterance, each in order; of executions alike in state and step the newest."""

    transcripts: tuple[Transcript, ...] = ()
    intents: tuple[Intent, ...] = ()
    plans: tuple[Plan, ...] = ()
    executions: tuple[Execution, ...] = ()


class KeptSound(msgspec.Struct, frozen=True, kw_only=True):
    """The sound: `file` stands beside this document; `started_ns` is the capture time of its first sample."""

    file: str
    started_ns: int
    duration_s: float


class KeptUtterance(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance that went wrong, and why."""

    format: Literal[1] = 1
    package_version: str
    why: str
    record: UtteranceRecord
    sound: KeptSound
    messages: UtteranceMessages


def load_kept(path: Path) -> KeptUtterance:
    """Return what the JSON file of a kept utterance holds. Raises `KeptUtteranceError`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=KeptUtterance)
    except FileNotFoundError:
        raise KeptUtteranceError(f'{path} does not exist: a kept utterance is a WAV file and a JSON file') from None
    except OSError as error:
        raise KeptUtteranceError(f'{path} cannot be read: {error.strerror}') from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise KeptUtteranceError(f'{path} is no kept utterance of this version: {error}') from None


class KeptFolder:
    """Writes, counts and deletes the files that are named `TIME_UTTERANCE.wav` and `.json`; touches no others."""

    def __init__(self, path: Path, max_count: int, max_age_days: float, clock_ns: Callable[[], int]) -> None:
        self.path = path
        self._max_count = max_count
        self._max_age = timedelta(days=max_age_days)
        self._clock_ns = clock_ns
        self._has_failed = False

    def keep(self, record: UtteranceRecord, messages: UtteranceMessages, samples: Samples, started_ns: int) -> None:
        """Write both files, and delete what is too much then."""
        if not len(samples):
            self._log_once('no sound of it has reached the monitor')
            return
        name = f'{_utc(started_ns).strftime(_TIME_FORMAT)}_{_plain(record.utterance_id)}'
        duration_s = round(len(samples) / SAMPLE_RATE_HZ, 3)
        kept = KeptUtterance(
            package_version=package_version(),
            why=f'{record.outcome}: {record.reason}' if record.reason else record.outcome,
            record=record,
            sound=KeptSound(file=f'{name}.wav', started_ns=started_ns, duration_s=duration_s),
            messages=messages,
        )
        try:
            self._make_folder()
            _write_private(self.path / f'{name}.wav', _wav(samples))
            _write_private(self.path / f'{name}.json', msgspec.json.format(msgspec.json.encode(kept)))
        except OSError as error:
            self._log_once(error.strerror or str(error))
        self.prune()

    def prune(self) -> None:
        """Delete the oldest, those that are too old, and what an earlier crash left unfinished."""
        try:
            by_stem = sorted(self._own_files().items(), reverse=True)
            for rank, (stem, files) in enumerate(by_stem):
                is_finished = any(file.suffix == '.json' for file in files)
                if rank >= self._max_count or self._is_old(stem) or not is_finished:
                    for file in files:
                        file.unlink(missing_ok=True)
        except OSError as error:
            self._log_once(f'what is old cannot be deleted: {error.strerror}')

    def _own_files(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for file in self.path.iterdir() if self.path.is_dir() else ():
            match = _OWN_NAME.fullmatch(file.name)
            if match and _time_of(match['stem']):
                found.setdefault(match['stem'], []).append(file)
        return found

    def _is_old(self, stem: str) -> bool:
        kept_at = _time_of(stem)
        return kept_at is not None and _utc(self._clock_ns()) - kept_at > self._max_age

    def _make_folder(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        readme = self.path / 'README.txt'
        days = self._max_age / timedelta(days=1)
        text = _README.format(folder=self.path, max_count=self._max_count, max_age_days=days).encode()
        if not readme.is_file() or readme.read_bytes() != text:
            _write_private(readme, text)

    def _log_once(self, problem: str) -> None:
        if not self._has_failed:
            self._has_failed = True
            _logger.error('an utterance cannot be kept in %s (logged once): %s', self.path, problem)


def _write_private(path: Path, data: bytes) -> None:
    """Write a file for this user only, whole or not at all. Raises `OSError`."""
    unfinished = path.with_name(path.name + _UNFINISHED)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _wav(samples: Samples) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(samples.astype('<i2').tobytes())
    return buffer.getvalue()


def _utc(time_ns: int) -> datetime:
    return datetime.fromtimestamp(time_ns // NS_PER_S, tz=timezone.utc)


def _time_of(stem: str) -> datetime | None:
    """Return the time in the name of a file, None where it is none: then the file is not ours."""
    try:
        return datetime.strptime(stem.partition('_')[0], _TIME_FORMAT).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _plain(utterance_id: str) -> str:
    """Return the name as a part of a file name: names come over the network."""
    return re.sub(r'[^A-Za-z0-9]+', '-', utterance_id).strip('-')[:_NAME_LENGTH] or 'utterance'
