"""A person who talks to the commit policy, revision by revision."""

from collections import Counter

from voice_pipeline.messages import (
    Cancel,
    Execution,
    Intent,
    Move,
    MoveArguments,
    Pause,
    PlannedStep,
    Query,
    Resume,
    SetSpeed,
    Turn,
    TurnArguments,
)
from voice_pipeline.planning.commit import CommitPolicy
from voice_pipeline.planning.proposal import Proposal
from voice_pipeline.planning.settings import PlanningSettings

SECOND = 1_000_000_000
NOW = 1000 * SECOND
SETTINGS = PlanningSettings(commit_silence_ms=200.0, commit_revisions=2, stale_s=5.0)
A = Move(MoveArguments(direction='forward', distance_m=1.0))
B = Turn(TurnArguments(angle_deg=90.0))
C = Move(MoveArguments(direction='backward', distance_m=2.0))
ORDERS = {Cancel: 'cancel', Pause: 'pause', Resume: 'resume', SetSpeed: 'adjust', Query: 'answer'}


class Talk:
    """Feeds a policy with the revisions of utterances and remembers what was committed."""

    def __init__(self):
        self.policy = CommitPolicy(SETTINGS)
        self.revisions = Counter()

    def hear(self, *steps, final=False, complete=True, silence_ms=300.0, name='u', stop=False, end_ns=NOW,
             refusal='', text='words', revision=None, continues=''):  # fmt: skip
        self.revisions[name] += 1
        intent = Intent(
            utterance_id=name, revision=self.revisions[name] if revision is None else revision, is_final=final,
            speech_end_ns=end_ns, text=text, silence_ms=silence_ms, steps=steps, is_complete=complete,
            emergency_stop=stop,
        )  # fmt: skip

        def propose(arranged, offset):
            rest = arranged[offset:]
            if refusal or not arranged:
                return Proposal(refusal=refusal or 'No command.')
            mode = ORDERS.get(type(rest[0]), 'replace') if len(rest) == 1 else 'replace'
            return Proposal(
                mode=mode, steps=tuple(PlannedStep(step=s, speed_mps=0, speed_dps=0, timeout_s=1) for s in rest)
            )

        return self.policy.decide(intent, NOW, propose, continues)

    def commit_early(self, *steps, **more):
        self.hear(*steps, **more)
        decision = self.hear(*steps, **more)
        assert decision.is_committed
        return decision

    def report(self, plan_id, state, step=0):
        self.policy.on_execution(
            Execution(utterance_id='u', revision=0, is_final=False, speech_end_ns=NOW, plan_id=plan_id, state=state,
                      step=step)
        )  # fmt: skip


def steps_of(decision):
    return tuple(planned.step for planned in decision.proposal.steps)


def outcome(decision):
    return decision.is_committed and (decision.mode, steps_of(decision))


def same_plan(decision, other):
    return (decision.plan_id, decision.mode, decision.proposal, decision.is_committed) == (
        other.plan_id, other.mode, other.proposal, other.is_committed,
    )  # fmt: skip
