import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.recognition.endpointing import Endpointer, Event, State, frame_count
from voice_pipeline.recognition.settings import RecognitionSettings

# In frames of 32 ms: speech begins with the 3rd, ends with the 5th silent one, and is cut after 40.
SETTINGS = RecognitionSettings(
    min_speech_ms=96,
    final_silence_ms=160,
    pre_roll_ms=0,
    tail_ms=0,
    max_utterance_s=1.28,
    speech_threshold=0.5,
    silence_threshold=0.35,
    noise_threshold=0.9,
)
LEVELS = {'.': 0.0, '~': 0.4, '#': 0.9, '?': math.nan}  # `~` is between the two thresholds


def run(pattern):
    """Return [(frame index, event)] of a pattern with one character a frame, and the endpointer after it."""
    endpointer = Endpointer(SETTINGS)
    events = [(index, endpointer.update(LEVELS[character])) for index, character in enumerate(pattern)]
    return [(index, event) for index, event in events if event is not None], endpointer


@pytest.mark.parametrize(
    ('pattern', 'events', 'state'),
    [
        ('', [], State.SILENCE),
        ('......', [], State.SILENCE),
        ('.#', [], State.STARTING),
        ('.##.', [], State.SILENCE),
        ('##.##.##.', [], State.SILENCE),
        ('.###', [(3, Event.STARTED)], State.SPEECH),
        ('.###.', [(3, Event.STARTED)], State.PAUSE),
        ('.###....#', [(3, Event.STARTED)], State.SPEECH),
        ('.###.....', [(3, Event.STARTED), (8, Event.ENDED)], State.SILENCE),
        ('###....#.....', [(2, Event.STARTED), (12, Event.ENDED)], State.SILENCE),
        ('###.....###', [(2, Event.STARTED), (7, Event.ENDED), (10, Event.STARTED)], State.SPEECH),
        # hysteresis: between the thresholds voice lasts but does not begin
        ('~~~~~~', [], State.SILENCE),
        ('#~~~~~~', [(2, Event.STARTED)], State.SPEECH),
        ('###.~~~~', [(2, Event.STARTED), (7, Event.ENDED)], State.SILENCE),
        # a detector that fails is silent
        ('???', [], State.SILENCE),
        ('###?????', [(2, Event.STARTED), (7, Event.ENDED)], State.SILENCE),
        # too long
        ('#' * 43, [(2, Event.STARTED), (42, Event.CUT)], State.SILENCE),
        ('#' * 46, [(2, Event.STARTED), (42, Event.CUT), (45, Event.STARTED)], State.SPEECH),
    ],
)
def test_scripted(pattern, events, state):
    found, endpointer = run(pattern)

    assert found == events
    assert endpointer.state is state


@pytest.mark.parametrize(
    ('probability', 'above_floor_db', 'is_speech'),
    [
        (0.6, 20.0, True),
        (0.6, 6.0, True),
        (0.6, 3.0, False),  # as loud as the noise: the detector must be sure
        (0.6, 0.0, False),
        (0.95, 0.0, True),
        (0.8, 2.0, False),
        (0.8, 3.0, True),
        (0.95, -10.0, True),
        (math.nan, 20.0, False),
    ],
)
def test_the_nearer_to_the_noise_floor_the_surer_the_detector_must_be(probability, above_floor_db, is_speech):
    endpointer = Endpointer(SETTINGS)
    for _ in range(3):
        endpointer.update(probability, above_floor_db)

    assert (endpointer.state is State.SPEECH) == is_speech


def test_noise_that_is_half_like_speech_holds_no_utterance_open():
    endpointer = Endpointer(SETTINGS)
    events = [endpointer.update(0.95, 15.0) for _ in range(3)] + [endpointer.update(0.7, 1.5) for _ in range(5)]

    assert [event for event in events if event] == [Event.STARTED, Event.ENDED]


def test_reset_forgets_the_utterance():
    _, endpointer = run('###')
    endpointer.reset()

    assert endpointer.state is State.SILENCE
    assert [endpointer.update(0.9) for _ in range(3)] == [None, None, Event.STARTED]


@pytest.mark.parametrize(
    ('duration_s', 'frames'), [(0.0, 0), (0.032, 1), (0.033, 2), (0.096, 3), (0.6, 19), (20.0, 625)]
)
def test_frame_count(duration_s, frames):
    assert frame_count(duration_s) == frames


@given(st.text(alphabet='.~#?', max_size=300))
def test_any_sound_gives_utterances_that_begin_end_and_are_bounded(pattern):
    events, endpointer = run(pattern)

    kinds = [event for _, event in events]
    assert all(kind is Event.STARTED for kind in kinds[::2])
    assert all(kind in (Event.ENDED, Event.CUT) for kind in kinds[1::2])
    assert (len(kinds) % 2 == 1) == (endpointer.state in (State.SPEECH, State.PAUSE))
    for (start, _), (end, kind) in zip(events[::2], events[1::2], strict=False):
        assert end - start <= 40
        if kind is Event.ENDED:
            assert '#' not in pattern[end - 4 : end + 1]


@given(st.text(alphabet='.~#', max_size=100))
def test_enough_silence_always_ends_the_utterance(pattern):
    _, endpointer = run(pattern + '.' * 5)

    assert endpointer.state is State.SILENCE
