"""Sound files: what is read, what is refused, and how files are played in real time."""

import itertools
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voice_pipeline.audio.frames import FRAME_S, FRAME_SAMPLES
from voice_pipeline.audio.source import Clock, SourceError
from voice_pipeline.audio.wav import SoundFileError, WavSource, read_sound, write_sound

FRAME_NS = round(FRAME_S * 1e9)


def tone(rate_hz: int, seconds: float = 0.5, level: float = 0.5, frequency_hz: float = 440.0) -> np.ndarray:
    times_s = np.arange(round(rate_hz * seconds)) / rate_hz
    return (level * np.sin(2 * np.pi * frequency_hz * times_s)).astype(np.float32)


def level_of(samples: np.ndarray) -> float:
    """The level of a tone, away from the edges, where the resampler's filter rings."""
    middle = samples[len(samples) // 4 : -len(samples) // 4].astype(float)
    return float(np.sqrt(2 * np.mean(middle**2)) / 32768)


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_16_khz_mono_file_is_read_exactly(tmp_path):
    original = np.array([0, 1, -1, 12345, -32768, 32767] * 100, dtype=np.int16)
    soundfile.write(tmp_path / 'a.wav', original, 16_000)

    samples = read_sound(tmp_path / 'a.wav')

    assert samples.dtype == np.int16
    np.testing.assert_array_equal(samples, original)


@pytest.mark.parametrize('rate_hz', [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize('channels', [1, 2, 6])
def test_any_rate_and_channel_count_becomes_16_khz_mono(tmp_path, rate_hz, channels):
    soundfile.write(tmp_path / 'a.wav', np.repeat(tone(rate_hz)[:, None], channels, axis=1), rate_hz)

    samples = read_sound(tmp_path / 'a.wav')

    assert samples.shape == (8_000,)
    assert level_of(samples) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ('name', 'subtype'),
    [
        ('a.wav', 'PCM_U8'),
        ('a.wav', 'PCM_24'),
        ('a.wav', 'PCM_32'),
        ('a.wav', 'FLOAT'),
        ('a.wav', 'DOUBLE'),
        ('a.wav', 'ULAW'),
        ('a.flac', 'PCM_16'),
        ('a.flac', 'PCM_24'),
        ('a.ogg', 'VORBIS'),
        ('a.aiff', 'PCM_16'),
        ('a.mp3', 'MPEG_LAYER_III'),
    ],
)
def test_any_format_and_width_is_read(tmp_path, name, subtype):
    if not soundfile.check_format(name.split('.')[1].upper(), subtype):
        pytest.skip(f'this libsndfile has no {subtype}')
    soundfile.write(tmp_path / name, tone(16_000), 16_000, subtype=subtype)

    samples = read_sound(tmp_path / name)

    assert len(samples) == pytest.approx(8_000, abs=2_500)  # MP3 adds up to two blocks
    assert level_of(samples) == pytest.approx(0.5, abs=0.05)


def test_two_loud_channels_do_not_clip(tmp_path):
    loud = tone(48_000, level=0.95)
    soundfile.write(tmp_path / 'a.wav', np.stack([loud, loud], axis=1), 48_000)

    assert level_of(read_sound(tmp_path / 'a.wav')) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers_are_silence_and_do_not_spread(tmp_path, bad):
    sound = tone(48_000)
    sound[12_000] = bad
    soundfile.write(tmp_path / 'a.wav', sound, 48_000, subtype='FLOAT')
    sound[12_000] = 0.0
    soundfile.write(tmp_path / 'b.wav', sound, 48_000, subtype='FLOAT')

    np.testing.assert_array_equal(read_sound(tmp_path / 'a.wav'), read_sound(tmp_path / 'b.wav'))


def test_raw_is_headerless_little_endian(tmp_path):
    (tmp_path / 'a.raw').write_bytes(b'\x01\x00\xff\xff\x00\x80')

    assert read_sound(tmp_path / 'a.raw').tolist() == [1, -1, -32768]


@pytest.mark.parametrize('size', [0x7FFFF000, 0x80000000, 0xFFFFFFFF])
def test_a_wav_written_to_a_pipe_has_no_true_size_and_is_read(tmp_path, size):
    soundfile.write(tmp_path / 'a.wav', tone(16_000), 16_000)
    data = bytearray((tmp_path / 'a.wav').read_bytes())
    data[40:44] = size.to_bytes(4, 'little')
    (tmp_path / 'a.wav').write_bytes(data)

    assert len(read_sound(tmp_path / 'a.wav')) == 8_000


# --- refusing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('kept', [0.3, 0.7, 0.95])
@pytest.mark.parametrize('name', ['a.wav', 'a.flac', 'a.ogg', 'a.aiff', 'a.au', 'a.w64', 'a.mp3'])
def test_a_file_that_is_cut_off_is_refused(tmp_path, name, kept):
    rng = np.random.default_rng(1)
    soundfile.write(tmp_path / name, rng.normal(0, 0.1, 32_000), 16_000)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: round(len(data) * kept)])

    with pytest.raises(SoundFileError, match='again'):
        read_sound(tmp_path / name)


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        ('absent.wav', None, 'does not exist: check the path'),
        ('empty.wav', b'', 'not a readable sound file.*convert it'),
        ('text.wav', b'go forward two meters\n' * 50, 'not a readable sound file.*convert it'),
        ('empty.raw', b'', 'holds no sound'),
        ('odd.raw', b'\0' * 801, 'ends within a sample'),
    ],
)
def test_what_is_no_sound_is_refused_with_advice(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(SoundFileError, match=message) as refusal:
        read_sound(tmp_path / name)

    assert name in str(refusal.value)
    assert isinstance(refusal.value, ValueError)
    assert isinstance(refusal.value, SourceError)


def test_a_wav_without_samples_is_refused(tmp_path):
    soundfile.write(tmp_path / 'a.wav', np.empty(0, dtype=np.int16), 16_000)

    with pytest.raises(SoundFileError, match='holds no sound'):
        read_sound(tmp_path / 'a.wav')


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(SoundFileError, match='is not a file'):
        read_sound(tmp_path)


def test_an_absurd_rate_is_refused_rather_than_filling_the_memory(tmp_path):
    soundfile.write(tmp_path / 'a.wav', np.ones(100, dtype=np.int16), 1)

    with pytest.raises(SoundFileError, match='claims 1 samples a second'):
        read_sound(tmp_path / 'a.wav')


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    kind=st.sampled_from(['wav', 'flac', 'aiff']),
    edits=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 200),
)
def test_damaged_files_are_read_or_refused_never_worse(tmp_path, kind, edits, cut):
    path = tmp_path / f'a.{kind}'
    soundfile.write(path, np.arange(400, dtype=np.int16), 16_000)
    data = bytearray(path.read_bytes())
    for position, value in edits:
        data[position] = value
    path.write_bytes(data[: len(data) - cut])

    try:
        samples = read_sound(path)
    except SoundFileError:
        return
    assert samples.dtype == np.int16
    assert samples.ndim == 1
    assert len(samples)


# --- playing ---------------------------------------------------------------------------------------------------------


class FakeClock(Clock):
    """Time passes only by waiting; the time of day is ahead of the monotonic clock."""

    SYSTEM_AHEAD_NS = 1_700_000_000_000_000_000

    def __init__(self) -> None:
        self.now_ns = 5_000_000_000

    def system_ns(self) -> int:
        return self.now_ns + self.SYSTEM_AHEAD_NS

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        self.now_ns += 0 if stop.is_set() else round(seconds * 1e9)
        return stop.is_set()


@pytest.fixture
def clip(tmp_path) -> Path:
    """A file of three and a half frames."""
    soundfile.write(tmp_path / 'clip.wav', np.full(FRAME_SAMPLES * 7 // 2, 1000, dtype=np.int16), 16_000)
    return tmp_path / 'clip.wav'


def source(*paths: Path, clock: Clock, **options) -> WavSource:
    return WavSource(paths, clock=clock, **{'gap_s': 0.0, 'on_status': lambda text: None, **options})


@pytest.mark.parametrize('speed', [1.0, 2.0, 3.7])
def test_a_frame_comes_when_its_last_sample_would_have_been_captured(clip, speed):
    clock = FakeClock()
    start_ns = clock.now_ns
    period_ns = FRAME_NS / speed

    for count, frame in enumerate(source(clip, clock=clock, speed=speed, gap_s=30.0).frames(threading.Event())):
        due_ns = start_ns + (count + 1) * period_ns
        assert abs(clock.now_ns - due_ns) <= 2
        assert abs(frame.stamp_ns - clock.SYSTEM_AHEAD_NS - round(due_ns - period_ns)) <= 2
        assert frame.sequence == count
        assert frame.samples.shape == (FRAME_SAMPLES,)


def test_the_sound_is_followed_by_silence_and_then_ends(clip):
    played = source(clip, clock=FakeClock(), gap_s=FRAME_S * 2).frames(threading.Event())
    samples = np.concatenate([frame.samples for frame in played])

    np.testing.assert_array_equal(samples[: FRAME_SAMPLES * 7 // 2], 1000)
    assert not samples[FRAME_SAMPLES * 7 // 2 :].any()
    assert len(samples) == FRAME_SAMPLES * 6


def test_there_is_silence_until_someone_listens(clip):
    begin = threading.Event()
    played = source(clip, clock=FakeClock(), begin=begin).frames(threading.Event())
    before = [next(played) for _ in range(3)]
    begin.set()
    after = list(played)

    assert not any(frame.samples.any() for frame in before)
    assert after[0].samples.all()
    assert [frame.sequence for frame in (*before, *after)] == list(range(3 + 4))


def test_several_files_are_one_stream(clip):
    statuses: list[str] = []
    played = list(source(clip, clip, clock=FakeClock(), on_status=statuses.append).frames(threading.Event()))

    assert [frame.sequence for frame in played] == list(range(8))
    assert {b.stamp_ns - a.stamp_ns for a, b in itertools.pairwise(played)} == {FRAME_NS}
    assert statuses == ['playing clip.wav', 'playing clip.wav']


def test_a_loop_goes_on(clip):
    played = source(clip, clock=FakeClock(), loop=True).frames(threading.Event())

    assert [frame.sequence for frame in itertools.islice(played, 100)] == list(range(100))


def test_a_late_consumer_catches_up_without_loss(clip):
    clock = FakeClock()
    played = source(clip, clock=clock, gap_s=1.0).frames(threading.Event())
    first = next(played)
    clock.now_ns += 10 * FRAME_NS
    late_ns = clock.now_ns
    next_ten = list(itertools.islice(played, 10))

    assert clock.now_ns == late_ns  # none of them was waited for
    assert [frame.stamp_ns for frame in next_ten] == [first.stamp_ns + k * FRAME_NS for k in range(1, 11)]
    next(played)
    assert clock.now_ns == late_ns + FRAME_NS


def test_stamps_follow_the_time_of_day_when_it_is_set(clip):
    clock = FakeClock()
    played = source(clip, clock=clock, gap_s=1.0).frames(threading.Event())
    before = next(played)
    clock.SYSTEM_AHEAD_NS += 3_600_000_000_000

    assert next(played).stamp_ns == before.stamp_ns + FRAME_NS + 3_600_000_000_000


def test_stop_ends_it(clip):
    stop = threading.Event()
    played = source(clip, clock=FakeClock(), loop=True).frames(stop)
    next(played)
    stop.set()

    assert list(played) == []


def test_a_bad_file_is_refused_before_anything_plays(clip, tmp_path):
    with pytest.raises(SoundFileError, match='absent'):
        WavSource([clip, tmp_path / 'absent.wav'])


@pytest.mark.parametrize('name', ['said.wav', 'said.flac'])
def test_what_is_written_is_read_again(tmp_path, name):
    samples = np.arange(-1000, 1000, dtype=np.int16)
    write_sound(samples, tmp_path / name)
    assert read_sound(tmp_path / name).tolist() == samples.tolist()


@pytest.mark.parametrize('name', ['said.txt', 'nowhere/said.wav'])
def test_what_cannot_be_written_is_said(tmp_path, name):
    with pytest.raises(SoundFileError, match='cannot be written'):
        write_sound(np.zeros(10, dtype=np.int16), tmp_path / name)
