"""The command `parse`, as a user calls it."""

import argparse
import io
import json

import pytest
from understanding_fakes import ScriptedModel, WordEncoder, install

from voice_pipeline.tools import parse
from voice_pipeline.understanding import chain
from voice_pipeline.understanding.language_model.causal_model import CausalModel


@pytest.fixture(autouse=True)
def no_models(monkeypatch):
    """Nothing is loaded but where a test says so."""
    install(monkeypatch)


@pytest.fixture
def run(monkeypatch, capsys):
    def run_command(*words, stdin=b''):
        monkeypatch.setattr('sys.stdin', io.TextIOWrapper(io.BytesIO(stdin)))
        parser = argparse.ArgumentParser()
        parse.add_arguments(parser)
        code = parse.main(parser.parse_args(words))
        out, err = capsys.readouterr()
        return code, out, err

    return run_command


def test_a_sentence_for_people(run):
    code, out, err = run('go forward two meters then turn left')
    assert (code, err) == (0, '')
    assert out.splitlines() == [
        '1. move direction=forward distance_m=2.0',
        '2. turn direction=left',
        '(more words could follow)',
    ]


def test_a_sentence_that_is_no_command(run):
    assert run("don't move") == (0, 'nothing to do: You said not to do something, so I do nothing.\n', '')


def test_an_emergency_stop_is_shown(run):
    assert run('stop')[1].splitlines()[0] == 'emergency stop'


def test_a_sentence_as_json(run):
    code, out, _ = run('--json', 'turn right 90 degrees')
    assert code == 0
    assert json.loads(out) == {
        'text': 'turn right 90 degrees',
        'steps': [{'action': 'turn', 'args': {'angle_deg': -90.0}}],
        'is_complete': True,
        'emergency_stop': False,
        'reason': '',
        'missing': '',
        'coverage': 1.0,
        'source': 'grammar',
    }


OPEN = 'mosey on over to the kitchen'


def test_an_open_sentence_is_compared_with_similar_ones(run, monkeypatch):
    install(monkeypatch, WordEncoder())
    assert run(OPEN)[1].splitlines() == ['1. go_to place=kitchen', '(by similar sentences)']
    assert json.loads(run('--json', OPEN)[1])['source'] == 'semantic'
    assert run('--no-semantic', OPEN)[1].startswith('nothing to do: ')


def test_what_is_asked_for_and_not_installed_is_said_and_done_without(run, monkeypatch, caplog):
    install(monkeypatch, None, CausalModel)
    assert run('--semantic', '--llm', '/nowhere/model.gguf', OPEN)[0] == 0
    assert '/nowhere/model.gguf' in caplog.text


def test_an_open_sentence_is_shown_to_the_language_model(run, monkeypatch):
    model = ScriptedModel()
    model.answers[OPEN] = [{'action': 'go_to', 'args': {'place': 'kitchen'}}]
    install(monkeypatch, None, model)
    assert run('--llm', 'some model', OPEN)[1].splitlines() == ['1. go_to place=kitchen', '(by the language model)']
    assert json.loads(run('--llm', 'some model', '--json', OPEN)[1])['source'] == 'llm'


def test_models_are_loaded_for_open_sentences_only(run, monkeypatch):
    def load(*_):
        raise AssertionError('loaded')

    install(monkeypatch, WordEncoder())
    monkeypatch.setattr(chain, 'SentenceEncoder', load)
    assert run('turn left')[0] == 0
    with pytest.raises(AssertionError, match='loaded'):
        run(OPEN)


def test_every_line_of_stdin_gives_a_line(run):
    code, out, _ = run(stdin=b'stop\n\nturn left\r\n\xff\xfe go\nturn right')
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [answer['text'] for answer in answers] == ['stop', '', 'turn left', '\ufffd\ufffd go', 'turn right']
    assert [len(answer['steps']) for answer in answers] == [1, 0, 1, 0, 1]


def test_bytes_in_an_argument_do_not_matter(run):
    code, out, _ = run('--json', 'turn left \udcff')
    assert code == 0
    assert json.loads(out)['steps'] == []


def test_a_vocabulary_of_ones_own(run, tmp_path):
    path = tmp_path / 'names.yaml'
    path.write_text('places: [barn]')
    assert 'go_to place=barn' in run('--vocabulary', str(path), 'go to the barn')[1]


def test_a_vocabulary_that_cannot_be_used(run, tmp_path):
    path = tmp_path / 'names.yaml'
    path.write_text('places: 7')
    code, out, err = run('--vocabulary', str(path), 'go')
    assert (code, out) == (2, '')
    assert 'names.yaml:1' in err
    assert 'Traceback' not in err
