"""What is made of the model's raw answer, and how much sound it is given."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.recognition.backend import NOTHING_HEARD, Hypothesis, without_noise
from voice_pipeline.recognition.repetition import without_repetition
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.window import token_limit, window_length_s


@pytest.mark.parametrize(
    ('text', 'speech_s', 'expected'),
    [
        ('10 of clubs 10 of clubs 10 of clubs', 0.7, '10 of clubs'),
        ('Turn left 90 degrees. Turn left 90 degrees.', 1.4, 'Turn left 90 degrees.'),
        ('Turn left 90 degrees. Turn left', 1.2, 'Turn left 90 degrees.'),
        ('Stop. Stop. Stop. Stop.', 0.4, 'Stop.'),
        # slowly enough to have been said
        ('Turn left, turn left.', 1.5, 'Turn left, turn left.'),
        ('Stop. Stop. Stop.', 1.2, 'Stop. Stop. Stop.'),
        # fast, but no repetition from beginning to end
        ('go to the kitchen and go', 0.5, 'go to the kitchen and go'),
        ('turn left and turn right', 0.5, 'turn left and turn right'),
        ('go', 0.0, 'go'),
        ('', 0.0, ''),
    ],
)
def test_what_nobody_can_have_said_twice_is_cut(text, speech_s, expected):
    assert without_repetition(text, speech_s) == expected


@given(st.text(max_size=60), st.floats(-1, 10))
def test_cutting_only_ever_leaves_a_beginning(text, speech_s):
    cut = without_repetition(text, speech_s)

    assert ' '.join(text.split()).startswith(' '.join(cut.split()))
    assert bool(cut.split()) == bool(text.split())


@pytest.mark.parametrize(
    ('text', 'mean_log_probability', 'no_speech_probability', 'kept'),
    [
        ('Stop.', -0.2, 0.1, True),
        ('Stop.', -0.2, 0.8, True),  # a likely text outweighs the doubt
        ('Stop.', -1.4, 0.1, True),
        ("I'm going to go.", -1.9, 0.8, False),  # white noise
        ('you', -0.65, 0.989, False),  # digital silence
        (' . . . .', -0.1, 0.1, False),  # a hum
        ('', 0.0, 0.0, False),
    ],
)
def test_a_text_that_the_model_made_of_noise_is_dropped(text, mean_log_probability, no_speech_probability, kept):
    heard = Hypothesis(text, mean_log_probability, no_speech_probability, 2)

    assert without_noise(heard, RecognitionSettings()) == (heard if kept else NOTHING_HEARD)


@pytest.mark.parametrize(
    ('mean', 'text', 'confidence'),
    [
        (0.0, 'go', 1.0),
        (-1.0, 'go', 0.367879),
        (0.5, 'go', 1.0),
        (math.nan, 'go', 0.0),
        (-math.inf, 'go', 0.0),
        (0, '', 0),
    ],
)
def test_confidence_is_a_share(mean, text, confidence):
    assert Hypothesis(text, mean, 0.0, 1).confidence == pytest.approx(confidence, abs=1e-6)


@pytest.mark.parametrize(
    ('speech_s', 'minimum_s', 'expected_s'),
    [(0, 10, 10), (9, 10, 10), (9.1, 10, 11), (2, 1, 3), (29.5, 10, 30), (60, 10, 30)],
)
def test_the_window_holds_the_speech_and_a_second_of_silence(speech_s, minimum_s, expected_s):
    assert window_length_s(int(speech_s * 16_000), minimum_s) == expected_s


def test_the_token_limit_grows_with_the_speech():
    assert token_limit(0) == 8
    assert token_limit(16_000) == 16
    assert token_limit(30 * 16_000) == 248
