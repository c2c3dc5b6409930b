"""
One spelling for what people say and Whisper writes: "Turn left, forty-five°!" → turn left , 45 degrees !

Every stage below is a list of rewriting rules, tried in order. Nothing that could matter is dropped: a sign or a letter
that is not known stays in as a word of its own, so that the grammar sees that it did not understand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container

from text_to_num import alpha2digit

from voice_pipeline.understanding.words.repairs import repaired, without_cut_off, without_fragments
from voice_pipeline.understanding.words.units import UNITS

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
_NUMBER = r'(?<![\d.])\d+(?:\.\d+)?'
_UNIT = '|'.join(sorted(UNITS, key=len, reverse=True))
_PLURAL_UNIT = '|'.join(name for name in UNITS if name == 'feet' or (len(name) > 3 and name.endswith('s')))
_BIG, _SMALL = (
    'm|met(?:er|re)s?|ft|foot|feet|minutes?',
    'cm|centimet(?:er|re)s?|inch(?:es)?|sec',
)  # one amount: "1 m and 50 cm"
_STEPS = 'steps?|paces?'  # as long as the vocabulary says
_LONG_UNIT = '|'.join((*(name for name in UNITS if len(name) > 3 and name != 'percent'), _STEPS))
_ROUND = r'(?:turn|circle|rotation|revolution|spin)s?'
_SHARES = {'half': 0.5, 'quarter': 0.25, '3 quarters': 0.75, '3 quarter': 0.75}
_SHARE = '|'.join(_SHARES)


def _rules(*pairs: tuple[str, str | Callable[[re.Match[str]], str]]) -> list[_Rule]:
    return [(re.compile(pattern, re.ASCII), replacement) for pattern, replacement in pairs]


def _mixed(match: re.Match[str]) -> str:
    """Turn "2 1/2" and "3/4" into decimals; a division by zero stays, to be refused as not understood."""
    whole, top, bottom = float(match[1] or 0), float(match[2]), float(match[3])
    return match[0] if bottom == 0 else f'{whole + top / bottom:.4f}'


def _number_and_share(match: re.Match[str]) -> str:
    return str(float(match[1]) + _SHARES[match[2]])


def _unit_and_share(match: re.Match[str]) -> str:
    whole = 1.0 if match[1] in ('a', 'an') else float(match[1])
    return f'{whole + _SHARES[match[3]]} {match[2]}'


def _hundreds(match: re.Match[str]) -> str:
    """Turn "1 80" ("one eighty") and "1 05" into one number; larger than a full circle nobody speaks that way."""
    value = int(match[1]) * 100 + int(match[2])
    return str(value) if value <= 360 else match[0]


_SYMBOLS = _rules(
    ('[\u2018\u2019`]', "'"),
    ('½', ' 1/2 '),
    ('¼', ' 1/4 '),
    ('¾', ' 3/4 '),
    ('[°º]', ' degrees '),
    ('[\u2032]', "'"),
    ('[\u2033]', '"'),
    ('%', ' percent '),
    ('&', ' and '),
    (r';|:(?!\d)', ' , '),
)
_CONTRACTIONS = _rules(
    (r"\bwon't\b", 'will not'),
    (r"\bcan't\b", 'can not'),
    (r"n't\b", ' not'),
    (r'\bdont\b', 'do not'),
    (r'\bcannot\b', 'can not'),
    (r"\blet's\b", 'let us'),
    (r"'d\b", ' would'),
    (r"'ll\b", ' will'),
    (r"'re\b", ' are'),
    (r"'ve\b", ' have'),
    (r"\bi'm\b", 'i am'),
    (r"\b(what|where|who|how|when|that|it|he|she|there|here|which|everything)'s\b", r'\1 is'),
    (r'\b(what|where|who)s\b', r'\1 is'),
    (r'\bnevermind\b', 'never mind'),
    (r'\bgimme\b', 'give me'),
    (r'\bgoto\b', 'go to'),
    (r'\b(centi|milli|kilo) (?=met(?:er|re)s?\b)', r'\1'),
    (r'\bwanna\b', 'want to'),
    (r'\bgonna\b', 'going to'),
    (r'\bper cent\b', 'percent'),
)
_GLUE = _rules(
    (r'(?<=\d),(?=\d{3}\b)', ''),
    (r'(?<=\d)in\b', ' inches'),
    (r"(?<=\d)'(?!\w*[a-z])", ' feet '),
    (r'^([^"]*\d)"([^"]*)$', r'\1 inches \2'),  # one quote alone is no quotation
    (r'(?<=\d)(?=[a-z])', ' '),
    (r'(?<=[a-z\d])-(?=[a-z])', ' '),
    (r'(?<=\d)-(?=\d)', ' to '),
    (r'(?:^|(?<=\s))-(?=[\d.])', ' minus '),
    ('[-\u2013\u2014]+', ' , '),
    (r'(?<=[a-z])\s*/\s*(?=[a-z])', ' per '),
    (r'(?<!\d)\.(?=\d)', ' 0.'),
    (r"'(?![a-z])|(?<![a-z])'|[\"()\[\]{}\u201c\u201d]", ' '),
    (r'\bseconds?\b', 'sec'),  # or alpha2digit takes "thirty second" for an ordinal
    (r'\s+', ' '),
)
_HESITATIONS = _rules((r',? *\b(?:u+h+m*|u+m+|e+r+m*|a+h+|e+h+|h+m+|m+h+m+)\b,?', ''))
_AMOUNTS = _rules(
    (rf'\b(?:big|small|little|giant|tiny|large|baby|huge) (?=(?:{_STEPS})\b)', ''),
    (r'\bpoint (?=\d+\b)', '0.'),
    (rf'\b(?:an?|another) (?={_NUMBER})', ''),
    (r'(?<![\d.])([1-9]) (?:oh|o) (?=[1-9]\b)', r'\1 0'),
    (r'(?<![\d.])([1-9]) (\d\d)(?!\.?\d)', _hundreds),
    (r'(?:(?<![\d.])(\d{1,6}) )?(?<![\d./])(\d{1,3})/(\d{1,3})(?![\d./])', _mixed),
    (rf'\b({_NUMBER}) and (?:an? |1 )?({_SHARE})\b', _number_and_share),
    (rf'\b(an?|{_NUMBER}) ({_UNIT}) and (?:an? )?({_SHARE})\b(?! (?:of|an?|{_ROUND})\b)', _unit_and_share),
    (rf'\b(?:an? |1 )?({_SHARE}) (?:of )?(?:an? )?(?=(?:{_UNIT}|{_ROUND})\b)', lambda match: f'{_SHARES[match[1]]} '),
    (r'\b(0\.(?:25|5|75)) (?:turn|spin)s?\b', r'\1 revolution'),
    (rf'(?<!\d )\b(?:an? |1 )?(?:full|complete|whole) {_ROUND}\b', '1 revolution'),
    (r'(?<=\d) (?:full |complete |whole )?(?:turns|spins|rotations|circles)\b', ' revolutions'),
    (r'\b(?:an? )?(?:full|complete) (?=360\b)', ''),
    (rf'\b(?:an? )?couple (?:more )?(?:of )?(?=(?:{_LONG_UNIT})\b)', '2 '),
    (rf'\b({_NUMBER} (?:{_BIG})) and (?={_NUMBER} (?:{_SMALL})\b(?! (?:to|left|right|back|for)))', r'\1 '),
    (r'(?<=\d) more (?=[a-z])', ' '),
    (rf'\b({_UNIT}) (?:an?|each|every) (?=(?:sec|minute|hour)\b)', r'\1 per '),
    (rf'(?<!per )\b(?:an?|another) (?=(?:{_LONG_UNIT})\b)', '1 '),
    (rf'(?<!\d )\b(?:to|too) (?=(?:{_PLURAL_UNIT})\b)', '2 '),
    (rf'(?<!\d )\b(?:for|fore) (?=(?:{_PLURAL_UNIT})\b)', '4 '),
    (r'\b(?:minus|negative) (?=\d)', '-'),
)
_WORD = re.compile(r"-?[0-9]+(?:\.[0-9]+)?|[^\W\d_]+(?:'[^\W\d_]+)*|\S")


def _apply(rules: list[_Rule], text: str) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


def words(text: str) -> list[str]:
    """
    Return the words, numbers (decimal digits) and punctuation marks of the text, in lower case and one spelling.

    Number words become digits, "a", "half" and misheard "to" before a unit become numbers, units stay words.
    """
    return _with_numbers(_spelled(text))


def _spelled(text: str) -> str:
    text = unicodedata.normalize('NFKC', _apply(_SYMBOLS, text)).lower()
    return _apply(_HESITATIONS, _apply(_GLUE, _apply(_CONTRACTIONS, text))).strip()


def _with_numbers(text: str) -> list[str]:
    return _WORD.findall(_apply(_AMOUNTS, alpha2digit(text, 'en', 0.0)))


def understood_words(text: str, known: Container[str] = ()) -> list[str]:
    """
    Return the words as `words` does, with what people stumble over and recognisers mishear put right.

    `known`: words of names, which are never taken for words broken off.
    """
    whole = _spelled(without_cut_off(text, known))
    return repaired(_with_numbers(without_fragments(whole, known)))
