import pytest

from voice_pipeline.recognition import choose as module
from voice_pipeline.recognition.choose import Available, choose, load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError

BOTH = Available(openai_whisper=True, faster_whisper=True)
OPENAI = Available(openai_whisper=True)
FASTER = Available(faster_whisper=True)
OPENAI_GPU = Available(openai_whisper=True, faster_whisper=True, openai_cuda=True)
FASTER_GPU = Available(openai_whisper=True, faster_whisper=True, faster_cuda=True)
ALL = Available(openai_whisper=True, faster_whisper=True, openai_cuda=True, faster_cuda=True)


@pytest.mark.parametrize(
    ('backend', 'device', 'available', 'expected'),
    [
        ('auto', 'auto', ALL, ('openai-whisper', 'cuda', 'float16')),
        ('auto', 'auto', OPENAI_GPU, ('openai-whisper', 'cuda', 'float16')),
        ('auto', 'auto', FASTER_GPU, ('faster-whisper', 'cuda', 'float16')),
        ('auto', 'auto', BOTH, ('faster-whisper', 'cpu', 'int8')),
        ('auto', 'auto', FASTER, ('faster-whisper', 'cpu', 'int8')),
        ('auto', 'auto', OPENAI, ('openai-whisper', 'cpu', 'float32')),
        ('auto', 'cpu', ALL, ('faster-whisper', 'cpu', 'int8')),
        ('auto', 'cuda', FASTER_GPU, ('faster-whisper', 'cuda', 'float16')),
        ('openai-whisper', 'auto', BOTH, ('openai-whisper', 'cpu', 'float32')),
        ('openai-whisper', 'auto', FASTER_GPU, ('openai-whisper', 'cpu', 'float32')),
        ('openai-whisper', 'cpu', ALL, ('openai-whisper', 'cpu', 'float32')),
        ('faster-whisper', 'auto', ALL, ('faster-whisper', 'cuda', 'float16')),
        ('faster-whisper', 'auto', OPENAI_GPU, ('faster-whisper', 'cpu', 'int8')),
    ],
)
def test_the_fastest_that_is_allowed_and_here(backend, device, available, expected):
    choice = choose(RecognitionSettings(backend=backend, device=device), available)

    assert (choice.backend, choice.device, choice.compute_type) == expected
    assert choice.reason


@pytest.mark.parametrize(
    ('backend', 'device', 'available', 'hint'),
    [
        ('auto', 'auto', Available(), 'pip install faster-whisper'),
        ('openai-whisper', 'auto', FASTER, 'pip install openai-whisper'),
        ('faster-whisper', 'auto', OPENAI, 'pip install faster-whisper'),
        ('auto', 'cuda', BOTH, 'set device to auto'),
        ('openai-whisper', 'cuda', FASTER_GPU, 'torch build for CUDA'),
        ('faster-whisper', 'cuda', OPENAI_GPU, 'CTranslate2 build for CUDA'),
    ],
)
def test_what_is_asked_for_but_missing_is_said_with_a_hint(backend, device, available, hint):
    with pytest.raises(ModelError, match=hint):
        choose(RecognitionSettings(backend=backend, device=device), available)


def test_a_checkpoint_is_given_to_the_library_that_can_read_it(tmp_path, monkeypatch):
    created = []

    class Loaded:
        def transcribe(self, samples, window_s):
            created.append(window_s)

    monkeypatch.setattr(module, 'probe', lambda settings: BOTH)
    monkeypatch.setattr(module, '_create', lambda settings, choice: created.append(choice.backend) or Loaded())
    checkpoint = tmp_path / 'mine.pt'
    checkpoint.write_bytes(b'weights')

    load(RecognitionSettings(model=str(checkpoint)))
    load(RecognitionSettings(model=str(tmp_path)))

    assert created == ['openai-whisper', 10.0, 'faster-whisper', 10.0]  # chosen, then warmed up


class BrokenOnGpu:
    """Loads anywhere, but its libraries for the GPU are missing."""

    def __init__(self, settings, choice):
        self.device = choice.device

    def transcribe(self, samples, window_s):
        if self.device == 'cuda':
            raise RuntimeError('Library libcublas.so.12 is not found')


def test_a_gpu_that_fails_is_replaced_by_the_cpu(monkeypatch, caplog):
    monkeypatch.setattr(module, 'probe', lambda settings: FASTER_GPU)
    monkeypatch.setattr(module, '_create', BrokenOnGpu)

    assert load(RecognitionSettings()).device == 'cpu'
    assert 'libcublas' in caplog.text


def test_a_gpu_that_was_asked_for_is_not_replaced(monkeypatch):
    monkeypatch.setattr(module, 'probe', lambda settings: FASTER_GPU)
    monkeypatch.setattr(module, '_create', BrokenOnGpu)

    with pytest.raises(ModelError, match=r'cannot run on cuda .*libcublas.* set another device'):
        load(RecognitionSettings(device='cuda'))


def test_without_a_driver_there_is_no_gpu(monkeypatch):
    def missing(name):
        raise OSError(f'{name}: cannot open shared object file')

    monkeypatch.setattr(module.ctypes, 'CDLL', missing)

    assert module.cuda_device_count() == 0
