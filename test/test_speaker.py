"""What is said and when the robot is silent: scripted voices and loudspeakers, the rules by tables."""

import itertools
import logging
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.messages import Transcript
from voice_pipeline.speech.loudspeaker import LoudspeakerError
from voice_pipeline.speech.sentences import MOST_CHARACTERS, SentenceQueue, is_own_voice, sentences
from voice_pipeline.speech.settings import SpeakerSettings
from voice_pipeline.speech.speaker import Speaker

NOW_NS = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
PATIENCE_S = 30.0

# --- the words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('', []),
        (' ... !?', []),
        ('Going to the kitchen.', ['Going to the kitchen.']),
        ('I cannot.  That is\ntoo far! Sorry', ['I cannot.', 'That is too far!', 'Sorry']),
        ('It is 2.5 m², so wait.', ['It is 2.5 m2, so wait.']),
    ],
)
def test_a_text_is_said_sentence_by_sentence(text, expected):
    assert sentences(text) == expected


@given(st.text(min_size=390, max_size=600))
def test_whatever_the_text_it_is_not_said_for_long(text):
    assert sum(map(len, sentences(text))) <= MOST_CHARACTERS


@pytest.mark.parametrize(
    ('heard', 'said', 'is_own'),
    [
        ('Going to the kitchen.', 'Going to the kitchen', True),
        ('going to the', 'Going to the kitchen.', True),
        ('to the kitchen', 'Going to the kitchen.', True),
        ('I go 2 meters forward', 'I go two meters forward.', True),
        ('Go in to the kitchen', 'Going to the kitchen.', True),
        ('stop', 'Going to the kitchen.', False),
        ('no not the kitchen', 'Going to the kitchen.', False),
        ('to the kitchen', 'I am going to the kitchen.', True),  # the price of the rule: "stop" still helps
        ('no go to the office please', 'Going to the kitchen.', False),
        ('wait a moment', 'Going to the kitchen.', False),
        ('kitchen the to going', 'Going to the kitchen.', False),
        ("I don't know", 'I don\u2019t know.', True),
        ('', 'Going to the kitchen.', True),
    ],
)
def test_most_words_in_order_are_its_own_voice(heard, said, is_own):
    assert is_own_voice(heard, said) is is_own


texts = st.sampled_from(['Yes.', 'yes', 'No.', 'Going home. Wait.', 'One. Two. Three. Four.', '', '?!'])


@given(st.lists(st.tuples(texts, st.floats(0.0, 4.0), st.booleans()), max_size=30), st.integers(1, 3))
def test_little_waits_and_nothing_is_repeated(asked, max_waiting):
    queue, now_s, taken_s = SentenceQueue(max_waiting, repeat_s=5.0), 0.0, {}
    for text, wait_s, is_taken in asked:
        now_s += wait_s
        if queue.add(text, now_s):
            key = text.strip('.').lower()
            assert now_s - taken_s.get(key, -10.0) >= 5.0
            taken_s[key] = now_s
        if is_taken and len(queue):
            assert queue.take()
        assert len(queue) <= max_waiting + 3  # the rest of a text that was begun


def test_of_too_many_the_oldest_is_not_said_but_what_was_begun_is():
    queue = SentenceQueue(2, repeat_s=5.0)
    for text in ('One. Two.', 'Three.'):
        queue.add(text, 0.0)
    said = [queue.take()]
    for text in ('Four.', 'Five.'):
        queue.add(text, 1.0)
    said += [queue.take() for _ in range(len(queue))]
    assert said == ['One.', 'Two.', 'Four.', 'Five.']


def test_what_was_dropped_may_be_asked_for_again():
    queue = SentenceQueue(3, repeat_s=5.0)
    assert queue.add('Yes.', 0.0)
    assert not queue.add('yes', 1.0)
    queue.clear()
    assert queue.add('Yes.', 1.0)
    assert not queue.add('Yes!', 5.9)
    assert queue.add('Yes!', 6.0)


# --- the speaker ---------------------------------------------------------------------------------------------------


class FakeVoice:
    """Gives each sentence a sound of its own; what is in `problems` cannot be spoken, `block` holds it up."""

    description = 'fake'

    def __init__(self):
        self.spoken = []
        self.problems = {}
        self.is_asked = threading.Event()
        self.may_speak = threading.Event()
        self.may_speak.set()

    def speak(self, sentence):
        self.is_asked.set()
        assert self.may_speak.wait(PATIENCE_S)
        if sentence in self.problems:
            raise self.problems[sentence]
        self.spoken.append(sentence)
        return np.full(1600, len(self.spoken), dtype=np.int16)


class FakeOutput:
    """A loudspeaker whose sounds last until the test ends them, or they are cut off."""

    def __init__(self, voice):
        self._voice = voice
        self.problem = None
        self.opened = 0
        self.played = []
        self.levels = []
        self.changed = threading.Condition()
        self._is_over = False

    def open(self):
        with self.changed:
            self.opened += 1
            self.changed.notify_all()
        if self.problem == 'absent':
            raise LoudspeakerError('no loudspeaker found: plug one in')
        return 'fake'

    def play(self, samples, cut):
        if self.problem == 'lost':
            raise LoudspeakerError('the loudspeaker was lost')
        with self.changed:
            self.played.append(self._voice.spoken[-1])
            self.levels.append(int(samples[0]))
            self._is_over = False
            self.changed.notify_all()
            while not self._is_over and not cut.is_set():
                self.changed.wait(timeout=0.005)

    def end_sound(self):
        with self.changed:
            self._is_over = True
            self.changed.notify_all()


class Rig:
    """A speaker with a fake voice and loudspeaker, on clocks that are turned by hand."""

    def __init__(self, **settings):
        self.now_s = 100.0
        self.voice = FakeVoice()
        self.output = FakeOutput(self.voice)
        self.told = []
        values = {'tail_ms': 0, **settings}
        self.speaker = Speaker(
            SpeakerSettings(**values), self.voice, self.output, self.tell, lambda: self.now_s, lambda: NOW_NS
        )

    def tell(self, is_speaking):
        with self.output.changed:
            self.told.append(is_speaking)
            self.output.changed.notify_all()

    def wait(self, condition):
        with self.output.changed:
            assert self.output.changed.wait_for(condition, PATIENCE_S), (self.output.played, self.told)

    def say(self, text):
        """Say it, and wait until it can be heard."""
        before = len(self.output.played)
        self.speaker.say(text)
        self.wait(lambda: len(self.output.played) > before)

    def hear(self, text, *, after_ns=SECOND, confidence=0.9, tentative=''):
        self.speaker.hear(
            Transcript(
                utterance_id='u1',
                revision=0,
                is_final=False,
                speech_end_ns=NOW_NS + after_ns,
                text=text,
                tentative=tentative,
                confidence=confidence,
                silence_ms=0.0,
            )
        )


@pytest.fixture
def rig():
    """Make speakers, and end them."""
    rigs = []

    def make(**settings):
        rigs.append(Rig(**settings))
        return rigs[-1]

    yield make
    for one in rigs:
        one.voice.may_speak.set()
        one.speaker.close()


def test_sentences_are_said_in_order_and_speaking_is_told_around_all_of_them(rig):
    robot = rig()
    robot.say('One. Two.')
    robot.speaker.say('Three.')
    assert robot.told == [True]
    for number in (1, 2):
        robot.output.end_sound()
        robot.wait(lambda number=number: len(robot.output.played) > number)
        assert robot.told == [True]
    robot.output.end_sound()
    robot.wait(lambda: robot.told == [True, False])
    assert robot.output.played == ['One.', 'Two.', 'Three.']


def test_a_stop_silences_it_and_what_waits_is_not_said(rig):
    robot = rig()
    robot.say('One. Two.')
    robot.speaker.say('Three.')
    robot.speaker.stop()
    robot.wait(lambda: robot.told == [True, False])
    robot.say('Four.')
    assert robot.output.played == ['One.', 'Four.']


def test_a_stop_while_the_sound_is_still_being_made_keeps_it_from_being_heard(rig):
    robot = rig()
    robot.voice.may_speak.clear()
    robot.speaker.say('One.')
    assert robot.voice.is_asked.wait(PATIENCE_S)
    robot.speaker.stop()
    robot.voice.may_speak.set()
    robot.say('Two.')
    assert robot.output.played == ['Two.']
    assert robot.told == [True]


@pytest.mark.parametrize(
    ('settings', 'heard', 'is_interrupted'),
    [
        ({}, {'text': 'wait'}, True),
        ({}, {'text': '', 'tentative': 'no no'}, True),
        ({}, {'text': 'go to the office'}, True),
        ({}, {'text': 'wait', 'after_ns': -1}, False),  # said before it spoke: often what it answers to
        ({}, {'text': 'wait', 'confidence': 0.2}, False),
        ({'interrupt_confidence': 0.1}, {'text': 'wait', 'confidence': 0.2}, True),
        ({}, {'text': ''}, False),
        ({}, {'text': '...'}, False),
        ({}, {'text': 'I am going'}, False),  # its own voice
        ({'interruptible': False}, {'text': 'wait'}, False),
    ],
)
def test_someone_who_speaks_interrupts_it(rig, settings, heard, is_interrupted):
    robot = rig(**settings)
    robot.say('I am going to the kitchen.')
    robot.speaker.say('Later.')
    robot.hear(**heard)
    if not is_interrupted:
        robot.output.end_sound()
        robot.wait(lambda: robot.output.played[1:] == ['Later.'])
        robot.output.end_sound()
    robot.wait(lambda: robot.told == [True, False])
    assert len(robot.output.played) == (1 if is_interrupted else 2)


def test_someone_who_speaks_before_it_does_interrupts_nothing(rig):
    robot = rig()
    robot.hear('go to the kitchen')
    robot.say('Going to the kitchen.')
    assert robot.output.played == ['Going to the kitchen.']


def test_all_it_said_since_it_began_is_its_own_voice(rig):
    robot = rig()
    robot.say('Going to the kitchen. It is far.')
    robot.output.end_sound()
    robot.wait(lambda: len(robot.output.played) == 2)
    robot.hear('going to the kitchen')
    robot.speaker.say('More.')
    robot.output.end_sound()
    robot.wait(lambda: len(robot.output.played) == 3)


def test_the_same_is_not_said_again_within_seconds(rig):
    robot = rig(repeat_s=5.0)
    robot.say('Yes.')
    for later_s in (1.0, 3.0):
        robot.now_s += later_s
        robot.speaker.say('yes')
    robot.speaker.say('No.')
    robot.output.end_sound()
    robot.wait(lambda: len(robot.output.played) == 2)
    robot.now_s += 2.0
    robot.speaker.say('Yes.')
    robot.output.end_sound()
    robot.wait(lambda: len(robot.output.played) == 3)
    assert robot.output.played == ['Yes.', 'No.', 'Yes.']


def test_while_the_room_echoes_it_still_counts_as_speaking(rig):
    robot = rig(tail_ms=2000)
    robot.say('One.')
    robot.output.end_sound()
    robot.say('Two.')
    assert robot.told == [True]
    robot.speaker.stop()
    robot.wait(lambda: robot.told == [True, False])


def test_the_volume_is_that_of_the_sound(rig):
    robot = rig(volume=0.5)
    robot.say('One.')
    robot.output.end_sound()
    robot.say('Two.')
    assert robot.output.levels == [0, 1]  # half of 1, and of 2


def test_without_a_loudspeaker_it_complains_once_and_never_speaks(rig, caplog):
    robot = rig()
    robot.output.problem = 'absent'
    with caplog.at_level(logging.WARNING):
        for number, text in enumerate(('One.', 'Two.', 'Three.'), start=1):
            robot.speaker.say(text)
            robot.wait(lambda number=number: robot.output.opened == number)
        robot.speaker.close()
    assert (robot.told, robot.output.played) == ([], [])
    assert [record.getMessage() for record in caplog.records] == [
        'nothing can be said aloud: no loudspeaker found: plug one in'
    ]


def test_it_speaks_again_when_the_loudspeaker_is_back(rig, caplog):
    robot = rig()
    robot.say('One.')
    robot.output.problem = 'lost'
    robot.speaker.say('Two.')
    with caplog.at_level(logging.WARNING):
        robot.output.end_sound()
        robot.wait(lambda: robot.told == [True, False])
    robot.output.problem = None
    robot.say('Three.')
    assert robot.output.played == ['One.', 'Three.']
    assert [record.getMessage() for record in caplog.records] == ['nothing can be said aloud: the loudspeaker was lost']


def test_what_cannot_be_spoken_is_left_out(rig):
    robot = rig()
    robot.voice.problems['Two.'] = SpeechError('it cannot be read')
    robot.say('One. Two. Three.')
    robot.output.end_sound()
    robot.wait(lambda: len(robot.output.played) == 2)
    assert robot.output.played == ['One.', 'Three.']


@pytest.mark.filterwarnings('ignore::pytest.PytestUnhandledThreadExceptionWarning')
def test_even_a_voice_that_breaks_leaves_it_silent_for_the_recogniser(rig):
    robot = rig()
    robot.voice.problems['Two.'] = MemoryError()
    robot.say('One. Two.')
    robot.output.end_sound()
    robot.wait(lambda: robot.told == [True, False])


def test_it_ends_in_the_middle_of_a_sentence(rig):
    robot = rig()
    robot.say('One. Two.')
    robot.speaker.close()
    assert robot.told == [True, False]
    assert robot.output.played == ['One.']


actions = st.lists(st.sampled_from(['say', 'stop', 'end', 'hear', 'lose', 'find']), max_size=25)


@given(actions)
def test_whatever_happens_in_the_end_it_is_silent_and_says_so(sequence):
    robot, numbers = Rig(), itertools.count()
    for action in sequence:
        if action == 'say':
            robot.speaker.say(f'Sentence {next(numbers)}.')
        elif action == 'hear':
            robot.hear('somebody else')
        elif action in ('lose', 'find'):
            robot.output.problem = 'lost' if action == 'lose' else None
        else:
            {'stop': robot.speaker.stop, 'end': robot.output.end_sound}[action]()
    robot.speaker.close()
    assert robot.told == [index % 2 == 0 for index in range(len(robot.told))]
    assert len(robot.told) % 2 == 0
