"""When an answer is a loop, and when a person may have said it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.recognition.loops import LoopWatch, second_saying


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('turn left turn left', 'turn left'),
        ('turn left 90 degrees turn left', 'turn left 90 degrees'),
        ('10 of clubs 10 of clubs 10 of', '10 of clubs'),
        ('stop stop stop', 'stop'),
        ('go to the kitchen the kitchen', 'go to the kitchen'),
        ('go to the red the red the red', 'go to the red'),
        ('turn around no no no no', 'turn around no'),
    ],
)
def test_a_second_saying_is_found(text, expected):
    words = text.split()

    assert words[: second_saying(words)] == expected.split()


@pytest.mark.parametrize(
    'text',
    [
        '',
        'go',
        'stop stop',
        'turn left and turn right',
        'go to the kitchen and go',
        'bring me the red cup and the red',
        'room 1 1 2',
    ],
)
def test_what_only_has_words_in_common_is_no_repetition(text):
    assert second_saying(text.split()) is None


@given(st.lists(st.integers(0, 5).map(str), min_size=1, max_size=6), st.integers(2, 4), st.data())
def test_a_loop_of_any_length_is_found_at_the_latest_when_it_was_said_three_times(part, times, data):
    before = data.draw(st.lists(st.sampled_from(['a', 'b', 'c']), max_size=5, unique=True))
    words = before + part * (times + 1)

    start = second_saying(words)

    assert start is not None
    assert len(before) < start <= len(before) + len(part)


WORDS = (' Turn', ' left', ' 90', ' degrees', '.', ' turn', ' Stop')


def watch():
    return LoopWatch(lambda tokens: ''.join(WORDS[token] for token in tokens))


@pytest.mark.parametrize(
    ('tokens', 'duration_s', 'kept'),
    [
        ([0, 1, 2, 3, 4, 0, 1, 2, 3, 4], 1.4, 5),
        ([0, 1, 2, 3, 4, 5, 1, 2, 3, 4], 1.4, 5),  # in lower case
        ([0, 1, 2, 3, 4, 0, 1, 2, 3, 4], 2.0, None),  # slowly enough to have been said
        ([6, 4, 6, 4, 6, 4, 6, 4], 0.7, 2),
        ([6, 4, 6, 4, 6, 4], 1.2, None),
        ([0, 1, 2, 3, 4], 0.1, None),  # fast, but no repetition
        ([], 0.0, None),
    ],
)
def test_a_loop_is_cut_where_nobody_can_have_said_it(tokens, duration_s, kept):
    assert watch().cut(tokens, duration_s) == kept


def test_a_repetition_that_may_have_been_said_is_only_noted():
    assert watch().repeats([0, 1, 4, 5, 1, 4])
    assert not watch().repeats([0, 1, 2, 3, 4])
