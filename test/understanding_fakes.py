"""Models for tests of the understanding, which do as they are told."""

import json
import threading

import numpy as np

from voice_pipeline.understanding import chain
from voice_pipeline.understanding.semantic.sentence_encoder import EncoderError


class WordEncoder:
    """Sentences that share words are near: a vector of word counts."""

    def __init__(self, *_):
        self.words = {}
        self.encoded = []
        self.error = None

    def encode(self, sentences):
        if self.error:
            raise self.error
        self.encoded += sentences
        vectors = np.zeros((len(sentences), 4000), np.float32)
        for row, sentence in enumerate(sentences):
            for word in sentence.lower().split():
                vectors[row, self.words.setdefault(word, len(self.words))] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class ScriptedModel:
    """A language model that answers as the script says, and not before it is let."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.begun = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.error = None

    def __call__(self, *_, **__):
        return self

    def answer(self, request, schema, check):
        self.asked.append(request)
        self.begun.set()
        if self.error:
            raise self.error
        check(0)
        while not self.may_go_on.wait(0.01):
            check(1)
        check(2)
        return json.dumps(self.answers.get(request, []))


def install(monkeypatch, encoder=None, model=None):
    """Let the understanding load these instead of real models; without an encoder none is installed."""
    monkeypatch.setattr(chain, 'is_installed', lambda model='': encoder is not None)

    def load(*_):
        if encoder is None:
            raise EncoderError('no sentence model is installed')
        return encoder

    monkeypatch.setattr(chain, 'SentenceEncoder', load)
    monkeypatch.setattr(chain, 'CausalModel', model)
