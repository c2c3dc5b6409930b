"""The settings of the understanding stage."""

from __future__ import annotations

from typing import Annotated

from voice_pipeline.settings import Settings, about


class UnderstandingSettings(Settings, frozen=True, kw_only=True):
    """What the intent parser can be told."""

    vocabulary: Annotated[str, about('File of robot and place names; empty: vocabulary.yaml of the package')] = ''
