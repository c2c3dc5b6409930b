"""The base of the simulated robot: it takes velocities and answers with odometry, as fast as it is asked."""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import replace

from voice_pipeline.control.motion import STILL, Odometry, Velocity, wrap
from voice_pipeline.control.profile import clamp, slew
from voice_pipeline.simulation.battery import Battery
from voice_pipeline.simulation.settings import SimulationSettings
from voice_pipeline.simulation.world import World, WorldError

STRIDE_M = 0.001  # how far the robot feels its way along a wall that it touches
TOUCH_M = 1e-6  # so near is at the wall: less is the rounding of numbers
CHARGER_REACH_M = 0.15
SLIP_TIME_S = 0.5  # for about so long a wheel slips alike
MOST_COMMANDS = 10_000  # waiting for their latency; more come from no robot's controller


class SimulatedRobot:
    """
    A round differential or omnidirectional base with limited speed and acceleration, latency, slip and noisy odometry.

    Like the bases of ros2_control (`diff_drive_controller`, `cmd_vel_timeout`) it stops by itself when commands go
    silent. Walls stop it: it cannot get nearer, but may turn and drive away. With an empty battery it does not drive.
    The same calls with the same seed give the same odometry. The odometry frame is the world: it is noisy but does not
    drift, so slip and walls show in it.
    """

    def __init__(self, settings: SimulationSettings, world: World | None = None) -> None:
        """Put it where the settings say. Raises `WorldError` where something stands there already."""
        self._settings = settings
        self._world = world or World()
        self._random = random.Random(settings.seed)
        self._now_s: float | None = None
        self._waiting: deque[tuple[float, Velocity]] = deque(maxlen=MOST_COMMANDS)
        self._commanded = STILL
        self._expires_s = -math.inf
        self._wheels = STILL  # the velocity of the drive, before slip
        self._velocity = STILL
        self._slip_left = self._slip_right = settings.slip
        self._pose = Odometry(settings.start_x_m, settings.start_y_m, math.radians(settings.start_yaw_deg))
        self._free_m = 0.0  # it can go at least so far without meeting anything
        self.battery = Battery(settings)
        self.is_touching = False
        if self._room_m(self._pose) < -TOUCH_M:
            raise WorldError(
                f'the robot cannot start at x {self._pose.x_m:g} y {self._pose.y_m:g}: something stands there '
                '(start_x_m, start_y_m, radius_m)'
            )

    @property
    def true_pose(self) -> Odometry:
        """Where the robot is, without noise; its yaw counts whole turns."""
        return self._pose

    def command(self, velocity: Velocity, now_s: float) -> None:
        """Take a velocity to be held until the next one or the timeout; what is not a number means stand still."""
        self._waiting.append((now_s + self._settings.latency_s, velocity if velocity.is_finite else STILL))

    def step(self, now_s: float) -> Odometry:
        """Move on to `now_s` and return the odometry there. Going back in time moves nothing and forgets commands."""
        if self._now_s is not None and now_s < self._now_s:
            self._waiting.clear()
            self._expires_s = -math.inf
            self._now_s = now_s
        begin_s = self._now_s if self._now_s is not None else now_s
        while begin_s < now_s:
            self._take_commands(begin_s)
            end_s = self._next_change_s(begin_s, now_s)
            self._move(end_s - begin_s)
            begin_s = end_s
        self._now_s = now_s
        return self._measured(now_s)

    # --- time ----------------------------------------------------------------------------------------------------

    def _take_commands(self, now_s: float) -> None:
        while self._waiting and self._waiting[0][0] <= now_s:
            due_s, self._commanded = self._waiting.popleft()
            self._expires_s = due_s + self._settings.cmd_timeout_s
        if now_s >= self._expires_s or self.battery.is_empty:
            self._commanded = STILL

    def _next_change_s(self, now_s: float, end_s: float) -> float:
        """Return until when the robot moves alike: at most a period, so that ramps are resolved after a gap too."""
        changes_s = [end_s]
        if self._commanded != STILL or self._wheels != STILL:
            changes_s += [now_s + 1.0 / self._settings.rate_hz, self._expires_s]
        if self._waiting:
            changes_s.append(self._waiting[0][0])
        return min(change_s for change_s in changes_s if change_s > now_s)

    # --- motion --------------------------------------------------------------------------------------------------

    def _move(self, dt_s: float) -> None:
        self._turn_wheels(dt_s)
        self._velocity = self._slipping(dt_s)
        self._drive(dt_s)
        self.battery.step(self._velocity, dt_s, is_at_charger=self._is_at_charger())

    def _turn_wheels(self, dt_s: float) -> None:
        settings, wanted = self._settings, self._commanded
        linear = settings.acceleration_mps2
        angular = math.radians(settings.angular_acceleration_dps2)
        fastest_mps, fastest_rps = settings.top_speed_mps, math.radians(settings.top_speed_dps)
        lateral_mps = clamp(wanted.lateral_mps, fastest_mps) if settings.drive == 'omnidirectional' else 0.0
        self._wheels = Velocity(
            slew(self._wheels.linear_mps, clamp(wanted.linear_mps, fastest_mps), linear, linear, dt_s),
            slew(self._wheels.lateral_mps, lateral_mps, linear, linear, dt_s),
            slew(self._wheels.angular_rps, clamp(wanted.angular_rps, fastest_rps), angular, angular, dt_s),
        )

    def _slipping(self, dt_s: float) -> Velocity:
        """Return the velocity of the robot: what its left and right wheels do, less what each side slips."""
        self._slip_left = self._next_slip(self._slip_left, dt_s)
        self._slip_right = self._next_slip(self._slip_right, dt_s)
        grip_left, grip_right = 1.0 - self._slip_left, 1.0 - self._slip_right
        wheels, radius_m = self._wheels, self._settings.radius_m
        left_mps = (wheels.linear_mps - wheels.angular_rps * radius_m) * grip_left
        right_mps = (wheels.linear_mps + wheels.angular_rps * radius_m) * grip_right
        return Velocity(
            (left_mps + right_mps) / 2.0,
            wheels.lateral_mps * (grip_left + grip_right) / 2.0,
            (right_mps - left_mps) / (2.0 * radius_m),
        )

    def _next_slip(self, slip: float, dt_s: float) -> float:
        """Let the slip wander around its mean: a first-order Gauss-Markov process, within 0 and 1."""
        settings = self._settings
        if settings.slip_noise == 0.0:
            return settings.slip
        kept = math.exp(-dt_s / SLIP_TIME_S)
        change = self._random.gauss(0.0, settings.slip_noise * math.sqrt(1.0 - kept**2))
        return min(1.0, max(0.0, settings.slip + (slip - settings.slip) * kept + change))

    def _drive(self, dt_s: float) -> None:
        """Move for this time, never further at once than there is room, and stop where there is none."""
        self.is_touching = False
        speed_mps = math.hypot(self._velocity.linear_mps, self._velocity.lateral_mps)
        if self._world.is_empty or speed_mps == 0.0:
            self._pose = moved(self._pose, self._velocity, dt_s)
            return
        left_s = dt_s
        while left_s > 0.0:
            if self._free_m < STRIDE_M:
                self._free_m = self._room_m(self._pose)
            stride_s = min(left_s, max(self._free_m, STRIDE_M) / speed_mps)
            if not self._stride(stride_s, speed_mps):
                self._bump(left_s)
                return
            left_s -= stride_s

    def _stride(self, stride_s: float, speed_mps: float) -> bool:
        """Go on where there is room, or where that leads away from what is there already; say whether it was so."""
        pose = moved(self._pose, self._velocity, stride_s)
        if self._free_m < STRIDE_M:
            room_m = self._room_m(pose)
            if room_m < -TOUCH_M and room_m < self._free_m:
                return False
        self._pose = pose
        self._free_m -= stride_s * speed_mps
        return True

    def _bump(self, left_s: float) -> None:
        """Stand, for the rest of the time, against what is in the way: only turning goes on."""
        self.is_touching = True
        self._wheels = Velocity(angular_rps=self._wheels.angular_rps)
        self._velocity = Velocity(angular_rps=self._velocity.angular_rps)
        self._pose = moved(self._pose, self._velocity, left_s)

    def _room_m(self, pose: Odometry) -> float:
        return self._world.clearance_m(pose.x_m, pose.y_m) - self._settings.radius_m

    def _is_at_charger(self) -> bool:
        charger = self._world.charger
        if charger is None or self._velocity != STILL:
            return False
        return math.hypot(self._pose.x_m - charger.x_m, self._pose.y_m - charger.y_m) <= CHARGER_REACH_M

    # --- odometry ------------------------------------------------------------------------------------------------

    def _measured(self, now_s: float) -> Odometry:
        noise_m, noise_rad = self._settings.noise_m, math.radians(self._settings.noise_deg)
        return Odometry(
            self._pose.x_m + self._random.gauss(0.0, noise_m),
            self._pose.y_m + self._random.gauss(0.0, noise_m),
            wrap(self._pose.yaw_rad + self._random.gauss(0.0, noise_rad)),
            stamp_ns=round(now_s * 1e9),
            velocity=self._velocity,
        )


def moved(pose: Odometry, velocity: Velocity, dt_s: float) -> Odometry:
    """Return the pose after a constant velocity: an exact arc (Siegwart, Autonomous Mobile Robots, 3.2)."""
    turned_rad = velocity.angular_rps * dt_s
    if abs(turned_rad) < 1e-6:
        sine, versine = 1.0, turned_rad / 2.0  # sin(t)/t and (1 - cos(t))/t near 0
    else:
        sine, versine = math.sin(turned_rad) / turned_rad, (1.0 - math.cos(turned_rad)) / turned_rad
    ahead_m, left_m = velocity.linear_mps * dt_s, velocity.lateral_mps * dt_s
    dx, dy = ahead_m * sine - left_m * versine, ahead_m * versine + left_m * sine
    cos_yaw, sin_yaw = math.cos(pose.yaw_rad), math.sin(pose.yaw_rad)
    return replace(
        pose,
        x_m=pose.x_m + dx * cos_yaw - dy * sin_yaw,
        y_m=pose.y_m + dx * sin_yaw + dy * cos_yaw,
        yaw_rad=pose.yaw_rad + turned_rad,
    )
