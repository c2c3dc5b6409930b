"""What goes together, and how long it waits for that."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.recognition.batching import MOST_PADDING, MicroBatcher

LONG_S = 60.0  # a test that waits for this long has failed


@given(st.lists(st.integers(1, 3000)), st.integers(1, 8))
def test_every_item_is_in_one_batch_that_is_small_and_of_like_lengths(lengths, max_size):
    batches = MicroBatcher(max_size, 0.01).batches(lengths, float)

    assert sorted(length for batch in batches for length in batch) == sorted(lengths)
    for batch in batches:
        assert 1 <= len(batch) <= max_size
        assert max(batch) <= MOST_PADDING * min(batch)


def test_what_is_as_long_goes_together():
    assert MicroBatcher(8, 0.01).batches([300, 100, 140, 310], float) == [[100, 140], [300, 310]]


@pytest.mark.parametrize(
    ('max_size', 'max_wait_s', 'expected'),
    [(8, LONG_S, 1), (8, LONG_S, 0), (1, LONG_S, 3), (8, 0.0, 3)],
)
def test_nobody_waits_where_nothing_can_be_gained(max_size, max_wait_s, expected):
    asked = []
    changed = threading.Condition()
    with changed:
        MicroBatcher(max_size, max_wait_s).wait_for_others(changed, expected, lambda: asked.append(True) or False)
    assert asked == []


def test_the_first_waits_until_the_batch_is_complete():
    changed = threading.Condition()
    there = []

    def come():
        with changed:
            there.append('another')
            changed.notify()

    with changed:
        thread = threading.Thread(target=come)
        thread.start()  # gets the lock when the first waits
        MicroBatcher(8, LONG_S).wait_for_others(changed, 2, lambda: bool(there))
        assert there == ['another']
    thread.join()


def test_the_first_goes_alone_when_nobody_comes():
    changed = threading.Condition()
    with changed:
        MicroBatcher(8, 0.001).wait_for_others(changed, 2, lambda: False)
