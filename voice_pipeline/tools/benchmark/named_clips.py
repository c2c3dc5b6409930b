"""
What `benchmark names` hears: sentences with names that a robot may know, and others in which a name would be wrong.

The settings were chosen on the voices and names for development; the held-out ones were only measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from voice_pipeline.audio.frames import Samples, to_int16
from voice_pipeline.tools.optimise.augment import pink
from voice_pipeline.tools.optimise.corpus import HELD_OUT, plain, training_sentence
from voice_pipeline.tools.optimise.voices import Sound, Voice
from voice_pipeline.understanding.words.normalise import words

Group = Literal['development', 'held out']
Kind = Literal['name', 'other', 'near']

PLACES: Mapping[Group, tuple[str, ...]] = {
    'development': (
        'dock',
        'kitchen',
        'waypoint two',
        'bay four',
        'atrium',
        'charging station',
        'aisle seven',
        'server room',
        'foyer',
        'pallet rack',
    ),
    'held out': (
        'berth',
        'waypoint nine',
        'bay twelve',
        'mezzanine',
        'scullery',
        'depot',
        'loading ramp',
        'vestibule',
        'kiln',
        'gantry',
        'sluice gate',
    ),
}
PEOPLE: Mapping[Group, tuple[str, ...]] = {
    'development': ('alex', 'marta', 'niko', 'ingrid'),
    'held out': ('kira', 'jonas', 'priya', 'otto'),
}
ROBOTS: Mapping[Group, tuple[str, ...]] = {'development': ('scout', 'rover'), 'held out': ('pixel',)}
VOICES: Mapping[Group, tuple[Voice, ...]] = {
    'development': (
        Voice('hibari', 'heart'),
        Voice('flite', 'kal16'),
        Voice('flite', 'slt'),
        Voice('espeak-ng', 'en-us+m3'),
    ),
    'held out': (
        Voice('flite', 'rms'),
        Voice('flite', 'awb'),
        Voice('festival', 'ked_diphone'),
        Voice('festival', 'cmu_us_slt_arctic_hts'),
    ),
}

_TO_PLACE = (
    'go to {}',
    'drive to {} and wait there',
    'take this box to {}',
    'where is {}',
    'turn around and go back to {} please',
    'put the cup on the table in {}',
)
_TO_PERSON = (
    'follow {}',
    'go to {} and say hello',
    'bring {} the red cup',
    'give the package to {}',
    'where is {} now',
    'tell {} that dinner is ready',
)
_TO_ROBOT = (
    '{} stop',
    'hey {} come here',
    '{} turn left ninety degrees',
    'okay {} go forward two meters',
    '{} what is your battery level',
    'thank you {}',
)
_NUMBERS = frozenset(('two', 'four', 'seven', 'nine', 'twelve'))  # names that end with these have no article
_SENTENCES_A_NAME = 3
_EVERYDAY_SENTENCES = 150
_LONGEST = 90  # characters of an everyday sentence

# Made of words that sound like the names.
NEAR = tuple(
    sentence
    for line in (
        'look at the duck on the lake|talk to the doctor|the dog is in the garden|it is dark in here|the birds sing',
        'we walked all the way to town|he has two ways to do it|they are away for two days|the bay was full of boats',
        'I bought four apples|we paid for it|she said away for now|birth of a nation|she gave birth to twins',
        'the earth is round|all the legs of the table|relax and wait|a letter for you|the clerk left early',
        'this is a clear day|clear the table|he is a carer|dear me|can you hear her|the kitten is asleep',
        'chicken for lunch|the switch is broken|I forgot the key|the kids are at school|a pick and a shovel',
        'a photo of the lake|turn the auto pilot on|the motto is simple|auto focus|a deep breath',
        'keep both hands on it|the boat is at the pier|I am on a diet|we need a new foil|for your information',
        'the voyage was long|the oil is low|a trio of singers|the atrial valve|hurry up|the radium is dangerous',
        'stadium lights|start me a fire|smart of you|the market is closed|a martyr|no coat|neck and neck|Nick knows',
        'in green paint|hungry as a horse|over there|cover the pot|move over|rubber boots|clover leaf',
        'turn over the page|I will be over soon|killing time|kill the lights|the kin of the king|a killer whale',
        'the brick oven|the country side|pantry shelves|candy store|the metal scene|magazine rack|vest of blue',
        'investigate it|the best view|the skull|school of fish|skillet on the stove|load the truck',
        'leading man|the slow gate|slew of people|stay on the path|change the station|the train station is near',
        'charge the phone|serve a room full of guests|several rooms are free|I will save it for later|I will say seven',
        'an isle in the sea|eleven people|way too much|wait a minute|point two percent|point nine',
        'the main point is this|weigh the package|a point to make|they wait in line|the teapot is hot|deep hole',
        'depth of the water|a debt to pay|palate|the rack is full|freer than before|prepare dinner|pray a little',
        'the prior day|three are enough|jaw bones|join us|bonus points|you know this',
    )
    for sentence in line.split('|')
)


@dataclass(frozen=True)
class NamedClip:
    """A sound (16 kHz, int16), the words said in it, and the name among them; '' where there is none."""

    group: Group
    kind: Kind
    name: str
    words: str
    samples: Samples


def all_names() -> tuple[str, ...]:
    """Return the names of both groups: all of them are expected, whatever is said."""
    return tuple(name for kind in (PLACES, PEOPLE, ROBOTS) for names in kind.values() for name in names)


def contains(text: str, name: str) -> bool:
    """Return whether the name is in the text, in any spelling that the understanding reads as the same."""
    said, wanted = _words(text), _words(name)
    return any(said[start : start + len(wanted)] == wanted for start in range(len(said)))


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    return tuple(words(text))


def named_sentences(group: Group) -> list[tuple[str, str]]:
    """Return (name, sentence) for each name of the group."""
    made = []
    for names, templates in ((PLACES, _TO_PLACE), (PEOPLE, _TO_PERSON), (ROBOTS, _TO_ROBOT)):
        for index, name in enumerate(names[group]):
            has_article = names is PLACES and name.split()[-1] not in _NUMBERS
            for count in range(_SENTENCES_A_NAME):
                template = templates[(index + 2 * count + count // 2) % len(templates)]
                made.append((name, template.format(f'the {name}' if has_article else name)))
    return made


def other_sentences() -> list[tuple[Kind, str]]:
    """Return everyday sentences and commands, then those of `NEAR`, as far as no name is in them."""
    rng = np.random.default_rng(5)
    everyday = list(HELD_OUT)
    while len(everyday) < _EVERYDAY_SENTENCES:
        everyday.append(training_sentence(rng))
    said: list[tuple[Kind, str]] = [('other', text) for text in everyday if len(text) < _LONGEST]
    said += [('near', text) for text in NEAR]
    return [(kind, text) for kind, text in said if not any(contains(plain(text), name) for name in all_names())]


def named_clips(voices: Mapping[Group, tuple[Voice, ...]]) -> Iterator[NamedClip]:
    """Yield the clips: a third is clean, the others have noise of 15 or 10 dB. Raises `SpeechError`."""
    index = 0
    for group, speakers in voices.items():
        for name, text in named_sentences(group):
            for voice in speakers:
                yield NamedClip(group, 'name', name, text, _recorded(voice.speak(text), index))
                index += 1
    for number, (kind, text) in enumerate(other_sentences()):
        for group, speakers in voices.items():
            voice = speakers[number % len(speakers)]
            yield NamedClip(group, kind, '', text, _recorded(voice.speak(text), index))
            index += 1


def _recorded(sound: Sound, index: int) -> Samples:
    """Return the sound at half of full scale with 0.1 s before and after it, and perhaps with noise."""
    sound = sound / np.float32(2 * max(float(np.abs(sound).max()), 1e-6))
    snr_db = (None, 15.0, 10.0)[index % 3]
    if snr_db is not None:
        noise = pink(len(sound), np.random.default_rng(index))
        sound = sound + noise * np.float32(np.std(sound) / np.std(noise) * 10 ** (-snr_db / 20))
    return to_int16(np.pad(sound, 1600).astype(np.float32))
