"""The microphone, heard for a second, and the loudspeaker."""

from __future__ import annotations

import grp
import os
from collections.abc import Callable

from voice_pipeline.audio.settings import CaptureSettings
from voice_pipeline.jetson.host import Host
from voice_pipeline.speech.settings import SpeakerSettings
from voice_pipeline.tools.doctor.check import Check, Finding, Once, error, ok, skipped, warning
from voice_pipeline.tools.doctor.configuration import settings_of
from voice_pipeline.tools.doctor.isolated import ask
from voice_pipeline.tools.doctor.records import (
    LoudspeakerAnswer,
    LoudspeakerQuestion,
    MicrophoneAnswer,
    MicrophoneQuestion,
    SoundLevels,
)
from voice_pipeline.tools.doctor.surroundings import Surroundings

RECORDED_S = 1.0
# Speech is found from -40 dBFS on; a room this quiet, or this loud, is a matter of the gain.
_QUIETEST_DBFS, _LOUDEST_DBFS = -78.0, -20.0
_MOST_CLIPPED_SHARE = 0.001
_MOST_OFFSET_SHARE = 0.05
_LIMIT_S = 15.0

_MIXER = 'pavucontrol (or alsamixer, F4)'
_NO_DEVICE = (
    'once it is plugged in, this lists it: python -m voice_pipeline devices; in a container: docker run --device '
    '/dev/snd; without a microphone: source:=wav wav:=FILE'
)
_OPENING = 'see that no other program holds it: fuser -v /dev/snd/*; choose another: python -m voice_pipeline devices'


def checks(here: Surroundings) -> tuple[Check, ...]:
    """Return the checks of the sound devices."""
    group = 'Sound'

    def capture() -> CaptureSettings:
        return settings_of(here.files, 'audio_capture', CaptureSettings)

    recording = Once(lambda: record(capture()))

    def look_at_rights() -> Finding:
        return check_sound_rights(here.host, groups(), here.environment.get('USER', '$USER'))

    def listen() -> Finding:
        return check_microphone(capture(), recording)

    def judge() -> Finding:
        return check_microphone_level(capture(), recording)

    def look_for_loudspeaker() -> Finding:
        settings = settings_of(here.files, 'speaker', SpeakerSettings)
        return check_loudspeaker(settings, lambda: open_loudspeaker(settings))

    return (
        Check('sound-rights', group, 'may this user use the sound devices?', look_at_rights),
        Check('microphone', group, 'a microphone that gives sound?', listen, 'I/O', is_quick=False),
        Check('microphone-level', group, 'neither muted nor clipped?', judge, is_quick=False),
        Check('loudspeaker', group, 'a loudspeaker?', look_for_loudspeaker, is_quick=False),
    )


def groups() -> tuple[str, ...]:
    """Return the names of this process's groups; a container may have some without a name."""
    known = {entry.gr_gid: entry.gr_name for entry in grp.getgrall()}
    return tuple(known[number] for number in os.getgroups() if number in known)


def record(settings: CaptureSettings) -> MicrophoneAnswer:
    """Record a second. Raises `CheckError`."""
    return ask(
        'microphone',
        MicrophoneQuestion(device=settings.device, duration_s=RECORDED_S),
        MicrophoneAnswer,
        what='the microphone cannot be tried',
        advice=_OPENING,
        timeout_s=_LIMIT_S,
    )


def check_microphone(settings: CaptureSettings, answer: Callable[[], MicrophoneAnswer]) -> Finding:
    """Is there a microphone, and does it give sound?"""
    if settings.source != 'microphone':
        return skipped(f'the sound comes from a {settings.source}, not from a microphone')
    heard = answer()
    if heard.levels is None:
        has_any = bool(heard.devices)
        known = f'; there are: {"; ".join(heard.devices)}' if has_any and heard.device else ''
        return error(f'{heard.problem}{known}', _OPENING if has_any else _NO_DEVICE)
    return ok(f'{heard.device} gives sound; there are: {"; ".join(heard.devices)}')


def check_microphone_level(settings: CaptureSettings, answer: Callable[[], MicrophoneAnswer]) -> Finding:
    """Is the sound neither muted, nor too quiet, nor clipped?"""
    if settings.source != 'microphone':
        return skipped(f'the sound comes from a {settings.source}, not from a microphone')
    levels = answer().levels
    if levels is None:
        return skipped('nothing could be recorded (see microphone)')
    return judge_levels(levels)


def judge_levels(levels: SoundLevels) -> Finding:
    """Return what a second of sound says about the microphone, the gravest first."""
    found = f'{RECORDED_S:g} s of sound: {levels.rms_dbfs:.0f} dBFS, peak {levels.peak_dbfs:.0f} dBFS'
    if levels.is_all_zero:
        return error(
            f'{RECORDED_S:g} s of nothing but zeros: the microphone is muted, or switched off at the device',
            f'unmute it: {_MIXER}, or: wpctl set-mute @DEFAULT_AUDIO_SOURCE@ 0',
        )
    if levels.clipped_share > _MOST_CLIPPED_SHARE:
        return warning(
            f'{found}; {levels.clipped_share:.1%} of it is clipped: loud words are distorted',
            f'lower the gain of the microphone in {_MIXER}, until speech peaks at about -10 dBFS',
        )
    if abs(levels.offset_share) > _MOST_OFFSET_SHARE:
        return warning(
            f'{found}; it is shifted by {levels.offset_share:.0%} of full scale, which leaves less room for the voice',
            'a fault of the sound card or cable: try another microphone or port',
        )
    if levels.rms_dbfs < _QUIETEST_DBFS:
        return warning(
            f'{found}: hardly anything comes in',
            f'raise the gain in {_MIXER}; speak while you try again: '
            'python -m voice_pipeline doctor --only microphone-level',
        )
    if levels.rms_dbfs > _LOUDEST_DBFS:
        return warning(
            f'{found}: very loud, unless somebody spoke',
            f'lower the gain in {_MIXER}, or move the microphone away from motors and fans; then try again in silence',
        )
    return ok(found)


def check_sound_rights(host: Host, groups: tuple[str, ...], user: str) -> Finding:
    """May this user use the sound devices?"""
    devices = host.find('/dev/snd/pcm*')
    if not devices:
        return skipped('no sound card is known to the kernel')
    if any(os.access(host.path(device), os.R_OK | os.W_OK) for device in devices):
        return ok('this user may use the sound devices')
    member = 'are' if 'audio' in groups else 'are not'
    return error(
        f'you may not use the sound devices, and {member} in the group audio',
        f'sudo usermod -aG audio {user}, then log out and in again; in a container: docker run --device /dev/snd',
    )


def open_loudspeaker(settings: SpeakerSettings) -> LoudspeakerAnswer:
    """Open the loudspeaker. Raises `CheckError`."""
    return ask(
        'loudspeaker',
        LoudspeakerQuestion(device=settings.device),
        LoudspeakerAnswer,
        what='the loudspeaker cannot be tried',
        advice=_OPENING,
        timeout_s=_LIMIT_S,
    )


def check_loudspeaker(settings: SpeakerSettings, answer: Callable[[], LoudspeakerAnswer]) -> Finding:
    """Can the robot answer aloud?"""
    opened = answer()
    if not opened.problem:
        return ok(f"'{opened.device}' can be opened (nothing was played)")
    if settings.device:
        return warning(opened.problem, 'set device in speaker.yaml, or launch with loudspeaker:=NAME')
    return skipped(f'{opened.problem} (only needed for speaker:=true; the answers also stand on the topic say)')
