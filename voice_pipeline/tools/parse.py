"""`voice_pipeline parse`: what the robot would understand, without a robot, a microphone or ROS."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from voice_pipeline.messages import steps_to_builtins
from voice_pipeline.paths import config_file
from voice_pipeline.understanding.parser import Meaning, Parser
from voice_pipeline.understanding.vocabulary import Vocabulary, VocabularyError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('text', nargs='?', metavar='TEXT', help='a sentence; without it, one a line from stdin')
    parser.add_argument('--json', action='store_true', help='print JSON, as always for sentences from stdin')
    parser.add_argument('--vocabulary', type=Path, metavar='FILE', help='names of robot and places (YAML or JSON)')


def main(arguments: argparse.Namespace) -> int:
    """Run the command: 0, or 2 with a message where the vocabulary cannot be used. Never fails on a sentence."""
    try:
        vocabulary = Vocabulary.load(arguments.vocabulary or config_file('vocabulary.yaml'))
    except (VocabularyError, FileNotFoundError) as error:
        print(f'voice_pipeline parse: {error}', file=sys.stderr)
        return 2
    parser = Parser(vocabulary)
    try:
        if arguments.text is None:
            _parse_lines(parser)
        else:
            _parse_one(parser, arguments.text, as_json=arguments.json)
    except BrokenPipeError:
        # Who reads our output has seen enough; stderr stands in, so that the exit does not write to the pipe again.
        sys.stdout = sys.stderr
    return 0


def _parse_lines(parser: Parser) -> None:
    for line in sys.stdin.buffer:
        text = line.decode('utf-8', errors='replace').rstrip('\r\n')
        print(_to_json(text, parser.parse(text)), flush=True)


def _parse_one(parser: Parser, text: str, *, as_json: bool) -> None:
    text = text.encode('utf-8', 'surrogatepass').decode('utf-8', 'replace')  # the shell may pass bytes that are no text
    meaning = parser.parse(text)
    print(_to_json(text, meaning) if as_json else _to_lines(meaning))


def _to_json(text: str, meaning: Meaning) -> str:
    return json.dumps(
        {
            'text': text,
            'steps': steps_to_builtins(meaning.steps),
            'is_complete': meaning.is_complete,
            'emergency_stop': meaning.emergency_stop,
            'reason': meaning.reason,
        }
    )


def _to_lines(meaning: Meaning) -> str:
    if not meaning.steps:
        return f'nothing to do: {meaning.reason}'
    lines = ['emergency stop'] if meaning.emergency_stop else []
    for number, step in enumerate(steps_to_builtins(meaning.steps), start=1):
        values = step['args']
        assert isinstance(values, dict)
        lines.append(' '.join([f'{number}. {step["action"]}', *(f'{key}={value}' for key, value in values.items())]))
    if not meaning.is_complete:
        lines.append('(more words could follow)')
    return '\n'.join(lines)
