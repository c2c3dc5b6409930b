"""The loudspeaker, through PortAudio: sound that can be cut off within one block."""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Protocol

import numpy as np

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples
from voice_pipeline.audio.microphone import MicrophoneError, load_sounddevice

BLOCK_S = 0.02  # a cut is noticed once a block
HANG_S = 2.0  # a device that takes no sound for this long is gone


class LoudspeakerError(RuntimeError):
    """There is no PortAudio, no loudspeaker, or not the one asked for; the text says what to do."""


class Output(Protocol):
    """Where sound goes."""

    def open(self) -> str:
        """Make ready, and return the name. Raises `LoudspeakerError`."""

    def play(self, samples: Samples, cut: threading.Event) -> None:
        """
        Play 16 kHz mono int16 of shape (n,); return when the last of it was heard, or within 30 ms of the cut.

        Raises `LoudspeakerError`.
        """


class Loudspeaker:
    """An output device. When it was lost, or there was none, it is looked for again with each sound."""

    def __init__(self, device: str = '', sounddevice: Any = None) -> None:
        """
        Name the device: an index, a part of its name, or '' for the default. `sounddevice` is the module of this name.

        It is opened with the first sound, or by `open`. Nothing else in this process may use PortAudio.
        """
        self._wanted = int(device) if device.strip().isdecimal() else device.strip() or None
        self._sd = sounddevice
        self._stream: _Stream | None = None

    def open(self) -> str:
        """See `Output.open`."""
        return self._opened().name

    def play(self, samples: Samples, cut: threading.Event) -> None:
        """See `Output.play`."""
        stream = self._opened()
        try:
            stream.play(samples, cut)
        except (self._sd.PortAudioError, TimeoutError) as error:
            self.close()
            raise LoudspeakerError(f'the loudspeaker was lost: {error}') from None

    def close(self) -> None:
        """Let the device go."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _opened(self) -> _Stream:
        if self._stream is None:
            self._stream = self._open_anew()
        return self._stream

    def _open_anew(self) -> _Stream:
        try:
            self._restart_portaudio()
            return _Stream(self._sd, self._sd.query_devices(self._wanted, 'output'))
        except MicrophoneError as error:
            raise LoudspeakerError(str(error)) from None
        except (self._sd.PortAudioError, ValueError) as error:  # ValueError: no device of this name, or several
            raise LoudspeakerError(self._explain(error)) from None

    def _restart_portaudio(self) -> None:
        """Load PortAudio; it lists the devices once, and to restart it shows one that was plugged in since."""
        if self._sd is None:
            self._sd = load_sounddevice()
            return
        with contextlib.suppress(self._sd.PortAudioError):  # it is not running when the last restart failed
            self._sd._terminate()
        self._sd._initialize()

    def _explain(self, error: Exception) -> str:
        names = [info['name'] for info in self._sd.query_devices() if info['max_output_channels'] > 0]
        if not names:
            return 'no loudspeaker found: plug one in'
        asked = 'the default loudspeaker' if self._wanted is None else f"the loudspeaker '{self._wanted}'"
        return f'{asked} cannot be opened ({error}). There are: {"; ".join(names)}'


class _Stream:
    """An open device. PortAudio's thread fetches each block when it needs it: nothing is queued but in the device."""

    def __init__(self, sd: Any, info: Any) -> None:
        self.name: str = info['name']
        self._sd = sd
        self._sound = np.zeros((0, 1), dtype=np.int16)
        self._position = 0
        self._cut = threading.Event()
        self._ended = threading.Event()
        self._stream = self._open(info)

    def play(self, samples: Samples, cut: threading.Event) -> None:
        """See `Output.play`. Raises `TimeoutError` when the device takes no sound, and `PortAudioError`."""
        self._sound = self._converted(samples)
        self._position = 0
        self._cut = cut
        self._ended.clear()
        self._stream.start()
        duration_s = len(samples) / SAMPLE_RATE_HZ
        has_ended = self._ended.wait(timeout=duration_s + self._stream.latency + HANG_S)
        self._stream.abort()  # already at rest, but PortAudio wants to be told before the next start
        if not has_ended:
            raise TimeoutError('it takes no sound')

    def close(self) -> None:
        """Let the device go, whatever state it is in."""
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)

    def _open(self, info: Any) -> Any:
        """Open at 16 kHz mono if the device can, else as it runs by itself."""
        own_rate_hz = round(info['default_samplerate'])
        formats = ((SAMPLE_RATE_HZ, 1), (own_rate_hz, 1), (own_rate_hz, min(2, info['max_output_channels'])))
        for rate_hz, channels in formats:
            try:
                return self._sd.OutputStream(
                    device=info['index'],
                    samplerate=rate_hz,
                    channels=channels,
                    dtype='int16',
                    blocksize=round(rate_hz * BLOCK_S),
                    latency='low',
                    callback=self._fill,
                    finished_callback=self._ended.set,
                )
            except self._sd.PortAudioError as error:
                refusal = error
        raise refusal

    def _converted(self, samples: Samples) -> Samples:
        """Return the samples at the device's rate, of shape (n, channels)."""
        rate_hz = round(self._stream.samplerate)
        if rate_hz != SAMPLE_RATE_HZ:
            import soxr

            samples = soxr.resample(samples, SAMPLE_RATE_HZ, rate_hz)
        return np.repeat(samples[:, None], self._stream.channels, axis=1)

    def _fill(self, block: Samples, frames: int, _time_info: Any, _status: Any) -> None:
        """Give PortAudio the next block; runs on its thread, which must never wait."""
        if self._cut.is_set():
            raise self._sd.CallbackAbort  # also what the device has not played yet is dropped
        part = self._sound[self._position : self._position + frames]
        block[: len(part)] = part
        block[len(part) :] = 0
        self._position += frames
        if self._position >= len(self._sound):
            raise self._sd.CallbackStop  # the device plays what it has, and says when that was heard
