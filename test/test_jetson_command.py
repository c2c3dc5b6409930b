"""`voice_pipeline jetson` as a person, a launch file and systemd use it."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from jetson_tree import NANO_SUPER, Sudo, contents, make_tree, put, put_program

from voice_pipeline.__main__ import main
from voice_pipeline.jetson import service
from voice_pipeline.jetson.board import find_board
from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.outcome import Outcome, SetupRecord, TuningError, decode_record, encode_record
from voice_pipeline.jetson.record import read_record, record_path, state_directory, write_record
from voice_pipeline.monitoring.diagnostics import KeyValue, jetson_status

ROOT = Path(__file__).resolve().parents[1]
USER = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_STATE_HOME', str(tmp_path / 'state'))
    return tmp_path / 'state'


@pytest.fixture
def tree(tmp_path):
    return make_tree(tmp_path / 'nano')


@pytest.fixture
def laptop(tmp_path):
    put(tmp_path, 'laptop/proc/sys/vm/swappiness', '60\n')
    put(tmp_path, 'laptop/proc/swaps', 'Filename Type\n/dev/sda3 partition\n')
    return tmp_path / 'laptop'


@pytest.fixture
def jetson(capsys):
    """A way to run the command: returns its exit status and what it printed."""

    def run(root, *words):
        status = main(['jetson', *words, '--root', str(root)])
        return status, capsys.readouterr().out

    return run


@pytest.mark.parametrize('verb', ['read', 'plan', 'apply', 'verify', 'undo'])
def test_a_laptop_is_told_so_in_one_line_and_nothing_is_touched(jetson, laptop, home, verb):
    before = contents(laptop)
    assert jetson(laptop, verb, '--strict') == (0, 'not a Jetson: nothing to set up\n')
    assert contents(laptop) == before
    assert not home.exists()


def test_a_jetson_is_verified_set_up_and_put_back(jetson, tree):
    before = contents(tree)
    status, said = jetson(tree)
    assert status == 0
    assert said.splitlines()[0] == f'{NANO_SUPER.model}, Jetson Linux 36.4.3'
    assert '  power mode        differs        25W; wanted: MAXN_SUPER\n' in said
    assert 'to set it up: "voice_pipeline jetson apply"' in said
    assert jetson(tree, 'verify', '--strict')[0] == 1
    assert jetson(tree, 'apply', '--strict')[0] == 0
    assert jetson(tree, 'verify', '--strict')[0] == 0
    assert '25W → MAXN_SUPER' not in jetson(tree, 'read')[1]
    assert jetson(tree, 'undo', '--strict')[0] == 0
    assert read_record(Host(root=tree)).summary == 'put back: power mode, clocks, swappiness, real-time rights'
    assert contents(tree) == before


def test_a_dry_run_touches_nothing(jetson, tree, home):
    before = contents(tree)
    assert 'would change   25W; wanted: MAXN_SUPER' in jetson(tree, 'apply', '--dry-run')[1]
    assert jetson(tree, 'plan')[1] == jetson(tree, 'apply', '--dry-run')[1]
    assert 'nothing to undo' in jetson(tree, 'undo', '--dry-run')[1]
    assert contents(tree) == before
    assert not home.exists()


def test_the_power_mode_may_be_named(jetson, tree):
    assert 'changed        25W → 7W' in jetson(tree, 'apply', '--power-mode', '7W')[1]
    assert 'there are: 15W, 25W, MAXN_SUPER, 7W' in jetson(tree, 'plan', '--power-mode', 'ludicrous')[1]


def test_a_strict_set_up_fails_where_a_reboot_is_needed(jetson, tree):
    put(tree, 'needs_reboot', '2\n')
    status, said = jetson(tree, 'apply', '--strict')
    assert status == 1
    assert 'needs reboot' in said


def test_json_is_the_record_that_the_monitor_reads(jetson, tree):
    said = jetson(tree, 'apply', '--json')[1]
    record = decode_record(said)
    assert json.loads(said)['version'] == 1
    assert (record.verb, record.outcomes[0].tuning) == ('apply', 'power mode')
    assert read_record(Host(root=tree)) == record


def test_a_record_of_an_earlier_boot_or_a_broken_one_says_nothing(jetson, tree):
    jetson(tree, 'verify')
    put(tree, 'proc/sys/kernel/random/boot_id', 'another')
    assert read_record(Host(root=tree)) is None
    far = encode_record(record()).replace('"time_ns":1', '"time_ns":1e30')
    for text in ('', '[]', '{"verb": "verify"}', '[' * 100_000, far, '\udcff'):
        record_path().write_text(text, errors='surrogateescape')
        assert read_record(Host(root=tree)) is None


def test_where_the_record_cannot_be_written_the_rest_is_done(jetson, tree, home):
    put(home.parent, 'state', 'a file where a folder should be')
    assert jetson(tree, 'verify')[0] == 0


def record(*outcomes):
    return SetupRecord(verb='verify', board='Orin', boot_id='b', time_ns=1, outcomes=outcomes)


@pytest.mark.parametrize(
    ('outcomes', 'level', 'message'),
    [
        ((), 0, 'as wanted'),
        ((Outcome('clocks', 'ok', 'locked'), Outcome('power mode', 'not available', 'none')), 0, 'as wanted'),
        ((Outcome('clocks', 'changed', 'a → b'),), 0, 'changed: clocks'),
        ((Outcome('clocks', 'differs', 'free'),), 1, 'clocks differs: free'),
        (
            (Outcome('a', 'not permitted', 'x'), Outcome('b', 'needs reboot', 'y')),
            1,
            'b needs reboot: y; a not permitted: x',
        ),
        ((Outcome('a', 'differs', 'x'), Outcome('b', 'failed', 'y')), 2, 'b failed: y; a differs: x'),
    ],
)
def test_the_outcome_on_diagnostics(outcomes, level, message):
    status = jetson_status(record(*outcomes), 'robot 7')
    assert (status.name, status.level, status.message) == ('voice_pipeline: jetson', level, message)


def test_the_whole_record_is_on_diagnostics():
    values = jetson_status(record(Outcome('clocks', 'failed', 'why', 'what to do')), 'robot 7').values
    assert KeyValue('board', 'Orin') in values
    assert KeyValue('last run', 'verify, 1970-01-01 00:00:00 UTC') in values
    assert KeyValue('clocks', 'failed: why') in values
    assert KeyValue('clocks, advice', 'what to do') in values


def test_the_record_travels(home):
    sent = record(Outcome('clocks', 'ok', 'locked → ok'))
    assert decode_record(encode_record(sent)) == sent
    write_record(sent)
    assert [path.name for path in state_directory().iterdir()] == ['jetson_record.json']


def test_at_the_end_it_is_put_back_even_if_told_twice(tree, jetson):
    before = contents(tree)
    jetson(tree, 'apply')
    real = (tree / 'usr/bin/jetson_clocks').read_text()
    put_program(tree, 'usr/bin/jetson_clocks', real.replace('root=', 'kill -TERM $PPID; kill -INT $PPID\nroot=', 1))
    command = [sys.executable, '-m', 'voice_pipeline', 'jetson', 'undo', '--at-end', '--root', str(tree)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == 'what was there before is put back at the end\n'
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert 'as before: 25W' in said
    put_program(tree, 'usr/bin/jetson_clocks', real)
    assert contents(tree) == before


@pytest.mark.parametrize(
    ('files', 'board'),
    [
        ({}, None),
        (
            {'proc/device-tree/compatible': 'raspberrypi,4-model-b\0brcm,bcm2711', 'proc/device-tree/model': 'Pi 4\0'},
            None,
        ),
        ({'proc/device-tree/compatible': 'nvidia,p3767\0nvidia,tegra234'}, 'Jetson'),
        (
            {'proc/device-tree/compatible': 'nvidia,tegra234', 'proc/device-tree/model': 'Jetson Orin NX\0'},
            'Jetson Orin NX',
        ),
        ({'etc/nv_tegra_release': '# R35 (release), REVISION: 5.0, GCID: 1'}, 'Jetson, Jetson Linux 35.5.0'),
        ({'etc/nv_tegra_release': 'something else'}, 'Jetson'),
    ],
)
def test_which_board_it_is(tmp_path, files, board):
    for name, text in files.items():
        put(tmp_path, name, text)
    found = find_board(tmp_path)
    assert (str(found) if found else None) == board


def test_the_launch_file_needs_no_library_to_know_the_board():
    program = f'import sys; sys.path.insert(0, {str(ROOT)!r}); import voice_pipeline.jetson.board'
    subprocess.run([sys.executable, '-I', '-S', '-c', program], check=True)


def test_the_service_is_printed_first(jetson, tree):
    before = contents(tree)
    status, said = jetson(tree, 'service', '--user', USER, '--power-mode', '25W')
    assert status == 0
    assert contents(tree) == before
    assert f'# --- {service.UNIT_FILE}\n' in said
    assert f'\nUser={USER}\n' in said
    assert '\nAfter=nvpmodel.service\n' in said
    assert f'\nEnvironment=PYTHONPATH={ROOT}\n' in said
    assert f'\nExecStart={sys.executable} -m voice_pipeline jetson apply --strict --power-mode 25W\n' in said
    rules = [line for line in said.splitlines() if 'NOPASSWD' in line]
    assert rules[0] == f'{USER} ALL=(root) NOPASSWD: {tree}/usr/sbin/nvpmodel -m 0'
    assert f'{USER} ALL=(root) NOPASSWD: {tree}/usr/bin/jetson_clocks ""' in rules
    assert not any('*' in rule or rule.endswith(': ALL') for rule in rules)
    assert all('/run/voice_pipeline/' in rule for rule in rules if '--restore' in rule or '--store' in rule)


def test_the_service_is_written_on_request(jetson, tree):
    status, said = jetson(tree, 'service', '--write', '--user', USER)
    assert status == 0
    assert 'systemctl enable --now voice-pipeline-jetson.service' in said
    for name, mode in ((service.UNIT_FILE, 0o644), (service.SUDOERS_FILE, 0o440)):
        path = tree / name.lstrip('/')
        assert path.stat().st_mode & 0o777 == mode
        assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_rights_that_visudo_refuses_are_not_written(jetson, tree, capsys):
    put_program(tree, 'usr/sbin/visudo', '#!/bin/sh\ncat > /dev/null\necho "stdin:2:1: syntax error"\nexit 1\n')
    before = contents(tree)
    assert jetson(tree, 'service', '--write', '--user', USER)[0] == 1
    assert contents(tree) == before


@pytest.mark.parametrize('words', [['apply', '--at-end'], ['undo', '--write']])
def test_options_of_another_verb_are_refused(jetson, tree, words):
    before = contents(tree)
    assert jetson(tree, *words) == (2, '')
    assert contents(tree) == before


def test_a_service_for_nobody(tree, capsys):
    assert main(['jetson', 'service', '--user', 'nobody at all', '--root', str(tree)]) == 1
    assert "there is no user 'nobody at all'" in capsys.readouterr().err


@pytest.mark.parametrize('user', ['', 'a b', 'root ALL=(ALL) ALL #', '%admin', '-u', 'x' * 33, 'a\nb'])
def test_no_name_of_a_user_becomes_a_rule_of_its_own(user):
    with pytest.raises(TuningError, match='is not the name of a user'):
        service.sudoers_file(user, [('/usr/bin/true',)])
    with pytest.raises(TuningError, match='is not the name of a user'):
        service.unit_file(user, ['/usr/bin/true'], Path('/'))


def test_paths_with_spaces_and_signs_stay_what_they_are():
    unit = service.unit_file('robot', ['/home/me/my $venv/bin/python', '-m', '100%'], Path('/home/me/my ws'))
    assert '\nEnvironment="PYTHONPATH=/home/me/my ws"\n' in unit.text
    assert '\nExecStart="/home/me/my $$venv/bin/python" -m 100%%\n' in unit.text
    rules = service.sudoers_file('robot', [('/usr/bin/tee', '/sys/a b:c=d,e*'), ('/usr/bin/jetson_clocks',)])
    assert rules.text.splitlines()[1:] == [
        'robot ALL=(root) NOPASSWD: /usr/bin/tee /sys/a\\ b\\:c\\=d\\,e\\*',
        'robot ALL=(root) NOPASSWD: /usr/bin/jetson_clocks ""',
    ]


@pytest.mark.skipif(shutil.which('visudo') is None, reason='visudo is not installed')
def test_the_real_visudo_accepts_the_rights(jetson, tree):
    said = jetson(tree, 'service', '--user', USER)[1]
    rights = said.partition(f'# --- {service.SUDOERS_FILE}\n')[2]
    result = subprocess.run(['visudo', '-c', '-f', '-'], input=rights, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_rights_are_written_by_root_only(tree, capsys, monkeypatch):
    monkeypatch.setattr('voice_pipeline.tools.jetson._host', lambda root: Host(root=root, is_root=False, run=Sudo()))
    before = contents(tree)
    assert main(['jetson', 'service', '--write', '--user', USER, '--root', str(tree)]) == 1
    assert 'run it again with sudo' in capsys.readouterr().err
    assert contents(tree) == before
