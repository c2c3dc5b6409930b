"""
Low-rank adapters: a megabyte of numbers that lets Whisper hear a short window instead of the 30 s it was trained on.

Beside the weight W of each linear layer an adapter holds two thin matrices, `down` (rank × inputs) and `up`
(outputs × rank); merged, the layer computes with W + alpha / rank × up × down, at no cost (LoRA, arXiv 2106.09685).
`voice_pipeline optimise distil` makes them. The sums are rounded to half precision for both libraries, so that
openai-whisper and faster-whisper compute with the very same weights.

An adapter only fits the weights it was trained for: its file names their fingerprint, which `merge…` compares.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from voice_pipeline.recognition.checkpoint import CheckpointError, patch_ctranslate2, read_ctranslate2
from voice_pipeline.recognition.derived import derived_model
from voice_pipeline.recognition.weights import ModelError, sha256

Matrix = npt.NDArray[np.floating[Any]]

VERSION = 1
FOLDER = Path(__file__).parent / 'adapters'
REMEDY = 'install the package again, or train one with `voice_pipeline optimise distil`'
ANOTHER_MODEL = 'it was trained for another Whisper model; train one with `voice_pipeline optimise distil`'
_HEADER = 'adapter.json'
_DOWN, _UP = '.down', '.up'

# A layer of Whisper in OpenAI's naming.
_LAYER = re.compile(
    r'(?P<stack>encoder|decoder)\.blocks\.(?P<block>\d+)\.'
    r'(?P<part>(?:attn|cross_attn)\.(?:query|key|value|out)|mlp\.[02])'
)
# Where CTranslate2 keeps each: the array, which of its equal parts along the outputs, of how many.
_FUSED = {
    'attn.query': ('self_attention/linear_0', 0, 3),
    'attn.key': ('self_attention/linear_0', 1, 3),
    'attn.value': ('self_attention/linear_0', 2, 3),
    'attn.out': ('self_attention/linear_1', 0, 1),
    'cross_attn.query': ('attention/linear_0', 0, 1),
    'cross_attn.key': ('attention/linear_1', 0, 2),
    'cross_attn.value': ('attention/linear_1', 1, 2),
    'cross_attn.out': ('attention/linear_2', 0, 1),
    'mlp.0': ('ffn/linear_0', 0, 1),
    'mlp.2': ('ffn/linear_1', 0, 1),
}


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an adapter file says about itself."""

    version: int
    model: str  # Whisper's name of the base model, for people
    base_fingerprint: str  # `fingerprint` of the layers that the adapter was trained on
    rank: int
    alpha: float
    steps: int  # training steps


class Adapter(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter in memory: for each layer, by OpenAI's name, `down` (rank, inputs) and `up` (outputs, rank)."""

    header: Header
    down: dict[str, Matrix]
    up: dict[str, Matrix]

    def delta(self, layer: str) -> npt.NDArray[np.float32]:
        """Return what is added to the weight of this layer, shape (outputs, inputs)."""
        scale = np.float32(self.header.alpha / self.header.rank)
        product: npt.NDArray[np.float32] = self.up[layer].astype(np.float32) @ self.down[layer].astype(np.float32)
        return product * scale

    def merged(self, layer: str, weight: Matrix) -> npt.NDArray[np.float16]:
        """Return the layer's weight with the adapter in it, in half precision. Raises `ModelError`."""
        if weight.shape != (len(self.up[layer]), self.down[layer].shape[1]):
            raise ModelError(f'the adapter does not fit {layer}: {ANOTHER_MODEL}')
        return (weight.astype(np.float32) + self.delta(layer)).astype(np.float16)


def bundled_adapter(model_name: str) -> Path | None:
    """Return the adapter that is installed with the package for this Whisper name, such as tiny.en, or None."""
    if not re.fullmatch(r'[\w.-]+', model_name):
        return None
    path = FOLDER / f'{model_name}.npz'
    return path if path.is_file() else None


def fingerprint(weights: Mapping[str, Matrix]) -> str:
    """Return the SHA-256 of these layers' weights in half precision, whatever library they came from."""
    digest = hashlib.sha256()
    for layer in sorted(weights):
        digest.update(f'{layer}{weights[layer].shape}'.encode())
        digest.update(np.ascontiguousarray(weights[layer], np.float16).tobytes())
    return digest.hexdigest()


def save_adapter(adapter: Adapter, path: Path) -> None:
    """Write the adapter in half precision; who reads meanwhile sees the old file or the new. Raises `OSError`."""
    arrays = {f'{layer}{_DOWN}': matrix.astype(np.float16) for layer, matrix in adapter.down.items()}
    arrays |= {f'{layer}{_UP}': matrix.astype(np.float16) for layer, matrix in adapter.up.items()}
    header = np.frombuffer(msgspec.json.encode(adapter.header), np.uint8)
    unfinished = path.with_name(f'.unfinished-{path.name}')
    try:
        with unfinished.open('wb') as file:
            np.savez(file, **{_HEADER: header}, **arrays)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load_adapter(path: Path) -> Adapter:
    """Read an adapter and check it. Raises `ModelError`."""
    try:
        header, arrays = _read(path)
    except OSError as error:
        raise ModelError(f'the adapter {path} cannot be read ({error}): check the path') from error
    # What numpy, zipfile and msgspec raise for bytes that are no such file.
    except (ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        raise ModelError(f'{path} is damaged, or no adapter file ({error}): {REMEDY}') from error
    if header.version != VERSION:
        raise ModelError(f'{path} is an adapter of version {header.version}, this program reads {VERSION}: {REMEDY}')
    return _checked(path, header, arrays)


def _read(path: Path) -> tuple[Header, dict[str, Matrix]]:
    with path.open('rb') as stream:
        file = np.load(stream, allow_pickle=False)
        if not isinstance(file, Mapping):
            raise ValueError('it holds a single array')
        arrays = {name: file[name] for name in file}
    return msgspec.json.decode(arrays.pop(_HEADER).tobytes(), type=Header), arrays


def _checked(path: Path, header: Header, arrays: dict[str, Matrix]) -> Adapter:
    """Return the adapter. Raises `ModelError` where a matrix is missing, of the wrong shape or no number."""
    down = {name.removesuffix(_DOWN): array for name, array in arrays.items() if name.endswith(_DOWN)}
    up = {name.removesuffix(_UP): array for name, array in arrays.items() if name.endswith(_UP)}
    if not down or down.keys() != up.keys() or len(down) + len(up) != len(arrays) or header.rank < 1:
        raise ModelError(f'{path} is damaged: its matrices are incomplete: {REMEDY}')
    for layer in down:
        fits = _LAYER.fullmatch(layer) and down[layer].ndim == up[layer].ndim == 2
        if not fits or not len(down[layer]) == up[layer].shape[1] == header.rank:
            raise ModelError(f'{path} is damaged: the matrices of {layer} do not match: {REMEDY}')
        if not all(matrix.dtype.kind == 'f' and np.isfinite(matrix).all() for matrix in (down[layer], up[layer])):
            raise ModelError(f'{path} is damaged: {layer} holds what is no number: {REMEDY}')
    return Adapter(header=header, down=down, up=up)


def merge_into_torch(model: Any, path: Path) -> None:
    """
    Merge an adapter into a model of openai-whisper, in place, in whatever precision and on whatever device it is.

    Raises `ModelError`, and then the model is unchanged.
    """
    import torch

    adapter = load_adapter(path)
    modules = dict(model.named_modules())
    try:
        parameters = {layer: modules[layer].weight for layer in adapter.down}
    except KeyError as error:
        raise ModelError(f'{path} does not fit: the model has no layer {error}: {ANOTHER_MODEL}') from error
    weights = {layer: weight.detach().cpu().numpy() for layer, weight in parameters.items()}
    merged = _merge(adapter, weights, path)
    with torch.no_grad():
        for layer, parameter in parameters.items():
            parameter.copy_(torch.from_numpy(merged[layer]))


def _merge(adapter: Adapter, weights: Mapping[str, Matrix], path: Path) -> dict[str, npt.NDArray[np.float16]]:
    """Return the merged weights. Raises `ModelError` where the adapter was not trained on these weights."""
    check_fits(adapter, weights, str(path))
    return {layer: adapter.merged(layer, weight) for layer, weight in weights.items()}


def check_fits(adapter: Adapter, weights: Mapping[str, Matrix], name: str = 'the adapter') -> None:
    """Raise `ModelError` where the adapter was not trained on these weights."""
    if fingerprint(weights) != adapter.header.base_fingerprint:
        raise ModelError(f'{name} does not fit these weights: {ANOTHER_MODEL}')


def merged_ctranslate2_directory(base_directory: Path, path: Path) -> Path:
    """
    Return a folder in the user's cache with the CTranslate2 model of `base_directory` and the adapter merged into it.

    It is made once for each pair of base and adapter; a damaged one is made again. Raises `ModelError`, `OSError` where
    the cache cannot be written.
    """
    try:
        identity = f'{VERSION}/{sha256(base_directory / "model.bin")}/{sha256(path)}'
    except OSError as error:
        raise ModelError(f'the model or its adapter cannot be read ({error}): check both paths') from error
    return derived_model('merged', identity, lambda folder: _write_merged(base_directory, path, folder))


def _write_merged(base_directory: Path, path: Path, folder: Path) -> None:
    arrays = _merged_arrays(base_directory / 'model.bin', path)
    for file in base_directory.iterdir():
        if file.is_file() and file.name != 'model.bin':
            shutil.copyfile(file, folder / file.name)
    patch_ctranslate2(base_directory / 'model.bin', folder / 'model.bin', arrays)


def _merged_arrays(model_file: Path, path: Path) -> dict[str, npt.NDArray[np.float16]]:
    """Return the fused arrays of CTranslate2 with the adapter in them, by their names there. Raises `ModelError`."""
    adapter = load_adapter(path)
    places = {layer: _place(layer) for layer in adapter.down}
    try:
        arrays = read_ctranslate2(model_file)
        fused = {name: arrays[name] for name, _, _ in places.values()}
    except (CheckpointError, OSError) as error:
        raise ModelError(f'the model {model_file} cannot be read: {error}') from error
    except KeyError as error:
        raise ModelError(f'{path} does not fit: the model has no array {error}: {ANOTHER_MODEL}') from error
    if any(array.dtype != np.float16 for array in fused.values()):
        raise ModelError(f'{model_file} is not in half precision, which an adapter needs: convert it to float16')
    weights = {layer: np.split(fused[name], count)[part] for layer, (name, part, count) in places.items()}
    merged = _merge(adapter, weights, path)
    result = {name: array.copy() for name, array in fused.items()}
    for layer, (name, part, count) in places.items():
        np.split(result[name], count)[part][:] = merged[layer]  # np.split returns views
    return result


def _place(layer: str) -> tuple[str, int, int]:
    """Return where CTranslate2 keeps this layer's weight: the array's name, and which part of how many it is."""
    match = _LAYER.fullmatch(layer)
    if match is None:
        raise ModelError(f'an adapter for {layer}, which is no layer of Whisper: {REMEDY}')
    name, part, count = _FUSED[match['part']]
    return f'{match["stack"]}/layer_{match["block"]}/{name}/weight', part, count
