"""Which source the settings ask for."""

from __future__ import annotations

import threading

from voice_pipeline.audio.settings import CaptureSettings
from voice_pipeline.audio.source import AudioSource, OnStatus, log_status


def open_source(
    settings: CaptureSettings, on_status: OnStatus = log_status, begin: threading.Event | None = None
) -> AudioSource:
    """
    Return the source the settings ask for, checked as far as is possible before sound flows.

    `on_status` is told, in a sentence, what happens to the source later on: a microphone lost and found, a file
    played. Sound files are silent until `begin` is set, where it is given. Raises `SourceError`.
    """
    # Late, so that a source needs only its own libraries.
    if settings.source == 'wav':
        from voice_pipeline.audio.wav import WavSource

        return WavSource(
            settings.wav_paths,
            speed=settings.speed,
            gap_s=settings.gap_s,
            loop=settings.loop,
            begin=begin,
            on_status=on_status,
        )
    if settings.source == 'pipe':
        from voice_pipeline.audio.pipe import PipeSource

        return PipeSource(settings.pipe, gap_s=settings.gap_s, on_status=on_status)
    from voice_pipeline.audio.microphone import MicrophoneSource

    return MicrophoneSource(settings.device, reconnect_s=settings.reconnect_s, on_status=on_status)
