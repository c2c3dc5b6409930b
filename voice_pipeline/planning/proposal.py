"""
What the steps of an intent come to: work within bounds, an order about the work at hand, an answer, a question, a no.

A proposal commits to nothing. It is made for every revision, from the steps, the speeds and the state of the robot.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from voice_pipeline.messages import (
    Cancel,
    Gesture,
    Intent,
    Pause,
    PlanMode,
    PlannedStep,
    Query,
    Repeat,
    Resume,
    Say,
    SetSpeed,
    Step,
    Stop,
)
from voice_pipeline.planning.answers import Answers
from voice_pipeline.planning.arrange import with_repetitions
from voice_pipeline.planning.bounds import Bounds, RefusedError
from voice_pipeline.planning.names import Choice, Names
from voice_pipeline.planning.planner import Planner
from voice_pipeline.planning.questions import ChoiceQuestion, ConfirmQuestion, Question, find_gap
from voice_pipeline.planning.robot_state import RobotState
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.planning.speeds import Speeds, changed_speeds
from voice_pipeline.planning.wording import person, sentence
from voice_pipeline.understanding.words.vocabulary import Vocabulary

NOT_UNDERSTOOD = 'I did not understand that.'


@dataclass(frozen=True)
class Proposal:
    """
    What would be done, in which mode ('replace' is work), or why not (`refusal`), or what to ask first.

    `say`: what the robot says about it. `speeds`: those to be kept from now on, None where they stay as they are.
    """

    mode: PlanMode = 'replace'
    steps: tuple[PlannedStep, ...] = ()
    say: str = ''
    refusal: str = ''
    question: Question | None = None
    speeds: Speeds | None = None
    is_repetition: bool = False

    @property
    def is_doable(self) -> bool:
        """Whether there is something to commit."""
        return not self.refusal and self.question is None and self.mode != 'answer'

    @property
    def is_work(self) -> bool:
        """Whether it takes the place of the work at hand, or follows it."""
        return self.mode in ('replace', 'append')


STOP = Proposal(mode='stop', steps=(PlannedStep(step=Stop(), speed_mps=0.0, speed_dps=0.0, timeout_s=1.0),))


@dataclass
class _Draft:
    """A plan while its steps are looked at one by one."""

    speeds: Speeds
    bounds: Bounds
    steps: list[PlannedStep] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    is_speed_changed: bool = False


class Proposer:
    """Makes proposals; changes nothing."""

    def __init__(self, settings: PlanningSettings, vocabulary: Vocabulary, state: RobotState) -> None:
        self._settings = settings
        self._planner = Planner(settings, vocabulary)
        self._names = Names(vocabulary)
        self._answers = Answers(vocabulary, settings.skills, state)
        self._state = state

    def propose(self, intent: Intent, steps: tuple[Step, ...], offset: int, speeds: Speeds) -> Proposal:
        """
        Return what becomes of the arranged `steps` of the intent from `offset` on; those before it are at work.

        A plan is safe as a whole or refused as a whole.
        """
        if not steps:
            return Proposal(refusal=intent.reason or NOT_UNDERSTOOD)
        try:
            return self._propose(intent, steps, offset, speeds)
        except RefusedError as error:
            return Proposal(refusal=str(error))

    def _propose(self, intent: Intent, steps: tuple[Step, ...], offset: int, speeds: Speeds) -> Proposal:
        if isinstance(steps[0], Stop):
            return STOP
        if len(steps) - offset == 1:
            order = self._order(steps[-1], offset, speeds)
            if order is not None:
                return self._confirmed(intent, steps, order)
        if any(isinstance(step, Resume) for step in steps[offset:]):
            raise RefusedError('I can go on, or do something else. Please say one of the two.')
        doubt = find_gap(steps, intent.missing, offset)
        if doubt is not None:
            return Proposal(mode='answer', question=doubt)
        resolved, choice = self._resolved(steps, offset)
        if choice is not None:
            return Proposal(mode='answer', question=choice)
        return self._confirmed(intent, steps, self._work(resolved, offset, speeds))

    # --- orders --------------------------------------------------------------------------------------------------

    def _order(self, step: Step, offset: int, speeds: Speeds) -> Proposal | None:
        """Return what an order that stands alone does to the work at hand, None where the step is none."""
        is_busy = self._state.is_busy
        match step:
            case Cancel():
                return self._on_work('cancel', step, '' if is_busy else 'There is nothing to cancel.')
            case Pause(args) if args.duration_s is None:
                return self._on_work('pause', step, '' if is_busy else 'I am not doing anything.')
            case Pause() if is_busy and not offset:
                bounds = Bounds(self._may_cap)
                planned = self._planner.plan(step, speeds, bounds)
                return Proposal(mode='pause', steps=(planned,), say=' '.join(bounds.notes))
            case Resume() if is_busy:
                return self._on_work('resume', step)
            case Resume():
                return Proposal(mode='answer', say='There is nothing to go on with.')
            case SetSpeed() if is_busy:
                return self._adjust(step, speeds)
            case _:
                return None

    def _on_work(self, mode: PlanMode, step: Step, say: str = '') -> Proposal:
        planned = PlannedStep(step=step, speed_mps=0.0, speed_dps=0.0, timeout_s=self._settings.timeout_margin_s)
        return Proposal(mode=mode, steps=(planned,), say=say)

    def _adjust(self, step: SetSpeed, speeds: Speeds) -> Proposal:
        bounds = Bounds(self._may_cap)
        changed, words = changed_speeds(step.args, speeds, self._settings, bounds)
        planned = PlannedStep(
            step=step, speed_mps=changed.mps, speed_dps=changed.dps, timeout_s=self._settings.timeout_margin_s
        )
        return Proposal(mode='adjust', steps=(planned,), say=' '.join([*bounds.notes, words]), speeds=changed)

    # --- work and answers ----------------------------------------------------------------------------------------

    def _resolved(self, steps: tuple[Step, ...], offset: int) -> tuple[tuple[Step, ...], ChoiceQuestion | None]:
        resolved: list[Step] = []
        for index, step in enumerate(steps):
            found = self._names.resolve(step)
            if isinstance(found, Choice):
                if index >= offset:
                    return steps, ChoiceQuestion(steps, index, found)
                found = step
            resolved.append(found)
        return tuple(resolved), None

    def _work(self, steps: tuple[Step, ...], offset: int, speeds: Speeds) -> Proposal:
        is_repetition = isinstance(steps[0], Repeat) and not offset
        if is_repetition and self._state.is_busy:
            raise RefusedError('I am not done yet. Ask me again when I am.')
        carried_out, most = self._state.carried_out, self._settings.max_steps
        draft = _Draft(speeds, Bounds(self._may_cap))
        for step in with_repetitions(steps, offset, carried_out, most):
            self._take(step, draft, is_first=not draft.steps and not offset)
        say = ' '.join([*draft.bounds.notes, *draft.words])
        return Proposal(
            mode='replace' if draft.steps else 'answer',
            steps=tuple(draft.steps),
            say=say,
            speeds=draft.speeds if draft.is_speed_changed else None,
            is_repetition=is_repetition,
        )

    def _take(self, step: Step, draft: _Draft, *, is_first: bool) -> None:
        match step:
            case Query(args):
                draft.words.append(self._answers.answer(args, draft.speeds))
            case SetSpeed(args):
                draft.speeds, words = changed_speeds(args, draft.speeds, self._settings, draft.bounds)
                draft.words.append(words)
                draft.is_speed_changed = True
            case Say(args) if not args.text:
                raise RefusedError('I did not hear what to say.')
            case Say() if is_first:
                draft.words.append(_spoken(step))
            case Gesture(args) if args.gesture is None:
                raise RefusedError('I did not hear which gesture.')
            case _:
                draft.steps.append(self._planner.plan(step, draft.speeds, draft.bounds, self._state.pose))

    # --- doubt ---------------------------------------------------------------------------------------------------

    def _confirmed(self, intent: Intent, steps: tuple[Step, ...], proposal: Proposal) -> Proposal:
        """Return the proposal or, where it moves the robot on words that are uncertain, the question about them."""
        is_motion = proposal.is_work or proposal.mode == 'resume'
        if not is_motion or intent.confidence >= self._settings.confirm_below:
            return proposal
        heard = tuple(planned.step for planned in proposal.steps)
        return replace(proposal, question=ConfirmQuestion(steps, 0, heard), say='')

    @property
    def _may_cap(self) -> bool:
        return self._settings.over_limit == 'cap'


def _spoken(step: Say) -> str:
    """Return what the robot was asked to say, to whom it was asked to."""
    text = step.args.text or ''
    is_to_other = step.args.person not in (None, 'me')
    return sentence(f'{person(step.args.person or "")}, {text}' if is_to_other else text)
