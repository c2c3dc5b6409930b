"""The settings of the monitor."""

from __future__ import annotations

from typing import Annotated

from voice_pipeline.settings import Settings, about


class MonitorSettings(Settings, frozen=True, kw_only=True):
    """How often the pipeline is judged, by which budgets, and what is kept of a run."""

    rate_hz: Annotated[float, about('Reports a second', unit='Hz', minimum=0.1, maximum=10)] = 1.0
    budgets: Annotated[str, about("YAML file of the budgets; '' is the one installed with the package")] = ''
    stamped: Annotated[bool, about('Expect TwistStamped instead of Twist on cmd_vel')] = False
    record: Annotated[
        str,
        about("File to which every report and utterance of the run is written as a line of JSON; '' writes none"),
    ] = ''
    keep_utterances: Annotated[
        str,
        about(
            'Folder in which what was said is kept as sound, with its trace, where it failed, was refused or not '
            "understood, to be replayed; '' keeps no one's voice"
        ),
    ] = ''
    keep_count: Annotated[
        int, about('Utterances that are kept at most; the oldest are deleted', minimum=1, maximum=10_000)
    ] = 50
    keep_days: Annotated[
        float, about('Age at which a kept utterance is deleted', unit='days', minimum=0.01, maximum=365)
    ] = 7.0
