"""What the model does in one revision, by torch's profiler."""

import argparse
import json

import pytest

from voice_pipeline.tools import profile_model

pytest.importorskip('torch')
pytest.importorskip('whisper')


def profile(*words):
    parser = argparse.ArgumentParser()
    profile_model.add_arguments(parser)
    return profile_model.main(parser.parse_args([str(word) for word in words]))


def test_the_operators_of_a_revision_are_in_a_table_and_a_timeline(tmp_path, capsys):
    trace = tmp_path / 'new' / 'trace.json'

    assert profile('--device', 'cpu', '--out', trace) == 0
    assert 'aten::addmm' in capsys.readouterr().out
    names = {event.get('name') for event in json.loads(trace.read_text())['traceEvents']}
    assert {'aten::addmm', 'aten::conv1d'} <= names


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['--model', '/nowhere/model.pt'], '/nowhere/model.pt'),
        (['/nowhere/sound.wav'], '/nowhere/sound.wav'),
        (['--device', 'cpu', '--out', '/dev/null/trace.json'], '/dev/null'),
    ],
)
def test_what_cannot_be_used_is_said(words, said, capsys):
    assert profile(*words) == 1
    assert said in capsys.readouterr().err
