"""What the robot says is short, plain English."""

import pytest

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
    PauseArguments,
    Pick,
    PickArguments,
    Place,
    PlaceArguments,
    Query,
    Repeat,
    Resume,
    Say,
    SayArguments,
    SetSpeed,
    Stop,
    Turn,
    TurnArguments,
)
from voice_pipeline.planning import wording


@pytest.mark.parametrize(
    ('amount', 'words'),
    [
        (wording.metres(1.0), '1 metre'),
        (wording.metres(1.5), '1.5 metres'),
        (wording.metres(2.0), '2 metres'),
        (wording.metres(1.8288), '1.83 metres'),
        (wording.metres(0.5), '50 centimetres'),
        (wording.metres(0.01), '1 centimetre'),
        (wording.metres(0.9144), '91 centimetres'),
        (wording.metres(20.0), '20 metres'),
        (wording.metres(0.0), '0 metres'),
        (wording.metres(16093.44), '16093 metres'),
        (wording.metres_per_second(1.0), '1 metre per second'),
        (wording.degrees(90.0), '90 degrees'),
        (wording.degrees(22.5), '22.5 degrees'),
        (wording.degrees(1.0), '1 degree'),
        (wording.degrees(44.99999), '45 degrees'),
        (wording.seconds(1.0), '1 second'),
        (wording.seconds(2.5), '2.5 seconds'),
        (wording.seconds(59.7), '60 seconds'),
        (wording.seconds(60.0), '1 minute'),
        (wording.seconds(120.0), '2 minutes'),
        (wording.seconds(90.0), '90 seconds'),
        (wording.metres_per_second(0.4), '0.4 metres per second'),
        (wording.degrees_per_second(60.0), '60 degrees per second'),
    ],
)
def test_amounts(amount, words):
    assert amount == words


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (wording.the('kitchen'), 'the kitchen'),
        (wording.the('home'), 'home'),
        (wording.the('waypoint 2'), 'waypoint 2'),
        (wording.person('me'), 'you'),
        (wording.person('alex'), 'Alex'),
        (wording.listed([]), ''),
        (wording.listed(['a']), 'a'),
        (wording.listed(['a', 'b']), 'a and b'),
        (wording.listed(['a', 'b', 'c'], 'or'), 'a, b or c'),
        (wording.sentence('hello'), 'Hello.'),
        (wording.sentence('Is it?'), 'Is it?'),
        (wording.sentence(''), ''),
    ],
)
def test_names_and_sentences(words, said):
    assert words == said


STEPS = [
    (Move(MoveArguments(direction='forward', distance_m=2.0)), 'go forward 2 metres', 'going forward 2 metres'),
    (Move(MoveArguments(direction='backward', duration_s=3.0)), 'go back for 3 seconds', 'going back for 3 seconds'),
    (Move(MoveArguments(direction='left', distance_m=1.0)), 'move left 1 metre', 'moving left 1 metre'),
    (Move(MoveArguments(direction='forward', distance_m=2.0, speed='slow')), 'go forward 2 metres slowly', None),
    (Move(MoveArguments(direction='forward', speed_mps=0.3)), 'go forward at 0.3 metres per second', None),
    (Turn(TurnArguments(angle_deg=90.0)), 'turn left 90 degrees', 'turning left 90 degrees'),
    (Turn(TurnArguments(angle_deg=-45.0)), 'turn right 45 degrees', 'turning right 45 degrees'),
    (Turn(TurnArguments(direction='right')), 'turn right', 'turning right'),
    (Turn(TurnArguments(direction='left', duration_s=2.0)), 'turn left for 2 seconds', 'turning left for 2 seconds'),
    (Turn(TurnArguments(object='door')), 'turn to the door', 'turning to the door'),
    (GoTo(GoToArguments(place='kitchen')), 'go to the kitchen', 'going to the kitchen'),
    (GoTo(GoToArguments(place='home')), 'go home', 'going home'),
    (GoTo(GoToArguments(person='me')), 'go to you', 'going to you'),
    (Follow(FollowArguments(person='me')), 'follow you', 'following you'),
    (
        Follow(FollowArguments(object='cart', place='lab')),
        'follow the cart to the lab',
        'following the cart to the lab',
    ),
    (Look(), 'look around', 'looking around'),
    (Look(LookArguments(direction='up')), 'look up', 'looking up'),
    (Look(LookArguments(angle_deg=-30.0)), 'look right 30 degrees', 'looking right 30 degrees'),
    (Look(LookArguments(object='cup')), 'look at the cup', 'looking at the cup'),
    (Look(LookArguments(person='me')), 'look at you', 'looking at you'),
    (Pick(PickArguments(object='cup', place='table')), 'pick up the cup from the table', None),
    (Place(PlaceArguments(object='cup', place='shelf')), 'put the cup on the shelf', 'putting the cup on the shelf'),
    (Place(PlaceArguments(object='cup', person='me')), 'give the cup to you', 'giving the cup to you'),
    (Place(), 'put it down', 'putting it down'),
    (Gesture(GestureArguments(gesture='wave', person='alex')), 'wave to Alex', 'waving to Alex'),
    (Gesture(GestureArguments(gesture='handshake')), 'shake hands', 'shaking hands'),
    (Gesture(GestureArguments(gesture='high_five')), 'give a high five', 'giving a high five'),
    (Gesture(GestureArguments(gesture='nod')), 'nod', 'nodding'),
    (Gesture(GestureArguments(gesture='dance')), 'dance', 'dancing'),
    (Gesture(GestureArguments(gesture='bow')), 'bow', 'bowing'),
    (Gesture(GestureArguments(gesture='point', object='door')), 'point at the door', 'pointing at the door'),
    (Say(SayArguments(text='hello')), 'say "hello"', 'saying "hello"'),
    (Pause(PauseArguments(duration_s=5.0)), 'wait 5 seconds', 'waiting 5 seconds'),
    (Pause(), 'wait', 'waiting'),
    (Resume(), 'go on', 'going on'),
    (Repeat(), 'do that again', None),
    (SetSpeed(), 'change my speed', None),
    (Cancel(), 'drop what I do', None),
    (Stop(), 'stop', None),
    (Query(), 'answer', None),
]


@pytest.mark.parametrize(('step', 'words', 'gerund'), STEPS)
def test_steps(step, words, gerund):
    assert wording.describe(step) == words
    assert gerund is None or wording.doing(step) == gerund


def test_several_steps():
    steps = [STEPS[0][0], STEPS[5][0], STEPS[10][0], STEPS[11][0]]
    assert wording.described(steps[:2]) == 'go forward 2 metres, then turn left 90 degrees'
    assert wording.described(steps) == (
        'go forward 2 metres, then turn left 90 degrees, then go to the kitchen, then 1 more thing'
    )
