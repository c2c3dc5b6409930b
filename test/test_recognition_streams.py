"""Several streams of sound through one recogniser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech import CountingBackend, LoudnessActivity, frames_of, scripted

from voice_pipeline.audio.frames import FRAME_SAMPLES
from voice_pipeline.recognition.recognizer import SpeechRecognizer
from voice_pipeline.recognition.settings import RecognitionSettings

# In frames: no pre-roll, 3 to begin, 2 of tail, 6 silent ones to end; a revision a frame, which waits for no other.
SETTINGS = RecognitionSettings(
    pre_roll_ms=0,
    min_speech_ms=96,
    tail_ms=64,
    final_silence_ms=192,
    max_utterance_s=3.2,
    max_revision_hz=32.0,
    batch_wait_ms=0,
    window_s=1.0,
)


class BatchingBackend(CountingBackend):
    """Hears up to three sounds at once; notes how many frames each had."""

    batch_size = 3

    def __init__(self):
        super().__init__()
        self.batches = []

    def transcribe_batch(self, requests):
        self.batches.append([len(request.samples) // FRAME_SAMPLES for request in requests])
        return [super(BatchingBackend, self).transcribe(request.samples, request.windows[0]) for request in requests]

    def transcribe(self, samples, window, draft=None):
        self.batches.append([len(samples) // FRAME_SAMPLES])
        return super().transcribe(samples, window, draft)


def recognizer_of(streams, backend=None, settings=SETTINGS):
    return SpeechRecognizer(
        settings, backend or CountingBackend(), {name: LoudnessActivity() for name in streams}, clock_ns=lambda: 0
    )


def feed(recognizer, patterns, at_once=1):
    """Feed the patterns side by side, a frame of each stream after another; return what is due after `at_once`."""
    frames = {name: frames_of(scripted(pattern)) for name, pattern in patterns.items()}
    made = []
    for start in range(0, max(map(len, frames.values())), at_once):
        for name, of_stream in frames.items():
            for frame in of_stream[start : start + at_once]:
                recognizer.accept(frame, frame.end_ns, name)
        made += drain(recognizer)
    return made


def drain(recognizer):
    made = []
    while turn := recognizer.next_transcripts(timeout_s=0.0):
        made += turn
    return made


def finals(made):
    return {each.stream: each.transcript.text for each in made if each.transcript.is_final}


def test_each_stream_has_its_own_utterances():
    made = feed(recognizer_of('ab'), {'a': '..#####.......', 'b': '###......'})

    assert finals(made) == {'a': '5 frames', 'b': '3 frames'}
    assert len({each.transcript.utterance_id for each in made}) == 2
    for name in 'ab':
        revisions = [each.transcript.revision for each in made if each.stream == name]
        assert revisions == list(range(len(revisions)))


def test_without_names_there_is_one_stream():
    recognizer = SpeechRecognizer(SETTINGS, CountingBackend(), LoudnessActivity(), clock_ns=lambda: 0)
    for frame in frames_of(scripted('###......')):
        recognizer.accept(frame, frame.end_ns)

    assert finals(drain(recognizer)) == {'': '3 frames'}


def test_streams_take_turns_where_the_backend_hears_one_at_a_time():
    backend = CountingBackend()
    recognizer = recognizer_of('abc', backend)
    for name in 'abc':
        for frame in frames_of(scripted('####')):
            recognizer.accept(frame, frame.end_ns, name)
    turns = [recognizer.next_transcripts(timeout_s=0.0) for _ in range(4)]

    assert [[each.stream for each in turn] for turn in turns] == [['a'], ['b'], ['c'], []]


def test_who_was_heard_longest_ago_comes_first_and_nobody_starves():
    recognizer = recognizer_of('abc')
    frames = {name: iter(frames_of(scripted('#' * 60))) for name in 'abc'}
    heard = []
    for _ in range(30):  # the model is so slow that all have something new each time
        for name, of_stream in frames.items():
            frame = next(of_stream)
            recognizer.accept(frame, frame.end_ns, name)
        heard += [each.stream for each in recognizer.next_transcripts(timeout_s=0.0)]

    assert heard[:6] == ['a', 'b', 'c'] * 2
    assert [heard.count(name) for name in 'abc'] == [len(heard) // 3 + (len(heard) % 3 > index) for index in range(3)]


def test_a_final_does_not_wait_for_the_revisions_of_others():
    recognizer = recognizer_of('abc')
    for name, pattern in {'a': '####', 'b': '####', 'c': '###......'}.items():
        for frame in frames_of(scripted(pattern)):
            recognizer.accept(frame, frame.end_ns, name)

    (first,) = recognizer.next_transcripts(timeout_s=0.0)
    assert (first.stream, first.transcript.is_final) == ('c', True)


def test_sounds_that_are_about_as_long_are_heard_together():
    backend = BatchingBackend()
    made = feed(recognizer_of('abcd', backend), dict.fromkeys('abcd', '....###'))

    assert backend.batches == [[3, 3, 3], [3]]
    assert {each.stream for each in made} == set('abcd')


def test_sounds_of_other_lengths_are_heard_apart():
    backend = BatchingBackend()
    recognizer = recognizer_of('abc', backend)
    for name, pattern in {'a': '#' * 80, 'b': '###', 'c': '#' * 90}.items():
        for frame in frames_of(scripted(pattern)):
            recognizer.accept(frame, frame.end_ns, name)

    made = recognizer.next_transcripts(timeout_s=0.0)
    assert backend.batches == [[3], [80, 90]]
    assert {each.stream: each.transcript.heard for each in made} == {
        'a': '80 frames',
        'b': '3 frames',
        'c': '90 frames',
    }


def test_a_revision_waits_a_moment_for_those_of_others():
    """Nothing is due of b before its next frame, which comes after the wait: a goes without it, b is not lost."""
    backend = BatchingBackend()
    settings = RecognitionSettings(pre_roll_ms=0, min_speech_ms=96, max_revision_hz=32.0, batch_wait_ms=1)
    made = feed(recognizer_of('ab', backend, settings), {'a': '###', 'b': '...###'})

    assert [each.stream for each in made] == ['a', 'b']


def test_a_batch_that_fails_costs_its_streams_a_revision():
    backend = BatchingBackend()
    recognizer = recognizer_of('ab', backend)
    feed(recognizer, dict.fromkeys('ab', '###'))
    backend.failing = True
    later = {name: frames_of(scripted('####'))[3] for name in 'ab'}
    for name, frame in later.items():
        recognizer.accept(frame, frame.end_ns, name)

    assert drain(recognizer) == []
    assert recognizer.statistics.failed_revisions == 2
    recognizer.finish()
    assert finals(drain(recognizer)) == {'a': '', 'b': ''}


@pytest.mark.parametrize('backend_type', [CountingBackend, BatchingBackend])
@given(patterns=st.lists(st.text(alphabet='#.', min_size=1, max_size=40), min_size=8, max_size=8))
def test_eight_streams_lose_no_final(backend_type, patterns):
    patterns = dict(zip('abcdefgh', patterns, strict=True))
    recognizer = recognizer_of(patterns, backend_type())
    made = feed(recognizer, patterns, at_once=5)
    recognizer.finish()
    made += drain(recognizer)

    began = {each.transcript.utterance_id for each in made}
    over = [each.transcript.utterance_id for each in made if each.transcript.is_final]
    assert sorted(over) == sorted(began)
    assert recognizer.statistics.utterances == len(began)


@pytest.mark.parametrize('streams', ['a,a', 'a,', 'a b', '1st,b', 'a/b'])
def test_names_that_cannot_be_are_said(streams):
    with pytest.raises(ValueError, match='expected different names'):
        RecognitionSettings(streams=streams)


def test_the_names_of_the_streams():
    assert RecognitionSettings().stream_names == ('',)
    assert RecognitionSettings(streams='kitchen, hall').stream_names == ('kitchen', 'hall')
