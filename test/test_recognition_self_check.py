"""A model that hears something else than what was said is refused."""

import math

import pytest

from voice_pipeline.recognition.backend import Hypothesis
from voice_pipeline.recognition.self_check import check, reference_sound
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.recognition.window import Window


class Scripted:
    description = 'a stand-in on cpu'

    def __init__(self, *answers):
        self.answers = [Hypothesis(*answer) if isinstance(answer, tuple) else answer for answer in answers]
        self.drafts = []

    def transcribe(self, samples, window, draft=None):
        self.drafts.append(draft)
        return self.answers.pop(0)


RIGHT = ('Go to the kitchen.', -0.1, 0.0)


@pytest.mark.parametrize('answer', [RIGHT, ('go to the kitchen', -0.3, 0.0), ('Go to the kitchens!', -0.5, 0.1)])
def test_a_model_that_hears_what_was_said_is_taken(answer):
    backend = Scripted(answer, answer)
    check(backend, Window(10.0))

    assert backend.drafts == [None, Hypothesis(*answer)]  # with a draft too


@pytest.mark.parametrize(
    'answers',
    [
        [('', 0.0, 1.0)],
        [('!!!!!!!!!!', -0.1, 0.0)],
        [('Go to the kitchen. Go to the kitchen.', -0.1, 0.0)],
        [('Go to sleep', -0.1, 0.0)],
        [('Go to the kitchen.', math.nan, 0.0)],
        [RIGHT, ('the the the the', -0.1, 0.0)],
    ],
)
def test_a_model_that_hears_something_else_is_refused_in_words(answers):
    with pytest.raises(ModelError, match=r"a stand-in on cpu heard '.*' where 'go to the kitchen' was said: .* set "):
        check(Scripted(*answers), Window(10.0))


def test_the_reference_is_a_second_or_two_of_speech():
    sound = reference_sound()

    assert 1.0 < len(sound) / 16_000 < 2.0
    assert abs(sound).max() > 0.1
