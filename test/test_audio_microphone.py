"""The microphone source against a scripted PortAudio: devices that vanish, refuse, overflow and come back."""

import itertools
import sys
import threading
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from voice_pipeline.audio.frames import FRAME_SAMPLES, SAMPLE_RATE_HZ
from voice_pipeline.audio.microphone import (
    Device,
    MicrophoneError,
    MicrophoneSource,
    find_device,
    list_devices,
    load_sounddevice,
)
from voice_pipeline.audio.settings import CaptureSettings
from voice_pipeline.audio.source import Clock
from voice_pipeline.audio.sources import open_source

FRAME_NS = FRAME_SAMPLES * 1_000_000_000 // SAMPLE_RATE_HZ
NOW_NS = 1_700_000_000_000_000_000


class PortAudioError(Exception):
    """As sounddevice's."""


class FakeClock(Clock):
    """A clock that stands still, except while waiting and where a test sets it."""

    def __init__(self) -> None:
        self.now_ns = NOW_NS
        self.waited_s: list[float] = []

    def system_ns(self) -> int:
        return self.now_ns

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        self.waited_s.append(seconds)
        self.now_ns += round(seconds * 1e9)
        return stop.is_set()


@dataclass
class Plugged:
    """How the hardware behaves the next time a stream is opened: `blocks` come at once, then it `dies` or is silent."""

    blocks: int = 4
    level: int | tuple[int, ...] = 1000  # of all channels, or of each
    dies: bool = True
    starts: bool = True
    overflow_at: int | None = None
    capture_age_s: float | None = 0.050


@dataclass
class FakeSoundDevice:
    """The part of the module `sounddevice` that is used, with scripted hardware behind it."""

    clock: FakeClock
    script: list[Plugged | None]  # one for each time PortAudio starts; None: the device is not there
    rate_hz: int = 48_000
    channels: int = 1
    refuses: tuple[tuple[int, int], ...] = ()  # (rate, channels) that the device cannot do
    opened: list[dict] = field(default_factory=list)
    streams_open: int = 0
    is_initialised: bool = True

    PortAudioError = PortAudioError

    def query_devices(self, kind=None):
        microphone = {'index': 3, 'name': 'USB Mic: Audio (hw:1,0)', 'max_input_channels': self.channels}
        inputs = [] if self.script[0] is None else [{**microphone, 'default_samplerate': float(self.rate_hz)}]
        speaker = {'index': 0, 'name': 'Speaker', 'max_input_channels': 0, 'default_samplerate': 48000.0}
        if kind == 'input' and not inputs:
            raise PortAudioError('Error querying device -1')
        return inputs[0] if kind == 'input' else [speaker, *inputs]

    def RawInputStream(self, **options):  # noqa: N802  (its name in sounddevice)
        if (options['samplerate'], options['channels']) in self.refuses:
            raise PortAudioError('Invalid sample rate or channel count')
        self.opened.append(options)
        return FakeStream(self, self.script[0], options)

    def _terminate(self):
        if not self.is_initialised:
            raise PortAudioError('PortAudio not initialized')
        assert self.streams_open == 0, 'PortAudio was restarted under an open stream'
        self.is_initialised = False

    def _initialize(self):
        self.script.pop(0)
        self.is_initialised = True


class FakeStream:
    def __init__(self, module, plugged, options):
        self._module, self._plugged, self._options = module, plugged, options
        self.samplerate = float(options['samplerate'])
        self.time = 100.0
        self.active = False
        module.streams_open += 1

    def start(self):
        if not self._plugged.starts:
            raise PortAudioError('Device unavailable')
        size = self._options['blocksize']
        for k in range(self._plugged.blocks):
            self._module.clock.now_ns += round(size / self.samplerate * 1e9)
            age_s = self._plugged.capture_age_s
            times = SimpleNamespace(inputBufferAdcTime=0.0 if age_s is None else self.time - age_s)
            block = np.empty((size, self._options['channels']), dtype=np.int16)
            block[:] = self._plugged.level
            status = SimpleNamespace(input_overflow=k == self._plugged.overflow_at)
            self._options['callback'](memoryview(block.tobytes()), size, times, status)
        self.active = not self._plugged.dies

    def abort(self, ignore_errors=True):
        self.active = False

    def close(self, ignore_errors=True):
        self._module.streams_open -= 1


def microphone(*script, statuses=None, device='', **hardware):
    clock = FakeClock()
    module = FakeSoundDevice(clock, list(script), **hardware)
    on_status = (lambda text: None) if statuses is None else statuses.append
    source = MicrophoneSource(device, reconnect_s=2.0, on_status=on_status, sounddevice=module, clock=clock)
    return source, module, clock


def take(source, count):
    frames = source.frames(threading.Event())
    taken = list(itertools.islice(frames, count))
    frames.close()
    return taken


# --- the ordinary case -----------------------------------------------------------------------------------------------


def test_a_16_khz_microphone_is_taken_as_it_is():
    source, module, _ = microphone(Plugged(blocks=5))

    frames = take(source, 5)

    assert [frame.sequence for frame in frames] == list(range(5))
    assert all(frame.samples.tolist() == [1000] * FRAME_SAMPLES for frame in frames)
    assert [(options['samplerate'], options['channels']) for options in module.opened] == [(16_000, 1)]
    assert module.opened[0]['device'] == 3
    assert module.opened[0]['dtype'] == 'int16'
    assert source.description == "microphone 'USB Mic: Audio (hw:1,0)'"


def test_closing_the_frames_closes_the_stream():
    source, module, _ = microphone(Plugged())
    take(source, 1)

    assert module.streams_open == 0


def test_stop_ends_it_while_the_device_is_silent():
    source, module, _ = microphone(Plugged(blocks=1, dies=False))
    stop = threading.Event()
    frames = source.frames(stop)
    next(frames)
    stop.set()

    assert list(frames) == []
    assert module.streams_open == 0


@pytest.mark.parametrize(
    ('capture_age_s', 'late_s'),
    [
        (0.050, 0.018),  # the first of 512 samples was captured 50 ms ago, so the last 18 ms ago
        (0.032, 0.0),
        (0.010, 0.0),  # the end of the block would lie in the future
        (30.0, 0.0),  # no device is as slow as that
        (None, 0.0),  # the host interface gives no time
    ],
)
def test_stamps_are_capture_times_where_they_are_plausible_else_arrival_times(capture_age_s, late_s):
    source, _, _ = microphone(Plugged(blocks=3, capture_age_s=capture_age_s))

    ends = [frame.end_ns for frame in take(source, 3)]

    assert ends == [NOW_NS + (k + 1) * FRAME_NS - round(late_s * 1e9) for k in range(3)]


# --- devices that run at another rate --------------------------------------------------------------------------------


@pytest.mark.parametrize('rate_hz', [8_000, 44_100, 48_000])
def test_a_device_that_refuses_16_khz_is_resampled(rate_hz):
    source, module, _ = microphone(Plugged(blocks=150, capture_age_s=None), rate_hz=rate_hz, refuses=((16_000, 1),))

    frames = take(source, 40)

    assert module.opened[-1]['samplerate'] == rate_hz
    assert [frame.sequence for frame in frames] == list(range(40))
    assert {len(frame.samples) for frame in frames} == {FRAME_SAMPLES}
    np.testing.assert_allclose(np.concatenate([frame.samples for frame in frames[1:]]), 1000, atol=2)


def test_stamps_of_resampled_sound_do_not_drift():
    source, _, _ = microphone(Plugged(blocks=150, capture_age_s=None), rate_hz=44_100, refuses=((16_000, 1),))

    for k, frame in enumerate(take(source, 40)):
        assert abs(frame.stamp_ns - (NOW_NS + k * FRAME_NS)) < 100_000  # one sample is 62,500 ns


@pytest.mark.parametrize(('levels', 'expected'), [((100, 200), 150), ((100, 200, 300, 400), 100)])
def test_two_channels_are_averaged_and_an_array_gives_its_first(levels, expected):
    source, module, _ = microphone(
        Plugged(blocks=20, level=levels), channels=len(levels), refuses=((16_000, 1), (48_000, 1))
    )

    frames = take(source, 5)

    assert module.opened[-1]['channels'] == len(levels)
    np.testing.assert_allclose(frames[-1].samples, expected, atol=2)


def test_a_device_that_refuses_everything_is_tried_again():
    statuses: list[str] = []
    source, _, clock = microphone(Plugged(), Plugged(), statuses=statuses, refuses=((16_000, 1), (48_000, 1)))
    stop = threading.Event()
    clock.wait = lambda *_: stop.set()

    assert list(source.frames(stop)) == []
    assert statuses == ['microphone lost: Invalid sample rate or channel count; trying again every 2 s']


def test_a_device_that_is_busy_is_tried_again():
    statuses: list[str] = []
    source, _, _ = microphone(Plugged(starts=False), Plugged(level=7), statuses=statuses)

    assert take(source, 1)[0].samples[0] == 7
    assert statuses[0] == 'microphone lost: Device unavailable; trying again every 2 s'


# --- losing it -------------------------------------------------------------------------------------------------------


def test_a_device_that_vanishes_is_waited_for_and_goes_on():
    statuses: list[str] = []
    source, module, clock = microphone(
        Plugged(blocks=3, level=1), None, None, Plugged(blocks=3, level=2), statuses=statuses
    )

    frames = take(source, 6)

    assert [(frame.sequence, frame.samples[0]) for frame in frames] == [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2), (5, 2)]
    assert frames[3].stamp_ns - frames[2].end_ns == 6_000_000_000
    assert statuses == [
        'microphone lost: the device has gone; trying again every 2 s',
        'microphone back: USB Mic: Audio (hw:1,0)',
    ]
    assert clock.waited_s == [2.0, 2.0, 2.0]
    assert module.streams_open == 0


def test_a_restart_of_portaudio_that_fails_is_tried_again(monkeypatch):
    source, module, _ = microphone(Plugged(blocks=1), None, Plugged(blocks=1, level=7))
    start = module._initialize
    failures = [PortAudioError('Error initializing PortAudio')]

    def start_at_the_second_attempt():
        if failures:
            raise failures.pop()
        start()

    monkeypatch.setattr(module, '_initialize', start_at_the_second_attempt)

    assert [frame.samples[0] for frame in take(source, 2)] == [1000, 7]


def test_a_device_that_goes_silent_is_lost(monkeypatch):
    statuses: list[str] = []
    source, _, clock = microphone(Plugged(blocks=1, dies=False), Plugged(blocks=1, level=7), statuses=statuses)
    frames = source.frames(threading.Event())
    next(frames)
    readings = itertools.count(clock.now_ns, 2_000_000_000)
    monkeypatch.setattr(clock, 'monotonic_ns', lambda: next(readings))

    assert next(frames).samples[0] == 7
    assert statuses[0] == 'microphone lost: nothing came for 3 s; trying again every 2 s'
    frames.close()


def test_the_last_sound_before_a_loss_is_not_lost():
    """A frame that was begun is filled up with silence, not glued to what comes after."""
    source, _, _ = microphone(
        Plugged(blocks=5, level=100), Plugged(blocks=8, level=200), rate_hz=48_000, refuses=((16_000, 1),)
    )

    first, last, *after = take(source, 3)

    assert first.samples[-1] == pytest.approx(100, abs=2)
    assert last.samples[0] == pytest.approx(100, abs=2)
    assert last.samples[-1] == 0
    assert after[0].samples[-1] == pytest.approx(200, abs=2)


# --- overruns --------------------------------------------------------------------------------------------------------


def test_overflows_are_counted_and_reported():
    statuses: list[str] = []
    source, _, _ = microphone(Plugged(blocks=4, overflow_at=1), statuses=statuses)
    take(source, 4)

    assert source.health.overruns == 1
    assert statuses == ['sound was lost, the computer is too busy (overruns since the start: 1)']


def test_a_reader_that_is_too_late_loses_sound_but_not_memory():
    source, _, _ = microphone(Plugged(blocks=1000, dies=False))
    first = take(source, 1)[0]

    assert first.sequence == 0
    assert source.health.overruns == 800


# --- choosing a device -----------------------------------------------------------------------------------------------

DEVICES = [
    Device(index=0, name='HDA Intel PCH: ALC257 Analog (hw:0,0)', channels=2, rate_hz=44_100, is_default=False),
    Device(index=4, name='USB Mic 10', channels=1, rate_hz=48_000, is_default=False),
    Device(index=5, name='USB Mic', channels=1, rate_hz=48_000, is_default=False),
    Device(index=10, name='default', channels=32, rate_hz=44_100, is_default=True),
]


@pytest.mark.parametrize(
    ('wanted', 'index'),
    [('', 10), ('4', 4), ('10', 10), ('analog', 0), ('USB', 4), ('usb mic', 5), (' Default ', 10)],
)
def test_a_device_is_found_by_index_name_or_part_of_it(wanted, index):
    assert find_device(wanted, DEVICES).index == index


def test_without_a_default_the_first_device_is_the_default():
    assert find_device('', DEVICES[:2]).index == 0


@pytest.mark.parametrize('wanted', ['7', 'webcam'])
def test_an_unknown_device_is_refused_with_a_list(wanted):
    with pytest.raises(MicrophoneError, match=rf"'{wanted}'.*4: USB Mic 10; 5: USB Mic"):
        find_device(wanted, DEVICES)


def test_a_wrong_name_is_refused_before_sound_flows():
    with pytest.raises(MicrophoneError, match=r"no microphone is called 'webcam'.*3: USB Mic"):
        microphone(Plugged(), device='webcam')


def test_the_settings_open_a_microphone_source(monkeypatch):
    monkeypatch.setitem(sys.modules, 'sounddevice', FakeSoundDevice(FakeClock(), [Plugged()]))

    assert open_source(CaptureSettings(device='usb')).description == "microphone 'USB Mic: Audio (hw:1,0)'"


def test_a_computer_without_a_microphone_is_told_what_to_do():
    with pytest.raises(MicrophoneError, match='plug one in, or use a sound file'):
        microphone(None)


def test_only_inputs_are_listed():
    module = FakeSoundDevice(FakeClock(), [Plugged()], channels=2)

    assert list_devices(module) == [
        Device(index=3, name='USB Mic: Audio (hw:1,0)', channels=2, rate_hz=48_000, is_default=True)
    ]
    assert list_devices(FakeSoundDevice(FakeClock(), [None])) == []


# --- what must be installed ------------------------------------------------------------------------------------------


def test_a_missing_python_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'sounddevice', None)

    with pytest.raises(MicrophoneError, match='pip install sounddevice'):
        load_sounddevice()


def test_a_missing_portaudio_is_named(monkeypatch, tmp_path):
    (tmp_path / 'sounddevice.py').write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, 'sounddevice', raising=False)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(MicrophoneError, match='sudo apt-get install libportaudio2'):
        load_sounddevice()
