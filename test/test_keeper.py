"""What went wrong is kept with its sound: the right part of it, for this user only, few, not for long, and no more."""

import logging
import stat
import threading
from pathlib import Path

import msgspec
import numpy as np
import pytest
from monitoring_script import START_NS, S, Script
from speech import frames_of

from voice_pipeline.audio.frames import FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame
from voice_pipeline.audio.wav import read_sound
from voice_pipeline.monitoring.keeper import HELD_S, LEAD_S, MAX_WAITING, TAIL_S, SoundRing, UtteranceKeeper
from voice_pipeline.monitoring.kept import KeptFolder, KeptUtteranceError, load_kept
from voice_pipeline.monitoring.utterances import UtteranceRecord

DAY_NS = 86_400 * S
FRAME_NS = FRAME_SAMPLES * 1_000_000_000 // SAMPLE_RATE_HZ


class Room:
    """A keeper with a pipeline that it listens to; each frame holds its number, so that sound can be told apart."""

    def __init__(self, folder, max_count=50, max_age_days=14.0):
        self.folder = folder
        self.script = Script()
        self.keeper = UtteranceKeeper(folder, max_count, max_age_days, clock_ns=lambda: self.script.now_ns)
        self.sequence = 0

    def listen(self, seconds):
        """Frames arrive for some time."""
        until_ns = self.script.now_ns + round(seconds * S)
        while self.script.now_ns + FRAME_NS <= until_ns:
            samples = np.full(FRAME_SAMPLES, self.sequence % 30_000, dtype=np.int16)
            self.keeper.on_frame(Frame(samples, self.sequence, self.script.now_ns))
            self.script.now_ns += FRAME_NS
            self.sequence += 1

    def say(self, name, seconds=1.0):
        """Speech of this length, its revisions a tenth of a second apart, and half a second of silence."""
        first_ns = self.script.now_ns
        for revision in range(round(seconds * 10)):
            self.listen(0.1)
            for message in self.script.messages(name, revision, self.script.now_ns):
                self.keeper.on_message(message, self.script.now_ns)
        speech_end_ns = self.script.now_ns
        self.listen(0.6)
        for message in self.script.messages(name, 99, speech_end_ns, is_final=True):
            self.keeper.on_message(message, self.script.now_ns)
        return first_ns, speech_end_ns

    def end(self, name, outcome='refused', *, kind='voice', heard='go to the moon', reason='too far'):
        self.keeper.on_utterance(
            UtteranceRecord(
                utterance_id=name, kind=kind, started_ns=START_NS, speech_end_ns=START_NS,
                updated_ns=self.script.now_ns, heard=heard, outcome=outcome, reason=reason,
            )
        )  # fmt: skip

    def kept(self):
        """The documents that are kept, the oldest first, once all is written."""
        self.keeper.close()
        return [load_kept(path) for path in sorted(self.folder.glob('*.json'))]


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path / 'kept')


def test_a_refused_utterance_is_kept_with_its_sound_and_all_messages(room):
    room.listen(5)
    first_ns, speech_end_ns = room.say('u 1/../x')
    room.end('u 1/../x')
    (kept,) = room.kept()
    assert (kept.why, kept.record.heard) == ('refused: too far', 'go to the moon')
    messages = kept.messages
    assert [len(kind) for kind in (messages.transcripts, messages.intents, messages.plans)] == [11, 11, 11]
    assert messages.transcripts[-1].is_final

    assert kept.sound.file == '20231114T221323Z_u-1-x.wav'
    samples = read_sound(room.folder / kept.sound.file)
    assert len(samples) / SAMPLE_RATE_HZ == pytest.approx(kept.sound.duration_s, abs=0.001)
    end_ns = kept.sound.started_ns + len(samples) * 1_000_000_000 // SAMPLE_RATE_HZ
    assert kept.sound.started_ns == pytest.approx(first_ns + 0.1 * S - LEAD_S * S, abs=2 * FRAME_NS)
    assert end_ns == pytest.approx(speech_end_ns + TAIL_S * S, abs=2 * FRAME_NS)
    assert samples[0] == (kept.sound.started_ns - START_NS) // FRAME_NS


OUTCOMES = [
    ({'outcome': 'refused'}, True),
    ({'outcome': 'failed'}, True),
    ({'outcome': 'nothing'}, True),
    ({'outcome': 'nothing', 'heard': ''}, False),
    ({'outcome': 'done'}, False),
    ({'outcome': 'stopped'}, False),
    ({'outcome': 'answered'}, False),
    ({'outcome': 'replaced'}, False),
    ({'outcome': 'moving'}, False),
    ({'outcome': 'open'}, False),
    ({'outcome': 'refused', 'kind': 'command'}, False),
]


@pytest.mark.parametrize(('record', 'is_kept'), OUTCOMES)
def test_only_speech_that_went_wrong_is_kept(room, record, is_kept):
    room.listen(2)
    room.say('u1')
    room.end('u1', **record)
    assert len(room.kept()) == is_kept
    if not is_kept:
        assert not room.folder.exists()


def test_nothing_of_the_speech_before_is_in_it(room):
    room.listen(2)
    _, before_ns = room.say('u1')
    room.say('u2')
    room.end('u2')
    (kept,) = room.kept()
    assert kept.sound.started_ns > before_ns


def test_the_sound_is_there_when_the_robot_fails_long_after(room):
    room.listen(2)
    room.say('u1')
    trace = room.script.trace(room.script.now_ns)
    for _ in range(100):
        running = room.script.execution('u1', trace, speech_end_ns=START_NS)
        room.keeper.on_message(running, room.script.now_ns)
    room.listen(2 * HELD_S)
    room.keeper.on_message(
        room.script.execution('u1', trace, speech_end_ns=START_NS, state='failed'), room.script.now_ns
    )
    room.end('u1', 'failed')
    (kept,) = room.kept()
    assert kept.sound.duration_s == pytest.approx(LEAD_S + 0.9 + TAIL_S, abs=0.1)
    assert [execution.state for execution in kept.messages.executions] == ['running', 'failed']


def test_what_is_said_again_about_an_utterance_is_not_kept_again(room):
    room.listen(2)
    room.say('u1')
    room.end('u1', 'done')
    room.end('u1', 'failed', reason='first')
    room.end('u1', 'failed', reason='second')
    assert [kept.why for kept in room.kept()] == ['failed: first']


def test_without_sound_nothing_is_kept_and_that_is_said_once(room, caplog):
    for name in ('u1', 'u2'):
        for message in room.script.messages(name, 0, START_NS, is_final=True):
            room.keeper.on_message(message, START_NS)
        room.end(name)
    assert room.kept() == []
    assert len([text for text in caplog.messages if 'no sound of it' in text]) == 1


def test_an_utterance_that_nobody_heard_is_no_reason_to_fail(room):
    room.listen(1)
    room.end('unknown')
    assert room.kept() == []


# --- whose files, how many, how long ---


def test_only_this_user_can_read_them(room):
    room.listen(2)
    room.say('u1')
    room.end('u1')
    room.kept()
    assert stat.S_IMODE(room.folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in room.folder.iterdir()}
    assert len(modes) == 3
    assert set(modes.values()) == {0o600}
    assert 'At most 50 are kept, none for longer than 14 days' in (room.folder / 'README.txt').read_text()


def test_the_oldest_go_first_and_other_files_stay(tmp_path):
    room = Room(tmp_path / 'kept', max_count=2)
    room.folder.mkdir()
    mine = ['notes.wav', '20200101_mine.json', 'a.json', '20200101T000000Z_mine.txt', '20209999T000000Z_mine.wav']
    for name in mine:
        (room.folder / name).write_text('mine')
    for number in range(4):
        room.listen(2)
        room.say(f'u{number}')
        room.end(f'u{number}')
    room.keeper.close()
    kept = sorted(path.name.partition('_')[2] for path in room.folder.glob('*Z_u*'))
    assert kept == ['u2.json', 'u2.wav', 'u3.json', 'u3.wav']
    assert {path.name for path in room.folder.iterdir()} > set(mine)


def test_what_is_old_is_deleted_also_where_nothing_more_goes_wrong(tmp_path):
    room = Room(tmp_path / 'kept', max_age_days=2)
    room.listen(2)
    room.say('u1')
    room.end('u1')
    room.script.now_ns += 3 * DAY_NS
    room.listen(0.1)
    assert room.kept() == []
    assert [path.name for path in room.folder.iterdir()] == ['README.txt']


def test_what_a_crash_left_unfinished_is_deleted(tmp_path):
    room = Room(tmp_path)
    for name in ('20231114T221300Z_u1.wav', '20231114T221301Z_u2.wav', '20231114T221301Z_u2.json.new'):
        (tmp_path / name).write_bytes(b'RIFF')
    room.listen(0.1)
    room.keeper.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('place', ['/proc/nowhere', '/dev/null/kept'])
def test_a_folder_that_cannot_be_written_is_said_once_and_stops_nothing(place, caplog):
    room = Room(Path(place))
    for name in ('u1', 'u2'):
        room.listen(2)
        room.say(name)
        room.end(name)
    with caplog.at_level(logging.ERROR):
        room.keeper.close()
    assert len(caplog.messages) == 1
    assert place in caplog.messages[0]


def test_a_slow_disk_holds_nobody_up(room, monkeypatch, caplog):
    disk = threading.Event()
    written = []

    def slow(self, record, *rest):
        disk.wait(10)
        written.append(record.utterance_id)

    room.listen(2)
    monkeypatch.setattr(KeptFolder, 'prune', lambda self: None)
    monkeypatch.setattr(KeptFolder, 'keep', slow)
    for number in range(MAX_WAITING + 2):
        room.say(f'u{number}')
        room.end(f'u{number}')
    assert written == []
    disk.set()
    room.keeper.close()
    assert written == [f'u{number}' for number in range(MAX_WAITING)]
    assert 'too slow' in caplog.text


# --- the ring ---


def test_the_ring_holds_no_more_than_its_length():
    ring = SoundRing(held_s=1.0)
    for frame in frames_of((np.arange(3 * SAMPLE_RATE_HZ) % 30_000).astype(np.int16)):
        ring.add(frame)
    samples, _ = ring.cut(0, 2**63)
    assert len(samples) <= SAMPLE_RATE_HZ
    assert samples[-1] == (3 * SAMPLE_RATE_HZ - 1) % 30_000


def test_lost_frames_are_silence_so_that_what_follows_keeps_its_time():
    frames = frames_of(np.full(10 * FRAME_SAMPLES, 7, dtype=np.int16))
    ring = SoundRing()
    for frame in frames[:3] + frames[6:]:
        ring.add(frame)
    samples, started_ns = ring.cut(0, 2**63)
    assert started_ns == frames[0].stamp_ns
    loud = samples.reshape(-1, FRAME_SAMPLES).any(axis=1)
    assert list(loud) == [True] * 3 + [False] * 3 + [True] * 4


def test_a_capture_that_starts_again_begins_a_new_sound():
    frames = frames_of(np.ones(4 * FRAME_SAMPLES, dtype=np.int16))
    ring = SoundRing()
    for frame in [*frames, started_again(frames[0])]:
        ring.add(frame)
    assert len(ring.cut(0, 2**63)[0]) == FRAME_SAMPLES


def started_again(frame):
    return Frame(frame.samples, 0, frame.stamp_ns + S)


# --- what is read again ---


@pytest.mark.parametrize('content', [b'', b'{}', b'\xff', b'[' * 100_000, b'{"format": 2}'])
def test_what_is_no_kept_utterance_is_named(tmp_path, content):
    path = tmp_path / 'u.json'
    path.write_bytes(content)
    with pytest.raises(KeptUtteranceError, match=r'u\.json is no kept utterance'):
        load_kept(path)


def test_a_missing_document_is_named(tmp_path):
    with pytest.raises(KeptUtteranceError, match='does not exist'):
        load_kept(tmp_path / 'u.json')


def test_a_document_is_plain_json(room):
    room.listen(2)
    room.say('u1')
    room.end('u1')
    room.kept()
    (path,) = room.folder.glob('*.json')
    document = msgspec.json.decode(path.read_bytes())
    assert document['messages']['transcripts'][0]['text'] == 'go forward two meters'
    assert document['sound']['file'] == path.with_suffix('.wav').name
