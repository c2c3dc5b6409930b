"""What words stand for: the items that the tagger finds and the clauses are put together from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from voice_pipeline.messages import Step
from voice_pipeline.understanding.words.units import Unit, UnitKind

# `go` takes any direction, and left or right without a distance is a turn; `move` goes sideways; `do` needs a noun
# ("make a left turn"); `reach` has its place as object ("visit the kitchen"); `take` is `pick` for known things only;
# `fetch` brings to the speaker where nobody is named, `carry` needs to hear where to; `hold` is `put` without a place.
VerbName = Literal[
    'go', 'come', 'move', 'turn', 'do', 'face', 'reach', 'lead',
    'stop', 'resume', 'cancel', 'pause', 'repeat', 'speed',
    'follow', 'look', 'find', 'pick', 'take', 'fetch', 'carry', 'put', 'drop', 'give',
    'gesture', 'greet', 'dock',
]  # fmt: skip
DirectionName = Literal['forward', 'backward', 'left', 'right', 'around', 'up', 'down', 'behind']
PrepositionName = Literal['to', 'towards', 'at', 'on', 'from', 'along', 'for', 'with', 'of']
GestureName = Literal['wave', 'nod', 'bow', 'dance', 'point', 'high_five', 'handshake']
PaceName = Literal['slow', 'fast', 'normal', 'increase', 'decrease']
NounKind = Literal['place', 'object', 'person', 'surface']


@dataclass(frozen=True)
class Verb:
    """
    What is to be done; some verbs imply their argument ("reverse").

    `value`: the direction, gesture or speed that the verb implies.
    """

    name: VerbName
    value: str = ''


@dataclass(frozen=True)
class Gerund:
    """A verb in "-ing" or "-ed": a command only after words that make it one ("would you mind turning left")."""

    verb: Verb


@dataclass(frozen=True)
class Direction:
    """Which way, seen from the robot."""

    name: DirectionName


@dataclass(frozen=True)
class Quantity:
    """How far, how long, how fast: SI, angles in degrees; `unit` as it was said last."""

    kind: UnitKind
    value: float
    unit: Unit = field(compare=False)

    @property
    def said(self) -> float:
        """Return the number in the unit that was said last."""
        return round(self.value / self.unit.factor, 6)


@dataclass(frozen=True)
class Number:
    """A number whose unit was not said, or not yet."""

    value: float


@dataclass(frozen=True)
class Pace:
    """A speed without a number."""

    name: PaceName


@dataclass(frozen=True)
class Little:
    """An amount that only the vocabulary can put a number to ("a little")."""

    name: str


@dataclass(frozen=True)
class Times:
    """How often."""

    count: int


@dataclass(frozen=True)
class Again:
    """Once more: a command to repeat by itself, and nothing beside another command."""


@dataclass(frozen=True)
class Noun:
    """
    A name without its article.

    `kinds`: what the vocabulary knows by that name, nothing where it knows none. `is_definite`: "the cup", "my cup".
    `is_open`: as heard so far, the name may be going on. `pronoun`: stands for what was named before.
    """

    name: str
    kinds: frozenset[NounKind] = frozenset()
    is_definite: bool = False
    is_open: bool = False
    is_pronoun: bool = False


# Whoever was named before, where "him" and "her" are said.
THEM = Noun('him', frozenset({'person'}), is_pronoun=True)


@dataclass(frozen=True)
class Preposition:
    """How the noun after it belongs to the verb."""

    name: PrepositionName


@dataclass(frozen=True)
class Join:
    """A word that says that another command follows, or (not `is_word`) a punctuation mark, which only suggests it."""

    is_word: bool = True


@dataclass(frozen=True)
class Order:
    """Says that the clause after it is done before, or after, the one it stands with."""

    is_before: bool


@dataclass(frozen=True)
class Correction:
    """What follows takes the place of what was said: "two, no, three"."""


@dataclass(frozen=True)
class Negation:
    """Not to be done: a command (`is_command`, "don't"), or only the words after it ("left, not right")."""

    is_command: bool = True


@dataclass(frozen=True)
class But:
    """Ends what must not be done: "don't go left but right"."""


@dataclass(frozen=True)
class Or:
    """Leaves a choice."""


@dataclass(frozen=True)
class Filler:
    """Says nothing about what to do; `lets_gerund`: makes a verb in "-ing" a command."""

    lets_gerund: bool = False


@dataclass(frozen=True)
class Act:
    """A step that was understood as a whole: a question, something to say."""

    step: Step
    is_open: bool = False


@dataclass(frozen=True)
class Unusable:
    """Makes the whole sentence no command, for this reason; a `known` one says more than an unknown word can."""

    reason: str
    is_known: bool = True


Item = (
    Verb | Gerund | Direction | Quantity | Number | Pace | Little | Times | Again | Noun | Preposition | Join | Order
    | Correction | Negation | But | Or | Filler | Act | Unusable
)  # fmt: skip


@dataclass(frozen=True)
class Tagged:
    """An item and the words, as normalised, that it stands for."""

    item: Item
    words: str
