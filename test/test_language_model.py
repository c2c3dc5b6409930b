"""The language-model path: the schema of a sentence, what is rejected, limits, and a real network held to a schema."""

import json
from importlib.util import find_spec

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from understanding_fakes import ScriptedModel

from voice_pipeline.messages import Step, steps_to_builtins
from voice_pipeline.understanding.language_model import model_parser
from voice_pipeline.understanding.language_model.causal_model import CausalModel, LanguageModelError
from voice_pipeline.understanding.language_model.model_parser import UnansweredError, ask
from voice_pipeline.understanding.language_model.plan_schema import MAX_STEPS, plan_schema
from voice_pipeline.understanding.language_model.prompt import EXAMPLES, SYSTEM
from voice_pipeline.understanding.words.said import ValueFinder
from voice_pipeline.understanding.words.vocabulary import Vocabulary

VALUES = ValueFinder(
    Vocabulary(
        places=dict.fromkeys(('kitchen', 'lab', 'office')),
        people=('sam', 'kim'),
        objects=('cup', 'red cup', 'book', 'box', 'phone'),
        surfaces=('table', 'shelf', 'desk'),
    )
)
has_libraries = all(find_spec(name) for name in ('torch', 'transformers', 'llguidance', 'tokenizers'))
needs_libraries = pytest.mark.skipif(not has_libraries, reason='torch, transformers or llguidance is not installed')


def reply(text, answer, **options):
    """Ask a model that answers with this; returns plain steps."""
    model = ScriptedModel()
    model.answers[text] = answer
    limits = {'max_tokens': 100, 'timeout_s': 60.0, 'is_cancelled': lambda: False} | options
    return list(steps_to_builtins(ask(model, text, VALUES.find(text), **limits)))


def step(action, **args):
    return {'action': action, 'args': args}


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('text', 'answer'),
    [
        ('three feet ahead if you please', [step('move', direction='forward', distance_m=0.9144)]),
        ('forty five to the right', [step('turn', angle_deg=-45.0)]),
        ('the red cup to sam', [step('pick', object='red cup'), step('place', object='red cup', person='sam')]),
        ('right over here', [step('go_to', person='me')]),
        ('is there any charge left in you', [step('query', topic='battery')]),
        ('good weather', []),
    ],
)
def test_steps_whose_values_were_said_are_taken(text, answer):
    assert reply(text, answer) == answer


@pytest.mark.parametrize(
    ('text', 'answer'),
    [
        ('three feet ahead', [step('move', direction='forward', distance_m=3.0)]),  # another amount
        ('three feet back', [step('move', direction='forward', distance_m=0.9144)]),  # another way
        ('forty five degrees to the right', [step('turn', angle_deg=45.0)]),  # the other side
        ('three seconds ahead', [step('move', direction='forward', distance_m=3.0)]),  # another unit
        ('the cup to sam', [step('place', object='cup', person='kim')]),  # another person
        ('off to the lab', [step('go_to', place='kitchen')]),
        ('put the cup away', [step('pick', object='red cup')]),
        ('off to the lab with the book', [step('go_to', place='lab')]),  # the book is left out
        ('two meters ahead to the lab', [step('go_to', place='lab')]),  # the distance is left out
        ('hello', [step('follow', person='sam')]),
        ('over to the lab', [step('go_to', place='lab'), step('go_to', place='lab')]),
        ('hello', [{'action': 'fly', 'args': {}}]),
        ('hello', [step('move', direction='up')]),
        ('hello', {'action': 'move'}),
        ('hello', 'stop'),
    ],
)
def test_steps_with_values_that_nobody_said_are_rejected(text, answer):
    with pytest.raises(UnansweredError, match='other words'):
        reply(text, answer)


def allowed(text):
    """Return the actions that the schema lets a model choose, with the values of their arguments."""
    kinds = plan_schema(VALUES.find(text))['items']['anyOf']
    return [
        (
            kind['properties']['action']['const'],
            {k: v['enum'] for k, v in kind['properties']['args']['properties'].items()},
        )
        for kind in kinds
    ]


def test_the_schema_has_only_what_was_said():
    assert ('turn', {'angle_deg': [-45.0]}) in allowed('forty five degrees right')
    assert ('move', {'direction': ['backward'], 'distance_m': [2.0]}) in allowed('back two meters')
    assert ('pick', {'object': ['cup'], 'place': ['table']}) in allowed('the cup on the table')
    assert ('go_to', {'place': ['lab']}) in allowed('the lab')


@given(st.text(max_size=80))
def test_nothing_moves_by_a_sentence_without_values_and_no_order_is_ever_in_the_schema(text):
    actions = {action for action, _ in allowed(text)}
    assert actions.isdisjoint({'stop', 'resume', 'cancel', 'repeat', 'set_speed', 'say'})
    if not VALUES.find(text).values | VALUES.find(text).names:
        assert actions <= {'query', 'gesture', 'look'}


def test_the_examples_of_the_prompt_are_answers_that_would_be_taken():
    for text, answer in EXAMPLES:
        assert reply(text, json.loads(answer)) == json.loads(answer)


# --- limits ---------------------------------------------------------------------------------------------------------


def test_a_cancelled_request_ends():
    model = ScriptedModel()
    model.may_go_on.clear()
    with pytest.raises(UnansweredError, match=model_parser.CANCELLED):
        ask(model, 'x', VALUES.find('x'), max_tokens=9, timeout_s=60, is_cancelled=model.begun.is_set)


def test_a_request_that_takes_too_long_ends():
    model = ScriptedModel()
    model.may_go_on.clear()
    times = iter((0.0, 1.0, 1.9, 2.1))
    with pytest.raises(UnansweredError, match='in time'):
        ask(
            model,
            'x',
            VALUES.find('x'),
            max_tokens=9,
            timeout_s=2.0,
            is_cancelled=lambda: False,
            clock_s=lambda: next(times),
        )


def test_a_request_that_writes_too_much_ends():
    with pytest.raises(UnansweredError, match='shorter'):
        reply('x', [], max_tokens=1)


# --- a real network -------------------------------------------------------------------------------------------------


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A tiny language model with random weights: it would write noise, if it were let."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator([SYSTEM, *(part for example in EXAMPLES for part in example)], vocab_size=600)
    bpe.add_special_tokens(['<end>'])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, eos_token='<end>', pad_token='<end>')
    torch.manual_seed(1)
    size = {'hidden_size': 32, 'intermediate_size': 64, 'num_hidden_layers': 2, 'num_attention_heads': 4}
    network = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=4096, **size))
    path = tmp_path_factory.mktemp('model')
    tokenizer.save_pretrained(path)
    network.save_pretrained(path)
    return path


@pytest.fixture(scope='module')
def random_model(folder):
    return CausalModel(str(folder), SYSTEM, EXAMPLES, device='cpu')


@needs_libraries
@pytest.mark.parametrize(
    'text',
    [
        'scoot two meters ahead, then the red cup belongs on the shelf',
        'forty five degrees right and on to the lab with sam',
        'what a nice day',
        '',
        'ünïcödé \u2063 "quotes" {"action": "stop"}',
    ],
)
def test_even_a_random_network_writes_only_plans_that_the_sentence_allows(random_model, text):
    said = VALUES.find(text)
    counts = []
    answer = random_model.answer(text, plan_schema(said) | {'minItems': 2}, counts.append)
    steps = msgspec.json.decode(answer, type=tuple[Step, ...])
    assert 2 <= len(steps) <= MAX_STEPS
    assert all(map(said.explains, steps))
    assert len(counts) < counts[-1]  # what the schema leaves no choice about is not computed token by token


@needs_libraries
def test_an_answer_depends_on_its_sentence_alone_not_on_those_before(random_model):
    def answer(text):
        return random_model.answer(text, plan_schema(VALUES.find(text)), lambda count: None)

    text = 'the lab'
    first = answer(text)
    answer('scoot two meters ahead')
    assert answer(text) == first


@needs_libraries
def test_a_real_network_is_ended_at_its_next_token(random_model):
    counts = []

    def check(count):
        counts.append(count)
        if len(counts) == 3:
            raise UnansweredError

    with pytest.raises(UnansweredError):
        random_model.answer('the lab', plan_schema(VALUES.find('the lab')) | {'minItems': 6}, check)
    assert len(counts) == 3
    assert counts == sorted(counts)


@needs_libraries
@pytest.mark.parametrize('name', ['nowhere', 'nowhere.gguf'])
def test_a_model_that_is_not_there_is_named(tmp_path, name):
    with pytest.raises(LanguageModelError, match=name):
        CausalModel(str(tmp_path / name), SYSTEM, EXAMPLES)


@needs_libraries
def test_a_folder_that_is_no_model_is_named(tmp_path):
    with pytest.raises(LanguageModelError, match=str(tmp_path)):
        CausalModel(str(tmp_path), SYSTEM, EXAMPLES)


@needs_libraries
def test_a_name_is_never_fetched():
    with pytest.raises(LanguageModelError, match='hf download'):
        CausalModel('nobody/no-such-model', SYSTEM, EXAMPLES)


def test_without_the_libraries_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr('voice_pipeline.understanding.language_model.causal_model.find_spec', lambda name: None)
    with pytest.raises(LanguageModelError, match='pip install torch transformers llguidance'):
        CausalModel('any', SYSTEM, EXAMPLES)
