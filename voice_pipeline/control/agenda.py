"""The plans at work and waiting: what comes in, in which order it is done, and how each ends."""

from __future__ import annotations

from voice_pipeline.control.admission import Admission, RefusedError, cruise_speeds
from voice_pipeline.control.motion import Odometry
from voice_pipeline.control.reports import Reports, State
from voice_pipeline.control.steps import Cycle
from voice_pipeline.control.work import Hold, Line, Run
from voice_pipeline.messages import Plan


class Agenda:
    """Keeps the runs in order, the first at work. Work that is held keeps what remains of it."""

    def __init__(self, admission: Admission, reports: Reports) -> None:
        self._admission = admission
        self._reports = reports
        self._runs: list[Run] = []
        self._line = Line()
        self.hold = Hold()

    @property
    def current(self) -> Run | None:
        """The run at work."""
        return self._runs[0] if self._runs else None

    def add(self, plan: Plan, odometry: Odometry) -> None:
        """Take the work of a plan, behind all other or in its place. Raises `RefusedError`."""
        run = Run(plan, self._admission.tasks_for(plan, odometry))
        waiting = sum(len(run.tasks) - run.step for run in self._runs) if plan.mode == 'append' else 0
        most = self._admission.settings.max_queue_steps
        if waiting + len(run.tasks) > most:
            raise RefusedError(f'more than {most} steps would be waiting')
        if plan.utterance_id != self._line.utterance_id:
            self._line.restart(plan)
        if plan.mode == 'append':
            self._line.tasks += run.tasks
        else:
            self._line.correct(run)
            self._end_all('replaced', f'replaced by plan {plan.plan_id}', heir=run)
        if run.step < len(run.tasks):
            self._runs.append(run)
        else:  # a correction to what is done already
            self._reports.add(run, 'running')
            self._reports.add(run, 'done')

    def end(self, state: State, reason: str, waiting: tuple[State, str] | None = None) -> None:
        """
        End the run at work, and those waiting alike unless told otherwise.

        The utterance ends with them: its corrections find nothing to go on with.
        """
        self._end_all(state, reason, waiting)
        self._line = Line()

    def pause(self, now_s: float, duration_s: float | None) -> None:
        """Hold the work, for this long or, None, until `resume`. What others do for us is left off until then."""
        if self._runs:
            self.hold.begin(now_s, duration_s)
            self._runs[0].leave()

    def resume(self) -> None:
        """Go on with what is held. Raises `RefusedError`."""
        self._check_work()
        self.hold.end()

    def adjust(self, plan: Plan) -> None:
        """Go on with all work at the speeds of the plan. Raises `RefusedError`."""
        self._check_work()
        speed_mps, speed_dps = cruise_speeds(plan)
        for run in self._runs:
            for task in run.tasks[run.step :]:
                task.adjust(speed_mps, speed_dps)

    def start(self, run: Run, cycle: Cycle) -> None:
        """Start the step at work, which a correction may have begun before."""
        if run.start(cycle):
            self._line.note_begun(run, cycle)

    def next_step(self, run: Run) -> None:
        """Go on to the next step of the run at work or, after its last, to the next run."""
        self._line.note_done(run)
        if run.step + 1 < len(run.tasks):
            run.step += 1
            run.begun = run.started_s = None
            return
        self._reports.add(run, 'done')
        self._runs.pop(0)

    def _check_work(self) -> None:
        if not self._runs:
            raise RefusedError('nothing is at work')

    def _end_all(
        self, state: State, reason: str, waiting: tuple[State, str] | None = None, heir: Run | None = None
    ) -> None:
        """End all runs; what the heir goes on with is not left off."""
        for index, run in enumerate(self._runs):
            if not (heir and heir.begun and heir.task.executor is run.task.executor):
                run.leave()
            if index and waiting:
                self._reports.add(run, *waiting)
            else:
                self._reports.add(run, state, reason)
        self._runs.clear()
        self.hold.end()
