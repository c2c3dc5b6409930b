"""How the controller stops: at once, whoever asks for it and whatever is under way."""

import threading

import pytest
from control_rig import Rig, go_to, move, moving, states, turn

from voice_pipeline.control.motion import STILL
from voice_pipeline.control.settings import ControlSettings


@pytest.fixture
def rig():
    return Rig().run(0.1)


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
