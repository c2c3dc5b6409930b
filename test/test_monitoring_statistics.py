import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.monitoring.statistics import (
    GapCounter,
    OverallRate,
    RateMeter,
    ReasonCounter,
    Recent,
    Waiting,
    Window,
)

MS = 1_000_000
S = 1_000 * MS
finite = st.floats(min_value=-1e9, max_value=1e9)


def test_an_empty_window_has_no_values():
    window = Window(3)
    assert window.summary() is None
    assert window.mean() is None


@given(st.lists(finite, min_size=1, max_size=60), st.integers(1, 20))
def test_a_window_describes_its_newest_values(values, size):
    window = Window(size)
    for value in values:
        window.add(value)
    newest = values[-size:]
    summary = window.summary()
    assert len(window) == summary.count == len(newest)
    assert summary.max == max(newest)
    assert summary.mean == pytest.approx(np.mean(newest))
    assert summary.deviation == pytest.approx(np.std(newest), abs=1e-6 * (1 + max(map(abs, newest))))
    for percent, value in ((50, summary.p50), (95, summary.p95), (99, summary.p99)):
        assert value == np.percentile(newest, percent, method='inverted_cdf')


@given(st.lists(finite, min_size=1, max_size=60))
def test_percentiles_are_ordered_and_observed(values):
    window = Window(100)
    for value in values:
        window.add(value)
    summary = window.summary()
    assert summary.p50 <= summary.p95 <= summary.p99 <= summary.max
    assert {summary.p50, summary.p95, summary.p99, summary.max} <= set(values)


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_left_out(value):
    window = Window(3)
    window.add(value)
    assert window.summary() is None


def test_a_window_needs_room():
    with pytest.raises(ValueError, match='size is 0'):
        Window(0)


def test_there_is_no_rate_before_the_second_message():
    meter = RateMeter(10)
    assert meter.rate_hz() is None
    meter.tick('a', 0)
    assert meter.rate_hz() is None


@given(st.integers(2, 40), st.integers(1, 500), st.lists(st.integers(0, 10_000), max_size=5))
def test_the_pause_between_utterances_does_not_count(messages, period_ms, pauses_ms):
    meter, at_ns = RateMeter(1000), 0
    for utterance, pause_ms in enumerate([0, *pauses_ms]):
        at_ns += pause_ms * MS
        for _ in range(messages):
            meter.tick(utterance, at_ns)
            at_ns += period_ms * MS
    assert meter.rate_hz() == pytest.approx(1000 / period_ms)


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=30))
def test_a_stall_within_an_utterance_counts(intervals_ms):
    meter, at_ns = RateMeter(1000), 0
    meter.tick('a', at_ns)
    for interval_ms in intervals_ms:
        at_ns += interval_ms * MS
        meter.tick('a', at_ns)
    assert meter.rate_hz() == pytest.approx(len(intervals_ms) * 1000 / sum(intervals_ms))
    assert meter.intervals_ms().max == max(intervals_ms)


def test_an_ended_activity_may_go_on_later_without_a_stall():
    meter = RateMeter(10)
    for at_ns in (0, 100 * MS):
        meter.tick('motion', at_ns)
    meter.end()
    for at_ns in (20 * S, 20 * S + 100 * MS):
        meter.tick('motion', at_ns)
    assert meter.rate_hz() == pytest.approx(10)


@pytest.mark.parametrize('jump_ns', [-3600 * S, 3600 * S])
def test_a_step_of_the_clock_is_not_an_interval(jump_ns):
    meter = RateMeter(10)
    for at_ns in (0, 100 * MS, 100 * MS + jump_ns, 200 * MS + jump_ns):
        meter.tick('a', 10_000 * S + at_ns)
    assert meter.rate_hz() == pytest.approx(10)


def test_messages_at_the_same_instant_have_no_rate():
    meter = RateMeter(10)
    meter.tick('a', S)
    meter.tick('a', S)
    assert meter.rate_hz() is None


def test_old_intervals_leave_the_meter():
    meter = RateMeter(4)
    times_ms = [0, 1000, 2000, 3000, 3100, 3200, 3300, 3400]
    for at_ms in times_ms:
        meter.tick('a', at_ms * MS)
    assert meter.rate_hz() == pytest.approx(10)


@given(st.sets(st.integers(1, 30)), st.integers(31, 35))
def test_missing_numbers_are_counted(lost, last):
    gaps = GapCounter()
    for number in range(last + 1):
        if number not in lost:
            gaps.add('a', number)
    assert gaps.missing == len(lost)


def test_numbers_missing_at_the_start_count_unless_the_counter_came_late():
    gaps = GapCounter()
    assert gaps.add('joined in the middle', 7) == 0
    assert gaps.add('heard from the start', 2) == 2


def test_repeated_and_interleaved_numbers_miss_nothing():
    gaps = GapCounter()
    for key, number in [('a', 0), ('a', 0), ('b', 0), ('a', 1), ('b', 1), ('a', 0), ('a', 2)]:
        gaps.add(key, number)
    assert gaps.missing == 0


def test_what_was_not_used_for_longest_is_forgotten():
    recent = Recent(2)
    recent.put('a', 1)
    recent.put('b', 2)
    assert recent.get('a') == 1
    recent.put('c', 3)
    assert [recent.get(key) for key in 'abc'] == [1, None, 3]
    assert len(recent) == 2


@pytest.mark.parametrize('duration_s', [10, 60, 200])
def test_the_overall_rate_counts_the_pauses_too(duration_s):
    overall = OverallRate()
    for second in range(0, duration_s, 2):
        for message in range(10):
            overall.tick(second * S + message * S // 10)
    assert overall.rate_hz(duration_s * S) == pytest.approx(5, rel=0.03)


def test_the_overall_rate_is_of_the_newest_minute():
    overall = OverallRate()
    assert overall.rate_hz(0) is None
    overall.tick(0)
    assert overall.rate_hz(S // 2) is None
    for second in range(10):
        overall.tick(second * S)
    assert overall.rate_hz(20 * S) == pytest.approx(11 / 20)
    assert overall.rate_hz(3600 * S) == 0


@pytest.mark.parametrize('jump_s', [-3600, -5, 3600])
def test_the_overall_rate_begins_again_when_the_clock_is_set(jump_s):
    overall, start_s = OverallRate(), 10_000
    for second in (*range(start_s, start_s + 100), *range(start_s + 100 + jump_s, start_s + 200 + jump_s)):
        for _ in range(10):
            overall.tick(second * S)
    assert overall.rate_hz((start_s + 200 + jump_s) * S) == pytest.approx(10, rel=0.05)


def test_reasons_are_counted_by_kind_whatever_the_numbers():
    reasons = ReasonCounter()
    for reason in ('9 metres is too far', 'no map', '12.5 metres is too far'):
        reasons.add(reason)
    assert reasons.counts() == {'# metres is too far': 2, 'no map': 1}


def test_there_are_only_so_many_kinds_of_reasons():
    reasons = ReasonCounter(kinds=2)
    for reason in ('a', 'b', 'c', 'd', 'a'):
        reasons.add(reason)
    assert reasons.counts() == {'a': 2, ReasonCounter.OTHER: 2, 'b': 1}


def test_what_is_answered_waits_no_more():
    waiting = Waiting()
    for number in range(4):
        waiting.ask(number)
    waiting.answer(1)
    assert len(waiting) == 3
    waiting.answer(2, and_all_before=True)
    assert len(waiting) == 1


def test_an_answer_may_be_faster_than_the_question_and_come_twice():
    waiting = Waiting()
    waiting.answer('a', and_all_before=True)
    waiting.ask('a')
    waiting.answer('a', and_all_before=True)
    assert len(waiting) == 0


def test_only_so_much_can_wait():
    waiting = Waiting(size=3)
    for number in range(10):
        waiting.ask(number)
    assert len(waiting) == 3
