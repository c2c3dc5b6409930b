"""
Whisper's weights in the file format of whisper.cpp, written on the fly: the same numbers for every contestant.

Layout: `models/convert-pt-to-ggml.py` of whisper.cpp. Little-endian: magic, eleven dimensions, the mel filters, the
vocabulary, then the tensors under OpenAI's names.
"""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from voice_pipeline.paths import cache_directory
from voice_pipeline.recognition.checkpoint import CheckpointError, read_ctranslate2, to_openai
from voice_pipeline.recognition.weights import BUNDLED_MODEL, REINSTALL, ModelError, bundled_directory, sha256

Array = npt.NDArray[Any]

MAGIC = 0x67676D6C  # "ggml"
FLOAT32, FLOAT16 = 0, 1
DIMENSIONS = (
    'n_vocab',
    'n_audio_ctx',
    'n_audio_state',
    'n_audio_head',
    'n_audio_layer',
    'n_text_ctx',
    'n_text_state',
    'n_text_head',
    'n_text_layer',
    'n_mels',
)
END_OF_TEXT = '<|endoftext|>'  # the first special token; whisper.cpp knows these and those after it by itself
# These stay in single precision, as whisper.cpp expects; so do all vectors.
_FLOAT32_NAMES = {'encoder.positional_embedding', 'decoder.positional_embedding'}
_CONVOLUTION_BIASES = {'encoder.conv1.bias', 'encoder.conv2.bias'}
# The cached file's name ends with its own SHA-256, so that file and checksum are replaced in one step.
_PREFIX = f'ggml-{BUNDLED_MODEL}-v1-'


def bundled_ggml() -> Path:
    """
    Return the file of tiny.en in the user's cache, written now if it is not there or is damaged.

    Raises `ModelError`, `OSError` where the cache cannot be written.
    """
    cache = cache_directory()
    for path in sorted(cache.glob(f'{_PREFIX}*.bin')):
        if sha256(path) == path.stem.removeprefix(_PREFIX):
            return path
        path.unlink(missing_ok=True)
    directory = bundled_directory()
    try:
        dimensions, state = to_openai(read_ctranslate2(directory / 'model.bin'))
    except CheckpointError as error:
        raise ModelError(f'{error}: {REINSTALL}') from error
    vocabulary = read_vocabulary(directory / 'vocabulary.txt')
    handle, name = tempfile.mkstemp(prefix='.unfinished-', suffix='.bin', dir=cache)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, 'wb') as file:
            write_ggml(file, dimensions, state, vocabulary)
        finished = cache / f'{_PREFIX}{sha256(unfinished)}.bin'
        unfinished.replace(finished)
    finally:
        unfinished.unlink(missing_ok=True)
    return finished


def read_vocabulary(path: Path) -> list[bytes]:
    """Return the ordinary tokens by their number, from CTranslate2's list: a line each, in GPT-2's letters."""
    letters = _byte_letters()
    tokens = path.read_text(encoding='utf-8').split('\n')
    return [bytes(letters[letter] for letter in token) for token in tokens[: tokens.index(END_OF_TEXT)]]


def _byte_letters() -> dict[str, int]:
    """
    Return which byte each letter of GPT-2's vocabulary stands for.

    Printable bytes of Latin-1 stand for themselves, the others are shifted beyond them (`bytes_to_unicode` of GPT-2).
    """
    printable = [*range(ord('!'), ord('~') + 1), *range(ord('¡'), ord('¬') + 1), *range(ord('®'), ord('ÿ') + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + index): byte for index, byte in enumerate(others)}


def mel_filters(mels: int) -> npt.NDArray[np.float32]:
    """
    Return Whisper's mel filter bank, shape (mels, 201): triangles of equal area on Slaney's scale, 0 to 8 kHz.

    M. Slaney, Auditory Toolbox (1998): linear below 1 kHz, logarithmic above.
    """
    step_hz, knee_hz = 200.0 / 3.0, 1000.0
    growth = np.log(6.4) / 27.0
    knee = knee_hz / step_hz
    scale = np.linspace(0.0, knee + np.log(8000.0 / knee_hz) / growth, mels + 2)
    edges_hz = np.where(scale < knee, scale * step_hz, knee_hz * np.exp(growth * (scale - knee)))
    bins_hz = np.linspace(0.0, 8000.0, 201)
    rising = (bins_hz - edges_hz[:-2, None]) / np.diff(edges_hz)[:-1, None]
    falling = (edges_hz[2:, None] - bins_hz) / np.diff(edges_hz)[1:, None]
    area = 2.0 / (edges_hz[2:] - edges_hz[:-2])
    triangles = np.clip(np.minimum(rising, falling), 0.0, None) * area[:, None]
    return triangles.astype(np.float32)


def write_ggml(file: BinaryIO, dimensions: dict[str, int], state: dict[str, Array], vocabulary: list[bytes]) -> None:
    """Write the model: OpenAI's `dimensions` and `state`, matrices in half precision. Raises `OSError`."""
    _write_integers(file, MAGIC, *(dimensions[name] for name in DIMENSIONS), FLOAT16)
    filters = mel_filters(dimensions['n_mels'])
    _write_integers(file, *filters.shape)
    file.write(filters.astype('<f4').tobytes())
    _write_integers(file, len(vocabulary))
    for token in vocabulary:
        _write_integers(file, len(token))
        file.write(token)
    for name, array in state.items():
        _write_tensor(file, name, array)


def _write_tensor(file: BinaryIO, name: str, array: Array) -> None:
    if name in _CONVOLUTION_BIASES:
        array = array.reshape(-1, 1)  # added to every frame
    single = array.ndim < 2 or name in _FLOAT32_NAMES | _CONVOLUTION_BIASES
    _write_integers(file, array.ndim, len(name), FLOAT32 if single else FLOAT16, *reversed(array.shape))
    file.write(name.encode())
    file.write(array.astype('<f4' if single else '<f2').tobytes())


def _write_integers(file: BinaryIO, *values: int) -> None:
    file.write(struct.pack(f'<{len(values)}i', *values))
