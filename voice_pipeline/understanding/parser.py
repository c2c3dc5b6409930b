"""
The grammar: from a sentence to steps, or to the reason why there are none.

Every word must have its place: one word that is not known, in its place, makes the whole sentence give no steps, so
that a sentence half understood never moves the robot. The order of words is free where people's order is ("ninety
degrees to your left turn"); a new step starts at a new verb, at what no longer fits, and after "and" and "then".
"""

from __future__ import annotations

from dataclasses import dataclass

from voice_pipeline.messages import Move, Step, Stop, Turn
from voice_pipeline.understanding.clauses import WHICH_WAY, Clause, NotUnderstoodError, Resolved, resolve
from voice_pipeline.understanding.emergency import is_emergency_stop
from voice_pipeline.understanding.lexicon import (
    Destination,
    Direction,
    Filler,
    Join,
    Number,
    Pace,
    Quantity,
    Unusable,
    Verb,
)
from voice_pipeline.understanding.normalise import words
from voice_pipeline.understanding.tagger import Tagger
from voice_pipeline.understanding.vocabulary import Vocabulary

MAX_CHARACTERS = 600  # about a minute of speech, and what keeps the worst case within the budget
NOTHING_SAID = 'Nothing was said.'

_Content = Verb | Direction | Quantity | Number | Pace | Destination


@dataclass(frozen=True)
class Meaning:
    """
    What a sentence asks for; without steps there is a `reason`.

    `is_complete`: no step needs, or could well take, more words. `emergency_stop`: stop at once, whatever the steps.
    """

    steps: tuple[Step, ...] = ()
    is_complete: bool = False
    emergency_stop: bool = False
    reason: str = ''


class Parser:
    """Understands sentences, whole or cut off anywhere. Pure, deterministic, at most 5 ms a sentence."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._tagger = Tagger(vocabulary)
        self._robot_names = vocabulary.robot_names

    def parse(self, text: str) -> Meaning:
        """Return the meaning of the text. Never raises."""
        emergency_stop = is_emergency_stop(text, self._robot_names)
        meaning = self._parse_steps(text)
        if emergency_stop and not (meaning.steps and isinstance(meaning.steps[0], Stop)):
            return Meaning(steps=(Stop(),), is_complete=True, emergency_stop=True)
        if emergency_stop:
            return Meaning(steps=meaning.steps, is_complete=meaning.is_complete, emergency_stop=True)
        return meaning

    def _parse_steps(self, text: str) -> Meaning:
        if len(text) > MAX_CHARACTERS:
            return Meaning(reason='That was too long; say it in shorter sentences.')
        said = words(text)
        if not any(word[-1].isalnum() for word in said):
            return Meaning(reason=NOTHING_SAID)
        items = self._tagger.tag(said)
        unusable = [item for item in items if isinstance(item, Unusable)]
        if unusable:
            return Meaning(reason=max(unusable, key=lambda item: item.is_known).reason)
        sentence = _Sentence()
        try:
            for item in items:
                if not isinstance(item, (Filler, Unusable)):
                    sentence.add(item)
            return sentence.finish()
        except NotUnderstoodError as error:
            return Meaning(reason=str(error))


class _Sentence:
    """Puts items into clauses. A method raises `NotUnderstoodError` where an item has no place."""

    def __init__(self) -> None:
        self._done: list[tuple[Clause, Resolved]] = []
        self._clause: Clause | None = None
        self._is_joined = False
        self._is_broken = False  # by a punctuation mark, which Whisper sets freely
        self._is_after_verb = False

    def add(self, item: _Content | Join) -> None:
        """Take the next item."""
        if isinstance(item, Join):
            self._is_joined |= item.is_word
            self._is_broken |= not item.is_word
            return
        self._place(item)
        self._is_joined = self._is_broken = False
        self._is_after_verb = isinstance(item, Verb)

    def finish(self) -> Meaning:
        """Return the meaning of all that was added."""
        self._close()
        if not self._done:
            return Meaning(reason='I heard no command.')
        resolved = [step for _, step in self._done]
        is_complete = not (self._is_joined or resolved[-1].is_open or any(step.is_assumed for step in resolved))
        return Meaning(steps=tuple(step.step for step in resolved), is_complete=is_complete)

    def _place(self, item: _Content) -> None:
        match item:
            case Verb():
                self._verb(item)
            case Direction():
                self._direction(item)
            case Quantity():
                self._quantity(item)
            case Number():
                self._number(item)
            case Pace():
                self._pace(item)
            case Destination():
                self._destination(item)

    def _current(self) -> Clause:
        if self._clause is None:
            self._clause = Clause(is_joined=self._is_joined and bool(self._done))
        return self._clause

    def _next(self) -> Clause:
        self._close()
        return self._current()

    def _verb(self, verb: Verb) -> None:
        clause = self._current()
        has_begun = clause.verb is not None or not clause.is_empty
        if has_begun and not self._continues(clause, verb):
            clause = self._next()
        clause.verb = verb.name
        clause.direction = verb.direction or clause.direction

    def _continues(self, clause: Clause, verb: Verb) -> bool:
        """Say whether the verb comes after what belongs to it: "to your left turn …", "make a left turn"."""
        if 'stop' in (clause.verb, verb.name):
            return False
        if clause.is_empty:
            return True  # "go and turn left": the second says which
        if self._is_joined or verb.direction is not None:
            return False
        if self._is_after_verb:
            return True  # "to your left go, turn …": the second corrects the first
        is_noun = verb.name == 'turn' and 'angle' in clause.amounts
        if clause.verb == 'do':
            return verb.name == 'turn'
        return clause.verb is None and (is_noun or not (clause.direction and clause.has_amount))

    def _direction(self, direction: Direction) -> None:
        clause = self._current()
        if clause.verb == 'stop':
            clause = self._next()
        if clause.direction == direction.name and not self._is_joined:
            return
        if clause.direction == 'around' and direction.name in ('left', 'right') and not clause.has_amount:
            clause.amounts['angle'], clause.direction = 180.0, None  # "turn around to the left"
        if clause.direction is not None:
            if not (self._is_joined or self._is_broken or clause.has_amount):
                raise NotUnderstoodError(f'Do you mean {clause.direction} or {direction.name}?')
            clause = self._next()
        clause.direction = direction.name

    def _quantity(self, quantity: Quantity) -> None:
        clause = self._current()
        other = {'angle': 'distance', 'distance': 'angle'}.get(quantity.kind)
        if clause.verb == 'stop' or other in clause.amounts:
            clause = self._next()
        known = clause.amounts.get(quantity.kind)
        if clause.number == quantity.value and known is None:
            clause.number = None  # "ninety, ninety degrees"
        if known is not None and (self._is_joined or known != quantity.value):
            raise NotUnderstoodError(f'I heard two amounts, {known:g} and {quantity.value:g}; which one?')
        clause.amounts[quantity.kind] = quantity.value

    def _number(self, number: Number) -> None:
        clause = self._current()
        if clause.number not in (None, number.value) or clause.verb == 'stop':
            raise NotUnderstoodError(f'{number.value:g} of what?')
        clause.number = number.value

    def _pace(self, pace: Pace) -> None:
        clause = self._current()
        if clause.pace not in (None, pace.name):
            raise NotUnderstoodError('Slowly or fast?')
        clause.pace = pace.name

    def _destination(self, destination: Destination) -> None:
        clause = self._current()
        if clause.destination is not None and not self._is_joined:
            raise NotUnderstoodError('I heard two places; which one?')
        if clause.destination is not None:
            clause = self._next()
            clause.verb = 'go'  # "go to the kitchen and then to the door"
        clause.destination = destination

    def _close(self) -> None:
        """Resolve the clause, if there is one, taking a repeated beginning ("go, go forward …") as said once."""
        clause, self._clause = self._clause, None
        if clause is None:
            return
        if clause.is_empty and clause.verb is None:
            raise NotUnderstoodError(WHICH_WAY)
        resolved = resolve(clause)
        if self._done and not clause.is_joined and _repeats(self._done[-1], clause, resolved):
            self._done.pop()
        self._done.append((clause, resolved))


def _repeats(before: tuple[Clause, Resolved], clause: Clause, resolved: Resolved) -> bool:
    """Say whether a step is its predecessor said again, in full or with the amount that was missing."""
    clause_before, resolved_before = before
    if resolved.step == resolved_before.step:
        return True
    is_motion = isinstance(resolved.step, (Move, Turn)) and type(resolved.step) is type(resolved_before.step)
    return is_motion and not clause_before.has_amount and clause_before.direction == clause.direction
