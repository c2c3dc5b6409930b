"""Kept utterances through today's pipeline, as a user calls it: real sound, real recogniser, understanding, planner."""

import argparse
import json
import shutil

import msgspec
import numpy as np
import pytest
from speech import CountingBackend, frames_of, say

from voice_pipeline.audio.wav import read_sound
from voice_pipeline.messages import Transcript
from voice_pipeline.monitoring.keeper import UtteranceKeeper
from voice_pipeline.monitoring.utterances import UtteranceRecord
from voice_pipeline.recognition.backend import Hypothesis
from voice_pipeline.tools import replay
from voice_pipeline.tools.parameter_files import installed_folder

TEXTS = {'turn': 'turn left ninety degrees', 'talk': 'the weather is lovely'}


class Hearing(CountingBackend):
    """A backend that hears the same words in every sound."""

    def __init__(self, text):
        super().__init__()
        self.text = text

    def transcribe(self, samples, window, draft=None):
        return Hypothesis(self.text, -0.1, 0.0, (1,))


def keep(folder, name, samples, **record):
    """Let the keeper keep this sound as one that went wrong."""
    frames = frames_of(samples)
    end_ns = frames[-1].end_ns
    keeper = UtteranceKeeper(folder, max_count=50, max_age_days=14.0, clock_ns=lambda: end_ns)
    for frame in frames:
        keeper.on_frame(frame)
    transcript = Transcript(
        utterance_id=name, revision=0, is_final=True, speech_end_ns=end_ns, text='then', confidence=1.0, silence_ms=0.0
    )
    keeper.on_message(transcript, frames[0].stamp_ns)
    values = {'outcome': 'refused', 'reason': 'then', 'heard': 'heard then', **record}
    keeper.on_utterance(
        UtteranceRecord(
            utterance_id=name, kind='voice', started_ns=end_ns, speech_end_ns=end_ns, updated_ns=end_ns, **values
        )
    )
    keeper.close()


@pytest.fixture(scope='module')
def kept(tmp_path_factory):
    """A folder with one utterance of each of `TEXTS`."""
    folder = tmp_path_factory.mktemp('kept')
    for name, text in TEXTS.items():
        keep(folder, name, say(text, before_s=0.3, after_s=0.5))
    return folder


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    """The installed parameters, but with the grammar alone and a fixed backend."""
    folder = tmp_path_factory.mktemp('config')
    for file in installed_folder().glob('*.yaml'):
        shutil.copy(file, folder)
    change(folder, 'intent_parser', semantic='off')
    change(folder, 'speech_recognition', backend='faster-whisper', device='cpu')
    return folder


def change(folder, node, **values):
    document = {'/**': {'ros__parameters': values}}
    (folder / f'{node}.yaml').write_bytes(msgspec.yaml.encode(document))


def of(kept, name):
    (path,) = kept.glob(f'*_{name}.wav')
    return path


@pytest.fixture
def run(config, capsys, monkeypatch):
    def run_command(*words, config=config, hears=''):
        if hears:
            monkeypatch.setattr(replay, 'load', lambda settings: Hearing(hears))
        parser = argparse.ArgumentParser()
        replay.add_arguments(parser)
        code = replay.main(parser.parse_args([*map(str, words), '--config', str(config)]))
        out, err = capsys.readouterr()
        return code, out, err

    return run_command


def test_what_is_understood_now_is_shown_beside_what_was(run, kept):
    code, out, err = run(of(kept, 'turn'), hears='turn left 90 degrees')
    assert (code, err) == (0, '')
    for words in ('then', 'now', 'heard then', 'turn 90°', 'refused: then', '1 of 1 are planned now'):
        assert words in out


def test_a_folder_is_replayed_as_json_and_what_still_fails_is_the_exit_status(run, kept):
    code, out, err = run(kept, '--json')
    assert (code, err) == (1, '')
    documents = {json.loads(line)['file'].rpartition('_')[2]: json.loads(line) for line in out.splitlines()}
    assert documents.keys() == {'turn.wav', 'talk.wav'}
    assert {name: one['now']['is_planned'] for name, one in documents.items()} == {'turn.wav': True, 'talk.wav': False}
    assert documents['turn.wav']['now']['planned'] == 'turn 90°'
    assert documents['turn.wav']['then'] == {
        'heard': 'heard then', 'understood': '', 'planned': '', 'outcome': 'refused'
    }  # fmt: skip
    assert documents['talk.wav']['now']['planned'].startswith('refused: ')


OUTCOMES = [
    ('go forward ten meters', True, 'move forward 10 m'),
    ('go forward fifty meters', False, 'refused: '),
    ('what is your name', True, 'says: '),
    ('stop', True, 'stop'),
    ('put it on the table', False, ''),
]


@pytest.mark.parametrize(('text', 'is_planned', 'planned'), OUTCOMES)
def test_what_counts_as_planned(run, kept, text, is_planned, planned):
    code, out, _ = run(of(kept, 'turn'), '--json', hears=text)
    now = json.loads(out)['now']
    assert (code, now['is_planned']) == (0 if is_planned else 1, is_planned)
    assert now['planned'].startswith(planned)


def test_it_is_planned_by_the_settings_of_today(run, kept, config, tmp_path):
    shutil.copytree(config, tmp_path / 'careful')
    change(tmp_path / 'careful', 'robot', max_distance_m=2.0)
    code, out, _ = run(of(kept, 'turn'), '--json', config=tmp_path / 'careful', hears='go forward ten meters')
    assert code == 1
    assert json.loads(out)['now']['planned'].startswith('refused: ')


def test_what_has_no_speech_in_it_is_not_planned(run, tmp_path):
    keep(tmp_path, 'quiet', np.zeros(16_000, dtype=np.int16))
    code, out, _ = run(tmp_path, '--json', hears='stop')
    assert code == 1
    assert json.loads(out)['now'] == {'heard': '', 'understood': '', 'planned': '', 'is_planned': False}


def test_a_kept_utterance_that_is_damaged_leaves_the_others(run, kept, tmp_path):
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    of(tmp_path, 'talk').with_suffix('.json').write_text('{}')
    keep(tmp_path, 'cut', say(TEXTS['turn']))
    of(tmp_path, 'cut').write_bytes(b'RIFF')
    code, out, err = run(tmp_path, '--json', hears='turn left')
    assert code == 2
    assert [json.loads(line)['now']['is_planned'] for line in out.splitlines()] == [True]
    assert 'is no kept utterance' in err
    assert '_cut.wav' in err


UNUSABLE = [
    ('missing.wav', 'a kept utterance is a WAV file and a JSON file'),
    ('alone.wav', 'a kept utterance is a WAV file and a JSON file'),
    ('notes.txt', 'not a kept utterance'),
    ('empty', 'no utterances are kept here'),
]


@pytest.mark.parametrize(('name', 'problem'), UNUSABLE)
def test_what_cannot_be_replayed_is_said(run, kept, tmp_path, name, problem):
    shutil.copy(of(kept, 'turn'), tmp_path / 'alone.wav')
    (tmp_path / 'empty').mkdir()
    code, _, err = run(tmp_path / name, hears='stop')
    assert code == 2
    assert problem in err


BAD_PARAMETERS = [
    ('/**: 7', 'not a parameter file'),
    ('/**: {ros__parameters: {default_distance_m: far}}', "action_planner.yaml: parameter 'default_distance_m'"),
    ('/**: {ros__parameters: {distance: 2}}', "unknown parameter 'distance'"),
    ('[', 'not valid YAML'),
    ('/**: {ros__parameters: {vocabulary: /nowhere/names.yaml}}', '/nowhere/names.yaml'),
]


@pytest.mark.parametrize(('text', 'problem'), BAD_PARAMETERS)
def test_parameters_that_cannot_be_used_are_said(run, kept, config, tmp_path, text, problem):
    shutil.copytree(config, tmp_path / 'bad')
    (tmp_path / 'bad' / 'action_planner.yaml').write_text(text)
    code, _, err = run(of(kept, 'turn'), config=tmp_path / 'bad', hears='stop')
    assert code == 2
    assert problem in err


def test_the_kept_sound_is_what_was_said(kept):
    assert len(read_sound(of(kept, 'turn'))) > 16_000
