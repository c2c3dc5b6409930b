"""`benchmark recognition`: chooses clips and contestants, shows how far it is, and reports."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import track

from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.audio.wav import SoundFileError
from voice_pipeline.tools.benchmark import report
from voice_pipeline.tools.benchmark.clips import Clip, clips_of_files, recorded_clips, spoken_clips
from voice_pipeline.tools.benchmark.contestant import Entry
from voice_pipeline.tools.benchmark.ours import our_entries
from voice_pipeline.tools.benchmark.output import count, make_console, save_json, unsaved
from voice_pipeline.tools.benchmark.peers import PEERS
from voice_pipeline.tools.benchmark.recognition import Lineup, enter, memories, take_turns
from voice_pipeline.tools.machine import describe, machine
from voice_pipeline.tools.revisions import SETTLED_REVISIONS

PURPOSE = 'Whisper as this package runs it, beside openai-whisper, faster-whisper and whisper.cpp'
DEFAULT_RUNS = 3
PICTURE_SUFFIXES = ('.png', '.svg', '.pdf')
_FORMATS = ', '.join(PICTURE_SUFFIXES)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument('--runs', type=count, default=DEFAULT_RUNS, help='times that each clip is heard (%(default)s)')
    parser.add_argument(
        '--wav',
        nargs='+',
        type=Path,
        metavar='FILE',
        help='sound files instead of the built-in commands and the recordings of pocketsphinx-testdata',
    )
    parser.add_argument('--text', nargs='+', metavar='WORDS', help='what is said in each of them')
    parser.add_argument('--device', choices=('cpu', 'cuda'), default='cpu', help='for all contestants')
    parser.add_argument(
        '--threads', type=count, help='for the other contestants; the default tries which number is fastest'
    )
    parser.add_argument('--adapter', default='auto', help='for ours: auto, none or a path (%(default)s)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='save all figures, those of each clip too')
    parser.add_argument('--plot', type=_picture, metavar='FILE', help=f'save a picture ({_FORMATS})')


def _picture(text: str) -> Path:
    if Path(text).suffix not in PICTURE_SUFFIXES:
        raise argparse.ArgumentTypeError(f"'{text}' is no picture: give a name that ends with {_FORMATS}")
    return Path(text)


def main(arguments: argparse.Namespace) -> int:
    """Run the benchmark; return 0, or 1 where nothing could be measured or saved (said on stderr)."""
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
    console = make_console()
    about = {'machine': machine(), 'device': arguments.device, 'runs': arguments.runs}
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
    console.print(f'{clip_count} clips, {about["runs"]} runs; {describe(about["machine"])}', highlight=False)


def _save(
    document: dict[str, Any], results: Sequence[report.Result], arguments: argparse.Namespace, console: Console
) -> int:
    try:
        if arguments.json:
            save_json(document, arguments.json, console)
        if arguments.plot:
            from voice_pipeline.tools.benchmark.plot import save_plot

            about = document['machine']
            save_plot(results, f'{about["processor"]}, {about["cores"]} cores, {arguments.device}', arguments.plot)
            console.print(f'Saved {arguments.plot}.', highlight=False)
    except ImportError:
        print('error: there is no picture without matplotlib: pip install matplotlib', file=sys.stderr)
        return 1
    except OSError as error:
        return unsaved(error)
    return 0
