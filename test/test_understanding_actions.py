"""Sentences for every action, and clauses that depend on each other, with their meanings."""

import shlex

import pytest

from voice_pipeline.messages import steps_to_builtins
from voice_pipeline.understanding.grammar.parser import Parser
from voice_pipeline.understanding.words.vocabulary import Vocabulary

VOCABULARY = Vocabulary(
    robot_names=('robot',),
    places=dict.fromkeys(
        ('kitchen', 'living room', 'office', 'lab', 'workshop', 'window', 'table', 'desk', 'shelf', 'sofa', 'home',
         'charging station', 'meeting room 1', 'meeting room 2', 'front door', 'door')
    ),
    synonyms={'dock': 'charging station'},
    people=('alex', 'sam', 'kim', 'jordan'),
    objects=('cup', 'red cup', 'blue mug', 'mug', 'bottle', 'box', 'book', 'newspaper', 'apple', 'toolbox', 'ball',
             'screwdriver', 'keys', 'phone', 'red ball', 'green block', 'small yellow duck'),
    surfaces=('table', 'desk', 'shelf', 'floor', 'box', 'bin'),
)  # fmt: skip
PARSER = Parser(VOCABULARY)

# A sentence and its steps: actions with their arguments, separated by ";".
ACTIONS = [
    # follow
    ('follow me', 'follow person=me'),
    ('follow sam', 'follow person=sam'),
    ('please follow sam to the office', 'follow person=sam place=office'),
    ('come with me', 'follow person=me'),
    ('follow me to the kitchen', 'follow person=me place=kitchen'),
    ('track the red ball', "follow object='red ball'"),
    ('keep up with kim', 'follow person=kim'),
    ('walk behind me', 'follow person=me'),
    ('could you follow jordan', 'follow person=jordan'),
    ('start by following me', 'follow person=me'),
    # look and find
    ('look left', 'look direction=left'),
    ('look to your right', 'look direction=right'),
    ('look up', 'look direction=up'),
    ('look behind you', 'look direction=behind'),
    ('look around', 'look direction=around'),
    ('take a look around', 'look direction=around'),
    ('turn your head to the left', 'look direction=left'),
    ('tilt your camera up', 'look direction=up'),
    ('look 30 degrees to the left', 'look angle_deg=30'),
    ('look at me', 'look person=me'),
    ('look at sam', 'look person=sam'),
    ('look at the red ball', "look object='red ball'"),
    ('watch the window', 'look object=window'),
    ('look for the keys', 'look object=keys'),
    ('find my phone', 'look object=phone'),
    ('search for the blue mug', "look object='blue mug'"),
    ('can you find kim', 'look person=kim'),
    ('go find the toolbox', 'look object=toolbox'),
    ('find the red ball in the living room', "look object='red ball'"),
    # pick
    ('pick up the cup', 'pick object=cup'),
    ('pick the red cup up', "pick object='red cup'"),
    ('pick up the bottle from the table', 'pick object=bottle place=table'),
    ('grab the blue mug off the shelf', "pick object='blue mug' place=shelf"),
    ('take the red ball out of the box', "pick object='red ball' place=box"),
    ('lift the box', 'pick object=box'),
    ('get the phone', 'pick object=phone'),
    ('collect the keys from the desk', 'pick object=keys place=desk'),
    ('remove the cup from the table', 'pick object=cup place=table'),
    ('can you pick up the small yellow duck please', "pick object='small yellow duck'"),
    ('pick up the cup and the bottle', 'pick object=cup; pick object=bottle'),
    ('pick up the cup that is on the table', 'pick object=cup place=table'),
    # place
    ('put the cup on the table', 'place object=cup place=table'),
    ('put down the box', 'place object=box'),
    ('put the box down', 'place object=box'),
    ('drop the ball', 'place object=ball'),
    ('place the green block in the bin', "place object='green block' place=bin"),
    ('set the mug on the shelf', 'place object=mug place=shelf'),
    ('leave the keys on the desk', 'place object=keys place=desk'),
    ('put the toolbox next to the sofa', 'place object=toolbox place=sofa'),
    ('throw the bottle in the bin', 'place object=bottle place=bin'),
    ('return the book to the shelf', 'place object=book place=shelf'),
    ('put the cup and the book on the table', 'place object=cup place=table; place object=book place=table'),
    ('give the cup to sam', 'place object=cup person=sam'),
    ('hand me the screwdriver', 'place object=screwdriver person=me'),
    ('give sam the apple', 'place object=apple person=sam'),
    ('pass the keys to jordan', 'place object=keys person=jordan'),
    ('could you give me the red cup', "place object='red cup' person=me"),
    # fetch and carry
    ('bring me the cup', 'pick object=cup; place object=cup person=me'),
    ('fetch me the keys', 'pick object=keys; place object=keys person=me'),
    ('get me the bottle', 'pick object=bottle; place object=bottle person=me'),
    ('fetch the book', 'pick object=book; place object=book person=me'),
    ('bring the phone to me', 'pick object=phone; place object=phone person=me'),
    ('bring the cup here', 'pick object=cup; place object=cup person=me'),
    ('bring sam the newspaper', 'pick object=newspaper; place object=newspaper person=sam'),
    ('bring the toolbox to the lab', 'pick object=toolbox; place object=toolbox place=lab'),
    ('deliver the book to kim', 'pick object=book; place object=book person=kim'),
    ('carry the box to the workshop', 'pick object=box; place object=box place=workshop'),
    ('take the cup to the kitchen', 'pick object=cup; place object=cup place=kitchen'),
    ('bring me the newspaper from the living room',
     "pick object=newspaper place='living room'; place object=newspaper person=me"),
    ('can i have the apple please', 'pick object=apple; place object=apple person=me'),
    ('go get me the screwdriver', 'pick object=screwdriver; place object=screwdriver person=me'),
    ('bring me the cup and the book',
     'pick object=cup; place object=cup person=me; pick object=book; place object=book person=me'),
    # pronouns
    ('pick up the cup and put it on the table', 'pick object=cup; place object=cup place=table'),
    ('take the book from the desk and bring it to alex',
     'pick object=book place=desk; place object=book person=alex'),
    ('go and get the cup and bring it to me', 'pick object=cup; place object=cup person=me'),
    ('pick up the keys then give them to kim', 'pick object=keys; place object=keys person=kim'),
    ('go to the kitchen and wait there', 'go_to place=kitchen; pause'),
    # gestures
    ('wave', 'gesture gesture=wave'),
    ('wave at sam', 'gesture gesture=wave person=sam'),
    ('wave your hand', 'gesture gesture=wave'),
    ('wave goodbye to kim', 'gesture gesture=wave person=kim'),
    ('nod', 'gesture gesture=nod'),
    ('nod your head', 'gesture gesture=nod'),
    ('take a bow', 'gesture gesture=bow'),
    ('dance', 'gesture gesture=dance'),
    ('do a little dance', 'gesture gesture=dance'),
    ('point at the red ball', "gesture gesture=point object='red ball'"),
    ('point to sam', 'gesture gesture=point person=sam'),
    ('high five', 'gesture gesture=high_five'),
    ('give me a high five', 'gesture gesture=high_five person=me'),
    ('shake hands with jordan', 'gesture gesture=handshake person=jordan'),
    ('shake my hand', 'gesture gesture=handshake person=me'),
    # say
    ('say hello', 'say text=hello'),
    ('say hello to sam', 'say text=hello person=sam'),
    ('Say "Good morning, everyone!"', "say text='good morning everyone'"),
    ('tell sam that dinner is ready', "say text='dinner is ready' person=sam"),
    ('tell kim dinner is at seven', "say text='dinner is at seven' person=kim"),
    ('announce that lunch is served', "say text='lunch is served'"),
    ('go to the kitchen and say hello', 'go_to place=kitchen; say text=hello'),
    ('say hello and then wave', 'say text=hello; gesture gesture=wave'),
    ('repeat after me hello world', "say text='hello world'"),
    ('let kim know that i am late', "say text='i am late' person=kim"),
    ('greet sam', 'say text=hello person=sam'),
    # queries
    ('where are you', 'query topic=position'),
    ('what is your position', 'query topic=position'),
    ('which room are you in', 'query topic=position'),
    ('can you tell me where you are', 'query topic=position'),
    ('how much battery do you have left', 'query topic=battery'),
    ("what's your battery level", 'query topic=battery'),
    ('do you need to charge', 'query topic=battery'),
    ('how fast are you going', 'query topic=speed'),
    ('what is your current speed', 'query topic=speed'),
    ('what are you doing', 'query topic=status'),
    ('status report', 'query topic=status'),
    ('are you ok', 'query topic=status'),
    ('who are you', 'query topic=identity'),
    ("what's your name", 'query topic=identity'),
    ('tell me your name', 'query topic=identity'),
    ('what can you do', 'query topic=capabilities'),
    ('help', 'query topic=capabilities'),
    ('what commands do you understand', 'query topic=capabilities'),
    ('where are you going', 'query topic=destination'),
    ("what's your destination", 'query topic=destination'),
    ('what do you see', 'query topic=perception'),
    ("what's in front of you", 'query topic=perception'),
    ('can you see the cup', 'query topic=perception object=cup'),
    ('is there a bottle on the table', 'query topic=perception object=bottle place=table'),
    ('describe what you see', 'query topic=perception'),
    ('where is the red cup', "query topic=object_location object='red cup'"),
    ('where are my keys', 'query topic=object_location object=keys'),
    ('have you seen the blue mug', "query topic=object_location object='blue mug'"),
    ('how far is the kitchen', 'query topic=distance place=kitchen'),
    ('how far away are you from the charging station', "query topic=distance place='charging station'"),
    ('how long until you get there', 'query topic=eta'),
    ('when will you arrive', 'query topic=eta'),
    ('how long will it take to get to the lab', 'query topic=eta place=lab'),
    ("hey robot what's your eta", 'query topic=eta'),
    # speed
    ('go faster', 'set_speed change=increase'),
    ('speed up a bit', 'set_speed change=increase'),
    ('slow down', 'set_speed change=decrease'),
    ('drive slower', 'set_speed change=decrease'),
    ('hurry up', 'set_speed change=increase'),
    ('not so fast', 'set_speed change=decrease'),
    ('set speed to 0.3 meters per second', 'set_speed speed_mps=0.3'),
    ('set your speed to 50 percent', 'set_speed percent=50'),
    ('half speed', 'set_speed percent=50'),
    ('go at half speed', 'set_speed percent=50'),
    ('normal speed', 'set_speed speed=normal'),
    ('drive slowly', 'set_speed speed=slow'),
    ('increase your speed', 'set_speed change=increase'),
    ('speed up to half a meter per second', 'set_speed speed_mps=0.5'),
    ('faster', 'set_speed change=increase'),
    ('reduce your speed to 20%', 'set_speed percent=20'),
    # orders
    ('stop', 'stop'),
    ('halt right there', 'stop'),
    ('come to a stop', 'stop'),
    ('pause', 'pause'),
    ('wait five seconds', 'pause duration_s=5'),
    ('pause for ten seconds', 'pause duration_s=10'),
    ('hold on a second', 'pause'),
    ('wait here for two minutes', 'pause duration_s=120'),
    ('stay where you are', 'pause'),
    ('resume', 'resume'),
    ('continue', 'resume'),
    ('carry on', 'resume'),
    ('keep going', 'resume'),
    ('go on', 'resume'),
    ('cancel', 'cancel'),
    ('cancel that', 'cancel'),
    ('never mind', 'cancel'),
    ('forget it', 'cancel'),
    ('repeat that', 'repeat'),
    ('do it again', 'repeat'),
    ('again', 'repeat'),
    ('one more time', 'repeat count=1'),
    ('do that three more times', 'repeat count=3'),
    ('repeat the last command twice', 'repeat count=2'),
    # go to
    ('go to sam', 'go_to person=sam'),
    ('come here', 'go_to person=me'),
    ('come over here please', 'go_to person=me'),
    ('come to me', 'go_to person=me'),
    ('come back', 'go_to person=me'),
    ('head over to the window', 'go_to place=window'),
    ('visit the workshop', 'go_to place=workshop'),
    ('make your way to meeting room two', "go_to place='meeting room 2'"),
    ('park next to the sofa', 'go_to place=sofa'),
    ('take me to the office', 'go_to place=office'),
    ('meet me at the front door', "go_to place='front door'"),
    ('dock yourself', "go_to place='charging station'"),
    ('go charge yourself', "go_to place='charging station'"),
    ('go to the kitchin', 'go_to place=kitchen'),
    ('drive to the charging stations', "go_to place='charging station'"),
    ('go home', 'go_to place=home'),
    ('enter the lab', 'go_to place=lab'),
    # facing
    ('face the window', 'turn object=window'),
    ('turn to face the table', 'turn object=table'),
    ('turn towards the door', 'turn object=door'),
    ('face me', 'turn object=me'),
    ('face left', 'turn direction=left'),
]  # fmt: skip

CLAUSES = [
    ('um turn to your left about forty five degrees and then, um, go forward two, no, three feet',
     'turn angle_deg=45; move direction=forward distance_m=0.9144'),
    ('go forward one meter and back two', 'move direction=forward distance_m=1; move direction=backward distance_m=2'),
    ('go back two meters and then another three',
     'move direction=backward distance_m=2; move direction=backward distance_m=3'),
    ('turn left 90 degrees and then right 45', 'turn angle_deg=90; turn angle_deg=-45'),
    ('go to the kitchen and then the office', 'go_to place=kitchen; go_to place=office'),
    ('Go to the kitchen, pick up the red cup, and bring it to me.',
     "go_to place=kitchen; pick object='red cup'; place object='red cup' person=me"),
    ('before you go to the kitchen pick up the cup', 'pick object=cup; go_to place=kitchen'),
    ('go forward two meters before you turn left', 'move direction=forward distance_m=2; turn direction=left'),
    ('turn left after you go forward one meter', 'move direction=forward distance_m=1; turn direction=left'),
    ('after picking up the cup go to the kitchen', 'pick object=cup; go_to place=kitchen'),
    ('go to the kitchen and when you get there turn around', 'go_to place=kitchen; turn angle_deg=180'),
    ('turn right now', 'turn direction=right'),
    ('go left no right', 'turn direction=right'),
    ('turn left, I mean right', 'turn direction=right'),
    ('turn left ninety no forty five degrees', 'turn angle_deg=45'),
    ('go to the kitchen, sorry, the office', 'go_to place=office'),
    ('go to the kitchen, scratch that, go to the office', 'go_to place=office'),
    ('turn left, then go forward one meter, never mind', 'cancel'),
    ('turn right not left', 'turn direction=right'),
    ("don't turn left, turn right", 'turn direction=right'),
    ("don't go left but right", 'turn direction=right'),
    ("don't go to the kitchen go to the office", 'go_to place=office'),
    ('would you mind going to the kitchen and bringing me the cup',
     'go_to place=kitchen; pick object=cup; place object=cup person=me'),
    ('how about going forward two meters', 'move direction=forward distance_m=2'),
    ("why don't you turn left", 'turn direction=left'),
    ('turn left if you can', 'turn direction=left'),
    ('go to the kitchen and tell me what you see', 'go_to place=kitchen; query topic=perception'),
    ('continue and then move forward one meter', 'move direction=forward distance_m=1'),
    ('turn left 90 degrees twice', 'turn angle_deg=90; turn angle_deg=90'),
    ('wait for ten seconds then turn left', 'pause duration_s=10; turn direction=left'),
    ('move forward two or three feet', 'move direction=forward distance_m=0.6096'),
    ('move forward ten feet towards the white door', 'move direction=forward distance_m=3.048'),
    ('go straight down the hallway ten feet', 'move direction=forward distance_m=3.048'),
    ('take two steps back', 'move direction=backward distance_m=0.6096'),
    ('move a bit to the left', 'move direction=left'),
]  # fmt: skip

STUMBLES = [
    ('turn l left forty five degrees', 'turn angle_deg=45'),
    ('move forward five fe feet', 'move direction=forward distance_m=1.524'),
    ('move forward fff five feed', 'move direction=forward distance_m=1.524'),
    ('turn write ninety degrees', 'turn angle_deg=-90'),
    ('turn to you left ninety grees', 'turn angle_deg=90'),
    ('move a hundred degrees to the to the left', 'turn angle_deg=100'),
    ('go for two feet', 'move direction=forward distance_m=0.6096'),
    ("go forward 5'", 'move direction=forward distance_m=1.524'),
]

# Talk, idioms and orders to others: nothing of it is for a robot.
NOTHING = [
    'go west ten feet', 'go forward north two meters', 'face wash', 'show me', 'move forward to see',
    'Sam, go to the kitchen', 'alex turn left', 'tell sam to come here', 'ask her to turn around',
    'I went to the kitchen',
    'I am going to the kitchen', 'we should go to the kitchen', 'you turned left', 'my dog follows me everywhere',
    'alexa turn on the lights', 'hey siri set a timer', 'turn the music down', 'open the door', 'take a picture',
    'move the chair to the left', 'push the door', 'walk the dog', 'take the stairs', 'take your time',
    'give me a break',
    'grab a seat', 'get out of here', 'go with the flow', 'follow your dreams', 'follow the instructions',
    'pick a card',
    'carry a tune', 'place your bets', 'put the kettle on', 'leave the room', 'leave me alone', 'bring it on',
    'pick up sam', 'hold the door', 'the cup is on the table', 'she put the cup on the table', 'drop me a line',
    'say what', 'he told me to say hello', "don't say hello", "don't bring me the cup", 'never follow me',
    'when I clap turn around', 'look forward to it', 'watch out', 'I left my keys in the kitchen', 'point taken',
    'right turn only', 'first turn left then call me', 'at noon go to the kitchen', 'turning left', 'robots turn left',
    'I want to go home', 'let him go to the kitchen', 'the way forward', 'is it left or right', 'thank you for driving',
]  # fmt: skip


def plain(meaning):
    steps = []
    for step in steps_to_builtins(meaning.steps):
        values = (shlex.quote(v) if isinstance(v, str) else f'{v:g}' for v in step['args'].values())
        steps.append(' '.join([step['action'], *map('='.join, zip(step['args'], values, strict=True))]))
    return '; '.join(steps)


@pytest.mark.parametrize(('text', 'steps'), ACTIONS + CLAUSES + STUMBLES)
def test_sentence(text, steps):
    meaning = PARSER.parse(text)
    assert plain(meaning) == steps
    assert meaning.reason == ''
    assert meaning.coverage == 1.0
    assert len(meaning.words) == len(meaning.steps)


@pytest.mark.parametrize('text', NOTHING)
def test_not_for_a_robot(text):
    meaning = PARSER.parse(text)
    assert plain(meaning) == ''
    assert meaning.reason


@pytest.mark.parametrize('polite', ['{}, please', 'could you {}', 'robot {}', 'um {}', 'OKAY, {}!', 'I want you to {}'])
@pytest.mark.parametrize(('text', 'steps'), ACTIONS[::7])
def test_polite_forms_change_nothing(polite, text, steps):
    is_question = (
        'query' in steps or steps in ('resume', 'stop') or text.startswith(('can ', 'could ', 'please ', 'hey', 'Say'))
    )
    if not is_question and text not in ('high five', 'half speed', 'again', 'not so fast', 'faster'):
        assert plain(PARSER.parse(polite.format(text))) == steps
