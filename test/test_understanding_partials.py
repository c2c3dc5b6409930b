"""Sentences cut off, answers to questions, and what the meaning says about itself."""

import pytest

from voice_pipeline.messages import Move, Reply, Turn
from voice_pipeline.paths import config_file
from voice_pipeline.understanding.grammar.parser import Parser
from voice_pipeline.understanding.words.vocabulary import Amounts, Vocabulary

PARSER = Parser(Vocabulary.load(config_file('vocabulary.yaml')))


@pytest.mark.parametrize(
    ('text', 'action', 'missing'),
    [
        ('go forward two', 'move', 'unit'),
        ('go forward two met', 'move', 'unit'),
        ('go', 'move', 'direction'),
        ('turn', 'turn', 'direction'),
        ('turn ninety degrees', 'turn', 'direction'),
        ('go to', 'go_to', 'place'),
        ('go to the', 'go_to', 'place'),
        ('go there', 'go_to', 'place'),
        ('pick up', 'pick', 'object'),
        ('pick it up', 'pick', 'object'),
        ('bring me', 'pick', 'object'),
        ('look at', 'look', 'object'),
        ('follow', 'follow', 'person'),
        ('put the cup', 'place', 'place'),
        ('put the cup on', 'place', 'place'),
        ('give the cup', 'place', 'person'),
        ('set speed', 'set_speed', 'unit'),
    ],
)
def test_what_is_missing_is_named(text, action, missing):
    meaning = PARSER.parse(text)
    assert [step.__struct_config__.tag for step in meaning.steps] == [action]
    assert meaning.missing == missing
    assert not meaning.is_complete


def test_an_amount_without_its_unit_is_no_distance():
    (step,) = PARSER.parse('go forward two').steps
    assert isinstance(step, Move)
    assert step.args.distance_m is None


def test_a_half_turn_needs_no_side():
    assert PARSER.parse('turn 180 degrees').missing == ''


@pytest.mark.parametrize(
    ('text', 'is_complete'),
    [
        ('turn left ninety degrees', True),
        ('turn left ninety degrees and', False),
        ('turn left ninety', False),
        ('go to the kitchen', True),
        ('go to the kit', False),
        ('go forward two meters, no', False),
        ('bring me the cup', True),
        ('follow me', False),
        ('say hello', False),
        ('where are you', False),
        ('where are you going', True),
        ('wait', False),
        ('wait five seconds', True),
        ('cancel', True),
        ('go forward two meters and turn', False),
    ],
)
def test_complete_is_what_needs_no_more_words(text, is_complete):
    assert PARSER.parse(text).is_complete == is_complete


@pytest.mark.parametrize(
    ('text', 'reply'),
    [
        ('yes', Reply(is_yes=True)),
        ('Yes, please!', Reply(is_yes=True)),
        ('no thanks', Reply(is_yes=False)),
        ('the red one', Reply(object='red one')),
        ('the red cup', Reply(object='red cup')),
        ('two metres', Reply(distance_m=2.0)),
        ('ninety degrees', Reply(angle_deg=90.0)),
        ('five seconds', Reply(duration_s=5.0)),
        ('left', Reply(direction='left')),
        ('to the right', Reply(direction='right')),
        ('forward please', Reply(direction='forward')),
        ('the kitchen', Reply(place='kitchen')),
        ('sam', Reply(person='sam')),
        ('two', Reply(number=2.0)),
        ('left ninety degrees', Reply(direction='left', angle_deg=90.0)),
        ('turn left', None),
        ('go to the kitchen', None),
        ("don't", Reply(is_yes=False)),
        ('I mean the red one', Reply(object='red one')),
        ('it is the left one', Reply(object='left one')),
        ('I would like the red cup', Reply(object='red cup')),
        ('he turned left', None),
        ('I am in the kitchen', None),
        ('two xylophones', None),
    ],
)
def test_words_that_may_answer(text, reply):
    assert PARSER.parse(text).reply == reply


@pytest.mark.parametrize('text', ['yes', 'the kitchen', 'two metres', 'left', 'sam', 'the red cup', '90'])
def test_an_answer_alone_moves_nothing(text):
    assert PARSER.parse(text).steps == ()


def test_values_are_traced_to_words():
    meaning = PARSER.parse('um, go forward about 2m and, uh, turn left ninety degrees')
    assert meaning.words == (
        {'action': 'go', 'direction': 'forward', 'distance': '2 m'},
        {'action': 'turn', 'direction': 'left', 'angle': '90 degrees'},
    )


def test_coverage_is_the_share_of_words_that_have_their_place():
    assert PARSER.parse('go forward two meters please').coverage == 1.0
    assert PARSER.parse('go forward two xylophones').coverage == pytest.approx(3 / 4)
    assert PARSER.parse('colourless green ideas').coverage == 0.0


def test_no_cut_of_a_sentence_turns_the_other_way():
    text = 'um turn to your right about one hundred and twenty five degrees and then left forty'
    for end in range(len(text)):
        for step in PARSER.parse(text[:end]).steps[:1]:
            if isinstance(step, Turn) and (step.args.direction or step.args.angle_deg):
                assert step.args.direction == 'right' or (step.args.angle_deg or 0.0) < 0.0


def test_a_little_is_what_the_vocabulary_says():
    small = Parser(Vocabulary(amounts=Amounts(little_m=0.1, little_deg=5.0, step_m=0.5)))
    steps = [small.parse(text).steps[0].args for text in ('go back a little', 'turn left a bit', 'take two steps back')]
    assert (steps[0].distance_m, steps[1].angle_deg, steps[2].distance_m) == (0.1, 5.0, 1.0)
    assert Parser(Vocabulary()).parse('go back a little').steps[0].args.distance_m is None
