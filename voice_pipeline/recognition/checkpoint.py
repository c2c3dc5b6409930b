"""
From CTranslate2's Whisper file to an OpenAI checkpoint, without loss: both hold the same half-precision numbers.

CTranslate2 fuses the projections of self-attention to one matrix (query, key, value) and those of cross-attention to
two (query; key, value). Whisper's key projection has no bias: the fused bias holds zeros there. The output projection
is the token embedding. Binary layout: `ctranslate2/specs/model_spec.py`, version 6.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Arrays = dict[str, Array]

BINARY_VERSION = 6
_DTYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
_BFLOAT16 = 5  # which numpy does not have
_SPECIFICATION = 'WhisperSpec'
_HEAD_BYTES = struct.calcsize(f'<IH{len(_SPECIFICATION) + 1}sII')
_BY_TOKEN = ('decoder/embeddings/', 'decoder/projection/')  # the arrays with a row for each token


class CheckpointError(ValueError):
    """The file is not a CTranslate2 Whisper model of the version that can be converted."""


def read_ctranslate2(path: Path) -> Arrays:
    """Return the arrays of a `model.bin` by their CTranslate2 names. Raises `CheckpointError`, `OSError`."""
    with _reading(path) as file:
        return {record.name: record.array() for record in _records(path, file)}


def with_tokens(path: Path, tokens: npt.NDArray[np.integer[Any]]) -> bytes:
    """
    Return a `model.bin` that only knows these tokens, in this order, whatever number format it is in.

    Raises `CheckpointError`, `OSError`.
    """
    return _rewritten(path, lambda record: _only(record, tokens))


def _only(record: _Record, tokens: npt.NDArray[np.integer[Any]]) -> _Record:
    """Return the rows of these tokens where the record has one for each, else the record."""
    if not record.name.startswith(_BY_TOKEN) or not record.shape:
        return record
    rows = np.frombuffer(record.content, np.uint8).reshape(record.shape[0], -1)
    return replace(record, shape=(len(tokens), *record.shape[1:]), content=rows[tokens].tobytes())


def patch_ctranslate2(source: Path, target: Path, arrays: Arrays) -> None:
    """
    Write a copy of a `model.bin` in which the named arrays have new values of the same shape and type.

    Raises `CheckpointError`, `OSError`.
    """

    def patched(record: _Record) -> _Record:
        if record.name not in arrays:
            return record
        old, new = record.array(), arrays[record.name]
        if new.shape != old.shape or new.dtype != old.dtype:
            raise CheckpointError(f'{record.name} is {old.dtype}{old.shape} in {source}, not {new.dtype}{new.shape}')
        return replace(record, content=new.tobytes())

    target.write_bytes(_rewritten(source, patched))


def _rewritten(path: Path, change: Callable[[_Record], _Record]) -> bytes:
    """Return the `model.bin` with each of its arrays changed."""
    with _reading(path) as file:
        records = [change(record) for record in _records(path, file)]
        aliases = file.read()  # which array stands for which: the output projection is the token embedding
        file.seek(0)
        head = file.read(_HEAD_BYTES)
    return b''.join((head, *map(_record_bytes, records), aliases))


@dataclass(frozen=True)
class _Record:
    """One array as it is in the file."""

    name: str
    shape: tuple[int, ...]
    number_format: int
    content: bytes

    def array(self) -> Array:
        """Return it as an array. Raises `CheckpointError`."""
        if self.number_format == _BFLOAT16:
            raise CheckpointError(
                f'{self.name} is in bfloat16, which cannot be converted: take the model that it was made from'
            )
        return np.frombuffer(self.content, dtype=_DTYPES[self.number_format]).reshape(self.shape)


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    """Open the file; what is wrong with its content is a `CheckpointError`."""
    with path.open('rb') as file:
        try:
            yield file
        except CheckpointError:
            raise
        except (struct.error, UnicodeDecodeError, IndexError, ValueError) as error:
            raise CheckpointError(f'{path} is not a CTranslate2 model: {error}') from error


def _records(path: Path, file: BinaryIO) -> Iterator[_Record]:
    (version,) = _unpack(file, 'I')
    name = _read_name(file)
    if version != BINARY_VERSION or name != _SPECIFICATION:
        raise CheckpointError(f'{path} holds {name!r} version {version}, not a Whisper model version 6')
    _unpack(file, 'I')  # revision of the specification
    (count,) = _unpack(file, 'I')
    for _ in range(count):
        yield _read_record(file)


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    return struct.unpack(f'<{layout}', file.read(struct.calcsize(f'<{layout}')))


def _read_name(file: BinaryIO) -> str:
    (length,) = _unpack(file, 'H')
    return file.read(length).rstrip(b'\0').decode()


def _read_record(file: BinaryIO) -> _Record:
    name = _read_name(file)
    (rank,) = _unpack(file, 'B')
    shape = _unpack(file, 'I' * rank)
    number_format, size = _unpack(file, 'BI')
    content = file.read(size)
    if len(content) != size:
        raise ValueError(f'{name} is cut off')
    return _Record(name, shape, number_format, content)


def _record_bytes(record: _Record) -> bytes:
    name = f'{record.name}\0'.encode()
    layout = f'<H{len(name)}sB{len(record.shape)}IBI'
    numbers = (*record.shape, record.number_format, len(record.content))
    return struct.pack(layout, len(name), name, len(record.shape), *numbers) + record.content


def to_openai(arrays: Arrays) -> tuple[dict[str, int], Arrays]:
    """
    Return (dimensions, state): what `whisper.load_model` reads as `dims` and `model_state_dict`.

    Raises `CheckpointError` where an array is missing, is in 8 bits or 16-bit integers, or the key's bias is not zero.
    """
    quantised = [name for name, array in arrays.items() if array.ndim and array.dtype.kind == 'i']
    if quantised:
        raise CheckpointError(f'{quantised[0]} holds rounded integers: take the model that it was made from')
    try:
        return _dimensions(arrays), _encoder(arrays) | _decoder(arrays)
    except KeyError as error:
        raise CheckpointError(f'the CTranslate2 model has no array {error}') from error


def _dimensions(arrays: Arrays) -> dict[str, int]:
    audio_state, mels, _ = arrays['encoder/conv1/weight'].shape
    vocabulary, text_state = arrays['decoder/embeddings/weight'].shape
    return {
        'n_mels': mels,
        'n_audio_ctx': len(arrays['encoder/position_encodings/encodings']),
        'n_audio_state': audio_state,
        'n_audio_head': int(arrays['encoder/num_heads']),
        'n_audio_layer': _layer_count(arrays, 'encoder'),
        'n_vocab': vocabulary,
        'n_text_ctx': len(arrays['decoder/position_encodings/encodings']),
        'n_text_state': text_state,
        'n_text_head': int(arrays['decoder/num_heads']),
        'n_text_layer': _layer_count(arrays, 'decoder'),
    }


def _layer_count(arrays: Arrays, stack: str) -> int:
    return len({name.split('/')[1] for name in arrays if name.startswith(f'{stack}/layer_') and 'ffn' in name})


def _encoder(arrays: Arrays) -> Arrays:
    state = {'encoder.positional_embedding': arrays['encoder/position_encodings/encodings']}
    state |= _norm(arrays, 'encoder/layer_norm', 'encoder.ln_post')
    for name in ('conv1', 'conv2'):
        state |= _linear(arrays, f'encoder/{name}', f'encoder.{name}')
    for layer in range(_layer_count(arrays, 'encoder')):
        state |= _block(arrays, f'encoder/layer_{layer}', f'encoder.blocks.{layer}')
    return state


def _decoder(arrays: Arrays) -> Arrays:
    state = {
        'decoder.positional_embedding': arrays['decoder/position_encodings/encodings'],
        'decoder.token_embedding.weight': arrays['decoder/embeddings/weight'],
    }
    state |= _norm(arrays, 'decoder/layer_norm', 'decoder.ln')
    for layer in range(_layer_count(arrays, 'decoder')):
        source, target = f'decoder/layer_{layer}', f'decoder.blocks.{layer}'
        state |= _block(arrays, source, target)
        state |= _norm(arrays, f'{source}/attention/layer_norm', f'{target}.cross_attn_ln')
        state |= _linear(arrays, f'{source}/attention/linear_0', f'{target}.cross_attn.query')
        state |= _split(arrays, f'{source}/attention/linear_1', f'{target}.cross_attn', ('key', 'value'))
        state |= _linear(arrays, f'{source}/attention/linear_2', f'{target}.cross_attn.out')
    return state


def _block(arrays: Arrays, source: str, target: str) -> Arrays:
    """Return what the blocks of both stacks have: self-attention and the two layers after it."""
    attention = f'{source}/self_attention'
    return (
        _norm(arrays, f'{attention}/layer_norm', f'{target}.attn_ln')
        | _split(arrays, f'{attention}/linear_0', f'{target}.attn', ('query', 'key', 'value'))
        | _linear(arrays, f'{attention}/linear_1', f'{target}.attn.out')
        | _norm(arrays, f'{source}/ffn/layer_norm', f'{target}.mlp_ln')
        | _linear(arrays, f'{source}/ffn/linear_0', f'{target}.mlp.0')
        | _linear(arrays, f'{source}/ffn/linear_1', f'{target}.mlp.2')
    )


def _norm(arrays: Arrays, source: str, target: str) -> Arrays:
    return {f'{target}.weight': arrays[f'{source}/gamma'], f'{target}.bias': arrays[f'{source}/beta']}


def _linear(arrays: Arrays, source: str, target: str) -> Arrays:
    return {f'{target}.weight': arrays[f'{source}/weight'], f'{target}.bias': arrays[f'{source}/bias']}


def _split(arrays: Arrays, source: str, target: str, parts: tuple[str, ...]) -> Arrays:
    """Return the fused projection as its parts, the key's without a bias."""
    weights = np.split(arrays[f'{source}/weight'], len(parts))
    biases = np.split(arrays[f'{source}/bias'], len(parts))
    state = {}
    for part, weight, bias in zip(parts, weights, biases, strict=True):
        state[f'{target}.{part}.weight'] = weight
        if part != 'key':
            state[f'{target}.{part}.bias'] = bias
        elif bias.any():
            raise CheckpointError(f'{source}: the key has a bias, which Whisper has not')
    return state
