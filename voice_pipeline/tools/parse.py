"""`voice_pipeline parse`: what the robot would understand, without a robot, a microphone or ROS."""

from __future__ import annotations

import argparse
import json
import sys

from voice_pipeline.messages import steps_to_builtins
from voice_pipeline.understanding.chain import Understander, is_open
from voice_pipeline.understanding.grammar.parser import Meaning
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary import VocabularyError, load_vocabulary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('text', nargs='?', metavar='TEXT', help='a sentence; without it, one a line from stdin')
    parser.add_argument('--json', action='store_true', help='print JSON, as always for sentences from stdin')
    parser.add_argument('--vocabulary', metavar='FILE', default='', help='names of robot and places (YAML or JSON)')
    parser.add_argument(
        '--semantic',
        action=argparse.BooleanOptionalAction,
        help='compare what the grammar does not know with similar sentences (default: where the libraries are)',
    )
    parser.add_argument(
        '--llm', metavar='MODEL', default='', help='ask this language model about the rest: a folder or a GGUF file'
    )


def main(arguments: argparse.Namespace) -> int:
    """Run the command: 0, or 2 with a message where the vocabulary cannot be used. Never fails on a sentence."""
    try:
        reader = _Reader(arguments)
    except (VocabularyError, FileNotFoundError) as error:
        print(f'voice_pipeline parse: {error}', file=sys.stderr)
        return 2
    try:
        if arguments.text is None:
            _parse_lines(reader)
        else:
            _parse_one(reader, arguments.text, as_json=arguments.json)
    except BrokenPipeError:
        # Who reads our output has seen enough; stderr stands in, so that the exit does not write to the pipe again.
        sys.stdout = sys.stderr
    return 0


class _Reader:
    """Understands sentences as the robot would, at leisure; loads the models at the first that needs them."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        settings = UnderstandingSettings.from_mapping(
            {
                'vocabulary': arguments.vocabulary,
                'semantic': {None: 'auto', True: 'on', False: 'off'}[arguments.semantic],
                'language_model': arguments.llm,
                'language_model_timeout_s': 60.0,  # nobody waits here; on the robot it is a parameter
            }
        )
        self._understander = Understander(load_vocabulary(settings.vocabulary), settings)
        self._is_loaded = not self._understander.has_models

    def read(self, text: str) -> Meaning:
        meaning = self._understander.by_grammar(text)
        if not is_open(meaning):
            return meaning
        if not self._is_loaded:
            self._understander.load()
            self._is_loaded = True
        return self._understander.think(text, self._understander.compare(text, meaning))


def _parse_lines(reader: _Reader) -> None:
    for line in sys.stdin.buffer:
        text = line.decode('utf-8', errors='replace').rstrip('\r\n')
        print(_to_json(text, reader.read(text)), flush=True)


def _parse_one(reader: _Reader, text: str, *, as_json: bool) -> None:
    text = text.encode('utf-8', 'surrogatepass').decode('utf-8', 'replace')  # the shell may pass bytes that are no text
    meaning = reader.read(text)
    print(_to_json(text, meaning) if as_json else _to_lines(meaning))


def _to_json(text: str, meaning: Meaning) -> str:
    return json.dumps(
        {
            'text': text,
            'steps': steps_to_builtins(meaning.steps_to_do),
            'is_complete': meaning.is_complete,
            'emergency_stop': meaning.emergency_stop,
            'reason': _reason(meaning),
            'missing': meaning.missing,
            'coverage': round(meaning.coverage, 3),
            'source': meaning.source,
        }
    )


def _reason(meaning: Meaning) -> str:
    """Return why nothing is done, '' where something is."""
    return meaning.reason or ('' if meaning.steps_to_do == meaning.steps else f'the {meaning.missing} was not said')


def _to_lines(meaning: Meaning) -> str:
    if not meaning.steps_to_do:
        return f'nothing to do: {_reason(meaning)}'
    lines = ['emergency stop'] if meaning.emergency_stop else []
    for number, step in enumerate(steps_to_builtins(meaning.steps), start=1):
        values = step['args']
        assert isinstance(values, dict)
        lines.append(' '.join([f'{number}. {step["action"]}', *(f'{key}={value}' for key, value in values.items())]))
    if meaning.source == 'semantic':
        lines.append('(by similar sentences)')
    if meaning.source == 'llm':
        lines.append('(by the language model)')
    if not meaning.is_complete:
        lines.append('(more words could follow)')
    return '\n'.join(lines)
