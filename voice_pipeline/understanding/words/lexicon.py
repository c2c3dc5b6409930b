"""
All phrases of the grammar and what they stand for, in the spelling of `normalise.words`.

In the tables (`lexicon_verbs`, `lexicon_words`, `lexicon_refused`) `;` separates phrases, `(a|b)` is a choice and
`[a]` may be left out.
Questions have a table of their own (`questions`), names come from the vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product

from voice_pipeline.understanding.words.items import Gerund, Item
from voice_pipeline.understanding.words.lexicon_refused import REFUSED
from voice_pipeline.understanding.words.lexicon_verbs import VERBS
from voice_pipeline.understanding.words.lexicon_words import WORDS

_NO_GERUND = frozenset(('can', 'could', 'may', 'i', 'u', 'e', 'you', 'your', 'not', 'too', 'speed'))
_DOUBLED = frozenset((
    'stop', 'get', 'put', 'run', 'step', 'grab', 'nod', 'drop', 'set', 'let', 'spin', 'scan', 'pan', 'quit', 'cut',
    'nab', 'tag', 'begin', 'hit',
))  # fmt: skip
_IRREGULAR = {
    'go': 'gone', 'come': 'come', 'drive': 'driven', 'run': 'run', 'get': 'got', 'take': 'taken', 'bring': 'brought',
    'give': 'given', 'find': 'found', 'put': 'put', 'set': 'set', 'lay': 'laid', 'leave': 'left', 'spin': 'spun',
    'swing': 'swung', 'make': 'made', 'do': 'done', 'say': 'said', 'shake': 'shaken', 'fly': 'flown', 'hold': 'held',
    'carry': 'carried', 'let': 'let', 'throw': 'thrown',
}  # fmt: skip
_TOKEN = re.compile(r'[()\[\]|]|[^()\[\]|\s]+')


def gerund(phrase: str) -> str:
    """Return the phrase with its verb in "-ing": "picking up"; '' where it has none."""
    verb, _, rest = phrase.partition(' ')
    if verb in _NO_GERUND:
        return ''
    stem = verb + verb[-1] if verb in _DOUBLED else verb
    stem = stem[:-1] if stem.endswith('e') and not stem.endswith(('ee', 'oe')) else stem
    return f'{stem}ing {rest}'.strip()


def participle(phrase: str) -> str:
    """Return the phrase with its verb as in "you have picked up"; '' where it has none."""
    verb, _, rest = phrase.partition(' ')
    if verb in _NO_GERUND:
        return ''
    stem = verb + verb[-1] if verb in _DOUBLED else verb
    return f'{_IRREGULAR.get(verb) or stem.removesuffix("e") + "ed"} {rest}'.strip()


def expand(pattern: str) -> Iterator[str]:
    """Yield the phrases that a pattern with "(a|b)" and "[a]" stands for."""
    tokens = _TOKEN.findall(pattern)
    choices, rest = _choices(tokens, 0)
    if rest != len(tokens):
        raise ValueError(f'unbalanced brackets in {pattern!r}')
    yield from (' '.join(choice.split()) for choice in choices)


def _choices(tokens: list[str], index: int) -> tuple[list[str], int]:
    """Read alternatives up to the closing bracket, or the end."""
    alternatives: list[str] = []
    sequence: list[list[str]] = []
    while index < len(tokens) and tokens[index] not in ')]':
        token, index = tokens[index], index + 1
        if token == '|':
            alternatives += (' '.join(words) for words in product(*sequence))
            sequence = []
        elif token in '([':
            inner, index = _choices(tokens, index)
            sequence.append(inner if token == '(' else ['', *inner])
            index += 1
        else:
            sequence.append([token])
    alternatives += (' '.join(words) for words in product(*sequence))
    return alternatives, index


@lru_cache(maxsize=1)
def phrases() -> Mapping[tuple[str, ...], Item]:
    """Return all phrases of the tables, as words, with what they stand for; of equal phrases the first counts."""
    table: dict[tuple[str, ...], Item] = {}
    for item, patterns in (*VERBS, *WORDS, *REFUSED):
        for phrase in _phrases(patterns):
            table.setdefault(tuple(phrase.split()), item)
    for verb, patterns in VERBS:
        for phrase in _phrases(patterns):
            for form in filter(None, (gerund(phrase), participle(phrase))):
                table.setdefault(tuple(form.split()), Gerund(verb))
    return table


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Return every word of the phrases."""
    return frozenset(word for phrase in phrases() for word in phrase)


def _phrases(patterns: str) -> Iterator[str]:
    for pattern in patterns.split(';'):
        yield from (phrase for phrase in expand(pattern.strip()) if phrase)
