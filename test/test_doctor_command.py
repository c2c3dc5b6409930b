"""The `doctor` command as a person and a script use it: with made-up checks, and once with the real ones."""

import argparse
import importlib.util
import json
import os
import re
from functools import partial
from pathlib import Path

import pytest

from voice_pipeline.__main__ import main, make_parser
from voice_pipeline.tools.doctor import computer, network
from voice_pipeline.tools.doctor.catalogue import all_checks
from voice_pipeline.tools.doctor.check import Check, CheckError, Finding, Once, error, ok, run, skipped, warning
from voice_pipeline.tools.doctor.command import examine
from voice_pipeline.tools.doctor.surroundings import Surroundings

ROOT = Path(__file__).resolve().parents[1]


def check(name, finding, *, is_quick=True, group='Group'):
    return Check(name, group, f'is {name} fine?', lambda: finding, is_quick=is_quick)


GOOD = check('good', ok('it is fine'))
DOUBTFUL = check('doubtful', warning('it is [so-so]', 'do this'))
BAD = check('bad', error('it is broken', 'do that'), group='Another')
ABSENT = check('absent', skipped('there is none'))
SLOW = check('slow', ok('it took long'), is_quick=False)


@pytest.fixture
def doctor(capsys):
    """A way to run the command with checks of one's own: returns its exit status, and what it printed."""

    def run_it(checks, *words):
        status = examine(checks, make_parser().parse_args(['doctor', *words]))
        return status, capsys.readouterr()

    return run_it


@pytest.mark.parametrize(
    ('checks', 'status', 'verdict'),
    [
        ([GOOD, ABSENT], 0, 'All is well. 1 of 2 checks made.'),
        ([GOOD, DOUBTFUL], 0, 'It should work, with 1 warning (doubtful). 2 of 2 checks made.'),
        (
            [BAD, DOUBTFUL, DOUBTFUL],
            1,
            'Fix this first: 1 error (bad); then look at 2 warnings (doubtful, doubtful). 3 of 3 checks made.',
        ),
    ],
)
def test_the_last_line_and_the_exit_status_are_the_verdict(doctor, checks, status, verdict):
    found, said = doctor(checks)
    assert found == status
    assert said.out.splitlines()[-1] == verdict


def test_what_is_wrong_stands_above_what_to_do(doctor):
    lines = [line.rstrip() for line in doctor([GOOD, DOUBTFUL, BAD])[1].out.splitlines()]
    assert lines[:9] == [
        '',
        'Group',
        '  ✓ good     it is fine',
        '  ! doubtful it is [so-so]',
        '             → do this',
        '',
        'Another',
        '  ✗ bad      it is broken',
        '             → do that',
    ]


def test_quick_leaves_out_what_takes_long(doctor):
    assert 'slow' not in doctor([GOOD, SLOW], '--quick')[1].out
    assert 'slow' in doctor([GOOD, SLOW])[1].out


def test_only_runs_what_is_named_quick_or_not(doctor):
    said = doctor([GOOD, BAD, SLOW], '--only', 'slow', '--quick')[1].out
    assert 'it took long' in said
    assert 'it is broken' not in said


def test_a_name_that_is_no_check_is_wrong_usage(doctor):
    status, said = doctor([GOOD, BAD], '--only', 'god')
    assert (status, said.out) == (2, '')
    assert said.err == "there is no check 'god': did you mean 'good'?\n"
    assert doctor([GOOD], '--only', 'xyzzy')[1].err == "there is no check 'xyzzy': see doctor --list\n"


def test_an_unknown_option_is_wrong_usage():
    with pytest.raises(SystemExit) as ended:
        main(['doctor', '--backend', 'whisper.cpp'])
    assert ended.value.code == 2


def test_the_list_runs_nothing(doctor):
    never = Check('never', 'Group', 'is it run?', pytest.fail)
    status, said = doctor([never, SLOW], '--list')
    assert status == 0
    assert [line.split()[0] for line in said.out.splitlines()] == ['name', 'never', 'slow']


def test_json_says_the_same(doctor):
    status, said = doctor([GOOD, DOUBTFUL, ABSENT], '--json')
    document = json.loads(said.out)
    assert (status, document['version'], document['verdict']) == (0, 1, 'warning')
    assert [entry['level'] for entry in document['checks']] == ['ok', 'warning', 'skipped']
    first = document['checks'][1]
    assert first.pop('duration_s') >= 0
    assert first == {
        'name': 'doubtful',
        'group': 'Group',
        'bottleneck': '',
        'level': 'warning',
        'found': 'it is [so-so]',
        'advice': 'do this',
    }


def test_a_check_that_fails_is_an_error_and_hides_nothing(doctor):
    def stumble():
        raise ZeroDivisionError('no cores')

    status, said = doctor([Check('cores', 'Group', 'how many?', stumble), GOOD])
    assert status == 1
    assert 'the check itself failed: ZeroDivisionError: no cores' in said.out
    assert 'it is fine' in said.out


def test_what_cannot_be_asked_is_said_once():
    asked = []

    def question():
        asked.append('once')
        raise CheckError(error('it does not answer', 'look at it'))

    answer = Once(question)
    first, second = (run(Check(name, 'Group', '?', answer)).finding for name in ('first', 'second'))
    assert first == Finding('error', 'it does not answer', 'look at it')
    assert second == skipped('not looked at, because of the error above')
    assert asked == ['once']


def test_an_answer_is_asked_for_once():
    answers = iter([ok('the first'), ok('the second')])
    answer = Once(lambda: next(answers))
    assert answer() == answer() == ok('the first')


def test_every_check_has_a_name_of_its_own_and_looks_at_nothing_before_it_is_run():
    checks = all_checks(Surroundings(environment={}))
    names = [each.name for each in checks]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r'[a-z0-9-]+', name) for name in names)
    assert {each.bottleneck for each in checks} >= {
        'model loading',
        'allocation',
        'CPU-GPU copies',
        'sequential stages',
        'I/O',
        'power mode',
        'discovery',
    }


def test_the_tuning_guide_names_checks_that_exist():
    guide = (ROOT / 'TUNING.md').read_text(encoding='utf-8')
    names = {each.name for each in all_checks(Surroundings(environment={}))}
    for line in re.findall(r'doctor --only ([a-z0-9 -]+)`', guide):
        assert set(line.split()) <= names, line
    assert len(guide.splitlines()) <= 120


@pytest.mark.skipif(importlib.util.find_spec('rclpy') is None, reason='ROS 2 is not installed')
def test_this_machine(capsys, monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', str(1 + os.getpid() % 100))
    monkeypatch.setattr(computer, 'measure_load', partial(computer.measure_load, 0.1))
    monkeypatch.setattr(network, 'SETTLING_S', 0.2)  # who else is here does not matter
    status = main(['doctor', '--json'])
    document = json.loads(capsys.readouterr().out)
    found = {entry['name']: entry for entry in document['checks']}
    assert status == (1 if document['verdict'] == 'error' else 0)
    assert list(found) == [each.name for each in all_checks(Surroundings())]
    assert not [entry for entry in found.values() if 'the check itself failed' in entry['found']]
    assert not [entry for entry in found.values() if bool(entry['advice']) != (entry['level'] in ('warning', 'error'))]
    assert found['parameters']['level'] == 'ok', found['parameters']
    if importlib.util.find_spec('faster_whisper'):
        assert 'go to the kitchen' in found['recognition']['found']
        assert 'median of 9' in found['speed']['found']


def test_the_arguments_are_those_of_the_launch_file():
    parser = argparse.ArgumentParser()
    from voice_pipeline.tools.doctor import add_arguments

    add_arguments(parser)
    launch = (ROOT / 'launch' / 'voice_pipeline.launch.py').read_text(encoding='utf-8')
    own = {'quick', 'only', 'list', 'json'}
    for name in vars(parser.parse_args([])).keys() - own:
        assert f"'{name}'" in launch, name
