"""What the probes are asked, and what they answer; `problem` is why there is no answer, '' where there is one."""

from __future__ import annotations

import msgspec

from voice_pipeline.recognition.choose import Available


class MicrophoneQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Record for `duration_s` with this device, as the parameter `device` names it."""

    device: str
    duration_s: float


class SoundLevels(msgspec.Struct, frozen=True, kw_only=True):
    """How a recording is: levels in dB of full scale, without the offset; shares of full scale, and of the samples."""

    rms_dbfs: float
    peak_dbfs: float
    offset_share: float
    clipped_share: float
    is_all_zero: bool


class MicrophoneAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The input devices ("name (rate Hz)"), the one that was recorded from, and what was recorded."""

    devices: tuple[str, ...] = ()
    device: str = ''
    levels: SoundLevels | None = None
    problem: str = ''


class LoudspeakerQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Open this device, as the parameter `device` names it."""

    device: str


class LoudspeakerAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The device that was opened."""

    device: str = ''
    problem: str = ''


class DeviceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the Whisper libraries can do here, and how many GPUs the CUDA driver reports."""

    available: Available
    gpus: int


class RecognitionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a model was loaded and how it heard the bundled recording of `speech_s`.

    `warnings` is what loading it complained of, such as a GPU that failed so that the CPU is used instead.
    `load_s` includes the imports, the merge of the adapter and the warm-up; `revision_ms` are single revisions;
    `memory_mb` is what the process used at the end (1 MB = 2^20 bytes).
    """

    description: str = ''
    device: str = ''
    text: str = ''
    expected_text: str = ''
    speech_s: float = 0.0
    load_s: float = 0.0
    revision_ms: tuple[float, ...] = ()
    memory_mb: float = 0.0
    warnings: tuple[str, ...] = ()
    problem: str = ''


class GraphQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """
    Exchange a message between two processes in this namespace, and look who else is on the graph.

    Where nobody new comes in `settling_s`, all are discovered; whatever happens, the answer comes after `patience_s`.
    """

    namespace: str
    topics: tuple[str, ...]
    patience_s: float
    settling_s: float


class GraphAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """
    How long it took until the other process was heard, and a message was on its way (median); None where none came.

    `nodes` are the full names of all other nodes, a name as often as it runs; `publishers` those of each topic.
    """

    heard_after_s: float | None
    transport_ms: float | None
    nodes: tuple[str, ...]
    publishers: dict[str, tuple[str, ...]]


class PriorityQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Take this real-time priority."""

    priority: int


class PriorityAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Why it was not given, '' where it was."""

    problem: str = ''
