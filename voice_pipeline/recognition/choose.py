"""Which library runs Whisper here, and on what; and the model, loaded, warm and checked."""

from __future__ import annotations

import ctypes
import logging
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import msgspec

from voice_pipeline.recognition.adapter import bundled_adapter
from voice_pipeline.recognition.backend import Backend
from voice_pipeline.recognition.bias import NOTHING_EXPECTED, Expected, names_of
from voice_pipeline.recognition.self_check import check
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError, required_backend
from voice_pipeline.recognition.window_policy import windows_of
from voice_pipeline.understanding.words.vocabulary import VocabularyError, load_vocabulary

OPENAI: Literal['openai-whisper'] = 'openai-whisper'
FASTER: Literal['faster-whisper'] = 'faster-whisper'
INSTALL = {OPENAI: 'pip install openai-whisper', FASTER: 'pip install faster-whisper'}
CUDA_HINT = {
    OPENAI: 'install a torch build for CUDA (on a Jetson the one of NVIDIA) and check it with nvidia-smi',
    FASTER: 'install a CTranslate2 build for CUDA (on a Jetson it is built from source) and check it with nvidia-smi',
}

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Available:
    """What this machine offers; `..._cuda` says that the library is here and can use the GPU."""

    openai_whisper: bool = False
    faster_whisper: bool = False
    openai_cuda: bool = False
    faster_cuda: bool = False


@dataclass(frozen=True)
class Choice:
    """What will run the model, and why in words."""

    backend: Literal['openai-whisper', 'faster-whisper']
    device: Literal['cpu', 'cuda']
    compute_type: Literal['int8', 'float16', 'float32']
    reason: str


def choose(settings: RecognitionSettings, available: Available) -> Choice:
    """Return the fastest way that the settings allow and the machine offers. Raises `ModelError`."""
    _check_installed(settings.backend, available)
    may_openai = available.openai_whisper and settings.backend in ('auto', OPENAI)
    may_faster = available.faster_whisper and settings.backend in ('auto', FASTER)
    if settings.device in ('auto', 'cuda'):
        if may_openai and available.openai_cuda:
            return Choice(OPENAI, 'cuda', 'float16', 'torch can use the GPU')
        if may_faster and available.faster_cuda:
            return Choice(FASTER, 'cuda', 'float16', 'CTranslate2 can use the GPU')
    if settings.device == 'cuda':
        library = OPENAI if may_openai else FASTER
        raise ModelError(f'device is cuda, but {library} finds no GPU: {CUDA_HINT[library]}, or set device to auto')
    if may_faster:
        return Choice(FASTER, 'cpu', 'int8', 'no GPU in use; CTranslate2 is the fastest on a CPU')
    return Choice(OPENAI, 'cpu', 'float32', 'no GPU in use; faster-whisper is not installed or not wanted')


def _check_installed(backend: str, available: Available) -> None:
    if not (available.openai_whisper or available.faster_whisper):
        raise ModelError(f'no Whisper library is installed: {INSTALL[FASTER]} (CPU) or {INSTALL[OPENAI]} (GPU)')
    if backend == OPENAI and not available.openai_whisper:
        raise ModelError(f'backend is {OPENAI}, which is not installed: {INSTALL[OPENAI]}, or set backend to auto')
    if backend == FASTER and not available.faster_whisper:
        raise ModelError(f'backend is {FASTER}, which is not installed: {INSTALL[FASTER]}, or set backend to auto')


def probe(settings: RecognitionSettings) -> Available:
    """
    Return what is installed here, as far as the settings can make use of it.

    torch takes hundreds of megabytes: it is imported only where the driver reports a GPU and it could be chosen.
    """
    openai = find_spec('whisper') is not None and find_spec('torch') is not None
    faster = find_spec('faster_whisper') is not None
    gpu = settings.device != 'cpu' and cuda_device_count() > 0
    return Available(
        openai_whisper=openai,
        faster_whisper=faster,
        openai_cuda=gpu and openai and settings.backend != FASTER and _torch_has_cuda(),
        faster_cuda=gpu and faster and settings.backend != OPENAI and _ctranslate2_has_cuda(),
    )


def cuda_device_count() -> int:
    """Return how many GPUs the CUDA driver reports, without loading any library but the driver's own."""
    try:
        driver = ctypes.CDLL('libcuda.so.1')
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


def _torch_has_cuda() -> bool:
    try:
        import torch
    except (ImportError, OSError) as error:  # a build for another CUDA or another Python
        _logger.warning('torch is installed but cannot be loaded: %s', error)
        return False
    return bool(torch.cuda.is_available())


def _ctranslate2_has_cuda() -> bool:
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count()) > 0


def load(settings: RecognitionSettings) -> Backend:
    """
    Return the model, loaded, warmed up and checked (`self_check`): its first answer takes no longer than the others.

    Where the device is `auto` and the GPU fails or hears nonsense, the CPU is taken. Raises `ModelError`.
    """
    required = required_backend(settings.model)
    if settings.backend == 'auto' and required is not None:
        settings = msgspec.structs.replace(settings, backend=required)
    choice = choose(settings, probe(settings))
    _logger.info('Whisper %s by %s on %s: %s', settings.model, choice.backend, choice.device, choice.reason)
    try:
        return _create_checked(settings, choice)
    except ModelError as error:
        if not (settings.device == 'auto' and choice.device == 'cuda'):
            raise
        _logger.warning('%s; the CPU is used instead', error)
        return load(msgspec.structs.replace(settings, device='cpu'))


def adapter_path(settings: RecognitionSettings) -> Path | None:
    """Return the adapter that the settings name, or None where there is none. Raises `ModelError`."""
    if settings.adapter == 'none':
        return None
    if settings.adapter == 'auto':
        return bundled_adapter(settings.model)
    path = Path(settings.adapter)
    if not path.is_file():
        raise ModelError(f"adapter '{path}' does not exist: give auto, none, or the path of an adapter")
    return path


def expected(settings: RecognitionSettings) -> Expected:
    """Return the names that the settings tell the model to expect. Raises `ModelError` where their file is unusable."""
    if settings.name_bias == 0:
        return NOTHING_EXPECTED
    try:
        return Expected(names_of(load_vocabulary(settings.vocabulary)), settings.name_bias)
    except VocabularyError as error:
        raise ModelError(f'the names to expect cannot be read: {error}') from None


def _create_checked(settings: RecognitionSettings, choice: Choice) -> Backend:
    try:
        backend = _create(settings, choice, adapter_path(settings))
        check(backend, windows_of(settings, backend.has_adapter).growing[0])
    except ModelError:
        raise
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        raise ModelError(
            f'{choice.backend} cannot run on {choice.device} ({error}): '
            f'reinstall it with {INSTALL[choice.backend]}, or set another device or backend'
        ) from error
    return backend


def _create(settings: RecognitionSettings, choice: Choice, adapter: Path | None) -> Backend:
    if choice.backend == OPENAI:
        from voice_pipeline.recognition.openai_backend import OpenAiBackend

        return OpenAiBackend(settings.model, choice.device, settings.threads, adapter, expected(settings))
    from voice_pipeline.recognition.faster_backend import FasterBackend

    return FasterBackend(
        settings.model,
        choice.device,
        choice.compute_type,
        settings.threads,
        adapter,
        expected(settings),
        uses_shortlist=settings.shortlist and choice.device == 'cpu',  # a GPU compares all tokens in no time
    )
