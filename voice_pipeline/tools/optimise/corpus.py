"""
Sentences to train and to measure with: robot commands above all, and enough of everything else that people say.

Training sentences are drawn from templates, and none of them is one of the held-out sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

_TO_NINETEEN = (
    'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen '
    'eighteen nineteen'
)
_BY_TEN = 'zero ten twenty thirty forty fifty sixty seventy eighty ninety'
_ONES, _TENS = _TO_NINETEEN.split(), _BY_TEN.split()

# Words that fill {name} in a template; '|' separates them. Templates in here nest.
_SLOTS = {
    'go': 'go|move|drive|roll|head|walk|come|advance|travel|proceed',
    'way': 'forward|forwards|backward|back|left|right|straight ahead|to the left|to the right|sideways|ahead',
    'side': 'left|right',
    'length': '{number} meters|{number} metres|{small} feet|{number} centimeters|one meter|half a meter|a bit|'
    '{small} point {digit} meters|{small} and a half meters|a few inches|{small} yards|two steps|a meter and a half',
    'angle': '{tens} degrees|{number} degrees|ninety degrees|a quarter turn|half a turn|one hundred and eighty degrees|'
    'slightly|all the way around',
    'time': '{number} seconds|a second|{small} minutes|half a minute|a moment|a minute',
    'place': 'kitchen|bedroom|office|hallway|garage|garden|bathroom|front door|charging station|dock|elevator|lobby|'
    'living room|balcony|workshop|laboratory|meeting room|room {number}|storage room|window|desk|table|sofa|cafeteria|'
    'back door|fridge|stairs|reception|loading bay|corridor|shelf number {digit}|garden gate|laundry room',
    'object': 'cup|bottle|book|box|ball|phone|keys|glass|plate|spoon|pen|chair|remote control|screwdriver|backpack|'
    'newspaper|medicine|water bottle|hammer|banana|apple|toolbox|towel|blanket|package|laptop|mug|can of soda|letter|'
    'wrench|scissors|umbrella|jacket|pillow|sandwich|flashlight|charger|paper towel',
    'colour': 'red|blue|green|yellow|black|white|orange|big|small|empty|old|broken|wooden|heavy|purple|grey',
    'thing': '{object}|{colour} {object}|{colour} {object}|{object} on the {place}',
    'person': 'me|him|her|my sister|{name}|{name}|the doctor|the visitor|the woman in the {colour} shirt|my colleague',
    'name': 'Anna|Peter|Maria|John|Sarah|David|Emma|Thomas|Julia|Michael|Sophie|Daniel|Laura|Robert|Alice|George|'
    'Henry|Oliver|Grace|Martin|Nina|Carlos|Priya|Ahmed|Yuki|Mister Brown|Doctor Wilson|Missus Taylor|Ben|Lucy|Victor',
    'robot': 'robot|rover|buddy|hey robot|okay robot|listen|computer',
    'polite': 'please|can you|could you|would you please|I want you to|I would like you to|you should|now|then|okay',
    'pace': 'slowly|quickly|carefully|at half speed|at {small} meters per second|fast|at full speed|very slowly|gently',
    'gesture': 'wave|nod|bow|dance|point at the {object}|give me a high five|shake hands|wave at {person}|spin around',
    'topic': 'battery level|position|speed|status|destination|name|heading|temperature|next task|current plan',
    'command': '{go} {way}|{go} {way} {length}|{go} {length} {way}|{go} {way} {length} {pace}|{go} {way} {pace}|'
    '{go} {way} for {time}|turn {side}|turn {side} {angle}|turn {angle}|rotate {angle} to the {side}|spin {side}|'
    'turn around|face the {place}|go to the {place}|drive to the {place} {pace}|navigate to the {place}|'
    'bring {person} the {thing}|pick up the {thing}|grab the {thing}|put the {thing} on the {place}|'
    'take the {thing} to the {place}|drop the {object}|hand {person} the {thing}|place it in the {object}|'
    'follow {person}|follow {person} to the {place}|look {side}|look at the {thing}|find the {thing}|look up|look down|'
    'wait|wait {time}|wait for {time}|pause for {time}|stop|stop now|halt|stop right there|stop moving|resume|continue|'
    'go on|cancel that|never mind|do it again|repeat that {small} times|once more|come here|come to me|go home|'
    'return to base|go back to the {place}|slow down|speed up|go faster|set the speed to {tens} percent|'
    'set your speed to {small} point {digit}|say hello to {person}|say good morning|tell {person} that dinner is ready|'
    '{gesture}|back up|back up {length}|reverse {length}|approach the {thing}|keep to the {side}|emergency stop|'
    'what is your {topic}|tell me your {topic}|where are you|where is the {thing}|how far is the {place}|'
    'how long until you reach the {place}|what do you see|who are you|what can you do|are you stuck|'
    'open the {object}|patrol the {place}|stay here|do not move|go around the {thing}|stop following {person}',
    'compound': '{command} and {command}|{command} then {command}|{command} and then {command}|'
    '{command}, {command} and {command}|first {command}, then {command}|{command} after that {command}|'
    '{command} and wait {time}|{command} until you see the {thing}|{command} if you can|no, {command}|'
    "{command}, no wait, {command}|don't {command}, {command}",
    'wish': '{command}|{command}|{polite} {command}|{command} please|{robot}, {command}|'
    '{robot} {polite} {command}|um {command}|so {command}|{compound}|{compound}|{compound}',
    'short': 'stop|yes|no|okay|go|wait|left|right|forward|back|halt|hello|thanks|thank you|help|again|more|enough|'
    'cancel|pause|continue|turn|faster|slower|here|there|please|good|nice|sure|maybe|really|what|why|home|'
    'never|always|bye|good morning|good night|come on|not now|of course|go ahead|no thanks|{digit}|{number}|{name}',
    'day': 'Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|tomorrow|today|next week|this evening|yesterday',
    'food': 'coffee|tea|soup|bread|rice|a sandwich|pasta|some cheese|fresh fruit|pancakes|a salad|ice cream|fish',
    'city': 'London|Paris|New York|Berlin|Tokyo|Chicago|Madrid|Sydney|Toronto|Boston|Rome|Seattle|Dublin|Cairo',
    'verb': 'read|finish|clean|repair|paint|sell|buy|find|forget|carry|check|move|order|replace|wash|fold',
    'feeling': 'tired|happy|hungry|late|busy|ready|sure|worried|surprised|cold|early|lost|proud|bored|excited',
    'weather': 'rain|snow|clear up|get colder|be sunny|be windy|stay dry|freeze|thunder',
    'animal': 'dog|cat|horse|bird|rabbit|fox|squirrel|mouse|duck|goat|parrot|turtle',
    'everyday': 'I think it will {weather} {day}|we had {food} for lunch|do you want {food} or {food}|'
    'I am too {feeling} to {verb} the {object}|{name} went to {city} on {day}|the {animal} sleeps on the {object}|'
    'have you seen my {object}|the train to {city} leaves at {clock}|the meeting starts at {clock}|'
    'my phone number is {digits}|it costs {number} dollars and {number} cents|she bought {number} {colour} apples|'
    '{name} and {name} are {feeling}|I forgot to {verb} the {object} {day}|'
    'the {colour} {animal} ran across the {place}|'
    'please remind me to {verb} the {object} at {clock}|the temperature is {number} degrees outside|'
    'there are {number} people in the {place}|can you hear me now|that was not what I meant|'
    'what time is it in {city}|how old is your {animal}|who left the {object} in the {place}|'
    'why is {name} so {feeling}|where did you {verb} the {object}|'
    'when does the store open on {day}|is it going to {weather} {day}|'
    'I would rather have {food}|the door of the {place} is open|my {animal} likes {food}|it is {feeling} weather|'
    'we will meet {name} in front of the {place}|he told us a long story about {city}|nobody knows the answer|'
    'the {object} belongs to {name}|they {verb} the {place} every {day}|she was {feeling} because of the {weather}|'
    'my address is {number} {colour} street in {city}|the year was nineteen {tens}|flight {digits} to {city}|'
    'the code is {digits}|call {name} at {clock}|{number} plus {number} is more than {number}|'
    '{name} has worked in {city} for {number} years|turn the music down a little|could you say that again|'
    'I do not understand the question|let us {verb} it {day}|the {colour} one is mine|that is a good idea|'
    'the children played in the {place} all day|after dinner we {verb} the {object}|I have been waiting for {time}|'
    'this is the {colour} {object} that {name} wanted|if it starts to {weather}, close the {place}',
}
_KINDS = (
    ('{wish}', 0.45),
    ('{everyday}', 0.25),
    ('{short}', 0.1),
    ('{wish}. {wish}', 0.08),
    ('{everyday}. {everyday}', 0.07),
    ('{short}. {wish}', 0.05),
)

# Never trained on; commands, everyday sentences, numbers, names, and short words in other company.
HELD_OUT = (
    'drive ahead three meters and look for the blue cup',
    'robot, move two point five meters to the left',
    'turn right forty five degrees and stop at the door',
    'could you bring a glass of water to the lady near the window',
    'please come closer and then stop',
    'do not go into the kitchen while the floor is wet',
    'rotate one hundred twenty degrees counterclockwise',
    'wait here until I come back',
    'fetch my glasses from the night stand',
    'stop immediately',
    'go to the printer, take the paper and bring it to Sandra',
    'set the maximum speed to thirty five percent',
    'follow the man with the hat but keep two meters away',
    'how much battery do you have left',
    'put the screwdriver back into the drawer',
    'move backwards half a meter very slowly',
    'no, not that one, the other one',
    'take the second door on the right after the elevator',
    'face north and wait for ten seconds',
    'make a full turn and then bow to the audience',
    'go left, then right, then straight on for six meters',
    'park next to the wall',
    'raise your head and look at the ceiling',
    'where is the nearest fire extinguisher',
    'go forward ten meters',
    'walk fifteen steps toward the exit',
    'cancel the last order and return to your dock',
    'three, two, one, go',
    'the old bridge was closed because of the storm',
    'my brother plays the violin every evening',
    'would you like some milk in your tea',
    'the museum opens at half past nine',
    'she sells fresh flowers at the corner of the street',
    'we drove two hundred and forty miles on Saturday',
    'Elizabeth and Christopher got married in Edinburgh',
    'I cannot find the receipt for the printer',
    'the patient in room twelve asked for a second blanket',
    'a cold wind blew from the mountains all night',
    'can anybody tell me what happened here',
    'the password has eight letters and two digits',
    'they say the best bread comes from the small bakery',
    'five seven three nine zero four',
    'it takes about twenty minutes by bus',
    'why did the lights go out so early',
    'thanks, that is all for today',
    'I guess so',
    'good evening everyone',
    'okay, start',
)


@lru_cache(maxsize=512)
def _choices(slot: str) -> Sequence[str]:
    return tuple(_SLOTS[slot].split('|'))


def number_words(number: int) -> str:
    """Return 0 to 999 in words."""
    if number >= 100:
        rest = f' and {number_words(number % 100)}' if number % 100 else ''
        return f'{_ONES[number // 100]} hundred{rest}'
    if number < 20:
        return _ONES[number]
    return _TENS[number // 10] + (f' {_ONES[number % 10]}' if number % 10 else '')


def _number(slot: str, rng: np.random.Generator) -> str | None:
    """Return what fills a slot of numbers, or None where the slot is one of words."""
    if slot == 'digit':
        return _ONES[rng.integers(0, 10)]
    if slot == 'small':
        return _ONES[rng.integers(1, 13)]
    if slot == 'tens':
        return _TENS[rng.integers(1, 10)]
    if slot == 'number':
        return number_words(int(rng.integers(1, 1000) if rng.random() < 0.15 else rng.integers(1, 100)))
    if slot == 'digits':
        return ' '.join(_ONES[digit] for digit in rng.integers(0, 10, rng.integers(3, 8)))
    if slot == 'clock':
        minutes = ('', ' thirty', ' fifteen', ' forty five', " o'clock")[rng.integers(0, 5)]
        return _ONES[rng.integers(1, 13)] + minutes
    return None


def _filled(template: str, rng: np.random.Generator) -> str:
    """Return the template with each {slot} filled."""

    def fill(match: re.Match[str]) -> str:
        slot = match[1]
        number = _number(slot, rng)
        if number is not None:
            return number
        choices = _choices(slot)
        return _filled(choices[rng.integers(0, len(choices))], rng)

    return re.sub(r'\{(\w+)\}', fill, template)


def plain(text: str) -> str:
    """Return the words of a sentence in lower case, without punctuation."""
    return ' '.join(re.findall(r"[\w']+", text.lower()))


_HELD_OUT_PLAIN = frozenset(plain(text) for text in HELD_OUT)


def training_sentence(rng: np.random.Generator) -> str:
    """Return a sentence to train with; it is none of `HELD_OUT`."""
    templates, weights = zip(*_KINDS, strict=True)
    while True:
        text = _filled(templates[rng.choice(len(templates), p=weights)], rng)
        if plain(text) not in _HELD_OUT_PLAIN:
            return text[0].upper() + text[1:] + ('?' if rng.random() < 0.1 else '.' if rng.random() < 0.6 else '')
