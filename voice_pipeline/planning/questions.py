"""
What the robot asks: what is missing, which of several is meant, and whether it heard right.

A question keeps the steps it is about, knows its words, and completes the steps from a reply that fits it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import msgspec

from voice_pipeline.messages import Follow, GoTo, Look, Move, Pause, Pick, Place, Reply, Step, Turn
from voice_pipeline.planning.names import Choice, matching, with_argument
from voice_pipeline.planning.wording import describe, described, the

Gap = Literal['', 'direction', 'unit', 'place', 'object', 'person', 'duration']
_GAPS: dict[str, Gap] = {
    'direction': 'direction',
    'unit': 'unit',
    'place': 'place',
    'object': 'object',
    'person': 'person',
}
_ASK_OBJECT: dict[type, str] = {
    Pick: 'What should I pick up?',
    Place: 'What should I put down?',
    Look: 'What should I look at?',
    Turn: 'What should I turn to?',
}
_AROUND_DEG = 180.0


@dataclass(frozen=True)
class Question(ABC):
    """Something to ask about `steps`; `index` is the step in doubt."""

    steps: tuple[Step, ...]
    index: int

    @property
    @abstractmethod
    def text(self) -> str:
        """The question in words."""

    @abstractmethod
    def completed(self, reply: Reply) -> tuple[Step, ...] | None:
        """Return all steps as the reply completes them, None where it does not fit the question."""

    def _with(self, step: Step | None) -> tuple[Step, ...] | None:
        if step is None:
            return None
        return (*self.steps[: self.index], step, *self.steps[self.index + 1 :])


@dataclass(frozen=True)
class ConfirmQuestion(Question):
    """Was this said? `heard`: the steps as planned, for the words of the question."""

    heard: tuple[Step, ...] = ()

    @property
    def text(self) -> str:
        """Say the steps."""
        return f'Did you say: {described(self.heard)}?'

    def completed(self, reply: Reply) -> tuple[Step, ...] | None:
        """Return the steps on yes."""
        return self.steps if reply.is_yes else None


@dataclass(frozen=True)
class ChoiceQuestion(Question):
    """Which of these names?"""

    choice: Choice

    @property
    def text(self) -> str:
        """Name them."""
        return self.choice.text

    def completed(self, reply: Reply) -> tuple[Step, ...] | None:
        """Return the steps with the one name that the reply picks."""
        number = f'{reply.number:g}' if reply.number is not None else None
        for said in (reply.object, reply.place, reply.person, number):
            names = matching(said, self.choice.names) if said else ()
            if said in names:
                names = (said,)
            if len(names) == 1:
                return self._with(with_argument(self.steps[self.index], self.choice.argument, names[0]))
        return None


@dataclass(frozen=True)
class GapQuestion(Question):
    """What about this, which was not said?"""

    gap: Gap

    @property
    def text(self) -> str:
        """Ask for it."""
        step = self.steps[self.index]
        match self.gap:
            case 'direction':
                return f'Which way should I {"turn" if isinstance(step, Turn) else "move"}?'
            case 'unit':
                return f'Do you mean {describe(step)}?' if _has_amount(step) else 'How far, in metres or feet?'
            case 'place':
                return f'Where should I put {_thing(step)}?' if isinstance(step, Place) else 'Where should I go?'
            case 'person':
                return f'Who should I give {_thing(step)} to?' if isinstance(step, Place) else 'Who should I follow?'
            case 'duration':
                return 'For how long should I wait?'
            case _:
                return _ASK_OBJECT.get(type(step), 'What do you mean?')

    def completed(self, reply: Reply) -> tuple[Step, ...] | None:
        """Return the steps with what the reply says."""
        return self._with(_filled(self.steps[self.index], self.gap, reply))


def find_gap(steps: tuple[Step, ...], missing: str, start: int = 0) -> GapQuestion | None:
    """
    Return the question about the first step, from `start` on, that cannot be done as it is, None where all can.

    `missing` is what the words themselves lack, which not every step shows. A distance or an angle has a default.
    """
    for index in range(start, len(steps)):
        gap = _gap_of(steps[index])
        if gap:
            is_named = missing in _GAPS and missing != 'unit' and _could_take(steps[index], missing)
            return GapQuestion(steps, index, _GAPS[missing] if is_named else gap)
    lacking = [index for index in range(start, len(steps)) if _could_take(steps[index], missing)]
    return GapQuestion(steps, lacking[-1], _GAPS[missing]) if missing in _GAPS and lacking else None


def _could_take(step: Step, missing: str) -> bool:
    if missing == 'unit':
        return isinstance(step, Move) or _has_amount(step)
    return missing in step.args.__struct_fields__ and getattr(step.args, missing) is None


def _gap_of(step: Step) -> Gap:
    match step:
        case Move(args) if args.direction is None:
            return 'direction'
        case Turn(args) if args.angle_deg is None and args.direction is None and args.object is None:
            return 'direction'
        case GoTo(args) if not args.place and not args.person:
            return 'place'
        case Follow(args) if not args.person and not args.object:
            return 'person'
        case Pick(args) if not args.object:
            return 'object'
        case Pause(args) if args.duration_s is None:
            return 'duration'
        case _:
            return ''


def _thing(step: Place) -> str:
    return the(step.args.object) if step.args.object else 'it'


def _has_amount(step: Step) -> bool:
    match step:
        case Move(args):
            return args.distance_m is not None or args.duration_s is not None
        case Turn(args):
            return args.angle_deg is not None
        case _:
            return False


def _filled(step: Step, gap: Gap, reply: Reply) -> Step | None:
    match gap:
        case 'direction':
            return _directed(step, reply)
        case 'unit':
            return _measured(step, reply)
        case 'duration':
            duration_s = reply.number if reply.duration_s is None else reply.duration_s
            return with_argument(step, 'duration_s', duration_s) if duration_s and duration_s > 0 else None
        case 'place' if reply.person and isinstance(step, (GoTo, Place)):
            return with_argument(step, 'person', reply.person)
        case 'place':
            said = reply.place or reply.object  # "the table" is both
        case 'person':
            said = reply.person
        case _:
            said = reply.object
    if said is None and gap == 'person' and reply.object and isinstance(step, Follow):
        return with_argument(step, 'object', reply.object)
    return with_argument(step, gap, said) if said else None


def _directed(step: Step, reply: Reply) -> Step | None:
    """Fill in the direction, and the amount where the reply has one too."""
    direction = reply.direction
    if isinstance(step, Turn):
        if direction == 'around':
            return with_argument(step, 'angle_deg', _AROUND_DEG)
        if direction not in ('left', 'right'):
            return None
        said_deg = step.args.angle_deg if reply.angle_deg is None else reply.angle_deg
        if said_deg is None:
            return with_argument(step, 'direction', direction)
        angle_deg = abs(said_deg)
        return with_argument(step, 'angle_deg', angle_deg if direction == 'left' else -angle_deg)
    if not isinstance(step, Move) or direction is None or direction == 'around':
        return None
    distance_m = step.args.distance_m if reply.distance_m is None else reply.distance_m
    args = msgspec.structs.replace(step.args, direction=direction, distance_m=distance_m)
    return msgspec.structs.replace(step, args=args)


def _measured(step: Step, reply: Reply) -> Step | None:
    """Take the amount of the reply, or agree to the one that was assumed."""
    if reply.is_yes is not None:
        return step if reply.is_yes and _has_amount(step) else None
    if isinstance(step, Move) and (reply.distance_m or reply.duration_s):
        args = msgspec.structs.replace(step.args, distance_m=reply.distance_m, duration_s=reply.duration_s)
        return Move(args)
    if isinstance(step, Turn) and reply.angle_deg is not None:
        is_right = (step.args.angle_deg or 0.0) < 0 or step.args.direction == 'right'
        angle_deg = -abs(reply.angle_deg) if is_right else abs(reply.angle_deg)
        return Turn(msgspec.structs.replace(step.args, angle_deg=angle_deg))
    return None
