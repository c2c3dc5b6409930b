"""Orders to the controller about what is being done: cancel, pause, resume, adjust, answer."""

import math

import pytest
from control_rig import Rig, go_to, move, moving, pause, planned, states, turn

from voice_pipeline.control.motion import STILL
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.messages import Cancel, Pause, PauseArguments, Resume, SetSpeed


@pytest.fixture
def rig():
    return Rig().run(0.1)


def order(step, speed_mps=0.0, speed_dps=0.0):
    return planned(step, speed_mps=speed_mps, speed_dps=speed_dps)


def cancel(rig, **changes):
    return rig.submit(order(Cancel()), mode='cancel', **changes)


def hold(rig, duration_s=None, **changes):
    return rig.submit(order(Pause(PauseArguments(duration_s=duration_s))), mode='pause', **changes)


def resume(rig, **changes):
    return rig.submit(order(Resume()), mode='resume', **changes)


def adjust(rig, speed_mps, speed_dps, **changes):
    return rig.submit(order(SetSpeed(), speed_mps, speed_dps), mode='adjust', **changes)


STEPS = [
    move('forward', 1.5),
    turn(180.0),
    go_to(1.0, 1.0, 0.0),
    move('forward', duration_s=4.0),
    turn(direction='left', duration_s=3.0),
    pause(3.0),
]


def test_cancel_slows_down_and_drops_everything(rig):
    running, waiting = rig.submit(move('forward', 5.0)), rig.submit(turn(90.0), mode='append')
    rig.run(2.0)
    cancelled = cancel(rig)
    assert moving(rig.cycle().velocity)  # the rig holds every change against the limits
    rig.run(2.0)
    assert [rig.end_of(plan_id).state for plan_id in (running, waiting)] == ['stopped', 'stopped']
    assert 'cancelled' in rig.end_of(running).reason
    assert states(rig, cancelled) == ['running', 'done']
    assert not rig.controller.is_active
    assert rig.velocity is None
    assert rig.robot.true_pose.yaw_rad == pytest.approx(0.0, abs=0.01)


def test_what_was_said_before_the_cancel_is_not_done_after_it(rig):
    late = rig.plan(move('forward', 1.0), utterance_id='u2')
    rig.run(0.3)
    cancel(rig)
    rig.controller.submit(late, rig.now_ns())
    rig.run(0.5)
    assert rig.end_of(late.plan_id).state == 'refused'


@pytest.mark.parametrize('step', STEPS)
def test_held_work_stands_still_and_then_does_what_remains(step):
    undisturbed, rig = Rig().run(0.1), Rig().run(0.1)
    undisturbed.until_end(undisturbed.submit(step))
    plan_id = rig.submit(step)
    rig.run(1.5)
    held = hold(rig)
    rig.run(1.5)
    x_m, yaw_rad = rig.robot.true_pose.x_m, rig.robot.true_pose.yaw_rad
    rig.run(60.0)
    assert rig.velocity == STILL
    assert (rig.robot.true_pose.x_m, rig.robot.true_pose.yaw_rad) == (x_m, yaw_rad)
    assert rig.end_of(plan_id) is None
    assert rig.controller.is_active
    resumed = resume(rig)
    assert rig.until_end(plan_id).state == 'done'
    assert [states(rig, one) for one in (held, resumed)] == [['running', 'done']] * 2
    here, there = rig.robot.true_pose, undisturbed.robot.true_pose
    timed_slack = 0.3  # a timed motion loses the ramps of the hold
    assert (here.x_m, here.y_m) == pytest.approx((there.x_m, there.y_m), abs=timed_slack if step in STEPS[3:] else 0.03)


def test_the_time_of_a_step_does_not_run_while_it_is_held(rig):
    plan_id = rig.submit(move('forward', 0.6, timeout_s=3.5))
    rig.run(1.0)
    hold(rig)
    rig.run(30.0)
    resume(rig)
    assert rig.until_end(plan_id).state == 'done'


def test_held_work_keeps_saying_so_and_what_runs_says_nothing(rig):
    plan_id = rig.submit(move('forward', 2.0))
    rig.run(1.0)
    assert all(execution.reason == '' for execution in rig.reports_of(plan_id))
    hold(rig)
    before = len(rig.reports_of(plan_id))
    rig.run(2.0)
    during = rig.reports_of(plan_id)[before:]
    assert len(during) == pytest.approx(2.0 * rig.settings.execution_rate_hz, abs=1)
    assert {(execution.state, execution.reason) for execution in during} == {('running', 'paused')}
    resume(rig)
    rig.run(0.5)
    assert rig.reports_of(plan_id)[-1].reason == ''


def test_a_hold_with_a_time_ends_by_itself(rig):
    plan_id = rig.submit(move('forward', 1.0))
    rig.run(1.0)
    hold(rig, duration_s=5.0)
    rig.run(4.9)
    assert rig.velocity == STILL
    rig.run(0.2)
    assert moving(rig.velocity)
    assert rig.until_end(plan_id).state == 'done'


def test_what_is_appended_to_held_work_waits_with_it(rig):
    first = rig.submit(move('forward', 0.5))
    rig.run(0.5)
    hold(rig)
    second = rig.submit(turn(90.0), mode='append')
    rig.run(5.0)
    assert rig.velocity == STILL
    resume(rig)
    rig.until_end(second)
    assert [rig.end_of(plan_id).state for plan_id in (first, second)] == ['done', 'done']


def test_other_work_takes_the_place_of_what_is_held(rig):
    first = rig.submit(move('forward', 2.0))
    rig.run(1.0)
    hold(rig)
    rig.run(1.0)
    assert rig.until_end(rig.submit(turn(90.0), utterance_id='u2')).state == 'done'
    assert rig.end_of(first).state == 'replaced'


def test_a_stop_ends_what_is_held_for_good(rig):
    plan_id = rig.submit(move('forward', 2.0))
    rig.run(1.0)
    hold(rig)
    rig.run(1.0)
    rig.controller.stop('emergency button')
    assert rig.cycle().velocity == STILL
    resumed = resume(rig, speech_end_ns=rig.now_ns())
    rig.run(2.0)
    assert rig.end_of(plan_id).state == 'stopped'
    assert (rig.end_of(resumed).state, rig.end_of(resumed).reason) == ('refused', 'nothing is at work')
    assert not any(map(moving, rig.velocities[-25:]))


def test_a_resume_said_before_the_stop_does_not_undo_it(rig):
    rig.submit(move('forward', 2.0))
    rig.run(0.5)
    resumed = rig.plan(order(Resume()), mode='resume')
    rig.controller.stop('emergency button')
    rig.controller.submit(resumed, rig.now_ns())
    rig.run(1.0)
    assert rig.end_of(resumed.plan_id).state == 'refused'


@pytest.mark.parametrize('make', [cancel, hold])
def test_standing_still_is_obeyed_however_old_the_order_is(rig, make):
    rig.submit(move('forward', 5.0))
    rig.run(1.0)
    make(rig, age_s=60.0)
    rig.run(1.5)
    assert not moving(rig.velocity)


@pytest.mark.parametrize('make', [resume, lambda rig, **changes: adjust(rig, 0.5, 60.0, **changes)])
def test_going_on_is_not(rig, make):
    rig.submit(move('forward', 5.0))
    rig.run(1.0)
    order_id = make(rig, age_s=60.0)
    rig.run(0.5)
    assert 'old' in rig.end_of(order_id).reason


def test_orders_without_work_change_nothing(rig):
    orders = [cancel(rig), hold(rig), resume(rig), adjust(rig, 0.2, 20.0)]
    rig.run(1.0)
    assert [rig.end_of(plan_id).state for plan_id in orders] == ['done', 'done', 'refused', 'refused']
    assert rig.velocities == []
    assert rig.until_end(rig.submit(move('forward', 0.3), speech_end_ns=rig.now_ns())).state == 'done'


def fastest(rig, seconds):
    before = len(rig.velocities)
    rig.run(seconds)
    recent = rig.velocities[before:]
    return max(abs(v.linear_mps) for v in recent), max(abs(math.degrees(v.angular_rps)) for v in recent)


@pytest.mark.parametrize('step', [move('forward', 8.0), go_to(8.0, 0.0), move('backward', duration_s=15.0)])
@pytest.mark.parametrize('speed_mps', [0.2, 0.45, 9.0])
def test_adjust_changes_the_cruise_speed_within_the_limits(rig, step, speed_mps):
    plan_id = rig.submit(step)
    rig.run(3.0)
    adjust(rig, speed_mps, 60.0)
    rig.run(1.5)
    assert fastest(rig, 1.0)[0] == pytest.approx(min(speed_mps, rig.settings.max_speed_mps))
    assert rig.until_end(plan_id).state == 'done'


def test_adjust_reaches_the_steps_that_wait(rig):
    rig.submit(move('forward', 0.2))
    waiting = rig.submit(turn(720.0), mode='append')
    adjust(rig, 0.1, 30.0)
    while not rig.reports_of(waiting):
        rig.cycle()
    rig.run(2.0)
    assert fastest(rig, 1.0)[1] == pytest.approx(30.0)


def test_a_step_that_was_made_slower_may_take_longer(rig):
    plan_id = rig.submit(move('forward', 1.0, timeout_s=5.0))
    rig.run(0.5)
    adjust(rig, 0.1, 60.0)
    assert rig.until_end(plan_id).state == 'done'


def test_a_timed_drive_does_not_get_further_than_a_drive_may(rig):
    rig = Rig(ControlSettings(max_distance_m=2.0)).run(0.1)
    rig.submit(move('forward', duration_s=8.0, speed_mps=0.1))
    adjust(rig, 0.5, 60.0)
    rig.run(10.0)
    assert rig.robot.true_pose.x_m <= 2.0


@pytest.mark.parametrize(
    'steps', [[], [order(SetSpeed())], [order(SetSpeed(), math.nan, 60.0)], [order(SetSpeed(), 0.2, math.nan)]]
)
def test_an_adjustment_without_speeds_is_refused(rig, steps):
    plan_id = rig.submit(move('forward', 1.0))
    rig.run(0.5)
    bad = rig.submit(*steps, mode='adjust')
    assert rig.until_end(plan_id).state == 'done'
    assert rig.end_of(bad).state == 'refused'


def test_answers_are_ignored(rig):
    plan_id = rig.submit(move('forward', 1.0))
    rig.run(0.5)
    answer = rig.submit(mode='answer', say='I am at home.')
    assert rig.until_end(plan_id).state == 'done'
    assert rig.reports_of(answer) == []
