"""What people stumble over and recognisers mishear, put right before the grammar reads it."""

from __future__ import annotations

import re
from collections.abc import Container

from voice_pipeline.understanding.words.lexicon import known_words
from voice_pipeline.understanding.words.rewording import reworded
from voice_pipeline.understanding.words.units import UNITS

# Too short to tell from a word broken off, but words they are.
_SHORT_WORDS = frozenset((
    'a', 'i', 'm', 's', 'h', 'x', 'y', 'z', 'am', 'an', 'as', 'at', 'be', 'by', 'cd', 'cm', 'do', 'dr', 'ft', 'go',
    'he', 'hi', 'if', 'in', 'is', 'it', 'km', 'me', 'mm', 'mr', 'ms', 'my', 'no', 'of', 'oh', 'ok', 'on', 'or', 'pc',
    'pm', 'so', 'to', 'tv', 'up', 'us', 'we', 'yd', 'all', 'and', 'any', 'are', 'ask', 'ate', 'bad', 'bag', 'ball',
    'bar', 'bat', 'bed', 'big', 'bin', 'bit', 'bow', 'box', 'bus', 'but', 'buy', 'can', 'cap', 'car', 'cat', 'cup',
    'cut', 'day', 'deg', 'did', 'dig', 'dog', 'dps', 'dry', 'dvd', 'ear', 'eat', 'egg', 'end', 'eye', 'fan', 'far',
    'few', 'fit', 'fix', 'fly', 'for', 'fun', 'gas', 'get', 'got', 'gym', 'had', 'hall', 'has', 'hat', 'her', 'him',
    'his', 'hit', 'hot', 'hour', 'how', 'its', 'jar', 'jaw', 'job', 'key', 'kph', 'lab', 'lay', 'led', 'left', 'leg',
    'let', 'lot', 'low', 'mad', 'man', 'map', 'mat', 'max', 'may', 'men', 'met', 'min', 'mps', 'mph', 'mug', 'nap',
    'near', 'new', 'nod', 'not', 'now', 'odd', 'off', 'old', 'one', 'open', 'our', 'out', 'pad', 'pan', 'part', 'pay',
    'pen', 'per', 'pet', 'pick', 'pot', 'put', 'rad', 'ran', 'red', 'rest', 'rid', 'right', 'room', 'row', 'rug',
    'run', 'said', 'sat', 'saw', 'say', 'sec', 'see', 'set', 'she', 'sit', 'sky', 'slow', 'sofa', 'some', 'son',
    'stop', 'sum', 'sun', 'table', 'tea', 'tell', 'ten', 'than', 'that', 'the', 'them', 'then', 'they', 'this',
    'tidy', 'tie', 'tin', 'tip', 'too', 'top', 'toy', 'try', 'turn', 'two', 'use', 'van', 'wall', 'want', 'was',
    'wave', 'way', 'well', 'who', 'why', 'win', 'with', 'won', 'yes', 'yet', 'you', 'your',
))  # fmt: skip
_WITH_NEXT = re.compile(r"(?<![\w'])([a-z]+)(?![\w'])(?=(?:[ ,]+(?:to )?([a-z]+))?)")
_STRETCHED = re.compile(r'([a-z])\1\1')
_VOWEL = re.compile('[aeiouy]')
_LONGEST_FRAGMENT = 4
_REPEATED = re.compile(r'\b((?:[a-z\']+ ){0,3}[a-z\']+)(?: \1)+(?![\w\'])')

# A word as heard, after the words that give it away, and what was said.
_AFTER_NUMBER = {
    **dict.fromkeys(('feed', 'feat', 'fee', 'feets', 'fete'), 'feet'),
    **dict.fromkeys(('grees', 'agrees', 'degreese', 'decrees'), 'degrees'),
    **dict.fromkeys(('meatus', 'meteors', 'metros', 'leaders'), 'meters'),
}
_SIDES = {**dict.fromkeys(('write', 'rite', 'wright'), 'right'), **dict.fromkeys(('lift', 'lefty', 'lef'), 'left')}
_BEFORE_SIDE = frozenset(('turn', 'turning', 'rotate', 'spin', 'pivot', 'veer', 'bear', 'hard', 'your', 'degrees'))
_CUT_OFF = re.compile(r"(?<![\w'-])([a-z]+)-(?=[\s,.]|$)", re.IGNORECASE)
_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r'\bto you (?=left\b|right\b)'), 'to your '),
    (re.compile(r'\bmore forward\b'), 'move forward'),
    (re.compile(r'(?<!\d )(?<!per )\bsec\b'), 'second'),
    (re.compile(r'\b(?:that|which) (?:is|are) (?=(?:on|in|at|near|by|next|under|behind|from)\b)'), ''),
    (re.compile(r'\bnumber (?=\d)'), ''),
    (re.compile(r'\bhigh 5\b'), 'high five'),
    (re.compile(r'\bpercent (?:of )?(?:your |the |full |maximum |max |normal )*speed\b'), 'percent'),
    (re.compile(r'^(?:move|go) for (?=-?\d)'), 'move forward '),
    (re.compile(r'\bright right (?:now|away)\b'), 'right'),
    (re.compile(r'\b1 (?=moment\b)'), 'a '),
)


def without_cut_off(text: str, known: Container[str] = ()) -> str:
    """Leave out words that break off with a dash ("turn le- right"), whole ones not ("left- no right")."""
    whole = known_words()

    def keep(match: re.Match[str]) -> str:
        word = match[1].lower()
        return match[0] if word in whole or word in known or word in UNITS else ''

    return _CUT_OFF.sub(keep, text)


def without_fragments(text: str, known: Container[str] = ()) -> str:
    """
    Leave out beginnings of words ("move fe feet", "turn l left") and noises ("fff"), as people make them.

    `known` words stay, such as "HQ" where the vocabulary has it.
    """

    def keep(match: re.Match[str]) -> str:
        return '' if match[1] not in known and _is_fragment(match[1], match[2]) else match[0]

    return _WITH_NEXT.sub(keep, text)


def _is_fragment(word: str, after: str | None) -> bool:
    if word in _SHORT_WORDS:
        return False
    if _STRETCHED.search(word):
        return True
    if len(word) > _LONGEST_FRAGMENT:
        return False
    return not _VOWEL.search(word) or (after is not None and after != word and after.startswith(word))


def repaired(said: list[str]) -> list[str]:
    """Return the words with what was misheard or said twice put right."""
    words = list(said)
    for index in range(1, len(words)):
        before = words[index - 1]
        if before[-1].isdigit():
            words[index] = _AFTER_NUMBER.get(words[index], words[index])
        elif before in _BEFORE_SIDE:
            words[index] = _SIDES.get(words[index], words[index])
    text = reworded(' '.join(words))
    for pattern, replacement in _PHRASES:
        text = pattern.sub(replacement, text)
    words = _REPEATED.sub(r'\1', text).split()
    if len(words) > 1 and words[-2][-1].isdigit() and _is_unit_begun(words[-1]):
        del words[-1]  # a partial breaks off anywhere: "go forward two met"
    return words


def _is_unit_begun(word: str) -> bool:
    return len(word) > 1 and word not in UNITS and any(name.startswith(word) for name in UNITS)
