"""
Sentences with the names of one robot's vocabulary: what a domain adapter learns, and what it is measured with.

Every name is said in commands of its kind. The sentences of the measurement hold the same names in other words than
those of the training.
"""

from __future__ import annotations

import numpy as np

from voice_pipeline.understanding.words.vocabulary import Vocabulary

TWO_COMMANDS_SHARE = 0.3

# Kind of name -> sentences that train.
_TRAINING = {
    'robot': '{}, go forward|{}, turn around|hey {}, follow me|{}, please stop|okay {}, go on|listen, {}',
    'place': 'go to the {}|drive to the {} slowly|return to the {}|bring it to the {}|turn toward the {}|'
    'wait for me at the {}|how far is the {}',
    'person': 'follow {}|find {}|go to {}|bring {} the bottle|say hello to {}|hand it to {}|wait for {}',
    'object': 'pick up the {}|bring me the {}|find the {}|where is the {}|grab the {} and come back|look at the {}',
    'surface': 'put it on the {}|take the cup from the {}|place the book on the {}|look on the {}',
    'phrase': '{}|please {}|{} now',
}
# Kind of name -> sentences that measure.
_HELD_OUT = {
    'robot': '{}, come over here and help me',
    'place': 'is anybody in the {} right now',
    'person': 'tell {} that we are waiting',
    'object': 'somebody has taken my {} again',
    'surface': 'there is nothing left on the {}',
    'phrase': 'okay, {}',
}
_SPOKEN_WITH_CAPITALS = ('robot', 'person')


def names_by_kind(vocabulary: Vocabulary) -> dict[str, list[str]]:
    """Return the names as they are written in a sentence, by kind; kinds without a name are left out."""
    lists = {
        'robot': vocabulary.robot_names,
        'place': tuple(vocabulary.place_names()),
        'person': vocabulary.people,
        'object': vocabulary.objects,
        'surface': vocabulary.surfaces,
        'phrase': (*vocabulary.gestures, *vocabulary.phrases),
    }
    names = {kind: list(found) for kind, found in lists.items()}
    for other, name in vocabulary.other_names.items():
        kind = next(kind for kind in ('person', 'object', 'surface') if name in names[kind])
        names[kind].append(other)
    return {
        kind: [name.title() if kind in _SPOKEN_WITH_CAPITALS else name for name in found]
        for kind, found in names.items()
        if found
    }


def domain_sentence(vocabulary: Vocabulary, rng: np.random.Generator) -> str:
    """Return a sentence to train with, or two in one; each name is as likely as any other."""
    text = _sentence(vocabulary, rng)
    if rng.random() < TWO_COMMANDS_SHARE:
        text += f', then {_sentence(vocabulary, rng)}'
    return _written(text)


def _sentence(vocabulary: Vocabulary, rng: np.random.Generator) -> str:
    choices = [(kind, name) for kind, names in names_by_kind(vocabulary).items() for name in names]
    kind, name = choices[rng.integers(0, len(choices))]
    templates = _TRAINING[kind].split('|')
    return templates[rng.integers(0, len(templates))].format(name)


def held_out_sentences(vocabulary: Vocabulary) -> list[str]:
    """Return one sentence for each name, in words that no training sentence has."""
    return [
        _written(_HELD_OUT[kind].format(name)) for kind, names in names_by_kind(vocabulary).items() for name in names
    ]


def _written(text: str) -> str:
    """Return the sentence as Whisper writes it."""
    return f'{text[0].upper()}{text[1:]}.'
