"""Where files are found: what the package installs, and what it may write for this user."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = 'voice_pipeline'


def config_file(name: str) -> Path:
    """
    Return the path of a file of `config/`, in the source tree or where colcon or pip installed it.

    Raises `FileNotFoundError`, naming the places looked at, when no such file is installed.
    """
    return _installed_file('config', name)


def resource_file(name: str) -> Path:
    """Return the path of a file of `resource/`; else as `config_file`."""
    return _installed_file('resource', name)


def _installed_file(folder: str, name: str) -> Path:
    here = Path(__file__).resolve()
    candidates = [here.parents[1] / folder / name]
    candidates += [parent / 'share' / PACKAGE / folder / name for parent in here.parents]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f'{name} is not installed with {PACKAGE} (looked at {candidates[0]} and share/ folders above)'
    )


def cache_directory() -> Path:
    """Return this user's cache folder for unpacked models (XDG Base Directory: `XDG_CACHE_HOME`), made when absent."""
    root = os.environ.get('XDG_CACHE_HOME', '')
    base = Path(root) if Path(root).is_absolute() else Path.home() / '.cache'
    folder = base / PACKAGE
    folder.mkdir(parents=True, exist_ok=True)
    return folder
