from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from speech import FRAME_NS, START_NS, LoudnessActivity, frames_of, scripted

from voice_pipeline.audio.frames import FRAME_SAMPLES, Frame
from voice_pipeline.recognition.listener import MAX_GAP_FRAMES, Listener
from voice_pipeline.recognition.own_voice import LONGEST_SPEECH_NS
from voice_pipeline.recognition.settings import RecognitionSettings

# In frames: 2 of pre-roll, 3 to begin, 5 silent ones to end, cut after 40.
SETTINGS = RecognitionSettings(
    pre_roll_ms=64, min_speech_ms=96, tail_ms=64, final_silence_ms=160, max_utterance_s=1.28, speaking_tail_ms=64
)


def listen(frames, listener=None):
    listener = listener or Listener(SETTINGS, LoudnessActivity())
    utterances = []
    for frame in frames:
        utterances += listener.accept(frame, frame.end_ns + 7)
    return utterances, listener


def shape(utterance):
    return ''.join('#' if chunk.samples.max() > 1000 else '.' for chunk in utterance.chunks)


@pytest.mark.parametrize(
    ('pattern', 'utterances'),
    [
        ('........', []),
        ('..##....', []),
        ('....####.....', ['..####.....']),
        ('####.....', ['####.....']),
        ('..###..###.....', ['..###..###.....']),
        ('..###.....####.....', ['..###.....', '..####.....']),
        ('....###', ['..###']),
    ],
)
def test_utterances_with_what_was_before_them(pattern, utterances):
    found, _ = listen(frames_of(scripted(pattern)))

    assert [shape(utterance) for utterance in found] == utterances
    assert [utterance.is_over for utterance in found] == [found.endswith('.') for found in utterances]


def test_speech_without_end_is_cut_into_utterances_that_share_no_sound():
    voiced = np.repeat(np.arange(5000, 5100, dtype=np.int16), FRAME_SAMPLES)
    found, _ = listen(frames_of(voiced))

    heard = np.concatenate([chunk.samples for utterance in found for chunk in utterance.chunks])
    np.testing.assert_array_equal(heard, voiced)
    assert [utterance.is_over for utterance in found] == [True] * (len(found) - 1) + [False]
    assert all(30 <= len(utterance) <= 43 for utterance in found[:-1])
    assert all(utterance.voiced == len(utterance) for utterance in found)


def loud(levels):
    """Return noise of one frame a level; every level above `LOUD` counts as voice."""
    noise = np.random.default_rng(0).choice(np.array([-1, 1], np.int16), len(levels) * FRAME_SAMPLES)
    return np.repeat(np.array(levels, np.int16), FRAME_SAMPLES) * noise


def test_long_speech_is_cut_where_it_is_quietest():
    """Between two words, in the last quarter: of 43 frames, the last 10."""
    levels = [9000] * 36 + [6000, 5000, 6000] + [9000] * 31
    found, _ = listen(frames_of(loud(levels)))

    assert [len(utterance) for utterance in found] == [38, 32]
    assert len({utterance.utterance_id for utterance in found}) == 2


# The quietest moment is so late that the cut leaves one frame.
LATE_CUT = [5000] * 38 + [5001, 5029] + [5000] * 4


@given(st.lists(st.integers(5000, 9000), min_size=44, max_size=200))
@example(LATE_CUT)
def test_wherever_long_speech_is_cut_nothing_is_lost_or_doubled(levels):
    sound = loud(levels)
    found, _ = listen(frames_of(sound))

    heard = np.concatenate([utterance.samples(len(utterance)) for utterance in found])
    np.testing.assert_array_equal(heard, sound[: len(heard)])
    assert len(sound) - len(heard) < 3 * FRAME_SAMPLES  # it takes three frames to begin the next utterance
    assert all(len(utterance) <= 43 for utterance in found)


def test_what_a_late_cut_leaves_is_heard_when_the_speech_goes_on():
    sound = loud([*LATE_CUT, 9000, 9000])
    found, _ = listen(frames_of(sound))

    np.testing.assert_array_equal(np.concatenate([utterance.samples(len(utterance)) for utterance in found]), sound)


def test_a_pause_at_the_cut_begins_no_utterance():
    found, _ = listen(frames_of(loud([9000] * 39 + [10] * 14)))

    assert [(len(utterance), utterance.voiced, utterance.is_over) for utterance in found] == [(41, 39, True)]


def test_times_are_those_of_the_sound():
    found, _ = listen(frames_of(scripted('..####..')))

    (utterance,) = found
    assert utterance.speech_end_ns == START_NS + 6 * FRAME_NS
    assert utterance.newest.captured_ns == START_NS + 8 * FRAME_NS
    assert utterance.newest.received_ns == START_NS + 8 * FRAME_NS + 7
    assert utterance.silence_ms == 64


def test_each_utterance_has_its_own_name_also_after_a_restart():
    frames = frames_of(scripted('###.....###.....'))
    names = [utterance.utterance_id for found in (listen(frames)[0], listen(frames)[0]) for utterance in found]

    assert len(set(names)) == 4


@given(st.lists(st.integers(1, 1500), min_size=1, max_size=40))
def test_the_length_of_the_frames_does_not_matter(lengths):
    sound = scripted('..####.....###.....')
    expected, _ = listen(frames_of(sound))
    edges = np.minimum(np.cumsum([0, *lengths, len(sound)]), len(sound))
    frames = [
        Frame(sound[start:end], sequence, START_NS + int(start) * 62_500)
        for sequence, (start, end) in enumerate(pairwise(edges))
    ]
    found, _ = listen(frames)

    assert [(shape(u), u.is_over, u.speech_end_ns) for u in found] == [
        (shape(u), u.is_over, u.speech_end_ns) for u in expected
    ]


def test_lost_frames_are_counted_and_replaced_by_silence():
    frames = frames_of(scripted('..######.....'))
    del frames[5:7]
    found, listener = listen(frames)

    assert [shape(utterance) for utterance in found] == ['..###..#.....']
    assert listener.counts.lost == 2


def test_a_long_gap_ends_the_utterance_and_begins_another_stream():
    sound = scripted('####' + '#' * (MAX_GAP_FRAMES + 1) + '####')
    frames = frames_of(sound)
    found, listener = listen(frames[:4] + frames[-4:])

    assert [shape(utterance) for utterance in found] == ['####', '####']
    assert [utterance.is_over for utterance in found] == [True, False]
    assert (listener.counts.lost, listener.counts.restarts) == (MAX_GAP_FRAMES + 1, 1)


def test_repeated_and_late_frames_are_dropped():
    frames = frames_of(scripted('..####.....'))
    found, listener = listen([*frames[:4], frames[3], frames[1], *frames[4:]])

    assert [shape(utterance) for utterance in found] == ['..####.....']
    assert listener.counts.dropped == 2


def test_frames_in_another_order_are_one_loss_and_one_drop():
    frames = frames_of(scripted('..####.....'))
    frames[4], frames[5] = frames[5], frames[4]
    _, listener = listen(frames)

    assert (listener.counts.lost, listener.counts.dropped) == (1, 1)


@pytest.mark.parametrize('first', [0, 3])
def test_a_stream_that_begins_again_is_another_one(first):
    """The capture was started again; also where its first frames were missed."""
    activity = LoudnessActivity()
    frames = frames_of(scripted('..####'))
    later = [Frame(f.samples, f.sequence, f.stamp_ns + 10**9) for f in frames_of(scripted('#' * 8))[first:]]
    found, listener = listen([*frames, *later], Listener(SETTINGS, activity))

    assert [utterance.is_over for utterance in found] == [True, False]
    assert (listener.counts.restarts, listener.counts.dropped, activity.resets) == (1, 0, 1)


def test_a_file_that_is_played_again_with_the_same_stamps_is_another_stream():
    frames = frames_of(scripted('.' * 40 + '####.....'))
    found, listener = listen([*frames, *frames])

    assert len(found) == 2
    assert listener.counts.restarts == 1


def test_digital_silence_costs_no_model():
    activity = LoudnessActivity()
    listen(frames_of(np.zeros(20 * FRAME_SAMPLES, np.int16)), Listener(SETTINGS, activity))

    assert activity.frames == 0


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100), st.integers(0, 700), st.booleans()), max_size=60))
def test_no_order_of_frames_is_too_bad(received):
    listener = Listener(SETTINGS, LoudnessActivity())
    utterances = []
    for sequence, stamp, length, loud in received:
        frame = Frame(np.full(length, 5000 if loud else 10, np.int16), sequence, stamp * FRAME_NS)
        utterances += listener.accept(frame, frame.end_ns)
    listener.finish()

    assert all(utterance.is_over for utterance in utterances)
    assert all(len(utterance) <= 46 for utterance in utterances)


# --- while the robot speaks ------------------------------------------------------------------------------------------


def listen_while(sound, speaks):
    """Return the utterances of a scripted sound; the robot speaks in the frames where `speaks` has an `R`."""
    listener = Listener(SETTINGS, LoudnessActivity())
    utterances, was_speaking = [], False
    for frame, letter in zip(frames_of(scripted(sound)), speaks, strict=True):
        if (letter == 'R') != was_speaking:
            was_speaking = letter == 'R'
            listener.set_speaking(was_speaking, frame.stamp_ns)
        utterances += listener.accept(frame, frame.end_ns)
    return [(shape(utterance), utterance.only_stop, utterance.is_over) for utterance in utterances]


@pytest.mark.parametrize(
    ('sound', 'speaks', 'utterances'),
    [
        # what is said while the robot is silent is heard as ever
        ('..###.....', '..........', [('..###.....', False, True)]),
        # its own words, and who speaks over it, can only stop it
        ('..###.....', '.RRRRRRRRR', [('.###.....', True, True)]),
        # its echo in the room: the answer after it is another utterance, without the echo before it
        ('.###...####.....', 'RRRR............', [('.###.', True, True), ('..####.....', False, True)]),
        # who began while it spoke and speaks on may have said more than is heard of it
        ('.####.###.....', 'RRR...........', [('.####.###.....', True, True)]),
        # it begins to speak after a command: the command is over, and all of it was heard
        ('###..####.....', '.....RRRRRRRRR', [('###..', False, True), ('####.....', True, True)]),
        # it begins to speak in the middle of one: what is missing could turn its meaning
        ('#####....', '....RRRRR', [('####', True, True)]),
    ],
)
def test_no_utterance_holds_a_command_and_the_robots_own_words(sound, speaks, utterances):
    assert listen_while(sound, speaks) == utterances


@given(st.text(alphabet='#.', min_size=1, max_size=120), st.data())
def test_what_is_heard_while_the_robot_speaks_never_gets_into_a_command(sound, data):
    speaks = data.draw(st.text(alphabet='.R', min_size=len(sound), max_size=len(sound)))
    listener = Listener(SETTINGS, LoudnessActivity())
    own_ns, utterances = set(), []
    for frame, letter in zip(frames_of(scripted(sound)), speaks, strict=True):
        listener.set_speaking(letter == 'R', frame.stamp_ns)
        if letter == 'R':
            own_ns.add(frame.end_ns)
        utterances += listener.accept(frame, frame.end_ns)

    for utterance in utterances:
        assert utterance.only_stop or not own_ns & {chunk.captured_ns for chunk in utterance.chunks}


def test_a_speaker_that_died_while_it_spoke_does_not_leave_the_robot_deaf():
    listener = Listener(SETTINGS, LoudnessActivity())
    frames = frames_of(scripted('###.....'))
    listener.set_speaking(True, START_NS - LONGEST_SPEECH_NS)
    (utterance,) = listen(frames, listener)[0]

    assert not utterance.only_stop


def test_a_clock_that_is_set_back_does_not_leave_the_robot_deaf():
    listener = Listener(SETTINGS, LoudnessActivity())
    listener.set_speaking(True, START_NS + 3600 * 10**9)
    listener.set_speaking(False, START_NS + 3601 * 10**9)
    (utterance,) = listen(frames_of(scripted('###.....')), listener)[0]

    assert not utterance.only_stop


# --- loud and quiet --------------------------------------------------------------------------------------------------


class NotingActivity(LoudnessActivity):
    def __init__(self):
        super().__init__()
        self.peaks = []

    def probability(self, samples):
        self.peaks.append(int(np.abs(samples).max()))
        return super().probability(samples)


def test_a_quiet_microphone_is_raised_for_the_detector_only():
    activity = NotingActivity()
    quiet = np.random.default_rng(0).integers(-40, 41, 200 * FRAME_SAMPLES).astype(np.int16)
    found, _ = listen(frames_of(np.concatenate([quiet, scripted('###.....')])), Listener(SETTINGS, activity))

    assert max(activity.peaks[:5]) < 60
    assert min(activity.peaks[100:200]) > 100
    assert [int(chunk.samples.max()) for chunk in found[0].chunks[2:]] == [5000] * 3 + [10] * 5
