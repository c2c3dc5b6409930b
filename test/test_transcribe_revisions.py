"""The figures of a stream of revisions, from a script."""

import dataclasses

import msgspec
import pytest
from speech import CountingBackend, LoudnessActivity, scripted

from voice_pipeline.messages import StageTrace, Transcript
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.revisions import (
    Clock,
    Revision,
    ShownWord,
    by_utterance,
    final_ms,
    percentile,
    rate_hz,
    revise,
    revise_live,
    settled_words,
    shown_words,
    text_of,
    work_ms,
)

# In frames: no pre-roll, 3 to begin, 2 of tail, 6 silent ones to end; a revision a frame.
SETTINGS = RecognitionSettings(
    pre_roll_ms=0, min_speech_ms=96, tail_ms=64, final_silence_ms=192, max_utterance_s=3.2, max_revision_hz=32.0
)


def spoken(*texts, utterance_id='u', decoded=True, silence_ms=0.0, step_s=0.1):
    """Revisions of one utterance, one each `step_s`, the last of them final."""
    return [
        Revision(
            transcript=Transcript(
                utterance_id=utterance_id,
                revision=number,
                is_final=number == len(texts) - 1,
                speech_end_ns=0,
                text=text,
                confidence=1.0,
                silence_ms=silence_ms,
                trace=(StageTrace(name='audio', received_ns=0, finished_ns=0),),
            ),
            shown_s=(number + 1) * step_s,
            work_ms=float(number),
            delay_ms=10.0 * number,
            is_decoded=decoded,
        )
        for number, text in enumerate(texts)
    ]


class ScriptedClock(Clock):
    """A clock that the backend's work moves."""

    def __init__(self):
        self.ns = 0

    def now_ns(self):
        return self.ns


class SlowBackend(CountingBackend):
    """Takes 7 ms, by the clock."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def transcribe(self, samples, window, draft=None):
        self.clock.ns += 7_000_000
        return super().transcribe(samples, window, draft)


@pytest.mark.parametrize(
    ('texts', 'expected'),
    [
        (('Turn', 'Turn left', 'Turn left.'), [0.1, 0.2]),
        (('turn', 'Turn left', 'burn', 'Turn left'), [0.4, 0.4]),  # gone in between: not for good
        (('left', 'turn left', 'turn left'), [0.2, 0.1]),  # a word put in before others leaves them
        (('go ten', 'go 10 meters', 'Go 10 meters.'), [0.1, 0.2, 0.2]),
        (('', 'stop'), [0.2]),
        (('turn left', ''), []),
    ],
)
def test_since_when_each_word_of_the_final_text_was_shown(texts, expected):
    assert shown_words(spoken(*texts)) == [
        ShownWord(text, heard_s=pytest.approx(since_s), shown_s=pytest.approx(since_s))
        for text, since_s in zip(texts[-1].split(), expected, strict=True)
    ]


def test_a_word_may_be_heard_before_it_is_shown():
    one, two, three = (revision.transcript for revision in spoken('', 'turn', 'turn left'))
    transcripts = (
        msgspec.structs.replace(one, tentative='turn'),
        msgspec.structs.replace(two, tentative='turn left'),
        three,
    )
    revisions = [
        dataclasses.replace(revision, transcript=transcript)
        for revision, transcript in zip(spoken('', '', ''), transcripts, strict=True)
    ]

    words = [(word.text, word.heard_s, word.shown_s) for word in shown_words(revisions)]
    assert words == [('turn', pytest.approx(0.1), pytest.approx(0.2)), ('left', pytest.approx(0.2), pytest.approx(0.3))]


@pytest.mark.parametrize(
    ('texts', 'expected'),
    [
        (('go', 'go', 'go'), (1, 0)),
        (('go', 'go', 'stop'), (0, 0)),
        (('go', 'go', 'go', 'stop'), (1, 1)),
        (('go', 'go', 'go', 'go on', 'go on', 'go on'), (2, 0)),
        (('go', 'go', 'go', '', 'go', 'go', 'go'), (2, 1)),
        (('ten', 'ten', 'ten', '10', '10.'), (1, 0)),
        (('left', 'left', 'left', 'turn left'), (1, 0)),
        ((), (0, 0)),
    ],
)
def test_how_many_settled_words_change(texts, expected):
    assert settled_words(spoken(*texts)) == expected


def test_revisions_that_only_count_the_silence_settle_nothing():
    assert settled_words(spoken('go', 'go', 'go', 'go', decoded=False)) == (0, 0)


def test_the_rate_counts_what_is_made_while_someone_speaks():
    speaking = spoken('a', 'a', 'a', step_s=0.05)
    silent = spoken('b', 'b', silence_ms=32.0)

    assert rate_hz(speaking) == pytest.approx(20.0)
    assert rate_hz(spoken('a', 'a', utterance_id='v', step_s=0.1) + speaking) == pytest.approx(3 / 0.2)
    assert rate_hz(silent) is None
    assert rate_hz(spoken('a')) is None
    assert rate_hz([]) is None


def test_times_of_revisions_and_finals():
    revisions = spoken('a', 'b', 'c') + spoken('', '', utterance_id='v') + spoken('d', 'e', utterance_id='w')

    assert [len(utterance) for utterance in by_utterance(revisions)] == [3, 2, 2]
    assert text_of(revisions) == 'c e'
    assert work_ms(revisions) == [0.0, 1.0, 0.0, 0.0]
    assert final_ms(revisions) == [20.0, 10.0]
    assert work_ms(spoken('a', 'b', decoded=False)) == []


def test_percentiles():
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([3.0, 1.0, 2.0], 95) == 3.0
    assert percentile([], 50) is None


def test_all_revisions_are_made_and_their_work_is_timed():
    clock = ScriptedClock()
    revisions = list(revise(scripted('..#####.......'), SETTINGS, SlowBackend(clock), LoudnessActivity(), clock))

    assert [(one.transcript.heard, one.work_ms) for one in revisions] == [
        *(('3 frames', 7.0), ('4 frames', 7.0), ('5 frames', 7.0), ('5 frames', 7.0), ('5 frames', 7.0)),
        *[('5 frames', 0.0)] * 4,
    ]
    assert [one.is_decoded for one in revisions] == [True] * 5 + [False] * 4
    assert [one.shown_s for one in revisions] == pytest.approx([0.032 * frames for frames in range(5, 14)])
    assert final_ms(revisions) == [0.0]


def test_a_stream_that_ends_in_speech_gets_its_final():
    clock = ScriptedClock()
    revisions = list(revise(scripted('..####'), SETTINGS, SlowBackend(clock), LoudnessActivity(), clock))

    assert revisions[-1].transcript.is_final
    assert revisions[-1].transcript.text == '4 frames'


def test_the_clock_sets_the_pace_of_live_sound():
    revisions = revise_live(scripted('..#####.......'), SETTINGS, CountingBackend(), LoudnessActivity())

    assert text_of(revisions) == '5 frames'
    for one in revisions:
        heard_s = one.transcript.trace[0].received_ns / 1e9
        assert one.shown_s >= heard_s > 0
        assert one.delay_ms >= 0
    shown_s = [one.shown_s for one in revisions]
    assert shown_s == sorted(shown_s)


def test_a_live_backend_that_raises_unexpectedly_is_not_hidden():
    class Broken(CountingBackend):
        def transcribe(self, samples, window, draft=None):
            raise KeyError('tokens')

    with pytest.raises(KeyError):
        revise_live(scripted('..###'), SETTINGS, Broken(), LoudnessActivity())
