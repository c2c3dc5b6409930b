"""The command line: `python -m voice_pipeline …`, installed as `voice_pipeline`."""

from __future__ import annotations

import argparse
import importlib
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Command, module in voice_pipeline.tools, what it does. Each module has add_arguments(parser) and main(arguments).
COMMANDS = (
    ('demo', 'demo', 'speak commands to a simulated robot, through the real nodes, and measure them'),
    ('transcribe', 'transcribe', 'recognise the speech in sound files'),
    ('parse', 'parse', 'say what the pipeline understands of a sentence'),
    ('benchmark', 'benchmark', 'measure recognition, beside the other ways to run Whisper, and understanding'),
    ('top', 'top', 'show the running pipeline in a terminal: rates and latencies against the budgets, utterances'),
    ('doctor', 'doctor', 'look for what keeps the pipeline from working well on this machine, and say how to fix it'),
    ('flame', 'flame', 'draw the profiles that nodes wrote as flame graphs'),
    ('profile-model', 'profile_model', 'trace what Whisper does in one revision, by the profiler of torch'),
    ('validate', 'validate', 'measure everything that is promised, through the real nodes, with a verdict on each'),
    ('devices', 'devices', 'list the microphones'),
    ('optimise', 'optimise', 'make Whisper smaller, or know the names of a robot, and measure what it is worth'),
    ('jetson', 'jetson', 'set up the power mode, clocks and tuning of a Jetson, verify them, and put them back'),
    ('report', 'report', 'make one page of plots and tables of a recorded run'),
    ('replay', 'replay', 'put kept utterances, refused or not understood, through the pipeline again'),
    ('parameters', 'parameters', 'show or write the parameters of all nodes'),
)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog='voice_pipeline', description='Offline voice control for a robot: from sound to safe motion.'
    )
    commands = parser.add_subparsers(title='commands', metavar='COMMAND', required=True)
    for name, module_name, purpose in COMMANDS:
        module = importlib.import_module(f'voice_pipeline.tools.{module_name}')
        command = commands.add_parser(name, help=purpose, description=f'{purpose[0].upper()}{purpose[1:]}.')
        module.add_arguments(command)
        command.set_defaults(run=module.main)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    logging.basicConfig(level=logging.WARNING, format='%(levelname)s: %(message)s')
    arguments = make_parser().parse_args(argv)
    try:
        with _ending_in_order():
            status: int = arguments.run(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone: nothing left to say
        sys.stderr.close()
        return 1
    return status


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let SIGTERM end the command as an error would: what it has started, such as nodes, ends with it."""

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == '__main__':
    sys.exit(main())
