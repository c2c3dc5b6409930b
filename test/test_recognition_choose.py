import pytest

from voice_pipeline.recognition import choose as module
from voice_pipeline.recognition.backend import Hypothesis
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


class Stub:
    """Loads anywhere, and hears the reference."""

    has_adapter = False
    description = 'a stand-in'
    text = 'Go to the kitchen.'

    def __init__(self, settings, choice, adapter):
        self.device = choice.device
        self.choice = choice
        self.adapter = adapter

    def transcribe(self, samples, window, draft=None):
        return Hypothesis(self.text, -0.1, 0.0)


@pytest.fixture
def offers(monkeypatch):
    """Make the machine offer this, by this stand-in for both backends."""

    def offer(available, stub=Stub):
        monkeypatch.setattr(module, 'probe', lambda settings: available)
        monkeypatch.setattr(module, '_create', stub)

    return offer


def test_a_checkpoint_is_given_to_the_library_that_can_read_it(tmp_path, offers):
    offers(BOTH)
    checkpoint = tmp_path / 'mine.pt'
    checkpoint.write_bytes(b'weights')

    assert load(RecognitionSettings(model=str(checkpoint))).choice.backend == 'openai-whisper'
    assert load(RecognitionSettings(model=str(tmp_path))).choice.backend == 'faster-whisper'


class BrokenOnGpu(Stub):
    """Its libraries for the GPU are missing."""

    def transcribe(self, samples, window, draft=None):
        if self.device == 'cuda':
            raise RuntimeError('Library libcublas.so.12 is not found')
        return super().transcribe(samples, window, draft)


class WrongOnGpu(Stub):
    """Its build for the GPU runs, and computes nonsense."""

    def __init__(self, settings, choice, adapter):
        super().__init__(settings, choice, adapter)
        if self.device == 'cuda':
            self.text = '!!!!!!!!'


@pytest.mark.parametrize(('stub', 'reason'), [(BrokenOnGpu, 'libcublas'), (WrongOnGpu, "heard '!!!!!!!!'")])
def test_a_gpu_that_fails_or_hears_nonsense_is_replaced_by_the_cpu(offers, caplog, stub, reason):
    offers(FASTER_GPU, stub)

    assert load(RecognitionSettings()).device == 'cpu'
    assert reason in caplog.text


def test_a_gpu_that_was_asked_for_is_not_replaced(offers):
    offers(FASTER_GPU, BrokenOnGpu)

    with pytest.raises(ModelError, match=r'cannot run on cuda .*libcublas.* set another device'):
        load(RecognitionSettings(device='cuda'))


def test_without_a_driver_there_is_no_gpu(monkeypatch):
    def missing(name):
        raise OSError(f'{name}: cannot open shared object file')

    monkeypatch.setattr(module.ctypes, 'CDLL', missing)

    assert module.cuda_device_count() == 0


def test_an_adapter_is_found_by_the_model_s_name_or_by_its_path(offers, monkeypatch, tmp_path):
    offers(BOTH)
    bundled, mine = tmp_path / 'tiny.en.npz', tmp_path / 'mine.npz'
    mine.touch()
    monkeypatch.setattr(module, 'bundled_adapter', {'tiny.en': bundled}.get)

    assert load(RecognitionSettings()).adapter == bundled
    assert load(RecognitionSettings(model='base.en')).adapter is None
    assert load(RecognitionSettings(adapter='none')).adapter is None
    assert load(RecognitionSettings(adapter=str(mine))).adapter == mine


def test_an_adapter_that_does_not_exist_is_said(offers, tmp_path):
    offers(BOTH)

    with pytest.raises(ModelError, match=r'nothing\.npz.* does not exist: give auto, none'):
        load(RecognitionSettings(adapter=str(tmp_path / 'nothing.npz')))
