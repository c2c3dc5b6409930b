"""The words of the grammar: which phrase stands for which item. All in the spelling of `normalise.words`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voice_pipeline.understanding.units import UnitKind

# `go` takes any direction, and left or right without a distance is a turn; `move` goes sideways; `do` needs a noun
# ("make a left turn").
VerbName = Literal['go', 'move', 'turn', 'do', 'stop']
DirectionName = Literal['forward', 'backward', 'left', 'right', 'around']


@dataclass(frozen=True)
class Verb:
    """What is to be done; some verbs imply the direction ("reverse")."""

    name: VerbName
    direction: DirectionName | None = None


@dataclass(frozen=True)
class Direction:
    """Which way, seen from the robot."""

    name: DirectionName


@dataclass(frozen=True)
class Quantity:
    """How far, how long, how fast: SI, angles in degrees."""

    kind: UnitKind
    value: float


@dataclass(frozen=True)
class Number:
    """A number whose unit was not said, or not yet."""

    value: float


@dataclass(frozen=True)
class Pace:
    """A speed without a number."""

    name: Literal['slow', 'fast']


@dataclass(frozen=True)
class Destination:
    """Where to; `is_open` where the name, as heard so far, may be going on."""

    place: str | None = None
    person: str | None = None
    is_open: bool = False


@dataclass(frozen=True)
class Join:
    """A word that says that another command follows, or (not `is_word`) a punctuation mark, which only suggests it."""

    is_word: bool = True


@dataclass(frozen=True)
class Filler:
    """Says nothing about what to do."""


@dataclass(frozen=True)
class Unusable:
    """Makes the whole sentence no command, for this reason; a `known` one says more than an unknown word can."""

    reason: str
    is_known: bool = True


Item = Verb | Direction | Quantity | Number | Pace | Destination | Join | Filler | Unusable

_NEGATED = Unusable('You said not to do something, so I do nothing.')
_REPORTED = Unusable('That was about someone, or said to someone else, so I do nothing.')
_CONDITIONAL = Unusable('I cannot wait for a condition or a time, so I do nothing.')
_VAGUE = Unusable('I do not know how much that is; say a distance or an angle.')

_PHRASES: dict[Item, str] = {
    Verb('go'): (
        'go|drive|walk|travel|head|roll|proceed|continue|come|navigate|return|run|pull|keep going|keep moving|'
        'keep driving|continue going|continue moving|start going|start moving|start driving'
    ),
    Verb('go', 'forward'): 'advance',
    Verb('go', 'backward'): 'back up|backup|back away|reverse|go in reverse|drive in reverse|retreat',
    Verb('move'): 'move|slide|strafe|shift|sidestep|step',
    Verb('turn'): 'turn|rotate|spin|pivot|swivel',
    Verb('do'): 'make|do|take|perform|make a|do a|take a|perform a|do an|make an',
    Verb('stop'): (
        'stop|halt|freeze|come to a stop|come to a halt|stop moving|stop turning|stop driving|stop there|stop here|'
        'stop right there|stop right here|stop it|stop the robot|stop immediately'
    ),
    Direction('forward'): 'forward|forwards|ahead|straight|straight ahead|straight forward|onward|onwards',
    Direction('backward'): 'backward|backwards|back|in reverse',
    Direction('left'): (
        'left|leftward|leftwards|to left|to the left|to your left|towards the left|on the left|on your left|your left|'
        'counterclockwise|counter clockwise|anticlockwise|anti clockwise|to the left side|to your left side'
    ),
    Direction('right'): (
        'right|rightward|rightwards|to right|to the right|to your right|towards the right|on the right|on your right|'
        'your right|clockwise|to the right side|to your right side'
    ),
    Direction('around'): 'around|round',
    Pace('slow'): 'slow|slowly|slower|carefully|gently',
    Pace('fast'): 'fast|quick|quickly|faster',
    Destination(person='me'): 'to me|here|over here|towards me',
    Join(): 'and|then|and then|after that|afterwards|and after that|then after that|and next|and now',
    Join(is_word=False): '.|,|;|:|!|?',
    Filler(): (
        'please|oh|yes|yeah|but|now|right now|right away|immediately|just|ok|okay|alright|all right|'
        'so|well|hey|hi|hello|kindly|go ahead and|can you|could you|would you|will you|can you please|'
        'i want you to|i would like you to|i need you to|you can|let us|thanks|thank you|thank you very much|'
        'robot|more|for me|in place|on the spot|at an angle of|angle|exactly'
    ),
    _NEGATED: 'not|never|no|without|nobody|none|nor|neither|nope|instead',
    _REPORTED: (
        'told|tell|said|says|say|saying|asked|ask|asks|he|she|they|him|her|them|his|hers|their|it|its|we|who|whose|'
        'yesterday|went|was|were|did|drove|turned|moved|stopped|had|has|would|should|used|did you|do you|are you'
    ),
    _CONDITIONAL: 'if|when|whenever|unless|until|till|before|while|after|once|every|tomorrow|later|in case',
    _VAGUE: 'a bit|a little|a little bit|slightly|a tiny bit|somewhat|a few|some|a lot|a tad|far|further|closer',
}
PHRASES: dict[tuple[str, ...], Item] = {
    tuple(phrase.split()): item for item, phrases in _PHRASES.items() for phrase in phrases.split('|')
}

# Mean nothing before a number, and something else elsewhere ("turn around", "go to the table").
BEFORE_NUMBER = frozenset(
    ('about', 'around', 'approximately', 'roughly', 'exactly', 'maybe', 'another', 'by', 'for', 'at', 'of', 'nearly')
)
TO = frozenset(('to', 'towards', 'toward', 'into'))
ARTICLES = frozenset(('the', 'a', 'an', 'your', 'my', 'our'))
