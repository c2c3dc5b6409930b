"""The skills of the simulated robot: they take their time, can fail, and are answered like those of a real robot."""

from __future__ import annotations

import random
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from voice_pipeline.messages import Follow, Gesture, Look, Pick, Place, Say, SkillRequest, SkillResult, SkillStep
from voice_pipeline.simulation.settings import SimulationSettings

State = Literal['running', 'done', 'failed']

SKILLS = 'pick, place, follow, gesture, look, say, face'  # as the planner's parameter `skills` names them
REPORT_S = 0.2  # from one report of the progress to the next
SECONDS: dict[type[SkillStep], float] = {Follow: 10.0, Look: 1.5, Pick: 5.0, Place: 4.0, Gesture: 2.5}
SECONDS_PER_WORD = 0.35
REMEMBERED_SKILLS = 1000
MISHAPS: dict[type[SkillStep], str] = {
    Follow: 'I have lost sight of {what}',
    Look: 'I cannot see {what}',
    Pick: '{what} slipped out of the gripper',
    Place: '{what} is stuck in the gripper',
    Gesture: 'the arm is blocked',
    Say: 'the loudspeaker does not work',
}


@dataclass
class _Work:
    request: SkillRequest
    started_s: float
    duration_s: float
    fails_s: float | None  # when it fails, counted from its start
    reported_s: float


class SimulatedSkills:
    """
    Does one skill at a time, as a robot with one arm and one head does.

    It holds one object at most, and places only what it holds. To follow is to look after someone for a while: it
    does not drive. The same requests at the same times with the same seed get the same answers.
    """

    def __init__(self, settings: SimulationSettings) -> None:
        self._settings = settings
        self._random = random.Random(settings.seed)
        self._work: _Work | None = None
        self._known: OrderedDict[str, None] = OrderedDict()
        self._results: list[SkillResult] = []
        self.holds: str | None = None

    def request(self, request: SkillRequest, now_s: float) -> None:
        """Begin, or leave off; what comes of it is told by `step`. A request that was here before is ignored."""
        if request.is_cancelled:
            if self._work is not None and self._work.request.skill_id == request.skill_id:
                self.stop('cancelled')
            self._remember(request.skill_id)  # also one that comes before the request that it cancels
            return
        if request.skill_id in self._known:
            return
        self._remember(request.skill_id)
        problem = self._objection(request.step)
        if problem:
            self._answer(request, 'failed', reason=problem)
            return
        duration_s = _seconds(request.step) / self._settings.skill_speed
        fails_s = duration_s / 2.0 if self._random.random() < self._settings.skill_failures else None
        self._work = _Work(request, now_s, duration_s, fails_s, now_s)
        self._answer(request, 'running')

    def stop(self, reason: str) -> None:
        """Leave off at once whatever is being done."""
        if self._work is not None:
            self._answer(self._work.request, 'failed', reason=reason)
            self._work = None

    def step(self, now_s: float) -> tuple[SkillResult, ...]:
        """Go on until `now_s`, and return the answers since the last step."""
        if self._work is not None:
            self._go_on(self._work, now_s)
        results, self._results = tuple(self._results), []
        return results

    def _remember(self, skill_id: str) -> None:
        self._known[skill_id] = None
        if len(self._known) > REMEMBERED_SKILLS:
            self._known.popitem(last=False)

    def _objection(self, step: SkillStep) -> str:
        """Return why the robot cannot do this now, or ''."""
        if self._work is not None:
            return f'busy: {_action(self._work.request.step)}'
        if isinstance(step, Pick) and self.holds is not None:
            return f'the gripper already holds {self.holds}'
        if isinstance(step, Place):
            if self.holds is None:
                return 'the gripper is empty'
            if step.args.object not in (None, self.holds):
                return f'the gripper holds {self.holds}, not {step.args.object}'
        return ''

    def _go_on(self, work: _Work, now_s: float) -> None:
        worked_s = now_s - work.started_s
        if work.fails_s is not None and worked_s >= work.fails_s:
            self.stop(self._mishap(work.request.step))
        elif worked_s >= min(work.duration_s, work.request.timeout_s):
            self._end(work)
        elif now_s - work.reported_s >= REPORT_S:
            work.reported_s = now_s
            self._answer(work.request, 'running', progress=worked_s / work.duration_s)

    def _end(self, work: _Work) -> None:
        if work.duration_s > work.request.timeout_s:
            self.stop(f'not done within {work.request.timeout_s:g} s')
            return
        step = work.request.step
        if isinstance(step, Pick):
            self.holds = step.args.object or 'something'
        elif isinstance(step, Place):
            self.holds = None
        self._answer(work.request, 'done', progress=1.0)
        self._work = None

    def _mishap(self, step: SkillStep) -> str:
        named = (getattr(step.args, name, None) for name in ('object', 'person'))
        what = next((f'the {name}' if name != 'me' else 'you' for name in named if name), self.holds or 'it')
        return MISHAPS[type(step)].format(what=what)

    def _answer(self, request: SkillRequest, state: State, *, progress: float = 0.0, reason: str = '') -> None:
        self._results.append(
            SkillResult(
                **request.header,
                trace=request.trace,
                skill_id=request.skill_id,
                plan_id=request.plan_id,
                state=state,
                progress=progress,
                reason=reason,
            )
        )


def _seconds(step: SkillStep) -> float:
    if isinstance(step, Say):
        return SECONDS_PER_WORD * max(1, len((step.args.text or '').split()))
    return SECONDS[type(step)]


def _action(step: SkillStep) -> str:
    return str(step.__struct_config__.tag)
