"""The speeds the robot drives and turns at where nobody says otherwise, and how words change them."""

from __future__ import annotations

from dataclasses import dataclass

from voice_pipeline.messages import SetSpeedArguments
from voice_pipeline.planning.bounds import Bounds, RefusedError
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.planning.wording import metres_per_second

_SAME = 1e-6  # m/s: a speed that changes by less has not changed


@dataclass(frozen=True)
class Speeds:
    """Cruise speeds: of a drive in m/s, of a turn in degrees a second."""

    mps: float
    dps: float


def usual_speeds(settings: PlanningSettings) -> Speeds:
    """Return the speeds of the settings."""
    return Speeds(settings.speed_mps, settings.speed_dps)


def changed_speeds(
    args: SetSpeedArguments, speeds: Speeds, settings: PlanningSettings, bounds: Bounds
) -> tuple[Speeds, str]:
    """
    Return the speeds that the order asks for, and the words about them; turning speeds up and slows down alike.

    A percentage is one of the fastest. Raises `RefusedError`.
    """
    wanted_mps = _wanted(args, speeds, settings, bounds)
    fastest_mps, slowest_mps = settings.max_speed_mps, settings.min_speed_mps
    mps = min(max(wanted_mps, slowest_mps), fastest_mps)
    share = mps / settings.speed_mps
    changed = Speeds(mps, min(settings.speed_dps * share, settings.max_speed_dps))
    if abs(mps - speeds.mps) < _SAME and args.change is not None:
        end = 'fast' if args.change == 'increase' else 'slow'
        return changed, f'I am as {end} as I may be: {metres_per_second(mps)}.'
    return changed, f'My speed is {metres_per_second(mps)} now.'


def _wanted(args: SetSpeedArguments, speeds: Speeds, settings: PlanningSettings, bounds: Bounds) -> float:
    fastest_mps = settings.max_speed_mps
    if args.change is not None:
        return speeds.mps * (1.0 + settings.speed_change * (1.0 if args.change == 'increase' else -1.0))
    if args.speed is not None:
        factors = {'slow': settings.slow_factor, 'normal': 1.0, 'fast': settings.fast_factor}
        return settings.speed_mps * factors[args.speed]
    if args.speed_mps is not None:
        asked_mps = args.speed_mps
    elif args.percent is not None:
        asked_mps = args.percent / 100.0 * fastest_mps
    else:
        raise RefusedError('I did not hear how fast I should be.')
    return asked_speed(asked_mps, fastest_mps, settings, bounds)


def asked_speed(asked_mps: float, fastest_mps: float, settings: PlanningSettings, bounds: Bounds) -> float:
    """Return a speed that was said as a number, within the limits. Raises `RefusedError`."""
    asked_mps = bounds.within('move', asked_mps, fastest_mps, metres_per_second)
    slowest_mps = min(settings.min_speed_mps, fastest_mps)
    if asked_mps >= slowest_mps:
        return asked_mps
    limit = f'I can move at {metres_per_second(slowest_mps)} at least'
    if not bounds.may_cap:
        raise RefusedError(f'{limit}.')
    bounds.notes.append(f'{limit}, so that is what I do.')
    return slowest_mps
