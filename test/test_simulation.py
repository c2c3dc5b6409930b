"""The simulated robot, without a controller."""

import math

import pytest

from voice_pipeline.control.motion import Velocity
from voice_pipeline.control.settings import SimulationSettings
from voice_pipeline.control.simulated_robot import SimulatedRobot

QUICK = {'acceleration_mps2': 100.0, 'angular_acceleration_dps2': 36000.0, 'cmd_timeout_s': 10.0}


def drive(robot, velocity, seconds, start_s=0.0, step_s=0.01):
    robot.step(start_s)
    for index in range(1, round(seconds / step_s) + 1):
        now_s = start_s + index * step_s
        robot.command(velocity, now_s - step_s)
        odometry = robot.step(now_s)
    return odometry


def pose(odometry):
    return pytest.approx((odometry.x_m, odometry.y_m, odometry.yaw_rad), abs=0.02)


@pytest.mark.parametrize(
    ('drive_kind', 'velocity', 'expected'),
    [
        ('differential', Velocity(0.5, 0.0, 0.0), (1.0, 0.0, 0.0)),
        ('differential', Velocity(-0.5, 0.0, 0.0), (-1.0, 0.0, 0.0)),
        ('differential', Velocity(0.0, 0.5, 0.0), (0.0, 0.0, 0.0)),
        ('omnidirectional', Velocity(0.0, 0.5, 0.0), (0.0, 1.0, 0.0)),
        ('omnidirectional', Velocity(0.3, -0.3, 0.0), (0.6, -0.6, 0.0)),
        ('differential', Velocity(0.0, 0.0, 1.0), (0.0, 0.0, 2.0)),
        # A half circle of radius 1 m to the left ends 2 m to the left, looking back.
        ('differential', Velocity(math.pi / 2, 0.0, math.pi / 2), (0.0, 2.0, math.pi)),
    ],
)
def test_it_moves_as_commanded(drive_kind, velocity, expected):
    robot = SimulatedRobot(SimulationSettings(drive=drive_kind, **QUICK))
    drive(robot, velocity, 2.0)
    assert expected == pose(robot.true_pose)


def test_arcs_are_exact_however_coarse_the_steps():
    poses = []
    for rate_hz in (5.0, 1000.0):
        robot = SimulatedRobot(SimulationSettings(rate_hz=rate_hz, **QUICK))
        robot.step(0.0)
        robot.command(Velocity(1.0, 0.0, 1.0), 0.0)
        robot.step(0.5)  # up to speed
        start = robot.true_pose
        robot.step(2.5)
        end = robot.true_pose
        poses.append((math.hypot(end.x_m - start.x_m, end.y_m - start.y_m), end.yaw_rad - start.yaw_rad))
    assert poses[0] == pytest.approx(poses[1], rel=1e-9)
    assert poses[0] == pytest.approx((2 * math.sin(1.0), 2.0))  # the chord of two radians on a circle of 1 m


def test_speed_changes_no_faster_than_the_acceleration():
    robot = SimulatedRobot(SimulationSettings(acceleration_mps2=0.5))
    robot.step(0.0)
    robot.command(Velocity(1.0), 0.0)
    assert robot.step(0.4).velocity.linear_mps == pytest.approx(0.2)


def test_it_stops_by_itself_when_commands_go_silent():
    robot = SimulatedRobot(SimulationSettings(cmd_timeout_s=0.5))
    robot.step(0.0)
    robot.command(Velocity(0.3), 0.0)
    assert robot.step(0.4).velocity.linear_mps == pytest.approx(0.3)
    assert robot.step(1.0).velocity == Velocity()
    rest = robot.step(2.0)
    assert (rest.x_m, rest.velocity) == (robot.step(3.0).x_m, Velocity())


def test_slip_shortens_the_way_and_full_slip_is_stuck():
    half, stuck = (SimulatedRobot(SimulationSettings(slip=slip, **QUICK)) for slip in (0.5, 1.0))
    assert drive(half, Velocity(0.5), 2.0).x_m == pytest.approx(0.5, abs=0.01)
    assert drive(stuck, Velocity(0.5), 2.0).x_m == 0.0


def test_noise_has_the_size_asked_for_and_repeats_with_its_seed():
    def readings(seed):
        robot = SimulatedRobot(SimulationSettings(noise_m=0.01, noise_deg=1.0, seed=seed))
        return [robot.step(index * 0.02) for index in range(2000)]

    first, again, other = readings(1), readings(1), readings(2)
    assert first == again
    assert first != other
    spread_m = math.sqrt(sum(odometry.x_m**2 for odometry in first) / len(first))
    spread_deg = math.degrees(math.sqrt(sum(odometry.yaw_rad**2 for odometry in first) / len(first)))
    assert spread_m == pytest.approx(0.01, rel=0.1)
    assert spread_deg == pytest.approx(1.0, rel=0.1)


def test_the_reported_yaw_is_that_of_a_message_and_starts_where_told():
    settings = SimulationSettings(start_x_m=1.0, start_y_m=-2.0, start_yaw_deg=170.0, **QUICK)
    robot = SimulatedRobot(settings)
    start = robot.step(0.0)
    assert (start.x_m, start.y_m, start.yaw_rad) == (1.0, -2.0, pytest.approx(math.radians(170)))
    end = drive(robot, Velocity(0.0, 0.0, math.radians(20)), 1.0)
    assert end.yaw_rad == pytest.approx(math.radians(-170), abs=0.01)


@pytest.mark.parametrize('bad', [Velocity(math.nan), Velocity(0.0, math.inf), Velocity(0.0, 0.0, -math.inf)])
def test_what_is_not_a_number_means_stand_still(bad):
    robot = SimulatedRobot(SimulationSettings())
    assert drive(robot, bad, 1.0).velocity == Velocity()
    assert robot.true_pose.is_finite


def test_going_back_in_time_moves_nothing():
    robot = SimulatedRobot(SimulationSettings(**QUICK))
    end = drive(robot, Velocity(0.5), 1.0)
    assert robot.step(0.2).x_m == end.x_m
