"""What the robot drives into: nothing, whatever it is told, and whatever its scanner says."""

import math

import numpy as np
import pytest
from control_rig import EPS, NOISY, OMNI_SETTINGS, Rig, go_to, move, moving, planned, scan, turn
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_pipeline.control.motion import STILL
from voice_pipeline.control.obstacles import Scan, obstacle_points, room_m
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.way import IN_THE_WAY, NO_SCAN
from voice_pipeline.messages import Cancel, Pause
from voice_pipeline.simulation.settings import SimulationSettings
from voice_pipeline.simulation.world import Circle, World, load_world

NAN, INF = math.nan, math.inf
WALL_X_M = 2.0
WALL = World(walls=(((WALL_X_M, -3.0), (WALL_X_M, 3.0)),))
RADIUS_M = ControlSettings().footprint_radius_m
IDEAL = SimulationSettings(scan_noise_m=0.0)


def wall_rig(simulation=IDEAL, control=None, world=WALL):
    return Rig(control, simulation, world=world).run(0.2)


def clearance_m(rig, world=WALL):
    pose = rig.robot.true_pose
    return world.clearance_m(pose.x_m, pose.y_m) - RADIUS_M


TOWARDS_THE_WALL = [
    move('forward', 5.0, speed_mps=0.5),
    move('forward', duration_s=20.0),
    go_to(4.0, 0.5),
]


@pytest.mark.parametrize('step', TOWARDS_THE_WALL)
@pytest.mark.parametrize('simulation', [IDEAL, NOISY])
def test_a_wall_ahead_is_not_touched_and_ends_the_motion_after_a_while(step, simulation):
    rig = wall_rig(simulation)
    plan_id = rig.submit(step)
    while rig.end_of(plan_id) is None:
        rig.cycle()
        assert clearance_m(rig) >= rig.settings.obstacle_margin_m / 2
        assert not rig.robot.is_touching
    assert (rig.end_of(plan_id).state, rig.end_of(plan_id).reason) == ('failed', IN_THE_WAY)
    assert clearance_m(rig) == pytest.approx(rig.settings.obstacle_margin_m, abs=0.05)


def test_the_noise_of_the_scan_does_not_shuffle_a_robot_that_waits():
    rig = wall_rig(NOISY, ControlSettings(obstacle_wait_s=60.0))
    rig.submit(move('forward', 5.0))
    rig.run(8.0)
    before = len(rig.velocities)
    rig.run(30.0)
    assert set(rig.velocities[before:]) == {STILL}


def test_it_slows_down_within_its_deceleration_before_a_wall_that_it_saw_in_time():
    rig = wall_rig()
    rig.submit(move('forward', 5.0, speed_mps=0.5))
    rig.run(8.0)
    speeds = [velocity.linear_mps for velocity in rig.velocities]
    changes = np.diff(speeds) * rig.settings.rate_hz
    assert max(speeds) == pytest.approx(0.5)
    assert changes.min() >= -rig.settings.deceleration_mps2 - EPS


def test_what_steps_into_the_way_brakes_at_once_and_is_reported_while_the_robot_waits():
    rig = wall_rig()
    plan_id = rig.submit(move('forward', 1.4, speed_mps=0.5))
    rig.run(1.5)
    assert rig.velocity.linear_mps == pytest.approx(0.5)
    rig.scanner._world = World(circles={'foot': Circle(x_m=rig.robot.true_pose.x_m + 0.5, y_m=0.0, radius_m=0.1)})
    rig.run(0.16)
    assert rig.velocity == STILL
    rig.run(3.0)
    assert rig.velocity == STILL
    assert (rig.reports_of(plan_id)[-1].state, rig.reports_of(plan_id)[-1].reason) == ('running', IN_THE_WAY)
    rig.scanner._world = WALL
    assert rig.until_end(plan_id).state == 'done'
    assert rig.reports_of(plan_id)[-2].reason == ''
    assert rig.robot.true_pose.x_m == pytest.approx(1.4, abs=0.02)


def test_the_time_of_a_step_does_not_run_while_something_is_in_its_way():
    rig = wall_rig()
    plan_id = rig.submit(move('forward', 1.0, timeout_s=5.0))
    rig.run(1.0)
    rig.scanner._world = World(circles={'foot': Circle(x_m=rig.robot.true_pose.x_m + 0.5, y_m=0.0, radius_m=0.1)})
    rig.run(4.5)
    rig.scanner._world = WALL
    assert rig.until_end(plan_id).state == 'done'


@pytest.mark.parametrize(
    'end',
    [lambda rig: rig.submit(planned(Cancel()), mode='cancel'), lambda rig: rig.submit(planned(Pause()), mode='pause')],
)
def test_what_steps_into_the_way_is_not_hit_while_the_robot_slows_down_for_another_reason(end):
    rig = wall_rig()
    rig.submit(move('forward', 1.4, speed_mps=0.5))
    rig.run(1.5)
    end(rig)
    rig.cycle()
    rig.may_brake = True
    x_m = rig.robot.true_pose.x_m
    rig.scanner._world = World(circles={'foot': Circle(x_m=x_m + 0.33, y_m=0.0, radius_m=0.1)})
    rig.run(1.0)
    assert rig.velocity in (None, STILL)
    assert rig.robot.true_pose.x_m < x_m + 0.09


def test_beside_a_wall_it_drives_on_and_turns_and_drives_away():
    beside = World(walls=(((-3.0, 0.3), (6.0, 0.3)),))
    rig = wall_rig(world=beside)
    assert rig.until_end(rig.submit(move('forward', 2.0))).state == 'done'
    blocked = rig.submit(turn(90.0), move('forward', 1.0), utterance_id='u2')
    assert rig.until_end(blocked).reason == IN_THE_WAY
    assert rig.until_end(rig.submit(turn(180.0), move('forward', 1.0), utterance_id='u3')).state == 'done'
    assert clearance_m(rig, beside) == pytest.approx(1.08, abs=0.05)


def test_another_command_does_not_wait_for_the_way_of_the_one_before():
    rig = wall_rig()
    rig.submit(move('forward', 5.0))
    rig.run(6.0)
    assert rig.velocity == STILL
    rig.submit(turn(180.0), utterance_id='u2')
    assert moving(rig.cycle().velocity)


def test_backwards_and_sideways_it_looks_where_it_goes():
    around = World(walls=(((-0.8, -5.0), (-0.8, 0.6), (5.0, 0.6)),))
    rig = Rig(OMNI_SETTINGS, SimulationSettings(drive='omnidirectional'), world=around).run(0.2)
    for direction, distance_m in (('backward', 0.45), ('left', 0.25)):
        plan_id = rig.submit(move(direction, 3.0), utterance_id=direction)
        assert rig.until_end(plan_id).reason == IN_THE_WAY
        pose = rig.robot.true_pose
        assert (-pose.x_m if direction == 'backward' else pose.y_m) == pytest.approx(distance_m, abs=0.05)


def test_it_does_not_turn_into_what_stands_within_its_circle():
    settings_ = ControlSettings(footprint_radius_m=0.5)
    rig = wall_rig(control=settings_, world=World(circles={'leg': Circle(x_m=0.0, y_m=0.35, radius_m=0.05)}))
    plan_id = rig.submit(turn(90.0))
    assert rig.until_end(plan_id).reason == IN_THE_WAY
    assert rig.robot.true_pose.yaw_rad == 0.0


def test_a_scan_that_falls_silent_ends_driving_at_once_but_not_turning():
    rig = wall_rig()
    turning = rig.submit(turn(720.0))
    rig.run(1.0)
    rig.has_scan = False
    assert rig.until_end(turning).state == 'done'
    driving = rig.submit(move('forward', 0.5), utterance_id='u2')
    end = rig.until_end(driving)
    assert (end.state, end.reason) == ('failed', NO_SCAN)
    assert rig.robot.true_pose.x_m == 0.0
    rig.has_scan = True
    rig.run(0.2)
    assert rig.until_end(rig.submit(move('forward', 0.5), utterance_id='u3')).state == 'done'


def test_a_scan_that_falls_silent_on_the_way_stops_the_robot_until_it_is_back():
    rig = wall_rig()
    plan_id = rig.submit(move('forward', 1.4))
    rig.run(1.5)
    rig.has_scan, lost_s = False, rig.now_s
    while moving(rig.velocity):
        rig.cycle()
    assert rig.now_s - lost_s <= rig.settings.scan_timeout_s + 0.05
    rig.has_scan = True
    assert rig.until_end(plan_id).state == 'done'


SAYS_NOTHING = [[NAN] * 8, [0.01] * 8, [99.0] * 8, [0.0] * 8]


@pytest.mark.parametrize('ranges_m', SAYS_NOTHING)
def test_a_scan_that_says_nothing_is_as_good_as_none(ranges_m):
    rig = wall_rig()
    rig.has_scan = False
    rig.submit(move('forward', 1.4))
    for _ in range(100):
        rig.controller.update_scan(scan(ranges_m))
        rig.cycle()
    assert rig.velocity == STILL


@pytest.mark.parametrize('unusable', [None, *map(scan, SAYS_NOTHING)])
def test_with_a_scanner_that_never_says_anything_the_robot_turns_but_does_not_drive(unusable):
    rig = Rig().run(0.1)
    rig.controller.update_scan(unusable)
    assert rig.until_end(rig.submit(turn(20.0))).state == 'done'
    plan_id = rig.submit(move('forward', 1.0), utterance_id='u2')
    assert (rig.until_end(plan_id).state, rig.end_of(plan_id).reason) == ('failed', NO_SCAN)
    assert rig.robot.true_pose.x_m == 0.0


def test_a_beam_of_length_zero_is_no_obstacle_even_where_the_scanner_sees_from_zero_on():
    blind = Scan(first_rad=0.0, step_rad=1.0, nearest_m=0.0, furthest_m=9.0, ranges_m=np.array([0.0, INF, 2.0]))
    assert obstacle_points(blind, ControlSettings()).shape == (1, 2)


def test_a_frozen_scan_is_as_good_as_none():
    rig = wall_rig()
    rig.has_scan = False
    rig.submit(move('forward', 1.4))
    for _ in range(100):
        rig.controller.update_scan(scan([5.0] * 8, stamp_ns=7))
        rig.cycle()
    assert rig.velocity == STILL


def test_what_is_too_near_to_be_measured_is_in_the_way():
    rig = Rig().run(0.1)
    rig.controller.update_scan(scan([INF] * 4 + [-INF] + [INF] * 3))
    plan_id = rig.submit(move('forward', 1.0))
    rig.run(0.3)
    assert rig.reports_of(plan_id)[-1].reason == IN_THE_WAY
    assert rig.robot.true_pose.x_m == 0.0


@pytest.mark.parametrize(
    ('mounted', 'expected'),
    [({}, (1.0, 0.0)), ({'scan_x_m': 0.2, 'scan_y_m': -0.1}, (1.2, -0.1)), ({'scan_yaw_deg': 90.0}, (0.0, 1.0))],
)
def test_what_is_seen_is_where_it_is_however_the_scanner_is_mounted(mounted, expected):
    points = obstacle_points(scan([INF, INF, 1.0, INF]), ControlSettings(**mounted))
    assert points.tolist() == [pytest.approx(expected)]


@given(st.floats(0.3, 5.0), st.floats(-math.pi, math.pi), st.floats(-math.pi, math.pi))
def test_the_room_is_what_is_left_when_it_was_used(distance_m, bearing_rad, aside_rad):
    """Go as far as there is room: then the point is at its margin, neither nearer nor further."""
    point = distance_m * np.array([[math.cos(bearing_rad + aside_rad), math.sin(bearing_rad + aside_rad)]])
    ahead_m = room_m(point, bearing_rad, ControlSettings())
    if ahead_m == INF or ahead_m < 0.0:
        return
    gone = point - ahead_m * np.array([[math.cos(bearing_rad), math.sin(bearing_rad)]])
    assert room_m(gone, bearing_rad, ControlSettings()) == pytest.approx(0.0, abs=1e-6)
    assert np.hypot(*gone[0]) >= RADIUS_M


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.builds(go_to, st.floats(-2.0, 6.0), st.floats(-3.0, 3.0)),
            st.builds(move, st.sampled_from(['forward', 'backward']), st.floats(0.2, 5.0)),
            st.builds(turn, st.floats(-360.0, 360.0)),
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 1000),
)
def test_in_a_furnished_flat_nothing_is_touched_whatever_is_asked(steps, seed):
    simulation = SimulationSettings(noise_m=0.003, noise_deg=0.3, scan_noise_m=0.01, seed=seed)
    rig = Rig(ControlSettings(obstacle_wait_s=0.5), simulation, world=load_world('flat')).run(0.2)
    for index, step in enumerate(steps):
        rig.submit(step, utterance_id=f'u{index}', mode='append')
    for _ in range(2000):
        rig.cycle()
        assert not rig.robot.is_touching
        if not rig.controller.is_active:
            break
