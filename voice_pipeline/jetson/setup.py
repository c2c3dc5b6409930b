"""The verbs, the same for every tuning: read, plan, apply, verify, undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from voice_pipeline.jetson.outcome import Outcome, State, TuningError
from voice_pipeline.jetson.saved import SavedState, SavedStateError
from voice_pipeline.jetson.tuning import Reading, Tuning, Values

# After these something is, may be or may become different, and there is something to undo.
TOUCHED: tuple[State, ...] = ('changed', 'failed', 'needs reboot')


def read(tunings: Sequence[Tuning]) -> list[Outcome]:
    """Return what is set, without judging it."""
    return [_look(tuning, lambda name, reading: Outcome(name, 'read', reading.current)) for tuning in tunings]


def plan(tunings: Sequence[Tuning]) -> list[Outcome]:
    """Return what `apply` would do, as far as can be said without doing it."""
    return [_look(tuning, _compare('would change')) for tuning in tunings]


def verify(tunings: Sequence[Tuning]) -> list[Outcome]:
    """Return whether all is as wanted."""
    return [_look(tuning, _compare('differs')) for tuning in tunings]


def apply(tunings: Sequence[Tuning], state: SavedState) -> list[Outcome]:
    """
    Make all as wanted, one after the other; one that fails does not keep the others from being tried.

    What is there is saved before anything is changed, since one change may alter what the next finds (a power mode
    sets the clocks), and since the machine may go down in the middle of it.
    """
    verified = verify(tunings)
    if not any(outcome.state == 'differs' for outcome in verified):
        return verified
    try:
        known = set(state.entries())
        unsaved = _save_all(tunings, state)
        outcomes = [_apply_one(tuning, unsaved.get(tuning.name)) for tuning in tunings]
        for outcome in outcomes:
            if outcome.tuning not in known and outcome.state not in TOUCHED:
                state.forget(outcome.tuning)
    except SavedStateError as error:
        return [Outcome(tuning.name, 'failed', str(error)) for tuning in tunings]
    return outcomes


def plan_undo(tunings: Sequence[Tuning], state: SavedState) -> list[Outcome]:
    """Return what `undo` would bring back."""
    return _undo_all(tunings, state, lambda tuning, _: Outcome(tuning.name, 'would change', 'what was before is saved'))


def undo(tunings: Sequence[Tuning], state: SavedState) -> list[Outcome]:
    """
    Bring back what was there before, in the order of the changes; what fails stays saved, and can be tried again.

    In that order because all was taken down before the first change: the clocks belong to the old power mode.
    """

    def undo_one(tuning: Tuning, saved: Values) -> Outcome:
        tuning.restore(saved)
        state.forget(tuning.name)
        return Outcome(tuning.name, 'changed', f'as before: {tuning.read().current}')

    return _undo_all(tunings, state, undo_one)


def _look(tuning: Tuning, judge: Callable[[str, Reading], Outcome]) -> Outcome:
    try:
        return judge(tuning.name, tuning.read())
    except TuningError as error:
        return _failure(tuning, error)


def _compare(otherwise: State) -> Callable[[str, Reading], Outcome]:
    def compare(name: str, reading: Reading) -> Outcome:
        if reading.is_ok:
            return Outcome(name, 'ok', reading.current, reading.note)
        return Outcome(name, otherwise, f'{reading.current}; wanted: {reading.wanted}')

    return compare


def _failure(tuning: Tuning, error: TuningError) -> Outcome:
    return Outcome(tuning.name, error.state, error.reason, error.advice)


def _save_all(tunings: Sequence[Tuning], state: SavedState) -> dict[str, TuningError]:
    """Save what is there, unless an earlier change is still to be undone. Returns what could not be saved, and why."""
    known, unsaved = state.entries(), {}
    for tuning in tunings:
        if tuning.name not in known:
            try:
                state.keep(tuning.name, tuning.save(), survives_reboot=tuning.survives_reboot)
            except TuningError as error:
                unsaved[tuning.name] = error
    return unsaved


def _apply_one(tuning: Tuning, unsaved: TuningError | None) -> Outcome:
    try:
        old = tuning.read()
        if old.is_ok:
            return _compare('differs')(tuning.name, old)
        if unsaved is not None:  # what cannot be undone is not done
            raise unsaved
        tuning.change()
        new = tuning.read()
    except TuningError as error:
        return _failure(tuning, error)
    if not new.is_ok:
        return Outcome(tuning.name, 'failed', f'still {new.current} after it was changed; wanted: {new.wanted}')
    return Outcome(tuning.name, 'changed', f'{old.current} → {new.current}', new.note)


def _undo_all(tunings: Sequence[Tuning], state: SavedState, act: Callable[[Tuning, Values], Outcome]) -> list[Outcome]:
    outcomes = []
    for tuning in tunings:
        try:
            saved = state.entries().get(tuning.name)
            outcomes.append(
                act(tuning, saved) if saved is not None else Outcome(tuning.name, 'ok', 'nothing to undo for this user')
            )
        except TuningError as error:
            outcomes.append(_failure(tuning, error))
        except SavedStateError as error:
            outcomes.append(Outcome(tuning.name, 'failed', str(error)))
    return outcomes
