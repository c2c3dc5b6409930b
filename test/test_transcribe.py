import argparse
import json

import numpy as np
import pytest
from speech import CountingBackend, say

from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.tools import transcribe


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
    assert report['text'] == 'Turn left 90 degrees. Stop.'
    assert [utterance['text'] for utterance in report['utterances']] == ['Turn left 90 degrees.', 'Stop.']
    assert report['utterances'][0]['speech_end_s'] == pytest.approx(2.3, abs=0.3)
    assert report['duration_s'] == pytest.approx(6.0, abs=1.5)
    assert (report['backend'], report['device'], report['model']) == ('faster-whisper', 'cpu', 'tiny.en')


def test_full_needs_no_voice_activity(sound_file, capsys):
    assert transcribe.main(arguments(sound_file, '--mode', 'full', '--device', 'cpu')) == 0

    assert 'turn left 90 degrees' in capsys.readouterr().out.lower()


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
