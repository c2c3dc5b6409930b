"""Where the robot ends up: controller and simulated robot in a closed loop."""

import dataclasses
import math
from collections import deque

import pytest
from control_rig import OMNI_SETTINGS, Rig, go_to, move, moving, pause, turn
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_pipeline.control.motion import STILL, wrap
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.simulation.robot import SimulatedRobot
from voice_pipeline.simulation.settings import SimulationSettings

NEAR_M = 0.02
NEAR_DEG = 1.5
OMNI = SimulationSettings(drive='omnidirectional')
QUARTER = math.pi / 2

JOURNEYS = [
    ('forward', [move('forward', 2.0)], (2.0, 0.0, 0)),
    ('a centimetre', [move('forward', 0.01)], (0.01, 0.0, 0)),
    ('backward', [move('backward', 1.0)], (-1.0, 0.0, 0)),
    ('left', [turn(90.0)], (0.0, 0.0, 90)),
    ('right', [turn(-90.0)], (0.0, 0.0, -90)),
    ('a little', [turn(3.0)], (0.0, 0.0, 3)),
    ('around', [turn(180.0)], (0.0, 0.0, 180)),
    ('twice around', [turn(720.0)], (0.0, 0.0, 720)),
    ('more than once to the right', [turn(-450.0)], (0.0, 0.0, -450)),
    ('a corner', [move('forward', 1.0), turn(90.0), move('forward', 0.5)], (1.0, 0.5, 90)),
    ('there and back', [move('forward', 1.0), turn(180.0), move('forward', 1.0)], (0.0, 0.0, 180)),
    ('a square', [move('forward', 0.5), turn(90.0)] * 4, (0.0, 0.0, 360)),
    ('wait first', [pause(0.5), move('forward', 0.5)], (0.5, 0.0, 0)),
    ('a place ahead', [go_to(1.5, 0.0)], (1.5, 0.0, 0)),
    ('a place aside', [go_to(1.0, -1.0)], (1.0, -1.0, -45)),
    ('a place behind', [go_to(-1.0, 0.0, 0.0)], (-1.0, 0.0, 360)),
    ('a place with a heading', [go_to(0.5, 1.0, math.pi)], (0.5, 1.0, 180)),
    ('already there', [go_to(0.0, 0.0, QUARTER)], (0.0, 0.0, 90)),
    ('here', [go_to(0.0, 0.0)], (0.0, 0.0, 0)),
    ('a place and on', [go_to(1.0, 1.0, 0.0), move('forward', 0.3)], (1.3, 1.0, 0)),
    # 0.4 m/s for 2 s, with ramps of 0.5 and 0.8 m/s² inside the time.
    ('for a time', [move('forward', duration_s=2.0)], (0.54, 0.0, 0)),
    ('turn for a time', [turn(direction='right', duration_s=2.0)], (0.0, 0.0, -100)),
]


def assert_at(rig, expected, near_m=NEAR_M, near_deg=NEAR_DEG):
    x_m, y_m, yaw_deg = expected
    pose = rig.robot.true_pose
    assert math.hypot(pose.x_m - x_m, pose.y_m - y_m) <= near_m
    assert abs(math.degrees(wrap(pose.yaw_rad - math.radians(yaw_deg)))) <= near_deg


@pytest.mark.parametrize(('steps', 'expected'), [case[1:] for case in JOURNEYS], ids=[case[0] for case in JOURNEYS])
def test_the_robot_arrives(steps, expected):
    rig = Rig().run(0.1)
    assert rig.until_end(rig.submit(*steps)).state == 'done'
    assert_at(rig, expected)


@pytest.mark.parametrize('angle_deg', [720.0, -450.0, 90.0])
def test_a_turn_takes_the_way_that_was_asked(angle_deg):
    rig = Rig().run(0.1)
    rig.until_end(rig.submit(turn(angle_deg)))
    assert math.degrees(rig.robot.true_pose.yaw_rad) == pytest.approx(angle_deg, abs=NEAR_DEG)


@pytest.mark.parametrize(('direction', 'y_m'), [('left', 1.0), ('right', -1.0)])
def test_an_omnidirectional_robot_moves_sideways(direction, y_m):
    rig = Rig(OMNI_SETTINGS, OMNI).run(0.1)
    assert rig.until_end(rig.submit(move(direction, 1.0))).state == 'done'
    assert_at(rig, (0.0, y_m, 0))


@pytest.mark.parametrize('start', [(3.0, -2.0, 179.0), (-1.0, 4.0, -135.0)])
def test_a_drive_is_relative_to_where_the_robot_stands(start):
    x_m, y_m, yaw_deg = start
    rig = Rig(simulation=SimulationSettings(start_x_m=x_m, start_y_m=y_m, start_yaw_deg=yaw_deg)).run(0.1)
    rig.until_end(rig.submit(move('forward', 1.0), turn(90.0)))
    yaw_rad = math.radians(yaw_deg)
    assert_at(rig, (x_m + math.cos(yaw_rad), y_m + math.sin(yaw_rad), yaw_deg + 90))


@pytest.mark.parametrize('slip', [0.1, 0.3])
@pytest.mark.parametrize('steps', [[move('forward', 2.0)], [turn(270.0)], [go_to(1.0, 1.0, 0.0)]])
def test_slip_is_made_up_for(steps, slip):
    rig, exact = (Rig(simulation=SimulationSettings(slip=share)).run(0.1) for share in (slip, 0.0))
    for each in (rig, exact):
        assert each.until_end(each.submit(*steps)).state == 'done'
    pose = exact.robot.true_pose
    assert_at(rig, (pose.x_m, pose.y_m, math.degrees(pose.yaw_rad)))


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize(
    ('steps', 'expected'),
    [
        ([move('forward', 2.0)], (2.0, None, None)),
        ([turn(-450.0)], (None, None, -450)),
        ([go_to(1.0, -1.0, QUARTER)], (1.0, -1.0, 90)),
        ([go_to(-1.0, 0.0)], (-1.0, 0.0, None)),
    ],
)
def test_noisy_odometry_still_leads_there(steps, expected, seed):
    noise = SimulationSettings(noise_m=0.003, noise_deg=0.3, seed=seed)
    rig = Rig(simulation=noise).run(0.1)
    assert rig.until_end(rig.submit(*steps)).state == 'done'
    pose = rig.robot.true_pose
    reached = (pose.x_m, pose.y_m, math.degrees(pose.yaw_rad))
    near = (NEAR_M + 0.006, NEAR_M + 0.006, NEAR_DEG + 0.6)  # the start is as uncertain as the noise
    for value, wanted, tolerance in zip(reached, expected, near, strict=True):
        assert wanted is None or value == pytest.approx(wanted, abs=tolerance)


# --- with slip and noise -------------------------------------------------------------------------------------------

ROUGH = {'slip': 0.05, 'slip_noise': 0.03, 'noise_m': 0.002, 'noise_deg': 0.1, 'latency_s': 0.05}
GENTLE = ControlSettings(
    max_lateral_mps=0.3, acceleration_mps2=0.2, deceleration_mps2=0.3, angular_acceleration_dps2=60
)
BRISK = ControlSettings(
    max_lateral_mps=0.5, max_speed_mps=1.0, acceleration_mps2=2.0, deceleration_mps2=2.0, angular_acceleration_dps2=600
)
ARRIVALS = [  # a step, and where it ends; only a turn's angle is its own, since its wheels may slip unevenly
    (move('forward', 0.1), (0.1, 0.0, 0)),
    (move('forward', 1.0), (1.0, 0.0, 0)),
    (move('forward', 5.0, speed_mps=1.0), (5.0, 0.0, 0)),
    (move('backward', 3.0), (-3.0, 0.0, 0)),
    (go_to(2.0, 1.5, math.pi), (2.0, 1.5, 180)),
    (go_to(-6.0, 2.0, QUARTER), (-6.0, 2.0, 90)),
    (turn(5.0), (None, None, 5)),
    (turn(-90.0), (None, None, -90)),
    (turn(179.9), (None, None, 179.9)),
    (turn(720.0), (None, None, 720)),
    (turn(-450.0, speed_dps=90.0), (None, None, -450)),
]


def assert_arrives(step, expected, control, simulation):
    rig = Rig(control, SimulationSettings(**simulation)).run(0.1)
    assert rig.until_end(rig.submit(step)).state == 'done'
    pose, (x_m, y_m, yaw_deg) = rig.robot.true_pose, expected
    if x_m is not None:
        assert math.hypot(pose.x_m - x_m, pose.y_m - y_m) <= NEAR_M
    error_rad = pose.yaw_rad - math.radians(yaw_deg)
    assert abs(math.degrees(error_rad if x_m is None else wrap(error_rad))) <= NEAR_DEG


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('control', [GENTLE, BRISK], ids=['gentle', 'brisk'])
@pytest.mark.parametrize('drive', ['differential', 'omnidirectional'])
@pytest.mark.parametrize(('step', 'expected'), ARRIVALS)
def test_with_slip_and_noise_it_arrives_all_the_same(step, expected, drive, control, seed):
    assert_arrives(step, expected, control, ROUGH | {'drive': drive, 'seed': seed})


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('control', [GENTLE, BRISK], ids=['gentle', 'brisk'])
@pytest.mark.parametrize(('direction', 'y_m'), [('left', 2.0), ('right', -2.0)])
def test_with_slip_and_noise_it_arrives_sideways(direction, y_m, control, seed):
    rough = ROUGH | {'drive': 'omnidirectional', 'seed': seed}
    assert_arrives(move(direction, 2.0), (0.0, y_m, 0), control, rough)


@pytest.mark.parametrize('direction', ['forward', 'backward'])
def test_a_long_drive_stays_on_its_line_though_its_wheels_slip_unevenly(direction):
    x_m = 18.0 if direction == 'forward' else -18.0
    assert_arrives(move(direction, 18.0), (x_m, 0.0, 0), ControlSettings(), {'slip': 0.05, 'slip_noise': 0.05})


@pytest.mark.parametrize('speed_mps', [0.3, 1.0, 2.5])
@pytest.mark.parametrize('direction', ['forward', 'backward'])
def test_a_push_off_the_line_is_taken_back_without_weaving(speed_mps, direction):
    fast = ControlSettings(max_speed_mps=2.5, acceleration_mps2=2.0, deceleration_mps2=2.0)
    rig = Rig(fast, SimulationSettings(latency_s=0.05)).run(0.1)
    plan_id = rig.submit(move(direction, 10.0, speed_mps=speed_mps))
    rig.run(1.5)
    rig.robot._pose = dataclasses.replace(rig.robot.true_pose, y_m=0.1)
    aside_m = []
    while rig.end_of(plan_id) is None:
        rig.cycle()
        aside_m.append(rig.robot.true_pose.y_m)
    assert min(aside_m) > -0.02
    assert abs(aside_m[-1]) < 0.005


@pytest.mark.parametrize(('acceleration_mps2', 'angular_acceleration_dps2'), [(0.4, 90.0), (0.5, 60.0)])
def test_a_sluggish_robot_takes_its_overshoot_back(acceleration_mps2, angular_acceleration_dps2):
    sluggish = SimulationSettings(
        acceleration_mps2=acceleration_mps2, angular_acceleration_dps2=angular_acceleration_dps2
    )
    rig = Rig(simulation=sluggish).run(0.1)
    assert rig.until_end(rig.submit(move('forward', 0.7), turn(90.0))).state == 'done'
    assert_at(rig, (0.7, 0.0, 90))


@pytest.mark.parametrize(('steps', 'expected'), [([move('forward', 1.0)], (1, 0, 0)), ([turn(90.0)], (0, 0, 90))])
def test_a_robot_that_answers_late_does_not_swing(steps, expected):
    rig = Rig().run(0.1)
    command, delayed = rig.robot.command, deque([STILL] * 5)

    def command_late(velocity, now_s):
        delayed.append(velocity)
        command(delayed.popleft(), now_s)

    rig.robot.command = command_late
    assert rig.until_end(rig.submit(*steps), limit_s=5.0).state == 'done'
    assert_at(rig, expected)


def test_a_robot_that_cannot_creep_arrives_inside_the_tolerance():
    rig = Rig().run(0.1)
    command = rig.robot.command
    rig.robot.command = lambda v, now_s: command(v if abs(v.linear_mps) > 0.08 else STILL, now_s)
    assert rig.until_end(rig.submit(move('forward', 1.0)), limit_s=5.0).state == 'done'
    assert_at(rig, (1.0, 0.0, 0))


@pytest.mark.parametrize('seed', range(3))
def test_near_a_place_noise_does_not_spin_the_robot(seed):
    rig = Rig(simulation=SimulationSettings(noise_m=0.01, noise_deg=1.0, seed=seed)).run(0.1)
    assert rig.until_end(rig.submit(go_to(1.0, 0.3)), limit_s=8.0).state == 'done'
    assert_at(rig, (1.0, 0.3, 16.7), near_m=0.03, near_deg=4.0)


def test_a_robot_pushed_past_its_place_turns_to_it_instead_of_reversing():
    rig = Rig().run(0.1)
    plan_id = rig.submit(go_to(1.0, 0.0))
    rig.run(2.0)
    rig.robot = SimulatedRobot(SimulationSettings(start_x_m=1.1, start_y_m=0.2))
    assert rig.until_end(plan_id).state == 'done'
    assert_at(rig, (1.0, 0.0, math.degrees(math.atan2(-0.2, -0.1))), near_deg=20.0)
    assert min(velocity.linear_mps for velocity in rig.velocities) >= 0.0


def test_a_place_that_is_passed_while_facing_it_is_reached_in_spite_of_noise():
    for seed in range(5):
        rig = Rig(simulation=SimulationSettings(noise_m=0.01, noise_deg=1.0, seed=seed)).run(0.1)
        rig.submit(move('forward', 5.0))
        rig.run(2.0)
        pose = rig.robot.true_pose
        goal = go_to(pose.x_m + 0.06, pose.y_m - 0.03)
        assert rig.until_end(rig.submit(goal), limit_s=8.0).state == 'done'


def test_small_motions_are_made_and_not_taken_for_done():
    rig = Rig(ControlSettings(distance_tolerance_m=0.1, angle_tolerance_deg=10.0)).run(0.1)
    rig.until_end(rig.submit(move('forward', 0.08), turn(8.0, speed_dps=10.0)))
    pose = rig.robot.true_pose
    assert pose.x_m == pytest.approx(0.08, abs=0.02)
    assert math.degrees(pose.yaw_rad) == pytest.approx(8.0, abs=2.0)


def test_without_disturbance_nothing_overshoots():
    rig = Rig().run(0.1)
    rig.until_end(rig.submit(move('forward', 1.0), turn(120.0)))
    assert all(velocity.linear_mps >= 0.0 and velocity.angular_rps >= -1e-9 for velocity in rig.velocities)


def test_a_drive_takes_back_a_push_aside():
    rig = Rig().run(0.1)
    plan_id = rig.submit(move('forward', 3.0))
    rig.run(2.0)
    pose = rig.robot.true_pose
    rig.robot = SimulatedRobot(SimulationSettings(start_x_m=pose.x_m, start_y_m=pose.y_m, start_yaw_deg=8.0))
    assert rig.until_end(plan_id).state == 'done'
    assert abs(math.degrees(rig.robot.true_pose.yaw_rad)) < NEAR_DEG


def test_the_planned_speed_is_kept_and_bounded_by_the_settings():
    for planned_mps, fastest_mps in ((0.2, 0.2), (50.0, 0.5)):
        rig = Rig().run(0.1)
        rig.until_end(rig.submit(move('forward', 2.0, speed_mps=planned_mps)))
        assert max(velocity.linear_mps for velocity in rig.velocities) == pytest.approx(fastest_mps)


def test_a_timed_motion_lasts_as_long_as_asked():
    rig = Rig().run(0.1)
    plan_id = rig.submit(move('backward', duration_s=3.0))
    began_s = rig.now_s
    while rig.end_of(plan_id) is None:
        rig.cycle()
    assert rig.now_s - began_s == pytest.approx(3.0, abs=0.05)
    assert not moving(rig.velocity)


@settings(max_examples=25)
@given(
    st.floats(-4, 4),
    st.floats(-4, 4),
    st.floats(-math.pi, math.pi),
    st.floats(-180, 180),
    st.sampled_from([20.0, 50.0, 100.0]),
)
def test_any_place_is_reached_from_any_heading(x_m, y_m, yaw_rad, start_deg, rate_hz):
    rig = Rig(ControlSettings(rate_hz=rate_hz), SimulationSettings(start_yaw_deg=start_deg)).run(0.1)
    assert rig.until_end(rig.submit(go_to(x_m, y_m, yaw_rad))).state == 'done'
    assert_at(rig, (x_m, y_m, math.degrees(yaw_rad)))
