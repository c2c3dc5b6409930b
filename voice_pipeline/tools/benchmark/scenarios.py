"""What the validator and the benchmark of the stages do: `resource/scenarios.yaml` as typed records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from voice_pipeline.audio.speech import synthesise
from voice_pipeline.audio.wav import read_sound
from voice_pipeline.paths import resource_file
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.yaml_file import load_yaml

Count = Annotated[int, msgspec.Meta(ge=1)]


class ScenariosError(ValueError):
    """The file cannot be used; the text names the file, the field and what is expected there."""


class _Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file."""


class SentenceToSay(_Record, frozen=True, kw_only=True):
    """What is said; `wav` is a recording of it, which is played where it is there."""

    words: Annotated[str, msgspec.Meta(min_length=1)]
    wav: str = ''


class Interruption(_Record, frozen=True, kw_only=True):
    """A move that takes long, and what ends it."""

    begin: SentenceToSay
    stop: SentenceToSay


class Effort(_Record, frozen=True, kw_only=True):
    """How much the validator does; the file says what each is."""

    commands: Count
    warm_up_commands: Annotated[int, msgspec.Meta(ge=0)]
    interruptions: Count
    listening_s: Annotated[float, msgspec.Meta(gt=0)]
    offered: Annotated[int, msgspec.Meta(ge=2)]
    turns: Annotated[int, msgspec.Meta(ge=2)]


class Efforts(_Record, frozen=True, kw_only=True):
    """The short and the long mode."""

    quick: Effort
    long: Effort


class Passes(_Record, frozen=True, kw_only=True):
    """How often the benchmark goes over all sentences; the first `warm_up` times are not counted."""

    warm_up: Annotated[int, msgspec.Meta(ge=0)]
    repetitions: Annotated[int, msgspec.Meta(ge=2)]


class Scenarios(_Record, frozen=True, kw_only=True):
    """The whole file."""

    sentences: Annotated[tuple[SentenceToSay, ...], msgspec.Meta(min_length=1)]
    interruption: Interruption
    validate: Efforts
    benchmark: Passes


def load_scenarios(path: Path | None = None) -> Scenarios:
    """
    Return what the file says, by default the installed `scenarios.yaml`.

    Raises `ScenariosError`, and `FileNotFoundError` where that is not installed.
    """
    file = path or resource_file('scenarios.yaml')
    content = load_yaml(file, ScenariosError)
    try:
        return msgspec.convert(content, Scenarios)
    except msgspec.ValidationError as error:
        raise ScenariosError(f'{file}: {error}') from None


def clip_of(sentence: SentenceToSay) -> Clip:
    """Return the sentence as sound. Raises `SoundFileError`, `SpeechError`."""
    recording = Path(sentence.wav)
    if recording.is_file():
        return Clip(recording.name, 'file', sentence.words, read_sound(recording))
    return Clip(sentence.words, 'synthetic', sentence.words, synthesise(sentence.words))


def clips_of(scenarios: Scenarios) -> list[Clip]:
    """Return all sentences as sound, in order. Raises `SoundFileError`, `SpeechError`."""
    interruption = scenarios.interruption
    return [clip_of(sentence) for sentence in (*scenarios.sentences, interruption.begin, interruption.stop)]
