"""The simulated robot, without a controller."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_pipeline.control.motion import STILL, Velocity
from voice_pipeline.simulation.battery import EMPTY_V, FULL_V
from voice_pipeline.simulation.robot import SimulatedRobot
from voice_pipeline.simulation.settings import SimulationSettings
from voice_pipeline.simulation.world import Box, Circle, Spot, World, WorldError, load_world

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


def test_going_back_in_time_forgets_what_was_commanded():
    robot = SimulatedRobot(SimulationSettings(latency_s=0.2))
    robot.step(10.0)
    robot.command(Velocity(0.5), 10.0)
    robot.step(5.0)
    assert robot.step(11.0).velocity == STILL


# --- latency, slip -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize('step_s', [0.01, 0.5])
def test_a_command_acts_after_its_latency_however_seldom_the_robot_is_looked_at(step_s):
    robot = SimulatedRobot(SimulationSettings(latency_s=0.3, **{**QUICK, 'acceleration_mps2': 0.5}))
    robot.step(0.0)
    robot.command(Velocity(1.0), 0.0)
    for index in range(1, round(1.0 / step_s) + 1):
        speed_mps = robot.step(index * step_s).velocity.linear_mps
    assert speed_mps == pytest.approx(0.5 * 0.7)


def test_commands_with_latency_keep_their_order_and_their_timeout():
    robot = SimulatedRobot(SimulationSettings(latency_s=0.2, **{**QUICK, 'cmd_timeout_s': 0.5}))
    robot.step(0.0)
    for at_s, speed_mps in ((0.0, 0.5), (0.1, -0.5), (0.2, 0.25)):
        robot.command(Velocity(speed_mps), at_s)
    speeds = [robot.step(at_s).velocity.linear_mps for at_s in (0.15, 0.25, 0.35, 0.45, 0.89, 0.95)]
    assert speeds == pytest.approx([0.0, 0.5, -0.5, 0.25, 0.25, 0.0])


def test_unequal_slip_makes_a_straight_drive_crooked_and_repeats_with_its_seed():
    def end(seed):
        robot = SimulatedRobot(SimulationSettings(slip=0.05, slip_noise=0.05, seed=seed, **QUICK))
        drive(robot, Velocity(0.5), 10.0)
        return robot.true_pose

    ends = [end(seed) for seed in range(5)]
    assert ends[0] == end(0)
    assert len(set(ends)) == 5
    assert max(abs(one.yaw_rad) for one in ends) > math.radians(1.0)
    assert all(4.5 < math.hypot(one.x_m, one.y_m) <= 5.0 for one in ends)


# --- limits, whatever is commanded ---------------------------------------------------------------------------------

any_speed = st.floats(-10.0, 10.0) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0])
velocities = st.builds(Velocity, any_speed, any_speed, any_speed)
commands = st.lists(st.tuples(st.floats(0.001, 0.7), velocities), max_size=40)


@given(commands, st.sampled_from(['differential', 'omnidirectional']), st.sampled_from([0.0, 0.15]))
def test_speed_and_acceleration_keep_their_limits(sequence, drive_kind, latency_s):
    top_mps, top_dps, acceleration, angular_dps2 = 0.8, 120.0, 1.5, 400.0
    robot = SimulatedRobot(
        SimulationSettings(
            drive=drive_kind,
            latency_s=latency_s,
            top_speed_mps=top_mps,
            top_speed_dps=top_dps,
            acceleration_mps2=acceleration,
            angular_acceleration_dps2=angular_dps2,
        )
    )
    now_s, last = 0.0, robot.step(0.0).velocity
    for dt_s, velocity in sequence:
        robot.command(velocity, now_s)
        now_s += dt_s
        odometry = robot.step(now_s)
        new = odometry.velocity
        assert odometry.is_finite
        assert abs(new.linear_mps) <= top_mps
        assert abs(new.lateral_mps) <= (top_mps if drive_kind == 'omnidirectional' else 0.0)
        assert abs(new.angular_rps) <= math.radians(top_dps) + 1e-12
        assert abs(new.linear_mps - last.linear_mps) <= acceleration * dt_s + 1e-9
        assert abs(new.lateral_mps - last.lateral_mps) <= acceleration * dt_s + 1e-9
        assert abs(new.angular_rps - last.angular_rps) <= math.radians(angular_dps2) * dt_s + 1e-9
        last = new


# --- walls ---------------------------------------------------------------------------------------------------------

ROOM = World(
    walls=(((-2.0, -2.0), (2.0, -2.0), (2.0, 2.0), (-2.0, 2.0), (-2.0, -2.0)),),
    boxes={'crate': Box(x_m=1.0, y_m=1.0, length_m=0.6, width_m=0.3, yaw_deg=30.0)},
    circles={'column': Circle(x_m=-1.0, y_m=-0.5, radius_m=0.2)},
)


def in_room(**changes):
    return SimulatedRobot(SimulationSettings(**{'radius_m': 0.2, **QUICK, **changes}), ROOM)


def test_a_wall_stops_the_robot_at_its_edge_and_lets_it_back_away():
    robot = in_room()
    at_wall = drive(robot, Velocity(0.5), 6.0)
    assert (at_wall.x_m, at_wall.velocity) == (pytest.approx(1.8, abs=2e-3), STILL)
    assert robot.is_touching
    turned = drive(robot, Velocity(0.5, 0.0, 0.5), 1.0, start_s=6.0)
    assert turned.yaw_rad == pytest.approx(0.5, abs=0.02)
    assert turned.x_m == pytest.approx(1.8, abs=2e-3)
    away = drive(robot, Velocity(-0.5), 1.0, start_s=7.0)
    assert away.x_m < 1.5
    assert not robot.is_touching


def test_along_a_wall_the_robot_drives_freely():
    robot = in_room(start_y_m=-1.8, start_x_m=-1.5)
    assert drive(robot, Velocity(0.5), 5.0).x_m == pytest.approx(1.0, abs=0.01)
    assert not robot.is_touching


@settings(max_examples=60)
@given(
    commands,
    st.tuples(st.floats(-1.5, 0.0), st.floats(0.0, 1.5), st.floats(-180.0, 180.0)),
    st.sampled_from(['differential', 'omnidirectional']),
)
def test_nothing_is_driven_through(sequence, start, drive_kind):
    x_m, y_m, yaw_deg = start
    robot = in_room(drive=drive_kind, start_x_m=x_m, start_y_m=y_m, start_yaw_deg=yaw_deg, top_speed_mps=5.0)
    now_s = 0.0
    robot.step(now_s)
    for dt_s, velocity in sequence:
        robot.command(velocity, now_s)
        now_s += dt_s
        robot.step(now_s)
        pose = robot.true_pose
        assert ROOM.clearance_m(pose.x_m, pose.y_m) >= 0.2 - 2e-6
        assert max(abs(pose.x_m), abs(pose.y_m)) < 2.0


@pytest.mark.parametrize(('x_m', 'y_m'), [(1.0, 1.0), (-1.0, -0.5), (1.9, 0.0)])
def test_it_cannot_start_where_something_stands(x_m, y_m):
    with pytest.raises(WorldError, match=f'cannot start at x {x_m:g} y {y_m:g}: something stands there'):
        in_room(start_x_m=x_m, start_y_m=y_m)


def test_a_long_gap_costs_no_time_and_loses_nothing():
    robot = SimulatedRobot(SimulationSettings(world='flat', cmd_timeout_s=0.5), load_world('flat'))
    robot.step(0.0)
    robot.command(Velocity(0.3), 0.0)
    assert robot.step(1e6).x_m == pytest.approx(0.3 * 0.5, abs=0.02)


# --- battery -------------------------------------------------------------------------------------------------------


@given(commands)
def test_without_a_charger_energy_never_rises(sequence):
    robot = SimulatedRobot(SimulationSettings(battery_wh=0.1, battery_percent=10.0), ROOM)
    now_s, left = 0.0, robot.battery.share
    robot.step(now_s)
    for dt_s, velocity in sequence:
        robot.command(velocity, now_s)
        now_s += dt_s
        robot.step(now_s)
        assert 0.0 <= robot.battery.share <= left
        assert EMPTY_V <= robot.battery.voltage_v <= FULL_V
        assert robot.battery.current_a <= 0.0
        left = robot.battery.share


def test_driving_takes_more_than_standing():
    def left_after(velocity):
        robot = SimulatedRobot(SimulationSettings(battery_wh=1.0))
        drive(robot, velocity, 10.0)
        return robot.battery.share

    assert left_after(Velocity(1.0, 0.0, 1.0)) < left_after(Velocity(1.0)) < left_after(STILL) < 1.0


def test_with_an_empty_battery_it_comes_to_rest():
    robot = SimulatedRobot(SimulationSettings(battery_wh=0.1, battery_percent=10.0))
    assert drive(robot, Velocity(0.5), 10.0).velocity == STILL
    assert robot.battery.is_empty
    assert robot.true_pose.x_m > 0.1


def test_it_is_charged_where_it_stands_at_the_charger_and_only_there():
    world = World(charger=Spot(x_m=0.5, y_m=0.0))
    robot = SimulatedRobot(SimulationSettings(battery_wh=10.0, battery_percent=50.0, **QUICK), world)
    drive(robot, Velocity(0.5), 1.0)
    assert not robot.battery.is_charging
    robot.command(STILL, 1.0)
    shares = []
    for at_s in (2.0, 10.0, 20.0, 1000.0):
        robot.step(at_s)
        shares.append(robot.battery.share)
    assert robot.battery.is_charging
    assert robot.battery.current_a > 0.0
    assert all(before < after for before, after in pairwise(shares))
    assert shares[-1] == 1.0
