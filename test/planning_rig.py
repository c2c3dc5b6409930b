"""A person who talks to the planning stage, and a robot that reports to it, on a clock that is turned by hand."""

from itertools import count

from voice_pipeline.messages import (
    Execution,
    GoTo,
    GoToArguments,
    Intent,
    Move,
    MoveArguments,
    Pause,
    PauseArguments,
    Pick,
    PickArguments,
    Plan,
    Pose2D,
    Query,
    QueryArguments,
    Turn,
    TurnArguments,
    decode,
    encode,
)
from voice_pipeline.planning.action_planner import ActionPlanner, spoken_reply
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.understanding.words.vocabulary import Vocabulary

EPOCH_NS = 1_700_000_000_000_000_000
ALL_SKILLS = 'pick, place, follow, gesture, look, say, face, approach'
VOCABULARY = Vocabulary(
    robot_names=('robot', 'rover'),
    places={
        'home': Pose2D(x_m=0.0, y_m=0.0, yaw_rad=0.0),
        'kitchen': Pose2D(x_m=3.0, y_m=4.0),
        'meeting room 1': Pose2D(x_m=5.0, y_m=0.0),
        'meeting room 2': Pose2D(x_m=6.0, y_m=0.0),
        'attic': None,
    },
    synonyms={'galley': 'kitchen', 'base': 'home'},
    people=('alex', 'sam'),
    objects=('red cup', 'blue cup', 'book', 'small yellow duck'),
    surfaces=('table', 'shelf'),
)


def move(direction='forward', distance_m=1.0, **args):
    return Move(MoveArguments(direction=direction, distance_m=distance_m, **args))


def turn(angle_deg=90.0):
    return Turn(TurnArguments(angle_deg=angle_deg))


def go_to(place):
    return GoTo(GoToArguments(place=place))


def pick(thing=None):
    return Pick(PickArguments(object=thing))


def pause(duration_s=None):
    return Pause(PauseArguments(duration_s=duration_s))


def ask(topic, **args):
    return Query(QueryArguments(topic=topic, **args))


class Conversation:
    """`say` is one revision, by default the final of an utterance of its own; time passes with it."""

    def __init__(self, vocabulary=VOCABULARY, **settings):
        self.now_s = 1000.0
        self.planner = ActionPlanner(PlanningSettings(**settings), vocabulary, self.now_ns)
        self._names = (f'u{number}' for number in count())
        self._revisions = count()

    def now_ns(self):
        return EPOCH_NS + round(self.now_s * 1e9)

    def say(self, *steps, name=None, final=True, silence_ms=600.0, age_s=0.3, after_s=1.0, **intent):
        self.now_s += after_s
        values = {
            'utterance_id': name or next(self._names),
            'revision': next(self._revisions),
            'is_final': final,
            'speech_end_ns': self.now_ns() - round(age_s * 1e9),
            'text': 'some words',
            'silence_ms': silence_ms,
            'steps': steps,
            'is_complete': True,
            'confidence': 0.9,
        }
        plan = self.planner.on_intent(Intent(**{**values, **intent}), self.now_ns())
        assert decode(Plan, encode(plan)) == plan
        assert not (plan.is_committed and (plan.refusal or plan.mode == 'answer' or not plan.steps))
        if plan.refusal and plan.say:
            assert plan.say == plan.refusal
        return plan

    def say_early(self, *steps, name, **intent):
        """The partials that it takes to commit early."""
        self.say(*steps, name=name, final=False, **intent)
        return self.say(*steps, name=name, final=False, **intent)

    def report(self, plan, state='running', step=0, progress=0.0, reason=''):
        self.planner.on_execution(
            Execution(**plan.header, plan_id=plan.plan_id, state=state, step=step, progress=progress, reason=reason)
        )

    def do(self, *steps):
        """Say steps that are then being done."""
        plan = self.say(*steps)
        assert plan.is_committed
        self.report(plan)
        return plan

    def carry_out(self, *steps):
        """Say steps that are then done to the end."""
        plan = self.do(*steps)
        self.report(plan, 'done', step=len(plan.steps) - 1, progress=1.0)
        return plan


def outcome(plan):
    """What is done, and what is said aloud."""
    return plan.mode if plan.is_committed else '', spoken_reply(plan)


def steps_of(plan):
    return tuple(planned.step for planned in plan.steps)
