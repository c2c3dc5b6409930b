"""Drives the robot about, stops it, and notes how soon and how near."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from voice_pipeline.control.motion import STILL, Odometry, Velocity, wrap
from voice_pipeline.messages import Execution, Move, MoveArguments, Plan, PlannedStep, Step, Turn, TurnArguments
from voice_pipeline.monitoring.statistics import NS_PER_MS, Summary, Window

PATIENCE_S = 60.0
LOOP = 'voice_pipeline: control loop'
NODES = {'simulated_robot', 'robot_control'}
DRIVING_MPS = 0.3
SPEED_MPS, SPEED_DPS, TIMEOUT_S = 0.4, 60.0, 60.0
CYCLE_S = 0.02
AWAY = (
    Move(MoveArguments(direction='forward', distance_m=10.0)),
    Move(MoveArguments(direction='backward', distance_m=10.0)),
)

MOVES: tuple[tuple[str, Step], ...] = (
    ('10 cm ahead', Move(MoveArguments(direction='forward', distance_m=0.1))),
    ('2 m ahead', Move(MoveArguments(direction='forward', distance_m=2.0))),
    ('1 m back', Move(MoveArguments(direction='backward', distance_m=1.0))),
    ('90 degrees left', Turn(TurnArguments(angle_deg=90.0))),
    ('5 degrees right', Turn(TurnArguments(angle_deg=-5.0))),
    ('450 degrees right', Turn(TurnArguments(angle_deg=-450.0))),
)


class NoAnswerError(RuntimeError):
    """The nodes do not do what is asked of them; the text says what was waited for."""


class Commander(Protocol):
    """Who has plans carried out."""

    def submit(self, plan: Plan) -> None:
        """Have the plan carried out."""

    def stop(self) -> None:
        """Stop the robot."""

    def is_heard(self) -> bool:
        """Say whether somebody takes plans and stops."""


@dataclass(frozen=True)
class Arrival:
    """How far from where it should the robot came to rest; the place is None for a turn."""

    name: str
    off_cm: float | None
    off_deg: float

    def __str__(self) -> str:
        angle = f'{self.off_deg:.2f}°'
        return angle if self.off_cm is None else f'{self.off_cm:.2f} cm, {angle}'


@dataclass(frozen=True)
class Trial:
    """
    What was measured beside so many busy processes; `loop` is what the node says of its loop.

    `interrupted`: how many moves were begun again, since something made the robot stop (a starved simulation sends no
    odometry and no scan, and without these it does not drive).
    """

    busy: int
    interrupted: int
    loop: dict[str, str]
    stop_ms: Summary
    arrivals: tuple[Arrival, ...]


class ControlRun:
    """Watches the robot (`Watcher`) and measures it."""

    def __init__(self) -> None:
        self._ids = count()
        self._random = random.Random(0)
        self._changed = threading.Condition()
        self._ready: set[str] = set()
        self._velocity = STILL
        self._zero_ns: int | None = None  # the first zero since it was asked for
        self._odometry: Odometry | None = None
        self._ends: dict[str, Execution] = {}
        self._loop: dict[str, str] = {}
        self._interrupted = 0

    # --- what is heard -------------------------------------------------------------------------------------------

    def on_ready(self, node: str) -> None:
        """A node does its work."""
        with self._changed:
            self._ready.add(node)
            self._changed.notify_all()

    def on_velocity(self, velocity: Velocity, received_ns: int) -> None:
        """The wheels are told this."""
        with self._changed:
            self._velocity = velocity
            if velocity == STILL and self._zero_ns is None:
                self._zero_ns = received_ns
            self._changed.notify_all()

    def on_odometry(self, odometry: Odometry) -> None:
        """The robot is here."""
        with self._changed:
            self._odometry = odometry
            self._changed.notify_all()

    def on_execution(self, execution: Execution) -> None:
        """A plan has come so far."""
        with self._changed:
            if execution.state != 'running':
                self._ends[execution.plan_id] = execution
            self._changed.notify_all()

    def on_diagnostics(self, name: str, values: dict[str, str]) -> None:
        """A node says this of itself."""
        with self._changed:
            if name == LOOP:
                self._loop = values
            self._changed.notify_all()

    # --- what is measured ----------------------------------------------------------------------------------------

    def measure(self, commander: Commander, stops: int, busy: int) -> Trial:
        """Drive about, and stop so many times while driving. Raises `NoAnswerError`."""
        self._wait('the nodes', lambda: self._ready >= NODES and self._odometry is not None and commander.is_heard())
        self._arrive(commander, *MOVES[0])  # once everything has come that it needs to drive
        self._interrupted = 0
        arrivals = tuple(self._arrive(commander, name, step) for name, step in MOVES)
        stop_ms = Window(stops)
        for index in range(stops):
            stop_ms.add(self._stop(commander, AWAY[index % 2]))
        self._loop = {}
        self._wait('the diagnostics of the loop', lambda: 'period p99 (ms)' in self._loop)
        summary = stop_ms.summary()
        assert summary is not None
        return Trial(busy, self._interrupted, self._loop, summary, arrivals)

    def _arrive(self, commander: Commander, name: str, step: Step) -> Arrival:
        """Make the move, again where something stopped the robot. Raises `NoAnswerError` where nothing comes of it."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            begin = self._rest()
            end = self._carry_out(commander, name, step)
            if end.state == 'done':
                return arrival(name, step, begin, self._rest())
            self._interrupted += 1
            if time.monotonic() > deadline_s:
                raise NoAnswerError(f'{name}: {end.reason}')

    def _carry_out(self, commander: Commander, name: str, step: Step) -> Execution:
        plan_id = self._submit(commander, step)
        self._wait(f'the end of: {name}', lambda: plan_id in self._ends)
        return self._ends[plan_id]

    def _stop(self, commander: Commander, away: Move) -> float:
        """Return how long a stop took to be zero on the wheels, from a random moment of the cycle on, in ms."""
        plan_id = self._submit(commander, away)
        self._wait('the robot to drive', lambda: abs(self._velocity.linear_mps) >= DRIVING_MPS)
        time.sleep(self._random.uniform(0.0, CYCLE_S))
        with self._changed:
            self._zero_ns = None
        stopped_ns = time.monotonic_ns()
        commander.stop()
        self._wait('zero', lambda: self._zero_ns is not None)
        assert self._zero_ns is not None
        zero_ns = self._zero_ns
        self._wait('the report', lambda: plan_id in self._ends)
        if self._velocity != STILL or self._ends[plan_id].state != 'stopped':
            raise NoAnswerError('the stop did not hold')
        return (zero_ns - stopped_ns) / NS_PER_MS

    def _submit(self, commander: Commander, step: Step) -> str:
        now_ns, name = time.time_ns(), f'benchmark-{next(self._ids)}'
        planned = PlannedStep(step=step, speed_mps=SPEED_MPS, speed_dps=SPEED_DPS, timeout_s=TIMEOUT_S)
        commander.submit(
            Plan(
                utterance_id=name,
                revision=0,
                is_final=True,
                speech_end_ns=now_ns,
                plan_id=name,
                is_committed=True,
                steps=(planned,),
            )
        )
        return name

    def _rest(self) -> Odometry:
        """Return where the robot is once it rests."""
        self._wait('rest', lambda: self._odometry is not None and self._odometry.velocity == STILL)
        assert self._odometry is not None
        return self._odometry

    def _wait(self, what: str, condition: Callable[[], bool]) -> None:
        with self._changed:
            if not self._changed.wait_for(condition, PATIENCE_S):
                raise NoAnswerError(f'{what}: nothing within {PATIENCE_S:.0f} s')


def arrival(name: str, step: Step, begin: Odometry, end: Odometry) -> Arrival:
    """Return how far the end is from where the step leads."""
    turn_deg, ahead_m = 0.0, None
    if isinstance(step, Turn):
        turn_deg = step.args.angle_deg or 0.0
    elif isinstance(step, Move):
        ahead_m = (step.args.distance_m or 0.0) * (-1.0 if step.args.direction == 'backward' else 1.0)
    off_deg = abs(math.degrees(wrap(end.yaw_rad - begin.yaw_rad - math.radians(turn_deg))))
    if ahead_m is None:
        return Arrival(name, None, off_deg)
    x_m, y_m = begin.x_m + ahead_m * math.cos(begin.yaw_rad), begin.y_m + ahead_m * math.sin(begin.yaw_rad)
    return Arrival(name, 100.0 * math.hypot(end.x_m - x_m, end.y_m - y_m), off_deg)
