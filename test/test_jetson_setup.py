"""The verbs on whole boards: what was there comes back, and whatever goes wrong has a name."""

import os
import time

import pytest
from jetson_tree import (
    BOARDS,
    BOOT_ID,
    CPU_FLOOR_KHZ,
    NANO_SUPER,
    USER,
    Sudo,
    all_tunings,
    contents,
    has_ended,
    make_tree,
    put,
    put_program,
)

from voice_pipeline.jetson import setup
from voice_pipeline.jetson.host import Host, run_command
from voice_pipeline.jetson.saved import MAX_BYTES, SavedState
from voice_pipeline.jetson.service import sudoers_file

PARTS = ('power mode', 'clocks', 'CPU governor', 'swappiness', 'real-time rights')


@pytest.fixture
def tree(tmp_path):
    return make_tree(tmp_path / 'nano')


@pytest.fixture
def state(tmp_path):
    return SavedState(tmp_path / 'state' / 'saved.json', BOOT_ID)


def as_root(tree, **options):
    return Host(root=tree, is_root=True, **options)


def states(outcomes):
    assert tuple(outcome.tuning for outcome in outcomes) == PARTS
    return [outcome.state for outcome in outcomes]


def outcome_of(outcomes, tuning):
    return next(outcome for outcome in outcomes if outcome.tuning == tuning)


@pytest.mark.parametrize('board', BOARDS.values(), ids=BOARDS)
def test_set_up_verified_and_put_back_exactly(tmp_path, state, board):
    tree = make_tree(tmp_path / 'board', board)
    before = contents(tree)
    tunings = all_tunings(as_root(tree))
    assert states(setup.plan(tunings)) == ['would change'] * 5
    assert states(setup.verify(tunings)) == ['differs'] * 5
    assert contents(tree) == before

    # Once the clocks are locked, the governor has nothing to choose.
    assert states(setup.apply(tunings, state)) == ['changed', 'changed', 'ok', 'changed', 'changed']
    assert contents(tree)['active_name'] == f'{board.fastest}\n'
    assert states(setup.verify(tunings)) == ['ok'] * 5

    assert states(setup.undo(tunings, state)) == ['changed', 'changed', 'ok', 'changed', 'changed']
    assert contents(tree) == before
    assert states(setup.undo(tunings, state)) == ['ok'] * 5
    assert contents(tree) == before


def test_what_is_said_of_a_change(tree, state):
    outcomes = setup.apply(all_tunings(as_root(tree)), state)
    power_mode, clocks, governor, _, rights = outcomes
    assert power_mode.reason == '25W → MAXN_SUPER'
    assert 'no power limit' in power_mode.advice
    assert clocks.reason == 'cpu0 730 to 1728 MHz, cpu4 730 to 1728 MHz, 17000000.gpu 306 to 1020 MHz → locked'
    assert 'the clocks are locked' in governor.reason
    assert 'next login' in rights.advice


def test_read_judges_nothing(tree):
    outcomes = setup.read(all_tunings(as_root(tree)))
    assert states(outcomes) == ['read'] * 5
    assert outcome_of(outcomes, 'power mode').reason == '25W'


def test_applied_twice_and_undone_once_is_as_at_first(tree, state):
    before = contents(tree)
    tunings = all_tunings(as_root(tree))
    setup.apply(tunings, state)
    put(tree, 'proc/sys/vm/swappiness', '60\n')  # somebody changed it in between
    assert states(setup.apply(tunings, state)) == ['ok', 'ok', 'ok', 'changed', 'ok']
    setup.undo(tunings, state)
    assert contents(tree) == before


def test_files_and_members_that_were_there_are_put_back_as_they_were(tree, state):
    put(tree, 'etc/sysctl.d/99-voice-pipeline.conf', '# mine\nvm.swappiness = 42\n\n')
    put(tree, 'etc/security/limits.d/99-realtime.conf', '@realtime - rtprio 5\n  # mine')
    put(tree, 'etc/group', f'root:x:0:\nrealtime:x:999:anna\naudio:x:29:{USER}\n')
    before = contents(tree)
    tunings = all_tunings(as_root(tree))
    setup.apply(tunings, state)
    assert contents(tree)['etc/security/limits.d/99-realtime.conf'].startswith('@realtime - rtprio 5\n')
    assert f'realtime:x:999:anna,{USER}\n' in contents(tree)['etc/group']
    setup.undo(tunings, state)
    assert contents(tree) == before


def test_clocks_that_were_locked_in_the_old_mode_are_locked_in_it_again(tree, state):
    run_command([str(tree / 'usr/bin/jetson_clocks')], text_input='', timeout_s=5)
    before = contents(tree)
    tunings = all_tunings(as_root(tree))
    outcomes = setup.apply(tunings, state)
    assert outcome_of(outcomes, 'clocks').state == 'changed'  # the new mode unlocked them
    setup.undo(tunings, state)
    assert contents(tree) == before


class PowerCutError(BaseException):
    """The process is gone in the middle of a command."""


@pytest.mark.parametrize(
    'last', ['nvpmodel -m 2', 'jetson_clocks', 'groupadd -f realtime', f'usermod -aG realtime {USER}']
)
def test_a_crash_in_the_middle_of_it_can_be_undone(tree, state, tmp_path, last):
    before = contents(tree)

    def crash(command, *, text_input, timeout_s):
        completed = run_command(command, text_input=text_input, timeout_s=timeout_s)
        if ' '.join(command).endswith(last):
            raise PowerCutError
        return completed

    with pytest.raises(PowerCutError):
        setup.apply(all_tunings(as_root(tree, run=crash)), state)
    setup.undo(all_tunings(as_root(tree)), SavedState(tmp_path / 'state' / 'saved.json', BOOT_ID))
    assert contents(tree) == before


def test_after_a_reboot_only_what_survived_it_is_undone(tree, state, tmp_path):
    tunings = all_tunings(as_root(tree))
    setup.apply(tunings, state)
    for policy in (0, 4):  # the clocks move again
        put(tree, f'sys/devices/system/cpu/cpufreq/policy{policy}/scaling_min_freq', f'{CPU_FLOOR_KHZ}\n')
    outcomes = setup.undo(tunings, SavedState(tmp_path / 'state' / 'saved.json', 'next boot'))
    assert states(outcomes) == ['changed', 'ok', 'ok', 'changed', 'changed']
    assert outcome_of(outcomes, 'power mode').reason == 'as before: 25W'


def test_a_mode_that_needs_a_reboot_is_reported_and_never_agreed_to(tree, state):
    put(tree, 'needs_reboot', '2\n')
    outcome = outcome_of(setup.apply(all_tunings(as_root(tree)), state), 'power mode')
    assert outcome.state == 'needs reboot'
    assert 'nvpmodel -m 2", and answer yes' in outcome.advice
    assert not (tree / 'rebooted').exists()
    assert contents(tree)['active_name'] == '25W\n'


def test_a_mode_that_needs_a_reboot_to_come_back_stays_saved_until_it_has(tree, state):
    tunings = all_tunings(as_root(tree))
    setup.apply(tunings, state)
    put(tree, 'needs_reboot', '1\n')
    assert states(setup.undo(tunings, state)) == ['needs reboot', 'changed', 'ok', 'changed', 'changed']
    (tree / 'needs_reboot').unlink()
    assert states(setup.undo(tunings, state)) == ['changed', 'ok', 'ok', 'ok', 'ok']
    assert contents(tree)['active_name'] == '25W\n'


def test_without_rights_nothing_is_touched_and_nothing_is_left_to_undo(tree, state):
    before = contents(tree)
    sudo = Sudo()
    tunings = all_tunings(Host(root=tree, is_root=False, run=sudo))
    outcomes = setup.apply(tunings, state)
    assert states(outcomes) == ['not permitted'] * 5
    assert 'a password is required' in outcomes[0].reason
    assert all('voice_pipeline jetson service' in outcome.advice for outcome in outcomes)
    assert sudo.refused
    assert contents(tree) == before
    assert state.entries() == {}


def test_where_sudo_is_not_installed(tree, state):
    def no_sudo(command, *, text_input, timeout_s):
        if command[0] == 'sudo':
            raise FileNotFoundError(2, 'No such file')
        return run_command(command, text_input=text_input, timeout_s=timeout_s)

    outcomes = setup.apply(all_tunings(Host(root=tree, is_root=False, run=no_sudo)), state)
    assert states(outcomes) == ['not permitted'] * 5


def test_the_generated_rights_are_enough_for_each_boot_and_for_nothing_else(tree, state):
    before = contents(tree)
    user = Host(root=tree, is_root=False)
    commands = [command for tuning in all_tunings(user) for command in tuning.root_commands()]
    sudo = Sudo(sudoers_file(USER, commands).text)
    tunings = all_tunings(Host(root=tree, is_root=False, run=sudo))
    assert states(setup.apply(tunings, state)) == ['changed', 'changed', 'ok', 'not permitted', 'not permitted']
    assert states(setup.undo(tunings, state)) == ['changed', 'changed', 'ok', 'ok', 'ok']
    assert contents(tree) == before
    assert [command.rpartition('/')[2] for command in sudo.refused] == [
        '99-voice-pipeline.conf',
        'groupadd -f realtime',
    ]


def test_the_governor_alone_where_there_is_no_jetson_clocks(tree, state):
    (tree / 'usr/bin/jetson_clocks').unlink()
    before = contents(tree)
    user = Host(root=tree, is_root=False)
    governor = all_tunings(user)[2]
    sudo = Sudo(sudoers_file(USER, governor.root_commands()).text)
    tunings = all_tunings(Host(root=tree, is_root=False, run=sudo), 'keep')
    outcomes = setup.apply(tunings, state)
    assert states(outcomes) == ['ok', 'not available', 'changed', 'not permitted', 'not permitted']
    assert outcome_of(outcomes, 'CPU governor').reason == 'schedutil → performance'
    setup.undo(tunings, state)
    assert contents(tree) == before


def test_a_command_that_hangs_is_ended_with_all_it_started_and_the_rest_goes_on(tree, state):
    put_program(
        tree, 'usr/sbin/nvpmodel', f'#!/bin/sh\nsleep 600 &\necho $! > {tree}/child\necho $$ > {tree}/parent\nwait\n'
    )
    outcomes = setup.apply(all_tunings(as_root(tree, timeout_s=0.5)), state)
    assert states(outcomes) == ['failed', 'changed', 'ok', 'changed', 'changed']
    assert 'did not end within 0.5 s' in outcomes[0].reason
    pids = [int((tree / name).read_text()) for name in ('child', 'parent')]
    deadline = time.monotonic() + 10
    while not all(map(has_ended, pids)) and time.monotonic() < deadline:
        os.sched_yield()
    assert all(map(has_ended, pids))


def test_a_board_without_power_modes(tree, state):
    (tree / 'etc/nvpmodel.conf').unlink()
    outcomes = setup.apply(all_tunings(as_root(tree)), state)
    assert states(outcomes) == ['not available', 'changed', 'ok', 'changed', 'changed']
    assert outcomes[0].reason == 'this board has no /etc/nvpmodel.conf'


@pytest.mark.parametrize(
    ('name', 'text', 'tuning', 'state_of_it', 'said'),
    [
        ('etc/nvpmodel/board.conf', '\0garbage', 'power mode', 'failed', 'no power mode can be read'),
        ('etc/nvpmodel/board.conf', '< POWER_MODEL ID=1 NAME=25W >', 'power mode', 'failed', 'does not say what'),
        ('var/lib/nvpmodel/status', 'pmode:0099', 'power mode', 'failed', 'mode 99, which is not in'),
        ('proc/sys/vm/swappiness', 'much', 'swappiness', 'not available', 'no swappiness'),
        ('usr/bin/jetson_clocks', '#!/bin/sh\nexit 0\n', 'clocks', 'failed', 'stored nothing'),
        ('usr/sbin/groupadd', '#!/bin/sh\necho locked\nexit 10\n', 'real-time rights', 'failed', 'groupadd: locked'),
        ('usr/sbin/groupadd', 'no program', 'real-time rights', 'failed', 'groupadd'),
    ],
)
def test_broken_files_and_programs_are_named_and_do_no_harm(tree, state, name, text, tuning, state_of_it, said):
    put(tree, name, text)
    outcomes = setup.apply(all_tunings(as_root(tree)), state)
    assert outcome_of(outcomes, tuning).state == state_of_it
    assert said in outcome_of(outcomes, tuning).reason
    others = [outcome.state for outcome in outcomes if outcome.tuning != tuning]
    assert set(others) <= {'changed', 'ok'}


def test_a_tool_that_does_nothing_is_not_believed(tree, state):
    put_program(tree, 'usr/bin/jetson_clocks', '#!/bin/sh\n[ "$1" = --store ] && echo x > "$2"\nexit 0\n')
    outcome = outcome_of(setup.apply(all_tunings(as_root(tree)), state), 'clocks')
    assert outcome.state == 'failed'
    assert 'still cpu0' in outcome.reason


def test_the_mode_in_use_without_a_status_file_is_asked_for(tree):
    (tree / 'var/lib/nvpmodel/status').unlink()
    assert setup.read(all_tunings(as_root(tree)))[0].reason == '25W'


@pytest.mark.parametrize(
    ('wanted', 'outcome', 'reason'),
    [
        ('keep', 'ok', '25W'),
        ('25W', 'ok', '25W'),
        ('maxn_super', 'differs', '25W; wanted: MAXN_SUPER'),
        ('7W', 'differs', '25W; wanted: 7W'),
        ('50W', 'failed', "this board has no power mode '50W'"),
    ],
)
def test_the_power_mode_by_its_name(tree, wanted, outcome, reason):
    power_mode = setup.verify(all_tunings(as_root(tree), wanted))[0]
    assert (power_mode.state, power_mode.reason) == (outcome, reason)


@pytest.mark.parametrize(('swap', 'outcome'), [('', 'ok'), ('/dev/zram1', 'ok'), ('/dev/nvme0n1p2', 'differs')])
def test_swappiness_matters_for_swap_on_a_disk_only(tmp_path, swap, outcome):
    tree = make_tree(tmp_path / 'nano', NANO_SUPER, swap=swap)
    assert outcome_of(setup.verify(all_tunings(as_root(tree))), 'swappiness').state == outcome


@pytest.mark.parametrize(
    'text', ['', 'null', '{"version": 2, "entries": {}}', '{"entries": {"clocks": 1}}', '\0' * MAX_BYTES]
)
def test_a_broken_file_of_what_was_there_stops_all_changes(tree, tmp_path, state, text):
    put(tmp_path, 'state/saved.json', text)
    before = contents(tree)
    tunings = all_tunings(as_root(tree))
    for outcomes in (setup.apply(tunings, state), setup.undo(tunings, state), setup.plan_undo(tunings, state)):
        assert states(outcomes) == ['failed'] * 5
        assert 'remove it if nothing has to be undone' in outcomes[0].reason
    assert contents(tree) == before


def test_nothing_is_changed_where_nothing_can_be_saved(tree, tmp_path):
    put(tmp_path, 'state', 'a file where a folder should be')
    before = contents(tree)
    outcomes = setup.apply(all_tunings(as_root(tree)), SavedState(tmp_path / 'state' / 'saved.json', BOOT_ID))
    assert states(outcomes) == ['failed'] * 5
    assert contents(tree) == before


def test_a_file_too_large_to_be_saved_is_left_alone(tree, state):
    put(tree, 'etc/sysctl.d/99-voice-pipeline.conf', '#' * MAX_BYTES)
    outcomes = setup.apply(all_tunings(as_root(tree)), state)
    assert 'failed' in states(outcomes)
    assert contents(tree)['etc/sysctl.d/99-voice-pipeline.conf'] == '#' * MAX_BYTES


def test_what_undo_would_bring_back(tree, state):
    tunings = all_tunings(as_root(tree))
    setup.apply(tunings, state)
    after = contents(tree)
    assert states(setup.plan_undo(tunings, state)) == [
        'would change',
        'would change',
        'ok',
        'would change',
        'would change',
    ]
    assert contents(tree) == after
