"""The demonstration tells truly what became of each line."""

import json
import os
import threading

import numpy as np
import pytest

from voice_pipeline.audio.frames import FRAME_SAMPLES, SAMPLE_RATE_HZ
from voice_pipeline.control.motion import Odometry
from voice_pipeline.messages import (
    Execution,
    Intent,
    Move,
    MoveArguments,
    Plan,
    PlannedStep,
    Stop,
    Transcript,
    Turn,
    TurnArguments,
)
from voice_pipeline.monitoring.describe import describe_steps
from voice_pipeline.tools.demo import report as reporting
from voice_pipeline.tools.demo.command import judged
from voice_pipeline.tools.demo.person import Person, Spoken
from voice_pipeline.tools.demo.report import Result
from voice_pipeline.tools.demo.script import Line, recording
from voice_pipeline.tools.demo.story import Story

SECOND = 1_000_000_000
TURN = Turn(TurnArguments(angle_deg=90.0))
MOVE = Move(MoveArguments(direction='forward', distance_m=2.0))


class Teller:
    """Tells a story the messages of one utterance, as the nodes would publish them."""

    def __init__(self, story, utterance_id='u-1', speech_end_ns=10 * SECOND):
        self.story = story
        self.shared = {'utterance_id': utterance_id, 'revision': 0, 'speech_end_ns': speech_end_ns}

    def tell(self, kind, *, is_final=True, **fields):
        self.story.on_message(kind(**self.shared, is_final=is_final, **fields), 0)

    def hear(self, text, steps, *, is_final=True):
        self.tell(Transcript, is_final=is_final, text=text, confidence=0.9, silence_ms=0.0)
        self.tell(Intent, is_final=is_final, text=text, silence_ms=0.0, steps=steps)

    def plan(self, steps, *, is_final=True, is_committed=True, refusal=''):
        planned = tuple(PlannedStep(step=step, speed_mps=0.4, speed_dps=60.0, timeout_s=10.0) for step in steps)
        plan_id = f'{self.shared["utterance_id"]}/0'
        self.tell(Plan, is_final=is_final, plan_id=plan_id, is_committed=is_committed, steps=planned, refusal=refusal)

    def execute(self, state, reason=''):
        self.tell(Execution, plan_id=f'{self.shared["utterance_id"]}/0', state=state, reason=reason)


@pytest.fixture
def story():
    story = Story()
    story.on_odometry(Odometry(x_m=1.0, y_m=2.0, yaw_rad=0.5))
    return story


def result(story, words, *, interrupts=False):
    line = Line(words, np.zeros(1, dtype=np.int16), words, interrupts)
    return Result(line, Spoken(9 * SECOND, 10 * SECOND, 11 * SECOND), tuple(story.since(9 * SECOND)))


def test_a_command_is_settled_when_it_is_heard_planned_and_done(story):
    teller = Teller(story)
    settled = []

    def note():
        settled.append(story.is_settled(9 * SECOND, 10 * SECOND))

    note()
    teller.hear('turn left 90 degrees', (TURN,), is_final=False)
    teller.plan((TURN,), is_final=False)
    teller.execute('running')
    teller.execute('done')
    note()  # done early, but the speaker may still go on
    teller.hear('turn left 90 degrees', (TURN,))
    note()
    teller.plan((TURN,))
    note()
    assert settled == [False, False, False, True]
    utterance = story.utterances['u-1']
    assert (utterance.outcomes, utterance.problem) == (['done'], '')
    assert utterance.pose == Odometry(x_m=1.0, y_m=2.0, yaw_rad=0.5)


def test_speech_that_is_not_heard_to_its_end_is_not_settled(story):
    teller = Teller(story, speech_end_ns=10 * SECOND)
    teller.hear('hello', ())
    teller.plan((), is_committed=False, refusal='I did not understand that.')
    assert story.is_settled(9 * SECOND, 10 * SECOND)
    assert not story.is_settled(9 * SECOND, 13 * SECOND)


@pytest.mark.parametrize(
    ('words', 'understood', 'state', 'problem'),
    [
        ('turn left ninety degrees', (TURN,), 'done', ''),
        ('turn left ninety degrees', (TURN,), 'failed', 'the robot does not move'),
        ('turn left ninety degrees', (MOVE,), 'done', 'understood as: move forward 2 m'),
    ],
)
def test_a_line_is_carried_out_when_what_was_asked_was_done(story, words, understood, state, problem):
    teller = Teller(story)
    teller.hear(words, understood)
    teller.plan(understood)
    teller.execute(state, reason='the robot does not move' if state == 'failed' else '')
    assert [one.problem for one in judged([result(story, words)])] == [problem]


def test_a_refusal_is_not_carried_out(story):
    teller = Teller(story)
    teller.hear('turn left ninety degrees', (TURN,))
    teller.plan((), is_committed=False, refusal='I can turn at most 45 degrees.')
    assert judged([result(story, 'turn left ninety degrees')])[0].problem == 'I can turn at most 45 degrees.'


def test_silence_is_not_heard(story):
    assert judged([result(story, 'turn left ninety degrees')])[0].problem == 'not heard'


def test_what_is_interrupted_need_not_be_finished(story):
    teller = Teller(story)
    teller.hear('go forward two meters', (MOVE,))
    teller.plan((MOVE,))
    teller.execute('stopped', 'stopped by voice')
    moved = result(story, 'go forward two meters')
    stopper = Story()
    stop = Teller(stopper, 'u-2')
    stop.hear('stop', (Stop(),))
    stop.plan((Stop(),))
    stop.execute('done')
    assert [one.problem for one in judged([moved, result(stopper, 'stop', interrupts=True)])] == ['', '']
    assert judged([moved])[0].problem == 'stopped by voice'


def test_the_report_is_json_with_the_pose_as_proof(story, tmp_path):
    teller = Teller(story)
    teller.hear('turn left 90 degrees', (TURN,))
    teller.plan((TURN,))
    teller.execute('done')
    results = judged([result(story, 'turn left ninety degrees')])
    reporting.save_json(reporting.as_json(results, None), tmp_path / 'new' / 'demo.json')
    saved = json.loads((tmp_path / 'new' / 'demo.json').read_text())
    assert saved.keys() == {'utterances', 'stages', 'machine', 'budgets'}
    (utterance,) = saved['utterances']
    assert utterance['said'] == 'turn left ninety degrees'
    assert utterance['steps'] == [{'action': 'turn', 'args': {'angle_deg': 90.0}}]
    assert utterance['pose'] == {'x': 1.0, 'y': 2.0, 'yaw_deg': 28.65}
    assert utterance['carried_out'] is True
    assert utterance['refusal'] == ''


def test_the_picture_shows_the_path(story, tmp_path):
    Teller(story).hear('turn left 90 degrees', (TURN,))
    reporting.save_picture(story.path, [result(story, 'turn left ninety degrees')], tmp_path / 'demo.png')
    assert (tmp_path / 'demo.png').read_bytes().startswith(b'\x89PNG')


def test_the_person_delivers_every_sample_in_whole_frames(tmp_path):
    pipe = tmp_path / 'microphone'
    os.mkfifo(pipe)
    said = np.arange(1, 2 * FRAME_SAMPLES, dtype=np.int16)
    heard = bytearray()
    enough = threading.Event()

    def listen():
        with pipe.open('rb', buffering=0) as stream:
            while said.tobytes() not in heard:
                heard.extend(stream.read(2 * FRAME_SAMPLES))
        enough.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    with Person(pipe) as person:
        times = person.say(said)
        assert enough.wait(timeout=10)
    assert times.ended_ns - times.started_ns == len(said) * SECOND // SAMPLE_RATE_HZ
    assert len(heard) % (2 * FRAME_SAMPLES) == 0


def test_a_person_whom_nobody_hears_says_so(tmp_path):
    pipe = tmp_path / 'microphone'
    os.mkfifo(pipe)
    with Person(pipe) as person:
        pipe.open('rb+', buffering=0).close()
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        threading.Timer(0.1, os.close, [reader]).start()
        with pytest.raises(BrokenPipeError, match='nobody reads'):
            person.say(np.ones(10 * SAMPLE_RATE_HZ, dtype=np.int16))


def test_a_recording_of_the_script_leaves_time_to_move():
    lines = [Line('a', np.ones(100, dtype=np.int16)), Line('b', np.ones(50, dtype=np.int16))]
    assert len(recording(lines, pause_s=2.0)) == 150 + 4 * SAMPLE_RATE_HZ


def test_steps_are_described_in_a_few_words():
    assert describe_steps((MOVE, TURN, Stop())) == 'move forward 2 m, turn 90°, stop'
