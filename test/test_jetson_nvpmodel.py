"""The fastest power mode is found by what the modes allow, whatever their numbers are."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetson_tree import BOARDS, NANO_SUPER, configuration

from voice_pipeline.jetson.nvpmodel import (
    PowerMode,
    asks_for_reboot,
    fastest,
    parse_power_modes,
    parse_query,
    parse_status,
)


@pytest.mark.parametrize('board', BOARDS.values(), ids=BOARDS)
def test_the_fastest_mode_of_each_board(board):
    assert fastest(parse_power_modes(configuration(board))).name == board.fastest


def test_what_a_mode_allows():
    fifteen_watts, _, most, _ = parse_power_modes(configuration(NANO_SUPER))
    assert fifteen_watts == PowerMode(0, '15W', 6, 1497600.0, 612000000.0, 2133000000.0)
    assert most == PowerMode(2, 'MAXN_SUPER', 6, math.inf, math.inf, math.inf)
    assert (fifteen_watts.is_uncapped, most.is_uncapped) == (False, True)


def mode(number=0, name='M', cores=6, cpu=1500000, gpu=600000000, emc=2133000000):
    return PowerMode(number, name, cores, cpu, gpu, emc)


@pytest.mark.parametrize(
    ('slower', 'faster'),
    [
        (mode(cpu=2000000), mode(1, emc=3199000000, cpu=1300000)),  # 15 W has faster cores than 25 W
        (mode(cpu=2000000), mode(1, gpu=900000000)),
        (mode(cores=4, cpu=2000000), mode(1, cores=8)),
        (mode(), mode(1, cpu=1600000)),
        (mode(), mode(1, emc=None)),  # free
        (mode(1, 'CUSTOM'), mode(2, 'MAXN')),  # alike: the one that NVIDIA calls the fastest
        (mode(3, 'MAXN_MINE'), mode(2, 'MAXN')),  # alike: the first
    ],
)
def test_memory_then_gpu_then_cores_then_cpu(slower, faster):
    assert fastest([slower, faster]) == faster
    assert fastest([faster, slower]) == faster


def test_a_file_cut_off_in_the_middle_does_not_make_the_last_mode_the_fastest():
    text = configuration(NANO_SUPER)
    end = text.index('< POWER_MODEL ID=3')
    for length in range(end, text.index('< PM_CONFIG'), 7):
        assert fastest(parse_power_modes(text[:length])).name == 'MAXN_SUPER'


def test_attributes_and_space_may_stand_in_any_order():
    text = '<POWER_MODEL NAME=FAST   ID=7>\n  CPU_ONLINE CORE_0  1 # on\nCPU_A78_0 MAX_FREQ -1\nGPU MAX_FREQ 0\n'
    assert parse_power_modes(text) == [PowerMode(7, 'FAST', 1, math.inf, math.inf, None)]


@pytest.mark.parametrize(
    'text',
    [
        '',
        '\0\0\0',
        '< POWER_MODEL ID= NAME=X >',
        '< POWER_MODEL ID=-1 NAME=X >',
        '< POWER_MODEL ID=1 >',
        '# < POWER_MODEL ID=1 NAME=X >',
        'CPU_ONLINE CORE_0 1\nGPU MAX_FREQ -1',
    ],
)
def test_what_names_no_mode(text):
    assert parse_power_modes(text) == []
    assert fastest([]) is None


def test_modes_without_any_content_cannot_be_judged():
    modes = parse_power_modes('< POWER_MODEL ID=0 NAME=MAXN >\n< POWER_MODEL ID=1 NAME=15W >\nGPU MAX_FREQ many\n')
    assert [mode.name for mode in modes] == ['MAXN', '15W']
    assert fastest(modes) is None


@given(st.lists(st.sampled_from(configuration(NANO_SUPER).split(' ')), max_size=60).map(' '.join) | st.text())
def test_no_text_is_too_broken(text):
    assert all(isinstance(found, PowerMode) for found in parse_power_modes(text))
    fastest(parse_power_modes(text))


@pytest.mark.parametrize(
    ('output', 'number'),
    [
        ('NV Power Mode: MAXN_SUPER\n2\n', 2),
        ('NVPM WARN: fan mode is not set!\nNV Power Mode: 15W\n0\n', 0),
        ('NVPM ERROR: Error opening /var/lib/nvpmodel/status: 2\n', None),
        ('', None),
    ],
)
def test_the_mode_in_use_as_nvpmodel_prints_it(output, number):
    assert parse_query(output) == number


@pytest.mark.parametrize(('text', 'number'), [('pmode:0002', 2), ('pmode:0010 fmode:cool', 10), ('fmode:cool', None)])
def test_the_mode_in_use_as_the_status_file_says_it(text, number):
    assert parse_status(text) == number


def test_the_question_for_a_reboot():
    assert asks_for_reboot('NVPM WARN: Reboot required for changing to this power mode: 1')
    assert not asks_for_reboot('NV Power Mode: 15W')
