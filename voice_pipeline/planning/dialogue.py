"""
One question at a time: asked, answered, declined, dropped or expired.

    idle ──ask──▶ asking ──a reply that fits──▶ idle, with the steps completed
                    ├── "no", any other final ─▶ idle
                    ├── a stop ────────────────▶ idle
                    └── time ──────────────────▶ idle

Time comes in with each message. A reply must have been spoken after the question. The first revision of an utterance
that comes in time decides; its later ones may take their time. Partials show what they would complete, and only a final
closes the question.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from voice_pipeline.messages import Intent
from voice_pipeline.planning.questions import ConfirmQuestion, Question
from voice_pipeline.planning.wording import has_words

DECLINED = 'All right, I will not.'


@dataclass
class _Asked:
    question: Question
    asker: str  # the utterance that the question is about
    confidence: float
    asked_ns: int
    answerer: str = ''  # the utterance that is being taken for the answer


@dataclass(frozen=True)
class Heard:
    """An intent as it is to be understood; `continues` names the utterance whose steps it completes, '' for none."""

    intent: Intent
    continues: str = ''


class Dialogue:
    """The state of the conversation. Not thread-safe: one caller at a time."""

    def __init__(self, question_s: float) -> None:
        self._question_ns = round(question_s * 1e9)
        self._asked: _Asked | None = None

    @property
    def is_asking(self) -> bool:
        """Whether a question is open; it may have expired by now."""
        return self._asked is not None

    def ask(self, question: Question, intent: Intent, now_ns: int) -> None:
        """Open the question that this final raised; one that was open before is dropped."""
        self._asked = _Asked(question, intent.utterance_id, intent.confidence, now_ns)

    def clear(self) -> None:
        """Drop the question."""
        self._asked = None

    def hear(self, intent: Intent, now_ns: int) -> Heard:
        """Return what the intent comes to while a question may be open. `now_ns`: on the clock of `speech_end_ns`."""
        if intent.emergency_stop:
            self.clear()
        asked = self._asked
        if asked is None or not self._is_candidate(asked, intent, now_ns):
            return Heard(intent)
        asked.answerer = intent.utterance_id
        if intent.is_final:
            self.clear()
        return _understood(asked, intent)

    def _is_candidate(self, asked: _Asked, intent: Intent, now_ns: int) -> bool:
        """Say whether the words may be an answer: words, of another utterance, spoken after the question, in time."""
        if not has_words(intent.text) or intent.utterance_id == asked.asker or intent.speech_end_ns <= asked.asked_ns:
            return False
        if intent.utterance_id != asked.answerer and now_ns - asked.asked_ns > self._question_ns:
            self.clear()
            return False
        return True


def _understood(asked: _Asked, intent: Intent) -> Heard:
    reply, question = intent.reply, asked.question
    if reply is None or (reply.is_yes is not None and intent.steps):
        return Heard(intent)  # "no, go back": what comes after the "no" counts
    steps = question.completed(reply)
    if steps is not None:
        is_sure = isinstance(question, ConfirmQuestion)
        confidence = 1.0 if is_sure else min(asked.confidence, intent.confidence)
        completed = msgspec.structs.replace(intent, steps=steps, missing='', confidence=confidence, reason='')
        return Heard(completed, asked.asker)
    if reply.is_yes is False and not intent.steps:
        return Heard(msgspec.structs.replace(intent, reason=DECLINED))
    return Heard(intent)
