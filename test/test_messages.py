"""What is sent arrives as it was, and what is not a message is refused with a reason."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline import messages
from voice_pipeline.messages import (
    Execution,
    GoTo,
    GoToArguments,
    Intent,
    MalformedMessageError,
    Move,
    MoveArguments,
    Plan,
    PlannedStep,
    Pose2D,
    Say,
    SayArguments,
    StageTrace,
    Stop,
    Transcript,
    Turn,
    TurnArguments,
    decode,
    encode,
)

positive = st.floats(min_value=1e-6, max_value=1e9)
finite = st.floats(allow_nan=False, allow_infinity=False)
times = st.integers(min_value=0, max_value=2**62)
words = st.text(st.characters(exclude_categories=['Cs']), max_size=40)
identifiers = words.filter(bool)

moves = st.builds(
    MoveArguments,
    direction=st.sampled_from(['forward', 'backward', 'left', 'right', None]),
    distance_m=st.none() | positive,
    duration_s=st.none() | positive,
    speed=st.sampled_from(['slow', 'fast', None]),
)
steps = st.one_of(
    st.builds(Move, moves),
    st.builds(Turn, st.builds(TurnArguments, angle_deg=st.none() | finite)),
    st.builds(GoTo, st.builds(GoToArguments, place=st.none() | words)),
    st.builds(Say, st.builds(SayArguments, text=st.none() | words)),
    st.just(Stop()),
)
shared = {
    'utterance_id': identifiers,
    'revision': st.integers(min_value=0, max_value=2**31),
    'is_final': st.booleans(),
    'speech_end_ns': times,
    'trace': st.lists(
        st.builds(StageTrace, name=st.sampled_from(messages.STAGES), received_ns=times, finished_ns=times), max_size=5
    ).map(tuple),
}
planned = st.builds(
    PlannedStep,
    step=steps,
    speed_mps=st.floats(0, 10),
    speed_dps=st.floats(0, 360),
    timeout_s=positive,
    goal=st.none() | st.builds(Pose2D, x_m=finite, y_m=finite, yaw_rad=st.none() | finite),
)
documents = st.one_of(
    st.builds(Transcript, **shared, text=words, confidence=st.floats(0, 1), silence_ms=st.floats(0, 1e6)),
    st.builds(
        Intent,
        **shared,
        text=words,
        silence_ms=st.floats(0, 1e6),
        steps=st.lists(steps, max_size=4).map(tuple),
        source=st.sampled_from(['grammar', 'semantic', 'llm', 'typed']),
        reason=words,
    ),
    st.builds(
        Plan,
        **shared,
        plan_id=identifiers,
        mode=st.sampled_from(['replace', 'append', 'stop']),
        is_committed=st.booleans(),
        steps=st.lists(planned, max_size=4).map(tuple),
        refusal=words,
    ),
    st.builds(
        Execution,
        **shared,
        plan_id=identifiers,
        state=st.sampled_from(['running', 'done', 'stopped', 'refused', 'failed', 'replaced']),
        step=st.integers(0, 100),
        progress=st.floats(0, 1),
        reason=words,
    ),
)


@given(documents)
def test_every_message_survives_the_journey(message):
    text = encode(message)
    assert '\n' not in text
    assert decode(type(message), text) == message


@given(st.text() | documents.map(encode), st.sampled_from([Transcript, Intent, Plan, Execution]))
def test_any_text_is_a_message_or_refused(text, kind):
    with contextlib.suppress(MalformedMessageError):
        assert isinstance(decode(kind, text), kind)


INTENT = {
    'utterance_id': 'u-1',
    'revision': 3,
    'is_final': True,
    'speech_end_ns': 5,
    'text': 'go forward two meters',
    'silence_ms': 0.0,
    'steps': [{'action': 'move', 'args': {'direction': 'forward', 'distance_m': 2.0}}],
}


def test_what_was_not_said_is_absent_from_the_document():
    step = Move(MoveArguments(direction='forward', distance_m=2.0))
    intent = decode(Intent, json.dumps(INTENT))
    assert intent.steps == (step,)
    assert json.loads(encode(intent))['steps'] == INTENT['steps']


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'version': 2}, 'Invalid enum value 2 - at `$.version`'),
        ({'revision': -1}, 'Expected `int` >= 0 - at `$.revision`'),
        ({'utterance_id': ''}, 'Expected `str` of length >= 1 - at `$.utterance_id`'),
        ({'speech': 1}, 'Object contains unknown field `speech`'),
        ({'steps': [{'action': 'fly', 'args': {}}]}, "Invalid value 'fly' - at `$.steps[0].action`"),
        ({'steps': [{'action': 'move', 'args': {'distance_m': -1.0}}]}, 'Expected `float` > 0.0'),
        ({'steps': [{'action': 'move', 'args': {'angle_deg': 1.0}}]}, 'unknown field `angle_deg`'),
        ({'steps': [{'action': 'stop', 'args': {'now': True}}]}, 'unknown field `now`'),
    ],
)
def test_a_wrong_field_is_named(change, reason):
    with pytest.raises(MalformedMessageError) as caught:
        decode(Intent, json.dumps({**INTENT, **change}))
    assert reason in str(caught.value)


HOSTILE = {
    'nothing': '',
    'plain words': 'stop',
    'null': 'null',
    'deep': '[' * 100_000,
    'infinite': json.dumps(INTENT).replace('2.0', '1e999'),
    'enormous': json.dumps({**INTENT, 'text': 'x' * 200_000}),
    'no unicode': json.dumps(INTENT).replace('meters', 'meters\udc80'),
}


@pytest.mark.parametrize('text', HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_refused(text):
    with pytest.raises(MalformedMessageError):
        decode(Intent, text)


def test_a_message_that_follows_from_another_one_takes_over_its_header():
    transcript = Transcript(
        utterance_id='u7', revision=3, is_final=True, speech_end_ns=5, text='stop', confidence=1.0, silence_ms=0
    )
    intent = Intent(**transcript.header, text=transcript.text, silence_ms=0)
    assert intent.header == transcript.header
    assert (intent.utterance_id, intent.revision, intent.is_final, intent.speech_end_ns) == ('u7', 3, True, 5)
    assert intent.trace == ()
