"""Verdicts do not flicker, and each change is told once, with its likely cause."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from monitoring_script import S, Script

from voice_pipeline.monitoring.budgets import HysteresisTimes, load_budgets
from voice_pipeline.monitoring.changes import Changes
from voice_pipeline.monitoring.hysteresis import SteadyVerdict
from voice_pipeline.monitoring.machine import MachineSample
from voice_pipeline.monitoring.report import Level, Verdict

OK, WARN, ERROR, STALE = Level.OK, Level.WARN, Level.ERROR, Level.STALE
TIMES = HysteresisTimes(worse_after_s=2, better_after_s=5)
LETTERS = {'o': OK, 'w': WARN, 'e': ERROR, 's': STALE}


def shown(judged, times=TIMES):
    """The levels shown, one letter a second, for the levels that were judged."""
    steady = SteadyVerdict(times)
    letters = {level: letter for letter, level in LETTERS.items()}
    verdicts = [steady.take(Verdict(LETTERS[one], one), second * S) for second, one in enumerate(judged)]
    return ''.join(letters[verdict.level] for verdict in verdicts)


COURSES = [
    # judged             shown
    ('oooooo', 'oooooo'),
    ('oeeeee', 'oooeee'),  # worse for two seconds
    ('oeoeoeoe', 'oooooooo'),  # one late sentence is no alarm
    ('eeeoooooooo', 'ooeeeeeeooo'),  # better for five
    ('eeeooooeoooooo', 'ooeeeeeeeeeeeo'),  # one good one is no all-clear
    ('owweeee', 'ooowwee'),  # to the level that was kept all the time, then on
    ('eeewwwwwwoooooo', 'ooeeeeeewwwwwwo'),
    ('eeeowowowow', 'ooeeeeeewww'),  # better all the time, but no more than a warning
    ('osoooooooo', 'ossssssooo'),  # stale at once: its own time has passed
    ('eeeseeeeeeeee', 'ooesssssseeee'),
]


@pytest.mark.parametrize(('judged', 'expected'), COURSES, ids=[judged for judged, _ in COURSES])
def test_a_level_holds_for_a_while_before_it_changes(judged, expected):
    assert shown(judged) == expected


@given(st.text('owes', min_size=1, max_size=40))
def test_without_patience_what_is_judged_is_shown(judged):
    assert shown(judged, HysteresisTimes(worse_after_s=0, better_after_s=0)) == judged


@given(st.text('owes', min_size=1, max_size=40), st.sampled_from('owes'))
def test_what_lasts_is_shown_in_the_end(judged, last):
    assert shown(judged + 12 * last)[-1] == last


@given(st.text('owe', min_size=1, max_size=40))
def test_the_reason_is_one_that_was_given_for_the_level_shown(judged):
    steady = SteadyVerdict(TIMES)
    for second, one in enumerate(judged):
        verdict = steady.take(Verdict(LETTERS[one], one), second * S)
        assert verdict.reason == 'no data yet' or LETTERS[verdict.reason] == verdict.level


def test_a_clock_that_is_set_back_holds_nothing_up():
    steady = SteadyVerdict(TIMES)
    bad = Verdict(ERROR, 'slow')
    steady.take(bad, 1000 * S)
    levels = [steady.take(bad, second * S).level for second in range(4)]
    assert levels == [OK, OK, ERROR, ERROR]


def busy(percent):
    return MachineSample(core_percents=(percent, percent), gpu_percent=None, memory_mb=700.0)


def test_the_installed_patience_keeps_a_short_peak_from_the_report():
    script = Script(load_budgets())
    levels = []
    for percent in (20.0, 100.0, 100.0, 20.0):
        script.monitor.on_machine(busy(percent))
        levels.append(script.report().machine.verdict.level)
        script.wait(1_000)
    assert levels == [OK] * 4


def test_the_whole_is_judged_by_the_steady_verdicts():
    script = Script(load_budgets())
    for _ in range(4):
        script.monitor.on_machine(busy(95.0))
        report = script.report()
        assert report.overall.level == report.machine.verdict.level
        script.wait(1_000)
    assert report.overall == Verdict(ERROR, 'machine: CPU 95.00 % is above the budget of 80 %')


def test_a_change_is_told_once_with_its_cause_and_its_end():
    script, changes, told = Script(), Changes(), []
    for percent in (95.0, 95.0, 20.0, 20.0, 20.0):
        script.monitor.on_machine(busy(percent))
        told += changes.since_last(script.report())
    assert [(change.level, change.line) for change in told] == [
        (
            ERROR,
            'machine: OK -> ERROR: CPU 95.00 % is above the budget of 80 %; '
            'likely cause: CPU at 95 % (most of it other programs)',
        ),
        (OK, 'machine: ERROR -> OK: within budget'),
    ]


def test_at_the_start_all_is_well():
    assert Changes().since_last(Script().report()) == []


def test_a_stage_that_falls_silent_is_told():
    script = Script(msgspec.structs.replace(load_budgets(), hysteresis=TIMES))
    changes = Changes()
    script.audio(frames=50)
    assert changes.since_last(script.report()) == []
    script.wait(3_000)
    (change,) = changes.since_last(script.report())
    assert (change.level, change.line) == (STALE, 'audio: OK -> STALE: no audio for 3.0 s')
