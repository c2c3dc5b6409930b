"""What became of each thing that was said: put together from the messages, as they come."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from voice_pipeline.control.motion import Odometry
from voice_pipeline.messages import Execution, Intent, Message, Plan, Step, Transcript
from voice_pipeline.monitoring.report import Report

OVER = frozenset({'done', 'stopped', 'refused', 'failed', 'replaced'})
# A recogniser may place the end of speech this much before the recording's own last sound.
_SPEECH_END_TOLERANCE_NS = 600_000_000


@dataclass
class Utterance:
    """One piece of speech, from the words to the deed."""

    utterance_id: str
    transcript: str = ''
    speech_end_ns: int = 0
    is_final: bool = False
    is_planned: bool = False
    intended: tuple[Step, ...] = ()
    refusal: str = ''
    plans: dict[str, Plan] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    pose: Odometry | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that were committed to, or what was understood where nothing was."""
        committed = tuple(planned.step for plan in self.plans.values() for planned in plan.steps)
        return committed or self.intended

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will come of it."""
        ended = all(plan_id in self.executions and self.executions[plan_id].state in OVER for plan_id in self.plans)
        return self.is_final and self.is_planned and ended

    @property
    def is_moving(self) -> bool:
        """Whether the robot is at it."""
        return any(execution.state == 'running' for execution in self.executions.values())

    @property
    def outcomes(self) -> list[str]:
        """How each of its plans ended, in order."""
        return [execution.state for execution in self.executions.values()]

    @property
    def problem(self) -> str:
        """Why it was not carried out, in words; empty where it was."""
        reasons = [e.reason or e.state for e in self.executions.values() if e.state in OVER - {'done'}]
        if self.is_planned and not self.plans:
            reasons.append(self.refusal or 'nothing was planned')
        return '; '.join(reasons)


class Story:
    """Listens to the pipeline (a `Listener`) and lets another thread wait for what it wants to know."""

    def __init__(self) -> None:
        self.utterances: dict[str, Utterance] = {}
        self.ready: set[str] = set()
        self.path: list[Odometry] = []
        self.report: Report | None = None
        self._mark: Odometry | None = None
        self._changed = threading.Condition()

    def on_ready(self, node: str) -> None:
        """A node does its work."""
        with self._changed:
            self.ready.add(node)
            self._changed.notify_all()

    def on_odometry(self, odometry: Odometry) -> None:
        """The robot is here now."""
        with self._changed:
            self.path.append(odometry)
            self._changed.notify_all()

    def on_report(self, report: Report) -> None:
        """The monitor says this."""
        with self._changed:
            self.report = report
            self._changed.notify_all()

    def on_message(self, message: Message, _received_ns: int) -> None:
        """A stage has published this."""
        with self._changed:
            utterance = self.utterances.setdefault(message.utterance_id, Utterance(message.utterance_id))
            if isinstance(message, Transcript):
                utterance.transcript = message.text
                utterance.speech_end_ns = message.speech_end_ns
                utterance.is_final = utterance.is_final or message.is_final
            elif isinstance(message, Intent):
                utterance.intended = message.steps
            elif isinstance(message, Plan):
                self._on_plan(utterance, message)
            elif isinstance(message, Execution):
                self._on_execution(utterance, message)
            self._changed.notify_all()

    def _on_plan(self, utterance: Utterance, plan: Plan) -> None:
        utterance.is_planned = utterance.is_planned or plan.is_final
        utterance.refusal = plan.refusal
        if plan.is_committed:
            utterance.plans.setdefault(plan.plan_id, plan)

    def _on_execution(self, utterance: Utterance, execution: Execution) -> None:
        known = utterance.executions.get(execution.plan_id)
        if known is not None and known.state in OVER:
            return
        utterance.executions[execution.plan_id] = execution
        if execution.state in OVER and self.path:
            utterance.pose = self.path[-1]

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until the condition holds, looked at after every message; returns whether it does."""
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            while not condition():
                left_s = deadline_s - time.monotonic()
                if left_s <= 0:
                    return False
                self._changed.wait(timeout=left_s)
        return True

    def mark(self) -> None:
        """Remember where the robot is, for `travelled_m`."""
        with self._changed:
            self._mark = self.path[-1] if self.path else None

    def travelled_m(self) -> float:
        """Return how far the robot is from where it was at the last `mark`."""
        if self._mark is None or not self.path:
            return 0.0
        return math.hypot(self.path[-1].x_m - self._mark.x_m, self.path[-1].y_m - self._mark.y_m)

    def since(self, start_ns: int) -> list[Utterance]:
        """Return the utterances spoken after this time, in order."""
        return [one for one in self.utterances.values() if one.speech_end_ns >= start_ns]

    def is_heard(self, start_ns: int, speech_end_ns: int) -> bool:
        """Whether everything said in this time has its final transcript and a plan or a refusal."""
        spoken = self.since(start_ns)
        finals = [one for one in spoken if one.is_final and one.is_planned]
        heard_to_ns = max((one.speech_end_ns for one in finals), default=0)
        return len(finals) == len(spoken) and heard_to_ns >= speech_end_ns - _SPEECH_END_TOLERANCE_NS

    def is_settled(self, start_ns: int, speech_end_ns: int) -> bool:
        """Whether everything said in this time is over: done, refused or not understood."""
        return self.is_heard(start_ns, speech_end_ns) and all(one.is_settled for one in self.since(start_ns))
