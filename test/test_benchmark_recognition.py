"""The benchmark of recognition: contestants in their processes, taking turns; then the real ones, once."""

import argparse
import json
import sys
from functools import partial

import numpy as np
import pytest
from benchmark_contestants import Dying, Forgetful, Hanging, Parrot, break_down, refuse
from speech import say

from voice_pipeline.audio.wav import write_sound
from voice_pipeline.tools.benchmark import recognition
from voice_pipeline.tools.benchmark import recognition_command as command
from voice_pipeline.tools.benchmark.clips import Clip, clips_of_files, recorded_clips, spoken_clips
from voice_pipeline.tools.benchmark.contestant import ContestantError, ContestantProcess, Entry
from voice_pipeline.tools.benchmark.ours import our_entries
from voice_pipeline.tools.benchmark.peers import PEERS
from voice_pipeline.tools.benchmark.recognition import LeftOut, Lineup, enter, memories, take_turns

SOUND = np.zeros(1600, np.int16)
CLIPS = [Clip('first', 'human', 'go forward ten meters', SOUND), Clip('second', 'human', 'stop', SOUND)]


def entry(name, make, module='json', **options):
    return Entry(name, module, 'some-package', make, **{'tunes_threads': False, **options})


def lineup_of(*entries, threads=1):
    lineup = Lineup()
    enter(lineup, entries, CLIPS[0], 'cpu', threads, lambda text: None)
    return lineup


def arguments(*words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args([str(word) for word in words])


def test_contestants_take_turns():
    with lineup_of(entry('a', Parrot), entry('b', Parrot)) as lineup:
        takes = list(take_turns(lineup, CLIPS, runs=2, settle_s=0.0))
        memory = memories(lineup)

    assert [(take.run, take.clip.name, take.contestant) for take in takes] == [
        (run, clip, name) for run in (0, 1) for clip in ('first', 'second') for name in ('a', 'b')
    ]
    assert takes[0].heard.text == 'go forward 10 m'
    assert memory.keys() == {'a', 'b'}
    assert all(10 < one.resident_mb <= one.peak_mb for one in memory.values())


def test_the_missing_and_the_failing_are_named_and_left_out():
    entries = [
        entry('missing', Parrot, module='no_such_module_anywhere'),
        entry('refusing', refuse),
        entry('broken', break_down),
        entry('dying', Dying),
        entry('parrot', Parrot),
    ]
    with lineup_of(*entries) as lineup:
        assert [process.entry.name for process in lineup.processes] == ['parrot']

    assert lineup.left_out == [
        LeftOut('missing', 'not installed: pip install some-package'),
        LeftOut('refusing', 'cpu is not for me'),
        LeftOut('broken', 'ValueError: bad magic'),
        LeftOut('dying', 'its process has ended with status 3'),
    ]


def test_who_fails_on_the_way_is_left_out_from_then_on():
    with lineup_of(entry('forgetful', Forgetful), entry('parrot', Parrot)) as lineup:
        takes = list(take_turns(lineup, CLIPS, runs=1, settle_s=0.0))

    assert [take.contestant for take in takes] == ['parrot', 'parrot']
    assert lineup.left_out == [LeftOut('forgetful', 'RuntimeError: out of memory')]


def test_who_hangs_is_given_up():
    process = ContestantProcess(entry('hanging', Hanging), threads=1, device='cpu')
    process._timeout_s = 0.05
    with pytest.raises(ContestantError, match='no answer'):
        process.hear(SOUND)
    process.close()
    assert not process._process.is_alive()


def test_the_fastest_number_of_threads_is_taken(monkeypatch):
    monkeypatch.setattr(recognition, 'core_count', lambda: 3)
    with lineup_of(entry('parrot', Parrot, tunes_threads=True), threads=None) as lineup:
        assert [process.threads for process in lineup.processes] == [2]


def test_a_run_with_stand_ins_prints_and_saves_everything(tmp_path, capsys):
    entries = [
        entry('peer', partial(Parrot, times_ms={'transcribe': (330.0,)})),
        entry(
            'ours',
            partial(Parrot, text='stop', times_ms={'revision': (30.0, 40.0, 33.0), 'final': (2.0,)}, settled_words=4),
            is_ours=True,
        ),
        entry('missing', Parrot, module='no_such_module_anywhere'),
    ]
    json_file, plot_file = tmp_path / 'deep' / 'report.json', tmp_path / 'deep' / 'report.png'
    asked = arguments('--runs', 2, '--json', json_file, '--plot', plot_file)

    assert command.run(entries, CLIPS, asked) == 0

    document = json.loads(json_file.read_text())
    assert document.keys() == {'machine', 'device', 'runs', 'model', 'clips', 'contestants', 'left_out'}
    assert {'processor', 'cores', 'load_before', 'system', 'python', 'versions'} <= document['machine'].keys()
    assert [clip['name'] for clip in document['clips']] == ['first', 'second']
    assert document['left_out'] == [{'name': 'missing', 'reason': 'not installed: pip install some-package'}]
    peer, ours = document['contestants']
    assert (peer['word_errors'], peer['words'], peer['ours']) == (4, 5, False)  # all of "stop" is wrong
    assert (ours['word_errors'], ours['words'], ours['ours']) == (4, 5, True)
    assert peer['measures'] == {'transcribe': {'count': 4, 'p50_ms': 330.0, 'p95_ms': 330.0, 'ratio': 10.0}}
    assert ours['measures']['revision'] == {'count': 12, 'p50_ms': 33.0, 'p95_ms': 40.0, 'ratio': 1.0}
    assert (ours['settled_words'], ours['changed_words']) == (16, 0)
    assert len(peer['takes']) == 4
    assert peer['takes'][0] == {
        'clip': 'first',
        'run': 0,
        'text': 'go forward 10 m',
        'times_ms': {'transcribe': [330.0]},
    }
    assert plot_file.read_bytes().startswith(b'\x89PNG')
    printed = capsys.readouterr().out
    assert 'left out: missing: not installed: pip install some-package' in printed
    assert '0 of 16 words (0.0 %) changed' in printed
    assert '330.0' in printed


def test_ratios_need_ours(tmp_path):
    json_file = tmp_path / 'report.json'
    assert command.run([entry('peer', Parrot)], CLIPS, arguments('--runs', 1, '--json', json_file)) == 0

    (peer,) = json.loads(json_file.read_text())['contestants']
    assert peer['measures']['transcribe']['ratio'] is None


def test_nobody_can_run(capsys):
    assert command.run([entry('refusing', refuse)], CLIPS, arguments()) == 1

    captured = capsys.readouterr()
    assert 'left out: refusing: cpu is not for me' in captured.out
    assert captured.err == 'error: no contestant could run\n'


def test_a_report_that_cannot_be_saved_is_said(tmp_path, capsys):
    assert command.run([entry('peer', Parrot)], CLIPS, arguments('--runs', 1, '--json', tmp_path)) == 1
    assert 'the report cannot be saved' in capsys.readouterr().err


def test_a_picture_needs_matplotlib(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'matplotlib', None)
    monkeypatch.setitem(sys.modules, 'matplotlib.figure', None)
    picture = tmp_path / 'report.svg'
    assert command.run([entry('peer', Parrot)], CLIPS, arguments('--runs', 1, '--plot', picture)) == 1
    assert 'pip install matplotlib' in capsys.readouterr().err


def test_a_picture_has_a_format(capsys):
    with pytest.raises(SystemExit):
        arguments('--plot', 'report.txt')
    assert 'ends with .png, .svg, .pdf' in capsys.readouterr().err


def test_files_need_their_texts(tmp_path, capsys):
    assert command.main(arguments('--wav', tmp_path / 'a.wav')) == 1
    assert '1 sound files but 0 texts' in capsys.readouterr().err
    assert command.main(arguments('--wav', tmp_path / 'a.wav', '--text', 'stop')) == 1
    assert 'does not exist' in capsys.readouterr().err


@pytest.mark.parametrize('value', ['0', '-1', 'x'])
def test_a_count_is_a_count(value, capsys):
    with pytest.raises(SystemExit):
        arguments('--runs', value)
    assert 'no whole number of 1 or more' in capsys.readouterr().err


def test_recordings_are_found_with_their_words(tmp_path):
    (tmp_path / 'cards').mkdir()
    (tmp_path / 'cards' / 'cards.transcription').write_text('<s> ten of clubs  </s> (001)\n<s> lost </s> (002)\n')
    write_sound(SOUND + 5, tmp_path / 'cards' / '001.wav')
    (SOUND + 7).astype('<i2').tofile(tmp_path / 'goforward.raw')

    clips = {clip.name: clip for clip in recorded_clips(tmp_path)}

    assert [clip.words for clip in clips.values()] == ['go forward ten meters', 'ten of clubs']
    assert clips['cards/001.wav'].samples[0] == 5
    assert recorded_clips(tmp_path / 'nowhere') == []


def test_spoken_commands_are_the_same_each_time():
    first, second = spoken_clips(), spoken_clips()
    assert len(first) == 10
    for one, other in zip(first, second, strict=True):
        assert one.words == other.words
        np.testing.assert_array_equal(one.samples, other.samples)


def test_each_peer_and_each_library_of_ours_takes_part():
    assert [one.distribution for one in PEERS] == ['openai-whisper', 'faster-whisper', 'pywhispercpp', 'pywhispercpp']
    assert {one.module for one in our_entries('auto')} == {'whisper', 'faster_whisper'}
    assert all(one.is_ours and not one.tunes_threads for one in our_entries('auto'))


def test_a_real_run(tmp_path, capsys):
    """faster-whisper and ours on it, one clip, one run."""
    write_sound(say('turn left ninety degrees'), tmp_path / 'turn.wav')
    clips = clips_of_files([tmp_path / 'turn.wav'], ['turn left ninety degrees'])
    entries = [one for one in [*PEERS, *our_entries('auto')] if one.module == 'faster_whisper']

    assert command.run(entries, clips, arguments('--runs', 1, '--threads', 1, '--json', tmp_path / 'r.json')) == 0

    peer, ours = json.loads((tmp_path / 'r.json').read_text())['contestants']
    assert (peer['word_errors'], peer['words'], ours['word_errors']) == (0, 4, 0)
    assert peer['measures'].keys() == {'transcribe'}
    assert ours['measures'].keys() == {'revision', 'final'}
    assert ours['measures']['revision']['count'] > 10
    assert min(peer['peak_mb'], ours['peak_mb']) > 50
