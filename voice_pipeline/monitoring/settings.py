"""The settings of the monitor."""

from __future__ import annotations

from typing import Annotated

from voice_pipeline.settings import Settings, about


class MonitorSettings(Settings, frozen=True, kw_only=True):
    """How often the pipeline is judged, and by which budgets."""

    rate_hz: Annotated[float, about('Reports a second', unit='Hz', minimum=0.1, maximum=10)] = 1.0
    budgets: Annotated[str, about("YAML file of the budgets; '' is the one installed with the package")] = ''
    stamped: Annotated[bool, about('Expect TwistStamped instead of Twist on cmd_vel')] = False
