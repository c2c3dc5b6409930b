"""What the robot drives into, out of and over: nothing, whatever a plan, a scan, the odometry or a clock says."""

import math

import numpy as np
import pytest
from control_rig import ENDS, EPS, OMNI_SETTINGS, Rig, go_to, move, moving, pause, planned, scan, turn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voice_pipeline.control.motion import STILL, Odometry
from voice_pipeline.control.obstacles import Scan, obstacle_points, room_m
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.way import AT_THE_FENCE, IN_THE_WAY, NO_SCAN
from voice_pipeline.control.zones import Area, Ray, SpeedZone, Zones, ZonesError, load_zones
from voice_pipeline.messages import Cancel, Pause
from voice_pipeline.simulation.robot import SimulatedRobot
from voice_pipeline.simulation.settings import SimulationSettings
from voice_pipeline.simulation.world import Circle, World, load_world

NAN, INF = math.nan, math.inf
WALL_X_M = 2.0
WALL = World(walls=(((WALL_X_M, -3.0), (WALL_X_M, 3.0)),))
RADIUS_M = ControlSettings().footprint_radius_m
NOISY = SimulationSettings(noise_m=0.005, noise_deg=0.5, slip=0.05, scan_noise_m=0.02, latency_s=0.05)
SQUARE = Area(((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)))
IDEAL = SimulationSettings(scan_noise_m=0.0)


def wall_rig(simulation=IDEAL, control=None, world=WALL):
    return Rig(control, simulation, world=world).run(0.2)


def clearance_m(rig, world=WALL):
    pose = rig.robot.true_pose
    return world.clearance_m(pose.x_m, pose.y_m) - RADIUS_M


# --- obstacles -----------------------------------------------------------------------------------------------------


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


# --- where the robot may drive -------------------------------------------------------------------------------------


@pytest.mark.parametrize('simulation', [SimulationSettings(), NOISY])
@pytest.mark.parametrize(
    'steps',
    [
        [move('forward', 5.0, speed_mps=0.5)],
        [move('backward', duration_s=20.0)],
        [turn(50.0), move('forward', 5.0)],
        [turn(135.0), move('forward', 5.0)],
    ],
)
def test_the_robot_stays_within_its_fence_and_says_why(steps, simulation):
    rig = Rig(simulation=simulation, zones=Zones(SQUARE)).run(0.1)
    plan_id = rig.submit(*steps)
    while rig.end_of(plan_id) is None:
        rig.cycle()
        assert max(abs(rig.robot.true_pose.x_m), abs(rig.robot.true_pose.y_m)) < 1.0
    assert (rig.end_of(plan_id).state, rig.end_of(plan_id).reason) == ('failed', AT_THE_FENCE)
    assert max(abs(rig.robot.true_pose.x_m), abs(rig.robot.true_pose.y_m)) > 0.85


def test_a_place_beyond_the_fence_is_refused():
    rig = Rig(zones=Zones(SQUARE)).run(0.1)
    plan_id = rig.submit(go_to(1.5, 0.0))
    rig.cycle()
    assert (rig.end_of(plan_id).state, rig.end_of(plan_id).reason) == (
        'refused',
        'the place is outside of where the robot may drive',
    )
    assert rig.until_end(rig.submit(go_to(0.8, 0.5))).state == 'done'


def test_who_is_outside_may_only_come_back():
    rig = Rig(simulation=SimulationSettings(start_x_m=1.5), zones=Zones(SQUARE)).run(0.1)
    began_s = rig.now_s
    assert rig.until_end(rig.submit(move('forward', 0.5))).reason == AT_THE_FENCE
    assert rig.now_s - began_s < 1.0, 'a fence does not go away'
    assert rig.robot.true_pose.x_m == 1.5
    assert rig.until_end(rig.submit(move('backward', 1.5), utterance_id='u2')).state == 'done'
    assert rig.robot.true_pose.x_m == pytest.approx(0.0, abs=0.02)


def test_who_is_pushed_out_stops_at_once():
    rig = Rig(zones=Zones(SQUARE)).run(0.1)
    plan_id = rig.submit(move('forward', 1.8))
    rig.run(1.5)
    rig.robot = SimulatedRobot(SimulationSettings(start_x_m=rig.robot.true_pose.x_m, start_y_m=1.2))
    assert rig.cycle().velocity == STILL
    rig.run(0.1)
    assert rig.end_of(plan_id).state == 'failed'


def test_in_a_speed_zone_it_is_as_slow_as_it_must_from_its_edge_on():
    zone = SpeedZone(Area(((1.0, -1.0), (2.0, -1.0), (2.0, 1.0), (1.0, 1.0))), 0.15)
    rig = Rig(zones=Zones(speed_zones={'carpet': zone})).run(0.1)
    plan_id = rig.submit(move('forward', 3.0, speed_mps=0.5, timeout_s=10.0))
    inside, outside = [], []
    while rig.end_of(plan_id) is None:
        rig.cycle()
        is_inside = zone.area.contains(rig.robot.true_pose.x_m, 0.0)
        (inside if is_inside else outside).append(rig.robot.true_pose.velocity.linear_mps or rig.velocity.linear_mps)
    assert max(inside[5:-5]) == pytest.approx(0.15, abs=0.01)
    assert max(outside) == pytest.approx(0.5)
    assert rig.end_of(plan_id).state == 'done'


def test_zones_from_a_file(tmp_path):
    file = tmp_path / 'zones.yaml'
    file.write_text(
        'geofence: [[-1, -2], [5, 2]]\n'
        'speed_zones:\n'
        '  kitchen: {corners: [[0, 0], [2, 0], [1, 1]], max_speed_mps: 0.2}\n'
    )
    zones = load_zones(str(file))
    assert zones.geofence.corners == ((-1, -2), (5, -2), (5, 2), (-1, 2))
    assert zones.speed_zones == {'kitchen': SpeedZone(Area(((0, 0), (2, 0), (1, 1))), 0.2)}
    assert load_zones('') == Zones()


@pytest.mark.parametrize(
    ('text', 'problem'),
    [
        ('geofence: 7', 'Expected `array'),
        ('geofence: [[0, 0]]', 'length >= 2'),
        ('geofence: [[0, 0], [0, 5]]', 'has no inside'),
        ('geofence: [[0, 0], [.nan, 5]]', 'Expected `float`'),
        ('geofence: [[0, 0], [.inf, 5]]', '10000'),
        ('fence: [[0, 0], [1, 1]]', 'unknown field `fence`'),
        ('speed_zones: {hall: {corners: [[0, 0], [1, 1]]}}', 'max_speed_mps'),
        ('speed_zones: {hall: {corners: [[0, 0], [1, 1]], max_speed_mps: 0}}', '0.02'),
        ('geofence: [', 'not valid YAML'),
    ],
)
def test_a_wrong_file_is_refused_with_a_reason(tmp_path, text, problem):
    file = tmp_path / 'zones.yaml'
    file.write_text(text)
    with pytest.raises(ZonesError) as caught:
        load_zones(str(file))
    assert str(file) in str(caught.value)
    assert problem in str(caught.value)


def test_a_missing_file_is_refused():
    with pytest.raises(ZonesError, match=r'/nowhere/zones\.yaml: cannot be read'):
        load_zones('/nowhere/zones.yaml')


L_SHAPE = Area(((0.0, 0.0), (4.0, 0.0), (4.0, 1.0), (1.0, 1.0), (1.0, 4.0), (0.0, 4.0)))


@pytest.mark.parametrize(
    ('x_m', 'y_m', 'is_inside'), [(0.5, 3.5, True), (3.5, 0.5, True), (2.0, 2.0, False), (-1.0, 0.5, False)]
)
def test_a_fence_may_have_corners_that_point_inwards(x_m, y_m, is_inside):
    assert L_SHAPE.contains(x_m, y_m) == is_inside


@given(st.floats(-1.0, 5.0), st.floats(-1.0, 5.0), st.floats(-math.pi, math.pi))
def test_to_the_first_edge_a_way_stays_on_its_side_of_the_fence(x_m, y_m, bearing_rad):
    ray = Ray.towards(x_m, y_m, bearing_rad)
    edge_m = L_SHAPE.first_edge_m(ray)
    is_inside = L_SHAPE.contains(x_m, y_m)
    if is_inside:
        assert edge_m < INF
    for share in (0.01, 0.5, 0.99):
        along_m = share * min(edge_m, 10.0)
        if edge_m > 1e-6:
            assert L_SHAPE.contains(x_m + along_m * ray.dx, y_m + along_m * ray.dy) == is_inside


# --- clocks and odometry -------------------------------------------------------------------------------------------


@pytest.mark.parametrize('jump_s', [-3600.0, -1.0, 1.0, 1e8])
def test_a_system_clock_that_is_set_stops_the_robot_and_is_forgiven_afterwards(jump_s):
    rig = Rig().run(0.1)
    plan_id = rig.submit(move('forward', 5.0))
    rig.run(1.0)
    rig.clock_error_s = jump_s
    assert rig.cycle().velocity == STILL
    assert 'the system clock was set by' in rig.end_of(plan_id).reason
    rig.run(0.5)
    assert rig.until_end(rig.submit(move('forward', 0.3), utterance_id='u2')).state == 'done'


def test_a_clock_that_is_slewed_stops_nothing():
    rig = Rig().run(0.1)
    plan_id = rig.submit(move('forward', 2.0))
    for _ in range(500):
        rig.clock_error_s += 0.001
        rig.cycle()
    assert rig.end_of(plan_id).state == 'done'


def test_a_stop_before_the_clock_was_set_back_does_not_hold_for_an_hour():
    rig = Rig().run(0.1)
    rig.controller.stop('emergency button')
    rig.run(1.0)
    rig.clock_error_s = -3600.0
    rig.run(0.5)
    assert rig.until_end(rig.submit(move('forward', 0.3))).state == 'done'


def test_odometry_that_goes_back_in_time_is_lost():
    rig = Rig().run(0.1)
    plan_id = rig.submit(move('forward', 5.0))
    rig.run(1.0)
    step, now_s = rig.robot.step, rig.now_s
    rig.robot.step = lambda at_s: step(at_s).__class__(0.4, 0.0, 0.0, round((2 * now_s - at_s) * 1e9))
    rig.run(0.6)
    assert 'no odometry for' in rig.end_of(plan_id).reason


def test_odometry_of_a_robot_that_was_started_again_is_taken_after_a_silence():
    rig = Rig().run(0.1)
    step = rig.robot.step
    rig.robot.step = lambda now_s: step(now_s).__class__(0.0, 0.0, 0.0, round((now_s - 900.0) * 1e9))
    plan_id = rig.submit(move('forward', 5.0))
    rig.run(0.6)
    assert 'no odometry for' in rig.end_of(plan_id).reason
    rig.run(0.6)
    assert rig.until_end(rig.submit(pause(0.1), utterance_id='u2')).state == 'done'


# --- whatever happens ----------------------------------------------------------------------------------------------

ranges = st.lists(st.one_of(st.floats(0.0, 12.0), st.floats()), min_size=4, max_size=8)
steps = st.one_of(
    st.builds(move, st.sampled_from(['forward', 'backward', 'left', None]), st.one_of(st.none(), st.floats(0.05, 9.0))),
    st.builds(turn, st.floats(-400.0, 400.0)),
    st.builds(go_to, st.floats(-3, 3), st.floats(-3, 3)),
)
events = st.one_of(
    st.tuples(
        st.just('plan'),
        st.lists(steps, max_size=2),
        st.sampled_from(['replace', 'append', 'stop', 'cancel', 'pause', 'resume']),
    ),
    st.tuples(st.just('run'), st.integers(1, 40)),
    st.tuples(st.just('cycle'), st.floats(-0.1, 0.7)),
    st.tuples(st.just('stop')),
    st.tuples(st.just('scan'), ranges),
    st.tuples(st.just('clock'), st.floats(-10.0, 10.0)),
    st.tuples(st.just('odometry'), st.builds(Odometry, st.floats(), st.floats(), st.floats(), st.integers(0, 3))),
)


def happen(rig, event):
    kind, *details = event
    if kind == 'plan':
        return rig.submit(*details[0], mode=details[1])
    if kind == 'run':
        for _ in range(details[0]):
            rig.cycle()
    elif kind == 'cycle':
        rig.cycle(details[0])
    elif kind == 'stop':
        rig.controller.stop('random')
        assert rig.cycle().velocity == STILL
    elif kind == 'scan':
        rig.controller.update_scan(scan(details[0]))
    elif kind == 'clock':
        rig.clock_error_s = details[0]
    else:
        rig.controller.update_odometry(details[0])
    return None


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(events, min_size=3, max_size=25))
def test_no_scan_clock_odometry_or_plan_breaks_a_limit_or_lasts_for_ever(sequence):
    zone = SpeedZone(Area(((0.5, -1.0), (1.0, -1.0), (1.0, 1.0), (0.5, 1.0))), 0.1)
    rig = Rig(
        ControlSettings(max_lateral_mps=0.3, max_step_s=10.0, obstacle_wait_s=1.0),
        SimulationSettings(drive='omnidirectional'),
        zones=Zones(SQUARE, {'slow': zone}),
    ).run(0.1)
    plan_ids = [happen(rig, event) for event in sequence]  # the rig holds every velocity against the limits
    rig.run(2.0)
    rig.controller.stop('the end')
    assert rig.cycle().velocity == STILL
    for plan_id in filter(None, plan_ids):
        assert sum(execution.state in ENDS for execution in rig.reports_of(plan_id)) == 1
