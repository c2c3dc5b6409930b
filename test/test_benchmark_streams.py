"""Several people at once."""

import json

import pytest
from speech import CountingBackend, say

from voice_pipeline.__main__ import main
from voice_pipeline.messages import StageTrace, Transcript
from voice_pipeline.tools.benchmark import streams
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.revisions import Revision


@pytest.fixture(scope='module')
def clips():
    return [Clip(text, 'synthetic', text, say(text, before_s=0.1, after_s=0.0)) for text in ('stop', 'turn left')]


def revisions(text, stream, step_s, count=5, delay_ms=10.0):
    """Return revisions at a steady pace and the final."""
    made = []
    for index in range(count):
        is_final = index == count - 1
        transcript = Transcript(
            utterance_id=stream,
            revision=index,
            is_final=is_final,
            speech_end_ns=1,
            text=text,
            confidence=1.0,
            silence_ms=600.0 if is_final else 0.0,
            trace=(StageTrace(name='recognition', received_ns=1, finished_ns=2),),
        )
        made.append(Revision(transcript, (index + 1) * step_s, 1.0, delay_ms, not is_final, stream))
    return made


def test_the_figures_are_those_of_all_streams(clips):
    share = streams.summary(
        [clips[:1], clips[1:]], [revisions('stop', 'a', 0.05), revisions('turn right', 'b', 0.1, delay_ms=30.0)]
    )

    assert (share.streams, share.utterances, share.finals) == (2, 2, 2)
    assert (share.least_hz, share.mean_hz) == (pytest.approx(10.0), pytest.approx(15.0))
    assert (share.delay_p50_ms, share.delay_p95_ms, share.final_p95_ms) == (10.0, 30.0, 30.0)
    assert (share.word_errors, share.words) == (1, 3)


def test_a_lost_final_is_seen(clips):
    share = streams.summary([clips], [[]])
    assert (share.finals, share.utterances, share.least_hz, share.word_errors) == (0, 2, None, 3)


def test_the_command_lets_them_speak(monkeypatch, capsys, tmp_path, clips):
    """Short and really in real time, with a recogniser that answers at once."""
    monkeypatch.setattr(streams, 'load', lambda _settings: CountingBackend())
    monkeypatch.setattr(streams, 'spoken_clips', lambda: clips)
    report = tmp_path / 'streams.json'

    assert main(['benchmark', 'streams', '--streams', '1', '3', '--seconds', '0.5', '--json', str(report)]) == 0

    shares = json.loads(report.read_text())['shares']
    assert [(share['streams'], share['finals'], share['utterances']) for share in shares] == [(1, 1, 1), (3, 3, 3)]
    assert '3 of 3' in capsys.readouterr().out


def test_no_streams_are_no_benchmark(capsys):
    with pytest.raises(SystemExit):
        main(['benchmark', 'streams', '--streams', '0'])
    assert 'no whole number of 1 or more' in capsys.readouterr().err
