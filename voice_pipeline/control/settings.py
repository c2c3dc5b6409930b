"""The settings of the controller."""

from __future__ import annotations

from typing import Annotated, Literal

from voice_pipeline.limits import RobotLimits
from voice_pipeline.settings import about


class ControlSettings(RobotLimits, frozen=True, kw_only=True):
    """How the robot may move, and when it must not. They bound every plan, whatever the plan says."""

    rate_hz: Annotated[float, about('Control cycles a second', unit='Hz', minimum=20, maximum=200)] = 50.0
    execution_rate_hz: Annotated[float, about('Progress reports a second', unit='Hz', minimum=0.5, maximum=20)] = 5.0
    stamped: Annotated[bool, about('Publish TwistStamped instead of Twist')] = False

    deceleration_mps2: Annotated[float, about('Slowing down', unit='m/s^2', minimum=0.05, maximum=10)] = 0.8
    stop_deceleration_mps2: Annotated[
        float, about('Slowing down on a stop or a fault; 0: to zero at once', unit='m/s^2', minimum=0, maximum=20)
    ] = 0.0

    reaction_s: Annotated[
        float,
        about('From a command to its effect in the odometry: brakes that earlier', unit='s', minimum=0, maximum=1),
    ] = 0.1

    distance_tolerance_m: Annotated[
        float, about('A drive has arrived this near its end', unit='m', minimum=0.002, maximum=0.5)
    ] = 0.02
    angle_tolerance_deg: Annotated[
        float, about('A turn has arrived this near its end', unit='deg', minimum=0.1, maximum=20)
    ] = 1.5

    max_queue_steps: Annotated[int, about('Most steps waiting or at work', minimum=1, maximum=1000)] = 20
    plan_max_age_s: Annotated[
        float, about('A plan older than this is not executed', unit='s', minimum=0.1, maximum=60)
    ] = 3.0

    odom_timeout_s: Annotated[
        float, about('Without odometry for this long, the motion ends', unit='s', minimum=0.05, maximum=5)
    ] = 0.5
    odom_leap_m: Annotated[
        float, about('A leap of the odometry by more ends the motion', unit='m', minimum=0.05, maximum=10)
    ] = 0.5
    stall_s: Annotated[
        float, about('Not moving as commanded for this long ends the motion', unit='s', minimum=0.2, maximum=30)
    ] = 1.5
    max_pause_s: Annotated[
        float, about('A longer gap between two control cycles stops the robot', unit='s', minimum=0.1, maximum=5)
    ] = 0.5
    zero_hold_s: Annotated[
        float, about('Zero velocity is published this long after a motion', unit='s', minimum=0, maximum=10)
    ] = 0.5

    footprint_radius_m: Annotated[
        float, about('The robot fits into a circle of this radius', unit='m', minimum=0.02, maximum=2)
    ] = 0.2
    use_scan: Annotated[Literal['auto', 'off'], about('Stop before obstacles where there is a laser scan')] = 'auto'
    scan_frame: Annotated[str, about('Frame of the laser scans; others are left out. Empty: that of the first')] = ''
    scan_x_m: Annotated[
        float, about("Where the laser is, ahead of the robot's middle", unit='m', minimum=-2, maximum=2)
    ] = 0.0
    scan_y_m: Annotated[
        float, about("Where the laser is, to the left of the robot's middle", unit='m', minimum=-2, maximum=2)
    ] = 0.0
    scan_yaw_deg: Annotated[
        float, about('Where the laser looks, to the left of ahead', unit='deg', minimum=-180, maximum=180)
    ] = 0.0
    scan_timeout_s: Annotated[
        float, about('Without a laser scan for this long, the robot drives nowhere', unit='s', minimum=0.05, maximum=5)
    ] = 0.5
    obstacle_margin_m: Annotated[
        float, about('It stops this far before an obstacle', unit='m', minimum=0.02, maximum=2)
    ] = 0.15
    side_margin_m: Annotated[
        float, about('It passes an obstacle with at least this much room', unit='m', minimum=0, maximum=1)
    ] = 0.05
    obstacle_wait_s: Annotated[
        float, about('The motion ends when something is in the way for this long', unit='s', minimum=0, maximum=120)
    ] = 5.0
    zones: Annotated[str, about('YAML file of where the robot may drive, and where only slowly; empty: anywhere')] = ''

    skill_answer_s: Annotated[
        float, about('Whoever has a skill answers within this time', unit='s', minimum=0.1, maximum=30)
    ] = 2.0
    use_nav2: Annotated[
        Literal['auto', 'off'], about('Go to places by Nav2 where it is running; else straight there')
    ] = 'auto'
    nav2_action: Annotated[str, about("Name of Nav2's action; it cannot be remapped")] = '/navigate_to_pose'
    nav2_frame: Annotated[str, about('Frame of the places, for Nav2')] = 'map'
    realtime_priority: Annotated[
        int, about('Real-time priority (SCHED_FIFO), where that is permitted; 0: none', minimum=0, maximum=90)
    ] = 20
