"""
Profiles as files: for speedscope (https://www.speedscope.app, also offline), and for snakeviz and pstats.

The speedscope format is also what py-spy and pyinstrument write, so that `voice_pipeline flame` draws theirs too.
"""

from __future__ import annotations

import json
import marshal
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from voice_pipeline.paths import PACKAGE
from voice_pipeline.profiling.stacks import WAITING, Call, Profile, Stack, Stacks

SPEEDSCOPE_SUFFIX = '.speedscope.json'
_SCHEMA = 'https://www.speedscope.app/file-format-schema.json'
_UNIT_S = {'seconds': 1.0, 'milliseconds': 1e-3, 'microseconds': 1e-6, 'nanoseconds': 1e-9}

# Of pstats: calls without recursion, all calls, seconds in the function itself, and in it and what it calls.
_Times = tuple[int, int, float, float]
_Function = tuple[str, int, str]


class ProfileFileError(ValueError):
    """A file is no profile that can be drawn; the text says what it should be."""


def write_profile(profile: Profile, folder: Path) -> list[Path]:
    """
    Write NAME-PID.speedscope.json and NAME-PID.prof; return their paths. Raises `OSError`.

    The folder is made. Each file is there as a whole or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = f'{profile.name}-{os.getpid()}'
    speedscope = json.dumps(_speedscope_document(profile), separators=(',', ':')).encode()
    contents = {f'{stem}{SPEEDSCOPE_SUFFIX}': speedscope, f'{stem}.prof': marshal.dumps(_pstats_document(profile))}
    for name, content in contents.items():
        unfinished = folder / f'{name}.unfinished'
        unfinished.write_bytes(content)
        unfinished.replace(folder / name)
    return [folder / name for name in contents]


def read_profile(path: Path) -> Profile:
    """Return the profile in a speedscope file. Raises `ProfileFileError`, `OSError`."""
    try:
        document = json.loads(path.read_bytes())
        frames = [
            Call(str(one['name']), str(one.get('file') or ''), int(one.get('line') or 0))
            for one in document['shared']['frames']
        ]
        threads = {
            part['name']: _sampled(part, frames) if part['type'] == 'sampled' else _evented(part, frames)
            for part in document['profiles']
        }
        return Profile(document.get('name') or path.name.removesuffix(SPEEDSCOPE_SUFFIX), threads)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise ProfileFileError(
            f'{path} is no profile in the speedscope format: give a file NAME{SPEEDSCOPE_SUFFIX} that a node, '
            '"py-spy record --format speedscope" or "pyinstrument --renderer speedscope" wrote (a .prof has no stacks)'
        ) from None


def _speedscope_document(profile: Profile) -> dict[str, Any]:
    """Return the profile as a document of speedscope's "sampled" kind, one part a thread, the busiest first."""
    numbers: dict[Call, int] = {}
    parts = []
    for thread, stacks in sorted(profile.threads.items(), key=lambda item: -_work_s(item[1])):
        samples = [[numbers.setdefault(call, len(numbers)) for call in stack] for stack in stacks]
        weights = [round(seconds, 6) for seconds in stacks.values()]
        parts.append(
            {
                'type': 'sampled',
                'name': thread,
                'unit': 'seconds',
                'startValue': 0,
                'endValue': sum(weights),
                'samples': samples,
                'weights': weights,
            }
        )
    frames = [{'name': call.name, 'file': call.file, 'line': call.line} for call in numbers]
    return {
        '$schema': _SCHEMA,
        'exporter': PACKAGE,
        'name': profile.name,
        'shared': {'frames': frames},
        'profiles': parts,
    }


def _work_s(stacks: Stacks) -> float:
    return sum(seconds for stack, seconds in stacks.items() if stack != WAITING)


def _pstats_document(profile: Profile) -> dict[_Function, tuple[Any, ...]]:
    """
    Return the profile as what `pstats.Stats` and snakeviz load, without waiting; all threads together.

    A sampling profiler counts no calls: the number of calls is that of the different stacks.
    """
    own: defaultdict[_Function, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    edges: defaultdict[_Function, defaultdict[_Function, list[float]]] = defaultdict(
        lambda: defaultdict(lambda: [0, 0.0, 0.0])
    )
    for stacks in profile.threads.values():
        for stack, seconds in stacks.items():
            functions = [(call.file, call.line, call.name) for call in stack[:-1]]
            _count(functions, seconds, own, edges)
    return {
        function: (*_times(figures), {caller: _times(by) for caller, by in edges[function].items()})
        for function, figures in own.items()
    }


def _count(
    functions: list[_Function],
    seconds: float,
    own: Mapping[_Function, list[float]],
    edges: Mapping[_Function, Mapping[_Function, list[float]]],
) -> None:
    """Add the seconds of one stack: to a function that calls itself, and to a caller of it, once."""
    callers = dict.fromkeys(zip(functions[1:], functions[:-1], strict=True))
    for figures in (*(own[one] for one in dict.fromkeys(functions)), *(edges[one][by] for one, by in callers)):
        figures[0] += 1
        figures[2] += seconds
    if functions:
        own[functions[-1]][1] += seconds
        if len(functions) > 1:
            edges[functions[-1]][functions[-2]][1] += seconds


def _times(figures: list[float]) -> _Times:
    count, own_s, total_s = figures
    return int(count), int(count), own_s, total_s


def _sampled(part: Mapping[str, Any], frames: list[Call]) -> dict[Stack, float]:
    scale = _UNIT_S.get(part['unit'], 1.0)
    stacks: defaultdict[Stack, float] = defaultdict(float)
    for sample, weight in zip(part['samples'], part['weights'], strict=True):
        stacks[tuple(frames[number] for number in sample)] += weight * scale
    return dict(stacks)


def _evented(part: Mapping[str, Any], frames: list[Call]) -> dict[Stack, float]:
    """Return the stacks of a list of opened and closed calls, as pyinstrument writes it."""
    scale = _UNIT_S.get(part['unit'], 1.0)
    stacks: defaultdict[Stack, float] = defaultdict(float)
    stack: list[Call] = []
    since = part['startValue']
    for at, kind, call in _events(part, frames):
        if stack:
            stacks[tuple(stack)] += (at - since) * scale
        since = at
        if kind == 'O':
            stack.append(call)
        else:
            stack.pop()
    return dict(stacks)


def _events(part: Mapping[str, Any], frames: list[Call]) -> Iterator[tuple[float, str, Call]]:
    for event in part['events']:
        yield float(event['at']), event['type'], frames[event['frame']]
