import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.tools.words import plain_words, word_errors

TEXTS = st.text(alphabet='abc 123.,-%\'"mé', max_size=40)


@pytest.mark.parametrize(
    ('said', 'heard'),
    [
        ('go forward ten meters', 'Go forward 10 meters.'),
        ('go forward ten meters', 'go forward 10m'),
        ('go forward ten meters', 'Go forward, 10 metres!'),
        ('turn left ninety degrees', 'Turn left 90°.'),
        ('turn one eighty', 'Turn 180.'),
        ('two nine three four zero', '2-9-3-4-0'),
        ('two nine three four zero', '29340.'),
        ('five five', '5, 5.'),
        ('wait thirty seconds', 'Wait 30s.'),
        ('set the speed to zero point five meters per second', 'Set the speed to 0.5 m/s.'),
        ('thirty percent', '30%'),
        ('the second door', 'the 2nd door'),
        ('and mister john dashwood', 'And Mr. John Dashwood'),
        ('okay do not move', "OK, don't move."),
        ('rather cold hearted', 'rather cold-hearted'),
        ('um go to the kitchen', 'Go to the kitchen.'),
        ('towards the grey door', 'Toward the gray door.'),
        ('', ''),
        ('', '...'),
    ],
)
def test_the_same_words_in_another_spelling(said, heard):
    assert word_errors(said, heard)[0] == 0


@pytest.mark.parametrize(
    ('said', 'heard', 'errors', 'words'),
    [
        ('turn left', 'turn right', 1, 2),
        ('turn left', 'turn', 1, 2),
        ('turn left', '', 2, 2),
        ('turn left', 'please turn left now', 2, 2),
        ('turn left', 'Turn left. Turn left.', 2, 2),
        ('turn left then stop', 'left turn then stop', 2, 4),
        ('go ten meters', 'go 10 feet', 1, 3),
        ('turn nineteen degrees', 'turn 90 degrees', 1, 3),
        ('go back', 'go forward two meters', 3, 2),
        ('a circle', 'a rotation', 1, 2),
        ('', 'Thank you.', 2, 0),
    ],
)
def test_wrong_words(said, heard, errors, words):
    assert word_errors(said, heard) == (errors, words)


@given(TEXTS)
def test_a_text_has_no_errors_against_itself(text):
    assert word_errors(text, text.upper()) == (0, len(plain_words(text)))


@given(TEXTS, TEXTS)
def test_errors_are_bounded_and_symmetric(said, heard):
    errors, words = word_errors(said, heard)
    backward, heard_words = word_errors(heard, said)
    assert abs(words - heard_words) <= errors <= max(words, heard_words)
    assert errors == backward
