"""The settings that all nodes have: whether and where a node writes down where its time goes."""

from __future__ import annotations

from typing import Annotated

from voice_pipeline.settings import Settings, about

AUTO = 'auto'


class ProfileSettings(Settings, frozen=True, kw_only=True):
    """Whether a node writes down where its time goes; every node has these."""

    profile: Annotated[
        str,
        about(
            "Folder for the node's profile, written when the node ends and whenever it gets SIGUSR1; auto: the folder "
            "profile beside ROS's logs; empty: none"
        ),
    ] = ''
    profile_s: Annotated[
        float,
        about(
            'Write the profile after this long, and end it; 0: when the node ends', minimum=0, maximum=86400, unit='s'
        ),
    ] = 0.0
    profile_rate_hz: Annotated[
        float, about('How often the profile looks at what all threads do', minimum=1, maximum=1000, unit='Hz')
    ] = 100.0
