"""What the robot is to say, taken from the text as it was said: "say hello to Sam", "tell Kim that dinner is ready"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voice_pipeline.messages import Say, SayArguments

_SAY = '(?:say|announce|shout|speak|read out|read aloud|repeat after me|call out|yell|whisper|declare|proclaim)'
_ALOUD = '(?: out loud| aloud| the words?)?'
_TELL = '(?:tell|inform|notify|let(?= \\S+ know))'
_LISTENERS = 'me|us|everyone|everybody|the (?:team|group|class|guests|people|room)'
_POLITE = (
    r'(?:(?:please|hey|hi|hello|ok|okay|so|well|now|um+|uh+|just|also|go ahead and|go and|come and|first|next|'
    r"finally|after that|(?:when|once|as soon as) (?:you |you're |you are )?(?:there|arrive|get there|are there|done)|"
    r'(?:can|could|would|will) you(?: please| just| kindly)?|i(?: want|.d like| would like| need) you to|{robot})'
    r'[ ,]+)*'
)
# What follows is no text: it is asked for, or is for others to do.
_NO_TEXT = (
    r'(?!(?:that|it|this)(?: again| once more|$)|(?:so|when|something|nothing|anything|please)$|'
    r'(?:what|where|who|how|when|which|your|about|to|off|know|once|a (?:joke|story)|the (?:time|weather|news))\b)'
)
_VERBS = (
    r'(?:please )?(?:go|come|turn|move|drive|stop|wait|follow|bring|pick|put|place|look|wave|nod|bow|dance|back|return|'
    r'take|give|find|rotate|spin|say|tell|point|shake|drive|walk|head|follow|fetch|grab|face|high five|greet)\b'
)
# Takes back what was to be said: "say hello, no, say goodbye".
_TAKEN_BACK = '(?:no|sorry|actually|wait|i mean|oops|scratch that|or rather)'
_END = rf'(?:$|,? (?={_TAKEN_BACK},? {_VERBS})|,? (?:and )?then (?={_VERBS})|,? and (?={_VERBS})|[.;!?](?= |$))'
_NEXT = re.compile(rf',? (?:and|then) (?:then )?{_VERBS}', re.IGNORECASE)  # where a text has ended
# The text and the listener, in each order; `{people}` are the names that the vocabulary knows.
_FORMS = (
    rf'{_SAY}{_ALOUD} {_NO_TEXT}(?P<text>.+?) to (?P<person>{_LISTENERS}|{{people}})',
    rf'{_SAY} to (?P<person>{_LISTENERS}|{{people}})[:,]?(?: that)? (?P<text>.+?)',
    rf'{_TELL} (?P<person>everyone|everybody|him|her|them|{{people}})(?: know)?[:,]?(?: that)? {_NO_TEXT}(?P<text>.+?)',
    rf'{_SAY}(?! (?:that|it|this) (?:again|once more)){_ALOUD}(?: that)?[:,]? {_NO_TEXT}(?P<text>.+?)',
)
_MARKS = re.compile(r"[^\w\s'%°-]|(?<!\w)['-]|['-](?!\w)")
_AFTERWARDS = re.compile('(?: please| for me)$')
_MAY_SAY = re.compile(rf'\b(?:{_SAY}|{_TELL})\b', re.IGNORECASE)


@dataclass(frozen=True)
class Saying:
    """A step to say something, and the text before and after it, which holds other commands."""

    step: Say
    before: str
    after: str


class Sayings:
    """Finds what is to be said. Pure once made."""

    def __init__(self, people: Sequence[str], robot_names: Sequence[str]) -> None:
        robot = '|'.join(map(re.escape, robot_names)) or 'robot'
        known = '|'.join(map(re.escape, people)) or 'everyone'
        start = r"(?:^(?:let's )?|(?<=[.;!?,]) |(?:,| and| then)+ )" + _POLITE.replace('{robot}', robot)
        self._patterns = [
            re.compile(rf'{start}{form.replace("{people}", known)}{_END}(?P<after>.*)$', re.IGNORECASE)
            for form in _FORMS
        ]

    def find(self, text: str) -> Saying | None:
        """Return the first saying in the text, or None."""
        text = ' '.join(text.replace('\u2019', "'").split())
        if _MAY_SAY.search(text) is None:
            return None
        for pattern in self._patterns:
            match = pattern.search(text)
            if match is not None and not _NEXT.search(match['text']):
                return _saying(text, match)
        return None


def _saying(text: str, match: re.Match[str]) -> Saying | None:
    words = _AFTERWARDS.sub('', ' '.join(_MARKS.sub(' ', match['text'].lower()).split()))
    if not words:
        return None
    person = match.groupdict().get('person')
    step = Say(SayArguments(text=words, person=person.lower() if person else None))
    return Saying(step, text[: match.start()], match['after'].strip())
