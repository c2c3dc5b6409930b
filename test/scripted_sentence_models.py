"""What runs in the process of the models where a test says so: the real program with scripted models."""

import logging
import os

from understanding_fakes import ScriptedModel, WordEncoder

from voice_pipeline.understanding import chain, sentence_models

KITCHEN = 'the kitchen is what I fancy'
NEVER = 'the lab is what I fancy'  # is answered when it is not wanted any more
FAILS = 'fails in the kitchen'
ENDS = 'ends in the kitchen'


class Encoder(WordEncoder):
    """Says that it is not the real one."""

    def __init__(self, *_):
        super().__init__()
        logging.getLogger('voice_pipeline.understanding').warning('the encoder is scripted')


class Model(ScriptedModel):
    """Answers some sentences, and has trouble with others."""

    def answer(self, request, schema, check):
        """Do what the sentence says."""
        if request == ENDS:
            os._exit(1)
        if request == FAILS:
            raise RuntimeError('out of memory')
        if request == NEVER:
            self.may_go_on.clear()
        else:
            self.may_go_on.set()
        return super().answer(request, schema, check)


if __name__ == '__main__':
    model = Model()
    model.answers[KITCHEN] = [{'action': 'go_to', 'args': {'place': 'kitchen'}}]
    chain.is_installed = lambda model='': True
    chain.SentenceEncoder = Encoder
    chain.CausalModel = model
    sentence_models.main()
