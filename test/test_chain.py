"""The ways of understanding in their order, and what none of them may do."""

import logging
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from understanding_fakes import ScriptedModel, WordEncoder, install

from voice_pipeline.messages import steps_to_builtins
from voice_pipeline.understanding.chain import Understander, is_open
from voice_pipeline.understanding.language_model.model_parser import OUT_OF_TIME
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary import Vocabulary

NAMES = Vocabulary(places={'kitchen': None, 'lab': None}, people=('sam',), objects=('cup', 'book'))
GO = [{'action': 'go_to', 'args': {'place': 'kitchen'}}]
OPEN = 'mosey on over to the kitchen'
STRANGE = 'the kitchen is what I fancy'


@pytest.fixture
def make(monkeypatch):
    def make_understander(encoder=None, model=None, **settings):
        install(monkeypatch, encoder, model)
        if model is not None:
            settings['language_model'] = 'a model'
        understander = Understander(NAMES, UnderstandingSettings(**settings))
        understander.load()
        return understander

    return make_understander


def steps(meaning):
    return list(steps_to_builtins(meaning.steps))


def test_the_grammar_comes_first(make):
    encoder = WordEncoder()
    understander = make(encoder)
    before = len(encoder.encoded)
    meaning = understander.parse('go to the kitchen')
    assert (steps(meaning), meaning.source) == (GO, 'grammar')
    assert len(encoder.encoded) == before


def test_then_similar_sentences(make):
    meaning = make(WordEncoder()).parse(OPEN)
    assert (steps(meaning), meaning.source, meaning.reason) == (GO, 'semantic', '')


def test_what_nothing_understands_keeps_the_reason_of_the_grammar(make):
    understander = make(WordEncoder())
    text = 'flabbergast the marmalade'
    assert understander.parse(text) == understander.by_grammar(text)
    assert understander.parse(text).reason


@pytest.mark.parametrize('semantic', ['off', 'auto', 'on'])
def test_semantic_is_as_the_settings_say(make, semantic):
    assert bool(make(WordEncoder(), semantic=semantic).parse(OPEN).steps) == (semantic != 'off')


@pytest.mark.parametrize(('semantic', 'warnings'), [('auto', 0), ('on', 1), ('off', 0)])
def test_without_the_libraries_the_grammar_is_alone_which_is_said_where_they_were_asked_for(
    make, caplog, semantic, warnings
):
    with caplog.at_level(logging.WARNING):
        understander = make(None, semantic=semantic)
    assert understander.parse(OPEN).steps == ()
    assert len(caplog.records) == warnings
    assert understander.has_models == (semantic == 'on')


def test_before_its_models_are_loaded_there_is_the_grammar(monkeypatch):
    install(monkeypatch, WordEncoder(), ScriptedModel())
    understander = Understander(NAMES, UnderstandingSettings(language_model='a model'))
    meaning = understander.parse(OPEN)
    assert meaning.steps == ()
    assert understander.think(OPEN, meaning) == meaning
    assert (understander.has_models, understander.can_compare, understander.can_think) == (True, False, False)


def test_the_language_model_comes_last(make):
    model = ScriptedModel()
    model.answers[STRANGE] = GO
    understander = make(WordEncoder(), model)
    meaning = understander.parse(STRANGE)
    assert meaning.steps == ()
    thought = understander.think(STRANGE, meaning)
    assert (steps(thought), thought.source, thought.is_complete, thought.emergency_stop) == (GO, 'llm', True, False)


def test_the_language_model_may_find_nothing_or_be_late(make):
    model = ScriptedModel()
    understander = make(model=model, language_model_timeout_s=0.1)
    meaning = understander.by_grammar(STRANGE)
    assert understander.think(STRANGE, meaning) == meaning
    model.may_go_on.clear()
    assert understander.think(STRANGE, meaning) == replace(meaning, reason=OUT_OF_TIME)


@pytest.mark.parametrize(
    'text',
    [
        '',
        'stop',
        'go to the kitchen',
        "don't go to the kitchen",
        'do not perambulate to the kitchen',
        'go to the kitchen if it rains',
        'open the door of the kitchen',
        'yes',
    ],
)
def test_the_language_model_does_not_see_what_is_settled(make, text):
    model = ScriptedModel()
    model.answers[text] = GO
    understander = make(model=model)
    understander.think(text, understander.by_grammar(text))
    assert model.asked == []


def test_a_new_vocabulary_is_known_to_all(make):
    model = ScriptedModel()
    understander = make(WordEncoder(), model)
    understander.use(Vocabulary(places={'barn': None}))
    to_barn = [{'action': 'go_to', 'args': {'place': 'barn'}}]
    assert steps(understander.parse('mosey on over to the barn')) == to_barn
    assert understander.parse(OPEN).steps == ()
    text = 'the barn is what I fancy'
    model.answers[text] = to_barn
    assert steps(understander.think(text, understander.parse(text))) == to_barn


WORDS = 'go turn mosey over left right two meters degrees to the kitchen lab cup not stop told if and then , pick put'


@given(st.lists(st.sampled_from(WORDS.split()), max_size=12).map(' '.join))
def test_any_words_give_a_meaning_and_only_the_grammar_stops(text):
    understander = UNDERSTANDER
    by_grammar = understander.by_grammar(text)
    meaning = understander.parse(text)
    assert meaning == by_grammar or is_open(by_grammar)
    assert meaning.emergency_stop == by_grammar.emergency_stop
    assert meaning.steps or meaning.reason or meaning.reply


def understander_with_words():
    with pytest.MonkeyPatch.context() as patch:
        install(patch, WordEncoder())
        understander = Understander(NAMES, UnderstandingSettings())
        understander.load()
    return understander


UNDERSTANDER = understander_with_words()
