"""Where the robot may drive, and how fast: it stays within its fence, and keeps to the speed zones."""

import math

import pytest
from control_rig import NOISY, SQUARE, Rig, go_to, move, turn
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.control.motion import STILL
from voice_pipeline.control.way import AT_THE_FENCE
from voice_pipeline.control.zones import Area, Ray, SpeedZone, Zones, ZonesError, load_zones
from voice_pipeline.simulation.robot import SimulatedRobot
from voice_pipeline.simulation.settings import SimulationSettings


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
        assert edge_m < math.inf
    for share in (0.01, 0.5, 0.99):
        along_m = share * min(edge_m, 10.0)
        if edge_m > 1e-6:
            assert L_SHAPE.contains(x_m + along_m * ray.dx, y_m + along_m * ray.dy) == is_inside
