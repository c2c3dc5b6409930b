"""
Is this a cry to stop? Decided on partial transcripts, in microseconds, by words alone.

The rule: an emergency word counts where a clause starts, after any number of fillers, polite forms and the robot's
name. A clause also starts, punctuation or not, after a word that ends a command ("go forward two meters stop"). It does
not count after other words: "don't stop", "bus stop", "I told him to stop", nor after "and" and "then", which queue a
stop as the last step. Where in doubt the robot stops, since stopping is always safe: "stop the music" stops it too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

STOP_WORDS = (
    'stop', 'halt', 'freeze', 'emergency', 'whoa', 'woah', 'abort', 'e-stop', 'estop',
    'hold it', 'hold still', 'stand still', 'full stop',
)  # fmt: skip
_FILLERS = (
    'please', 'robot', 'hey', 'hi', 'ok', 'okay', 'alright', 'um', 'umm', 'uh', 'er', 'ah', 'oh', 'no', 'now', 'so',
    'just', 'wait', 'well', 'hmm', 'i said', 'you must', 'you should', 'everybody', 'everyone',
    'make it', '(?:can|could|will|would) you', '(?:i (?:want|need) )?you (?:need |have )?to',
)  # fmt: skip
_CLAUSE_ENDS = (
    'stop', 'halt', 'forward', 'forwards', 'backward', 'backwards', 'back', 'left', 'right', 'around', 'straight',
    'ahead', 'm', 'meters?', 'metres?', 'centimet(?:er|re)s?', 'cm', 'feet', 'foot', 'inch(?:es)?', 'yards?',
    'degrees?', 'radians?', 'seconds?', 'minutes?', 'slowly', 'fast', 'quickly',
)  # fmt: skip
_NOT_AFTER_STOP = r'(?! (?:by|signs?|lights?|watch|words?|motion|exits?|rooms?|services|call|numbers?|contacts?)\b)'
_LONGEST = 2000  # characters looked at, the newest: two minutes of speech
_ANY = re.compile('|'.join(STOP_WORDS), re.IGNORECASE)
_NOISE = re.compile(r"[^\w',.;:!?-]+|(?<!\w)-+|-+(?!\w)")


@lru_cache(maxsize=8)
def _pattern(robot_names: tuple[str, ...]) -> re.Pattern[str]:
    names = tuple(re.escape(name.lower()) for name in robot_names)
    fillers = '|'.join(_FILLERS + names)
    start = rf'(?:^|[.,;:!?]|(?<![\w\'-])(?:{"|".join(_CLAUSE_ENDS)}))'
    return re.compile(rf"{start} ?(?:(?:{fillers}) )*(?:{'|'.join(STOP_WORDS)})(?![\w'-]){_NOT_AFTER_STOP}")


def is_emergency_stop(text: str, robot_names: Sequence[str] = ()) -> bool:
    """Say whether the text, which may be cut off anywhere, tells the robot to stop at once."""
    text = text[-_LONGEST:]
    if _ANY.search(text) is None:
        return False
    clean = _NOISE.sub(' ', text.replace('\u2019', "'").lower()).strip()
    return _pattern(tuple(robot_names)).search(clean) is not None
