"""
The grammar: from a sentence to steps, or to the reason why there are none.

It looks for islands: each clause is anchored by a verb, and its arguments may stand in any order around it. A clause
gives steps only where every content word has its place (`coverage` is 1): a command half understood never moves the
robot. What is left over goes to the other ways of understanding.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from voice_pipeline.messages import Move, Reply, Resume, Say, Step, Stop, Turn
from voice_pipeline.understanding.grammar.builder import ClauseBuilder
from voice_pipeline.understanding.grammar.clauses import Clause, NotUnderstoodError, in_order, share_goals
from voice_pipeline.understanding.grammar.frames import resolve
from voice_pipeline.understanding.grammar.questions import Questions
from voice_pipeline.understanding.grammar.replies import reply_of, yes_or_no
from voice_pipeline.understanding.grammar.resolved import Context, Missing, Resolved
from voice_pipeline.understanding.grammar.sayings import Sayings
from voice_pipeline.understanding.grammar.tagger import Tagger
from voice_pipeline.understanding.words.emergency import is_emergency_stop
from voice_pipeline.understanding.words.items import Act, Correction, Filler, Item, Join, Noun, Tagged, Unusable, Verb
from voice_pipeline.understanding.words.lexicon_words import NEGATED, REPORTED
from voice_pipeline.understanding.words.normalise import understood_words, words
from voice_pipeline.understanding.words.vocabulary import Vocabulary

MAX_CHARACTERS = 600  # about a minute of speech, and what keeps the worst case within the budget
NOTHING_SAID = 'Nothing was said.'
NO_COMMAND = 'I heard no command.'


@dataclass(frozen=True)
class Meaning:
    """
    What a sentence asks for; without steps there is a `reason`.

    `is_complete`: no step needs, or could well take, more words. `missing`: what a step cannot be done without.
    `coverage`: the share of the content words that have their place. `reply`: what the words may answer.
    `emergency_stop`: stop at once, whatever the steps. `words`: for each step, in order, the words it comes from.
    """

    steps: tuple[Step, ...] = ()
    is_complete: bool = False
    missing: Missing = ''
    coverage: float = 1.0
    reply: Reply | None = None
    emergency_stop: bool = False
    reason: str = ''
    source: Literal['grammar', 'semantic', 'llm'] = 'grammar'
    words: tuple[Mapping[str, str], ...] = ()

    @property
    def steps_to_do(self) -> tuple[Step, ...]:
        """The steps, but none where the robot would first have to ask; a distance and an angle have their defaults."""
        return self.steps if self.missing in ('', 'distance', 'angle') else ()


class Parser:
    """Understands sentences, whole or cut off anywhere. Pure, deterministic, at most 5 ms a sentence."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._tagger = Tagger(vocabulary)
        self._known = frozenset(word for name in vocabulary.all_names() for word in words(name))
        self._phrases = _OwnPhrases(vocabulary.phrases, self._known)
        self._questions = Questions(self._tagger.names, vocabulary.robot_names)
        self._sayings = Sayings(vocabulary.people, vocabulary.robot_names)
        self._warm_up()

    def _warm_up(self) -> None:
        """Have everything made that is made at its first use: the number words, the patterns of emergency stops."""
        for text in _TYPICAL:
            self.parse(text)

    def parse(self, text: str) -> Meaning:
        """Return the meaning of the text. Never raises."""
        meaning = self._understand(text)
        if not is_emergency_stop(text, self._vocabulary.robot_names):
            return meaning
        if meaning.steps and isinstance(meaning.steps[0], Stop):
            return replace(meaning, emergency_stop=True)
        return Meaning(steps=(Stop(),), is_complete=True, emergency_stop=True, words=({'action': 'stop'},))

    def _understand(self, text: str) -> Meaning:
        if len(text) > MAX_CHARACTERS:
            return Meaning(coverage=0.0, reason='That was too long; say it in shorter sentences.')
        items = self._items(text)
        if not items:
            return Meaning(reason=NOTHING_SAID)
        answer = yes_or_no([word for tagged in items for word in tagged.words.split()])
        if answer is not None:
            resumes = (Resume(),) if any(tagged.words == 'go ahead' for tagged in items) else ()
            reason = '' if resumes else NO_COMMAND
            return Meaning(steps=resumes, is_complete=bool(resumes), reply=Reply(is_yes=answer), reason=reason)
        coverage = _coverage(items)
        try:
            _check_words(items)
            _check_address(items)
            meaning = _meaning(items, Context(self._vocabulary))
        except NotUnderstoodError as error:
            return Meaning(coverage=coverage, reply=self._reply(text), reason=str(error))
        is_answering = meaning.reply is None and _ANSWERING.match(text.lower()) is not None
        return replace(meaning, reply=self._reply(text)) if is_answering else meaning

    def _reply(self, text: str) -> Reply | None:
        """Return what words without a command may answer; nothing that is about others, or half understood."""
        items = self._tag(_ANSWERING.sub('', ' '.join(self._words(text))).split())
        if any(isinstance(tagged.item, Unusable) for tagged in items):
            return None
        try:
            clauses = ClauseBuilder().add_all(items)
        except NotUnderstoodError:
            return None
        return reply_of(clauses[0]) if len(clauses) == 1 else None

    def _items(self, text: str) -> list[Tagged]:
        """Return what the words stand for, things to say and questions as wholes."""
        saying = self._sayings.find(text)
        if saying is None:
            return self._tag(self._words(text))
        said = Tagged(Act(saying.step, is_open=not saying.after), saying.step.args.text or '')
        return [*self._tag(self._words(saying.before)), said, *self._items(saying.after)]

    def _words(self, text: str) -> list[str]:
        return understood_words(text, self._known)

    def _tag(self, said: Sequence[str]) -> list[Tagged]:
        if not any(word[-1].isalnum() for word in said):
            return []
        said = self._phrases.put_in(said)
        items: list[Tagged] = []
        for part in _clauses(said):
            items += self._question(part) or self._tagger.tag(part)
        return items

    def _question(self, part: Sequence[str]) -> list[Tagged]:
        """Return the question that the words ask, and what follows it after "and"; nothing where they ask none."""
        ends = [index for index, word in enumerate(part) if index and word in ('and', 'then')]
        for end in (len(part), *ends):
            question = self._questions.read(part[:end])
            if question is not None:
                act = Tagged(Act(question.step, question.is_open), ' '.join(part[:end]))
                return [act, *self._tagger.tag(part[end:])]
        return []


class _OwnPhrases:
    """The vocabulary's own words for commands, put into plain words."""

    def __init__(self, phrases: Mapping[str, str], known: Container[str]) -> None:
        self._meanings = {
            ' '.join(understood_words(phrase, known)): ' '.join(understood_words(meaning, known))
            for phrase, meaning in phrases.items()
        }
        longest_first = sorted(self._meanings, key=len, reverse=True)
        self._pattern = re.compile(rf'(?<!\S)(?:{"|".join(map(re.escape, longest_first))})(?!\S)')

    def put_in(self, said: Sequence[str]) -> list[str]:
        """Return the words with each phrase replaced by its meaning, which may hold other phrases (in no circle)."""
        if not self._meanings:
            return list(said)
        text, before = ' '.join(said), ''
        while text != before and len(text) <= 2 * MAX_CHARACTERS:
            before, text = text, self._pattern.sub(lambda match: self._meanings[match[0]], text)
        return text.split()


def _clauses(said: Sequence[str]) -> list[Sequence[str]]:
    """Cut where a question may begin or end: at marks, and at "and" and "then" before a word that asks."""
    parts: list[Sequence[str]] = []
    start = 0
    for index, word in enumerate(said):
        is_mark = not word[-1].isalnum()
        if is_mark or (word in ('and', 'then') and _ASKS.match(' '.join(said[index + 1 : index + 6]))):
            parts += [said[start:index], said[index : index + 1]]
            start = index + 1
    parts.append(said[start:])
    return [part for part in parts if part]


def _check_words(items: Sequence[Tagged]) -> None:
    """Raise `NotUnderstoodError` where a word has no place, saying what is known best about it."""
    unusable = [tagged.item for tagged in items if isinstance(tagged.item, Unusable)]
    if unusable:
        raise NotUnderstoodError(max(unusable, key=lambda item: item.is_known).reason)


def _check_address(items: Sequence[Tagged]) -> None:
    """Raise `NotUnderstoodError` where a clause begins, or all ends, with the name of a person: it is said to them."""
    is_start = True
    for index, tagged in enumerate(items):
        if isinstance(tagged.item, (Filler, Correction)):
            continue
        if (
            is_start
            and _is_other_person(tagged.item)
            and any(isinstance(after.item, Verb) for after in items[index + 1 :])
        ):
            raise NotUnderstoodError(REPORTED)
        is_start = isinstance(tagged.item, Join)
    if _ends_in_address(items):
        raise NotUnderstoodError(REPORTED)


def _ends_in_address(items: Sequence[Tagged]) -> bool:
    """Say whether a name stands by itself at the end: "turn around, Kim"; "to Sam, no, Kim" is another thing."""
    content = [tagged.item for tagged in items if not isinstance(tagged.item, Filler)]
    while content and content[-1] == Join(is_word=False):
        content.pop()
    if len(content) < 3 or content[-2] != Join(is_word=False) or isinstance(content[-3], Correction):
        return False
    return _is_other_person(content[-1]) and any(isinstance(item, Verb) for item in content)


def _is_other_person(item: Item) -> bool:
    return isinstance(item, Noun) and item.kinds == {'person'} and item.name not in ('me', 'everyone')


def _coverage(items: Sequence[Tagged]) -> float:
    """Return the share of the content words that stand for something."""
    content = [tagged for tagged in items if not isinstance(tagged.item, (Filler, Join))]
    total = sum(len(tagged.words.split()) for tagged in content)
    covered = sum(len(tagged.words.split()) for tagged in content if not isinstance(tagged.item, Unusable))
    return covered / total if total else 1.0


def _meaning(items: Sequence[Tagged], context: Context) -> Meaning:
    builder = ClauseBuilder()
    clauses = builder.add_all(items)
    share_goals(clauses)
    if builder.is_taken_back and clauses:
        clauses.pop()
    if clauses and clauses[-1].retracts:
        clauses = clauses[-1:]  # "…, never mind": what may have begun already is given up
    reply = reply_of(clauses[0]) if len(clauses) == 1 else None
    wanted = [clause for clause in in_order(clauses) if not clause.is_negated]
    if not wanted:
        raise NotUnderstoodError(NEGATED if clauses else NO_COMMAND)
    done: list[tuple[Clause, Resolved]] = []
    for clause in wanted:
        resolved = _resolved(clause, context)
        is_more = clause.is_joined and clause.order is None
        if done and not is_more and _repeats(done[-1], clause, resolved):
            done.pop()
        done.append((clause, resolved))
    missing: Missing = next((resolved.missing for _, resolved in done if resolved.missing), '')
    is_complete = not (builder.is_dangling or missing or done[-1][1].is_open)
    return Meaning(
        steps=tuple(step for _, resolved in done for step in resolved.steps),
        is_complete=is_complete,
        missing=missing,
        reply=reply,
        words=tuple(clause.words for clause, resolved in done for _ in resolved.steps),
    )


def _resolved(clause: Clause, context: Context) -> Resolved:
    if clause.act is not None:
        return Resolved((_addressed(clause.act.step, context),), is_open=clause.act.is_open)
    return resolve(clause, context)


def _addressed(step: Step, context: Context) -> Step:
    """Return the step, to the person named before where it says "tell him"."""
    if not isinstance(step, Say) or step.args.person not in _PRONOUNS:
        return step
    return Say(msgspec.structs.replace(step.args, person=context.person().name))


def _repeats(before: tuple[Clause, Resolved], clause: Clause, resolved: Resolved) -> bool:
    """Say whether a step is its predecessor said again, in full or with the amount that was missing."""
    clause_before, resolved_before = before
    if resolved.steps == resolved_before.steps:
        return True
    (first, *_), (second, *_) = resolved_before.steps, resolved.steps
    is_motion = isinstance(second, (Move, Turn)) and type(first) is type(second)
    return is_motion and not clause_before.has_amount and clause_before.direction in (clause.direction, None)


_PRONOUNS = ('him', 'her', 'them')
# Go everywhere once: numbers, names, questions, things to say, emergency stops.
_TYPICAL = ('go forward two and a half meters, then say hello to sam', 'go to the kitchin', 'where are you', 'stop')
# Said before an answer: "I mean the red one".
_ANSWERING = re.compile(
    r'^(?:(?:well|um|oh|no|yes|ok|okay|the answer is|it is'
    r'|i (?:mean|meant|want|need|choose|think|guess|prefer|would (?:like|say))'
    r'|that is|(?:make|let) it(?: be)?|take|probably|maybe)[ ,]+)+'
)
_ASKS = re.compile(
    r'(?:what|where|who|how|when|which|do you|can you (?:see|tell)|are you|is there|have you|tell me|report)\b'
)
