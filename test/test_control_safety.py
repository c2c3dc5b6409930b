"""What a clock that is set, odometry of another time, or any mixture of events makes the robot do: nothing unsafe."""

import pytest
from control_rig import ENDS, SQUARE, Rig, go_to, happen, move, pause, turn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voice_pipeline.control.motion import STILL, Odometry
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.zones import Area, SpeedZone, Zones
from voice_pipeline.simulation.settings import SimulationSettings

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
        st.fixed_dictionaries({'mode': st.sampled_from(['replace', 'append', 'stop', 'cancel', 'pause', 'resume'])}),
    ),
    st.tuples(st.just('run'), st.integers(1, 40)),
    st.tuples(st.just('cycle'), st.floats(-0.1, 0.7)),
    st.tuples(st.just('stop')),
    st.tuples(st.just('scan'), ranges),
    st.tuples(st.just('clock'), st.floats(-10.0, 10.0)),
    st.tuples(st.just('odometry'), st.builds(Odometry, st.floats(), st.floats(), st.floats(), st.integers(0, 3))),
)


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
