"""Whatever is said, and in whatever order messages come: no step is done twice, and a stop wins."""

from collections import Counter, deque

from commit_rig import NOW, SECOND, A, B, C, Talk, same_plan, steps_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from planning_rig import EPOCH_NS

from voice_pipeline.messages import (
    Cancel,
    Execution,
    Intent,
    Move,
    MoveArguments,
    Pause,
    Query,
    Reply,
    Resume,
    SetSpeed,
    Stop,
)
from voice_pipeline.planning.action_planner import ActionPlanner
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.understanding.words.vocabulary import Vocabulary

event = st.fixed_dictionaries(
    {
        'name': st.sampled_from(['u', 'v', 'w']),
        'revision': st.integers(0, 6),
        'steps': st.sampled_from(
            [(), (A,), (A, B), (A, B, C), (C,), (Stop(),), (A, Stop()), (Cancel(),), (Pause(),), (A, SetSpeed())]
        ),
        'final': st.booleans(),
        'complete': st.booleans(),
        'silence_ms': st.sampled_from([0.0, 300.0]),
        'stop': st.integers(0, 9).map(lambda n: n == 0),
        'end_ns': st.sampled_from([NOW - 60 * SECOND, NOW - 2 * SECOND, NOW - SECOND, NOW]),
        'refusal': st.sampled_from(['', '', 'No.']),
        'text': st.sampled_from(['words', '']),
        'continues': st.sampled_from(['', '', 'u', 'v']),
    }
)


@given(st.lists(event, max_size=25))
@settings(max_examples=200, deadline=None)
def test_whatever_comes_in_whatever_order(events):
    talk, plans, finals, stopped = Talk(), {}, set(), set()
    for said in events:
        decision = talk.hear(*said['steps'], **{k: v for k, v in said.items() if k != 'steps'})
        name = said['name']
        if said['stop']:
            assert decision.is_committed or name in stopped
            assert decision.mode == 'stop'
        if decision.is_committed:
            assert decision.proposal.refusal == ''
            assert steps_of(decision)
            is_new = decision.plan_id not in plans
            assert is_new == decision.is_new
            assert is_new or same_plan(plans[decision.plan_id], decision), 'a plan keeps its meaning'
            if is_new and decision.mode != 'stop':
                assert name not in stopped, 'a stop wins'
                assert name not in finals, 'the final is the last word'
                assert said['end_ns'] > NOW - 5 * SECOND, 'nothing stale moves'
                assert not said['refusal']
                assert not any(isinstance(step, Stop) for step in steps_of(decision))
            plans[decision.plan_id] = decision
            if decision.mode == 'stop':
                stopped.add(name)
        if said['final']:
            finals.add(name)


class ModelRobot:
    """What the controller does, without motion: a queue of steps, one of them at work, and what a correction keeps."""

    def __init__(self):
        self.queue = deque()
        self.line, self.asked, self.done = '', [], 0
        self.finished = Counter()
        self.known, self.plans = set(), {}
        self.is_held = False
        self.stopped_ns = 0

    def take(self, plan):
        """Do what the plan says; return the reports."""
        if not plan.is_committed or plan.plan_id in self.known:
            return []
        self.known.add(plan.plan_id)
        if plan.mode in ('stop', 'cancel'):
            self.stopped_ns = max(self.stopped_ns, plan.speech_end_ns)
            return [*self.drop('stopped'), (plan, 'done', 0)]
        if plan.mode in ('pause', 'resume', 'adjust'):
            self.is_held = self.is_held if plan.mode == 'adjust' else plan.mode == 'pause' and bool(self.queue)
            return [(plan, 'done', 0)]
        if plan.speech_end_ns < self.stopped_ns:
            return [(plan, 'refused', 0)]
        return self.enqueue(plan)

    def enqueue(self, plan):
        steps = [planned.step for planned in plan.steps]
        reports, kept = [], 0
        if plan.utterance_id != self.line:
            self.line, self.asked, self.done = plan.utterance_id, [], 0
        if plan.mode == 'append':
            self.asked += steps
        else:
            while kept < min(self.done, len(steps)) and steps[kept] == self.asked[kept]:
                kept += 1
            reports = self.drop('replaced')
            self.line, self.asked, self.done = plan.utterance_id, steps, kept
        self.queue += [(plan, index) for index in range(kept, len(steps))]
        return reports if kept < len(steps) else [*reports, (plan, 'done', kept)]

    def drop(self, state):
        reports = [(plan, state, 0) for plan in {plan.plan_id: plan for plan, _ in self.queue}.values()]
        self.queue.clear()
        self.is_held = False
        if state == 'stopped':
            self.line = ''
        return reports

    def work(self):
        """Finish the step at work; return the report."""
        plan, index = self.queue.popleft()
        self.finished[plan.steps[index].step] += 1
        self.done += plan.utterance_id == self.line
        is_last = not any(other.plan_id == plan.plan_id for other, _ in self.queue)
        return [(plan, 'done' if is_last else 'running', index if is_last else index + 1)]


changes = st.sampled_from(['more', 'gap', 'other end', 'other end', 'all other', 'nothing', 'less'])
fates = st.sampled_from(['at once', 'at once', 'at once', 'twice', 'late'])


class Interleavings(RuleBasedStateMachine):
    """
    A person, the real planner, and a model of the robot, with messages under way in both directions.

    Every step that is ever asked for is another distance, so that doing one twice shows.
    """

    @initialize()
    def begin(self):
        self.now_ns = EPOCH_NS
        self.distances = iter(range(1, 10_000))
        self.names = iter(range(10_000))
        self.planner = ActionPlanner(PlanningSettings(), Vocabulary(), lambda: self.now_ns)
        self.robot = ModelRobot()
        self.emergencies = set()
        self.late, self.to_robot, self.to_planner = [], deque(), deque()
        self.begin_an_utterance(count=1, doubt='')

    def new_step(self):
        return Move(MoveArguments(direction='forward', distance_m=next(self.distances) / 1000.0))

    def speak(self, fate, steps, **more):
        """Say something that arrives at once, twice, or late and out of order."""
        self.revision += 1
        values = {
            'utterance_id': self.name, 'revision': self.revision, 'is_final': False, 'speech_end_ns': self.now_ns,
            'text': 'words', 'silence_ms': 300.0, 'steps': steps, 'is_complete': True, 'confidence': self.confidence,
        }  # fmt: skip
        intent = Intent(**{**values, **more})
        if fate != 'late':
            self.hear(intent)
        if fate != 'at once':
            self.late.append(intent)

    def hear(self, intent):
        plan = self.planner.on_intent(intent, self.now_ns)
        if intent.emergency_stop:
            assert (plan.mode, plan.is_committed) == ('stop', True)
            self.emergencies.add(intent.utterance_id)
        elif plan.is_committed and plan.plan_id not in self.robot.known and plan.mode != 'stop':
            is_known = plan.plan_id in {other.plan_id for other in self.to_robot if other.is_committed}
            assert intent.utterance_id not in self.emergencies, 'a stop always wins'
            assert is_known or self.now_ns - intent.speech_end_ns <= 5 * SECOND, 'nothing stale moves'
        self.to_robot.append(plan)

    @rule(count=st.integers(1, 3), doubt=st.sampled_from(['', '', 'gap', 'unsure']))
    def begin_an_utterance(self, count, doubt):
        self.name, self.revision, self.has_final = f'u{next(self.names)}', 0, False
        gap = (Move(MoveArguments(distance_m=next(self.distances) / 1000.0)),) if doubt == 'gap' else ()
        self.said = (*(self.new_step() for _ in range(count)), *gap)
        self.confidence = 0.1 if doubt == 'unsure' else 0.9

    @rule(times=st.integers(1, 3), fate=fates)
    @precondition(lambda self: not self.has_final)
    def say_it(self, times, fate):
        for _ in range(times):
            self.speak(fate, self.said)

    @rule(change=changes)
    @precondition(lambda self: not self.has_final)
    def think_again(self, change):
        self.said = {
            'more': lambda: (*self.said, self.new_step()),
            'gap': lambda: (*self.said, Move(MoveArguments(distance_m=next(self.distances) / 1000.0))),
            'other end': lambda: (*self.said[:-1], self.new_step()),
            'all other': lambda: (self.new_step(),),
            'nothing': lambda: (),
            'less': lambda: self.said[:-1],
        }[change]()

    @rule(count=st.integers(1, 3), steps=st.integers(0, 3), is_told=st.booleans(), change=changes, fate=fates)
    def begin_early_and_think_again(self, count, steps, is_told, change, fate):
        """What the rules together seldom come to: work is under way when the words change."""
        self.begin_an_utterance(count, doubt='')
        self.say_it(2, 'at once')
        self.the_robot_hears(len(self.to_robot))
        self.the_robot_works(steps)
        if is_told:
            self.the_planner_hears(len(self.to_planner))
        self.think_again(change)
        self.say_it(2, fate)

    @rule(count=st.integers(1, 2), steps=st.integers(0, 2), is_told=st.booleans(), fate=fates)
    def begin_early_and_leave_a_question(self, count, steps, is_told, fate):
        self.begin_early_and_think_again(count, steps, is_told, 'gap', fate)
        self.end_the_utterance(fate)
        self.answer(Reply(direction='backward'), fate)

    @rule(fate=fates)
    @precondition(lambda self: not self.has_final)
    def end_the_utterance(self, fate):
        self.has_final = True
        self.speak(fate, self.said, is_final=True)

    @rule(reply=st.sampled_from([Reply(is_yes=True), Reply(is_yes=False), Reply(direction='backward')]), fate=fates)
    @precondition(lambda self: self.has_final)
    def answer(self, reply, fate):
        self.name, self.revision, self.confidence = f'u{next(self.names)}', 0, 0.9
        self.now_ns += SECOND // 10
        for final in (False, False, True):
            self.speak(fate, (), is_final=final, reply=reply)

    @rule(order=st.sampled_from([Cancel(), Pause(), Resume(), Resume(), Query(), Stop()]), rare=st.integers(0, 4))
    @precondition(lambda self: self.has_final)
    def order(self, order, rare):
        if rare == 0 or isinstance(order, Resume):
            self.name, self.revision, self.confidence = f'u{next(self.names)}', 0, 0.9
            self.speak('at once', (order,), is_final=True)

    @rule(what=st.sampled_from([*['nothing'] * 12, 'cry', 'button']))
    def stop(self, what):
        self.now_ns += 1
        if what == 'cry':
            self.speak('twice', (Stop(),), emergency_stop=True)
        elif what == 'button':
            self.robot.stopped_ns = self.now_ns
            self.to_planner += self.robot.drop('stopped')

    @rule(data=st.data(), seconds=st.sampled_from([0.0, 0.5, 6.0]))
    @precondition(lambda self: self.late)
    def something_comes_late(self, data, seconds):
        self.time_passes(seconds)
        self.hear(self.late.pop(data.draw(st.integers(0, len(self.late) - 1))))

    @rule(seconds=st.sampled_from([0.05, 0.05, 0.05, 0.5, 0.5, 6.0]))
    def time_passes(self, seconds):
        self.now_ns += round(seconds * SECOND)

    @rule(plans=st.integers(1, 5))
    @precondition(lambda self: self.to_robot)
    def the_robot_hears(self, plans):
        for _ in range(min(plans, len(self.to_robot))):
            plan = self.to_robot.popleft()
            is_new = plan.plan_id not in self.robot.known
            self.to_planner += self.robot.take(plan)
            if plan.is_committed and plan.mode == 'stop' and is_new:
                assert not self.robot.queue, 'a stop always wins'

    @rule(steps=st.integers(1, 3))
    def the_robot_works(self, steps):
        for _ in range(steps):
            if self.robot.queue and not self.robot.is_held:
                self.to_planner += self.robot.work()

    @rule(reports=st.integers(1, 5))
    @precondition(lambda self: self.to_planner)
    def the_planner_hears(self, reports):
        for _ in range(min(reports, len(self.to_planner))):
            plan, state, step = self.to_planner.popleft()
            self.planner.on_execution(
                Execution(
                    **plan.header, plan_id=plan.plan_id, state=state, step=step,
                )
            )  # fmt: skip

    @rule()
    def everything_arrives_and_is_done(self):
        while self.to_robot or self.to_planner or (self.robot.queue and not self.robot.is_held):
            self.the_robot_hears(len(self.to_robot))
            self.the_robot_works(len(self.robot.queue))
            self.the_planner_hears(len(self.to_planner))

    def teardown(self):
        while self.late:
            self.hear(self.late.pop())
        self.robot.is_held = False
        self.everything_arrives_and_is_done()
        self.no_step_is_done_twice()

    @invariant()
    def no_step_is_done_twice(self):
        assert all(times == 1 for times in self.robot.finished.values())

    @invariant()
    def steps_are_done_in_their_order(self):
        """Distances grow with time, and corrections, questions and delays reorder nothing within a plan."""
        waiting = [plan.steps[index].step.args.distance_m for plan, index in self.robot.queue]
        by_plan = {}
        for plan, index in self.robot.queue:
            by_plan.setdefault(plan.plan_id, []).append(index)
        assert all(indexes == sorted(indexes) for indexes in by_plan.values())
        assert len(waiting) == len(set(waiting))


Interleavings.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestInterleavings = Interleavings.TestCase
