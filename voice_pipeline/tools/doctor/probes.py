"""
What runs in a child process (see isolated.py): `python -m voice_pipeline.tools.doctor.probes PROBE QUESTION LIMIT_S`.

Each probe uses the very code that the nodes use, so that what works here works there.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
import psutil

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Frame, Samples
from voice_pipeline.audio.microphone import Device, MicrophoneError, MicrophoneSource, list_devices
from voice_pipeline.control.pace import ask_for_real_time
from voice_pipeline.paths import PACKAGE
from voice_pipeline.recognition import choose
from voice_pipeline.recognition.backend import Request, hear_all
from voice_pipeline.recognition.self_check import REFERENCE_TEXT, reference_sound
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.recognition.window_policy import windows_of
from voice_pipeline.speech.loudspeaker import Loudspeaker, LoudspeakerError
from voice_pipeline.tools.doctor.graph import look
from voice_pipeline.tools.doctor.isolated import MARK
from voice_pipeline.tools.doctor.records import (
    DeviceAnswer,
    GraphQuestion,
    LoudspeakerAnswer,
    LoudspeakerQuestion,
    MicrophoneAnswer,
    MicrophoneQuestion,
    PriorityAnswer,
    PriorityQuestion,
    RecognitionAnswer,
    SoundLevels,
)

REVISIONS = 9
_SILENT_DBFS = -100.0
_FULL_SCALE = 32768.0
_FIRST_SOUND_S = 0.25  # of a recording: many devices begin with silence or a click


def microphone(question: MicrophoneQuestion) -> MicrophoneAnswer:
    """Record with the pipeline's own microphone source."""
    devices: tuple[str, ...] = ()
    stop = threading.Event()
    complaints: list[str] = []

    def complain(text: str) -> None:
        complaints.append(text)
        stop.set()

    try:
        devices = tuple(_describe(device) for device in list_devices())
        source = MicrophoneSource(question.device, on_status=complain)
    except MicrophoneError as error:
        return MicrophoneAnswer(devices=devices, problem=str(error))
    sound = _record(source.frames(stop), stop, question.duration_s)
    if complaints:
        return MicrophoneAnswer(devices=devices, device=source.description, problem=complaints[0])
    return MicrophoneAnswer(devices=devices, device=source.description, levels=sound_levels(sound))


def _describe(device: Device) -> str:
    return f'{device.index}: {device.name} ({device.rate_hz} Hz{", the default" if device.is_default else ""})'


def _record(frames: Iterator[Frame], stop: threading.Event, duration_s: float) -> Samples:
    """Return the newest `duration_s` of sound, without what the device begins with."""
    first, wanted = round(_FIRST_SOUND_S * SAMPLE_RATE_HZ), round(duration_s * SAMPLE_RATE_HZ)
    parts: list[Samples] = []
    for frame in frames:
        parts.append(frame.samples)
        if sum(map(len, parts)) >= first + wanted:
            stop.set()
    sound: Samples = np.concatenate(parts)[first:] if parts else np.zeros(0, np.int16)
    return sound


def sound_levels(samples: Samples) -> SoundLevels:
    """Return how int16 samples of shape (n,) are; an empty recording is silent."""
    sound = samples.astype(np.float64) if len(samples) else np.zeros(1)
    offset = float(sound.mean())
    centred = sound - offset
    return SoundLevels(
        rms_dbfs=_dbfs(float(np.sqrt(np.mean(centred**2)))),
        peak_dbfs=_dbfs(float(np.abs(centred).max())),
        offset_share=offset / _FULL_SCALE,
        clipped_share=float(np.mean(np.abs(sound) >= _FULL_SCALE - 1)),
        is_all_zero=not sound.any(),
    )


def _dbfs(amplitude: float) -> float:
    return max(_SILENT_DBFS, float(20 * np.log10(amplitude / _FULL_SCALE))) if amplitude > 0 else _SILENT_DBFS


def loudspeaker(question: LoudspeakerQuestion) -> LoudspeakerAnswer:
    """Open the loudspeaker; nothing is played."""
    device = Loudspeaker(question.device)
    try:
        return LoudspeakerAnswer(device=device.open())
    except LoudspeakerError as error:
        return LoudspeakerAnswer(problem=str(error))
    finally:
        device.close()


def device(settings: RecognitionSettings) -> DeviceAnswer:
    """Ask the driver and the libraries for the GPU."""
    return DeviceAnswer(available=choose.probe(settings), gpus=choose.cuda_device_count())


def recognition(settings: RecognitionSettings) -> RecognitionAnswer:
    """Load the model as the node does, and let it revise the bundled recording."""
    complaints = _Complaints()
    logging.getLogger(PACKAGE).addHandler(complaints)
    started_s = time.perf_counter()
    try:
        backend = choose.load(settings)
        sound = reference_sound()
    except ModelError as error:
        return RecognitionAnswer(problem=str(error))
    load_s = time.perf_counter() - started_s
    windows = windows_of(settings, backend.has_adapter).growing[:1]
    heard, revision_ms = None, []
    for _ in range(REVISIONS):
        started_s = time.perf_counter()
        (heard,) = hear_all(backend, [Request(sound, windows, heard, is_provisional=True)])
        revision_ms.append((time.perf_counter() - started_s) * 1e3)
    return RecognitionAnswer(
        description=backend.description,
        device=backend.device,
        text=heard.text if heard else '',
        expected_text=REFERENCE_TEXT,
        speech_s=len(sound) / SAMPLE_RATE_HZ,
        load_s=load_s,
        revision_ms=tuple(revision_ms),
        memory_mb=psutil.Process().memory_info().rss / 2**20,
        warnings=tuple(complaints.texts),
    )


class _Complaints(logging.Handler):
    """Keeps what the stages warn of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def priority(question: PriorityQuestion) -> PriorityAnswer:
    """Ask for the priority as the control loop does."""
    said = ask_for_real_time(question.priority)
    is_given = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO
    return PriorityAnswer(problem='' if is_given else said)


def _main(arguments: list[str]) -> None:
    probes: dict[str, tuple[Callable[[Any], msgspec.Struct], type[msgspec.Struct]]] = {
        'microphone': (microphone, MicrophoneQuestion),
        'loudspeaker': (loudspeaker, LoudspeakerQuestion),
        'device': (device, RecognitionSettings),
        'recognition': (recognition, RecognitionSettings),
        'priority': (priority, PriorityQuestion),
        'graph': (look, GraphQuestion),
    }
    name, question, limit_s = arguments
    # Whoever asked kills us after this time; where that one has gone, the kernel does.
    signal.alarm(int(limit_s) + 1)
    ask, kind = probes[name]
    answer = ask(msgspec.json.decode(question, type=kind))
    print(f'{MARK}{msgspec.json.encode(answer).decode()}', flush=True)


if __name__ == '__main__':
    _main(sys.argv[1:])
