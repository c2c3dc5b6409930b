"""The benchmark of understanding: scripted parsers on few sentences; then the real one on the own sentences."""

import argparse
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from voice_pipeline.messages import Step
from voice_pipeline.paths import resource_file
from voice_pipeline.tools.benchmark import understanding_command as command
from voice_pipeline.tools.benchmark.sentences import Sentence, SentencesError, read_sentences
from voice_pipeline.tools.benchmark.understanding import faults_of, measure, score
from voice_pipeline.understanding.words.vocabulary import Vocabulary

SCOUT = Path(__file__).resolve().parents[2] / 'shared' / 'data' / 'scout_dev.jsonl'
WORD = re.compile(r"[\w°.']*\w|\S")


@dataclass(frozen=True)
class Taken:
    """What a scripted parser takes a sentence for."""

    steps_to_do: tuple[Step, ...] = ()
    emergency_stop: bool = False
    reason: str = ''


class Scripted:
    """Understands what it was told to, in the script, and nothing else."""

    def __init__(self, script):
        self._script = script
        self.asked = []

    def parse(self, text):
        self.asked.append(text)
        return self._script.get(text, Taken(reason='not in the script'))


def steps(*named):
    """`('move', {'direction': 'left'}), 'stop'` as steps."""
    documents = [
        {'action': one, 'args': {}} if isinstance(one, str) else {'action': one[0], 'args': one[1]} for one in named
    ]
    return msgspec.convert(documents, tuple[Step, ...])


def sentence(text, *named, emergency_stop=False, kind='motion'):
    return Sentence(text, steps(*named), emergency_stop, kind, 'some.jsonl:1')


def move(direction, **others):
    return 'move', {'direction': direction, **others}


def turn(**args):
    return 'turn', args


def arguments(*words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args([str(word) for word in words])


def write_lines(path, *lines):
    path.write_text('\n'.join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding='utf-8')
    return path


# --- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('expected', 'found'),
    [
        ([], []),
        ([move('forward', distance_m=0.9144)], [move('forward', distance_m=0.91)]),
        ([turn(angle_deg=90)], [turn(angle_deg=90.0)]),
        ([('say', {'text': 'good morning'})], [('say', {'text': 'Good Morning'})]),
        ([('repeat', {'count': 2})], [('repeat', {'count': 2})]),
        (['stop', turn(direction='left')], ['stop', turn(direction='left')]),
    ],
)
def test_what_is_right(expected, found):
    assert list(faults_of(sentence('x', *expected), Taken(steps(*found)))) == []


@pytest.mark.parametrize(
    ('expected', 'found', 'faults'),
    [
        ([move('forward')], [], ['wrong actions']),
        ([move('forward'), 'stop'], ['stop', move('forward')], ['wrong actions']),
        ([move('forward')], [move('forward'), 'stop'], ['wrong actions']),
        ([move('forward', distance_m=1)], [move('forward', distance_m=1.02)], ['wrong arguments']),
        ([move('forward')], [move('forward', distance_m=1)], ['wrong arguments']),
        ([move('forward', distance_m=1)], [move('forward')], ['wrong arguments']),
        ([('go_to', {'place': 'lab'})], [('go_to', {'place': 'office'})], ['wrong arguments']),
        ([('go_to', {'person': 'sam'})], [('go_to', {'place': 'sam'})], ['wrong arguments']),
        ([('repeat', {'count': 2})], [('repeat', {'count': 3})], ['wrong arguments']),
        ([], [('say', {'text': 'hi'})], ['wrong actions']),
        (['pause'], ['cancel'], ['wrong actions']),
    ],
)
def test_what_is_wrong(expected, found, faults):
    assert list(faults_of(sentence('x', *expected), Taken(steps(*found)))) == faults


@pytest.mark.parametrize(
    'found',
    [
        move('forward'),
        turn(direction='left'),
        ('go_to', {'place': 'lab'}),
        ('follow', {'person': 'me'}),
        ('pick', {'object': 'cup'}),
        ('place', {'object': 'cup'}),
        ('look', {'direction': 'up'}),
        ('gesture', {'gesture': 'wave'}),
        'resume',
        'repeat',
    ],
)
def test_what_moves_where_nothing_should(found):
    assert list(faults_of(sentence('x'), Taken(steps(found)))) == ['wrong actions', 'false motion']
    assert list(faults_of(sentence('x', 'stop'), Taken(steps('stop', found)))) == ['wrong actions', 'false motion']


@pytest.mark.parametrize(
    ('expected', 'found'),
    [
        ([move('forward')], [move('backward')]),
        ([move('left', distance_m=1)], [move('right', distance_m=1)]),
        ([turn(angle_deg=90)], [turn(angle_deg=-90)]),
        ([turn(direction='left')], [turn(angle_deg=-30)]),
        ([turn(angle_deg=30)], [turn(direction='right')]),
        ([('look', {'direction': 'up'})], [('look', {'direction': 'down'})]),
        ([('look', {'angle_deg': -20})], [('look', {'direction': 'left'})]),
        ([turn(direction='left'), turn(direction='right')], [turn(direction='right'), turn(direction='left')]),
        ([turn(direction='left'), move('forward')], [turn(direction='right')]),
        ([turn(direction='left')], [turn(direction='left'), turn(direction='left'), turn(direction='right')]),
    ],
)
def test_what_goes_the_opposite_way(expected, found):
    assert 'opposite direction' in faults_of(sentence('x', *expected), Taken(steps(*found)))


@pytest.mark.parametrize(
    ('expected', 'found'),
    [
        ([turn(direction='left'), turn(direction='right')], [turn(direction='right')]),
        ([turn(direction='left')], [move('right')]),
        ([move('forward')], [move('left')]),
        ([move('forward')], [('move', {})]),
        ([turn(object='cup')], [turn(direction='left')]),
        ([('look', {'direction': 'around'})], [('look', {'direction': 'left'})]),
    ],
)
def test_what_is_wrong_but_not_the_opposite(expected, found):
    assert 'opposite direction' not in faults_of(sentence('x', *expected), Taken(steps(*found)))


@pytest.mark.parametrize(
    ('expected', 'found', 'faults'),
    [
        (True, True, []),
        (False, False, []),
        (True, False, ['missed emergency']),
        (False, True, ['false emergency']),
        (None, True, []),
        (None, False, []),
    ],
)
def test_emergency_stops(expected, found, faults):
    one = sentence('stop', 'stop', emergency_stop=expected)
    assert list(faults_of(one, Taken(steps('stop'), emergency_stop=found))) == faults


def test_each_fault_is_counted_beside_those_that_could_have_it():
    sentences = [
        sentence('go', move('forward')),
        sentence('hello', kind='no_motion'),
        sentence('stop', 'stop', emergency_stop=True),
        sentence('halt', 'stop', emergency_stop=None),
    ]
    parser = Scripted({'go': Taken(steps(move('backward'))), 'hello': Taken(steps('resume'), emergency_stop=True)})

    outcomes = measure(parser, sentences)
    total = score(outcomes)

    assert parser.asked == ['go', 'go', 'hello', 'stop', 'halt']  # the first warms up
    assert all(outcome.time_ms >= 0 for outcome in outcomes)
    assert (total.sentences, total.still, total.emergencies, total.no_emergencies) == (4, 3, 1, 2)
    assert total.faults == {
        'wrong arguments': 1,
        'opposite direction': 1,
        'wrong actions': 3,
        'false motion': 1,
        'false emergency': 1,
        'missed emergency': 1,
    }
    assert (total.sequence_percent, total.arguments_percent) == (25.0, 0.0)


# --- files -----------------------------------------------------------------------------------------------------------


def test_lines_are_read_in_order(tmp_path):
    full = {'text': 'Stop!', 'steps': [{'action': 'stop', 'args': {}}], 'emergency_stop': True, 'kind': 'stop'}
    plain = {'text': 'go', 'steps': [{'action': 'move', 'args': {'direction': 'forward'}}], 'speaker': 7}
    one = write_lines(tmp_path / 'one.jsonl', full, '', {'text': 'hm', 'steps': [], 'kind': 'no_motion'})
    two = write_lines(tmp_path / 'two.jsonl', plain, {'text': 'ah stop', 'steps': [{'action': 'stop', 'args': {}}]})

    assert read_sentences([one, two]) == [
        Sentence('Stop!', steps('stop'), True, 'stop', 'one.jsonl:1'),
        Sentence('hm', (), False, 'no_motion', 'one.jsonl:3'),
        Sentence('go', steps(move('forward')), False, 'two', 'two.jsonl:1'),
        Sentence('ah stop', steps('stop'), None, 'two', 'two.jsonl:2'),
    ]


@pytest.mark.parametrize(
    ('line', 'said'),
    [
        ('{"text": "go"', 'truncated'),
        ('[]', 'Expected `object`'),
        ('{"text": "go"}', 'missing required field `steps`'),
        ('{"text": 3, "steps": []}', r'\$\.text'),
        ('{"text": "go", "steps": [{"action": "fly", "args": {}}]}', "'fly'"),
        ('{"text": "go", "steps": [{"action": "move", "args": {"speed": "warp"}}]}', "'warp'"),
        ('{"text": "go", "steps": [{"action": "move", "args": {"distance_m": -1}}]}', 'distance_m'),
        ('{"text": "go", "steps": [{"action": "stop", "args": {"place": "lab"}}]}', 'place'),
        ('{"text": "go", "steps": [], "emergency_stop": "yes"}', 'emergency_stop'),
        (b'{"text": "\xff", "steps": []}', 'utf-8'),
        ('[' * 100_000, 'labelled.jsonl:2'),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, said):
    path = tmp_path / 'labelled.jsonl'
    path.write_bytes(b'{"text": "fine", "steps": []}\n' + (line if isinstance(line, bytes) else line.encode()))
    with pytest.raises(SentencesError, match=said) as caught:
        read_sentences([path])
    assert str(caught.value).startswith(f'{path}:2: ')


def test_bad_files_are_said(tmp_path, capsys):
    bad = write_lines(tmp_path / 'bad.jsonl', '{')
    empty = write_lines(tmp_path / 'empty.jsonl', '\n')
    for path, said in (
        (tmp_path / 'none.jsonl', 'No such file'),
        (bad, 'bad.jsonl:1'),
        (empty, 'holds no sentences'),
    ):
        assert command.main(arguments('--file', path)) == 1
        captured = capsys.readouterr()
        assert captured.err.startswith('error: ')
        assert said in captured.err
    assert command.main(arguments('--vocabulary', tmp_path / 'none.yaml')) == 1
    assert 'none.yaml: cannot be read' in capsys.readouterr().err


# --- report ----------------------------------------------------------------------------------------------------------


def test_a_run_prints_and_saves_everything(tmp_path, capsys):
    sentences = [
        sentence('turn [left]', turn(angle_deg=90)),
        sentence('go to the lab', ('go_to', {'place': 'lab'})),
        sentence('hello', kind='no_motion'),
        sentence('stop', 'stop', emergency_stop=True, kind='stop'),
    ]
    script = {
        'turn [left]': Taken(steps(turn(angle_deg=-90))),
        'stop': Taken(steps('stop'), emergency_stop=True),
        'hello': Taken(),
    }
    file = tmp_path / 'deep' / 'report.json'

    assert command.run(Scripted(script), sentences, arguments('--show-errors', '--json', file)) == 0

    printed = capsys.readouterr().out
    assert 'some.jsonl:1  wrong arguments, opposite direction: turn [left]' in printed
    assert 'expected  [{"action":"turn","args":{"angle_deg":90.0}}]' in printed
    assert 'found     []  (not in the script)' in printed
    assert 'hello' not in printed
    rows = {cells[1].strip(): [cell.strip() for cell in cells[2:-1]] for cells in cells_of(printed)}
    assert rows == {
        'motion': ['2', '50.0 %', '0.0 %', '–', '1', '–', '0 of 2'],
        'no_motion': ['1', '100.0 %', '100.0 %', '0 of 1', '0', '–', '0 of 1'],
        'stop': ['1', '100.0 %', '100.0 %', '0 of 1', '0', '0 of 1', '–'],
        'all': ['4', '75.0 %', '50.0 %', '0 of 2', '1', '0 of 1', '0 of 3'],
    }
    document = json.loads(file.read_text(encoding='utf-8'))
    assert document.keys() == {'machine', 'time_ms', 'all', 'kinds', 'sentences'}
    assert document['time_ms']['p50'] <= document['time_ms']['p95'] <= document['time_ms']['max']
    assert document['all']['arguments_percent'] == 50.0
    assert document['all']['faults'] == {
        'wrong actions': 1,
        'wrong arguments': 1,
        'false motion': 0,
        'opposite direction': 1,
        'missed emergency': 0,
        'false emergency': 0,
    }
    assert list(document['kinds']) == ['motion', 'no_motion', 'stop']
    lost = document['sentences'][1]
    assert lost.pop('time_ms') >= 0
    assert lost == {
        'where': 'some.jsonl:1',
        'kind': 'motion',
        'text': 'go to the lab',
        'faults': ['wrong actions'],
        'expected': [{'action': 'go_to', 'args': {'place': 'lab'}}],
        'found': [],
        'emergency_stop': False,
        'reason': 'not in the script',
    }


def cells_of(printed):
    return [line.split('│') for line in printed.splitlines() if line.startswith('│')]


def test_a_report_that_cannot_be_saved_is_said(tmp_path, capsys):
    asked = arguments('--json', tmp_path)
    assert command.run(Scripted({}), [sentence('hello')], asked) == 1
    assert 'the report cannot be saved' in capsys.readouterr().err


# --- the own sentences ---------------------------------------------------------------------------------------------


@pytest.fixture(scope='module')
def own():
    return read_sentences([resource_file('commands.jsonl')])


def test_the_own_sentences_are_many_and_of_all_kinds(own):
    kinds = Counter(one.kind for one in own)
    actions = Counter(type(step) for one in own for step in one.steps)

    assert len(own) >= 500
    assert kinds.keys() == {
        *('motion', 'skill', 'query', 'order', 'compound', 'correction'),
        *('stop', 'not_stop', 'no_motion'),
    }
    assert kinds['no_motion'] >= 120
    assert kinds['stop'] >= 50
    assert kinds['not_stop'] >= 40
    assert actions.keys() == set(Step.__args__)
    assert min(actions.values()) >= 10


def test_the_own_sentences_use_every_argument(own):
    used = {(type(step), name) for one in own for step in one.steps for name in msgspec.to_builtins(step.args)}
    declared = {
        (kind, field.name)
        for kind in Step.__args__
        for field in msgspec.structs.fields(msgspec.structs.fields(kind)[0].type)
    }
    assert used == declared


def test_the_own_sentences_are_all_different(own):
    plain = Counter(' '.join(WORD.findall(one.text.casefold())).rstrip('.!? ') for one in own)
    assert [text for text, count in plain.items() if count > 1] == []


def test_emergencies_are_the_sentences_of_that_kind(own):
    assert all(one.emergency_stop == (one.kind == 'stop') for one in own)
    assert all(one.steps == () for one in own if one.kind == 'no_motion')


def test_the_names_in_the_own_sentences_are_those_of_their_vocabulary(own):
    known = Vocabulary.load(resource_file('commands_vocabulary.yaml'))
    names = {
        'person': {'me', *known.people},
        'object': set(known.objects),
        'place': {*known.places, *known.surfaces},
    }
    for one in own:
        for step in one.steps:
            for name, value in msgspec.to_builtins(step.args).items():
                assert name not in names or value in names[name], one


def test_the_real_parser_on_the_own_sentences(tmp_path, capsys, own):
    file = tmp_path / 'report.json'
    assert command.main(arguments('--json', file)) == 0

    document = json.loads(file.read_text(encoding='utf-8'))
    assert document['all']['sentences'] == len(own)
    assert document['all']['sequence_percent'] > 0
    assert 'no_motion' in capsys.readouterr().out


@pytest.mark.skipif(not SCOUT.is_file(), reason='the sentences of the SCOUT corpus are not here')
def test_sentences_of_others(capsys):
    assert command.main(arguments('--file', SCOUT)) == 0
    assert 'scout_dev' in capsys.readouterr().out
