"""How the robot puts things in words: amounts, names and steps, as short plain English."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from voice_pipeline.messages import (
    Cancel,
    Follow,
    FollowArguments,
    Gesture,
    GestureArguments,
    GoTo,
    GoToArguments,
    Look,
    LookArguments,
    Move,
    MoveArguments,
    Pause,
    Pick,
    PickArguments,
    Place,
    PlaceArguments,
    Query,
    Repeat,
    Resume,
    Say,
    SetSpeed,
    Step,
    Stop,
    Turn,
    TurnArguments,
)

# Names that stand without an article, and how one goes there.
_WITHOUT_ARTICLE = ('home', 'base')
_SPEAKER = 'me'
_MOST_STEPS_TOLD = 3

_WAYS = {'forward': 'go forward', 'backward': 'go back', 'left': 'move left', 'right': 'move right'}
_PACES = {'slow': ' slowly', 'fast': ' fast', None: ''}
_GESTURES = {'high_five': 'give a high five', 'handshake': 'shake hands'}
_GERUNDS = {
    'dance': 'dancing',
    'give': 'giving',
    'make': 'making',
    'move': 'moving',
    'nod': 'nodding',
    'put': 'putting',
    'shake': 'shaking',
    'wave': 'waving',
}

# --- amounts -------------------------------------------------------------------------------------------------------


def number(value: float) -> str:
    """Return the number as it is said: two decimals at most, none that say nothing."""
    if value and abs(value) < 0.005:
        return f'{value:g}'
    return f'{value:.2f}'.rstrip('0').rstrip('.')


def _amount(value: float, unit: str) -> str:
    said = number(value)
    return f'{said} {unit}' if said == '1' else f'{said} {unit}s'


def metres(distance_m: float) -> str:
    """Return "1.5 metres", "1 metre", "50 centimetres"."""
    if 0.0 < distance_m < 0.995:
        return _amount(round(distance_m * 100.0, 0 if distance_m >= 0.1 else 1), 'centimetre')
    return _amount(distance_m if distance_m < 100.0 else round(distance_m), 'metre')


def degrees(angle_deg: float) -> str:
    """Return "90 degrees"."""
    return _amount(round(angle_deg, 1), 'degree')


def seconds(duration_s: float) -> str:
    """Return "2.5 seconds" or, where it is whole minutes, "2 minutes"."""
    if duration_s >= 60.0 and duration_s % 60.0 == 0.0:
        return _amount(duration_s / 60.0, 'minute')
    return _amount(round(duration_s) if duration_s >= 10.0 else round(duration_s, 1), 'second')


def metres_per_second(speed_mps: float) -> str:
    """Return "0.4 metres per second"."""
    return f'{_amount(speed_mps, "metre")} per second'


def degrees_per_second(speed_dps: float) -> str:
    """Return "60 degrees per second"."""
    return f'{degrees(speed_dps)} per second'


# --- texts ---------------------------------------------------------------------------------------------------------


def has_words(text: str) -> bool:
    """Say whether anything in the text can be spoken."""
    return any(char.isalnum() for char in text)


def sentence(text: str) -> str:
    """Return the text with a capital letter and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ('' if text[-1:] in ('', '.', '!', '?') else '.')


# --- names ---------------------------------------------------------------------------------------------------------


def the(name: str) -> str:
    """Return the name of a thing or place with its article: "the kitchen", but "home" and "waypoint 1"."""
    return name if name in _WITHOUT_ARTICLE or name[-1:].isdigit() else f'the {name}'


def person(name: str) -> str:
    """Return the name of a person as the robot says it: "me" is whom it speaks to."""
    return 'you' if name == _SPEAKER else name.title()


def listed(names: Sequence[str], word: str = 'and') -> str:
    """Return "a", "a and b", "a, b and c"."""
    return ' '.join([', '.join(names[:-1]), word, names[-1]]) if len(names) > 1 else ''.join(names)


# --- steps ---------------------------------------------------------------------------------------------------------


def described(steps: Iterable[Step]) -> str:
    """Return what the steps are, as one would ask for them: "go forward 2 metres, then turn left 90 degrees"."""
    parts = [describe(step) for step in steps]
    rest = len(parts) - _MOST_STEPS_TOLD
    if rest > 0:
        parts = [*parts[:_MOST_STEPS_TOLD], f'{rest} more {"thing" if rest == 1 else "things"}']
    return ', then '.join(parts)


def doing(step: Step) -> str:
    """Return what the robot is doing while it does the step: "going forward 2 metres"."""
    verb, _, rest = describe(step).partition(' ')
    return ' '.join(part for part in (_GERUNDS.get(verb, f'{verb}ing'), rest) if part)


def describe(step: Step) -> str:
    """Return what the step is, as one would ask for it: "go forward 2 metres"."""
    return _DESCRIBE[type(step)](step)


def _move(args: MoveArguments) -> str:
    words = _WAYS[args.direction] if args.direction else 'move'
    if args.distance_m is not None:
        words += f' {metres(args.distance_m)}'
    elif args.duration_s is not None:
        words += f' for {seconds(args.duration_s)}'
    if args.speed_mps is not None:
        return f'{words} at {metres_per_second(args.speed_mps)}'
    return words + _PACES[args.speed]


def _turn(args: TurnArguments) -> str:
    if args.object is not None:
        return f'turn to {the(args.object)}'
    if args.angle_deg is None:
        words = f'turn {args.direction or ""}'.rstrip()
        return words if args.duration_s is None else f'{words} for {seconds(args.duration_s)}'
    return f'turn {"left" if args.angle_deg >= 0 else "right"} {degrees(abs(args.angle_deg))}'


def _go_to(args: GoToArguments) -> str:
    if args.person is not None:
        return f'go to {person(args.person)}'
    if args.place == 'home':
        return 'go home'
    return f'go to {the(args.place)}' if args.place else 'go somewhere'


def _follow(args: FollowArguments) -> str:
    whom = person(args.person) if args.person else the(args.object) if args.object else ''
    words = f'follow {whom}'.rstrip()
    return f'{words} to {the(args.place)}' if args.place else words


def _look(args: LookArguments) -> str:
    if args.object or args.person:
        return f'look at {the(args.object) if args.object else person(args.person or "")}'
    if args.direction is not None:
        return f'look {args.direction}'
    if args.angle_deg is not None:
        return f'look {"left" if args.angle_deg >= 0 else "right"} {degrees(abs(args.angle_deg))}'
    return 'look around'


def _pick(args: PickArguments) -> str:
    words = f'pick up {the(args.object) if args.object else "something"}'
    return f'{words} from {the(args.place)}' if args.place else words


def _place(args: PlaceArguments) -> str:
    thing = the(args.object) if args.object else 'it'
    if args.person is not None:
        return f'give {thing} to {person(args.person)}'
    return f'put {thing} on {the(args.place)}' if args.place else f'put {thing} down'


def _gesture(args: GestureArguments) -> str:
    words = _GESTURES.get(args.gesture or '', args.gesture or 'make a gesture')
    if args.gesture == 'point' and args.object:
        return f'point at {the(args.object)}'
    return f'{words} to {person(args.person)}' if args.person else words


_DESCRIBE: dict[type, Callable[..., str]] = {
    Move: lambda step: _move(step.args),
    Turn: lambda step: _turn(step.args),
    GoTo: lambda step: _go_to(step.args),
    Follow: lambda step: _follow(step.args),
    Look: lambda step: _look(step.args),
    Pick: lambda step: _pick(step.args),
    Place: lambda step: _place(step.args),
    Gesture: lambda step: _gesture(step.args),
    Say: lambda step: f'say "{step.args.text or "something"}"',
    Query: lambda _: 'answer',
    Pause: lambda step: f'wait {seconds(step.args.duration_s)}' if step.args.duration_s else 'wait',
    Repeat: lambda _: 'do that again',
    SetSpeed: lambda _: 'change my speed',
    Stop: lambda _: 'stop',
    Cancel: lambda _: 'drop what I do',
    Resume: lambda _: 'go on',
}
