"""Which words of a growing transcript are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.recognition.settled import SettledText

STEP_S = 0.1


def shown(*revisions, hold_s=0.2):
    text = SettledText(hold_s)
    return [text.revise(heard, index * STEP_S) for index, heard in enumerate(revisions)]


@pytest.mark.parametrize(
    ('heard', 'expected'),
    [
        (['go', 'go', 'go'], ['', '', 'go']),
        (['go', 'go for', 'go forward', 'go forward', 'go forward'], ['', '', 'go', 'go', 'go forward']),
        (['Go.', 'go', 'Go!'], ['', '', 'Go']),  # case and punctuation are guesses as well
        (['stop'] * 3 + ['a'] + ['stop'] * 2, ['', '', 'stop', 'stop', 'stop', 'stop']),  # one slip changes nothing
        (['stop'] * 3 + ['', '', 'stop'], ['', '', 'stop', 'stop', 'stop', 'stop']),
        (['burn'] * 3 + ['turn'] * 3, ['', '', 'burn', 'burn', 'burn', 'turn']),  # unless they agree on it
        (['John had'] * 3 + ['and John had'] * 3, ['', '', 'John had', 'John had', 'John had', 'and John had']),
        (['turn left', 'turn', 'turn left'], ['', '', 'turn']),
        (['go 50%'] * 3, ['', '', 'go 50%']),
    ],
)
def test_a_word_is_shown_once_all_revisions_of_the_while_agree(heard, expected):
    assert shown(*heard) == expected


def test_without_a_while_all_is_shown_at_once():
    assert shown('go for it', 'go forward', hold_s=0.0) == ['go for it', 'go forward']


def test_a_pause_shows_everything_and_what_follows_is_added_to_it():
    text = SettledText(0.2)
    text.revise('turn', 0.0)

    assert text.settle('Turn left.') == 'Turn left.'
    assert text.revise('turn left nine', 0.4) == 'Turn left'
    assert text.revise('turn left ninety', 0.5) == 'Turn left'
    assert text.revise('turn left ninety', 0.6) == 'Turn left'
    assert text.revise('turn left ninety', 0.7) == 'turn left ninety'


@given(
    st.lists(st.lists(st.sampled_from(['go', 'stop', 'left']), max_size=4), max_size=12),
    st.sampled_from([0.0, 0.1, 0.3]),
)
def test_what_is_shown_was_heard_by_all_revisions_of_some_while(heard, hold_s):
    text = SettledText(hold_s)
    span = round(hold_s / STEP_S)
    for index, words in enumerate(heard):
        result = text.revise(' '.join(words), index * STEP_S).split()
        spans = [heard[end - span : end + 1] for end in range(span, index + 1)]
        assert not result or any(all(one[: len(result)] == result for one in among) for among in spans)
