"""`benchmark understanding`: what is understood of labelled sentences, and in what time."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from voice_pipeline.paths import resource_file
from voice_pipeline.tools.benchmark import understanding_report
from voice_pipeline.tools.benchmark.output import make_console, save_json, unsaved
from voice_pipeline.tools.benchmark.sentences import Sentence, SentencesError, read_sentences
from voice_pipeline.tools.benchmark.understanding import SentenceParser, measure
from voice_pipeline.tools.machine import machine
from voice_pipeline.understanding.chain import Understander
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary import Vocabulary, VocabularyError

PURPOSE = 'what is understood of labelled sentences, and in what time'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        '--file',
        nargs='+',
        type=Path,
        metavar='FILE',
        help='labelled sentences as JSON lines with "text" and "steps" instead of the own ones',
    )
    parser.add_argument(
        '--vocabulary', type=Path, metavar='FILE', help='names in them (YAML or JSON) instead of those of the own ones'
    )
    parser.add_argument(
        '--semantic',
        action=argparse.BooleanOptionalAction,
        default=True,
        help='compare what the grammar leaves open with similar sentences, where that is installed (yes)',
    )
    parser.add_argument('--show-errors', action='store_true', help='print each sentence that went wrong')
    parser.add_argument('--json', type=Path, metavar='FILE', help='save all figures, those of each sentence too')


def main(arguments: argparse.Namespace) -> int:
    """Run the benchmark; return 0, or 1 where nothing could be measured or saved (said on stderr)."""
    try:
        vocabulary = Vocabulary.load(arguments.vocabulary or resource_file('commands_vocabulary.yaml'))
        sentences = read_sentences(arguments.file or [resource_file('commands.jsonl')])
    except (VocabularyError, SentencesError, FileNotFoundError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    settings = UnderstandingSettings(semantic='auto' if arguments.semantic else 'off')
    understander = Understander(vocabulary, settings)
    if understander.has_models:
        understander.load()
    return run(understander, sentences, arguments)


def run(parser: SentenceParser, sentences: Sequence[Sentence], arguments: argparse.Namespace) -> int:
    """Let the parser understand the sentences and report; return the exit status."""
    console, about_machine = make_console(), machine()
    outcomes = measure(parser, sentences)
    if arguments.show_errors:
        for line in understanding_report.error_lines(outcomes):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(understanding_report.table(outcomes))
    times = ', '.join(f'{name} {value:.2f} ms' for name, value in understanding_report.times_ms(outcomes).items())
    where = f'{about_machine["processor"]}, {about_machine["cores"]} cores'
    console.print(f'Time a sentence: {times}; {where}', highlight=False)
    try:
        if arguments.json:
            save_json(understanding_report.as_json(outcomes, {'machine': about_machine}), arguments.json, console)
    except OSError as error:
        return unsaved(error)
    return 0
