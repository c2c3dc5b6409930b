"""Faults of odometry, clock and robot end a motion, and no sequence of events breaks a limit."""

import math

import pytest
from control_rig import ENDS, OMNI_SETTINGS, Rig, go_to, happen, move, planned, scan, turn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voice_pipeline.control.motion import STILL, Odometry, Velocity
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.steps import Drive
from voice_pipeline.control.way import NO_SCAN
from voice_pipeline.messages import Execution, Move, MoveArguments, Turn, TurnArguments, decode, encode
from voice_pipeline.simulation.robot import SimulatedRobot
from voice_pipeline.simulation.settings import SimulationSettings

NAN = math.nan


@pytest.fixture
def rig():
    return Rig().run(0.1)


def ends_failing(rig, plan_id, limit_s=10.0):
    """Run until the plan failed; return the reason. Zero goes out with the failure."""
    for _ in range(round(limit_s * rig.settings.rate_hz)):
        tick = rig.cycle()
        if rig.end_of(plan_id):
            assert tick.velocity == STILL
            assert rig.end_of(plan_id).state == 'failed'
            return rig.end_of(plan_id).reason
    raise AssertionError('it did not fail')


def test_it_tells_what_keeps_it_from_driving():
    rig = Rig()
    assert rig.controller.problem == 'no odometry was received'
    rig.run(0.1)
    assert rig.controller.problem == ''
    rig.controller.update_scan(None)  # there is a scanner, and it has said nothing yet
    assert rig.controller.problem == NO_SCAN
    rig.controller.update_scan(scan([9.0] * 8, stamp_ns=rig.now_ns()))
    assert rig.controller.problem == ''
    rig.has_odometry = False
    rig.run(1.0)
    assert rig.controller.problem.startswith('no odometry for')


def test_lost_odometry_ends_the_motion(rig):
    plan_id, waiting = rig.submit(move('forward', 5.0)), rig.submit(turn(90.0), mode='append')
    rig.run(1.0)
    rig.has_odometry = False
    lost_s = rig.now_s
    assert 'no odometry for' in ends_failing(rig, plan_id)
    assert rig.now_s - lost_s <= rig.settings.odom_timeout_s + 0.05
    assert rig.end_of(waiting).state == 'stopped'


def test_odometry_that_repeats_its_stamp_is_lost(rig):
    plan_id = rig.submit(move('forward', 5.0))
    rig.run(1.0)
    frozen = rig.robot.step(rig.now_s)
    rig.robot.step = lambda now_s: frozen
    assert 'no odometry for' in ends_failing(rig, plan_id)


@pytest.mark.parametrize('step', [move('forward', 5.0), turn(720.0), go_to(-3.0, 3.0), move('forward', duration_s=9.0)])
def test_a_robot_that_is_stuck_fails(step):
    rig = Rig(simulation=SimulationSettings(slip=1.0)).run(0.1)
    began_s = rig.now_s
    assert 'as commanded' in ends_failing(rig, rig.submit(step))
    assert rig.now_s - began_s < 2 * rig.settings.stall_s


@pytest.mark.parametrize('step', [move('forward', 5.0), turn(720.0)])
def test_a_robot_that_moves_the_other_way_fails(rig, step):
    command = rig.robot.command
    rig.robot.command = lambda v, now_s: command(Velocity(-v.linear_mps, 0.0, -v.angular_rps), now_s)
    assert 'as commanded' in ends_failing(rig, rig.submit(step))
    assert abs(rig.robot.true_pose.x_m) < 1.0


def test_a_robot_that_drifts_while_driving_is_not_stuck(rig):
    command = rig.robot.command
    rig.robot.command = lambda v, now_s: command(Velocity(v.linear_mps, 0.0, v.angular_rps - 0.15), now_s)
    assert rig.until_end(rig.submit(move('forward', 3.0))).state == 'done'


def test_a_step_that_takes_too_long_fails(rig):
    assert 'longer than 1.0 s' in ends_failing(rig, rig.submit(move('forward', 5.0, timeout_s=1.0)))


def test_the_settings_bound_the_time_of_a_step():
    rig = Rig(ControlSettings(max_step_s=2.0)).run(0.1)
    assert 'longer than 2.0 s' in ends_failing(rig, rig.submit(move('forward', 5.0, timeout_s=1e9)))


@pytest.mark.parametrize(('change', 'reason'), [({'x_m': 50.0}, 'leapt by'), ({'yaw_rad': 3.0}, 'degrees')])
def test_a_leap_of_the_odometry_ends_the_motion_but_is_forgiven_at_rest(rig, change, reason):
    plan_id = rig.submit(move('forward', 5.0))
    rig.run(1.0)
    step = rig.robot.step

    def leaping(now_s):
        pose = step(now_s)
        values = {'x_m': pose.x_m, 'y_m': pose.y_m, 'yaw_rad': pose.yaw_rad}
        return Odometry(**{name: value + change.get(name, 0.0) for name, value in values.items()})

    rig.robot.step = leaping
    assert reason in ends_failing(rig, plan_id)
    assert rig.until_end(rig.submit(turn(90.0))).state == 'done'


@pytest.mark.parametrize('bad', [Odometry(NAN, 0, 0), Odometry(0, math.inf, 0), Odometry(0, 0, NAN)])
def test_odometry_that_is_not_a_number_is_as_good_as_none(rig, bad):
    plan_id = rig.submit(move('forward', 5.0))
    rig.run(1.0)
    rig.robot.step = lambda now_s: bad
    assert 'no odometry for' in ends_failing(rig, plan_id)


@pytest.mark.parametrize(('dt_s', 'reason'), [(0.8, 'paused for 0.8 s'), (-5.0, 'went backwards')])
def test_a_clock_that_cannot_be_trusted_stops_the_robot(rig, dt_s, reason):
    plan_id = rig.submit(move('forward', 5.0))
    rig.run(1.0)
    assert rig.cycle(dt_s).velocity == STILL
    assert rig.end_of(plan_id).state == 'stopped'
    assert reason in rig.end_of(plan_id).reason


def test_a_late_cycle_does_not_leap(rig):
    rig.submit(move('forward', 5.0))
    rig.run(0.2)
    before_mps = rig.velocity.linear_mps
    faster_mps = rig.cycle(0.4).velocity.linear_mps - before_mps
    assert 0.0 < faster_mps <= rig.settings.acceleration_mps2 * 2 / rig.settings.rate_hz + 1e-9


def test_after_a_clock_jump_old_odometry_and_old_zeros_count_no_more(rig):
    rig.until_end(rig.submit(move('forward', 0.3)))
    assert rig.velocity == STILL
    rig.cycle(-60.0)
    assert rig.velocity is None
    plan_id = rig.submit(move('forward', 0.3), speech_end_ns=rig.now_ns())
    rig.cycle()
    assert 'no odometry' in rig.end_of(plan_id).reason


def test_a_wanted_velocity_that_is_not_a_number_never_gets_out(rig, monkeypatch):
    plan_id = rig.submit(move('forward', 5.0))
    rig.run(1.0)
    monkeypatch.setattr(Drive, 'update', lambda self, cycle: Velocity(NAN))
    assert 'not a number' in ends_failing(rig, plan_id)


def test_a_leap_at_rest_is_no_fault(rig):
    rig.robot = SimulatedRobot(SimulationSettings(start_x_m=50.0))
    rig.cycle()
    assert rig.until_end(rig.submit(move('forward', 0.3))).state == 'done'


def test_a_gap_without_a_motion_is_harmless(rig):
    rig.cycle(60.0)
    assert rig.velocity is None
    rig.cycle()
    assert rig.until_end(rig.submit(move('forward', 0.5))).state == 'done'


@pytest.mark.parametrize('rate_hz', [20.0, 200.0])
def test_uneven_cycles_change_nothing(rate_hz):
    rig = Rig(ControlSettings(rate_hz=rate_hz)).run(0.1)
    plan_id = rig.submit(move('forward', 1.0))
    for index in range(10_000):
        rig.cycle((0.0, 0.4, 1.0, 1.6, 2.0)[index % 5] / rate_hz)
        if rig.end_of(plan_id):
            break
    rig.run(0.5)
    assert rig.end_of(plan_id).state == 'done'
    assert rig.robot.true_pose.x_m == pytest.approx(1.0, abs=0.02)


# --- whatever happens ----------------------------------------------------------------------------------------------


numbers = st.one_of(st.floats(0.001, 30.0), st.floats())
directions = st.sampled_from(['forward', 'backward', 'left', 'right', None])
any_step = st.one_of(
    st.builds(
        lambda direction, distance_m, duration_s: Move(
            MoveArguments(direction=direction, distance_m=distance_m, duration_s=duration_s)
        ),
        directions,
        st.one_of(st.none(), numbers),
        st.one_of(st.none(), numbers),
    ),
    st.builds(lambda angle_deg: Turn(TurnArguments(angle_deg=angle_deg)), st.one_of(st.floats(-900, 900), st.floats())),
)
any_planned = st.one_of(
    st.builds(planned, any_step, numbers, numbers, numbers),
    st.builds(
        go_to, st.one_of(st.floats(-5, 5), st.floats()), st.floats(-5, 5), st.one_of(st.none(), st.floats(-4, 4))
    ),
)
sane_planned = st.one_of(
    st.builds(move, st.sampled_from(['forward', 'backward', 'left']), st.floats(0.05, 3.0)),
    st.builds(turn, st.floats(1.0, 400.0)),
    st.builds(go_to, st.floats(-3, 3), st.floats(-3, 3)),
)
plans = st.tuples(
    st.just('plan'),
    st.lists(st.one_of(sane_planned, any_planned), max_size=3),
    st.fixed_dictionaries(
        {
            'mode': st.sampled_from(
                ['replace', 'append', 'append', 'stop', 'cancel', 'pause', 'resume', 'adjust', 'answer']
            ),
            'utterance_id': st.sampled_from(['u1', 'u1', 'u2']),
            'age_s': st.sampled_from([-9.0, 0.0, 0.0, 9.0]),
        }
    ),
)
events = st.one_of(
    plans,
    st.tuples(st.just('run'), st.integers(1, 60)),
    st.tuples(st.just('cycle'), st.floats(-0.1, 0.7)),
    st.tuples(st.just('stop')),
    st.tuples(st.just('has odometry'), st.booleans()),
    st.tuples(st.just('odometry'), st.builds(Odometry, st.floats(), st.floats(), st.floats(), st.integers(0, 3))),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(events, min_size=3, max_size=25))
def test_no_sequence_of_events_breaks_a_limit_or_loses_a_plan(sequence):
    rig = Rig(OMNI_SETTINGS, SimulationSettings(drive='omnidirectional')).run(0.1)
    plan_ids = [happen(rig, event) for event in sequence]  # the rig checks every velocity
    rig.controller.stop('the end')
    assert rig.cycle().velocity == STILL
    for plan_id in filter(None, plan_ids):
        assert sum(execution.state in ENDS for execution in rig.reports_of(plan_id)) == 1
        assert all(0.0 <= execution.progress <= 1.0 for execution in rig.reports_of(plan_id))
        assert rig.end_of(plan_id).state == 'done' or rig.end_of(plan_id).reason
        assert decode(Execution, encode(rig.end_of(plan_id))) == rig.end_of(plan_id)
