"""
Which texts a person said, and which Whisper made of a noise.

Whisper was trained to write something under every sound, so from a noise it often makes a phrase of its subtitles:
"Thank you.", "Thanks for watching!", "you". No sign of that is certain by itself; each rule asks for one that no real
speech showed. On the finals of 131 recordings of people, the model's probability of no speech is at most 0.30; on
whatever noises and tones got past the voice activity, it is at least 0.80.
"""

from __future__ import annotations

import string
import zlib
from typing import Literal

from voice_pipeline.recognition.backend import Hypothesis
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.understanding.words.emergency import is_emergency_stop

# Why a text is not believed. `own_voice`: the robot may have said it itself.
Rejection = Literal[
    'no_words', 'no_speech', 'unlikely', 'repetitive', 'too_many_words', 'stock_phrase', 'own_voice'
]  # fmt: skip

# On digital silence tiny.en answers "you" with a log-probability above Whisper's threshold but p(no speech) = 0.99.
CERTAINLY_NO_SPEECH = 0.9
# Real commands, in noise too, are above -1.8, and so are texts that are wrong in one word.
HOPELESS_LOG_PROBABILITY = -2.2
MAX_COMPRESSION = 2.4  # Whisper's own (Radford et al. 2022, section 4.5)
# People say up to 4 words in a second of voice; the first word may be in the sound before it was voice.
WORDS_AT_ONCE, WORDS_PER_S = 3, 6

# What subtitles say where nobody speaks, and people to a robot seldom or never: believed with good evidence only.
STOCK_PHRASES = frozenset({
    'you', 'thank you', 'thank you very much', 'thank you so much', 'thank you for watching', 'thanks for watching',
    'thank you for listening', 'thanks for listening', 'bye', 'bye bye', 'goodbye', 'see you', 'see you next time',
    'see you in the next video', "i'll see you next time", "i'll see you in the next video", 'the end',
    'this is the end of the video', 'please subscribe', 'subscribe', 'like and subscribe', "we'll be right back",
    'music', 'applause', 'laughter', 'silence', 'blank audio', 'so', 'oh', 'uh', 'um', 'hmm', 'mm', 'i', "i'm", 'a',
    'the', 'and',
})  # fmt: skip
_WEAK_NO_SPEECH = 0.4
_WEAK_LOG_PROBABILITY = -1.0
_WEAK_VOICE_S = 0.2


def rejection(hypothesis: Hypothesis, voice_s: float, settings: RecognitionSettings) -> Rejection | None:
    """Return why the text is not believed, None where it is. `voice_s`: the time for which somebody spoke."""
    text = hypothesis.text
    likely, silent = hypothesis.mean_log_probability, hypothesis.no_speech_probability
    if not any(character.isalnum() for character in text):
        return 'no_words'
    if silent > CERTAINLY_NO_SPEECH or (
        silent > settings.no_speech_threshold and likely < settings.log_probability_threshold
    ):
        return 'no_speech'
    if likely < HOPELESS_LOG_PROBABILITY:
        return 'unlikely'
    if _compression(text) > MAX_COMPRESSION:
        return 'repetitive'
    if len(text.split()) > WORDS_AT_ONCE + WORDS_PER_S * voice_s:
        return 'too_many_words'
    is_weak = silent > _WEAK_NO_SPEECH or likely < _WEAK_LOG_PROBABILITY or voice_s < _WEAK_VOICE_S
    return 'stock_phrase' if is_weak and _plain(text) in STOCK_PHRASES else None


def cry_to_stop(text: str) -> str:
    """
    Return what is left of the text from its last emergency word on, '' without one.

    For sound in which the robot speaks too: an emergency word counts wherever it stands, since what is before it may
    be the robot's. So the robot stops where it says "stop" itself, which is safe.
    """
    words = text.split()
    suffixes = (' '.join(words[start:]) for start in reversed(range(len(words))))
    return next(filter(is_emergency_stop, suffixes), '')


def _compression(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def _plain(text: str) -> str:
    kept = string.punctuation.replace("'", '')
    return ' '.join(text.lower().translate(str.maketrans(kept, ' ' * len(kept))).split())
