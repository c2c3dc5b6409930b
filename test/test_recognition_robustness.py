"""Streams as they come from real rooms, lines and computers: nothing that was said is lost, nothing is made up."""

import numpy as np
import pytest
import soxr
from speech import CountingBackend, LoudnessActivity, frames_of, say, scripted

from voice_pipeline.audio.activity import SileroActivity
from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Frame, to_float, to_int16
from voice_pipeline.audio.speech import speech_bounds
from voice_pipeline.recognition.backend import Hypothesis
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.recognizer import MISSING_SOUND_S, SpeechRecognizer
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.words import plain_words

COMMAND = 'turn left ninety degrees'
# In frames: no pre-roll, 2 to begin, 2 of tail, 6 silent ones to end; a revision a frame.
SCRIPTED = RecognitionSettings(
    pre_roll_ms=0, min_speech_ms=64, tail_ms=64, final_silence_ms=192, max_utterance_s=3.2, max_revision_hz=32.0
)


class Steady:
    """A clock that a test moves."""

    now_s = 0.0

    def __call__(self):
        return self.now_s


def drain(recognizer):
    turns = iter(lambda: recognizer.next_transcripts(timeout_s=0.0), [])
    return [made.transcript for turn in turns for made in turn]


def hear(recognizer, frames):
    transcripts = []
    for frame in frames:
        recognizer.accept(frame, frame.end_ns)
        transcripts += drain(recognizer)
    return transcripts


# --- streams that stop -----------------------------------------------------------------------------------------------


def test_a_stream_that_stops_in_the_middle_of_a_word_gets_its_final():
    steady = Steady()
    recognizer = SpeechRecognizer(SCRIPTED, CountingBackend(), LoudnessActivity(), lambda: 0, steady)
    partials = hear(recognizer, frames_of(scripted('..####')))
    steady.now_s += 0.9 * MISSING_SOUND_S
    recognizer.end_where_sound_is_missing()
    early = drain(recognizer)
    steady.now_s += 0.2 * MISSING_SOUND_S
    recognizer.end_where_sound_is_missing()
    recognizer.end_where_sound_is_missing()

    assert not any(one.is_final for one in partials)
    assert early == []
    assert [(one.text, one.is_final) for one in drain(recognizer)] == [('4 frames', True)]
    assert recognizer.statistics.missing_sound == 1


def test_a_stream_that_goes_on_after_that_is_heard():
    steady = Steady()
    recognizer = SpeechRecognizer(SCRIPTED, CountingBackend(), LoudnessActivity(), lambda: 0, steady)
    frames = frames_of(scripted('####...................###......'))
    hear(recognizer, frames[:4])
    steady.now_s += 2 * MISSING_SOUND_S
    recognizer.end_where_sound_is_missing()
    transcripts = drain(recognizer) + hear(recognizer, frames[20:])

    assert [one.text for one in transcripts if one.is_final] == ['4 frames', '3 frames']


def test_silence_is_not_missing_sound():
    steady = Steady()
    recognizer = SpeechRecognizer(SCRIPTED, CountingBackend(), LoudnessActivity(), lambda: 0, steady)
    hear(recognizer, frames_of(scripted('.......')))
    steady.now_s += 100 * MISSING_SOUND_S
    recognizer.end_where_sound_is_missing()

    assert recognizer.statistics.missing_sound == 0


# --- what is not believed --------------------------------------------------------------------------------------------


class Saying(CountingBackend):
    """Says the same to every sound."""

    def __init__(self, text, log_probability=-0.2, no_speech=0.05):
        super().__init__()
        self.answer = Hypothesis(text, log_probability, no_speech, (1,))

    def transcribe(self, samples, window, draft=None):
        return self.answer


@pytest.mark.parametrize(
    ('backend', 'reason'),
    [(Saying('you', -0.6, 0.99), 'no_speech'), (Saying('...'), 'no_words'), (Saying('go ' * 9), 'too_many_words')],
)
def test_each_utterance_that_is_not_believed_is_counted_once_by_its_reason(backend, reason):
    recognizer = SpeechRecognizer(SCRIPTED, backend, LoudnessActivity(), lambda: 0)
    transcripts = hear(recognizer, frames_of(scripted('####......####......####......')))

    assert transcripts == []
    assert recognizer.statistics.rejected == {reason: 3}


def test_what_is_believed_is_counted_nowhere():
    recognizer = SpeechRecognizer(SCRIPTED, Saying('stop'), LoudnessActivity(), lambda: 0)
    hear(recognizer, frames_of(scripted('####......')))

    assert recognizer.statistics.rejected == {}


# --- while the robot speaks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('text', 'texts', 'rejected'),
    [
        ('I am going to the kitchen', set(), {'own_voice': 1}),
        ('Go to the kitchen', set(), {'own_voice': 1}),
        ('I am going to the kitchen stop', {'stop'}, {}),
    ],
)
def test_while_the_robot_speaks_it_obeys_stop_only_and_at_once(text, texts, rejected):
    recognizer = SpeechRecognizer(SCRIPTED, Saying(text), LoudnessActivity(), lambda: 0)
    frames = frames_of(scripted('#' * 30 + '......'))
    recognizer.set_speaking(True, frames[0].stamp_ns)
    transcripts = hear(recognizer, frames)

    assert {one.heard for one in transcripts} == texts
    assert not transcripts or not transcripts[0].is_final
    assert recognizer.statistics.rejected == rejected


def test_a_command_that_the_robot_interrupts_is_taken_back():
    recognizer = SpeechRecognizer(SCRIPTED, Saying('go forward'), LoudnessActivity(), lambda: 0)
    frames = frames_of(scripted('#' * 10))
    partials = hear(recognizer, frames[:5])
    recognizer.set_speaking(True, frames[5].stamp_ns)
    after = hear(recognizer, frames[5:])

    assert {one.heard for one in partials} == {'go forward'}
    assert [(one.heard, one.is_final) for one in after] == [('', True)]


# --- real speech in bad shape, with the real detector and the real model ---------------------------------------------


@pytest.fixture(scope='module')
def backend():
    return load(RecognitionSettings(device='cpu'))


def telephone(sound):
    return soxr.resample(soxr.resample(sound, SAMPLE_RATE_HZ, 8_000), 8_000, SAMPLE_RATE_HZ)


def peak_at(level_dbfs):
    return lambda sound: sound * 10 ** (level_dbfs / 20) / np.abs(sound).max()


def noisy(level_dbfs):
    def make(sound):
        sound = peak_at(level_dbfs)(sound)
        rms = np.sqrt(np.mean(sound[np.abs(sound) > 0.02 * np.abs(sound).max()] ** 2))
        return sound + np.random.default_rng(1).normal(0.0, rms * 10 ** (-10 / 20), len(sound))

    return make


SHAPES = {
    'as it is': lambda sound: sound,
    'telephone': telephone,
    'clipped': lambda sound: np.clip(8 * sound, -0.5, 0.5),
    'very loud': lambda sound: 30 * sound,
    'with an offset': lambda sound: 0.3 * sound + 0.2,
    '-3 dBFS': peak_at(-3),
    '-40 dBFS': peak_at(-40),
    '-3 dBFS in noise': noisy(-3),
    '-40 dBFS in noise': noisy(-40),
}


@pytest.mark.parametrize('shape', SHAPES)
def test_a_command_is_heard_whole_in_whatever_shape_it_comes(backend, shape):
    sound = SHAPES[shape](to_float(say(COMMAND, before_s=1.5)))
    recognizer = SpeechRecognizer(RecognitionSettings(max_revision_hz=2.0), backend, SileroActivity())
    transcripts = hear(recognizer, frames_of(to_int16(sound.astype(np.float32))))

    assert [plain_words(one.text) for one in transcripts if one.is_final] == [plain_words(COMMAND)]


def without(places):
    return lambda frames: [frame for frame in frames if frame.sequence not in places]


def swapped(frames):
    return [frame for first, second in zip(frames[::2], frames[1::2], strict=False) for frame in (second, first)]


STREAMS = {
    'lost frames': (without({60, 61, 75}), 'lost_frames', 3),
    'repeated frames': (lambda frames: [frame for frame in frames for _ in range(2)], 'dropped_frames', None),
    'a clock that is set back': (
        lambda frames: [Frame(f.samples, f.sequence, f.stamp_ns - (f.sequence > 60) * 10**12) for f in frames],
        'stream_restarts',
        0,
    ),
    'a clock that is set ahead': (
        lambda frames: [Frame(f.samples, f.sequence, f.stamp_ns + (f.sequence > 60) * 10**12) for f in frames],
        'stream_restarts',
        0,
    ),
}


@pytest.mark.parametrize('stream', STREAMS)
def test_a_command_is_heard_whole_however_its_frames_come(backend, stream):
    make, counter, count = STREAMS[stream]
    frames = frames_of(say(COMMAND, before_s=1.5))
    recognizer = SpeechRecognizer(RecognitionSettings(max_revision_hz=2.0), backend, SileroActivity())
    transcripts = hear(recognizer, make(frames))

    assert [plain_words(one.text) for one in transcripts if one.is_final] == [plain_words(COMMAND)]
    assert getattr(recognizer.statistics, counter) == (len(frames) if count is None else count)


def test_frames_in_the_wrong_order_are_counted_and_end_nothing(backend):
    """Half of them are too late: what is heard is no longer the command, but it is one utterance."""
    frames = swapped(frames_of(say(COMMAND, before_s=1.5)))
    recognizer = SpeechRecognizer(RecognitionSettings(max_revision_hz=2.0), backend, SileroActivity())
    transcripts = hear(recognizer, frames)
    recognizer.finish()

    assert len({one.utterance_id for one in transcripts + drain(recognizer)}) <= 1
    assert recognizer.statistics.dropped_frames == len(frames) // 2


def test_speech_without_a_pause_is_heard_in_pieces(backend):
    """The bottle, the kitchen, the battery, the office: who never pauses is heard all the same."""
    said = {
        'bottle': 'pick up the bottle from the table',
        'kitchen': 'go to the kitchen and wait',
        'battery': 'what is your battery level',
        'office': 'then drive slowly to the office',
    }
    sound = np.concatenate([_without_silence(say(text, 0.0, 0.0)) for text in said.values()])
    settings = RecognitionSettings(max_revision_hz=1.0, max_utterance_s=4.0)
    recognizer = SpeechRecognizer(settings, backend, SileroActivity())
    transcripts = hear(recognizer, frames_of(sound))
    recognizer.finish()
    finals = [one.text.lower() for one in transcripts + drain(recognizer) if one.is_final]

    assert len(finals) >= 2
    assert [word for word in said if word in ' '.join(finals)] == list(said)


def _without_silence(samples):
    start, end = speech_bounds(samples)
    return samples[start:end]
