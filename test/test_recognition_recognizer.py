import threading

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

from voice_pipeline.messages import StageTrace, Transcript, decode, encode
from voice_pipeline.recognition.recognizer import SpeechRecognizer
from voice_pipeline.recognition.settings import RecognitionSettings

# In frames: no pre-roll, 3 to begin, 2 of tail, 6 silent ones to end; a revision a frame.
SETTINGS = RecognitionSettings(
    pre_roll_ms=0, min_speech_ms=96, tail_ms=64, final_silence_ms=192, max_utterance_s=3.2, max_revision_hz=32.0
)
TOOK_NS = 5_000_000


def recognizer_of(backend=None, settings=SETTINGS, clock_ns=None):
    return SpeechRecognizer(settings, backend or CountingBackend(), LoudnessActivity(), clock_ns or (lambda: 0))


def drain(recognizer):
    transcripts = []
    while (transcript := recognizer.next_transcript(timeout_s=0.0)) is not None:
        transcripts.append(transcript)
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

    assert [(t.revision, t.text, round(t.silence_ms), t.is_final) for t in transcripts] == [
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


def test_speech_after_a_pause_goes_on_in_the_same_utterance():
    transcripts = feed(recognizer_of(), '###....##......')

    assert [(t.text, round(t.silence_ms)) for t in transcripts if not t.silence_ms] == [
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

    assert [t.text for t in transcripts] == ['8 frames', '16 frames', '24 frames', '24 frames']
    assert [t.revision for t in transcripts] == [0, 1, 2, 3]
    assert recognizer.statistics.skipped_revisions > 0


def test_finals_of_several_utterances_are_given_in_order():
    recognizer = recognizer_of()
    transcripts = feed(recognizer, '###......####......#####......##', every=100)
    transcripts += drain(recognizer)

    assert [(t.text, t.is_final, t.revision) for t in transcripts] == [
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

    assert [(t.text, t.is_final) for t in transcripts] == [('4 frames', True), ('3 frames', False)]
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

    assert [t.text for t in partials] == ['3 frames']
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

    assert [t.text for t in first] == ['3 frames']
    assert [(t.text, t.confidence, t.is_final) for t in failed] == [('', 0.0, True)]
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

    def transcribe(self, samples, window_s):
        self.begun.set()
        assert self.leave.wait(10)
        return super().transcribe(samples, window_s)


def test_frames_are_accepted_while_the_model_works():
    backend = BlockingBackend()
    recognizer = recognizer_of(backend)
    transcripts = []

    def work():
        while not (transcripts and transcripts[-1].is_final):
            transcript = recognizer.next_transcript(timeout_s=10)
            assert transcript is not None
            transcripts.append(transcript)

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

    assert [(t.text, t.is_final) for t in transcripts] == [('3 frames', False), ('11 frames', True)]


def test_the_model_is_given_the_window_and_the_sound_as_floats():
    given_: list[tuple[float, np.dtype, float]] = []

    class Backend(CountingBackend):
        def transcribe(self, samples, window_s):
            given_.append((window_s, samples.dtype, float(np.abs(samples).max())))
            return super().transcribe(samples, window_s)

    feed(recognizer_of(Backend()), '###')

    assert given_ == [(10.0, np.float32, pytest.approx(5000 / 32768))]
