"""Sound files, any that libsndfile reads (WAV, FLAC, Ogg, MP3 …): as samples, or as frames played in real time."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from voice_pipeline.audio.frames import FRAME_S, FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame, Samples, to_int16
from voice_pipeline.audio.source import Clock, OnStatus, SourceError, SourceHealth, log_status

if TYPE_CHECKING:
    import soundfile

# libsndfile reads a WAV, AU, AIFF, W64, RF64 or Ogg file that ends early without a word, but notes it in its log.
_SIZE_NOTE = re.compile(r'^\s*(?:data|SSND|Data Size|riff|Riff size)\s*: (\d+) \(should be (\d+)\)', re.MULTILINE)
_OGG_NOTES = ('File ended unexpectedly', 'Last page lacks an end-of-stream bit', 'Junk after the last page')
# Who writes WAV to a pipe cannot know its size: ffmpeg, sox and arecord write one of about 2 or 4 GiB.
_STREAMED_BYTES = 0x7FFF0000
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 4_000, 768_000


class SoundFileError(SourceError, ValueError):
    """A sound file is missing, empty, cut off or no sound file; the text says what to do."""


def read_sound(path: Path) -> Samples:
    """
    Return a sound file as 16 kHz mono int16 samples of shape (n,), n > 0.

    Channels are averaged, other rates resampled, samples that are not numbers become silence. The ending `.raw` means
    16 kHz mono signed 16-bit little-endian samples without a header. Raises `SoundFileError`.
    """
    if not path.exists():
        raise SoundFileError(f'{path} does not exist: check the path')
    if not path.is_file():
        raise SoundFileError(f'{path} is not a file: give the path of one sound file')
    samples = _read_headerless(path) if path.suffix.lower() == '.raw' else _read_with_header(path)
    if not len(samples):
        raise SoundFileError(f'{path} holds no sound: record it again')
    return samples


def write_sound(samples: Samples, path: Path) -> None:
    """Save 16 kHz mono samples, in the format that the name ends with (`.wav`, `.flac` …). Raises `SoundFileError`."""
    import soundfile

    try:
        soundfile.write(path, samples, SAMPLE_RATE_HZ)
    except (OSError, TypeError, soundfile.SoundFileError) as error:
        raise SoundFileError(f'{path} cannot be written: {error}') from None


def _read_headerless(path: Path) -> Samples:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SoundFileError(f'{path} cannot be read ({error.strerror}): check its permissions') from None
    if len(data) % 2:
        raise SoundFileError(f'{path} ends within a sample: it is cut off, or not 16-bit raw sound; copy it again')
    return np.frombuffer(data, dtype='<i2').astype(np.int16)


def _read_with_header(path: Path) -> Samples:
    import soundfile

    try:
        with soundfile.SoundFile(path) as sound:
            _check_complete(path, sound)
            return _read_mono(path, sound)
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip('.')
        raise SoundFileError(
            f'{path} is not a readable sound file ({reason}): convert it to WAV or FLAC, or copy it again'
        ) from None


def _check_complete(path: Path, sound: soundfile.SoundFile) -> None:
    notes = sound.extra_info
    sizes = [(int(written), int(actual)) for written, actual in _SIZE_NOTE.findall(notes)]
    is_short = any(actual < written < _STREAMED_BYTES for written, actual in sizes)
    if is_short or any(note in notes for note in _OGG_NOTES):
        raise SoundFileError(f'{path} is cut off: copy or record it again')


def _read_mono(path: Path, sound: soundfile.SoundFile) -> Samples:
    if not _LOWEST_RATE_HZ <= sound.samplerate <= _HIGHEST_RATE_HZ:
        raise SoundFileError(f'{path} claims {sound.samplerate} samples a second: convert it to 16 kHz WAV')
    is_exact = sound.samplerate == SAMPLE_RATE_HZ and sound.channels == 1 and sound.subtype == 'PCM_16'
    channels = sound.read(dtype='int16' if is_exact else 'float32', always_2d=True)
    if len(channels) < sound.frames:
        raise SoundFileError(f'{path} is cut off: copy or record it again')
    if is_exact:
        exact: Samples = channels[:, 0]
        return exact
    import soxr

    # Before anything else: one sample that is not a number would spread over the resampler's whole filter.
    finite = np.nan_to_num(channels, nan=0.0, posinf=0.0, neginf=0.0).clip(-1.0, 1.0)
    return to_int16(soxr.resample(finite.mean(axis=1), sound.samplerate, SAMPLE_RATE_HZ))


class WavSource:
    """
    Sound files as if they were being spoken now, each followed by silence.

    Frame k is yielded when its last sample would have been captured: (k + 1) × 32 ms / `speed` after the start, so
    that nothing drifts; a consumer that is late gets what it missed at once, with the stamps it would have had. At a
    `speed` other than 1 stamps are 32 ms / `speed` apart, and `Frame.end_ns`, which counts 32 ms, is later than that.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        speed: float = 1.0,
        gap_s: float = 1.5,
        loop: bool = False,
        begin: threading.Event | None = None,
        on_status: OnStatus = log_status,
        clock: Clock | None = None,
    ) -> None:
        """
        Read the files, followed by `gap_s` of silence each. Raises `SoundFileError`.

        Until `begin` is set, where it is given, there is silence, as in a room in which nobody speaks yet.
        """
        self._sounds = [(path.name, read_sound(path)) for path in paths]
        self._frame_ns = FRAME_S * 1e9 / speed
        self._gap_samples = round(gap_s * SAMPLE_RATE_HZ)
        self._loop = loop
        self._begin = begin
        self._on_status = on_status
        self._clock = clock or Clock()

    @property
    def description(self) -> str:
        """The names of the files."""
        return 'sound files ' + ', '.join(name for name, _ in self._sounds)

    @property
    def health(self) -> SourceHealth:
        """Always well: what it cannot read ends it."""
        return SourceHealth()

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Yield the frames in real time; ends after the last silence, or never when looping."""
        start_ns = self._clock.monotonic_ns()
        for sequence, samples in enumerate(self._chunks()):
            captured_ns = start_ns + round(sequence * self._frame_ns)
            due_ns = start_ns + round((sequence + 1) * self._frame_ns)
            wait_s = max(0, due_ns - self._clock.monotonic_ns()) / 1e9
            if self._clock.wait(stop, wait_s):
                return
            age_ns = self._clock.monotonic_ns() - captured_ns
            yield Frame(samples, sequence, self._clock.system_ns() - age_ns)

    def _chunks(self) -> Iterator[Samples]:
        while self._begin is not None and not self._begin.is_set():
            yield np.zeros(FRAME_SAMPLES, dtype=np.int16)
        while True:
            for name, sound in self._sounds:
                self._on_status(f'playing {name}')
                samples = len(sound) + self._gap_samples
                whole = samples + -samples % FRAME_SAMPLES
                padded = np.concatenate((sound, np.zeros(whole - len(sound), dtype=np.int16)))
                yield from padded.reshape(-1, FRAME_SAMPLES)
            if not self._loop:
                return
