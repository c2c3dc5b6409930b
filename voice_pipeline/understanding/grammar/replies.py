"""Words without a verb, as the answer to a question of the robot: "yes", "the red one", "two metres", "left"."""

from __future__ import annotations

from collections.abc import Sequence

from voice_pipeline.messages import Reply
from voice_pipeline.understanding.grammar.clauses import Clause
from voice_pipeline.understanding.words.items import Noun

_YES = frozenset((
    'yes', 'yeah', 'yep', 'yup', 'sure', 'of course', 'okay', 'ok', 'correct', 'right', 'exactly', 'affirmative',
    'please do', 'do it', 'go ahead', 'absolutely', 'indeed', 'that is right', 'that is correct', 'confirmed',
    'confirm', 'definitely', 'yes please', 'sure thing', 'all right', 'alright', 'fine', 'you bet', 'aye',
    'certainly', 'by all means', 'sounds good', 'that one', 'go for it', 'i do', 'yes sir', 'uh huh', 'mhm',
))  # fmt: skip
_NO = frozenset((
    'no', 'nope', 'nah', 'negative', 'no thanks', 'no thank you', 'not really', 'do not', 'wrong', 'incorrect',
    'that is wrong', 'no way', 'not at all', 'please do not', 'that is not right', 'not now', 'of course not',
    'i do not', 'no please do not', 'never', 'absolutely not',
))  # fmt: skip
_ANSWERS = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
_MOST_WORDS = 8
# Words that may stand around the answer, other words of agreement among them.
_AROUND = frozenset(
    (
        'please',
        'robot',
        'thanks',
        'thank',
        'you',
        'it',
        'is',
        'that',
        'oh',
        'well',
        *(word for word in _YES if ' ' not in word),
    )
)


def yes_or_no(said: Sequence[str]) -> bool | None:
    """Return what a mere yes or no says, None where the words are something else."""
    words = [word for word in said if word not in ',.!?;:']
    if len(words) > _MOST_WORDS:
        return None
    for start in range(len(words)):
        for end in range(len(words), start, -1):
            answer = _ANSWERS.get(' '.join(words[start:end]))
            if answer is not None and _AROUND.issuperset((*words[:start], *words[end:])):
                return answer
    return None


def reply_of(clause: Clause) -> Reply | None:
    """Return what the clause may answer; None where it has nothing in it that could."""
    if clause.verb is not None or clause.pace or clause.is_negated:
        return None
    names = _names(clause)
    if names is None:
        return None
    direction = clause.direction if clause.direction in ('forward', 'backward', 'left', 'right', 'around') else None
    sign = -1.0 if direction == 'right' else 1.0
    angle = clause.amounts.get('angle')
    distance, duration = clause.amounts.get('distance'), clause.amounts.get('duration')
    reply = Reply(
        direction=direction,
        distance_m=distance.value if distance and distance.value > 0 else None,
        angle_deg=sign * angle.value if angle else None,
        duration_s=duration.value if duration and duration.value > 0 else None,
        number=clause.number,
        object=names.get('object'),
        place=names.get('place'),
        person=names.get('person'),
    )
    return None if reply == Reply() else reply


def _names(clause: Clause) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for argument in clause.nouns:
        role = _role(argument.noun)
        if role in found or argument.noun.name in ('there', 'it', 'him'):
            return None
        found[role] = 'me' if argument.noun.name == 'here' else argument.noun.name
    return found


def _role(noun: Noun) -> str:
    if 'person' in noun.kinds or noun.name == 'here':
        return 'person'
    if 'object' in noun.kinds or not noun.kinds:
        return 'object'
    return 'place'
