"""How steady the loop is, and what it may ask of the system."""

import os
import subprocess
import sys

import pytest

from voice_pipeline.control import pace
from voice_pipeline.control.pace import Pace, ask_for_real_time, is_too_slow

MS = 1_000_000


def run(periods_ms, rate_hz=50.0):
    measured, now_ns = Pace(rate_hz), 0
    measured.note(now_ns)
    for period_ms in periods_ms:
        now_ns += round(period_ms * MS)
        measured.note(now_ns)
    return measured


def paced(periods_ms):
    return run(periods_ms).periods_ms()


def test_before_there_is_a_period_nothing_is_known():
    assert paced([]) is None


def test_the_periods_of_the_last_cycles_count_and_no_others():
    summary = paced([500.0] * 10 + [20.0] * 990 + [24.0] * 10)
    assert (summary.count, summary.p50, summary.max) == (1000, 20.0, 24.0)


@pytest.mark.parametrize(('late', 'is_slow'), [(1, False), (11, True)])
def test_slower_than_it_may_be_is_what_happens_more_than_once_in_a_hundred_cycles(late, is_slow):
    assert is_too_slow(paced([20.0] * (1000 - late) + [56.0] * late)) == is_slow


@pytest.mark.parametrize(
    ('periods_ms', 'missed'), [([20.0, 29.0, 11.0], 0), ([20.0, 31.0, 20.0], 1), ([20.0, 100.0], 4), ([], 0)]
)
def test_a_cycle_that_did_not_begin_in_its_time_is_missed(periods_ms, missed):
    measured = run(periods_ms)
    assert (measured.cycles, measured.missed) == (len(periods_ms) + 1, missed)


def test_the_figures_have_names():
    assert Pace(50.0).values() == {'nominal (ms)': '20.00', 'cycles': '0', 'missed cycles': '0'}
    assert run([20.0, 40.0]).values() == {
        'nominal (ms)': '20.00',
        'period p50 (ms)': '20.00',
        'period p99 (ms)': '40.00',
        'period max (ms)': '40.00',
        'cycles': '3',
        'missed cycles': '1',
    }


def test_the_first_cycles_are_not_judged():
    assert not is_too_slow(paced([20.0, 500.0, 20.0]))


ASK = """
import os, threading
from voice_pipeline.control import pace
from voice_pipeline.control.pace import ask_for_real_time

ended = threading.Event()
before = threading.Thread(target=ended.wait)
before.start()
words = ask_for_real_time({priority})
later = threading.Thread(target=ended.wait)
later.start()
print(words)
print(*(os.sched_getscheduler(thread.native_id) for thread in (threading.main_thread(), before, later)))
ended.set()
"""


def ask_in_a_process(priority):
    """Ask for a process of its own; returns the words, and how its main, earlier and later threads are scheduled."""
    command = [sys.executable, '-c', ASK.format(priority=priority)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    return said[0], [int(scheduler) for scheduler in said[1].split()]


def test_real_time_priority_is_had_by_all_threads_or_refused_in_words():
    words, schedulers = ask_in_a_process(20)
    if words == 'real-time priority 20':
        assert schedulers == [os.SCHED_FIFO] * 3
    else:
        assert words.startswith('normal priority: real-time priority 20 is not permitted')
        assert schedulers == [os.SCHED_OTHER] * 3


def test_what_the_system_refuses_is_said(monkeypatch):
    def refuse(*_):
        raise PermissionError(1, 'Operation not permitted')

    monkeypatch.setattr(os, 'sched_setscheduler', refuse)
    words = ask_for_real_time(20)
    assert words == 'normal priority: real-time priority 20 is not permitted (Operation not permitted)'


def test_where_there_are_no_such_priorities_the_loop_runs_without(monkeypatch, tmp_path):
    monkeypatch.setattr(pace, 'THREADS', tmp_path / 'nowhere')
    assert ask_for_real_time(20).startswith('normal priority: real-time priority 20 is not permitted')


def test_without_a_priority_nothing_is_asked_for():
    assert ask_in_a_process(0) == ('normal priority', [os.SCHED_OTHER] * 3)
