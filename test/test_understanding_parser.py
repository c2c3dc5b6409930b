"""Properties of the parser on any text, and the stage around it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_pipeline.messages import Intent, Move, Say, Stop, Transcript, decode, encode, steps_to_builtins
from voice_pipeline.understanding.grammar.parser import MAX_CHARACTERS, NOTHING_SAID, Parser
from voice_pipeline.understanding.intent_parser import IntentParser
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.normalise import words
from voice_pipeline.understanding.words.units import UNITS
from voice_pipeline.understanding.words.vocabulary import Vocabulary, VocabularyError

VOCABULARY = Vocabulary(places={'kitchen': None, 'living room': None}, people=('sam',), objects=('cup',))
PARSER = Parser(VOCABULARY)
OTHER_SIDE = {'left': 'right', 'right': 'left'}
WORDS = """
    go move drive turn rotate spin stop halt then and , . please robot um slowly left right forward back around to the
    a half quarter one two ten ninety hundred point minus 0 1 90 2.5 1e9 99999999999 - -5 / % meters feet m cm degrees
    seconds per second fast kitchen living room moon not if he said for by at with do make reverse up no sorry don't
    but or before after you it there me here cup sam pick put bring give take look find follow say tell wave wait
    again twice continue cancel speed faster set where is are what how far can could mind turning going in five from
    on of that
"""
COMMAND_LIKE = st.lists(st.sampled_from(WORDS.split()), max_size=14).map(' '.join)


def intent_from(meaning):
    return Intent(
        utterance_id='u', revision=0, is_final=True, speech_end_ns=1, text='', silence_ms=0.0,
        steps=meaning.steps, is_complete=meaning.is_complete, reason=meaning.reason,
    )  # fmt: skip


@given(st.one_of(COMMAND_LIKE, st.text(max_size=80), st.binary(max_size=60).map(lambda b: b.decode('latin-1'))))
@settings(max_examples=400, deadline=None)
def test_any_text_gives_valid_steps_or_a_reason(text):
    meaning = PARSER.parse(text)
    intent = intent_from(meaning)
    assert decode(Intent, encode(intent)) == intent
    assert bool(meaning.steps) != bool(meaning.reason)
    assert meaning.steps or not meaning.is_complete
    assert PARSER.parse(text) == meaning


@given(COMMAND_LIKE)
@settings(max_examples=200, deadline=None)
def test_a_word_that_is_not_known_never_moves_the_robot(text):
    assert all(isinstance(step, (Stop, Say)) for step in PARSER.parse(f'{text} . xylophone banana').steps)


@given(COMMAND_LIKE)
@settings(max_examples=400, deadline=None)
def test_the_other_side_is_the_mirrored_meaning(text):
    mirrored = ' '.join(OTHER_SIDE.get(word, word) for word in text.split())
    meaning, other = PARSER.parse(text), PARSER.parse(mirrored)
    expected = [mirror(step, said) for step, said in zip(plain(meaning), meaning.words, strict=True)]
    assert expected == plain(other)


def plain(meaning):
    return list(steps_to_builtins(meaning.steps))


def mirror(step, said):
    values = {key: OTHER_SIDE.get(value, value) for key, value in step['args'].items()}
    if 'angle_deg' in values and said.get('direction', '').split()[-1:] in (['left'], ['right']):
        values['angle_deg'] = -values['angle_deg']
    if 'text' in values:
        values['text'] = ' '.join(OTHER_SIDE.get(word, word) for word in values['text'].split())
    return {'action': step['action'], 'args': values}


@given(st.lists(st.sampled_from(WORDS.split()), min_size=150).map(' '.join))
@settings(max_examples=30, deadline=None)
def test_a_long_text_is_understood_or_not_but_never_fails(text):
    meaning = PARSER.parse(text[:MAX_CHARACTERS])
    assert bool(meaning.steps) != bool(meaning.reason)


@given(COMMAND_LIKE)
@settings(max_examples=200, deadline=None)
def test_case_and_outer_space_do_not_matter(text):
    assert PARSER.parse(f'  {text.upper()} ') == PARSER.parse(text)


@pytest.mark.parametrize('name', [name for name, unit in UNITS.items() if unit.kind == 'distance'])
def test_every_distance_unit(name):
    (step,) = PARSER.parse(f'go forward 2 {name}').steps
    assert isinstance(step, Move)
    assert step.args.distance_m == pytest.approx(2 * UNITS[name].factor)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('Turn left, forty-five°!', 'turn left , 45 degrees !'),
        ('1,000 meters', '1000 meters'),
        ('thirty second', '30 sec'),
        ('one second', '1 sec'),
        ('2-3 m', '2 to 3 m'),
        ('a 90-degree turn', '90 degree turn'),
        ('-90 degrees', '-90 degrees'),
        ('5 m/s', '5 m per s'),
        ("don't", 'do not'),
        ('1/0', '1 / 0'),
        ("5'", '5 feet'),
        ('5\'6"', '5 feet 6 inches'),
        ('he said "go forward 5"', 'he said go forward 5'),
        ('50%', '50 percent'),
        ("where's", 'where is'),
        ('one hundred and uh thirty five', '135'),
    ],
)
def test_normalised_spelling(text, expected):
    assert ' '.join(words(text)) == expected


def transcript(text, **changes):
    values = {
        'utterance_id': 'u1', 'revision': 3, 'is_final': False, 'speech_end_ns': 50, 'text': text,
        'confidence': 0.9, 'silence_ms': 120.0, **changes,
    }  # fmt: skip
    return Transcript(**values)


def make_stage(clock_ns=lambda: 200):
    return IntentParser(UnderstandingSettings(), clock_ns=clock_ns)


def test_a_transcript_becomes_an_intent_with_its_identity_and_trace():
    intent = make_stage().on_transcript(transcript('go forward two meters'), received_ns=150)
    assert (intent.utterance_id, intent.revision, intent.is_final, intent.speech_end_ns) == ('u1', 3, False, 50)
    assert (intent.text, intent.silence_ms, intent.source) == ('go forward two meters', 120.0, 'grammar')
    assert intent.is_complete
    assert len(intent.steps) == 1
    assert [(t.name, t.received_ns, t.finished_ns) for t in intent.trace] == [('understanding', 150, 200)]


def test_revisions_that_repeat_or_change_keep_their_own_meaning():
    stage = make_stage()
    texts = ['turn left', 'turn left', 'turn left ninety degrees', 'turn left']
    steps = [stage.on_transcript(transcript(text), 1).steps for text in texts]
    assert steps[0] == steps[1] == steps[3] != steps[2]


def test_a_typed_command_is_a_final_utterance_of_its_own():
    stage = make_stage()
    first, second = stage.on_command('turn left\n', 100), stage.on_command('turn left', 100)
    assert first.is_final
    assert first.source == 'typed'
    assert first.speech_end_ns == 100
    assert first.utterance_id.startswith('typed-')
    assert first.utterance_id != second.utterance_id
    assert first.steps == second.steps != ()


@pytest.mark.parametrize('text', ['turn\x00 left', 'turn left\x1b[2J', 'turn left \ud800', 'turn left ' * 100])
def test_a_malformed_typed_command_moves_nothing(text):
    intent = make_stage().on_command(text, 100)
    assert intent.steps == ()
    assert 'command' in intent.reason
    assert len(intent.text) <= MAX_CHARACTERS
    assert decode(Intent, encode(intent)) == intent


def test_a_malformed_typed_stop_still_stops():
    assert make_stage().on_command('stop\x00', 100).emergency_stop


def test_an_empty_typed_command_says_so():
    assert make_stage().on_command('  ', 100).reason == NOTHING_SAID


def test_a_vocabulary_that_is_not_there_is_named(tmp_path):
    with pytest.raises(VocabularyError, match=r'missing\.yaml'):
        IntentParser(UnderstandingSettings(vocabulary=str(tmp_path / 'missing.yaml')))
