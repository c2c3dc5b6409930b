"""Where the record of the last run is kept: the monitor shows it on /diagnostics."""

from __future__ import annotations

import os
from pathlib import Path

from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.outcome import SetupRecord, decode_record, encode_record
from voice_pipeline.jetson.saved import write_whole
from voice_pipeline.paths import PACKAGE


def state_directory() -> Path:
    """Return where state is kept: XDG Base Directory's `XDG_STATE_HOME` for a user, /var/lib for root."""
    root = os.environ.get('XDG_STATE_HOME', '')
    if Path(root).is_absolute():
        return Path(root) / PACKAGE
    return (Path('/var/lib') if os.geteuid() == 0 else Path.home() / '.local' / 'state') / PACKAGE


def saved_state_path() -> Path:
    """Return the file that holds what was there before."""
    return state_directory() / 'jetson_saved.json'


def record_path() -> Path:
    """Return the file that holds the record of the last run."""
    return state_directory() / 'jetson_record.json'


def boot_id(host: Host) -> str:
    """Return what names this boot of the machine."""
    return host.read('/proc/sys/kernel/random/boot_id')


def write_record(record: SetupRecord) -> None:
    """Keep the record. Raises `OSError`."""
    write_whole(record_path(), encode_record(record).encode())


def read_record(host: Host) -> SetupRecord | None:
    """Return the record of the last run since the machine was started; None where there is none that can be read."""
    try:
        record = decode_record(record_path().read_text(encoding='utf-8'))
    except (OSError, ValueError, RuntimeError):  # RuntimeError: a user without a home
        return None
    return record if record.boot_id == boot_id(host) else None
