"""
Flame graphs: a picture of where the time of a profile goes, as SVG without anything else.

The calls grow downwards from the thread; the width is the time. Invented by Brendan Gregg (The Flame Graph, CACM 59(6),
2016); the one that hangs is called an icicle graph.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from voice_pipeline.paths import PACKAGE
from voice_pipeline.profiling.stacks import Call, Profile, Stacks

_WIDTH = 1200.0
_ROW = 17.0
_LETTER = 6.3  # of the font below
_LEAST_WIDTH = 0.6  # what is narrower cannot be seen
_LEAST_LETTERS = 3


@dataclass
class _Block:
    """A call below its callers: the seconds in it, and the calls that it makes."""

    call: Call
    seconds: float = 0.0
    calls: dict[Call, _Block] = field(default_factory=dict)


def flame_svg(stacks: Stacks) -> str:
    """Return the flame graph of the stacks as an `<svg>` element; a block says what it is when pointed at."""
    root = _tree(stacks)
    total_s = root.seconds
    rows = list(_rows(root, _WIDTH / total_s if total_s else 0.0))
    depth = max((row for _, _, _, row in rows), default=0)
    blocks = ''.join(_block_svg(block, x, width, row, total_s) for block, x, width, row in rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {(depth + 1) * _ROW:.0f}" width="100%" '
        f'font-family="monospace" font-size="10.5">{blocks}</svg>'
    )


def flame_page(profiles: Sequence[Profile]) -> str:
    """Return one HTML page with the flame graph of each profile; it needs nothing else, no network either."""
    sections = ''.join(_section(profile) for profile in profiles)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Where the time goes</title>'
        '<style>body{font:14px system-ui,sans-serif;margin:1.5em}h2{margin:1.5em 0 .3em}'
        'rect:hover{stroke:#000}</style></head>'
        '<body><h1>Where the time goes</h1><p>Width is time at work; waiting is left out. Calls go down. '
        f'Orange is {PACKAGE}, grey is everything else.</p>{sections}</body></html>\n'
    )


def _section(profile: Profile) -> str:
    work_s = sum(profile.work.values())
    threads = max((sum(stacks.values()) for stacks in profile.threads.values()), default=0.0)
    share = f', {100 * work_s / threads:.0f} % of {threads:.1f} s' if threads else ''
    return f'<h2>{escape(profile.name)}</h2><p>{work_s:.2f} s at work{share}</p>{flame_svg(profile.work)}'


def _tree(stacks: Stacks) -> _Block:
    root = _Block(Call('all'))
    for stack, seconds in stacks.items():
        root.seconds += seconds
        block = root
        for call in stack:
            block = block.calls.setdefault(call, _Block(call))
            block.seconds += seconds
    return root


def _rows(root: _Block, scale: float) -> Iterator[tuple[_Block, float, float, int]]:
    """Yield each block that can be seen with its left edge, width and row; the widest of a call's calls comes first."""
    waiting = [(root, 0.0, 0)]
    while waiting:
        block, x, row = waiting.pop()
        width = block.seconds * scale
        if width < _LEAST_WIDTH:
            continue
        yield block, x, width, row
        for each in sorted(block.calls.values(), key=lambda one: -one.seconds):
            waiting.append((each, x, row + 1))
            x += each.seconds * scale


def _block_svg(block: _Block, x: float, width: float, row: int, total_s: float) -> str:
    call = block.call
    place = f' ({Path(call.file).name}:{call.line})' if call.file else ''
    about = f'{call.name}{place}: {block.seconds:.3f} s, {100 * block.seconds / total_s:.1f} %'
    letters = int((width - 4) / _LETTER)
    label = ''
    if letters >= _LEAST_LETTERS:
        text = call.name if len(call.name) <= letters else f'{call.name[: letters - 1]}…'
        label = f'<text x="{x + 2:.1f}" y="{(row + 0.72) * _ROW:.1f}" pointer-events="none">{escape(text)}</text>'
    return (
        f'<rect x="{x:.1f}" y="{row * _ROW:.1f}" width="{width:.1f}" height="{_ROW - 1:.0f}" fill="{_colour(call)}">'
        f'<title>{escape(about)}</title></rect>{label}'
    )


def _colour(call: Call) -> str:
    """Return the same colour for the same function in each picture; neighbours mostly differ."""
    shade = zlib.crc32(call.name.encode()) % 20
    if f'/{PACKAGE}/' in call.file.replace('\\', '/'):
        return f'hsl({20 + shade} 90% {62 + shade // 2}%)'
    return f'hsl(215 12% {72 + shade // 2}%)'
