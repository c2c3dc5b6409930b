"""What a sequence of steps comes to as a whole: orders take effect on what is around them."""

from __future__ import annotations

from voice_pipeline.messages import Cancel, Pause, Repeat, Step, Stop
from voice_pipeline.planning.bounds import RefusedError


def arrange(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """
    Return the steps without those that others make needless.

    A stop at the beginning is all that is done. A "cancel" drops what was said before it, and is needless itself where
    something else is to be done instead. A stop or a pause without an end, last of all, says what happens anyway.
    """
    if steps and isinstance(steps[0], Stop):
        return steps[:1]
    kept = tuple(step for step in steps if not isinstance(step, Stop))
    cancels = [index for index, step in enumerate(kept) if isinstance(step, Cancel)]
    if cancels:
        kept = kept[cancels[-1] + 1 :] or (kept[cancels[-1]],)
    last = kept[-1:]
    return kept[:-1] if len(kept) > 1 and isinstance(last[0], Pause) and last[0].args.duration_s is None else kept


def with_repetitions(
    steps: tuple[Step, ...], offset: int, carried_out: tuple[Step, ...], most: int
) -> tuple[Step, ...]:
    """
    Return the steps from `offset` on with every "repeat" written out, at most `most` of them.

    It repeats the steps before it or, where it comes first, what was carried out last. Raises `RefusedError`.
    """
    begun = len(_written_out(steps[:offset], carried_out, most))
    return _written_out(steps, carried_out, most)[begun:]


def _written_out(steps: tuple[Step, ...], carried_out: tuple[Step, ...], most: int) -> tuple[Step, ...]:
    written: tuple[Step, ...] = ()
    for step in steps:
        if not isinstance(step, Repeat):
            written = (*written, step)
            continue
        repeated = written or carried_out
        if not repeated:
            raise RefusedError('There is nothing to repeat.')
        times = step.args.count or 1
        _check_length(len(written) + times * len(repeated), most)
        written += times * repeated
    _check_length(len(written), most)
    return written


def _check_length(length: int, most: int) -> None:
    if length > most:
        raise RefusedError(f'I can do at most {most} things at a time, not {length}.')
