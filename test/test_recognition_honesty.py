"""Which texts are believed, and what is left of one in which the robot's own words may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.recognition.backend import Hypothesis
from voice_pipeline.recognition.honesty import STOCK_PHRASES, cry_to_stop, rejection
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.understanding.words.emergency import is_emergency_stop

SETTINGS = RecognitionSettings()


def judged(text, log_probability, no_speech, voice_s=1.0):
    return rejection(Hypothesis(text, log_probability, no_speech), voice_s, SETTINGS)


@pytest.mark.parametrize(
    ('text', 'log_probability', 'no_speech', 'voice_s', 'reason'),
    [
        # said
        ('Stop.', -0.2, 0.1, 0.2, None),
        ('Stop.', -0.2, 0.8, 0.2, None),  # a likely text outweighs the doubt
        ('Stop.', -1.4, 0.1, 0.2, None),
        ('Turn left ninety degrees.', -0.2, 0.02, 1.2, None),
        ('Turn left ninety degrees and then go forward two meters', -0.3, 0.02, 2.2, None),
        ('Thank you.', -0.2, 0.05, 0.5, None),  # a person may say so
        ('Bye!', -0.4, 0.1, 0.3, None),
        ('29340', -0.81, 0.028, 1.4, None),
        # made of white noise, digital silence, a hum, a melody, a singer's vibrato
        ("I'm going to go.", -1.9, 0.8, 1.0, 'no_speech'),
        ('you', -0.65, 0.989, 1.0, 'no_speech'),
        (' . . . .', -0.1, 0.1, 1.0, 'no_words'),
        ('', 0.0, 0.0, 1.0, 'no_words'),
        ('♪♪♪', -0.1, 0.1, 1.0, 'no_words'),
        ('You', -1.53, 0.846, 0.2, 'no_speech'),
        ('We will be in the next round.', -1.79, 0.832, 0.1, 'no_speech'),
        # a model that has no p(no speech), or is wrong about it
        ('Oh, it is my', -2.5, 0.0, 1.0, 'unlikely'),
        ('go ' * 40, -0.2, 0.1, 20.0, 'repetitive'),
        ('This is the end of the video.', -0.3, 0.1, 0.08, 'too_many_words'),
        ('Thanks for watching!', -1.2, 0.2, 1.0, 'stock_phrase'),
        ('Thank you.', -0.3, 0.5, 1.0, 'stock_phrase'),
        ('Thank you.', -0.3, 0.1, 0.1, 'stock_phrase'),
        ('[Music]', -1.1, 0.0, 1.0, 'stock_phrase'),
        ("I'm", -1.6, 0.25, 0.5, 'stock_phrase'),
        ("I'll see you in the next video.", -1.1, 0.1, 2.0, 'stock_phrase'),
        # as weak, but nothing that subtitles are full of
        ('Turn left.', -1.1, 0.5, 0.4, None),
        ('Thank you, robot.', -1.1, 0.5, 0.6, None),
    ],
)
def test_what_is_believed(text, log_probability, no_speech, voice_s, reason):
    assert judged(text, log_probability, no_speech, voice_s) == reason


def test_no_stock_phrase_is_a_command():
    assert not any(map(is_emergency_stop, STOCK_PHRASES))


@given(st.text(max_size=200), st.floats(), st.floats(), st.floats(0, 30))
def test_every_answer_can_be_judged(text, log_probability, no_speech, voice_s):
    assert judged(text, log_probability, no_speech, voice_s) is None or not judged('stop', -0.1, 0.0)


@pytest.mark.parametrize(
    ('text', 'cry'),
    [
        ('', ''),
        ('I am going to the kitchen.', ''),
        ('Stop!', 'Stop!'),
        ('I am going to the kitchen stop', 'stop'),
        ('I am going to the kitchen. Stop. Stop!', 'Stop!'),
        ('going to the stop right now', 'stop right now'),
        ('the kitchen hold it', 'hold it'),
        ('I will go to the bus stop sign', ''),
        ('to the kitchen, freeze and go back', 'freeze and go back'),
    ],
)
def test_beside_the_robots_words_only_a_cry_to_stop_is_left(text, cry):
    assert cry_to_stop(text) == cry


@given(st.text(alphabet='stop halt.! ', max_size=40))
def test_what_is_left_of_the_robots_words_can_only_stop_it(text):
    cry = cry_to_stop(text)

    assert cry == '' or is_emergency_stop(cry)
