"""A profile says which calls of which threads took how long, and others can read it."""

import json
import pstats
import sys
import threading
import time

import pytest

from voice_pipeline.profiling.files import ProfileFileError, read_profile, write_profile
from voice_pipeline.profiling.profiler import Profiler
from voice_pipeline.profiling.sampler import StackTally
from voice_pipeline.profiling.stacks import WAITING, Call, Profile

RUN, HEAR, ENCODE = (
    Call('run', '/x/base.py', 1),
    Call('hear', '/x/voice_pipeline/a.py', 5),
    Call('encode', '/x/b.py', 9),
)
LINE_7, LINE_11 = Call('7: hear()', '/x/voice_pipeline/a.py', 7), Call('11: encode()', '/x/b.py', 11)
PROFILE = Profile(
    'listener',
    {
        'main': {WAITING: 8.0, (RUN, Call('2: spin()', '/x/base.py', 2)): 0.5},
        'model': {(RUN, HEAR, LINE_7): 1.0, (RUN, HEAR, ENCODE, LINE_11): 3.0, (RUN, HEAR, HEAR, LINE_7): 0.25},
    },
)


def frame_of(thread):
    return sys._current_frames()[thread.ident]


@pytest.fixture
def waiting_thread():
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait, name='idle')
    thread.start()
    while 'wait' not in frame_of(thread).f_code.co_name:
        time.sleep(0.001)
    yield thread
    ended.set()
    thread.join()


class Worker:
    def outer(self, tally, seconds):
        self.inner(tally, seconds)

    def inner(self, tally, seconds):
        tally.add({'worker': sys._getframe()}, seconds)


def test_seconds_are_added_to_the_stack_they_were_spent_in():
    tally = StackTally()
    for seconds in (0.25, 0.5):
        Worker().outer(tally, seconds)
    ((stack, seconds),) = tally.profile('mine').threads['worker'].items()

    assert seconds == 0.75
    *_, outer, inner, line = stack
    assert outer.name.endswith('outer')
    assert inner.name.endswith('inner')
    assert line.name.endswith("tally.add({'worker': sys._getframe()}, seconds)")
    assert {call.file for call in (outer, inner, line)} == {__file__}


def test_who_waits_for_work_is_not_at_work(waiting_thread):
    tally = StackTally()
    tally.add({'idle': frame_of(waiting_thread)}, 2.0)
    profile = tally.profile('mine')

    assert profile.threads == {'idle': {WAITING: 2.0}}
    assert profile.work == {}


def test_the_machinery_of_imports_is_left_out(tmp_path, monkeypatch):
    (tmp_path / 'imported_by_a_test.py').write_text('import sys\nsys.seen(sys._getframe())\n')
    monkeypatch.syspath_prepend(tmp_path)
    tally = StackTally()
    monkeypatch.setattr(sys, 'seen', lambda frame: tally.add({'main': frame}, 1.0), raising=False)
    import imported_by_a_test  # noqa: F401

    ((stack, _),) = tally.profile('mine').threads['main'].items()
    assert stack[-2].name == '<module> imported_by_a_test'
    assert not any('importlib._bootstrap' in call.file for call in stack)


def test_hours_of_a_profile_take_no_more_memory(monkeypatch):
    monkeypatch.setattr('voice_pipeline.profiling.sampler._MAX_STACKS', 2)

    def deeper(tally, depth):
        tally.add({'main': sys._getframe()}, 1.0)
        if depth:
            deeper(tally, depth - 1)

    tally = StackTally()
    deeper(tally, 9)
    stacks = tally.profile('mine').threads['main']
    assert len(stacks) == 3
    assert stacks[(Call('other stacks'),)] == 8.0


def test_what_was_written_is_read(tmp_path):
    speedscope, _ = write_profile(PROFILE, tmp_path / 'new' / 'folder')
    assert read_profile(speedscope) == PROFILE


def test_the_file_is_what_speedscope_takes(tmp_path):
    speedscope, _ = write_profile(PROFILE, tmp_path)
    document = json.loads(speedscope.read_text())

    assert document['$schema'] == 'https://www.speedscope.app/file-format-schema.json'
    assert [part['name'] for part in document['profiles']] == ['model', 'main']  # the busiest first
    for part in document['profiles']:
        assert (part['type'], part['unit'], part['startValue']) == ('sampled', 'seconds', 0)
        assert part['endValue'] == sum(part['weights'])
        assert len(part['samples']) == len(part['weights'])
        assert max(map(max, part['samples'])) < len(document['shared']['frames'])


def test_the_other_file_is_what_snakeviz_takes(tmp_path):
    _, prof = write_profile(PROFILE, tmp_path)
    stats = pstats.Stats(str(prof)).stats
    by_name = {name: (own_s, total_s, callers) for (_, _, name), (_, _, own_s, total_s, callers) in stats.items()}

    assert by_name.keys() == {'run', 'hear', 'encode'}  # no lines, no waiting
    assert by_name['run'][:2] == (0.5, 4.75)
    assert by_name['hear'][:2] == (1.25, 4.25)  # the call of itself is not counted twice
    assert by_name['encode'][:2] == (3.0, 3.0)
    ((caller, (_, _, own_s, total_s)),) = by_name['encode'][2].items()
    assert (caller[2], own_s, total_s) == ('hear', 3.0, 3.0)


def test_what_pyinstrument_writes_is_read(tmp_path):
    """Its files list when each call begins and ends."""
    events = [('O', 0, 0), ('O', 1, 0.5), ('C', 1, 2.0), ('C', 0, 2.5)]
    document = {
        'shared': {'frames': [{'name': 'main'}, {'name': 'hear', 'file': 'a.py', 'line': 3}]},
        'profiles': [
            {
                'type': 'evented',
                'name': 'all',
                'unit': 'milliseconds',
                'startValue': 0,
                'events': [{'type': kind, 'frame': frame, 'at': at} for kind, frame, at in events],
            }
        ],
    }
    path = tmp_path / 'other.speedscope.json'
    path.write_text(json.dumps(document))
    profile = read_profile(path)

    main, hear = Call('main'), Call('hear', 'a.py', 3)
    assert profile.name == 'other'
    assert profile.threads['all'] == {(main,): pytest.approx(0.001), (main, hear): pytest.approx(0.0015)}


@pytest.mark.parametrize('content', [b'', b'\x80\x02', b'[]', b'{}', b'{"shared": {"frames": []}, "profiles": [{}]}'])
def test_another_file_is_refused_with_what_to_give(tmp_path, content):
    path = tmp_path / 'some.prof'
    path.write_bytes(content)
    with pytest.raises(ProfileFileError, match=r'speedscope\.json'):
        read_profile(path)


def wait_for(condition):
    deadline_s = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.002)


def test_all_threads_are_in_the_profile_and_the_profiler_is_not(tmp_path, waiting_thread):
    profiler = Profiler('mine', tmp_path, rate_hz=500.0)
    profiler.start()
    ended = threading.Event()

    def work():
        while not ended.is_set():
            sum(range(1000))

    worker = threading.Thread(target=work, name='worker')
    worker.start()
    time.sleep(0.1)
    profiler.ask()
    wait_for(lambda: list(tmp_path.glob('*.prof')))  # written while the work goes on
    assert worker.is_alive()
    ended.set()
    worker.join()
    profiler.stop()
    profiler.join()

    profile = read_profile(next(tmp_path.glob('*.speedscope.json')))
    assert {'MainThread', 'idle', 'worker'} <= profile.threads.keys()
    assert 'profiler' not in profile.threads
    assert {stack[0].name for stack in profile.work} >= {'worker'}
    assert not any('unfinished' in path.name for path in tmp_path.iterdir())


def test_a_profile_of_so_long_is_written_by_itself(tmp_path):
    profiler = Profiler('mine', tmp_path, rate_hz=500.0, duration_s=0.01)
    profiler.start()
    profiler.join()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_profile_that_cannot_be_written_is_an_error_in_the_log(tmp_path, caplog):
    (tmp_path / 'file').write_text('')
    profiler = Profiler('mine', tmp_path / 'file', rate_hz=500.0)
    profiler.start()
    profiler.stop()
    profiler.join()
    assert 'the profile cannot be written' in caplog.text
