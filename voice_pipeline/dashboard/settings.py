"""The settings of the dashboard."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from voice_pipeline.settings import Settings, about

MIN_TOKEN_LENGTH = 16


class DashboardSettings(Settings, frozen=True, kw_only=True):
    """Where the web page is to be found, and who may open it; by default this machine alone."""

    host: Annotated[
        str, about("Address it listens on; any but this machine's own (127.0.0.1) needs a token, 0.0.0.0 is all")
    ] = '127.0.0.1'
    port: Annotated[int, about('TCP port; 0: any that is free, see the log', minimum=0, maximum=65535)] = 8050
    token: Annotated[
        str, about(f"Secret that opens the page, {MIN_TOKEN_LENGTH} characters or more; '': none is needed")
    ] = ''
    rate_hz: Annotated[
        float, about('Updates of an open page a second, at most', unit='Hz', minimum=0.2, maximum=10)
    ] = 2.0
    world: Annotated[
        str, about("YAML file of the walls to draw; 'flat': world.yaml of the package; empty: an open floor")
    ] = ''
    vocabulary: Annotated[str, about("YAML file of the places to draw; '' is the one installed with the package")] = ''

    def __post_init__(self) -> None:
        """Let nobody put the robot's controls on the network without a lock."""
        if self.token and len(self.token) < MIN_TOKEN_LENGTH:
            raise ValueError(
                f"parameter 'token' has {len(self.token)} characters: use {MIN_TOKEN_LENGTH} or more, for example "
                'what "openssl rand -hex 16" prints'
            )
        if not self.token and not is_loopback(self.host):
            raise ValueError(
                f"parameter 'host' is '{self.host}', which others on the network can reach: set the parameter 'token' "
                'too (for example to what "openssl rand -hex 16" prints), or use 127.0.0.1'
            )


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach the address."""
    if host == 'localhost':
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
