import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.recognition.spelling import in_words, plain, similarity, written_forms
from voice_pipeline.understanding.words.normalise import words


@pytest.mark.parametrize(
    ('name', 'forms'),
    [
        ('dock', {'dock', 'Dock'}),
        ('charging station', {'charging station', 'Charging Station'}),
        ('bay four', {'bay 4', 'Bay 4', 'bay four', 'Bay Four'}),
        ('bay 4', {'bay 4', 'Bay 4', 'bay four', 'Bay Four'}),
        ('waypoint twenty one', {'waypoint 21', 'Waypoint 21', 'waypoint twenty one', 'Waypoint Twenty One'}),
        ('room 101', {'room 101', 'Room 101', 'room one zero one', 'Room One Zero One'}),
        ('  Müller ', {'müller', 'Müller'}),
    ],
)
def test_a_name_is_written_in_several_ways(name, forms):
    assert set(written_forms(name)) == forms


@given(st.integers(0, 99))
def test_numbers_are_said_as_the_understanding_reads_them(number):
    assert words(in_words(str(number))) == [str(number)]


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('Go to the dock.', ('go', 'to', 'the', 'dock')),
        ('Bay-4!', ('bay', 'four')),
        ("Alex's", ("alex's",)),
        ("'quoted'", ('quoted',)),
        ('A3M', ('a', 'three', 'm')),
        ('aisle 42', ('aisle', 'forty', 'two')),
        ('?!', ()),
        ('', ()),
    ],
)
def test_plain_words(text, said):
    assert plain(text) == said


@pytest.mark.parametrize(
    ('heard', 'name', 'at_least', 'at_most'),
    [
        ('way point two', 'waypoint 2', 1.0, 1.0),
        ('duck', 'dock', 0.7, 0.8),
        ('before', 'bay four', 0.6, 0.8),
        ('slow skate', 'sluice gate', 0.5, 0.8),
        ('kitchen', 'dock', 0.0, 0.39),
        ('go', 'charging station', 0.0, 0.39),
        ('everything that was said before the dock', 'dock', 0.0, 0.39),
        ('', 'dock', 0.0, 0.0),
    ],
)
def test_how_alike_texts_are(heard, name, at_least, at_most):
    assert at_least <= similarity(plain(heard), plain(name)) <= at_most


@given(st.text(), st.text())
def test_any_text_can_be_compared(one, other):
    assert 0.0 <= similarity(plain(one), plain(other)) <= 1.0
