"""The settings of audio capture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from voice_pipeline.settings import Settings, about


class CaptureSettings(Settings, frozen=True, kw_only=True):
    """Where the sound comes from."""

    source: Annotated[
        Literal['microphone', 'wav', 'pipe'],
        about('What is listened to: a microphone, sound files played in real time, or raw samples from a pipe'),
    ] = 'microphone'
    device: Annotated[
        str,
        about("Microphone: its index or a part of its name, as `voice_pipeline devices` lists them; '' is the default"),
    ] = ''
    reconnect_s: Annotated[
        float, about('Time between two attempts to get a lost microphone back', unit='s', minimum=0.1, maximum=60)
    ] = 2.0
    wav: Annotated[str, about("Sound files to play, in order; several are separated by ':'")] = ''
    speed: Annotated[float, about('How much faster than real time sound files are played', minimum=1, maximum=100)] = (
        1.0
    )
    gap_s: Annotated[
        float,
        about(
            'Silence after each sound file, and after a pipe ends, so that the last words are understood as final',
            unit='s',
            minimum=0,
            maximum=60,
        ),
    ] = 1.5
    loop: Annotated[bool, about('Play the sound files again and again')] = False
    pipe: Annotated[
        str, about("FIFO that gives 16 kHz mono signed 16-bit little-endian samples; '-' is standard input")
    ] = ''

    def __post_init__(self) -> None:
        if self.source == 'wav' and not self.wav_paths:
            raise ValueError("source 'wav' needs a sound file: set wav to its path")
        if self.source == 'pipe' and not self.pipe:
            raise ValueError("source 'pipe' needs a FIFO: set pipe to its path, or to '-' for standard input")

    @property
    def wav_paths(self) -> tuple[Path, ...]:
        """The sound files of `wav`, with `~` expanded."""
        return tuple(Path(part).expanduser() for part in self.wav.split(os.pathsep) if part)
