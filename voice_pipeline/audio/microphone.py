"""Sound from a microphone through PortAudio, which survives the microphone being pulled out and put back."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from voice_pipeline.audio.frames import FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame, Samples
from voice_pipeline.audio.source import Clock, Framer, OnStatus, SourceError, SourceHealth, log_status

_QUEUED_BLOCKS = 200  # 2 s or more: what a reader may be late
_POLL_S = 0.1
_REPORT_PERIOD_NS = 5_000_000_000
_WORST_DEVICE_LATENCY_S = 1.0


class MicrophoneError(SourceError):
    """There is no PortAudio, no microphone, or not the one asked for; the text says what to do."""


@dataclass(frozen=True)
class Device:
    """An input device: PortAudio's index and name, how many channels it has, and the rate it runs at by itself."""

    index: int
    name: str
    channels: int
    rate_hz: int
    is_default: bool


def load_sounddevice() -> Any:
    """Return the module `sounddevice`. Raises `MicrophoneError` when it or the PortAudio library is missing."""
    try:
        import sounddevice
    except ImportError:
        raise MicrophoneError('the Python package sounddevice is missing: pip install sounddevice') from None
    except OSError:
        raise MicrophoneError('the PortAudio library is missing: sudo apt-get install libportaudio2') from None
    return sounddevice


def list_devices(sounddevice: Any = None) -> list[Device]:
    """Return the input devices, in PortAudio's order; empty when there is none. Raises `MicrophoneError`."""
    sd = sounddevice or load_sounddevice()
    try:
        default = sd.query_devices(kind='input')['index']
    except sd.PortAudioError:  # there is none
        default = None
    return [
        Device(
            index=info['index'],
            name=info['name'],
            channels=info['max_input_channels'],
            rate_hz=round(info['default_samplerate']),
            is_default=info['index'] == default,
        )
        for info in sd.query_devices()
        if info['max_input_channels'] > 0
    ]


def find_device(wanted: str, devices: list[Device]) -> Device:
    """
    Return the device with this index or name, else the first whose name contains it, in any case; '' is the default.

    Raises `MicrophoneError`, listing the devices.
    """
    if not devices:
        raise MicrophoneError('no microphone found: plug one in, or use a sound file (source wav)')
    key = wanted.strip().casefold()
    if not key:
        matches = [device for device in devices if device.is_default] or devices
    elif key.isdecimal():
        matches = [device for device in devices if str(device.index) == key]
    else:
        named = [device for device in devices if device.name.casefold() == key]
        matches = named or [device for device in devices if key in device.name.casefold()]
    if matches:
        return matches[0]
    known = '; '.join(f'{device.index}: {device.name}' for device in devices)
    raise MicrophoneError(f"no microphone is called '{wanted}'. There are: {known}")


class MicrophoneSource:
    """
    Frames from a microphone, at whatever rate it runs.

    Stamps are PortAudio's capture times where the host interface gives plausible ones, else arrival times. When the
    device is lost, PortAudio is restarted and the device looked for every `reconnect_s` until it is back.
    """

    def __init__(
        self,
        device: str = '',
        *,
        reconnect_s: float = 2.0,
        stall_s: float = 3.0,
        on_status: OnStatus = log_status,
        sounddevice: Any = None,
        clock: Clock | None = None,
    ) -> None:
        """
        Look the device up: an index, a part of its name, or '' for the default. Raises `MicrophoneError`.

        A device that gives nothing for `stall_s` is taken for lost; virtual ones can take 2 s to start.
        `sounddevice` is the module of this name.
        """
        self._sd = sounddevice or load_sounddevice()
        self._wanted = device
        self._device = find_device(device, list_devices(self._sd))
        self._reconnect_s = reconnect_s
        self._stall_s = stall_s
        self._on_status = on_status
        self._clock = clock or Clock()
        self._is_lost = False
        self._losses = 0
        self._overruns = 0
        self._reported_overruns = 0
        self._reported_ns = 0

    @property
    def description(self) -> str:
        """The device's name."""
        return f"microphone '{self._device.name}'"

    @property
    def health(self) -> SourceHealth:
        """Whether the device is there, how often it went, and how often sound was lost."""
        return SourceHealth(self._is_lost, self._losses, self._overruns)

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Yield frames until `stop` is set; see `AudioSource.frames`."""
        framer = Framer()
        end_ns = 0
        while not stop.is_set():
            try:
                if self._is_lost:
                    self._rescan()
                with contextlib.closing(self._open()) as capture:
                    for samples, end_ns in capture.blocks(stop, self._stall_s):
                        self._note_found()
                        self._report_overruns()
                        yield from framer.add(samples, end_ns)
            except (self._sd.PortAudioError, MicrophoneError) as error:
                yield from framer.flush(end_ns)
                self._note_lost(error)
                self._clock.wait(stop, self._reconnect_s)

    def _note_lost(self, error: Exception) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._losses += 1
            self._on_status(f'microphone lost: {error}; trying again every {self._reconnect_s:g} s')

    def _note_found(self) -> None:
        if self._is_lost:
            self._is_lost = False
            self._on_status(f'microphone back: {self._device.name}')

    def _open(self) -> _Capture:
        return _Capture(self._sd, self._device, self._clock, self._count_overrun)

    def _rescan(self) -> None:
        # PortAudio lists the devices once, when it starts; restarting it is the only way to see one that came back.
        # That ends every stream of this process: nothing else in it may use PortAudio.
        with contextlib.suppress(self._sd.PortAudioError):  # it is not running when the last restart failed
            self._sd._terminate()
        self._sd._initialize()
        self._device = find_device(self._wanted, list_devices(self._sd))

    def _count_overrun(self) -> None:
        self._overruns += 1

    def _report_overruns(self) -> None:
        now_ns = self._clock.monotonic_ns()
        if self._overruns == self._reported_overruns or now_ns - self._reported_ns < _REPORT_PERIOD_NS:
            return
        self._reported_overruns, self._reported_ns = self._overruns, now_ns
        self._on_status(f'sound was lost, the computer is too busy (overruns since the start: {self._overruns})')


class _Capture:
    """One open stream: PortAudio's thread puts blocks into a bounded queue, the reader takes them converted."""

    def __init__(self, sd: Any, device: Device, clock: Clock, on_overrun: Callable[[], None]) -> None:
        self._clock = clock
        self._on_overrun = on_overrun
        self._queue: queue.Queue[tuple[bytes, int]] = queue.Queue(_QUEUED_BLOCKS)
        self._stream, self._converter = self._open_stream(sd, device)
        try:
            self._stream.start()
        except sd.PortAudioError:
            self.close()
            raise

    def blocks(self, stop: threading.Event, stall_s: float) -> Iterator[tuple[Samples, int]]:
        """Yield 16 kHz mono samples and when the last of them ended. Raises `MicrophoneError` when no more come."""
        silent_since_ns = self._clock.monotonic_ns()
        while not stop.is_set():
            try:
                data, end_ns = self._queue.get(timeout=_POLL_S)
            except queue.Empty:
                if not self._stream.active:
                    raise MicrophoneError('the device has gone') from None
                if self._clock.monotonic_ns() - silent_since_ns > stall_s * 1e9:
                    raise MicrophoneError(f'nothing came for {stall_s:g} s') from None
                continue
            silent_since_ns = self._clock.monotonic_ns()
            yield self._converter.convert(data, end_ns)

    def close(self) -> None:
        """End the stream, at once and whatever state the device is in."""
        # Closing a running stream can hang in PortAudio, and stopping one waits for a device that may have gone.
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)

    def _open_stream(self, sd: Any, device: Device) -> tuple[Any, _Converter]:
        """Open at 16 kHz mono if the device can, else as the device runs by itself."""
        formats = ((SAMPLE_RATE_HZ, 1), (device.rate_hz, 1), (device.rate_hz, device.channels))
        for rate_hz, channels in formats:
            try:
                stream = sd.RawInputStream(
                    device=device.index,
                    samplerate=rate_hz,
                    channels=channels,
                    dtype='int16',
                    blocksize=FRAME_SAMPLES if rate_hz == SAMPLE_RATE_HZ else rate_hz // 100,
                    callback=self._take,
                )
            except sd.PortAudioError as error:
                refusal = error
            else:
                return stream, _Converter(rate_hz, channels)
        raise refusal

    def _take(self, block: Any, frames: int, time_info: Any, status: Any) -> None:
        """Queue a block; runs on PortAudio's thread, which must never wait."""
        now_ns = self._clock.system_ns()
        duration_s = frames / self._stream.samplerate
        age_s = self._stream.time - time_info.inputBufferAdcTime  # of the block's first sample
        if not duration_s <= age_s <= duration_s + _WORST_DEVICE_LATENCY_S:
            age_s = duration_s  # some host interfaces leave the capture time 0 or give one in the future
        end_ns = now_ns - round((age_s - duration_s) * 1e9)
        if status.input_overflow:
            self._on_overrun()
        try:
            self._queue.put_nowait((bytes(block), end_ns))
        except queue.Full:
            self._on_overrun()


class _Converter:
    """
    Turns interleaved int16 blocks of any rate and channel count into 16 kHz mono.

    Two channels are averaged. Of more, as microphone arrays have them, the first is taken: there it is the processed
    one, and others may hold what the loudspeaker plays.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._rate_hz = rate_hz
        self._channels = channels
        self._samples_in = 0
        self._samples_out = 0
        self._resample: Callable[[Samples], Samples] = lambda mono: mono
        if rate_hz != SAMPLE_RATE_HZ:
            import soxr

            # LQ is flat to 6 kHz and -3 dB at 6.5 kHz. With blocks of 10 ms it delays a frame by 16 ms on average and
            # 30 ms at most; HQ, flat to 7.5 kHz, by 28 ms and 50 ms, and with blocks of 32 ms by 40 ms and 64 ms.
            stream = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype='int16', quality='LQ')
            self._resample = stream.resample_chunk

    def convert(self, data: bytes, end_ns: int) -> tuple[Samples, int]:
        """Return the samples that are ready, and when the last of them ended, given when the block did."""
        block = np.frombuffer(data, dtype=np.int16).reshape(-1, self._channels)
        mono = block.mean(axis=1).astype(np.int16) if self._channels == 2 else block[:, 0]
        samples = self._resample(np.ascontiguousarray(mono))
        self._samples_in += len(mono)
        self._samples_out += len(samples)
        # The resampler's filter holds the newest samples back.
        held_s = self._samples_in / self._rate_hz - self._samples_out / SAMPLE_RATE_HZ
        return samples, end_ns - round(held_s * 1e9)
