"""What the controller reports: what becomes of each plan, and when its first velocity went out."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

import msgspec

from voice_pipeline.control.work import Run
from voice_pipeline.messages import Execution, Plan, StageTrace

State = Literal['running', 'done', 'stopped', 'refused', 'failed', 'replaced']

REMEMBERED_PLANS = 1000  # far more than can arrive within the age at which a plan is refused anyway


class Reports:
    """Remembers the plans that arrived, and collects the reports about them until the next cycle publishes them."""

    def __init__(self) -> None:
        self._received_ns: OrderedDict[str, int] = OrderedDict()  # when each known plan arrived, by plan_id
        self._untraced: set[str] = set()  # plans of which nothing was reported yet
        self._outbox: list[Execution] = []

    def knows(self, plan: Plan) -> bool:
        """Return whether the plan was here before."""
        return plan.plan_id in self._received_ns

    def remember(self, plan: Plan, received_ns: int) -> None:
        """Take notice of a plan, and of when it arrived (system clock)."""
        self._received_ns[plan.plan_id] = received_ns
        self._untraced.add(plan.plan_id)
        if len(self._received_ns) > REMEMBERED_PLANS:
            self._received_ns.popitem(last=False)

    def add(self, run: Run, state: State, reason: str = '') -> None:
        """Report how far a plan is. What runs has a reason only where it waits."""
        plan = run.plan
        self._outbox.append(
            Execution(
                **plan.header,
                trace=plan.trace,
                plan_id=plan.plan_id,
                state=state,
                step=run.step,
                progress=1.0 if state == 'done' else run.progress,
                reason=reason,
            )
        )

    def collect(self, now_ns: int) -> tuple[Execution, ...]:
        """Return and forget the reports. The first of a plan carries the trace, finished when its velocity goes out."""
        executions, self._outbox = self._outbox, []
        return tuple(self._traced(execution, now_ns) for execution in executions)

    def _traced(self, execution: Execution, now_ns: int) -> Execution:
        if execution.plan_id not in self._untraced:
            return msgspec.structs.replace(execution, trace=())
        self._untraced.remove(execution.plan_id)
        received_ns = self._received_ns.get(execution.plan_id, now_ns)
        own = StageTrace(name='control', received_ns=received_ns, finished_ns=max(now_ns, received_ns))
        return msgspec.structs.replace(execution, trace=(*execution.trace, own))
