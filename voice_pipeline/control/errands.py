"""
What others do in the controller's stead: skills of robot-specific nodes, and Nav2, which drives to places.

A step of theirs is an errand: it is asked for once the robot stands, reported on, and recalled when it is not wanted
any more. Until whoever was recalled has left off, nothing else begins: the robot has one master at a time.
"""

from __future__ import annotations

import math
import uuid
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from voice_pipeline.control.motion import STILL, Velocity
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.control.steps import Cycle, Executor
from voice_pipeline.messages import (
    Follow,
    Gesture,
    Look,
    LookArguments,
    Pick,
    Place,
    Plan,
    Pose2D,
    Say,
    SkillRequest,
    SkillStep,
    Step,
    Turn,
)

AnswerState = Literal['running', 'done', 'failed']


@dataclass(frozen=True)
class Answer:
    """How far an errand is: `progress` is the share that is done."""

    state: AnswerState
    progress: float = 0.0
    reason: str = ''


@dataclass(frozen=True)
class Navigation:
    """Asks whoever navigates to drive to a pose with a yaw or, without one, to leave off."""

    errand_id: str
    goal: Pose2D | None


Request = SkillRequest | Navigation


class Errands:
    """The requests that go out, the answers that come in, and who was recalled but has not left off yet."""

    def __init__(self, settings: ControlSettings, clock_s: Callable[[], float]) -> None:
        self.answer_s = settings.skill_answer_s
        self._clock_s = clock_s
        self._outbox: list[Request] = []
        self._under_way: dict[str, tuple[Request, float]] = {}  # and when it was asked for
        self._answers: dict[str, Answer] = {}
        self._recalled_s: dict[str, float] = {}

    def ask(self, errand_id: str, request: Request) -> None:
        """Ask for an errand."""
        self._under_way[errand_id] = request, self._clock_s()
        self._outbox.append(request)

    def recall(self, errand_id: str) -> None:
        """Ask to leave off, unless the errand has ended."""
        was_taken = self._answers.pop(errand_id, None) is not None
        if errand_id not in self._under_way:
            return
        request, asked_s = self._under_way.pop(errand_id)
        self._recalled_s[errand_id] = self._clock_s() if was_taken else asked_s
        self._outbox.append(_recalled(request))

    def take(self, errand_id: str, answer: Answer) -> None:
        """Take an answer; one to an errand that nobody waits for is ignored."""
        if errand_id in self._under_way:
            self._answers[errand_id] = answer
            if answer.state != 'running':
                del self._under_way[errand_id]
        elif answer.state != 'running':
            self._recalled_s.pop(errand_id, None)

    def newest(self, errand_id: str) -> Answer | None:
        """Return the newest answer, None before the first. The one that ends the errand is returned once."""
        if errand_id in self._under_way:
            return self._answers.get(errand_id)
        return self._answers.pop(errand_id)

    def all_left(self) -> bool:
        """Say whether everybody who was recalled has left off, or was given the time to."""
        now_s = self._clock_s()
        late = [one for one, at_s in self._recalled_s.items() if not 0.0 <= now_s - at_s <= self.answer_s]
        for errand_id in late:
            del self._recalled_s[errand_id]
        return not self._recalled_s

    def collect(self) -> tuple[Request, ...]:
        """Return and forget the requests that are to be sent."""
        requests, self._outbox = tuple(self._outbox), []
        return requests


def _recalled(request: Request) -> Request:
    if isinstance(request, Navigation):
        return replace(request, goal=None)
    return msgspec.structs.replace(request, is_cancelled=True)


class Errand(Executor):
    """Waits, once the robot stands, for somebody else to do the step. What is left off is begun anew later."""

    def __init__(self, errands: Errands, *, drives: bool, nobody: str) -> None:
        """`drives`: who does it moves the robot meanwhile. `nobody`: the problem where there is no answer at all."""
        self._errands = errands
        self._drives = drives
        self._nobody = nobody
        self._errand_id = ''

    @abstractmethod
    def _request(self, errand_id: str, cycle: Cycle) -> Request:
        """Return what asks for it."""

    def start(self, cycle: Cycle) -> None:
        """Ask as soon as the robot stands, which `update` sees."""

    def update(self, cycle: Cycle) -> Velocity | None:
        """Return zero, or None while somebody else drives."""
        if not self._errand_id:
            if cycle.velocity != STILL:
                return STILL
            self._ask(cycle)
        answer = self._errands.newest(self._errand_id)
        if answer is None:
            if cycle.now_s - self._asked_s > self._errands.answer_s:
                self.problem = self._nobody
        elif answer.state == 'failed':
            self.problem = answer.reason or 'it failed, without a reason'
        else:
            self.is_done = answer.state == 'done'
            self._advance_to(1.0 if self.is_done else answer.progress)
        is_over = self.is_done or bool(self.problem)
        return None if self._drives and not is_over else STILL

    def leave(self) -> None:
        """Recall who is at it."""
        if self._errand_id:
            self._errands.recall(self._errand_id)
            self._errand_id = ''

    def _ask(self, cycle: Cycle) -> None:
        self._errand_id, self._asked_s = uuid.uuid4().hex, cycle.now_s
        self._errands.ask(self._errand_id, self._request(self._errand_id, cycle))


class SkillErrand(Errand):
    """A skill of a robot-specific node. Only to follow, and to face things, it drives the robot."""

    def __init__(self, plan: Plan, step: SkillStep, timeout_s: float, errands: Errands, *, drives: bool) -> None:
        """`timeout_s`: how long it may take, from the request on."""
        nobody = f'nobody here can {step.__struct_config__.tag}: no answer on the topic skill'
        super().__init__(errands, drives=drives, nobody=nobody)
        self._plan, self._step, self._timeout_s = plan, step, timeout_s

    def _request(self, errand_id: str, _cycle: Cycle) -> SkillRequest:
        plan = self._plan
        return SkillRequest(
            **plan.header,
            trace=plan.trace,
            skill_id=errand_id,
            plan_id=plan.plan_id,
            step=self._step,
            timeout_s=self._timeout_s,
        )


class NavigationErrand(Errand):
    """The way to a pose, driven by Nav2."""

    def __init__(self, goal: Pose2D, errands: Errands) -> None:
        super().__init__(errands, drives=True, nobody='Nav2 does not answer')
        self._goal = goal

    def _request(self, errand_id: str, cycle: Cycle) -> Navigation:
        """Ask for the pose; where it has no yaw, the robot arrives looking the way it came."""
        goal, here = self._goal, cycle.odometry
        if goal.yaw_rad is None:
            yaw_rad = math.atan2(goal.y_m - here.y_m, goal.x_m - here.x_m)
            goal = msgspec.structs.replace(goal, yaw_rad=yaw_rad)
        return Navigation(errand_id, goal)


def skill_for(step: Step) -> SkillStep | None:
    """Return the skill that does the step, None where the robot base does it. To face a thing is to look at it."""
    match step:
        case Follow() | Look() | Pick() | Place() | Gesture() | Say():
            return step
        case Turn(args) if args.object is not None:
            return Look(LookArguments(object=args.object))
        case _:
            return None


def drives(step: Step) -> bool:
    """Say whether the skill for the step moves the robot; with the others, the base stays still."""
    return isinstance(step, (Follow, Turn))
