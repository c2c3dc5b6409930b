import argparse
import json

import numpy as np
import pytest
from speech import CountingBackend, LoudnessActivity, say, scripted

from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.tools import transcribe
from voice_pipeline.tools.words import plain_words


def arguments(*words):
    parser = argparse.ArgumentParser()
    transcribe.add_arguments(parser)
    return parser.parse_args([str(word) for word in words])


def deaf(settings):
    backend = CountingBackend()
    backend.deaf = True
    return backend


@pytest.fixture(scope='module')
def sound_file(tmp_path_factory):
    """Two commands with a second of silence between them."""
    path = tmp_path_factory.mktemp('sound') / 'two.raw'
    np.concatenate([say('turn left ninety degrees'), say('stop')]).astype('<i2').tofile(path)
    return path


def test_streaming_finds_the_utterances_of_a_file(sound_file, capsys):
    assert transcribe.main(arguments(sound_file, '--json', '--device', 'cpu', '--backend', 'faster-whisper')) == 0

    (line,) = capsys.readouterr().out.splitlines()
    report = json.loads(line)
    assert report['file'] == str(sound_file)
    texts = [utterance['text'] for utterance in report['utterances']]
    assert report['text'] == ' '.join(texts)
    assert [plain_words(text) for text in texts] == [['turn', 'left', '90', 'deg'], ['stop']]
    assert report['utterances'][0]['speech_end_s'] == pytest.approx(2.3, abs=0.3)
    assert report['duration_s'] == pytest.approx(6.0, abs=1.5)
    assert report['revisions'] == sum(utterance['revisions'] for utterance in report['utterances']) > 20
    assert 0 < report['revision_p50_ms'] <= report['revision_p95_ms']
    assert 0 < report['final_p50_ms'] <= report['final_p95_ms']
    assert report['revisions_per_s'] is None  # nobody knows without a clock
    for utterance in report['utterances']:
        assert ' '.join(word['word'] for word in utterance['words']) == utterance['text']
        assert all(word['shown_s'] <= utterance['speech_end_s'] + 0.6 for word in utterance['words'])
    assert (report['backend'], report['device'], report['model']) == ('faster-whisper', 'cpu', 'tiny.en')


def test_full_needs_no_voice_activity(sound_file, capsys):
    assert transcribe.main(arguments(sound_file, '--mode', 'full', '--device', 'cpu')) == 0

    lines = capsys.readouterr().out.splitlines()
    assert 'turn left 90 degrees' in lines[0].lower()
    assert 'revisions' not in lines[1]


def test_a_file_that_cannot_be_read_leaves_the_others(sound_file, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(transcribe, 'load', lambda settings: CountingBackend())
    missing = tmp_path / 'missing.wav'

    assert transcribe.main(arguments(missing, sound_file, '--json')) == 1

    captured = capsys.readouterr()
    first, second = (json.loads(line) for line in captured.out.splitlines())
    assert first['file'] == str(missing)
    assert 'does not exist' in first['error']
    assert second['backend'] == 'counting'
    assert 'does not exist' in captured.err


def test_a_missing_model_is_said(sound_file, capsys, monkeypatch):
    def missing(settings):
        raise ModelError('pip install faster-whisper')

    monkeypatch.setattr(transcribe, 'load', missing)

    assert transcribe.main(arguments(sound_file)) == 1
    assert capsys.readouterr().err == 'error: pip install faster-whisper\n'


def test_a_file_without_words_is_an_empty_line(sound_file, capsys, monkeypatch):
    monkeypatch.setattr(transcribe, 'load', deaf)

    assert transcribe.main(arguments(sound_file)) == 0
    assert capsys.readouterr().out == '\n'


def test_several_files_are_named(sound_file, capsys, monkeypatch):
    monkeypatch.setattr(transcribe, 'load', deaf)

    assert transcribe.main(arguments(sound_file, sound_file)) == 0
    assert capsys.readouterr().out == f'{sound_file}: \n' * 2


@pytest.fixture
def scripted_file(tmp_path, monkeypatch):
    """Two scripted utterances, and the machinery that hears frames in them."""
    monkeypatch.setattr('voice_pipeline.tools.revisions.SileroActivity', LoudnessActivity)
    monkeypatch.setattr(transcribe, 'load', lambda settings: CountingBackend())
    path = tmp_path / 'scripted.raw'
    scripted('..' + '#' * 12 + '.' * 24 + '#' * 6 + '.' * 24).astype('<i2').tofile(path)
    return path


def test_without_a_clock_the_report_is_always_the_same_but_for_the_times(scripted_file, capsys):
    reports = []
    for _ in range(2):
        assert transcribe.main(arguments(scripted_file, '--json')) == 0
        reports.append(json.loads(capsys.readouterr().out))

    timed = {'processing_s', 'revision_p50_ms', 'revision_p95_ms', 'final_p50_ms', 'final_p95_ms'}
    first, second = ({name: value for name, value in report.items() if name not in timed} for report in reports)
    assert first == second
    assert [utterance['text'] for utterance in first['utterances']] == ['12 frames', '6 frames']
    # Heard with the second voiced frame, shown with the first silent one after the tail.
    assert first['utterances'][0]['words'][1] == {'word': 'frames', 'heard_s': 0.128, 'shown_s': 0.608}
    assert first['utterances'][0]['words'][0]['heard_s'] == pytest.approx(14 * 0.032, abs=0.064)


def test_real_time_knows_the_rate(scripted_file, capsys):
    assert transcribe.main(arguments(scripted_file, '--json', '--real-time')) == 0

    report = json.loads(capsys.readouterr().out)
    assert report['real_time'] is True
    assert [utterance['text'] for utterance in report['utterances']] == ['12 frames', '6 frames']
    assert report['revisions_per_s'] > 0
    assert any(f'({report["revisions_per_s"]:.1f} a second)' in line for line in transcribe.describe(report))
    assert report['processing_s'] >= report['duration_s'] - 0.04


def test_figures_for_people(scripted_file, capsys):
    assert transcribe.main(arguments(scripted_file)) == 0

    text, counts, times, *words = capsys.readouterr().out.splitlines()
    assert text == '12 frames 6 frames'
    assert 'revisions' in counts
    assert times.count('p95') == 2
    assert [line.split()[3::2] for line in words] == [['12', 'frames'], ['6', 'frames']]


def test_real_time_needs_streaming(scripted_file, capsys):
    assert transcribe.main(arguments(scripted_file, '--real-time', '--mode', 'full')) == 1
    assert '--mode streaming' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('options', 'adapter'),
    [((), 'auto'), (('--mode', 'full'), 'none'), (('--mode', 'full', '--adapter', 'auto'), 'auto')],
)
def test_full_is_whisper_with_its_own_weights(scripted_file, monkeypatch, options, adapter):
    asked = []

    def load(settings):
        asked.append(settings.adapter)
        return CountingBackend()

    monkeypatch.setattr(transcribe, 'load', load)
    assert transcribe.main(arguments(scripted_file, *options)) == 0
    assert asked == [adapter]
