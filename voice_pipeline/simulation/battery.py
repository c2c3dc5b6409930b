"""The battery of the simulated robot."""

from __future__ import annotations

import math

from voice_pipeline.control.motion import Velocity
from voice_pipeline.simulation.settings import SimulationSettings

EMPTY_V, FULL_V = 10.5, 12.6  # three lithium cells in series, taken as linear in between
JOULES_PER_WH = 3600.0


class Battery:
    """What is left in it, and what flows. It only loses energy, but where the robot stands at a charger."""

    def __init__(self, settings: SimulationSettings) -> None:
        self._settings = settings
        self._capacity_j = settings.battery_wh * JOULES_PER_WH
        self._energy_j = self._capacity_j * settings.battery_percent / 100.0
        self._power_w = 0.0
        self.is_charging = False

    @property
    def share(self) -> float:
        """What is left, 0 to 1."""
        return self._energy_j / self._capacity_j

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to drive with."""
        return self._energy_j <= 0.0

    @property
    def voltage_v(self) -> float:
        """The voltage, which falls with what is left."""
        return EMPTY_V + (FULL_V - EMPTY_V) * self.share

    @property
    def current_a(self) -> float:
        """The current, negative while it is discharged."""
        return -self._power_w / self.voltage_v

    def step(self, velocity: Velocity, dt_s: float, *, is_at_charger: bool) -> None:
        """Spend what this motion takes for this time, or take what the charger gives."""
        settings = self._settings
        drive_share = math.hypot(velocity.linear_mps, velocity.lateral_mps) / settings.top_speed_mps
        turn_share = abs(velocity.angular_rps) / math.radians(settings.top_speed_dps)
        self.is_charging = is_at_charger and settings.charge_w > 0.0
        self._power_w = settings.idle_w + settings.drive_w * (drive_share + turn_share)
        if self.is_charging:
            self._power_w -= settings.charge_w
        self._energy_j = min(self._capacity_j, max(0.0, self._energy_j - self._power_w * dt_s))
