"""A controller and a simulated robot in one loop, on a clock that is turned by hand."""

import math
from itertools import count

import numpy as np

from voice_pipeline.control.controller import Controller
from voice_pipeline.control.errands import Answer
from voice_pipeline.control.motion import STILL, Velocity
from voice_pipeline.control.obstacles import Scan
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.way import AT_THE_FENCE, IN_THE_WAY, NO_SCAN
from voice_pipeline.control.zones import NO_ZONES, Area
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
    SkillRequest,
    StageTrace,
    Turn,
    TurnArguments,
)
from voice_pipeline.simulation.robot import SimulatedRobot
from voice_pipeline.simulation.scanner import NEAREST_M, LaserScanner
from voice_pipeline.simulation.settings import SimulationSettings

EPOCH_NS = 1_700_000_000_000_000_000
ENDS = {'done', 'stopped', 'refused', 'failed', 'replaced'}
EPS = 1e-9
SCAN_PERIOD_S = 0.1
ABRUPT = (IN_THE_WAY, NO_SCAN, AT_THE_FENCE)
OMNI_SETTINGS = ControlSettings(max_lateral_mps=0.3)
NOISY = SimulationSettings(noise_m=0.005, noise_deg=0.5, slip=0.05, scan_noise_m=0.02, latency_s=0.05)
SQUARE = Area(((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)))


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

    def __init__(
        self, settings=None, simulation=None, world=None, skills=None, zones=NO_ZONES, can_navigate=lambda: False
    ):
        self.settings = settings or ControlSettings()
        self.now_s = 1000.0
        self.clock_error_s = 0.0
        self.robot = SimulatedRobot(simulation or SimulationSettings(), world)
        self.scanner = LaserScanner(simulation or SimulationSettings(), world) if world else None
        self.scanned_s = 0.0
        self.skills = skills
        self.requests = []
        self.controller = Controller(
            self.settings,
            clock_s=lambda: self.now_s,
            clock_ns=self.now_ns,
            zones=zones,
            can_navigate=can_navigate,
        )
        self.has_odometry = self.has_scan = True
        self.may_brake = False  # without a report: nothing is at work any more
        self.executions = []
        self.velocity = None
        self.velocities = []
        self._ids = count()

    def now_ns(self):
        return EPOCH_NS + round((self.now_s + self.clock_error_s) * 1e9)

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
        self._scan()
        self._work()
        tick = self.controller.tick()
        self.requests += tick.requests
        if self.skills:
            for request in tick.requests:
                self.skills.request(request, self.now_s)
        self.executions += tick.executions
        self._check(tick, max(0.0, dt_s))
        self.velocity = tick.velocity
        if tick.velocity is not None:
            self.velocities.append(tick.velocity)
            self.robot.command(tick.velocity, self.now_s)
        return tick

    def _scan(self):
        if self.scanner is None or not self.has_scan or 0.0 <= self.now_s - self.scanned_s < SCAN_PERIOD_S:
            return
        self.scanned_s = self.now_s
        seen = self.scanner.scan(self.robot.true_pose)
        self.controller.update_scan(scan(seen.ranges_m, first_rad=seen.first_rad, stamp_ns=self.now_ns()))

    def _work(self):
        for result in self.skills.step(self.now_s) if self.skills else ():
            self.answer(result.skill_id, result.state, result.progress, result.reason)

    def answer(self, errand_id, state, progress=0.0, reason=''):
        """Say how far somebody is whom the controller asked."""
        self.controller.update_errand(errand_id, Answer(state, progress, reason))

    def asked(self):
        """The actions that skills were asked for, "-" before those that were cancelled."""
        skills = [one for one in self.requests if isinstance(one, SkillRequest)]
        return [f'{"-" * one.is_cancelled}{one.step.__struct_config__.tag}' for one in skills]

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
        is_emergency = any(one.state in ('stopped', 'failed') or one.reason in ABRUPT for one in tick.executions)
        if velocity == STILL and (is_emergency or self.may_brake):
            return
        linear = max(settings.acceleration_mps2, settings.deceleration_mps2) * dt_s + EPS
        assert abs(velocity.linear_mps - previous.linear_mps) <= linear
        assert abs(velocity.lateral_mps - previous.lateral_mps) <= linear
        angular = math.radians(settings.angular_acceleration_dps2) * dt_s + EPS
        assert abs(velocity.angular_rps - previous.angular_rps) <= angular


def moving(velocity):
    return velocity is not None and velocity != Velocity()


def scan(ranges_m, first_rad=-math.pi, stamp_ns=0):
    """A scan all around, as the simulated scanner makes it."""
    return Scan(
        first_rad=first_rad,
        step_rad=math.tau / len(ranges_m),
        nearest_m=NEAREST_M,
        furthest_m=12.0,
        ranges_m=np.array(ranges_m, dtype=float),
        stamp_ns=stamp_ns,
    )


def states(rig, plan_id):
    """The states reported for a plan, repetitions of `running` taken together."""
    seen = [execution.state for execution in rig.reports_of(plan_id)]
    return [state for index, state in enumerate(seen) if index == 0 or state != seen[index - 1]]


def happen(rig, event):
    """Let an event of a random sequence, (kind, details…), happen; returns the id of a plan that must end."""
    kind, *details = event
    if kind == 'plan':
        steps, options = details
        plan_id = rig.submit(*steps, **options)
        return None if options['mode'] == 'answer' else plan_id
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
    elif kind == 'has odometry':
        rig.has_odometry = details[0]
    else:
        assert kind == 'odometry'
        rig.controller.update_odometry(details[0])
    return None
