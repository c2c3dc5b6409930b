"""The benchmark of names: its clips, and its figures from scripted takes."""

import argparse
import json

import numpy as np
import pytest

from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.recognition.backend import Hypothesis
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.benchmark import command, named_clips, names
from voice_pipeline.tools.benchmark.named_clips import NamedClip, all_names, contains, named_sentences, other_sentences
from voice_pipeline.tools.benchmark.names import Result, Take


@pytest.mark.parametrize(
    ('text', 'name', 'there'),
    [
        ('Go to the dock.', 'dock', True),
        ('Bay 4, please', 'bay four', True),
        ('bay 40', 'bay four', False),
        ('docks', 'dock', False),
        ('', 'dock', False),
    ],
)
def test_a_name_is_found_in_every_spelling(text, name, there):
    assert contains(text, name) is there


def test_each_name_is_said_three_times_and_never_elsewhere():
    said = [pair for group in named_clips.VOICES for pair in named_sentences(group)]

    assert all(contains(text, name) for name, text in said)
    assert sorted({name for name, _ in said}) == sorted(all_names())
    assert len(said) == len(set(said)) == 3 * len(all_names())
    others = other_sentences()
    assert len(others) > 250
    assert not any(contains(text, name) for _, text in others for name in all_names())


def test_the_groups_share_neither_names_nor_voices():
    for groups in (named_clips.PLACES, named_clips.PEOPLE, named_clips.ROBOTS, named_clips.VOICES):
        assert not set(groups['development']) & set(groups['held out'])


def clip(kind, words, name=''):
    return NamedClip('development', kind, name, words, np.zeros(1600, np.int16))


def test_figures():
    takes = [
        Take(clip('name', 'go to the dock', 'dock'), 'expected', 'Go to the dock.', 10.0),
        Take(clip('name', 'go to the depot', 'depot'), 'expected', 'Go to the dock.', 20.0),
        Take(clip('other', 'look at the duck'), 'expected', 'Look at the duck.', 30.0),
        Take(clip('near', 'a duck'), 'expected', 'A dock', 40.0),
        Take(clip('near', 'a duck'), 'not expected', 'A duck', 50.0),
    ]

    assert names.result('development', 'expected', takes) == Result(
        group='development',
        way='expected',
        missed=(1, 2),
        false={'name': (1, 2), 'other': (0, 1), 'near': (1, 1)},
        errors={'name': (1, 8), 'other': (0, 4), 'near': (1, 2)},
        p50_ms={'name': 10.0, 'other': 30.0, 'near': 40.0},
        p95_ms={'name': 20.0, 'other': 30.0, 'near': 40.0},
    )


class Parrot:
    """Says the same whatever it hears; expecting names, another thing."""

    has_adapter = True

    def __init__(self, settings):
        self.text = 'Go to the dock.' if settings.name_bias else 'Go to the duck.'

    def transcribe(self, samples, window, draft=None):
        return Hypothesis(self.text, -0.1, 0.0)


def run(*options):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.main(parser.parse_args(['names', *map(str, options)]))


@pytest.fixture
def scripted(monkeypatch):
    monkeypatch.setattr(names, 'load', Parrot)
    monkeypatch.setattr(names, 'available_voices', lambda: (list(named_clips.VOICES['development']), []))
    monkeypatch.setattr(names, 'named_clips', lambda voices: [clip('name', 'go to the dock', 'dock')])


def test_the_command_compares_both_ways(scripted, tmp_path, capsys):
    path = tmp_path / 'figures.json'

    assert run('--json', path) == 0
    document = json.loads(path.read_text())
    assert [(one['way'], one['missed']) for one in document['results']] == [
        ('not expected', [1, 1]),
        ('expected', [0, 1]),
    ]
    assert [one['heard'] for one in document['heard']] == ['Go to the duck.', 'Go to the dock.']
    assert 'with a name' in capsys.readouterr().out


def test_all_names_are_expected(monkeypatch):
    seen = []

    def load(settings):
        if settings.name_bias:
            from voice_pipeline.recognition.choose import expected

            seen.extend(expected(settings).names)
        return Parrot(settings)

    monkeypatch.setattr(names, 'load', load)
    names.load_both(RecognitionSettings())
    assert sorted(seen) == sorted(all_names())


def test_without_a_voice_it_says_what_to_install(monkeypatch, scripted, capsys):
    monkeypatch.setattr(names, 'available_voices', lambda: ([], ['hibari (pip install hibari-tts)']))

    assert run() == 1
    assert 'pip install hibari-tts' in capsys.readouterr().err


def test_a_voice_that_fails_is_said(monkeypatch, scripted, capsys):
    def mute(voices):
        raise SpeechError('flite cannot speak')

    monkeypatch.setattr(names, 'named_clips', mute)

    assert run() == 1
    assert capsys.readouterr().err.endswith('error: flite cannot speak\n')


def test_a_wrong_setting_is_said(scripted, capsys):
    assert run('--name-bias', 99) == 1
    assert 'name_bias' in capsys.readouterr().err
