"""What stands around the simulated robot: distances, laser beams, the file it is read from, the flat."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from voice_pipeline.control.motion import Odometry
from voice_pipeline.simulation.picture import Mark, save_picture
from voice_pipeline.simulation.scanner import NEAREST_M, LaserScanner
from voice_pipeline.simulation.settings import SimulationSettings
from voice_pipeline.simulation.world import Box, Circle, World, WorldError, load_world
from voice_pipeline.understanding.words.vocabulary import load_vocabulary

coordinates = st.floats(-5.0, 5.0)
sizes = st.floats(0.1, 2.0)
worlds = st.builds(
    World,
    walls=st.lists(st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=4).map(tuple), max_size=3).map(
        tuple
    ),
    boxes=st.dictionaries(
        st.sampled_from(['crate', 'desk']),
        st.builds(
            Box, x_m=coordinates, y_m=coordinates, length_m=sizes, width_m=sizes, yaw_deg=st.floats(-180.0, 180.0)
        ),
    ),
    circles=st.dictionaries(
        st.sampled_from(['column', 'plant']), st.builds(Circle, x_m=coordinates, y_m=coordinates, radius_m=sizes)
    ),
)


@pytest.mark.parametrize(
    ('world', 'expected'),
    [
        (World(), math.inf),
        (World(walls=(((1.0, -1.0), (1.0, 1.0)),)), 1.0),
        (World(walls=(((1.0, 1.0), (1.0, 2.0)),)), math.sqrt(2.0)),
        (World(walls=(((3.0, 4.0), (3.0, 4.0)),)), 5.0),
        (World(circles={'column': Circle(x_m=0.0, y_m=2.0, radius_m=0.5)}), 1.5),
        (World(circles={'column': Circle(x_m=0.0, y_m=0.5, radius_m=1.0)}), -0.5),
        (World(boxes={'crate': Box(x_m=2.0, y_m=0.0, length_m=2.0, width_m=4.0)}), 1.0),
        (World(boxes={'crate': Box(x_m=2.0, y_m=0.0, length_m=2.0, width_m=1.0, yaw_deg=90.0)}), 1.5),
        (World(boxes={'crate': Box(x_m=0.0, y_m=0.0, length_m=2.0, width_m=3.0)}), -1.0),
    ],
)
def test_the_clearance_is_the_distance_to_what_is_nearest(world, expected):
    assert world.clearance_m(0.0, 0.0) == pytest.approx(expected)


@given(worlds, coordinates, coordinates, coordinates, coordinates)
def test_the_clearance_changes_by_no_more_than_the_way(world, x_m, y_m, to_x_m, to_y_m):
    before, after = world.clearance_m(x_m, y_m), world.clearance_m(to_x_m, to_y_m)
    if not world.is_empty:
        assert abs(after - before) <= math.hypot(to_x_m - x_m, to_y_m - y_m) + 1e-9


@settings(max_examples=50)
@given(worlds, coordinates, coordinates)
def test_a_beam_ends_at_the_first_thing_on_its_way(world, x_m, y_m):
    assume(world.clearance_m(x_m, y_m) > 0.0)
    bearings = np.linspace(-math.pi, math.pi, 12)
    for bearing, reach_m in zip(bearings, world.ranges_m(x_m, y_m, bearings), strict=True):

        def clearance_m(way_m, bearing=bearing):
            return world.clearance_m(x_m + way_m * math.cos(bearing), y_m + way_m * math.sin(bearing))

        if math.isfinite(reach_m):
            assert abs(clearance_m(reach_m)) < 1e-6
        ways_m = np.linspace(0.0, min(reach_m, 20.0), 30, endpoint=False)
        assert all(clearance_m(way_m) > 0.0 for way_m in ways_m)


# --- the scanner ---------------------------------------------------------------------------------------------------


def scan(pose, world, **changes):
    values = {'scan_beams': 4, 'scan_range_m': 5.0, 'scan_noise_m': 0.0, **changes}
    return LaserScanner(SimulationSettings(**values), world).scan(pose)


def test_beams_are_counted_counter_clockwise_and_turn_with_the_robot():
    world = World(walls=(((-9.0, 2.0), (9.0, 2.0)), ((3.0, -9.0), (3.0, 9.0))))
    straight = scan(Odometry(0.0, 0.0, 0.0), world)
    assert straight.first_rad == -math.pi
    assert straight.ranges_m.tolist() == pytest.approx([math.inf, math.inf, 3.0, 2.0])
    assert scan(Odometry(0.0, 0.0, math.pi / 2), world).ranges_m.tolist() == pytest.approx(
        [math.inf, 3.0, 2.0, math.inf]
    )


def test_what_is_out_of_range_is_infinite_and_what_is_too_near_minus_infinite():
    world = World(walls=(((5.1, -1.0), (5.1, 1.0)), ((-NEAREST_M / 2, -1.0), (-NEAREST_M / 2, 1.0))))
    assert scan(Odometry(0.0, 0.0, 0.0), world).ranges_m.tolist() == [-math.inf, math.inf, math.inf, math.inf]


def test_scans_are_noisy_and_repeat_with_their_seed():
    world = World(circles={'ring': Circle(x_m=0.0, y_m=0.0, radius_m=2.0)})

    def ranges(seed):
        return scan(Odometry(0.0, 0.0, 0.0), world, scan_beams=3600, scan_noise_m=0.02, seed=seed).ranges_m

    assert ranges(1).tolist() == ranges(1).tolist() != ranges(2).tolist()
    assert ranges(1).mean() == pytest.approx(2.0, abs=0.002)
    assert ranges(1).std() == pytest.approx(0.02, rel=0.1)


# --- the file, the flat, the picture -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('wals: []', 'unknown field `wals`'),
        ('walls: [[[0, 0]]]', r'length >= 2 - at `\$.walls\[0\]`'),
        ('walls: [[[0, 0], [1, .nan]]]', r'>= -1000.0 - at `\$.walls\[0\]\[1\]\[1\]`'),
        ('circles: {column: {x_m: 0, y_m: 0}}', 'missing required field `radius_m`'),
        ('circles: {column: {x_m: 0, y_m: 0, radius_m: 0}}', 'radius_m'),
        ('boxes: {crate: {x_m: 5e9, y_m: 0, length_m: 1, width_m: 1}}', 'x_m'),
        ('- 1', 'Expected `object`, got `array`'),
        ('walls: [', 'not valid YAML'),
    ],
)
def test_a_wrong_file_is_refused_with_a_reason(tmp_path, text, said):
    path = tmp_path / 'mine.yaml'
    path.write_text(text)
    with pytest.raises(WorldError, match=said) as raised:
        load_world(str(path))
    assert str(path) in str(raised.value)


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(WorldError, match=r'/nowhere/world\.yaml: cannot be read'):
        load_world('/nowhere/world.yaml')


@pytest.mark.parametrize('text', ['', '{}'])
def test_an_empty_file_is_an_open_floor(tmp_path, text):
    path = tmp_path / 'empty.yaml'
    path.write_text(text)
    assert load_world(str(path)) == load_world('') == World()
    assert load_world('').is_empty


def room_m(world, start, end):
    ways = np.linspace(0.0, 1.0, 200)
    return min(
        world.clearance_m(start.x_m + way * (end.x_m - start.x_m), start.y_m + way * (end.y_m - start.y_m))
        for way in ways
    )


def test_the_flat_has_room_for_the_robot_at_every_place_and_on_the_way_there_from_home():
    world, places = load_world('flat'), load_vocabulary().places
    known = {name: pose for name, pose in places.items() if pose is not None}
    radius_m = SimulationSettings().radius_m
    cramped = [name for name, pose in known.items() if room_m(world, known['home'], pose) <= radius_m]
    assert cramped == []
    blocked = [pair for pair in combinations(known, 2) if room_m(world, known[pair[0]], known[pair[1]]) <= radius_m]
    assert blocked, 'something should be in the way somewhere'


def test_the_charger_is_where_the_robot_goes_to_charge():
    charger, place = load_world('flat').charger, load_vocabulary().places['charging station']
    assert (charger.x_m, charger.y_m) == (place.x_m, place.y_m)


def test_the_picture_shows_path_walls_and_places(tmp_path):
    path = [Odometry(x_m=index / 10, y_m=0.0, yaw_rad=0.0) for index in range(20)]
    bare, full = tmp_path / 'bare.png', tmp_path / 'new' / 'full.png'
    save_picture(bare, path)
    save_picture(full, path, [Mark('go', path[-1])], world=load_world('flat'), places=load_vocabulary().places)
    assert full.read_bytes().startswith(b'\x89PNG')
    assert bare.read_bytes() != full.read_bytes()
