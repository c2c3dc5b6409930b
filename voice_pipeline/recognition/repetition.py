"""
The known error of Whisper on short sound: it says the sentence again ("10 of clubs 10 of clubs 10 of clubs").

A person can say a thing twice too, but not that fast. So a text is cut to its first saying only where it repeats
itself from beginning to end and has more words than anyone says in the time.
"""

from __future__ import annotations

import string

MAX_WORDS_PER_S = 4.0  # commands are spoken at 2 to 3; what repeats itself faster than this was said once


def without_repetition(text: str, speech_s: float) -> str:
    """Return the text, or its first saying where it repeats itself too fast for `speech_s` seconds of speech."""
    words = text.split()
    if len(words) <= MAX_WORDS_PER_S * speech_s:
        return text
    plain = [word.strip(string.punctuation).lower() for word in words]
    for period in range(1, len(words)):
        said_again = len(words) - period  # words; one alone may be chance
        if said_again >= min(period, 2) and plain[period:] == plain[:said_again]:
            return ' '.join(words[:period])
    return text
