"""
Models as the libraries read them: CTranslate2 folders in any number format, and checkpoints of openai-whisper.

`fused` is the inverse of `recognition.checkpoint.to_openai`; CTranslate2's own package writes and quantises.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from voice_pipeline.recognition.checkpoint import Array, Arrays
from voice_pipeline.recognition.weights import CHECKPOINT_FILE, ModelError

TOKENIZER_FILES = ('tokenizer.json', 'preprocessor_config.json')  # the second is there where the mels are not 80
STACKS = ('encoder', 'decoder')
_EMBEDDINGS = 'decoder/embeddings/weight'


def fused(dimensions: dict[str, int], state: Arrays) -> Arrays:
    """Return the arrays of an OpenAI checkpoint by their CTranslate2 names, attention's projections fused."""
    arrays: Arrays = {
        'encoder/num_heads': np.array(dimensions['n_audio_head'], np.int16),
        'decoder/num_heads': np.array(dimensions['n_text_head'], np.int16),
        _EMBEDDINGS: state['decoder.token_embedding.weight'],
        'encoder/position_encodings/encodings': state['encoder.positional_embedding'],
        'decoder/position_encodings/encodings': state['decoder.positional_embedding'],
        **_linear(state, 'encoder.conv1', 'encoder/conv1'),
        **_linear(state, 'encoder.conv2', 'encoder/conv2'),
        **_norm(state, 'encoder.ln_post', 'encoder/layer_norm'),
        **_norm(state, 'decoder.ln', 'decoder/layer_norm'),
    }
    for stack, count in zip(STACKS, (dimensions['n_audio_layer'], dimensions['n_text_layer']), strict=True):
        for layer in range(count):
            arrays |= _block(state, f'{stack}.blocks.{layer}', f'{stack}/layer_{layer}')
    return arrays


def _block(state: Arrays, source: str, target: str) -> Arrays:
    own, cross = f'{target}/self_attention', f'{target}/attention'
    arrays = (
        _norm(state, f'{source}.attn_ln', f'{own}/layer_norm')
        | _joined(state, f'{source}.attn', ('query', 'key', 'value'), f'{own}/linear_0')
        | _linear(state, f'{source}.attn.out', f'{own}/linear_1')
        | _norm(state, f'{source}.mlp_ln', f'{target}/ffn/layer_norm')
        | _linear(state, f'{source}.mlp.0', f'{target}/ffn/linear_0')
        | _linear(state, f'{source}.mlp.2', f'{target}/ffn/linear_1')
    )
    if f'{source}.cross_attn_ln.weight' not in state:
        return arrays
    return (
        arrays
        | _norm(state, f'{source}.cross_attn_ln', f'{cross}/layer_norm')
        | _linear(state, f'{source}.cross_attn.query', f'{cross}/linear_0')
        | _joined(state, f'{source}.cross_attn', ('key', 'value'), f'{cross}/linear_1')
        | _linear(state, f'{source}.cross_attn.out', f'{cross}/linear_2')
    )


def _norm(state: Arrays, source: str, target: str) -> Arrays:
    return {f'{target}/gamma': state[f'{source}.weight'], f'{target}/beta': state[f'{source}.bias']}


def _linear(state: Arrays, source: str, target: str) -> Arrays:
    return {f'{target}/{part}': state[f'{source}.{part}'] for part in ('weight', 'bias')}


def _joined(state: Arrays, source: str, parts: tuple[str, ...], target: str) -> Arrays:
    """Return the projections as one; the key's bias, which Whisper does not have, is zeros."""
    weights = [state[f'{source}.{part}.weight'] for part in parts]
    biases = [state.get(f'{source}.{part}.bias', np.zeros(len(weights[0]), weights[0].dtype)) for part in parts]
    return {f'{target}/weight': np.concatenate(weights), f'{target}/bias': np.concatenate(biases)}


def save_ctranslate2(arrays: Arrays, base_directory: Path, directory: Path, number_format: str) -> None:
    """
    Write a CTranslate2 folder of the arrays, as `read_ctranslate2` returns them, in a number format such as int8.

    Vocabulary and tokenizer are those of `base_directory`. Raises `ModelError`, `OSError`.
    """
    from ctranslate2.specs import WhisperSpec

    encoder_layers, layers = (_layer_count(arrays, stack) for stack in STACKS)
    encoder_heads, heads = (int(arrays[f'{stack}/num_heads']) for stack in STACKS)
    spec = WhisperSpec(encoder_layers, encoder_heads, layers, heads)
    try:
        for name, array in arrays.items():
            if array.ndim:  # the scalars follow from the layers and heads
                _place(spec, name, array)
        _place(spec, 'decoder/projection/weight', arrays[_EMBEDDINGS])  # the same numbers: written once
        spec.register_vocabulary(_vocabulary(base_directory))
        for key, value in _configuration(base_directory, layers, heads).items():
            setattr(spec.config, key, value)
        spec.validate()
        spec.optimize(quantization=number_format)
        if number_format.startswith('int8'):
            _restore_convolutions(spec, arrays)
    except (AttributeError, IndexError, ValueError, RuntimeError) as error:
        raise ModelError(f'this model cannot be written as {number_format}: {error}') from error
    directory.mkdir(parents=True, exist_ok=True)
    spec.save(str(directory))
    for name in TOKENIZER_FILES:
        if (base_directory / name).is_file():
            shutil.copyfile(base_directory / name, directory / name)


def _restore_convolutions(spec: Any, arrays: Arrays) -> None:
    """
    Give the encoder's convolutions their own weights back, 2 % of all.

    CTranslate2 has no 8-bit convolutions for Whisper's on a CPU, and would compute with numbers rounded for nothing:
    word errors of 9.0 % instead of 8.5 %.
    """
    from ctranslate2.specs.model_spec import OPTIONAL, NumpyVariable

    for name in ('conv1', 'conv2'):
        layer = getattr(spec.encoder, name)
        layer.weight, layer.weight_scale = NumpyVariable(arrays[f'encoder/{name}/weight']), OPTIONAL


def _layer_count(arrays: Arrays, stack: str) -> int:
    return sum(name.startswith(f'{stack}/layer_') and name.endswith('/ffn/linear_0/weight') for name in arrays)


def _place(spec: Any, name: str, array: Array) -> None:
    """Set what CTranslate2 calls "decoder/layer_0/ffn/linear_0/weight" in a specification."""
    from ctranslate2.specs.model_spec import index_spec

    scope, _, attribute = name.rpartition('/')
    setattr(index_spec(spec, scope), attribute, array.copy())


def _vocabulary(directory: Path) -> list[str]:
    """Return the tokens of a CTranslate2 folder. Raises `ModelError`."""
    path = directory / 'vocabulary.json'
    try:
        if path.is_file():
            tokens: list[str] = json.loads(path.read_text(encoding='utf-8'))
            return tokens
        path = directory / 'vocabulary.txt'
        return path.read_text(encoding='utf-8').removesuffix('\n').split('\n')
    except (OSError, ValueError) as error:
        raise ModelError(f'the vocabulary {path} cannot be read: {error}') from error


def _configuration(directory: Path, layers: int, heads: int) -> dict[str, Any]:
    """
    Return what CTranslate2 must know of Whisper's tokens and of the heads that follow the sound. Raises `ModelError`.

    Where the decoder's layers are not those of the base, all heads of the upper half follow it, as Whisper assumes of
    models that it does not know.
    """
    path = directory / 'config.json'
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
        configuration = {key: found[key] for key in ('suppress_ids', 'suppress_ids_begin', 'lang_ids')}
        alignment: list[list[int]] = found['alignment_heads']
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f'{path} is no configuration of a Whisper model ({error})') from error
    if max(layer for layer, _ in alignment) >= layers:
        alignment = [[layer, head] for layer in range(layers // 2, layers) for head in range(heads)]
    return {**configuration, 'alignment_heads': alignment}


def save_checkpoint(dimensions: dict[str, int], state: dict[str, Any], directory: Path, number_format: str) -> None:
    """Write torch tensors as `whisper.load_model` reads them, in float16 or bfloat16. Raises `OSError`."""
    import torch

    tensors = {name: tensor.detach().cpu().to(getattr(torch, number_format)) for name, tensor in state.items()}
    directory.mkdir(parents=True, exist_ok=True)
    torch.save({'dims': dimensions, 'model_state_dict': tensors}, directory / CHECKPOINT_FILE)
