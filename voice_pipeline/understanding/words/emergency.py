"""
Is this a cry to stop? Decided on partial transcripts, in microseconds, by words alone.

The rule: an emergency word, or what recognisers make of it, counts where a clause starts, after any number of fillers,
polite forms and the robot's name. A clause also starts, punctuation or not, after a word that ends a command ("go
forward two meters stop"). It does not count after other words: "don't stop", "bus stop", "I told him to stop", nor
after "and" and "then", which queue a stop as the last step; nor where it begins something else ("stop by the store",
"stop when you see me"). Where in doubt the robot stops, since stopping is always safe: "stop the music" stops it too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

STOP_WORDS = (
    'stop', 'halt', 'freeze', 'emergency', 'whoa', 'woah', 'abort', 'e-stop', 'estop', 'e stop',
    'hold still', 'stand still', 'full stop', 'stahp', 'cease', 'brake',
)  # fmt: skip
# Phrases of common words, as patterns.
_STOP_PHRASES = (
    'hold it(?! (?:for|like|against)\\b)', 'quit moving', 'do not move another', "don't move another",
)  # fmt: skip
# Spellings that recognisers give for a shouted word.
_SOUND_ALIKES = (
    'stopp+', 'sto+op', 'sto{3,}p', 'stob', 'stap', 'stawp', 'shtop', 'estop+', 'hault', 'holt', 'haltt', 'hallt',
    'frieze', 'freez', 'freece', 'wo+ah?', 'who+a+h?', 'emergencies',
)  # fmt: skip
_FILLERS = (
    'please', 'robot', 'hey', 'hi', 'ok', 'okay', 'alright', 'um+', 'uh+', 'er', 'a+h+', 'o+h+', 'no+', 'nope', 'now',
    'so', 'just', 'wait', 'well', 'hmm', 'i said', 'you must', 'you should', 'everybody', 'everyone', 'everything',
    'make it', "(?:can|could|will|would|can't|won't) you", '(?:i (?:want|need) )?you (?:need |have |got )?to', 'yo',
    'dude', 'man', 'buddy', 'god', 'oh my god', 'jesus', 'damn', 'shit', 'crap', 'careful', 'help', 'ow', 'ouch',
    'danger', '(?:watch|look) out', 'hold on', 'hang on', 'i mean', 'sorry', 'enough', 'quick', 'quickly',
    'immediately', 'yes', 'yeah', 's+', 'st', 'sto', 'ha', 'fr', 'b?ro', 'guys', 'actually', 'i order you to',
    'i command you to', 'for the love of god',
)  # fmt: skip
_CLAUSE_ENDS = (
    'stop', 'halt', 'forward', 'forwards', 'backward', 'backwards', 'back', 'left', 'right', 'around', 'straight',
    'ahead', 'm', 'meters?', 'metres?', 'centimet(?:er|re)s?', 'cm', 'feet', 'foot', 'inch(?:es)?', 'yards?',
    'degrees?', 'radians?', 'seconds?', 'minutes?', 'slowly', 'fast', 'quickly', 'here', 'me', 'there',
)  # fmt: skip
# What makes of the word the beginning of something else.
_NOT_BEFORE = (
    'by', 'off (?:at|in|by)', 'signs?', 'lights?', 'watch', 'words?', 'motion', 'exits?', 'rooms?', 'services?',
    'calls?', 'numbers?', 'contacts?', 'at (?:the|a|an|my|your|our)', 'in (?:at|to|and|the)',
    'for (?:gas|coffee|lunch|dinner|breakfast|food|a (?:coffee|drink|bite))', 'after', 'when', 'whenever', 'if',
    'once', 'loss', 'frames?', 'dried', 'tag', 'plan', 'kits?', 'doors?', 'vehicles?', 'landing', 'is a', 'is my',
    'was', 'has', 'works?', 'button is', 'fluid', 'pads?', 'codes?', 'gap', 'over', 'lane', 'training', 'drills?',
    'procedures?', 'departments?', 'doctors?', 'surgery', 'weather', 'ray', 'up a', 'with the', 'on a dime', 'press',
    'the press(?:es)?', 'the (?:peas|video|account)', 'and smell', 'and go traffic', 'and desist', 'fire', 'me if',
    'at nothing', 'in for', 'pedals?', 'exchange', 'worrying', 'whining', 'crying', 'smoking', 'complaining',
    'bullying', 'laughing', 'lying', 'shouting',
)  # fmt: skip
_SAID = '(?:said|says|say|yelled|shouted|screamed|cried|yells|shouts|told \\w+)'
# Before the word: told of, not ordered ("she yelled: stop", "let me stop you there", "is this the right stop").
_TOLD_BEFORE = re.compile(
    rf"(?<!\bi )\b(?!i\b)[\w']+ (?:just |then )?{_SAID}[\s,:;]*$"
    r'|\b(?:he|she|they|who|we|people) (?:goes|go|was like|were like|is like|are like)[\s,:;]*$'
    r'|\b(?:make|makes|made|let|lets|watch|saw|heard) (?:me|us) $'
    r'|\b(?:is|was|this|that) (?:the |my )?(?:right|left|last|back) $'
)
# After it, and last: "stop, he said".
_TOLD_AFTER = re.compile(
    rf"[\s,!.;:]*(?:(?:he|she|they) {_SAID}|(?:said|yelled|shouted|screamed|cried)(?: (?!i\b)[\w']+){{1,3}})\W*$"
)
_LONGEST = 2000  # characters looked at, the newest: two minutes of speech
_ANY = re.compile('|'.join((*STOP_WORDS, *_STOP_PHRASES, *_SOUND_ALIKES)), re.IGNORECASE)
_NOISE = re.compile(r"[^\w',.;:!?-]+|(?<!\w)-+|-+(?!\w)")


@lru_cache(maxsize=8)
def _pattern(robot_names: tuple[str, ...]) -> re.Pattern[str]:
    names = tuple(re.escape(name.lower()) for name in robot_names)
    fillers = '|'.join(_FILLERS + names)
    start = rf'(?:^|[.,;:!?]|(?<![\w\'-])(?:{"|".join(_CLAUSE_ENDS)})(?![\w\'-]))'
    cry = '|'.join((*STOP_WORDS, *_STOP_PHRASES, *_SOUND_ALIKES))
    return re.compile(
        rf"{start} ?(?P<cry>(?:(?:{fillers})[, ]+)*(?:{cry})(?![\w'-])(?! (?:{'|'.join(_NOT_BEFORE)})\b))"
    )


def is_emergency_stop(text: str, robot_names: Sequence[str] = ()) -> bool:
    """Say whether the text, which may be cut off anywhere, tells the robot to stop at once."""
    text = text[-_LONGEST:]
    if _ANY.search(text) is None:
        return False
    clean = _NOISE.sub(' ', text.replace('\u2019', "'").lower()).strip()
    return any(not _is_told(clean, cry) for cry in _pattern(tuple(robot_names)).finditer(clean))


def _is_told(text: str, cry: re.Match[str]) -> bool:
    before = _TOLD_BEFORE.search(text, max(0, cry.start() - 60), cry.start('cry'))
    return before is not None or _TOLD_AFTER.match(text, cry.end()) is not None
