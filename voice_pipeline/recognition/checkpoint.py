"""
From CTranslate2's Whisper file to an OpenAI checkpoint, without loss: both hold the same half-precision numbers.

CTranslate2 fuses the projections of self-attention to one matrix (query, key, value) and those of cross-attention to
two (query; key, value). Whisper's key projection has no bias: the fused bias holds zeros there. The output projection
is the token embedding. Binary layout: `ctranslate2/specs/model_spec.py`, version 6.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Arrays = dict[str, Array]

BINARY_VERSION = 6
_DTYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
_BFLOAT16 = 5  # which numpy does not have


class CheckpointError(ValueError):
    """The file is not a CTranslate2 Whisper model of the version that can be converted."""


def read_ctranslate2(path: Path) -> Arrays:
    """Return the arrays of a `model.bin` by their CTranslate2 names. Raises `CheckpointError`, `OSError`."""
    with path.open('rb') as file:
        try:
            (version,) = _unpack(file, 'I')
            name = _read_name(file)
            if version != BINARY_VERSION or name != 'WhisperSpec':
                raise CheckpointError(f'{path} holds {name!r} version {version}, not a Whisper model version 6')
            _unpack(file, 'I')  # revision of the specification
            (count,) = _unpack(file, 'I')
            return dict(_read_array(file) for _ in range(count))
        except CheckpointError:
            raise
        except (struct.error, UnicodeDecodeError, IndexError, ValueError) as error:
            raise CheckpointError(f'{path} is not a CTranslate2 model: {error}') from error


def patch_ctranslate2(source: Path, target: Path, arrays: Arrays) -> None:
    """
    Write a copy of a `model.bin` in which the named arrays have new values of the same shape and type.

    Raises `CheckpointError`, `OSError`.
    """
    content = bytearray(source.read_bytes())
    position = struct.calcsize('<IH') + len(b'WhisperSpec\0') + struct.calcsize('<II')
    for name, array in read_ctranslate2(source).items():
        position += struct.calcsize('<H') + len(f'{name}\0'.encode()) + struct.calcsize(f'<B{array.ndim}IBI')
        if name in arrays:
            new = arrays[name]
            if new.shape != array.shape or new.dtype != array.dtype:
                raise CheckpointError(f'{name} is {array.dtype}{array.shape} in {source}, not {new.dtype}{new.shape}')
            content[position : position + array.nbytes] = new.tobytes()
        position += array.nbytes
    target.write_bytes(content)


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    return struct.unpack(f'<{layout}', file.read(struct.calcsize(f'<{layout}')))


def _read_name(file: BinaryIO) -> str:
    (length,) = _unpack(file, 'H')
    return file.read(length).rstrip(b'\0').decode()


def _read_array(file: BinaryIO) -> tuple[str, Array]:
    name = _read_name(file)
    (rank,) = _unpack(file, 'B')
    shape = _unpack(file, 'I' * rank)
    (dtype,) = _unpack(file, 'B')
    if dtype == _BFLOAT16:
        raise CheckpointError(f'{name} is in bfloat16, which cannot be converted: take the model that it was made from')
    (size,) = _unpack(file, 'I')
    return name, np.frombuffer(file.read(size), dtype=_DTYPES[dtype]).reshape(shape)


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
