"""The loudspeaker against a scripted PortAudio: formats, cuts, devices that refuse, vanish and come back."""

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ
from voice_pipeline.speech import loudspeaker
from voice_pipeline.speech.loudspeaker import BLOCK_S, Loudspeaker, LoudspeakerError

SOUND = np.arange(1, 1001, dtype=np.int16)
PATIENCE_S = 30.0


class PortAudioError(Exception):
    """As sounddevice's."""


class CallbackStop(Exception):  # noqa: N818  (its name in sounddevice)
    """As sounddevice's."""


class CallbackAbort(Exception):  # noqa: N818
    """As sounddevice's."""


@dataclass
class FakeSoundDevice:
    """The part of the module `sounddevice` that is used, with one output device behind it, or none."""

    name: str | None = 'USB Speaker: Audio (hw:1,0)'
    rate_hz: int = 48_000
    channels: int = 2
    refuses: tuple[tuple[int, int], ...] = ()
    is_dead: bool = False  # it takes no sound
    cut_after: tuple[int, threading.Event] | None = None  # blocks, and the event that is then set
    played: list = field(default_factory=list)
    opened: list = field(default_factory=list)
    restarts: int = 0

    PortAudioError, CallbackStop, CallbackAbort = PortAudioError, CallbackStop, CallbackAbort

    def query_devices(self, device=None, kind=None):
        microphone = {'index': 0, 'name': 'Microphone', 'max_output_channels': 0, 'default_samplerate': 44100.0}
        output = {
            'index': 1,
            'name': self.name,
            'max_output_channels': self.channels,
            'default_samplerate': float(self.rate_hz),
        }
        outputs = [] if self.name is None else [output]
        if kind is None:
            return [microphone, *outputs]
        if not outputs and device is None:
            raise PortAudioError('Error querying device -1')
        if device is not None and device != 1 and (self.name is None or str(device) not in self.name):
            raise ValueError(f'No output device matching {device!r}')
        return output

    def OutputStream(self, **options):  # noqa: N802  (its name in sounddevice)
        if (options['samplerate'], options['channels']) in self.refuses:
            raise PortAudioError('Invalid sample rate')
        self.opened.append(options)
        return FakeStream(self, options)

    def _terminate(self):
        self.restarts += 1

    def _initialize(self):
        pass


class FakeStream:
    """Fetches blocks as fast as it can, on a thread of its own as PortAudio does."""

    latency = 0.01

    def __init__(self, module, options):
        self._module, self._options = module, options
        self.samplerate, self.channels = float(options['samplerate']), options['channels']

    def start(self):
        if not self._module.is_dead:
            threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        size = self._options['blocksize']
        while True:
            block = np.full((size, self.channels), -1, dtype=np.int16)
            try:
                self._options['callback'](block, size, None, None)
            except CallbackAbort:
                break
            except CallbackStop:
                self._module.played.append(block)
                break
            self._module.played.append(block)
            cut = self._module.cut_after
            if cut is not None and len(self._module.played) == cut[0]:
                cut[1].set()
        self._options['finished_callback']()

    def abort(self, ignore_errors=False):
        pass

    def close(self, ignore_errors=False):
        pass


def heard(module):
    return np.concatenate(module.played)


def test_every_sample_is_played_in_blocks_of_20_ms_and_then_silence():
    module = FakeSoundDevice()
    Loudspeaker(sounddevice=module).play(SOUND, threading.Event())
    assert heard(module)[: len(SOUND), 0].tolist() == SOUND.tolist()
    assert not heard(module)[len(SOUND) :].any()
    (options,) = module.opened
    assert (options['samplerate'], options['channels'], options['blocksize']) == (SAMPLE_RATE_HZ, 1, 320)


def test_a_cut_is_heard_within_one_block():
    cut = threading.Event()
    module = FakeSoundDevice(cut_after=(3, cut))
    Loudspeaker(sounddevice=module).play(np.ones(SAMPLE_RATE_HZ, dtype=np.int16), cut)
    assert len(module.played) == 3
    assert BLOCK_S <= 0.03


def test_after_a_cut_the_next_sound_is_played_from_its_begin():
    cut = threading.Event()
    module = FakeSoundDevice(cut_after=(1, cut))
    speaker = Loudspeaker(sounddevice=module)
    speaker.play(np.ones(SAMPLE_RATE_HZ, dtype=np.int16), cut)
    module.played.clear()
    module.cut_after = None
    speaker.play(SOUND, threading.Event())
    assert heard(module)[: len(SOUND), 0].tolist() == SOUND.tolist()
    assert len(module.opened) == 1


@pytest.mark.parametrize(
    ('refuses', 'format'),
    [
        (((16_000, 1),), (48_000, 1)),
        (((16_000, 1), (48_000, 1)), (48_000, 2)),
    ],
)
def test_a_device_is_given_what_it_can_play(refuses, format):
    module = FakeSoundDevice(refuses=refuses)
    tone = (8000 * np.sin(np.arange(1600) * 2 * np.pi * 440 / SAMPLE_RATE_HZ)).astype(np.int16)
    Loudspeaker(sounddevice=module).play(tone, threading.Event())
    (options,) = module.opened
    assert (options['samplerate'], options['channels']) == format
    sound = heard(module)
    assert np.flatnonzero(sound[:, 0])[-1] == pytest.approx(3 * 1600, abs=10)
    assert np.abs(sound).max() == pytest.approx(8000, rel=0.02)
    assert all((sound[:, 0] == channel).all() for channel in sound.T)


@pytest.mark.parametrize(
    ('module', 'device', 'said'),
    [
        (FakeSoundDevice(name=None), '', 'no loudspeaker found: plug one in'),
        (FakeSoundDevice(), 'HDMI', r"the loudspeaker 'HDMI' cannot be opened .* There are: USB Speaker: Audio"),
        (FakeSoundDevice(), '7', r"the loudspeaker '7' cannot be opened"),
        (
            FakeSoundDevice(refuses=((16_000, 1), (48_000, 1), (48_000, 2))),
            '',
            r'the default loudspeaker cannot be opened \(Invalid sample rate\)',
        ),
    ],
)
def test_what_cannot_be_opened_is_said_with_what_there_is(module, device, said):
    with pytest.raises(LoudspeakerError, match=said):
        Loudspeaker(device, module).open()


@pytest.mark.parametrize('device', ['', '1', ' USB '])
def test_a_device_is_found_by_index_or_name(device):
    assert Loudspeaker(device, FakeSoundDevice()).open() == 'USB Speaker: Audio (hw:1,0)'


def test_a_device_that_takes_no_sound_is_lost_and_looked_for_again(monkeypatch):
    monkeypatch.setattr(loudspeaker, 'HANG_S', 0.01)
    module = FakeSoundDevice(is_dead=True)
    speaker = Loudspeaker(sounddevice=module)
    with pytest.raises(LoudspeakerError, match='the loudspeaker was lost: it takes no sound'):
        speaker.play(SOUND, threading.Event())
    module.is_dead = False
    before = module.restarts
    speaker.play(SOUND, threading.Event())
    assert module.restarts == before + 1
    assert heard(module)[: len(SOUND), 0].tolist() == SOUND.tolist()


def test_without_portaudio_the_user_learns_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'sounddevice', None)
    with pytest.raises(LoudspeakerError, match='pip install sounddevice'):
        Loudspeaker().open()
