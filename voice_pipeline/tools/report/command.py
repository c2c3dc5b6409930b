"""`voice_pipeline report RUN`: what happened in a recorded run, as one HTML page with plots."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from voice_pipeline.tools.report.bag import is_bag, load_bag
from voice_pipeline.tools.report.page import make_page
from voice_pipeline.tools.report.run import RunError, load_recording


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        'source',
        type=Path,
        metavar='RUN',
        help='what the monitor recorded (JSON lines), or a rosbag2: its folder, an .mcap or a .db3 file',
    )
    parser.add_argument(
        '-o', '--output', type=Path, metavar='FILE', help='the page (default: beside RUN, with the ending .html)'
    )
    parser.add_argument('--namespace', default='', help='of the pipeline, where a bag holds several')


def main(arguments: argparse.Namespace) -> int:
    """Write the page; return 0, or 2 where the run cannot be read or the page not be written (said on stderr)."""
    path: Path = arguments.source
    output: Path = arguments.output or path.resolve().with_suffix('.html')
    try:
        run = load_bag(path, arguments.namespace) if is_bag(path) else load_recording(path)
        page = make_page(run)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page, encoding='utf-8')
    except (RunError, OSError) as error:
        print(f'voice_pipeline report: {error}', file=sys.stderr)
        return 2
    except ImportError as error:
        print(
            f'voice_pipeline report: the plots are drawn by matplotlib: pip install matplotlib ({error})',
            file=sys.stderr,
        )
        return 2
    print(output)
    return 0
