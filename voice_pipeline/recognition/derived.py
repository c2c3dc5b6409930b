"""CTranslate2 models that are made from others, once, and kept in the user's cache: whole, or made again."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from voice_pipeline.paths import cache_directory
from voice_pipeline.recognition.weights import CTRANSLATE2_FILE, sha256

KINDS = ('merged', 'short')
KEPT_S = 60 * 24 * 3600.0  # since it was used last: another adapter, or another vocabulary, makes another model
_SHA256_FILE = f'{CTRANSLATE2_FILE}.sha256'

_logger = logging.getLogger(__name__)


def derived_model(kind: str, identity: str, fill: Callable[[Path], None]) -> Path:
    """
    Return the folder of the model of this kind, one of `KINDS`, and identity (what it is made from, in any words).

    Where it is not there, or is damaged, `fill` writes its files into a folder. Raises what that raises, and `OSError`.
    """
    finished = cache_directory() / f'{kind}-{hashlib.sha256(identity.encode()).hexdigest()[:24]}'
    if finished.exists():
        if _is_intact(finished):
            with contextlib.suppress(OSError):  # a cache that was made for all, and may only be read
                os.utime(finished)
            return finished
        _logger.warning('%s is damaged and is made again', finished)
    _make(finished, fill)
    _remove_old(finished.parent)
    return finished


def _is_intact(directory: Path) -> bool:
    try:
        return sha256(directory / CTRANSLATE2_FILE) == (directory / _SHA256_FILE).read_text()
    except (OSError, UnicodeDecodeError):
        return False


def _make(finished: Path, fill: Callable[[Path], None]) -> None:
    """Fill a temporary folder and rename it: another process sees the whole folder or none."""
    unfinished = Path(tempfile.mkdtemp(prefix='.unfinished-', dir=finished.parent))
    try:
        fill(unfinished)
        (unfinished / _SHA256_FILE).write_text(sha256(unfinished / CTRANSLATE2_FILE))
        shutil.rmtree(finished, ignore_errors=True)
        try:
            unfinished.rename(finished)
        except OSError:  # another process was faster
            if not _is_intact(finished):
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _remove_old(cache: Path) -> None:
    """Remove what was not used for a long time; where that cannot be, it stays."""
    for folder in [folder for kind in KINDS for folder in cache.glob(f'{kind}-*')]:
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > KEPT_S:
                shutil.rmtree(folder)
