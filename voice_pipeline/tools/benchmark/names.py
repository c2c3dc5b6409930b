"""`benchmark names`: the same sentences heard with and without the robot's names expected, and what that takes."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml
from rich.progress import track
from rich.table import Table

from voice_pipeline.audio.frames import to_float
from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.monitoring.statistics import nearest_rank
from voice_pipeline.recognition.backend import Backend, hear
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.recognition.window_policy import windows_of
from voice_pipeline.tools.benchmark.named_clips import (
    PEOPLE,
    PLACES,
    ROBOTS,
    VOICES,
    Group,
    Kind,
    NamedClip,
    all_names,
    contains,
    named_clips,
)
from voice_pipeline.tools.benchmark.output import make_console, save_json
from voice_pipeline.tools.optimise.voices import Voice, available_voices
from voice_pipeline.tools.words import word_errors

PURPOSE = 'names of the vocabulary, with and without expecting them, and what is taken for a name'

_EXPECTING, _NOT_EXPECTING = 'expected', 'not expected'


@dataclass(frozen=True)
class Take:
    """What was heard in a clip, in one way, and how long it took."""

    clip: NamedClip
    way: str
    text: str
    took_ms: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the sub-command."""
    defaults = RecognitionSettings()
    parser.add_argument('--backend', default=defaults.backend, help='as the parameter (%(default)s)')
    parser.add_argument('--device', default='cpu', help='as the parameter (%(default)s)')
    parser.add_argument('--name-bias', type=float, default=defaults.name_bias, help='as the parameter (%(default)s)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='save the figures and all that was heard')


def main(arguments: argparse.Namespace) -> int:
    """Run the measurement; return 0, or 1 where it cannot be done or saved (said on stderr)."""
    values = {'backend': arguments.backend, 'device': arguments.device, 'name_bias': arguments.name_bias}
    console = make_console()
    try:
        settings = RecognitionSettings.from_mapping(values)
        backends = load_both(settings)
        clips = list(track(named_clips(voices_here()), 'speaking', console=console, transient=True))
        takes = take(track(clips, 'listening', console=console, transient=True), backends, settings)
        results = [result(group, way, takes) for group in VOICES for way in backends if _of(takes, group, way)]
        console.print(table(results))
        if arguments.json:
            save_json(document(results, takes), arguments.json, console)
    except (ModelError, SpeechError, ValueError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


def voices_here() -> dict[Group, tuple[Voice, ...]]:
    """Return the voices of each group that are installed. Raises `SpeechError` where there is none at all."""
    here, missing = available_voices()
    found = {group: tuple(voice for voice in voices if voice in here) for group, voices in VOICES.items()}
    if not any(found.values()):
        raise SpeechError(f'there is no voice to speak with: install {" or ".join(missing)}')
    return {group: voices for group, voices in found.items() if voices}


def load_both(settings: RecognitionSettings) -> dict[str, Backend]:
    """Return the model twice, once expecting all names of the clips. Raises `ModelError`."""
    names = {'places': PLACES, 'people': PEOPLE, 'robot_names': ROBOTS}
    vocabulary = {key: [name for group in groups.values() for name in group] for key, groups in names.items()}
    with tempfile.TemporaryDirectory(prefix='voice_pipeline_') as folder:
        path = Path(folder) / 'vocabulary.yaml'
        path.write_text(yaml.safe_dump(vocabulary), encoding='utf-8')
        return {
            _NOT_EXPECTING: load(msgspec.structs.replace(settings, name_bias=0.0)),
            _EXPECTING: load(msgspec.structs.replace(settings, vocabulary=str(path))),
        }


def take(clips: Iterable[NamedClip], backends: Mapping[str, Backend], settings: RecognitionSettings) -> list[Take]:
    """Let the backends hear each clip in turns."""
    takes = []
    for clip in clips:
        for way, backend in backends.items():
            windows = windows_of(settings, backend.has_adapter).settled
            started_s = time.perf_counter()
            text = hear(backend, to_float(clip.samples), windows).text
            takes.append(Take(clip, way, text, (time.perf_counter() - started_s) * 1000))
    return takes


@dataclass(frozen=True)
class Result:
    """The counts of one group heard in one way; each pair is (how many, of how many)."""

    group: Group
    way: str
    missed: tuple[int, int]  # names that were said
    false: dict[Kind, tuple[int, int]]  # sentences in which a name was heard that was not said
    errors: dict[Kind, tuple[int, int]]  # words
    p50_ms: dict[Kind, float]
    p95_ms: dict[Kind, float]


def result(group: Group, way: str, takes: Sequence[Take]) -> Result:
    """Return the figures of the clips of this group, heard in this way."""
    own = _of(takes, group, way)
    kinds: dict[Kind, list[Take]] = {}
    for one in own:
        kinds.setdefault(one.clip.kind, []).append(one)
    times_ms = {kind: sorted(one.took_ms for one in these) for kind, these in kinds.items()}
    return Result(
        group=group,
        way=way,
        missed=_count([not contains(one.text, one.clip.name) for one in own if one.clip.name]),
        false={kind: _count([_has_false_name(one) for one in these]) for kind, these in kinds.items()},
        errors={kind: _word_errors(these) for kind, these in kinds.items()},
        p50_ms={kind: nearest_rank(times, 50) for kind, times in times_ms.items()},
        p95_ms={kind: nearest_rank(times, 95) for kind, times in times_ms.items()},
    )


def _of(takes: Sequence[Take], group: Group, way: str) -> list[Take]:
    return [one for one in takes if (one.clip.group, one.way) == (group, way)]


def _count(found: Sequence[bool]) -> tuple[int, int]:
    return sum(found), len(found)


def _has_false_name(take: Take) -> bool:
    return any(contains(take.text, name) for name in all_names() if name != take.clip.name)


def _word_errors(takes: Sequence[Take]) -> tuple[int, int]:
    counts = [word_errors(one.clip.words, one.text) for one in takes]
    return sum(errors for errors, _ in counts), sum(words for _, words in counts)


def table(results: Sequence[Result]) -> Table:
    """Return the results as a table."""
    shown = Table(title='Names of the vocabulary', title_justify='left')
    for heading in ('voices', 'names are'):
        shown.add_column(heading)
    for heading in ('missed', 'sentences', 'false names', 'word errors', 'p50 ms', 'p95 ms'):
        shown.add_column(heading, justify='left' if heading == 'sentences' else 'right', no_wrap=True)
    labels: dict[Kind, str] = {'name': 'with a name', 'other': 'everyday', 'near': 'that sound like names'}
    for one in results:
        head: tuple[str, ...] = (one.group, one.way, _share(one.missed))
        for kind in one.false:
            figures = (_share(one.false[kind]), _share(one.errors[kind]))
            shown.add_row(*head, labels[kind], *figures, f'{one.p50_ms[kind]:.0f}', f'{one.p95_ms[kind]:.0f}')
            head = ('',) * len(head)
        shown.add_section()
    return shown


def _share(count: tuple[int, int]) -> str:
    return f'{count[0]}/{count[1]} {100 * count[0] / max(1, count[1]):.1f} %'


def document(results: Sequence[Result], takes: Sequence[Take]) -> dict[str, Any]:
    """Return the JSON document that is saved."""
    heard = [
        {'group': one.clip.group, 'said': one.clip.words, 'way': one.way, 'heard': one.text, 'took_ms': one.took_ms}
        for one in takes
    ]
    return {'results': [msgspec.to_builtins(one) for one in results], 'heard': heard}
