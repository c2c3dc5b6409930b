"""Sentences about motion and their meanings: what moves, what must not, what stops."""

import pytest

from voice_pipeline.messages import steps_to_builtins
from voice_pipeline.paths import config_file
from voice_pipeline.understanding.grammar.parser import Parser
from voice_pipeline.understanding.words.emergency import is_emergency_stop
from voice_pipeline.understanding.words.vocabulary import Vocabulary

PARSER = Parser(Vocabulary.load(config_file('vocabulary.yaml')))


def move(direction, distance_m=None, **more):
    return ('move', {'direction': direction, **({} if distance_m is None else {'distance_m': distance_m}), **more})


def turn(angle_deg=None, **more):
    return ('turn', {**({} if angle_deg is None else {'angle_deg': angle_deg}), **more})


def go_to(place):
    return ('go_to', {'place': place})


STOP = ('stop', {})
LEFT, RIGHT = turn(direction='left'), turn(direction='right')

# Nothing more is needed: these may be acted on before the speaker has said the end of anything.
COMPLETE = [
    ('go forward ten meters', [move('forward', 10.0)]),
    ('Go forward 10 meters.', [move('forward', 10.0)]),
    ('go forward ten metres please', [move('forward', 10.0)]),
    ('go forward 10m', [move('forward', 10.0)]),
    ('go forward to meters', [move('forward', 2.0)]),
    ('go forward for feet', [move('forward', 1.2192)]),
    ('drive ahead too feet', [move('forward', 0.6096)]),
    ('go forward for 2 meters', [move('forward', 2.0)]),
    ('move forward half a meter', [move('forward', 0.5)]),
    ('move forward half meter', [move('forward', 0.5)]),
    ('move forward a meter and a half', [move('forward', 1.5)]),
    ('move forward one and a half meters', [move('forward', 1.5)]),
    ('move forward two and a quarter meters', [move('forward', 2.25)]),
    ('move forward three quarters of a meter', [move('forward', 0.75)]),
    ('move forward 1 1/2 meters', [move('forward', 1.5)]),
    ('move forward 2½ meters', [move('forward', 2.5)]),
    ('move ahead zero point five meters', [move('forward', 0.5)]),
    ('move ahead point five meters', [move('forward', 0.5)]),
    ('move ahead .5 m', [move('forward', 0.5)]),
    ('move forward a foot', [move('forward', 0.3048)]),
    ('go forward another foot', [move('forward', 0.3048)]),
    ('go forward a couple of feet', [move('forward', 0.6096)]),
    ('go straight ahead twenty centimeters', [move('forward', 0.2)]),
    ('go straight for six inches', [move('forward', 0.1524)]),
    ('advance two yards', [move('forward', 1.8288)]),
    ('go forward 5 feet 6 inches', [move('forward', 1.6764)]),
    ('two meters forward', [move('forward', 2.0)]),
    ('forward three feet', [move('forward', 0.9144)]),
    ('um, go, uh, forward about, um, four meters', [move('forward', 4.0)]),
    ('go straight go straight two feet', [move('forward', 0.6096)]),
    ('go forward ten ten meters', [move('forward', 10.0)]),
    ('go forward 500 mm', [move('forward', 0.5)]),
    ('back up three feet', [move('backward', 0.9144)]),
    ('go back 1 meter', [move('backward', 1.0)]),
    ('move backwards ten inches', [move('backward', 0.254)]),
    ('reverse one metre', [move('backward', 1.0)]),
    ('drive forward for three seconds', [move('forward', duration_s=3.0)]),
    ('drive forward for half a minute', [move('forward', duration_s=30.0)]),
    ('go forward two meters slowly', [move('forward', 2.0, speed='slow')]),
    ('quickly go forward two meters', [move('forward', 2.0, speed='fast')]),
    ('go forward 1 meter at 0.2 meters per second', [move('forward', 1.0, speed_mps=0.2)]),
    ('go forward 1 meter at 20cm/s', [move('forward', 1.0, speed_mps=0.2)]),
    ('go forward 1 meter at 0.9 km/h', [move('forward', 1.0, speed_mps=0.25)]),
    ('go forward one meter at half a meter a second', [move('forward', 1.0, speed_mps=0.5)]),
    ('move left half a meter', [move('left', 0.5)]),
    ('slide to the right 20 centimeters', [move('right', 0.2)]),
    ('turn left ninety degrees', [turn(90.0)]),
    ('Turn left, 90 degrees!', [turn(90.0)]),
    ('Turn left. 90 degrees.', [turn(90.0)]),
    ('turn left 90°', [turn(90.0)]),
    ('turn left forty-five degrees', [turn(45.0)]),
    ('turn right a hundred and eighty degrees', [turn(-180.0)]),
    ('turn right one eighty degrees', [turn(-180.0)]),
    ('turn left one oh five degrees', [turn(105.0)]),
    ('rotate thirty degrees to the right', [turn(-30.0)]),
    ('rotate clockwise by 30 degrees', [turn(-30.0)]),
    ('spin counterclockwise 30 degrees', [turn(30.0)]),
    ('to your left turn twenty degrees', [turn(20.0)]),
    ('move sixty degrees to your right', [turn(-60.0)]),
    ('left 15 degrees', [turn(15.0)]),
    ('make a quarter turn to the left', [turn(90.0)]),
    ('a quarter turn right', [turn(-90.0)]),
    ('half a turn left', [turn(180.0)]),
    ('make a full turn to the right', [turn(-360.0)]),
    ('make a 90 degree turn to the right', [turn(-90.0)]),
    ('make a ninety degree left turn', [turn(90.0)]),
    ('turn around', [turn(180.0)]),
    ('Turn around, please.', [turn(180.0)]),
    ('turn around to the right', [turn(-180.0)]),
    ('turn left for two seconds', [turn(direction='left', duration_s=2.0)]),
    ('turn left 90 degrees at 20 degrees per second', [turn(90.0, speed_dps=20.0)]),
    ('could you please turn right ten more degrees', [turn(-10.0)]),
    ('robot, turn left twenty degrees', [turn(20.0)]),
    ('hey robot can you go forward one meter', [move('forward', 1.0)]),
    ("okay let's go forward one meter", [move('forward', 1.0)]),
    ('i want you to go forward one meter now', [move('forward', 1.0)]),
    ("i'd like you to go forward one meter", [move('forward', 1.0)]),
    ('to your left go, turn ninety degrees', [turn(90.0)]),
    ('turn left turn left ninety degrees', [turn(90.0)]),
    ('go to the kitchen', [go_to('kitchen')]),
    ('Please drive to the kitchen.', [go_to('kitchen')]),
    ('go back to the dock', [go_to('charging station')]),
    ('return to the docking station', [go_to('charging station')]),
    ('go home', [go_to('home')]),
    ('navigate to the living room', [go_to('living room')]),
    ('head towards the door', [go_to('door')]),
    ('go to the kitchen and then to the desk', [go_to('kitchen'), go_to('desk')]),
    ('come here', [('go_to', {'person': 'me'})]),
    ('go forward two meters and then turn left ninety degrees', [move('forward', 2.0), turn(90.0)]),
    ('turn left 90 degrees, then go forward 1 meter', [turn(90.0), move('forward', 1.0)]),
    ('turn left ninety degrees go back one meter', [turn(90.0), move('backward', 1.0)]),
    ('turn left and go forward two meters', [LEFT, move('forward', 2.0)]),
    ('turn left 45 degrees and right 30 degrees', [turn(45.0), turn(-30.0)]),
    ('go forward one meter, turn around, and come back one meter',
     [move('forward', 1.0), turn(180.0), move('backward', 1.0)]),
    ('go forward two meters then stop', [move('forward', 2.0), STOP]),
    ('go forward two meters and come to a stop', [move('forward', 2.0), STOP]),
]  # fmt: skip

# Meaningful, and yet speech could add to it.
OPEN = [
    ('turn left', [LEFT]),
    ('turn to your right', [RIGHT]),
    ('take a left', [LEFT]),
    ('go left', [LEFT]),
    ('move left', [move('left')]),
    ('go forward', [move('forward')]),
    ('forward', [move('forward')]),
    ('back up', [move('backward')]),
    ('move forward slowly', [move('forward', speed='slow')]),
    ('turn left ninety', [turn(90.0)]),
    ('turn right one eighty', [turn(-180.0)]),
    ('do a one eighty', [turn(180.0)]),
    ('go three meters', [move('forward', 3.0)]),
    ('turn left ninety degrees and', [turn(90.0)]),
    ('go forward two meters and then', [move('forward', 2.0)]),
    ('turn left and then right', [LEFT, RIGHT]),
    ('go to the moon', [go_to('moon')]),
    ('go to the red door please', [go_to('red door')]),
]

NOT_TO_MOVE = [
    '', ' ', '...', 'Thank you.', 'yes', 'okay', 'um', 'robot', '[BLANK_AUDIO]', '♪ music ♪',
    "don't move", 'do not turn left', 'never go forward two meters', "you can't go forward",
    "please don't go to the kitchen", 'go forward without me', 'not left',
    'I told him to stop by the store', 'she said turn left', 'he went forward two meters', 'tell her to go left',
    'did you turn left', 'should I turn left', 'they turned around', 'we go to the kitchen every day',
    'when I say so go forward two meters', 'if you see the door turn left', 'turn left after the door',
    'in five seconds turn left', 'turn left in five seconds', 'uh stop after three seconds of movement',
    'right', 'Right.', 'left', 'right, go forward', 'make a turn with it', 'turn to my left',
    'turn left right', 'go forward ninety degrees', 'turn left two meters', 'forward back',
    'go forward two meters three meters', 'go forward two five', 'go left or right', 'go to the kitchen or the office',
    'go forward zero meters', 'go forward minus two meters', 'turn left zero degrees', 'turn left minus ten degrees',
    'go forward a few meters', 'go forward 1/0 meters', 'go forward 1e308 meters',
    'turn off the lights', 'turn it up', 'turn left at the desk', 'the left light', 'turn to my left',
    'the kitchen', 'two meters',
    'ninety degrees', 'stop by the store', 'the bus stop', 'wait for me at the door', 'move on with your life',
    'go ahead punk',
    'turn the page', 'what time is it', 'I love going back home', 'back in the day', 'go forward 50%',
    'поверни left 90 degrees', 'go forward 1e5 meters', 'go forward ' + '9' * 400 + ' meters', 'go forward ' * 200,
]  # fmt: skip

EMERGENCY = [
    'stop', 'Stop!', 'STOP STOP STOP', 'stop now', 'please stop', 'robot stop', 'hey robot, please stop', 'ok stop',
    'could you stop', 'can you please stop', 'I said stop', 'you need to stop', 'i want you to stop', 'no, stop',
    'no stop', 'wait, stop', 'make it stop', 'just stop', 'halt', 'freeze', 'whoa', 'Whoa!', 'emergency', 'stop it',
    'emergency stop', 'stop moving', 'stop right there', 'stop the robot', 'stop the music', 'full stop', 'hold it',
    'go forward stop', 'go forward ten meters stop', 'turn left. Stop.', 'go to the kitchen. Stop!', 'um stop',
    'turn left 90 degrees no stop', "don't go there, stop!", 'stop and turn left', 'oh no stop stop', 'ah stop',
    'stop, the', 'Stop\u2026', 'stopp', 'sto- stop', 'Hault!', 'freez', 'sss stop moving', 'oh my god stop',
    'stop before you hit it',
    'robot, watch out, stop', 'abort', 'cease all motion', 'everybody freeze',
    'could you please stop moving', "won't you stop",
    'stop you are going to fall', 'stop what you are doing', 'stop following me', 'I order you to stop',
]  # fmt: skip

NO_EMERGENCY = [
    '', "don't stop", 'don\u2019t stop', 'do not stop', 'never stop', 'stop by the store', 'the bus stop',
    'go to the bus stop', 'then stop', 'and stop', 'go forward two meters then stop', 'and then stop',
    'go forward two meters and stop', 'wait for me', 'wait', 'non-stop', 'non-stop music', 'stopwatch', 'unstoppable',
    'stopped', 'he stopped', 'tell him to stop', 'I told her to stop', 'until I say stop', 'the next stop', 'st',
    'stop at the store on your way', 'stop when you see me', 'stop after three seconds', 'he said, stop',
    'She yelled: stop!',
    'freeze frame', 'emergency room', 'do not stop until you get there', 'the elevator will stop at the second floor',
    'stop sign ahead', 'emergency exit', 'go to the emergency exit', 'a freezer', 'go forward', 'stop-motion film',
]  # fmt: skip


def meaning_of(text):
    return PARSER.parse(text)


def as_pairs(meaning):
    return [(step['action'], step['args']) for step in steps_to_builtins(meaning.steps)]


@pytest.mark.parametrize(('text', 'steps'), COMPLETE)
def test_complete_command(text, steps):
    meaning = meaning_of(text)
    assert as_pairs(meaning) == steps
    assert (meaning.is_complete, meaning.emergency_stop, meaning.reason) == (True, False, '')


@pytest.mark.parametrize(('text', 'steps'), OPEN)
def test_command_that_could_go_on(text, steps):
    meaning = meaning_of(text)
    assert as_pairs(meaning) == steps
    assert (meaning.is_complete, meaning.emergency_stop, meaning.reason) == (False, False, '')


@pytest.mark.parametrize('text', NOT_TO_MOVE)
def test_no_command_says_why(text):
    meaning = meaning_of(text)
    assert meaning.steps == ()
    assert not meaning.is_complete
    assert not meaning.emergency_stop
    assert meaning.reason.endswith(('.', '?'))


@pytest.mark.parametrize('text', EMERGENCY)
def test_emergency_stop(text):
    assert is_emergency_stop(text)
    meaning = meaning_of(text)
    assert meaning.emergency_stop
    assert as_pairs(meaning)[0] == STOP


@pytest.mark.parametrize('text', NO_EMERGENCY)
def test_no_emergency_stop(text):
    assert not is_emergency_stop(text)
    assert not meaning_of(text).emergency_stop


def test_the_name_of_the_robot_may_stand_before_stop():
    assert not is_emergency_stop('marvin stop')
    assert is_emergency_stop('marvin stop', ('marvin',))
    assert Parser(Vocabulary(robot_names=('r2 d2',))).parse('R2 D2 stop').emergency_stop


def test_what_follows_an_emergency_stop_is_understood_too():
    assert as_pairs(meaning_of('stop and turn left')) == [STOP, LEFT]


def test_what_came_before_an_emergency_stop_is_forgotten():
    assert as_pairs(meaning_of('go forward ten meters. Stop!')) == [STOP]


def test_a_place_is_open_while_its_name_may_go_on():
    parser = Parser(Vocabulary(places={'meeting room': None, 'meeting room 2': None}))
    assert not parser.parse('go to the meeting room').is_complete
    assert parser.parse('go to the meeting room two').is_complete


@pytest.mark.parametrize(
    ('text', 'word'),
    [("don't move", 'not to'), ('I told him to go left', 'someone'), ('turn left if you see me', 'condition')],
)
def test_reasons_are_about_what_was_said(text, word):
    assert word in meaning_of(text).reason
