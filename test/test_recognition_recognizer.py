import threading
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech import (
    FRAME_NS,
    START_NS,
    CountingBackend,
    LoudnessActivity,
    frames_of,
    scripted,
)

from voice_pipeline.audio.frames import FRAME_SAMPLES
from voice_pipeline.messages import StageTrace, Transcript, decode, encode
from voice_pipeline.recognition.backend import Hypothesis
from voice_pipeline.recognition.recognizer import HANG_NS, SpeechRecognizer
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.window import FULL_WINDOW, Window

# In frames: no pre-roll, 3 to begin, 2 of tail, 6 silent ones to end; a revision a frame.
SETTINGS = RecognitionSettings(
    pre_roll_ms=0, min_speech_ms=96, tail_ms=64, final_silence_ms=192, max_utterance_s=3.2, max_revision_hz=32.0
)
TOOK_NS = 5_000_000


def recognizer_of(backend=None, settings=SETTINGS, clock_ns=None):
    return SpeechRecognizer(settings, backend or CountingBackend(), LoudnessActivity(), clock_ns or (lambda: 0))


def drain(recognizer):
    transcripts = []
    while made := recognizer.next_transcripts(timeout_s=0.0):
        transcripts += [each.transcript for each in made]
    return transcripts


def feed(recognizer, pattern, *, every=1, frames=None):
    """Feed a pattern; the worker looks after each `every` frames. Return the transcripts."""
    transcripts = []
    for count, frame in enumerate(frames or frames_of(scripted(pattern)), start=1):
        recognizer.accept(frame, frame.end_ns + 7)
        if count % every == 0:
            transcripts += drain(recognizer)
    return transcripts


def test_a_revision_a_frame_then_growing_silence_then_one_final():
    backend = CountingBackend()
    transcripts = feed(recognizer_of(backend), '..#####.......')

    assert [(t.revision, t.heard, round(t.silence_ms), t.is_final) for t in transcripts] == [
        (0, '3 frames', 0, False),
        (1, '4 frames', 0, False),
        (2, '5 frames', 0, False),
        (3, '5 frames', 32, False),
        (4, '5 frames', 64, False),
        (5, '5 frames', 96, False),
        (6, '5 frames', 128, False),
        (7, '5 frames', 160, False),
        (8, '5 frames', 192, True),
    ]
    assert backend.heard == [3, 4, 5, 6, 7]  # silence after the tail is not decoded again
    assert len({t.utterance_id for t in transcripts}) == 1


class HastyBackend(CountingBackend):
    """Says of what it hears whether it may be corrected."""

    batch_size = 8

    def transcribe_batch(self, requests):
        answers = [self.transcribe(request.samples, request.windows[0]) for request in requests]
        words = ['roughly' if request.is_provisional else 'exactly' for request in requests]
        return [replace(heard, text=f'{word} {heard.text}') for heard, word in zip(answers, words, strict=True)]


def test_what_may_be_the_last_word_is_heard_exactly():
    transcripts = feed(recognizer_of(HastyBackend()), '..####......')

    assert [(t.heard, round(t.silence_ms)) for t in transcripts] == [
        ('roughly 3 frames', 0),
        ('roughly 4 frames', 0),
        ('roughly 4 frames', 32),
        ('exactly 4 frames', 64),  # with the whole tail
        ('exactly 4 frames', 96),
        ('exactly 4 frames', 128),
        ('exactly 4 frames', 160),
        ('exactly 4 frames', 192),
    ]


def test_who_is_cut_off_in_the_middle_of_a_word_is_heard_exactly():
    finals = [t for t in feed(recognizer_of(HastyBackend()), '#' * 110) if t.is_final]

    assert [final.heard.split()[0] for final in finals] == ['exactly']


class Steady:
    """A clock that is set."""

    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def patient(monkeypatch):
    """A recogniser that has made a revision at 0 s, of three frames, and waits for as long as it takes; its clock."""
    monkeypatch.setattr('voice_pipeline.recognition.recognizer.FRAME_JITTER_S', 60.0)
    clock = Steady()
    recognizer = SpeechRecognizer(SETTINGS, CountingBackend(), LoudnessActivity(), lambda: 0, clock)
    frames = iter(frames_of(scripted('#####......')))

    def come(at_s):
        clock.now_s = at_s
        frame = next(frames)
        recognizer.accept(frame, frame.end_ns)

    for _ in range(3):
        come(0.0)
    (first,) = drain(recognizer)
    assert first.heard == '3 frames'
    return recognizer, clock, come


def test_a_revision_waits_for_the_frame_that_comes_in_a_moment(patient):
    recognizer, clock, come = patient
    come(0.030)
    clock.now_s = 0.045  # the next one is due at 0.062
    made = []
    worker = threading.Thread(target=lambda: made.extend(recognizer.next_transcripts(timeout_s=60.0)))
    worker.start()
    worker.join(timeout=0.05)
    assert made == []
    come(0.061)
    worker.join()
    assert [one.transcript.heard for one in made] == ['5 frames']


@pytest.mark.parametrize(
    ('frame_s', 'now_s', 'why'),
    [
        (0.030, 0.032, 'the next frame is not soon'),
        (0.040, 0.060, 'with the next frame it would be later than 15 times a second'),
        (0.030, 0.070, 'the next frame is late'),
    ],
)
def test_a_revision_does_not_wait_where(patient, frame_s, now_s, why):
    recognizer, clock, come = patient
    come(frame_s)
    clock.now_s = now_s
    (made,) = recognizer.next_transcripts(timeout_s=60.0)
    assert made.transcript.heard == '4 frames', why


def test_speech_after_a_pause_goes_on_in_the_same_utterance():
    transcripts = feed(recognizer_of(), '###....##......')

    assert [(t.heard, round(t.silence_ms)) for t in transcripts if not t.silence_ms] == [
        ('3 frames', 0),
        ('4 frames', 0),
        ('5 frames', 0),
    ]
    assert [t.is_final for t in transcripts].count(True) == 1
    assert [t.revision for t in transcripts] == list(range(len(transcripts)))


def test_times_and_trace_come_from_the_sound():
    ready_ns = START_NS + 10**9
    transcripts = feed(recognizer_of(clock_ns=lambda: ready_ns), '###..')

    last = transcripts[-1]
    captured_ns = START_NS + 5 * FRAME_NS
    assert last.speech_end_ns == START_NS + 3 * FRAME_NS
    assert last.trace == (
        StageTrace(name='audio', received_ns=captured_ns, finished_ns=captured_ns + 7),
        StageTrace(name='recognition', received_ns=captured_ns + 7, finished_ns=ready_ns),
    )
    assert decode(Transcript, encode(last)) == last


@pytest.mark.parametrize(('rate_hz', 'expected'), [(32.0, 60), (20.0, 39), (10.0, 20), (1.0, 2)])
def test_the_pace_is_bounded_in_the_time_of_the_sound(rate_hz, expected):
    settings = RecognitionSettings(max_revision_hz=rate_hz, pre_roll_ms=0)
    transcripts = feed(recognizer_of(settings=settings), '#' * 62)  # 60 of them after the start: 1.92 s

    assert len(transcripts) == pytest.approx(expected, abs=1)


def test_the_pace_does_not_drop_while_the_speaker_is_silent():
    settings = RecognitionSettings(final_silence_ms=1280, pre_roll_ms=0)
    transcripts = feed(recognizer_of(settings=settings), '###' + '.' * 39)

    silent = [t for t in transcripts if t.silence_ms]
    assert len(silent) == pytest.approx(39 * 0.032 * 20, abs=1)
    assert sorted(t.silence_ms for t in silent) == [t.silence_ms for t in silent]


def test_a_slow_worker_skips_revisions_but_no_sound():
    backend = CountingBackend()
    recognizer = recognizer_of(backend)
    transcripts = feed(recognizer, '#' * 24 + '......', every=8) + drain(recognizer)

    assert [t.heard for t in transcripts] == ['8 frames', '16 frames', '24 frames', '24 frames']
    assert [t.revision for t in transcripts] == [0, 1, 2, 3]
    assert recognizer.statistics.skipped_revisions > 0


def test_finals_of_several_utterances_are_given_in_order():
    recognizer = recognizer_of()
    transcripts = feed(recognizer, '###......####......#####......##', every=100)
    transcripts += drain(recognizer)

    assert [(t.heard, t.is_final, t.revision) for t in transcripts] == [
        ('3 frames', True, 0),
        ('4 frames', True, 0),
        ('5 frames', True, 0),
    ]
    assert len({t.utterance_id for t in transcripts}) == 3


def test_finish_gives_the_open_utterance_its_final():
    recognizer = recognizer_of()
    feed(recognizer, '..####')
    recognizer.finish()

    (final,) = drain(recognizer)
    assert (final.text, final.is_final, final.silence_ms) == ('4 frames', True, 0)
    recognizer.finish()
    assert drain(recognizer) == []


def test_a_stream_that_begins_again_closes_the_open_utterance():
    recognizer = recognizer_of()
    feed(recognizer, '..####')
    later = [type(f)(f.samples, f.sequence, f.stamp_ns + 10**9) for f in frames_of(scripted('..###'))]
    transcripts = feed(recognizer, '', frames=later)

    assert [(t.heard, t.is_final) for t in transcripts] == [('4 frames', True), ('3 frames', False)]
    assert recognizer.statistics.stream_restarts == 1


def test_noise_in_which_nothing_is_heard_publishes_nothing():
    backend = CountingBackend()
    backend.deaf = True
    recognizer = recognizer_of(backend)

    assert feed(recognizer, '..#####.......') == []
    assert recognizer.statistics.utterances == 1


def test_a_partial_that_turns_out_to_be_noise_is_taken_back_by_an_empty_final():
    backend = CountingBackend()
    recognizer = recognizer_of(backend)
    partials = feed(recognizer, '###')
    backend.deaf = True
    later = frames_of(scripted('###.......'))[3:]
    transcripts = feed(recognizer, '', frames=later)

    assert [t.heard for t in partials] == ['3 frames']
    assert (transcripts[-1].text, transcripts[-1].confidence, transcripts[-1].is_final) == ('', 0.0, True)


def test_silence_runs_no_model():
    backend = CountingBackend()

    assert feed(recognizer_of(backend), '.' * 200) == []
    assert backend.heard == []


def test_a_backend_that_fails_costs_revisions_and_not_the_recognizer(caplog):
    backend = CountingBackend()
    recognizer = recognizer_of(backend)
    frames = frames_of(scripted('#####......###......'))
    first = feed(recognizer, '', frames=frames[:3])
    backend.failing = True
    failed = feed(recognizer, '', frames=frames[3:11])
    backend.failing = False
    after = feed(recognizer, '', frames=frames[11:])

    assert [t.heard for t in first] == ['3 frames']
    assert [(t.heard, t.confidence, t.is_final) for t in failed] == [('', 0.0, True)]
    assert (after[-1].text, after[-1].is_final) == ('3 frames', True)
    assert recognizer.statistics.failed_revisions > 1
    assert [record.levelname for record in caplog.records] == ['ERROR']  # said once


def test_lost_and_dropped_frames_are_counted():
    recognizer = recognizer_of()
    frames = frames_of(scripted('..######......'))
    feed(recognizer, '', frames=[*frames[:4], *frames[5:8], frames[6], *frames[8:]])

    statistics = recognizer.statistics
    assert (statistics.lost_frames, statistics.dropped_frames) == (1, 1)
    assert statistics.published > 0


@pytest.mark.parametrize('every', [1, 3, 7])
@given(pattern=st.text(alphabet='#.', max_size=80))
def test_every_utterance_is_numbered_without_gaps_and_has_one_final(every, pattern):
    recognizer = recognizer_of()
    transcripts = feed(recognizer, pattern, every=every) if pattern else []
    recognizer.finish()
    transcripts += drain(recognizer)

    utterances: dict[str, list[Transcript]] = {}
    for transcript in transcripts:
        utterances.setdefault(transcript.utterance_id, []).append(transcript)
    for revisions in utterances.values():
        assert [t.revision for t in revisions] == list(range(len(revisions)))
        assert [t.is_final for t in revisions] == [False] * (len(revisions) - 1) + [True]
        assert [t.speech_end_ns for t in revisions] == sorted(t.speech_end_ns for t in revisions)
    assert recognizer.statistics.utterances == len(utterances)
    assert recognizer.statistics.published == len(transcripts)


class BlockingBackend(CountingBackend):
    """A backend that says when it has begun and waits for leave to answer."""

    def __init__(self):
        super().__init__()
        self.begun, self.leave = threading.Event(), threading.Event()

    def transcribe(self, samples, window, draft=None):
        self.begun.set()
        assert self.leave.wait(10)
        return super().transcribe(samples, window, draft)


def test_frames_are_accepted_while_the_model_works():
    backend = BlockingBackend()
    recognizer = recognizer_of(backend)
    transcripts = []

    def work():
        while not (transcripts and transcripts[-1].is_final):
            (made,) = recognizer.next_transcripts(timeout_s=10)
            transcripts.append(made.transcript)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    frames = frames_of(scripted('###########......'))
    for frame in frames[:3]:
        recognizer.accept(frame, frame.end_ns)
    assert backend.begun.wait(10)
    for frame in frames[3:]:
        recognizer.accept(frame, frame.end_ns)  # would hang here if it waited for the model
    backend.leave.set()
    worker.join(10)

    assert [(t.heard, t.is_final) for t in transcripts] == [('3 frames', False), ('11 frames', True)]


class NotingBackend(CountingBackend):
    """Notes what it is given."""

    def __init__(self, has_adapter=False):
        super().__init__()
        self.has_adapter = has_adapter
        self.given = []
        self.answers = {}  # by the number of frames and the window, where it is not to count them

    def transcribe(self, samples, window, draft=None):
        assert samples.dtype == np.float32
        assert np.abs(samples).max() == pytest.approx(5000 / 32768)
        self.given.append((len(samples) // FRAME_SAMPLES, window, draft.text if draft else None))
        heard = super().transcribe(samples, window, draft)
        return self.answers.get((len(samples) // FRAME_SAMPLES, window), heard)


LONG, SHORT = Window(10.0), Window(0.0, 0.5)


def test_each_revision_is_the_draft_of_the_next():
    backend = NotingBackend()
    feed(recognizer_of(backend), '..#####.......###')

    assert backend.given == [
        (3, LONG, None),
        (4, LONG, '3 frames'),
        (5, LONG, '4 frames'),
        (6, LONG, '5 frames'),
        (7, LONG, '5 frames'),
        (3, LONG, None),  # another utterance
    ]


def test_a_text_that_was_taken_for_noise_is_no_draft():
    backend = NotingBackend()
    backend.answers = {(3, LONG): Hypothesis('you', -0.6, 0.99, (5,))}
    feed(recognizer_of(backend), '####')

    assert backend.given == [(3, LONG, None), (4, LONG, None)]


def test_a_model_with_an_adapter_hears_the_speech_and_little_more():
    backend = NotingBackend(has_adapter=True)
    feed(recognizer_of(backend), '####......')

    assert {window for _, window, _ in backend.given} == {SHORT}


def test_the_final_may_be_heard_in_a_longer_window_than_the_revisions():
    """In the first pause, once: when the final is due, it is there."""
    settings = msgspec.structs.replace(SETTINGS, final_window_s=5.0)
    backend = NotingBackend(has_adapter=True)
    transcripts = feed(recognizer_of(backend, settings), '####......')

    assert [(frames, window) for frames, window, _ in backend.given] == [
        (3, SHORT),
        (4, SHORT),
        (5, SHORT),
        (6, SHORT),
        (6, Window(5.0, 0.5)),
    ]
    assert [t.is_final for t in transcripts].count(True) == 1


RUNAWAY = Hypothesis('3 frames', -0.1, 0.0, (1,), was_cut=True)


def test_a_suspicious_revision_is_heard_again_in_a_longer_window():
    backend = NotingBackend(has_adapter=True)
    backend.answers = {(4, SHORT): RUNAWAY}
    transcripts = feed(recognizer_of(backend), '#####')

    assert [(frames, window) for frames, window, _ in backend.given] == [(3, SHORT), (4, SHORT), (4, LONG), (5, SHORT)]
    assert [t.heard for t in transcripts] == ['3 frames', '4 frames', '5 frames']


def test_a_pause_asks_the_whole_window_before_it_takes_a_suspicious_text_for_final():
    backend = NotingBackend()
    backend.answers = {(6, LONG): RUNAWAY}
    transcripts = feed(recognizer_of(backend), '####......')

    assert [(frames, window) for frames, window, _ in backend.given][-3:] == [(6, LONG), (6, LONG), (6, FULL_WINDOW)]
    assert transcripts[-1].text == '4 frames'


def test_a_model_that_hangs_is_said_once_and_costs_no_frames(caplog):
    backend = BlockingBackend()
    recognizer = recognizer_of(backend)
    worker = threading.Thread(target=recognizer.next_transcripts, args=(10,), daemon=True)
    worker.start()
    frames = frames_of(scripted('#' * 5))
    for frame in frames[:3]:
        recognizer.accept(frame, frame.end_ns)
    assert backend.begun.wait(10)
    recognizer.accept(frames[3], frames[3].end_ns + HANG_NS // 2)
    assert not caplog.records
    for frame in frames[3:]:
        recognizer.accept(frame, frame.end_ns + HANG_NS)
    backend.leave.set()
    worker.join(10)

    assert ['counting has not answered for 5 s' in record.message for record in caplog.records] == [True]
    assert drain(recognizer)[-1].heard == '5 frames'


def test_speech_without_end_is_heard_in_pieces_that_lose_and_double_nothing():
    settings = msgspec.structs.replace(SETTINGS, max_utterance_s=3.2)
    recognizer = recognizer_of(settings=settings)
    transcripts = feed(recognizer, '#' * 450 + '.' * 6)

    finals = [t for t in transcripts if t.is_final]
    assert sum(int(t.heard.split()[0]) for t in finals) == 450
    assert len(finals) > 4


def test_load_sheds_revisions_and_never_sound_or_finals():
    """The model takes the time of one frame, then of ten, then of one again."""
    recognizer = recognizer_of()
    frames = frames_of(scripted('#' * 90 + '.' * 10))
    lengths, next_look = [], 0
    for count, frame in enumerate(frames, start=1):
        recognizer.accept(frame, frame.end_ns)
        if count >= next_look:
            lengths += [count for t in drain(recognizer) if not t.silence_ms]
            next_look = count + (10 if 30 <= count < 60 else 1)
    slow = [length for length in lengths if 31 <= length <= 60]

    assert (len([length for length in lengths if length <= 30]), len(slow)) == (28, 3)
    assert [length for length in lengths if length > 60] == list(range(61, 91))
    assert recognizer.statistics.skipped_revisions == pytest.approx(27, abs=2)
