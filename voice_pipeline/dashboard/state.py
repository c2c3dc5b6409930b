"""What the page shows: fed by the node as messages come, read by the threads of the web server, bounded in size."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from voice_pipeline.control.motion import Odometry
from voice_pipeline.control.obstacles import Numbers
from voice_pipeline.messages import Execution
from voice_pipeline.monitoring.machine import MachineValues
from voice_pipeline.monitoring.report import Report
from voice_pipeline.monitoring.statistics import NS_PER_S
from voice_pipeline.monitoring.utterances import UtteranceRecord

UTTERANCES = 30
SAYINGS = 5
MACHINE_POINTS = 300  # one a second: five minutes
PATH_POINTS = 2000
PATH_STEP_M = 0.02  # nearer points are not told apart on the map
PATH_STEP_RAD = math.radians(1.0)
WATCHED_NS = 5 * NS_PER_S  # an open page asks several times in this time


@dataclass(frozen=True)
class Saying:
    """Something that the robot said, or asked, and when."""

    text: str
    at_ns: int


@dataclass(frozen=True)
class MachinePoint:
    """The machine at one moment."""

    at_ns: int
    values: MachineValues


@dataclass(frozen=True)
class Versions:
    """Texts that change whenever their part of a snapshot does: what the page has seen need not be sent again."""

    report: str
    utterances: str
    robot: str
    sayings: str


@dataclass(frozen=True, eq=False)
class Snapshot:
    """
    Everything at `now_ns` (system clock); what has not come yet is None or empty.

    `utterances` and `sayings` are newest first, `path` and `machine` oldest first. `path` holds x, y in metres in the
    frame of the odometry; `obstacles`, of shape (n, 2), are what the laser scanner meets, in the same frame.
    """

    now_ns: int
    report: Report | None
    report_age_s: float | None
    machine: tuple[MachinePoint, ...]
    utterances: tuple[UtteranceRecord, ...]
    sayings: tuple[Saying, ...]
    execution: Execution | None
    robot: Odometry | None
    path: tuple[tuple[float, float], ...]
    obstacles: Numbers | None
    versions: Versions


class DashboardState:
    """Collects what comes; every method may be called from any thread."""

    def __init__(self, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self._report: Report | None = None
        self._report_ns = 0
        self._machine: deque[MachinePoint] = deque(maxlen=MACHINE_POINTS)
        self._utterances: OrderedDict[str, UtteranceRecord] = OrderedDict()
        self._sayings: deque[Saying] = deque(maxlen=SAYINGS)
        self._execution: Execution | None = None
        self._robot: Odometry | None = None
        self._path: deque[tuple[float, float]] = deque(maxlen=PATH_POINTS)
        self._obstacles: Numbers | None = None
        self._started_ns = clock_ns()  # a page that is open may outlive us: its versions are of another run
        self._counts = dict.fromkeys(Versions.__dataclass_fields__, 0)
        self._looked_ns: int | None = None

    def on_report(self, report: Report) -> None:
        """Take what the monitor says; of the machine one point a second is kept."""
        now_ns = self._clock_ns()
        with self._lock:
            self._report, self._report_ns = report, now_ns
            newest_ns = self._machine[-1].at_ns if self._machine else -NS_PER_S
            if not 0 <= now_ns - newest_ns < 0.9 * NS_PER_S:  # reports do not come exactly once a second
                self._machine.append(MachinePoint(now_ns, report.machine.values))
            self._counts['report'] += 1

    def on_utterance(self, record: UtteranceRecord) -> None:
        """Take how far an utterance has come; one that is known keeps its place."""
        with self._lock:
            self._utterances[record.utterance_id] = record
            if len(self._utterances) > UTTERANCES:
                self._utterances.popitem(last=False)
            self._counts['utterances'] += 1

    def on_execution(self, execution: Execution) -> None:
        """Take what the robot is doing."""
        with self._lock:
            self._execution = execution

    def on_say(self, text: str) -> None:
        """Take what the robot says."""
        with self._lock:
            self._sayings.appendleft(Saying(text, self._clock_ns()))
            self._counts['sayings'] += 1

    def on_odometry(self, odometry: Odometry) -> None:
        """Take where the robot is; a pose that is not made of numbers is none."""
        if not odometry.is_finite:
            return
        with self._lock:
            if self._robot is not None and _is_same_place(odometry, self._robot):
                return
            self._robot = odometry
            self._path.append((odometry.x_m, odometry.y_m))
            self._counts['robot'] += 1

    def on_obstacles(self, points: Numbers | None) -> None:
        """Take what the laser scanner meets, of shape (n, 2), in the frame of the odometry."""
        with self._lock:
            self._obstacles = points
            self._counts['robot'] += 1

    def snapshot(self) -> Snapshot:
        """Return everything at this moment."""
        now_ns = self._clock_ns()
        with self._lock:
            return Snapshot(
                now_ns=now_ns,
                report=self._report,
                report_age_s=None if self._report is None else max(now_ns - self._report_ns, 0) / NS_PER_S,
                machine=tuple(self._machine),
                utterances=tuple(reversed(self._utterances.values())),
                sayings=tuple(self._sayings),
                execution=self._execution,
                robot=self._robot,
                path=tuple(self._path),
                obstacles=self._obstacles,
                versions=Versions(**{name: f'{self._started_ns}.{count}' for name, count in self._counts.items()}),
            )

    def look(self) -> Snapshot:
        """Return everything at this moment, and remember that somebody looks."""
        with self._lock:
            self._looked_ns = self._clock_ns()
        return self.snapshot()

    def is_watched(self) -> bool:
        """Return whether somebody has a page open."""
        with self._lock:
            return self._looked_ns is not None and 0 <= self._clock_ns() - self._looked_ns < WATCHED_NS


def _is_same_place(one: Odometry, other: Odometry) -> bool:
    is_near = math.hypot(one.x_m - other.x_m, one.y_m - other.y_m) < PATH_STEP_M
    return is_near and abs(math.remainder(one.yaw_rad - other.yaw_rad, math.tau)) < PATH_STEP_RAD
