"""The `benchmark` command: chooses what is measured on what, shows how far it is, and reports."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import track

from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.audio.wav import SoundFileError
from voice_pipeline.tools.benchmark import report, understanding_report
from voice_pipeline.tools.benchmark.clips import Clip, clips_of_files, recorded_clips, spoken_clips
from voice_pipeline.tools.benchmark.contestant import Entry
from voice_pipeline.tools.benchmark.ours import our_entries
from voice_pipeline.tools.benchmark.peers import PEERS
from voice_pipeline.tools.benchmark.recognition import Lineup, enter, memories, take_turns
from voice_pipeline.tools.benchmark.sentences import Sentence, SentencesError, read_sentences, resource_file
from voice_pipeline.tools.benchmark.understanding import SentenceParser, measure
from voice_pipeline.tools.revisions import SETTLED_REVISIONS
from voice_pipeline.understanding.parser import Parser
from voice_pipeline.understanding.vocabulary import Vocabulary, VocabularyError

DEFAULT_RUNS = 3
PLAIN_WIDTH = 160
PICTURE_SUFFIXES = ('.png', '.svg', '.pdf')
_FORMATS = ', '.join(PICTURE_SUFFIXES)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parts = parser.add_subparsers(title='what', metavar='WHAT', required=True)
    _add_recognition(parts)
    _add_understanding(parts)


def _add_recognition(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    purpose = 'Whisper as this package runs it, beside openai-whisper, faster-whisper and whisper.cpp'
    recognition = parts.add_parser('recognition', help=purpose, description=f'{purpose}.')
    recognition.add_argument(
        '--runs', type=_count, default=DEFAULT_RUNS, help='times that each clip is heard (%(default)s)'
    )
    recognition.add_argument(
        '--wav',
        nargs='+',
        type=Path,
        metavar='FILE',
        help='sound files instead of the built-in commands and the recordings of pocketsphinx-testdata',
    )
    recognition.add_argument('--text', nargs='+', metavar='WORDS', help='what is said in each of them')
    recognition.add_argument('--device', choices=('cpu', 'cuda'), default='cpu', help='for all contestants')
    recognition.add_argument(
        '--threads', type=_count, help='for the other contestants; the default tries which number is fastest'
    )
    recognition.add_argument('--adapter', default='auto', help='for ours: auto, none or a path (%(default)s)')
    recognition.add_argument('--json', type=Path, metavar='FILE', help='save all figures, those of each clip too')
    recognition.add_argument('--plot', type=_picture, metavar='FILE', help=f'save a picture ({_FORMATS})')
    recognition.set_defaults(benchmark=_benchmark_recognition)


def _add_understanding(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    purpose = 'what is understood of labelled sentences, and in what time'
    understanding = parts.add_parser('understanding', help=purpose, description=f'{purpose.capitalize()}.')
    understanding.add_argument(
        '--file',
        nargs='+',
        type=Path,
        metavar='FILE',
        help='labelled sentences as JSON lines with "text" and "steps" instead of the own ones',
    )
    understanding.add_argument(
        '--vocabulary', type=Path, metavar='FILE', help='names in them (YAML or JSON) instead of those of the own ones'
    )
    understanding.add_argument('--show-errors', action='store_true', help='print each sentence that went wrong')
    understanding.add_argument('--json', type=Path, metavar='FILE', help='save all figures, those of each sentence too')
    understanding.set_defaults(benchmark=_benchmark_understanding)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of 1 or more")
    return int(text)


def _picture(text: str) -> Path:
    if Path(text).suffix not in PICTURE_SUFFIXES:
        raise argparse.ArgumentTypeError(f"'{text}' is no picture: give a name that ends with {_FORMATS}")
    return Path(text)


def main(arguments: argparse.Namespace) -> int:
    """Run the benchmark; return 0, or 1 where nothing could be measured or saved (said on stderr)."""
    status: int = arguments.benchmark(arguments)
    return status


def _benchmark_recognition(arguments: argparse.Namespace) -> int:
    try:
        clips = choose_clips(arguments)
    except (SoundFileError, SpeechError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return run([*PEERS, *our_entries(arguments.adapter)], clips, arguments)


def choose_clips(arguments: argparse.Namespace) -> list[Clip]:
    """Return the clips that were asked for. Raises `SoundFileError`, `SpeechError`, `ValueError`."""
    if arguments.wav or arguments.text:
        return clips_of_files(arguments.wav or [], arguments.text or [])
    return spoken_clips() + recorded_clips()


def run(entries: Sequence[Entry], clips: Sequence[Clip], arguments: argparse.Namespace) -> int:
    """Let the entries hear the clips and report; return the exit status."""
    console = _console()
    about = {'machine': report.machine(), 'device': arguments.device, 'runs': arguments.runs}
    typical = sorted(clips, key=lambda clip: len(clip.samples))[len(clips) // 2]
    with Lineup() as lineup:
        with console.status('starting') as status:
            enter(lineup, entries, typical, arguments.device, arguments.threads, status.update)
        total = arguments.runs * len(clips) * len(lineup.processes)
        turns = take_turns(lineup, clips, arguments.runs)
        takes = list(track(turns, 'listening', total, console=console, transient=True))
        memory = memories(lineup)
        results = report.results_of(lineup.processes, takes, memory)
    if results:
        _print(console, results, about, len(clips))
    for one in lineup.left_out:
        console.print(f'[yellow]left out:[/yellow] {one.name}: {escape(one.reason)}', highlight=False)
    if not results:
        print('error: no contestant could run', file=sys.stderr)
        return 1
    return _save(report.as_json(results, lineup.left_out, about), results, arguments, console)


def _print(console: Console, results: Sequence[report.Result], about: Mapping[str, Any], clip_count: int) -> None:
    console.print(report.table(results))
    for result in results:
        if result.settled_words:
            share = 100 * result.changed_words / result.settled_words
            console.print(
                f'{result.name}: {result.changed_words} of {result.settled_words} words ({share:.1f} %) changed after '
                f'{SETTLED_REVISIONS} revisions in a row had shown them',
                highlight=False,
            )
    console.print(f'{clip_count} clips, {about["runs"]} runs; {report.describe(about["machine"])}', highlight=False)


def _save(
    document: dict[str, Any], results: Sequence[report.Result], arguments: argparse.Namespace, console: Console
) -> int:
    try:
        if arguments.json:
            _write_json(document, arguments.json, console)
        if arguments.plot:
            from voice_pipeline.tools.benchmark.plot import save_plot

            about = document['machine']
            save_plot(results, f'{about["processor"]}, {about["cores"]} cores, {arguments.device}', arguments.plot)
            console.print(f'Saved {arguments.plot}.', highlight=False)
    except ImportError:
        print('error: there is no picture without matplotlib: pip install matplotlib', file=sys.stderr)
        return 1
    except OSError as error:
        print(f'error: the report cannot be saved: {error}', file=sys.stderr)
        return 1
    return 0


def _benchmark_understanding(arguments: argparse.Namespace) -> int:
    try:
        vocabulary = Vocabulary.load(arguments.vocabulary or resource_file('commands_vocabulary.yaml'))
        sentences = read_sentences(arguments.file or [resource_file('commands.jsonl')])
    except (VocabularyError, SentencesError, FileNotFoundError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return run_understanding(Parser(vocabulary), sentences, arguments)


def run_understanding(parser: SentenceParser, sentences: Sequence[Sentence], arguments: argparse.Namespace) -> int:
    """Let the parser understand the sentences and report; return the exit status."""
    console, about_machine = _console(), report.machine()
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
            _write_json(understanding_report.as_json(outcomes, {'machine': about_machine}), arguments.json, console)
    except OSError as error:
        print(f'error: the report cannot be saved: {error}', file=sys.stderr)
        return 1
    return 0


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=PLAIN_WIDTH)


def _write_json(document: dict[str, Any], path: Path, console: Console) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=2, ensure_ascii=False)
    path.write_text(f'{text}\n', encoding='utf-8')
    console.print(f'Saved {path}.', highlight=False)
