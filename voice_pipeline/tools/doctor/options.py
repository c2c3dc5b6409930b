"""What the doctor is asked to look at: the same choices as the launch file's arguments."""

from __future__ import annotations

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """
    The launch arguments that matter here; '' is "as in the parameter files", and for `config` the installed ones.

    `namespace` and `cmd_vel` are as given to the launch file.
    """

    config: str = ''
    model: str = ''
    backend: str = ''
    device: str = ''
    microphone: str = ''
    loudspeaker: str = ''
    vocabulary: str = ''
    namespace: str = 'voice'
    cmd_vel: str = '/cmd_vel'
