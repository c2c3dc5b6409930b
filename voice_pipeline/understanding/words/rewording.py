"""Forms of speech put into the plain words that the grammar reads: "cancel whatever you are doing" → "cancel it"."""

from __future__ import annotations

import re
from collections.abc import Callable

from voice_pipeline.understanding.words.units import UNITS

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
_UNIT = '|'.join(UNITS)
_CLAUSE = r'(?:^|(?<=[,.;!?] )|(?<=and )|(?<=then )|(?<=but ))'  # where one may begin
_ORDINALS = {'1': 'first', '2': 'second', '3': 'third'}
_PRAISE = 'good|nice|great|lovely|awesome|excellent|cool|perfect|wonderful|brilliant|smooth|neat|clever|beautiful'

# What the robot is at, or was told: all of it is "it" to the verbs that are about commands.
_WORK = (
    r'(?:(?:(?:all|all of) )?(?:the|your|my|this|that|our|all|those|these) (?:(?:very|current|previous|last|latest|'
    r'whole|entire|other|original|same) )*(?:task|job|mission|work|plan|command|order|instruction|request|action|'
    r'activity|move|motion|movement|maneuver|manoeuvre|step|thing|trip|journey|route|navigation|goal|operation|'
    r'program|routine|queue|lot)s?(?! \w+ (?:to|on|in|from)\b)'
    r'|(?:the|your|my|that) (?:current|previous|last|latest) 1'
    r'|what(?:ever)? you (?:are|were|have been|just|have just)(?: doing| did| done)?(?: before| just now| last)?'
    r'|(?:what(?:ever)?|everything|anything|all)(?: that)? i (?:have )?(?:just )?(?:said|asked|told you|wanted)'
    r'(?: you)?(?: to do| for)?(?: before| just now| last)?)'
)
_ABOUT_WORK = {
    'cancel it': (
        'cancel|abandon|scrap|forget(?: about)?|ignore|disregard|undo|call off|drop|clear|belay|delete|scratch|'
        'give up(?: on)?|quit|revoke|discard|never mind'
    ),
    'resume it': (
        'resume|continue(?: with)?|carry on(?: with)?|proceed(?: with)?|go on with|(?:get |go )?back to|return to|'
        'keep doing|restart'
    ),
    'pause it': 'pause|suspend|hold off on|interrupt',
    'repeat it': 'repeat|redo|do again',
}
_DONE = r'(?:the (?:last|previous) (?:thing|move|action|command|1)|what you (?:just )?did)'
_ARRIVAL = r'(?:are (?:in|at|near|by|inside)|get (?:in)?to|reach|arrive (?:in|at)|have reached|enter)'
_DOING = '(?:go|turn|drive|move|pick|put|bring|say|wave|wait|look|come)'
_TAKING_BACK = 'sorry|actually|rather|i mean|i meant|or rather|let us say|make (?:that|it)'


def _rules(*pairs: tuple[str, str | Callable[[re.Match[str]], str]]) -> list[_Rule]:
    return [(re.compile(pattern), replacement) for pattern, replacement in pairs]


_COMMANDS = _rules(
    *((rf'\b(?:{verbs}) {_WORK}(?= |$)', meaning) for meaning, verbs in _ABOUT_WORK.items()),
    (rf'\b(?:do|run|perform|try) {_DONE}(?: again)?(?= |$)', 'repeat it'),
    (r"\bshake (\w+)'s hands?\b", r'shake hands with \1'),
    (r'\bspeed to (?:a )?half\b', 'speed to 50 percent'),
    (r'\bgive me (?:a |some )?5$', 'give me high five'),
    (r'\b(turn|go|move) (?:on|at) (?:the |your )?(?=(?:left|right)\b)', r'\1 '),
    (r'\bto where(?:ver)? (\w+) is\b', r'to \1'),
    (rf'\b(?:{_PRAISE}) (?:turn|spin|move|dance|wave|bow|nod|look)(?= ,| \.| !|$)', 'good'),
)
_ORDER = _rules(
    (rf'{_CLAUSE}(?:once|when|as soon as|after) you {_ARRIVAL}\b', 'after you reach'),
    (rf'{_CLAUSE}(\d) (?:st|nd|rd) ', lambda match: f'{_ORDINALS.get(match[1], match[0])} '),
    (r'\bthe (?:1 st|2 nd) (?=(?:left|right)\b)', 'the next '),
    (rf'(?:\bstep|{_CLAUSE}number) \d+ (?=,|{_DOING}\b)', ', '),
)
_CORRECTIONS = _rules(
    (
        rf'\b(?:no|wait|oh|sorry|oops|hang on|hold on|actually) , (?=(?:no|wait(?= ,| no|$)|{_TAKING_BACK})\b)',
        lambda match: match[0].replace(' ,', ''),
    ),
    (r'\bno (?=wait (?:here|there|for|until|right)\b)', 'no , '),
    (r', (?:wait|hang on|hold on) , (?=(?:left|right|forward|back|backward)\b)', ', no '),
    # "two meters, sorry, feet"; "forty, make it fifty, degrees"
    (
        rf'(?<![\d.])(\d+(?:\.\d+)?) (?:{_UNIT}) (?:, )?(?:no|{_TAKING_BACK})(?: ,)? (?=(?:{_UNIT})(?: |$))',
        r'\1 ',
    ),
    (rf'(?<=\d) , (?=(?:{_UNIT})(?: |$))', ' '),
)


def reworded(text: str) -> str:
    """Return the text, words and marks separated by single spaces, with each form in its plain words."""
    for pattern, replacement in (*_COMMANDS, *_ORDER, *_CORRECTIONS):
        text = pattern.sub(replacement, text)
    return text
