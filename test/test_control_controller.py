"""Which plans the controller takes, how they follow on each other, and what it reports about them."""

import math

import pytest
from control_rig import EPOCH_NS, Rig, go_to, move, moving, pause, planned, states, turn

from voice_pipeline.control.motion import STILL
from voice_pipeline.messages import Execution, GoTo, GoToArguments, Query, SetSpeed, StageTrace, decode, encode
from voice_pipeline.simulation.robot import SimulatedRobot
from voice_pipeline.simulation.settings import SimulationSettings

NAN = math.nan


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
    ('a question', [planned(Query())], {}, 'cannot query'),
    ('a person', [planned(GoTo(GoToArguments(person='me')))], {}, 'no pose'),
    ('one bad of two', [move('forward', 1.0), planned(SetSpeed())], {}, 'cannot set_speed'),
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
    bad = rig.submit(planned(Query()))
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
