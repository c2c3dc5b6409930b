"""`voice_pipeline flame FILE…`: the profiles that nodes wrote, as flame graphs on one page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from voice_pipeline.profiling.files import SPEEDSCOPE_SUFFIX, ProfileFileError, read_profile
from voice_pipeline.profiling.flame import flame_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        'paths',
        nargs='+',
        type=Path,
        metavar='FILE',
        help=f'profile (*{SPEEDSCOPE_SUFFIX}) of a node, py-spy or pyinstrument, or a folder with such files',
    )
    parser.add_argument(
        '--out', type=Path, default=Path('flame.html'), metavar='FILE', help='the page to write (%(default)s)'
    )


def main(arguments: argparse.Namespace) -> int:
    """Draw the profiles; return 0, or 1 where one cannot be read or the page not be written (said on stderr)."""
    try:
        profiles = [read_profile(path) for path in _files(arguments.paths)]
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(flame_page(profiles), encoding='utf-8')
    except (ProfileFileError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(arguments.out)
    return 0


def _files(paths: Sequence[Path]) -> list[Path]:
    files = []
    for path in paths:
        found = sorted(path.glob(f'*{SPEEDSCOPE_SUFFIX}')) if path.is_dir() else [path]
        if not found:
            raise ProfileFileError(
                f'{path} holds no profiles: start nodes with the parameter profile, and end them or send SIGUSR1'
            )
        files += found
    return files
