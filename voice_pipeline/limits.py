"""What the robot can and may do: the planner promises no more, and the controller allows no more."""

from __future__ import annotations

from typing import Annotated

from voice_pipeline.settings import Settings, about


class RobotLimits(Settings, frozen=True, kw_only=True):
    """What the robot can and may do. The planner refuses what is more, and the controller refuses it again."""

    max_speed_mps: Annotated[float, about('Fastest drive ahead or back', unit='m/s', minimum=0.01, maximum=3)] = 0.5
    max_lateral_mps: Annotated[
        float, about('Fastest drive sideways; 0: the robot cannot', unit='m/s', minimum=0, maximum=3)
    ] = 0.0
    max_speed_dps: Annotated[float, about('Fastest turn', unit='deg/s', minimum=1, maximum=360)] = 90.0
    acceleration_mps2: Annotated[float, about('Speeding up', unit='m/s^2', minimum=0.05, maximum=10)] = 0.5
    angular_acceleration_dps2: Annotated[
        float, about('Speeding up and slowing down a turn', unit='deg/s^2', minimum=5, maximum=3600)
    ] = 180.0
    max_distance_m: Annotated[float, about('Longest drive of one step', unit='m', minimum=0.1, maximum=1000)] = 20.0
    max_angle_deg: Annotated[float, about('Largest turn of one step', unit='deg', minimum=10, maximum=36000)] = 720.0
    max_step_s: Annotated[float, about('Longest time one step may take', unit='s', minimum=1, maximum=3600)] = 120.0
