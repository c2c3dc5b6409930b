"""The settings of the simulated robot."""

from __future__ import annotations

from typing import Annotated, Literal

from voice_pipeline.settings import Settings, about


class SimulationSettings(Settings, frozen=True, kw_only=True):
    """What the simulated robot is like, and what is around it; by default an ideal robot on an open floor."""

    rate_hz: Annotated[float, about('Odometry messages a second', unit='Hz', minimum=5, maximum=1000)] = 50.0
    stamped: Annotated[bool, about('Expect TwistStamped instead of Twist')] = False
    seed: Annotated[int, about('Seed of everything that is random', minimum=0)] = 0
    world: Annotated[
        str, about("YAML file of walls and obstacles; 'flat': world.yaml of the package; empty: an open floor")
    ] = ''
    start_x_m: Annotated[float, about('Where it starts', unit='m')] = 0.0
    start_y_m: Annotated[float, about('Where it starts', unit='m')] = 0.0
    start_yaw_deg: Annotated[float, about('Where it looks at the start', unit='deg')] = 0.0

    drive: Annotated[Literal['differential', 'omnidirectional'], about('Whether it can move sideways')] = 'differential'
    radius_m: Annotated[
        float, about('Half its width: it is round, and its wheels are at its sides', unit='m', minimum=0.02, maximum=2)
    ] = 0.2
    top_speed_mps: Annotated[float, about('It drives no faster', unit='m/s', minimum=0.05, maximum=5)] = 3.0
    top_speed_dps: Annotated[float, about('It turns no faster', unit='deg/s', minimum=5, maximum=720)] = 360.0
    acceleration_mps2: Annotated[
        float, about('How fast its speed can change', unit='m/s^2', minimum=0.05, maximum=100)
    ] = 3.0
    angular_acceleration_dps2: Annotated[
        float, about('How fast its turning can change', unit='deg/s^2', minimum=5, maximum=36000)
    ] = 720.0
    latency_s: Annotated[float, about('A command acts this much later', unit='s', minimum=0, maximum=2)] = 0.0
    cmd_timeout_s: Annotated[
        float, about('It stops when no command came for this long', unit='s', minimum=0.05, maximum=10)
    ] = 0.5
    slip: Annotated[float, about('Share of every motion that is lost; 1: it is stuck', minimum=0, maximum=1)] = 0.0
    slip_noise: Annotated[
        float,
        about('Standard deviation of the slip of each side: it does not drive quite straight', minimum=0, maximum=1),
    ] = 0.0
    noise_m: Annotated[float, about('Standard deviation of the reported position', unit='m', minimum=0, maximum=1)] = (
        0.0
    )
    noise_deg: Annotated[
        float, about('Standard deviation of the reported heading', unit='deg', minimum=0, maximum=30)
    ] = 0.0

    scan_rate_hz: Annotated[float, about('Laser scans a second; 0: it has none', unit='Hz', minimum=0, maximum=50)] = (
        10.0
    )
    scan_beams: Annotated[int, about('Beams of a scan, all around', minimum=4, maximum=3600)] = 360
    scan_range_m: Annotated[float, about('How far the scanner sees', unit='m', minimum=0.5, maximum=100)] = 12.0
    scan_noise_m: Annotated[float, about('Standard deviation of a range', unit='m', minimum=0, maximum=1)] = 0.01

    battery_wh: Annotated[float, about('What a full battery holds', unit='Wh', minimum=0.1, maximum=10000)] = 60.0
    battery_percent: Annotated[float, about('Charge at the start', unit='%', minimum=0, maximum=100)] = 100.0
    idle_w: Annotated[float, about('Power at rest', unit='W', minimum=0, maximum=1000)] = 15.0
    drive_w: Annotated[
        float, about('Power that its top speed takes, and its fastest turn', unit='W', minimum=0, maximum=10000)
    ] = 60.0
    charge_w: Annotated[
        float, about("Power of the world's charger, while the robot stands at it", unit='W', minimum=0, maximum=10000)
    ] = 120.0

    skill_speed: Annotated[
        float, about('How much faster than usual it looks, picks, places and speaks', minimum=0.01, maximum=1000)
    ] = 1.0
    skill_failures: Annotated[float, about('Share of the skills that fail half-way', minimum=0, maximum=1)] = 0.0
