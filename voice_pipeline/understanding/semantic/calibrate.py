"""
Calibrates the thresholds of the semantic match: `python -m voice_pipeline.understanding.semantic.calibrate`.

Reads `development.yaml`, whose sentences are no exemplars, and tries every pair of similarity and margin on
them, for exemplars that move the robot and for the others, taking that of the least cost. The same files
always give the same figures.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import product

import msgspec

from voice_pipeline.messages import Step
from voice_pipeline.understanding.grammar.parser import Parser
from voice_pipeline.understanding.semantic.exemplars import packaged_exemplars
from voice_pipeline.understanding.semantic.matcher import MOVING, Match, SemanticParser, Thresholds
from voice_pipeline.understanding.semantic.sentence_encoder import EncoderError, SentenceEncoder
from voice_pipeline.understanding.words.said import ValueFinder
from voice_pipeline.understanding.words.vocabulary import Vocabulary

# What it costs not to understand a command, to take it for another one, and to take for a command what is none.
MISSED_COST, WRONG_COST = 1, 5
FALSE_COST, FALSE_MOTION_COST = 2, 50
# Other people's sentences are further off than these: so much stricter is what moves the robot than is cheapest here.
SIMILARITY_RESERVE, MARGIN_RESERVE = 0.05, 0.02
NO_THRESHOLDS = Thresholds(moving_similarity=-1, moving_margin=-1, similarity=-1, margin=-1)
SIMILARITIES = tuple(hundredths / 100 for hundredths in range(40, 91, 5))
MARGINS = tuple(hundredths / 100 for hundredths in range(0, 21, 2))

# The names in the sentences of the file.
VOCABULARY = Vocabulary(
    robot_names=('robot',),
    places=dict.fromkeys(('kitchen', 'office', 'living room', 'door', 'charging station', 'desk', 'table', 'hallway')),
    people=('sam', 'alex', 'robin', 'kim', 'jordan'),
    objects=('cup', 'bottle', 'box', 'phone', 'keys', 'book', 'newspaper', 'mug', 'red cup'),
    surfaces=('table', 'desk', 'shelf', 'bin', 'floor'),
)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    commands: dict[str, tuple[str, ...]]
    nothing: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A sentence that the grammar leaves open: its nearest exemplar, and whether that leads to the right steps."""

    sentence: str
    match: Match
    is_command: bool
    is_understood: bool
    is_right: bool

    @property
    def is_moving(self) -> bool:
        """Say whether what is understood would move the robot."""
        return bool(MOVING.intersection(self.match.exemplar.actions))


def development_sentences(grammar: Parser) -> list[tuple[str, tuple[Step, ...]]]:
    """Return the sentences of the file with the steps that they ask for."""
    content = msgspec.yaml.decode(files(__package__).joinpath('development.yaml').read_bytes(), type=_File)
    cases: list[tuple[str, tuple[Step, ...]]] = [(sentence, ()) for sentence in content.nothing]
    for plain, sentences in content.commands.items():
        cases += [(sentence, grammar.parse(plain).steps) for sentence in sentences]
    return cases


def open_cases(semantic: SemanticParser, grammar: Parser) -> list[Case]:
    """Return those of the sentences that the grammar leaves open; `semantic` must have no thresholds."""
    cases: list[Case] = []
    for sentence, wanted in development_sentences(grammar):
        by_grammar = grammar.parse(sentence)
        if by_grammar.steps:
            continue
        meaning = semantic.parse(sentence, by_grammar)
        steps = meaning.steps if meaning else ()
        cases.append(Case(sentence, semantic.match([sentence])[0], bool(wanted), bool(steps), steps == wanted))
    return cases


def best_pair(cases: Iterable[Case]) -> tuple[float, float]:
    """Return the similarity and the margin of the least cost; of equals, the strictest."""
    known = list(cases)

    def cost(pair: tuple[float, float]) -> tuple[int, float, float]:
        return sum(_cost(case, *pair) for case in known), -pair[0], -pair[1]

    return min(product(SIMILARITIES, MARGINS), key=cost)


def _cost(case: Case, similarity: float, margin: float) -> int:
    is_near = case.match.similarity >= similarity and case.match.margin >= margin
    if not (case.is_understood and is_near):
        return MISSED_COST if case.is_command else 0
    if case.is_right:
        return 0
    if case.is_command:
        return WRONG_COST
    return FALSE_MOTION_COST if case.is_moving else FALSE_COST


def calibrated(cases: Sequence[Case]) -> Thresholds:
    """Return the thresholds of the least cost, with a reserve where the robot would move."""
    moving = best_pair(case for case in cases if case.is_moving)
    others = best_pair(case for case in cases if not case.is_moving)
    return Thresholds(
        moving_similarity=round(moving[0] + SIMILARITY_RESERVE, 2),
        moving_margin=round(moving[1] + MARGIN_RESERVE, 2),
        similarity=others[0],
        margin=others[1],
    )


def outcome(case: Case, thresholds: Thresholds) -> str:
    """Say in a word what becomes of the sentence: "missed", "ignored", "right", "wrong" or "false"."""
    if not (case.is_understood and thresholds.accept(case.match, is_moving=case.is_moving)):
        return 'missed' if case.is_command else 'ignored'
    return 'right' if case.is_right else 'wrong' if case.is_command else 'false'


def main() -> int:
    """Print the calibrated thresholds beside those in use, and what the latter make of each sentence."""
    grammar = Parser(VOCABULARY)
    try:
        encoder = SentenceEncoder()
    except EncoderError as error:
        sys.stderr.write(f'{error}\n')
        return 2
    semantic = SemanticParser(grammar, ValueFinder(VOCABULARY), packaged_exemplars(), encoder, NO_THRESHOLDS)
    cases = open_cases(semantic, grammar)
    lines = [_line(case, Thresholds()) for case in cases]
    counts = Counter(outcome(case, Thresholds()) for case in cases)
    lines += [f'calibrated: {calibrated(cases)}', f'in use:     {Thresholds()}']
    lines.append(', '.join(f'{count} {name}' for name, count in sorted(counts.items())))
    sys.stdout.write('\n'.join(lines) + '\n')
    return 0


def _line(case: Case, thresholds: Thresholds) -> str:
    match = case.match
    means = match.exemplar.means or '(nothing)'
    return f'{outcome(case, thresholds):8}{match.similarity:5.2f}{match.margin:6.2f}  {means:26}{case.sentence}'


if __name__ == '__main__':
    sys.exit(main())
