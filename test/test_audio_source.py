"""What the sources share: cutting sound into stamped frames, the settings, and which source they open."""

import os

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_pipeline.audio.frames import FRAME_SAMPLES, SAMPLE_RATE_HZ
from voice_pipeline.audio.pipe import PipeSource
from voice_pipeline.audio.settings import CaptureSettings
from voice_pipeline.audio.source import Framer, SourceError
from voice_pipeline.audio.sources import open_source
from voice_pipeline.audio.wav import WavSource
from voice_pipeline.settings import SettingsError

SECOND_NS = 1_000_000_000
FRAME_NS = FRAME_SAMPLES * SECOND_NS // SAMPLE_RATE_HZ
START_NS = 1_700_000_000 * SECOND_NS


def ramp(first: int, count: int) -> np.ndarray:
    return np.arange(first, first + count, dtype=np.int16)


@settings(deadline=None)
@given(st.lists(st.integers(0, 1500), max_size=15))
def test_pieces_of_any_size_become_consecutive_frames(sizes):
    framer = Framer()
    frames = []
    done = 0
    for size in sizes:
        end_ns = START_NS + (done + size) * SECOND_NS // SAMPLE_RATE_HZ
        frames += framer.add(ramp(done, size), end_ns)
        done += size
    frames += framer.flush(START_NS + done * SECOND_NS // SAMPLE_RATE_HZ)

    assert [frame.sequence for frame in frames] == list(range(-(-done // FRAME_SAMPLES)))
    assert [frame.stamp_ns for frame in frames] == [START_NS + k * FRAME_NS for k in range(len(frames))]
    sound = np.concatenate([frame.samples for frame in frames]) if frames else ramp(0, 0)
    np.testing.assert_array_equal(sound[:done], ramp(0, done))
    assert not sound[done:].any()


@settings(deadline=None)
@given(st.lists(st.integers(0, 200_000_000), min_size=1, max_size=30))
def test_jitter_never_makes_stamps_go_back(jitter_ns):
    framer = Framer()
    stamps = [
        frame.stamp_ns
        for k, late_ns in enumerate(jitter_ns)
        for frame in framer.add(ramp(0, FRAME_SAMPLES), START_NS + k * FRAME_NS + late_ns)
    ]

    assert stamps == sorted(stamps)


def test_stamps_follow_a_clock_that_was_set_back():
    framer = Framer()
    list(framer.add(ramp(0, FRAME_SAMPLES), START_NS))
    (frame,) = framer.add(ramp(0, FRAME_SAMPLES), START_NS - 3600 * SECOND_NS)

    assert frame.end_ns == START_NS - 3600 * SECOND_NS


# --- settings --------------------------------------------------------------------------------------------------------


def test_every_setting_is_described():
    assert all(parameter.description for parameter in CaptureSettings.parameters())


def test_several_files_are_separated_like_a_search_path():
    capture = CaptureSettings(source='wav', wav=os.pathsep.join(['~/a.wav', '', 'b.wav']))

    assert [path.name for path in capture.wav_paths] == ['a.wav', 'b.wav']
    assert capture.wav_paths[0].is_absolute()


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ({'source': 'wav'}, 'set wav to its path'),
        ({'source': 'wav', 'wav': os.pathsep}, 'set wav to its path'),
        ({'source': 'pipe'}, 'set pipe to its path'),
        ({'source': 'tape'}, 'expected one of microphone, pipe, wav'),
        ({'speed': 0.5}, 'speed'),
        ({'gap_s': -1.0}, 'gap_s'),
        ({'reconnect_s': 0.0}, 'reconnect_s'),
    ],
)
def test_settings_that_cannot_work_are_refused(values, message):
    with pytest.raises(SettingsError, match=message):
        CaptureSettings.from_mapping(values)


def test_wav_settings_open_a_wav_source(tmp_path):
    soundfile.write(tmp_path / 'a.wav', ramp(0, 100), SAMPLE_RATE_HZ)
    source = open_source(CaptureSettings(source='wav', wav=str(tmp_path / 'a.wav')))

    assert isinstance(source, WavSource)
    assert source.description == 'sound files a.wav'


def test_pipe_settings_open_a_pipe_source(tmp_path):
    os.mkfifo(tmp_path / 'fifo')
    source = open_source(CaptureSettings(source='pipe', pipe=str(tmp_path / 'fifo')))

    assert isinstance(source, PipeSource)
    assert source.description == f'pipe {tmp_path / "fifo"}'


def test_what_cannot_be_opened_is_one_kind_of_error(tmp_path):
    for capture in (
        CaptureSettings(source='wav', wav=str(tmp_path / 'absent.wav')),
        CaptureSettings(source='pipe', pipe=str(tmp_path / 'absent')),
    ):
        with pytest.raises(SourceError, match='absent'):
            open_source(capture)
