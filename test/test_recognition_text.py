"""What is made of the model's raw answer, and how much sound it is given."""

import math

import numpy as np
import pytest

from voice_pipeline.recognition.backend import Hypothesis, hear
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.window import FULL_WINDOW, Window, token_limit
from voice_pipeline.recognition.window_policy import windows_of


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
    assert Hypothesis(text, mean, 0.0).confidence == pytest.approx(confidence, abs=1e-6)


@pytest.mark.parametrize(
    ('speech_s', 'window', 'expected_s'),
    [
        (0, Window(10), 10),
        (9, Window(10), 10),
        (9.1, Window(10), 10.1),
        (2, Window(1), 3),
        (29.5, Window(10), 30),
        (60, Window(10), 30),
        (2, Window(0, 0.3), 2.3),
        (2.001, Window(0, 0.3), 2.32),  # whole encoder states: 20 ms
        (1, FULL_WINDOW, 30),
    ],
)
def test_the_window_holds_the_speech_and_the_silence_after_it(speech_s, window, expected_s):
    assert window.frame_count(round(speech_s * 16_000)) == round(expected_s * 100)


SHORT, LONG = Window(0.0, 0.5), Window(10.0)


@pytest.mark.parametrize(
    ('has_adapter', 'values', 'growing', 'settled'),
    [
        (False, {}, (LONG,), (LONG, FULL_WINDOW)),
        (True, {}, (SHORT, LONG), (SHORT, LONG, FULL_WINDOW)),
        (True, {'padding_s': 1.5}, (Window(0.0, 1.5), LONG), (Window(0.0, 1.5), LONG, FULL_WINDOW)),
        (True, {'final_window_s': 5.0}, (SHORT, LONG), (Window(5.0, 0.5), LONG, FULL_WINDOW)),
        (False, {'final_window_s': 5.0}, (LONG,), (LONG, FULL_WINDOW)),
        (False, {'window_s': 30.0}, (FULL_WINDOW,), (FULL_WINDOW,)),
    ],
)
def test_which_windows_are_tried(has_adapter, values, growing, settled):
    windows = windows_of(RecognitionSettings(**values), has_adapter)

    assert (windows.growing, windows.settled) == (growing, settled)


LIKELY = {'mean_log_probability': -0.1, 'no_speech_probability': 0.0}
ONCE = Hypothesis('turn left', **LIKELY)
TWICE = Hypothesis('turn left turn left', repeats=True, **LIKELY)
RUNAWAY = Hypothesis('turn left', was_cut=True, **LIKELY)


class Scripted:
    """Answers by the script, and notes the windows it was asked with."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.windows = []

    def transcribe(self, samples, window, draft=None):
        self.windows.append(window)
        return self.answers.pop(0)


@pytest.mark.parametrize(
    ('answers', 'draft', 'tried', 'heard'),
    [
        ((ONCE,), None, (SHORT,), ONCE),
        ((RUNAWAY, ONCE), None, (SHORT, LONG), ONCE),
        ((TWICE, ONCE), None, (SHORT, LONG), ONCE),
        ((TWICE, TWICE), None, (SHORT, LONG), TWICE),  # a longer window hears it twice as well: so it was said
        ((TWICE,), TWICE, (SHORT,), TWICE),  # and need not be asked again
        ((RUNAWAY, RUNAWAY), TWICE, (SHORT, LONG), RUNAWAY),
    ],
)
def test_a_suspicious_answer_is_asked_for_again_with_a_longer_window(answers, draft, tried, heard):
    backend = Scripted(*answers)

    assert hear(backend, np.zeros(1), (SHORT, LONG), draft) == heard
    assert tuple(backend.windows) == tried


def test_the_token_limit_grows_with_the_speech():
    assert token_limit(0) == 8
    assert token_limit(16_000) == 16
    assert token_limit(30 * 16_000) == 248
