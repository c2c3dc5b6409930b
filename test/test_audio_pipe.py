"""Raw sound through real FIFOs and a real standard input."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from voice_pipeline.audio.frames import FRAME_SAMPLES, SAMPLE_RATE_HZ
from voice_pipeline.audio.pipe import PipeError, PipeSource
from voice_pipeline.audio.source import Clock

FRAME_NS = FRAME_SAMPLES * 1_000_000_000 // SAMPLE_RATE_HZ
NOW_NS = 1_700_000_000_000_000_000


class FakeClock(Clock):
    """A clock that stands still, except while waiting."""

    def __init__(self) -> None:
        self.now_ns = NOW_NS

    def system_ns(self) -> int:
        return self.now_ns

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        self.now_ns += round(seconds * 1e9)
        return stop.wait(0.001)


@pytest.fixture
def fifo(tmp_path) -> Path:
    os.mkfifo(tmp_path / 'fifo')
    return tmp_path / 'fifo'


def listen(fifo: Path, stop: threading.Event, gap_s: float = 0.0, on_status=lambda text: None):
    return PipeSource(str(fifo), gap_s=gap_s, on_status=on_status, clock=FakeClock()).frames(stop)


def speak(fifo: Path, data: bytes) -> None:
    """Write like another program: opening waits for the reader, and the end of the writer is seen by it."""

    def write() -> None:
        with fifo.open('wb') as pipe:
            pipe.write(data)

    threading.Thread(target=write, daemon=True).start()


def ramp(count: int) -> np.ndarray:
    return np.arange(1, count + 1, dtype='<i2')


def test_samples_arrive_in_order_and_the_last_frame_is_filled_up(fifo):
    stop = threading.Event()
    speak(fifo, ramp(3000).tobytes())
    frames = list(listen(fifo, stop, on_status=lambda text: stop.set()))

    sound = np.concatenate([frame.samples for frame in frames])
    np.testing.assert_array_equal(sound[:3000], ramp(3000))
    assert not sound[3000:].any()
    assert [frame.sequence for frame in frames] == list(range(6))
    assert all(frame.samples.shape == (FRAME_SAMPLES,) and frame.samples.dtype == np.int16 for frame in frames)


def test_a_half_sample_at_the_end_is_dropped(fifo):
    stop = threading.Event()
    speak(fifo, ramp(FRAME_SAMPLES).tobytes() + b'\x7f')

    (frame,) = listen(fifo, stop, on_status=lambda text: stop.set())

    np.testing.assert_array_equal(frame.samples, ramp(FRAME_SAMPLES))


def test_pieces_of_an_odd_number_of_bytes_are_put_together(fifo):
    stop = threading.Event()
    frames = listen(fifo, stop, on_status=lambda text: stop.set())
    data = ramp(FRAME_SAMPLES * 5).tobytes()  # more than one read, each of which the odd first piece shifts

    def write() -> None:
        with fifo.open('wb', buffering=0) as pipe:
            for first, last in ((0, 1), (1, 1026), (1026, 1027), (1027, len(data))):
                pipe.write(data[first:last])

    threading.Thread(target=write, daemon=True).start()
    received = [frame.samples for frame in frames]

    np.testing.assert_array_equal(np.concatenate(received), ramp(FRAME_SAMPLES * 5))


def test_sound_that_waits_in_the_pipe_is_older_than_the_newest(fifo):
    """Ten frames came at once: the newest was captured now, the others one after the other before it."""
    stop = threading.Event()
    keep_open = os.open(fifo, os.O_RDWR)
    os.write(keep_open, ramp(FRAME_SAMPLES * 10).tobytes())

    frames = listen(fifo, stop)
    stamps = [next(frames).stamp_ns for _ in range(10)]
    frames.close()
    os.close(keep_open)

    assert stamps == [NOW_NS - (10 - k) * FRAME_NS for k in range(10)]


def test_the_fifo_waits_for_its_next_writer(fifo):
    stop = threading.Event()
    statuses: list[str] = []

    def gone(text: str) -> None:
        statuses.append(text)
        if len(statuses) == 1:
            speak(fifo, np.full(FRAME_SAMPLES, 2, dtype='<i2').tobytes())
        else:
            stop.set()

    speak(fifo, np.full(FRAME_SAMPLES, 1, dtype='<i2').tobytes())
    frames = list(listen(fifo, stop, on_status=gone))

    assert [(frame.sequence, frame.samples[0]) for frame in frames] == [(0, 1), (1, 2)]
    assert statuses == [f'the writer of pipe {fifo} has gone'] * 2


def test_silence_follows_the_last_words_in_real_time(fifo):
    stop = threading.Event()
    speak(fifo, np.full(FRAME_SAMPLES, 1, dtype='<i2').tobytes())
    frames = listen(fifo, stop, gap_s=1.5)

    first, *silence = (next(frames) for _ in range(1 + round(1.5 / 0.032)))
    stop.set()

    assert list(frames) == []
    assert not any(frame.samples.any() for frame in silence)
    assert [frame.stamp_ns - first.stamp_ns for frame in silence] == [(k + 1) * FRAME_NS for k in range(len(silence))]


def test_the_next_writer_ends_the_silence(fifo):
    stop = threading.Event()
    speak(fifo, np.full(FRAME_SAMPLES, 1, dtype='<i2').tobytes())
    frames = listen(fifo, stop, gap_s=10.0)
    next(frames)
    next(frames)
    with fifo.open('wb', buffering=0) as pipe:
        pipe.write(np.full(FRAME_SAMPLES, 2, dtype='<i2').tobytes())
        assert next(frames).samples[0] == 2
    stop.set()


def test_stop_ends_it_though_nobody_ever_wrote(fifo):
    stop = threading.Event()
    received: list[object] = []
    listener = threading.Thread(target=lambda: received.extend(listen(fifo, stop)))
    listener.start()
    stop.set()
    listener.join(timeout=10)

    assert not listener.is_alive()
    assert received == []


def test_a_fifo_that_was_removed_before_it_is_read_is_an_error(fifo):
    source = PipeSource(str(fifo))
    fifo.unlink()

    with pytest.raises(PipeError, match='cannot be opened'):
        next(source.frames(threading.Event()))


@pytest.mark.parametrize(
    ('name', 'message'), [('absent', 'mkfifo'), ('file', 'is not a FIFO'), ('folder', 'is not a FIFO')]
)
def test_what_is_no_fifo_is_refused(tmp_path, name, message):
    (tmp_path / 'file').write_bytes(b'\0' * 4096)
    (tmp_path / 'folder').mkdir()

    with pytest.raises(PipeError, match=message):
        PipeSource(str(tmp_path / name))


COUNT_STDIN = """
import sys, threading
from voice_pipeline.audio.pipe import PipeError, PipeSource
try:
    frames = list(PipeSource('-', gap_s=0.064).frames(threading.Event()))
except PipeError as error:
    sys.exit(str(error))
print(len(frames), sum(int(frame.samples.astype(int).sum()) for frame in frames))
"""


def run_with_stdin(**options) -> subprocess.CompletedProcess:
    root = Path(__file__).resolve().parents[1]
    return subprocess.run(
        [sys.executable, '-c', COUNT_STDIN], cwd=root, capture_output=True, timeout=60, check=False, **options
    )


def test_standard_input_is_read_to_its_end_and_silence_follows():
    result = run_with_stdin(input=ramp(600).tobytes())

    assert result.stdout.split() == [b'4', b'180300']  # two frames of sound, two of silence
    assert result.returncode == 0


def test_a_standard_input_that_is_no_pipe_is_refused(tmp_path):
    (tmp_path / 'sound.raw').write_bytes(ramp(600).tobytes())
    with (tmp_path / 'sound.raw').open('rb') as file:
        result = run_with_stdin(stdin=file)

    assert b'standard input is not a pipe: start with `arecord' in result.stderr
    assert result.returncode == 1
