"""Talk that a robot overhears: it must neither move nor stop for it."""

import pytest
from test_understanding_actions import PARSER

from voice_pipeline.messages import Cancel, Pause, Query, Say, SetSpeed, Stop
from voice_pipeline.understanding.words.emergency import is_emergency_stop

STILL = (Stop, Cancel, Pause, SetSpeed, Query, Say)

# Reported, past, hypothetical, to others, to other devices, about others, idioms, the radio, questions about motion.
TALK = [
    'he said go to the kitchen', 'the sat nav said turn left in two hundred metres', 'hey kim go to the kitchen',
    'dave come over here', 'ok google go home', 'put the lights on in the kitchen', 'have sam bring me the cup',
    'the dog followed me home', "we're going home", 'I would go to the kitchen if I were you',
    'what if you turned left', 'shall I come over there', 'are you going to the kitchen', 'how do I turn left',
    'is moving forward safe', "I didn't say go forward", 'you could have gone to the kitchen',
    'you forgot to bring me the cup', 'tomorrow go to the office', 'going forward we will do this differently',
    "it's your turn", 'a turn of phrase', 'right on', 'human rights', 'he left the room', 'straight away I knew it',
    'my back hurts', 'back to square one', 'there you go', 'go fish', 'let me go', 'come again', 'run a bath',
    'drive a hard bargain', 'take it back', 'take note', 'pick on someone your own size', 'put the baby to bed',
    'give me a minute', 'hands up', 'follow suit', 'look out', "dance like nobody's watching", 'shake it off',
    'fast food', 'spin class', 'inch by inch', 'rotate the tyres', 'step by step', 'move mountains',
    'proceed with caution', 'in other news the president went to the office', 'knight moves to the left',
    'we will be right back after these messages', 'continue on this road for three miles',
    'students must go to the office', 'do not come here', "don't you dare turn left",
    "i don't think you should go forward", "there's no need to turn around", 'keep off the grass',
    'it is better not to turn left', 'I hope you go to the kitchen', 'I like it when you dance', 'I can turn left',
    'people go forward', 'not now', 'unless I say so go forward', 'come here when I call you',
    'the kitchen is to the left', 'it is ninety degrees outside', 'backward compatibility', 'spell forward',
    'I said to sam turn left', 'sam said come here', 'mum said come home', 'where do you want to go',
    'my robot can turn left', 'she picks up the cup', 'hold your tongue', 'let me turn left', 'hello how are you',
    'can you hear me', 'two', 'go, dog, go', 'scroll left', 'reboot', "text kim I'm on my way", 'push the box',
    'clean the kitchen', 'drive safely', 'go on vacation', 'back up the data', 'turn the key', 'follow the money',
    'look both ways', 'dance floor', 'give me strength', 'bring it home', 'put two and two together',
    'search the web for cups', 'watch a movie', 'move along', 'step aside', 'turn the tables',
    'drive the car to the kitchen', 'spin the ball', 'flip the box', 'go to the kitchen, kim', 'follow me, everyone',
    'sam, kim, turn around', 'everybody dance now', 'ladies and gentlemen please take your seats',
    'kim goes to the kitchen', 'sam should go to the office', 'would sam follow me', 'I dare you to turn left',
    'you promised to go to the kitchen', 'you would turn left', 'if you go to the kitchen, you will see the cup',
    'if I told you to turn left would you do it', 'before you went to the kitchen',
    'when I go to the kitchen I turn left', 'once we get to the kitchen', 'in the game turn left to win',
    'my phone said turn around', 'the teacher said sit down and turn around', "it's called turn left",
    'forward is a direction', "straight from the horse's mouth", 'nice dance', 'no thanks', 'not there', 'not yet',
    "no don't turn left", "don't go past the door", "don't be going forward", 'no more turning',
    "make sure you don't move", 'try not to turn left', "I'd rather you didn't move", 'you may not go to the kitchen',
    'never mind turning left', 'instead of turning left', 'go to the kitchen in an hour', 'go to the kitchen tonight',
    'turn left next time', 'some day go to the kitchen', 'when sam comes in wave', 'if battery is low go home',
    'left or right', 'turn left and right at the same time', "I'm thinking of going to the kitchen",
    "we're off to see the wizard", 'here I go', 'there she goes', "it's to the left", 'the left one',
    'two metres is enough', 'a right angle is ninety degrees', 'set the oven to two hundred degrees',
    'it takes ten minutes to drive there', 'I ran five miles', 'step two is turn left', 'the correct answer is left',
    'the idea is to go to the kitchen', 'is it turn left or turn right', 'what does go forward do',
    'who said turn left', 'how about no', 'which left', 'has it turned left', 'is that a wave',
    "aren't you going to the kitchen", "didn't you go to the kitchen", 'can I turn left', 'may I follow you',
    'must I go to the kitchen', 'will it go forward', 'do you want me to turn left', 'Tell Sam to go to the kitchen',
    "let's go out", 'go ahead and have a seat', 'go fly a kite', "I'd like to go to the beach", 'grab lunch',
    'drop off the kids', 'come fly with me', 'follow your nose', 'look at him', 'go to sleep', 'go to school',
    'go back to the previous slide', 'go to channel five', 'come together', 'stand up', 'turn that frown upside down',
    'turn your back', 'advance to the next slide', 'skip', 'move your hand', 'move the sofa back a bit',
    'slide the box to the left', 'turn the wheel left', 'spin it around', 'lower your arm', 'take the elevator',
    'take me to your leader', 'take it away', 'bring sam here', 'put it away', 'get the lights', 'get to work',
    'keep your distance', 'keep left', 'stay the course', 'follow the white rabbit', 'chase the dog',
    'find kim a chair', 'look for trouble', 'watch the dog', 'check under the bed', 'say hello to my little friend',
    'give kim a call', 'give me the news', 'throw a party', 'leave him there', 'meet and greet', 'visit grandma',
    'return of the king', 'kitchen', 'see you in the office',
    'to the left, to the left, everything you own in a box to the left', 'left, right, left', 'inside out',
    'here and there', 'go upstairs', 'go on a diet', 'go through it again', 'go nuts',
    'could you turn left if you wanted to', 'the robot turn left', 'let the robot go', 'no kim come here',
    'good morning kim come here', 'folks, move forward please', 'dear, bring me the cup', 'team go to the kitchen',
    'you should see the kitchen', 'you will turn left at the junction', 'consider turning it off', 'say you turn left',
    'hold off on turning left', 'forget the kitchen', 'stay away from the kitchen', 'wait for sam to come here',
    "don't pause", "don't slow down", "don't look at me", "don't put the cup on the table",
    "don't go backwards or forwards", "don't turn left or right", 'please do not come here, kim', 'no entry',
    'not one step further', "take one more step and you're scrap", "let's roll",
    "let's take a left turn in this discussion", "let's go back to that later", 'go back to the part about the kitchen',
    'move with the times', 'move heaven and earth', 'move to strike', 'keep on truckin', 'turn right on elm street',
    'go straight through the roundabout', 'go up', 'go around the block', 'walk up the hill',
    'stand clear of the doors',
]  # fmt: skip

NO_STOP = [
    "don't stop", "please don't stop", 'never stop dancing', 'why did you stop', 'did you stop', "I can't stop",
    "he couldn't stop", 'I told you to stop by later', 'stop by the shop', 'stop over in london',
    'I need to stop at the shop', 'the bus stop is over there', 'this is the last stop', 'the stop button is red',
    'what does stop mean', 'how do you stop', 'the rain has stopped', "it won't stop raining", 'one stop shop',
    'stop motion animation', 'stop press', 'the project was halted', 'freeze the peas', "it's freezing in here",
    'deep freeze', 'freeze dried coffee', 'the emergency exit', 'emergency services', 'the emergency room was full',
    'is this an emergency', 'he yelled stop', 'the sign says stop', 'when I say stop you stop', 'go until I say stop',
    'drive until you reach the bus stop', 'tell sam to stop it', 'make her stop', 'could someone make it stop raining',
    "let's not stop here", 'keep going without stopping', 'stop the presses', 'stop at nothing',
    'stop in the kitchen on the way', 'turn left and then stop', 'go two metres, then stop',
    'stop once you are at the door', 'stop after two metres', 'the abortion debate', 'check the brakes',
    'hit the brakes said the instructor', 'hold the cup still', "that's enough food", 'cease fire',
    'please do not halt', 'no need to stop', 'nobody said stop', 'help me stop smoking', 'is this the right stop',
    'that was the last stop', 'stop said the officer', 'sam said stop', 'kim said, stop', 'how far is the next stop',
    'can you see the stop sign', 'wait for me at the bus stop', 'stop signs are red', 'stop and go traffic',
    'emergency kit', 'an emergency brake', 'my heart stopped', 'it brought traffic to a halt', "they don't stop",
    "she doesn't stop", 'does the bus stop here', 'will the bus stop', 'I want to stop here for lunch', 'I should stop',
    'try to stop me', "go on, don't stop", "don't stop believing",
]  # fmt: skip

# However they are put, these stop the robot: where in doubt, it stops.
STOP = [
    'turn to the right stop', 'go left stop', 'follow me stop', 'come here stop', 'go back stop', 'take the right stop',
    'stop you said left', 'stop I said', 'stop, I said', 'robot I said freeze', "stop that's a wall", 'stop for me',
    'stop while I check', 'stop and go back', 'help me stop', 'there it goes, stop it', 'stop kim is there',
    'forward two meters stop stop', 'no no no stop', 'stop, you will fall',
]  # fmt: skip


@pytest.mark.parametrize('text', TALK)
def test_talk_moves_nothing(text):
    meaning = PARSER.parse(text)
    assert all(isinstance(step, STILL) for step in meaning.steps)
    assert not meaning.emergency_stop
    assert meaning.steps or meaning.reason


@pytest.mark.parametrize('text', NO_STOP)
def test_a_stop_that_is_only_spoken_of_is_no_emergency(text):
    assert not is_emergency_stop(text, ('robot',))


@pytest.mark.parametrize('text', STOP)
def test_a_cry_to_stop_stops(text):
    assert is_emergency_stop(text, ('robot',))
    assert PARSER.parse(text).emergency_stop
