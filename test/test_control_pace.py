"""How steady the loop is, and what it may ask of the system."""

import os
import threading

import pytest

from voice_pipeline.control.pace import Pace, ask_for_real_time, is_too_slow

MS = 1_000_000


def paced(periods_ms, rate_hz=50.0):
    pace, now_ns = Pace(rate_hz), 0
    pace.note(now_ns)
    for period_ms in periods_ms:
        now_ns += round(period_ms * MS)
        pace.note(now_ns)
    return pace.periods_ms()


def test_before_there_is_a_period_nothing_is_known():
    assert paced([]) is None


def test_the_periods_of_the_last_cycles_count_and_no_others():
    summary = paced([500.0] * 10 + [20.0] * 990 + [24.0] * 10)
    assert (summary.count, summary.p50, summary.max) == (1000, 20.0, 24.0)


@pytest.mark.parametrize(('late', 'is_slow'), [(1, False), (11, True)])
def test_slower_than_it_may_be_is_what_happens_more_than_once_in_a_hundred_cycles(late, is_slow):
    assert is_too_slow(paced([20.0] * (1000 - late) + [51.0] * late)) == is_slow


def ask_in_a_thread(priority):
    """Ask for a thread of its own: a test must not leave its process at another priority."""
    said = []

    def ask():
        words = ask_for_real_time(priority)
        said.append((words, os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return said[0]


def test_real_time_priority_is_had_or_refused_in_words():
    words, scheduler = ask_in_a_thread(20)
    if scheduler == os.SCHED_FIFO:
        assert words == 'real-time priority 20'
    else:
        assert words.startswith('normal priority: real-time priority 20 is not permitted')


def test_what_the_system_refuses_is_said(monkeypatch):
    def refuse(*_):
        raise PermissionError(1, 'Operation not permitted')

    monkeypatch.setattr(os, 'sched_setscheduler', refuse)
    words = ask_for_real_time(20)
    assert words == 'normal priority: real-time priority 20 is not permitted (Operation not permitted)'


def test_without_a_priority_nothing_is_asked_for():
    assert ask_in_a_thread(0) == ('normal priority', os.SCHED_OTHER)
