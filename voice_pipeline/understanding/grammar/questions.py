"""
Questions to the robot, by patterns: they have set forms, and an answer moves nothing.

A pattern must match a whole clause, polite forms around it left out. `{object}` and `{place}` stand for a name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from voice_pipeline.messages import Query, QueryArguments
from voice_pipeline.understanding.grammar.question_patterns import PATTERNS, WORDS
from voice_pipeline.understanding.words.items import Noun
from voice_pipeline.understanding.words.lexicon_words import ARTICLES
from voice_pipeline.understanding.words.names import Names

_MOST_WORDS = 24
_NAME = r"(?P<{kind}>(?!(?:you|we|he|she|they|it|i|this|that|there|going|any\w*|some\w*)\b)[a-z0-9' ]+?)"
_BEFORE = (
    r'(?:(?:please|hey|hi|hello|ok|okay|so|well|and|then|now|oh|alright|all right|just|quickly|excuse me|sorry|also|'
    r'first|{names})\b ?)*'
)
_AFTER = (
    r'(?: (?:please|now|right now|currently|at the moment|today|robot|exactly|again|just now|then|at present|so far|'
    r'buddy|there|thanks|{names}))*$'
)
_INTRODUCTION = re.compile(
    r'(?:(?:can|could|would|will) you (?:please |kindly |just )?)?(?:tell|show|give|inform|remind) (?:me|us)'
    r'(?: about| of)? |let me know |'
    r'(?:do you (?:happen to )?know|i (?:want|need) to know|i would like to know|i wonder|i was wondering|'
    r'(?:may|can|could) i ask(?: you)?|(?:can|could|would) you (?:please )?(?:say|report|check|describe)|'
    r'report|check|any idea) '
)
# Words of which every question has one: spares the patterns on most commands.
_MAY_ASK = re.compile(
    r'\b(?:what|where|who|how|when|which|why|are|you ok|is|do you|did you|have you|can you|could you|tell me|report|'
    r'status|battery|batteries|power|charge|help|introduce|identify|position|location|speed|eta|describe|list|show|'
    r'your|locate|sitrep|diagnostics|check|distance|everything|anything|let me know|any|will it)\b'
)
# Where the question so far may be going on to be another one.
_OPEN = re.compile(
    r'(?:.*\b(?:where|what|who|how|which|when|far|fast|long) (?:are|is|do|can|did|have|will)(?: you| it| the)?|'
    r'help|how far|how long|where to|report|status)$'
)


@dataclass(frozen=True)
class Question:
    """A question and whether it may be going on."""

    step: Query
    is_open: bool


class Questions:
    """Knows all patterns. Pure once made."""

    def __init__(self, names: Names, robot_names: Sequence[str]) -> None:
        self._names = names
        called = '|'.join(re.escape(name) for name in robot_names) or 'robot'
        self._before = re.compile(_BEFORE.replace('{names}', called))
        self._after = re.compile(_AFTER.replace('{names}', called))
        self._patterns = [
            (topic, _compiled(line.strip())) for topic, lines in PATTERNS.items() for line in lines.strip().splitlines()
        ]

    def read(self, said: Sequence[str]) -> Question | None:
        """Return the question that these words, a whole clause without its marks, ask; None where they ask none."""
        text = ' '.join(said)
        if len(said) > _MOST_WORDS or not _MAY_ASK.search(text):
            return None
        for core in self._cores(text):
            for topic, pattern in self._patterns:
                match = pattern.fullmatch(core)
                if match is not None:
                    arguments = self._arguments(topic, match.groupdict())
                    return Question(Query(arguments), is_open=_OPEN.fullmatch(core) is not None)
        return None

    def _cores(self, text: str) -> list[str]:
        """Return what may be the question: without what is said around questions, less and less of it."""
        whole = text[len(self._match(self._before, text)) :]
        cores = [whole, self._after.sub('', whole)]
        introduction = self._match(_INTRODUCTION, whole)
        if introduction:
            cores += [core[len(introduction) :] for core in cores]
        return list(dict.fromkeys(cores))

    @staticmethod
    def _match(pattern: re.Pattern[str], text: str) -> str:
        match = pattern.match(text)
        return match[0] if match else ''

    def _arguments(self, topic: str, groups: dict[str, str | None]) -> QueryArguments:
        thing, place = self._named(groups.get('object')), self._named(groups.get('place'))
        if topic == 'distance' and place is not None and not _is_place(place):
            thing, place = place, None
        if topic == 'object_location' and thing is not None and _is_place(thing):
            thing, place = None, thing
        return msgspec.convert(
            {'topic': topic, **_argument('object', thing), **_argument('place', place)}, QueryArguments
        )

    def _named(self, said: str | None) -> Noun | None:
        """Return what is known by that name, or the name as it was said."""
        words = (said or '').split()
        while words and words[0] in ARTICLES:
            words = words[1:]
        if not words:
            return None
        found, name = self._names.at(words, 0), ' '.join(words)
        if found is not None and found[1] == len(words):
            return found[0]
        return self._names.like(name) or Noun(name)


def _is_place(noun: Noun) -> bool:
    return 'place' in noun.kinds and 'object' not in noun.kinds


def _argument(key: str, noun: Noun | None) -> dict[str, str]:
    return {} if noun is None else {key: noun.name}


def _compiled(pattern: str) -> re.Pattern[str]:
    for name, words in WORDS.items():
        pattern = pattern.replace(name, words)
    for kind in ('object', 'place'):
        pattern = pattern.replace(f'{{{kind}}}', _NAME.format(kind=kind))
    return re.compile(pattern)
