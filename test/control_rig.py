"""A controller and a simulated robot in one loop, on a clock that is turned by hand."""

import math
from itertools import count

from voice_pipeline.control.controller import Controller
from voice_pipeline.control.motion import STILL, Velocity
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.messages import (
    GoTo,
    GoToArguments,
    Move,
    MoveArguments,
    Pause,
    PauseArguments,
    Plan,
    PlannedStep,
    Pose2D,
    StageTrace,
    Turn,
    TurnArguments,
)
from voice_pipeline.simulation.robot import SimulatedRobot
from voice_pipeline.simulation.settings import SimulationSettings

EPOCH_NS = 1_700_000_000_000_000_000
ENDS = {'done', 'stopped', 'refused', 'failed', 'replaced'}
EPS = 1e-9
OMNI_SETTINGS = ControlSettings(max_lateral_mps=0.3)


def planned(step, speed_mps=0.4, speed_dps=60.0, timeout_s=100.0, goal=None):
    return PlannedStep(step=step, speed_mps=speed_mps, speed_dps=speed_dps, timeout_s=timeout_s, goal=goal)


def move(direction, distance_m=None, duration_s=None, **bounds):
    return planned(Move(MoveArguments(direction=direction, distance_m=distance_m, duration_s=duration_s)), **bounds)


def turn(angle_deg=None, direction=None, duration_s=None, **bounds):
    return planned(Turn(TurnArguments(angle_deg=angle_deg, direction=direction, duration_s=duration_s)), **bounds)


def pause(duration_s, **bounds):
    return planned(Pause(PauseArguments(duration_s=duration_s)), **bounds)


def go_to(x_m, y_m, yaw_rad=None, **bounds):
    goal = Pose2D(x_m=x_m, y_m=y_m, yaw_rad=yaw_rad)
    return planned(GoTo(GoToArguments(place='kitchen')), goal=goal, **bounds)


class Rig:
    """`cycle` is one control period; every velocity that comes out is held against the limits at once."""

    def __init__(self, settings=None, simulation=None):
        self.settings = settings or ControlSettings()
        self.now_s = 1000.0
        self.robot = SimulatedRobot(simulation or SimulationSettings())
        self.controller = Controller(self.settings, clock_s=lambda: self.now_s, clock_ns=self.now_ns)
        self.has_odometry = True
        self.executions = []
        self.velocity = None
        self.velocities = []
        self._ids = count()

    def now_ns(self):
        return EPOCH_NS + round(self.now_s * 1e9)

    def plan(self, *steps, age_s=0.0, **changes):
        """A committed plan whose words ended 0.2 s before it was made, `age_s` ago."""
        made_ns = self.now_ns() - round(age_s * 1e9)
        values = {
            'utterance_id': 'u1',
            'revision': 3,
            'is_final': True,
            'speech_end_ns': made_ns - 200_000_000,
            'trace': (StageTrace(name='planning', received_ns=made_ns - 1_000_000, finished_ns=made_ns),),
            'plan_id': f'p{next(self._ids)}',
            'is_committed': True,
            'steps': steps,
        }
        return Plan(**{**values, **changes})

    def submit(self, *steps, **changes):
        plan = self.plan(*steps, **changes)
        self.controller.submit(plan, self.now_ns())
        return plan.plan_id

    def cycle(self, dt_s=None):
        dt_s = 1.0 / self.settings.rate_hz if dt_s is None else dt_s
        self.now_s += dt_s
        odometry = self.robot.step(self.now_s)
        if self.has_odometry:
            self.controller.update_odometry(odometry)
        tick = self.controller.tick()
        self.executions += tick.executions
        self._check(tick, max(0.0, dt_s))
        self.velocity = tick.velocity
        if tick.velocity is not None:
            self.velocities.append(tick.velocity)
            self.robot.command(tick.velocity, self.now_s)
        return tick

    def run(self, seconds):
        for _ in range(round(seconds * self.settings.rate_hz)):
            self.cycle()
        return self

    def until_end(self, plan_id, limit_s=200.0):
        """Run until the plan has ended and the robot rests; return the last report of the plan."""
        for _ in range(round(limit_s * self.settings.rate_hz)):
            self.cycle()
            if self.end_of(plan_id) and self.velocity in (None, STILL):
                self.run(0.2)
                return self.end_of(plan_id)
        raise AssertionError(f'{plan_id} did not end within {limit_s} s')

    def reports_of(self, plan_id):
        return [execution for execution in self.executions if execution.plan_id == plan_id]

    def end_of(self, plan_id):
        ends = [execution for execution in self.reports_of(plan_id) if execution.state in ENDS]
        assert len(ends) <= 1
        return ends[0] if ends else None

    def _check(self, tick, dt_s):
        """No velocity beyond the limits; no change beyond the accelerations, but for an emergency stop to zero."""
        settings, velocity = self.settings, tick.velocity or STILL
        assert velocity.is_finite
        assert abs(velocity.linear_mps) <= settings.max_speed_mps + EPS
        assert abs(velocity.lateral_mps) <= settings.max_lateral_mps + EPS
        assert abs(velocity.angular_rps) <= math.radians(settings.max_speed_dps) + EPS
        previous = self.velocity or STILL
        if velocity == STILL and any(execution.state in ('stopped', 'failed') for execution in tick.executions):
            return
        linear = max(settings.acceleration_mps2, settings.deceleration_mps2) * dt_s + EPS
        assert abs(velocity.linear_mps - previous.linear_mps) <= linear
        assert abs(velocity.lateral_mps - previous.lateral_mps) <= linear
        angular = math.radians(settings.angular_acceleration_dps2) * dt_s + EPS
        assert abs(velocity.angular_rps - previous.angular_rps) <= angular


def moving(velocity):
    return velocity is not None and velocity != Velocity()
