"""What the controller takes, refuses and reports, and how it stops."""

import math
import threading

import pytest
from control_rig import ENDS, EPOCH_NS, OMNI_SETTINGS, Rig, go_to, move, moving, pause, planned, turn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voice_pipeline.control.motion import STILL, Odometry, Velocity
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.steps import Drive
from voice_pipeline.messages import (
    Cancel,
    Execution,
    Follow,
    GoTo,
    Look,
    Move,
    MoveArguments,
    Pause,
    PauseArguments,
    Resume,
    Say,
    SetSpeed,
    StageTrace,
    Turn,
    TurnArguments,
    decode,
    encode,
)
from voice_pipeline.simulation.robot import SimulatedRobot
from voice_pipeline.simulation.settings import SimulationSettings

NAN = math.nan


def states(rig, plan_id):
    """The states reported for a plan, repetitions of `running` taken together."""
    seen = [execution.state for execution in rig.reports_of(plan_id)]
    return [state for index, state in enumerate(seen) if index == 0 or state != seen[index - 1]]


@pytest.fixture
def rig():
    return Rig().run(0.1)


# --- reports and the trace -----------------------------------------------------------------------------------------


def test_the_first_report_comes_with_the_first_velocity_and_carries_the_trace(rig):
    plan = rig.plan(move('forward', 1.0), revision=7, is_final=False, utterance_id='u42')
    received_ns = rig.now_ns()
    rig.controller.submit(plan, received_ns)
    tick = rig.cycle()
    assert moving(tick.velocity)
    (first,) = tick.executions
    own = StageTrace(name='control', received_ns=received_ns, finished_ns=rig.now_ns())
    assert first == Execution(
        utterance_id='u42',
        revision=7,
        is_final=False,
        speech_end_ns=plan.speech_end_ns,
        trace=(*plan.trace, own),
        plan_id=plan.plan_id,
        state='running',
    )
    assert decode(Execution, encode(first)) == first
    rig.until_end(plan.plan_id)
    assert all(execution.trace == () for execution in rig.reports_of(plan.plan_id)[1:])


def test_progress_grows_step_by_step_a_few_times_a_second(rig):
    plan_id = rig.submit(move('forward', 1.0), turn(90.0))
    began_s = rig.now_s
    end = rig.until_end(plan_id)
    reports = rig.reports_of(plan_id)
    places = [(execution.step, execution.progress) for execution in reports]
    assert places == sorted(places)
    assert (end.step, end.progress, end.reason) == (1, 1.0, '')
    assert states(rig, plan_id) == ['running', 'done']
    assert 3 <= len(reports) / (rig.now_s - began_s) <= 7


@pytest.mark.parametrize('back_m', [-0.1, 0.0])
def test_progress_does_not_go_back_with_the_robot(rig, back_m):
    plan_id = rig.submit(move('forward', 1.0))
    rig.run(1.0)
    rig.robot = SimulatedRobot(SimulationSettings(start_x_m=back_m))
    assert rig.until_end(plan_id).state == 'done'
    progress = [execution.progress for execution in rig.reports_of(plan_id)]
    assert progress == sorted(progress)
    assert 0.0 <= progress[0] <= progress[-1] <= 1.0


def test_idle_publishes_nothing_and_after_a_motion_zero_only_for_a_while(rig):
    assert rig.velocities == []
    rig.until_end(rig.submit(move('forward', 0.3)))
    rig.run(1.0)
    assert rig.velocity is None
    zeros = rig.velocities[::-1].index(next(filter(moving, reversed(rig.velocities))))
    assert zeros / rig.settings.rate_hz == pytest.approx(rig.settings.zero_hold_s, abs=0.05)


def test_a_pause_keeps_the_robot_standing_and_owned(rig):
    plan_id = rig.submit(pause(2.0))
    rig.run(1.5)
    assert rig.velocity == STILL
    assert rig.controller.is_active
    assert rig.until_end(plan_id).state == 'done'
    assert not rig.controller.is_active


# --- which plans are executed --------------------------------------------------------------------------------------


def test_drafts_are_ignored_and_do_not_use_up_their_id(rig):
    draft = rig.plan(move('forward', 1.0), plan_id='x', is_committed=False)
    rig.controller.submit(draft, rig.now_ns())
    rig.run(0.5)
    assert (rig.velocity, rig.executions) == (None, [])
    rig.submit(move('forward', 0.2), plan_id='x')
    assert rig.until_end('x').state == 'done'


def test_a_plan_is_executed_once_however_often_it_arrives(rig):
    plan = rig.plan(move('forward', 0.5))
    for _ in range(3):
        rig.controller.submit(plan, rig.now_ns())
        rig.run(0.4)
    rig.until_end(plan.plan_id)
    rig.controller.submit(plan, rig.now_ns())
    rig.run(1.0)
    assert states(rig, plan.plan_id) == ['running', 'done']
    assert rig.robot.true_pose.x_m == pytest.approx(0.5, abs=0.02)


REFUSALS = [
    ('too old', [move('forward', 1.0)], {'age_s': 5.0}, 'old'),
    ('of the future', [move('forward', 1.0)], {'age_s': -60.0}, 'future'),
    ('refused by the planner', [], {'refusal': 'that is too far'}, 'that is too far'),
    ('empty', [], {}, 'no steps'),
    ('too many steps', [turn(5.0)] * 21, {}, '20 steps'),
    ('too far', [move('forward', 1000.0)], {}, 'more than 20 m'),
    ('too far by time', [move('forward', duration_s=100.0)], {}, 'more than 20 m'),
    ('too long', [pause(1e6)], {}, 'more than 120 s'),
    ('too much turning', [turn(1e5)], {}, 'more than 720 deg'),
    ('a far place', [go_to(1000.0, 0.0)], {}, 'more than 20 m'),
    ('sideways', [move('left', 1.0)], {}, 'sideways'),
    ('nothing to measure', [move('forward')], {}, 'neither'),
    ('no angle', [turn(direction='left')], {}, 'neither'),
    ('no direction', [turn(duration_s=1.0)], {}, 'neither'),
    ('no duration', [pause(None)], {}, 'no duration'),
    ('no pose', [planned(GoTo())], {}, 'no pose'),
    ('no speed', [move('forward', 1.0, speed_mps=0.0)], {}, 'speed'),
    ('no turning speed', [turn(90.0, speed_dps=0.0)], {}, 'speed'),
    ('not a distance', [move('forward', NAN)], {}, 'not a positive number'),
    ('not an angle', [turn(NAN)], {}, 'not a positive number'),
    ('not a speed', [move('forward', 1.0, speed_mps=NAN)], {}, 'speed'),
    ('not a place', [go_to(NAN, 0.0)], {}, 'not a number'),
    ('not a heading', [go_to(1.0, 0.0, math.inf)], {}, 'not a number'),
    ('not a timeout', [move('forward', 1.0, timeout_s=math.inf)], {}, 'timeout'),
    ('backwards distance', [move('forward', -1.0)], {}, 'not a positive number'),
    ('follow', [planned(Follow())], {}, 'cannot follow'),
    ('say', [planned(Say())], {}, 'cannot say'),
    ('one bad of two', [move('forward', 1.0), planned(Look())], {}, 'cannot look'),
]


@pytest.mark.parametrize(('steps', 'changes', 'reason'), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_refused_with_a_reason_and_without_a_motion(rig, steps, changes, reason):
    plan_id = rig.submit(*steps, **changes)
    rig.run(1.0)
    (report,) = rig.reports_of(plan_id)
    assert report.state == 'refused'
    assert reason in report.reason
    assert report.trace[-1].name == 'control'
    assert rig.velocities == []


def test_a_time_is_judged_at_the_speed_the_robot_will_have(rig):
    plan_id = rig.submit(move('forward', duration_s=2.0, speed_mps=50.0))
    assert rig.until_end(plan_id).state == 'done'


def test_a_plan_without_trace_is_as_old_as_its_words(rig):
    fresh, stale = rig.plan(turn(10.0), trace=()), rig.plan(turn(10.0), trace=(), speech_end_ns=EPOCH_NS)
    rig.controller.submit(stale, rig.now_ns())
    rig.controller.submit(fresh, rig.now_ns())
    assert rig.until_end(fresh.plan_id).state == 'done'
    assert rig.end_of(stale.plan_id).state == 'refused'


def test_a_refused_plan_leaves_the_one_at_work_alone(rig):
    good = rig.submit(move('forward', 1.0))
    rig.run(0.5)
    bad = rig.submit(planned(Follow()))
    assert rig.until_end(good).state == 'done'
    assert rig.end_of(bad).state == 'refused'


def test_without_odometry_nothing_moves():
    rig = Rig()
    rig.has_odometry = False
    plan_id = rig.submit(move('forward', 1.0))
    rig.run(1.0)
    assert 'no odometry' in rig.end_of(plan_id).reason
    assert rig.velocities == []


# --- replace and append --------------------------------------------------------------------------------------------


def test_replace_drops_what_is_being_done_without_a_jerk(rig):
    first = rig.submit(move('forward', 5.0))
    waiting = rig.submit(turn(90.0), mode='append')
    rig.run(1.5)
    x_m = rig.robot.true_pose.x_m
    second = rig.submit(move('backward', 0.5), utterance_id='u2')
    assert moving(rig.cycle().velocity)
    assert rig.until_end(second).state == 'done'
    assert [rig.end_of(plan_id).state for plan_id in (first, waiting)] == ['replaced', 'replaced']
    assert second in rig.end_of(first).reason
    assert rig.robot.true_pose.x_m == pytest.approx(x_m - 0.5, abs=0.03)


def test_a_drive_that_replaces_a_turn_starts_along_the_heading_in_which_it_ends(rig):
    rig.submit(turn(360.0))
    rig.run(1.5)
    rig.until_end(rig.submit(move('forward', 1.0), utterance_id='u2'))
    turning = [velocity.angular_rps for velocity in rig.velocities]
    assert min(turning) > -0.1


def test_append_waits_its_turn(rig):
    first = rig.submit(move('forward', 0.5))
    rig.run(0.2)
    second = rig.submit(turn(90.0), mode='append')
    third = rig.submit(move('forward', 0.5), mode='append')
    rig.until_end(third)
    order = [execution.plan_id for execution in rig.executions if execution.state == 'done']
    assert order == [first, second, third]
    pose = rig.robot.true_pose
    assert (pose.x_m, pose.y_m) == pytest.approx((0.5, 0.5), abs=0.03)


def test_the_queue_is_bounded(rig):
    rig.submit(*[turn(90.0)] * 15)
    rig.submit(*[turn(90.0)] * 5, mode='append')
    full = rig.submit(turn(90.0), mode='append')
    rig.cycle()
    assert rig.end_of(full).state == 'refused'


# --- stop ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('step', [move('forward', 5.0), turn(720.0), go_to(3.0, 3.0)])
def test_stop_is_zero_on_the_very_next_tick(rig, step):
    running, waiting = rig.submit(step), rig.submit(turn(90.0), mode='append')
    rig.run(1.0)
    assert moving(rig.velocity)
    rig.controller.stop('emergency button')
    assert rig.cycle().velocity == STILL
    for plan_id in (running, waiting):
        assert (rig.end_of(plan_id).state, rig.end_of(plan_id).reason) == ('stopped', 'emergency button')
    rig.run(3.0)
    assert not any(map(moving, rig.velocities[-25:]))
    assert rig.velocity is None


def test_a_stop_is_published_even_when_nothing_moves(rig):
    rig.controller.stop('emergency button')
    assert rig.cycle().velocity == STILL


def test_what_was_said_before_the_stop_is_not_done_after_it(rig):
    late = rig.plan(move('forward', 1.0))
    rig.run(0.3)
    rig.controller.stop('emergency button')
    rig.cycle()
    rig.controller.submit(late, rig.now_ns())
    later = rig.submit(move('forward', 1.0))  # made now, but of words that ended before the stop
    rig.run(1.0)
    assert [rig.end_of(plan_id).state for plan_id in (late.plan_id, later)] == ['refused', 'refused']
    assert rig.robot.true_pose.x_m == 0.0


def test_words_after_the_stop_move_the_robot_again(rig):
    rig.submit(move('forward', 5.0))
    rig.run(1.0)
    rig.controller.stop('emergency button')
    rig.run(1.0)
    assert rig.until_end(rig.submit(turn(90.0))).state == 'done'


def test_a_stop_plan_stops_and_ends_done_with_its_trace(rig):
    running = rig.submit(move('forward', 5.0))
    rig.run(1.0)
    stop_id = rig.submit(mode='stop')
    assert rig.cycle().velocity == STILL
    assert rig.end_of(running).state == 'stopped'
    assert states(rig, stop_id) == ['running', 'done']
    assert rig.reports_of(stop_id)[0].trace[-1].finished_ns == rig.now_ns()


def test_a_stop_plan_is_obeyed_however_old_it_is(rig):
    rig.submit(move('forward', 5.0))
    rig.run(1.0)
    rig.submit(mode='stop', age_s=60.0)
    assert rig.cycle().velocity == STILL


def test_stop_and_turn_left_does_both(rig):
    rig.submit(move('forward', 5.0))
    rig.run(1.0)
    stop = rig.plan(mode='stop')
    rig.controller.submit(stop, rig.now_ns())
    rig.run(0.1)
    turning = rig.submit(turn(90.0), speech_end_ns=stop.speech_end_ns)
    assert rig.until_end(turning).state == 'done'


def test_a_plan_that_comes_with_the_stop_does_not_hide_the_zero(rig):
    rig.submit(move('forward', 5.0))
    rig.run(1.0)
    rig.controller.stop('emergency button')
    again = rig.submit(move('forward', 0.5), speech_end_ns=rig.now_ns())
    assert rig.cycle().velocity == STILL
    assert moving(rig.cycle().velocity)
    assert rig.until_end(again).state == 'done'


def test_a_tall_robot_may_brake_instead_of_locking_its_wheels():
    rig = Rig(ControlSettings(stop_deceleration_mps2=1.0, deceleration_mps2=1.0)).run(0.1)
    rig.submit(move('forward', 5.0, speed_mps=0.5))
    rig.run(2.0)
    rig.controller.stop('emergency button')
    assert rig.cycle().velocity.linear_mps == pytest.approx(0.48)
    rig.run(0.5)
    assert rig.velocity == STILL


def test_stop_from_another_thread_does_not_wait(rig):
    rig.submit(move('forward', 5.0))
    rig.run(1.0)
    thread = threading.Thread(target=rig.controller.stop, args=('emergency button',))
    thread.start()
    thread.join(timeout=10.0)
    assert not thread.is_alive()
    assert rig.cycle().velocity == STILL


# --- corrections ---------------------------------------------------------------------------------------------------


CORRECTIONS = [
    # what began, for how long, the correction, and where the robot then ends: x, y in m and yaw in degrees
    ([move('forward', 2.0)], 2.0, [move('forward', 3.0)], (3.0, 0.0, 0.0)),
    ([move('forward', 2.0)], 3.0, [move('forward', 0.5)], (0.5, 0.0, 0.0)),
    ([move('forward', 1.0)], 1.5, [move('backward', 1.0)], (-1.0, 0.0, 0.0)),
    ([turn(90.0)], 1.0, [turn(-90.0)], (0.0, 0.0, -90.0)),
    ([turn(90.0)], 0.8, [move('forward', 1.0), turn(90.0)], None),
    ([move('forward', 1.0), turn(90.0)], 1.5, [move('forward', 1.0), turn(-90.0)], (1.0, 0.0, -90.0)),
    ([move('forward', 0.5), turn(90.0)], 2.6, [move('forward', 0.5), turn(-90.0)], (0.5, 0.0, -90.0)),
    ([move('forward', 0.5)], 5.0, [move('forward', 1.0)], (1.0, 0.0, 0.0)),
    ([move('forward', 0.5)], 5.0, [turn(90.0)], (0.5, 0.0, 90.0)),
    ([move('forward', 0.5), turn(90.0)], 5.5, [move('forward', 0.5)], (0.5, 0.0, 90.0)),
    ([go_to(2.0, 0.0), turn(90.0)], 2.0, [go_to(2.0, 0.0), turn(-90.0)], (2.0, 0.0, -90.0)),
]


@pytest.mark.parametrize(('began', 'after_s', 'corrected', 'pose'), CORRECTIONS)
def test_a_correction_is_measured_from_where_its_step_began(rig, began, after_s, corrected, pose):
    first = rig.submit(*began)
    rig.run(after_s)
    second = rig.submit(*corrected)
    rig.cycle()
    assert (rig.end_of(first) or rig.reports_of(first)[-1]).state in ('replaced', 'done')
    assert rig.until_end(second).state == 'done'
    if pose is not None:
        here = rig.robot.true_pose
        assert (here.x_m, here.y_m) == pytest.approx(pose[:2], abs=0.03)
        assert math.degrees(here.yaw_rad) == pytest.approx(pose[2], abs=2.0)


def test_a_correction_of_what_comes_later_does_not_hold_up_the_step_at_work(rig):
    rig.submit(go_to(3.0, 0.0), turn(90.0))
    rig.run(3.0)
    rig.submit(go_to(3.0, 0.0), turn(-90.0))
    speeds = [rig.cycle().velocity.linear_mps for _ in range(50)]
    assert min(speeds) == pytest.approx(max(speeds))


def test_a_correction_counts_what_was_appended_to_its_utterance(rig):
    rig.submit(move('forward', 0.3))
    appended = rig.submit(turn(90.0), move('forward', 5.0), mode='append')
    while len({execution.step for execution in rig.reports_of(appended)}) < 2:
        rig.cycle()
    rig.run(0.5)
    assert rig.until_end(rig.submit(move('forward', 0.3), turn(90.0), move('forward', 0.6))).state == 'done'
    assert (rig.robot.true_pose.x_m, rig.robot.true_pose.y_m) == pytest.approx((0.3, 0.6), abs=0.03)


def test_the_same_words_of_another_utterance_are_another_command(rig):
    rig.until_end(rig.submit(move('forward', 0.5)))
    rig.until_end(rig.submit(move('forward', 0.5), utterance_id='u2'))
    assert rig.robot.true_pose.x_m == pytest.approx(1.0, abs=0.03)


def test_after_a_stop_there_is_nothing_to_correct(rig):
    rig.submit(move('forward', 2.0))
    rig.run(2.0)
    rig.controller.stop('emergency button')
    rig.run(0.5)
    x_m = rig.robot.true_pose.x_m
    rig.until_end(rig.submit(move('forward', 0.5), speech_end_ns=rig.now_ns()))
    assert rig.robot.true_pose.x_m == pytest.approx(x_m + 0.5, abs=0.03)


# --- orders: cancel, pause, resume, adjust, answer -----------------------------------------------------------------


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
    'steps', [[], [order(SetSpeed())], [order(SetSpeed(), NAN, 60.0)], [order(SetSpeed(), 0.2, NAN)]]
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


# --- faults --------------------------------------------------------------------------------------------------------


def ends_failing(rig, plan_id, limit_s=10.0):
    """Run until the plan failed; return the reason. Zero goes out with the failure."""
    for _ in range(round(limit_s * rig.settings.rate_hz)):
        tick = rig.cycle()
        if rig.end_of(plan_id):
            assert tick.velocity == STILL
            assert rig.end_of(plan_id).state == 'failed'
            return rig.end_of(plan_id).reason
    raise AssertionError('it did not fail')


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
    st.tuples(st.just('odometry'), st.booleans()),
    st.tuples(st.just('garbage'), st.builds(Odometry, st.floats(), st.floats(), st.floats(), st.integers(0, 3))),
)


def happen(rig, event):
    kind, *details = event
    if kind == 'plan':
        plan_id = rig.submit(*details[0], **details[1])
        return None if details[1]['mode'] == 'answer' else plan_id
    if kind == 'run':
        for _ in range(details[0]):
            rig.cycle()
    elif kind == 'cycle':
        rig.cycle(details[0])
    elif kind == 'stop':
        rig.controller.stop('random')
        assert rig.cycle().velocity == STILL
    elif kind == 'odometry':
        rig.has_odometry = details[0]
    else:
        rig.controller.update_odometry(details[0])
    return None


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
