"""What all benchmarks share in how they are asked and how they answer."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

PLAIN_WIDTH = 160  # of tables in a file or a pipe


def make_console() -> Console:
    """Return the console to print on; wide where nobody looks."""
    return Console() if sys.stdout.isatty() else Console(width=PLAIN_WIDTH)


def count(text: str) -> int:
    """Return a whole number of 1 or more, for `argparse`."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of 1 or more")
    return int(text)


def save_json(document: Any, path: Path, console: Console) -> None:
    """Write the document, records in it too, to a file, in a new folder where need be. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=2, ensure_ascii=False, default=asdict)
    path.write_text(f'{text}\n', encoding='utf-8')
    console.print(f'Saved {path}.', highlight=False)


def unsaved(error: OSError) -> int:
    """Say that the report cannot be saved; return the exit status."""
    print(f'error: the report cannot be saved: {error}', file=sys.stderr)
    return 1
