"""Whisper's weights for whisper.cpp."""

import io
import struct

import numpy as np
import pytest
from speech import say

from voice_pipeline.recognition.checkpoint import read_ctranslate2, to_openai
from voice_pipeline.recognition.weights import bundled_directory, for_openai_whisper
from voice_pipeline.tools.benchmark import ggml
from voice_pipeline.tools.benchmark.peers import PEERS


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    return tmp_path / 'voice_pipeline'


def read_integers(file, count):
    return struct.unpack(f'<{count}i', file.read(4 * count))


def read_tensors(file):
    tensors = {}
    while head := file.read(12):
        rank, name_length, kind = struct.unpack('<3i', head)
        shape = read_integers(file, rank)[::-1]
        name = file.read(name_length).decode()
        dtype = '<f2' if kind == ggml.FLOAT16 else '<f4'
        count = int(np.prod(shape))
        tensors[name] = np.frombuffer(file.read(count * np.dtype(dtype).itemsize), dtype).reshape(shape)
    return tensors


def test_the_mel_filters_are_those_of_whisper():
    from faster_whisper.feature_extractor import FeatureExtractor

    np.testing.assert_allclose(ggml.mel_filters(80), FeatureExtractor(feature_size=80).mel_filters, atol=1e-7)


def test_the_vocabulary_is_that_of_whisper():
    from whisper.tokenizer import get_tokenizer

    encoding = get_tokenizer(multilingual=False).encoding
    tokens = ggml.read_vocabulary(bundled_directory() / 'vocabulary.txt')

    assert len(tokens) == encoding.eot_token
    assert tokens == [encoding.decode_single_token_bytes(number) for number in range(len(tokens))]


def test_a_file_holds_dimensions_filters_words_and_tensors():
    dimensions = {name: number for number, name in enumerate(ggml.DIMENSIONS, start=2)} | {'n_mels': 80}
    state = {
        'encoder.conv1.weight': np.arange(24, dtype=np.float16).reshape(2, 4, 3),
        'encoder.conv1.bias': np.arange(2, dtype=np.float16),
        'encoder.positional_embedding': np.arange(6, dtype=np.float32).reshape(3, 2),
        'encoder.ln_post.weight': np.arange(4, dtype=np.float16),
    }
    file = io.BytesIO()
    ggml.write_ggml(file, dimensions, state, [b'a', b' word'])

    file.seek(0)
    assert read_integers(file, 1) == (ggml.MAGIC,)
    assert read_integers(file, 11) == (*dimensions.values(), ggml.FLOAT16)
    assert read_integers(file, 2) == (80, 201)
    file.read(80 * 201 * 4)
    assert read_integers(file, 1) == (2,)
    assert [file.read(*read_integers(file, 1)) for _ in range(2)] == [b'a', b' word']
    tensors = read_tensors(file)
    assert {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()} == {
        'encoder.conv1.weight': ((2, 4, 3), np.float16),
        'encoder.conv1.bias': ((2, 1), np.float32),
        'encoder.positional_embedding': ((3, 2), np.float32),
        'encoder.ln_post.weight': ((4,), np.float32),
    }
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(tensor.ravel(), state[name].ravel())


def test_the_converted_model_is_cached_and_made_again_when_damaged(cache):
    path = ggml.bundled_ggml()
    first = path.read_bytes()
    made_ns = path.stat().st_mtime_ns
    assert ggml.bundled_ggml() == path
    assert path.stat().st_mtime_ns == made_ns

    path.write_bytes(first[:-100])
    assert ggml.bundled_ggml().read_bytes() == first
    assert [file.name for file in cache.iterdir()] == [path.name]
    assert len(first) > 2 * sum(array.size for array in to_openai(bundled_arrays())[1].values())


def bundled_arrays():
    return read_ctranslate2(bundled_directory() / 'model.bin')


@pytest.mark.parametrize('name', ['whisper.cpp', 'whisper.cpp audio_ctx'])
def test_whisper_cpp_hears_the_same_with_these_weights(name):
    pytest.importorskip('pywhispercpp', reason='pip install pywhispercpp')
    import whisper

    (entry,) = [one for one in PEERS if one.name == name]
    samples = say('turn left ninety degrees')
    model = whisper.load_model(for_openai_whisper('tiny.en'), device='cpu')
    expected = whisper.transcribe(model, samples / np.float32(32768), language='en', temperature=0.0, fp16=False)

    assert entry.make(threads=1, device='cpu').hear(samples).text == expected['text'].strip()
