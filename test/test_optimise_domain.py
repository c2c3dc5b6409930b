"""The sentences with a robot's names: all of them, as they are written, and others to measure than to train."""

from __future__ import annotations

import numpy as np
import pytest

from voice_pipeline.tools.optimise.corpus import plain
from voice_pipeline.tools.optimise.domain import domain_sentence, held_out_sentences, names_by_kind
from voice_pipeline.tools.optimise.examples import Recipe
from voice_pipeline.understanding.words.vocabulary import Vocabulary, load_vocabulary

NAMES = """
robot_names: [zorka]
people: {anneliese: {synonyms: [anni]}}
places: {orangery: {x_m: 1, y_m: 2, synonyms: [glass house]}}
objects: [trivet]
surfaces: [lectern]
phrases: {night watch: go to the orangery}
"""
WRITTEN = {'Zorka', 'Anneliese', 'Anni', 'orangery', 'glass house', 'trivet', 'lectern', 'night watch'}


@pytest.fixture(scope='module')
def vocabulary(tmp_path_factory) -> Vocabulary:
    path = tmp_path_factory.mktemp('names') / 'vocabulary.yaml'
    path.write_text(NAMES)
    return load_vocabulary(str(path))


def sentences(vocabulary, count=400):
    rng = np.random.default_rng(1)
    return [domain_sentence(vocabulary, rng) for _ in range(count)]


def test_each_name_has_its_kind(vocabulary):
    assert names_by_kind(vocabulary) == {
        'robot': ['Zorka'],
        'place': ['orangery', 'glass house'],
        'person': ['Anneliese', 'Anni'],
        'object': ['trivet'],
        'surface': ['lectern'],
        'phrase': ['night watch'],
    }


def test_every_name_is_trained_about_as_often(vocabulary):
    said = [plain(sentence) for sentence in sentences(vocabulary)]
    counts = [sum(plain(name) in sentence for sentence in said) for name in WRITTEN]
    assert min(counts) > 400 / len(WRITTEN) / 2


def test_sentences_are_written_as_whisper_writes(vocabulary):
    for sentence in sentences(vocabulary, 100) + held_out_sentences(vocabulary):
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence.endswith('.')
        assert not set(sentence) & set('{}|')


def test_every_name_is_measured_in_other_words(vocabulary):
    measured = held_out_sentences(vocabulary)
    assert len(measured) == len(WRITTEN)
    assert all(any(plain(name) in plain(sentence) for sentence in measured) for name in WRITTEN)
    assert not {plain(sentence) for sentence in measured} & {plain(sentence) for sentence in sentences(vocabulary)}


def test_the_vocabulary_of_the_package_can_be_learned():
    vocabulary = load_vocabulary()
    assert len(held_out_sentences(vocabulary)) >= len(vocabulary.place_names()) > 0


def test_half_of_the_examples_say_names_and_always_the_same_ones(vocabulary):
    recipe = Recipe('tiny.en', 200, 1, vocabulary)
    texts = [recipe.text(index) for index in range(recipe.count)]
    assert 70 < sum(text is not None for text in texts) < 130
    assert texts == [recipe.text(index) for index in range(recipe.count)]
    assert texts != [Recipe('tiny.en', 200, 2, vocabulary).text(index) for index in range(recipe.count)]


def test_without_a_vocabulary_no_example_says_names():
    assert all(Recipe('tiny.en', 20, 1).text(index) is None for index in range(20))
