"""The monitor's node, on real topics: what it publishes of utterances and stops, and hears of the recogniser."""

import platform
import time

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from graph_rig import Stranger
from pipeline_rig import repeat_until, running, wait
from std_msgs.msg import String

from voice_pipeline import topics
from voice_pipeline.audio.frames import Frame
from voice_pipeline.messages import Transcript, encode
from voice_pipeline.monitoring.kept import load_kept
from voice_pipeline.monitoring.recording import ReportLine, RunHeader, UtteranceLine, read_recording
from voice_pipeline.nodes.base import MESSAGE_QOS
from voice_pipeline.nodes.conversions import audio_to_message
from voice_pipeline.tools.demo.story import Story
from voice_pipeline.tools.processes import NAMESPACE

NODES = {'monitor': {}, 'simulated_robot': {}, 'robot_control': {}, 'action_planner': {}, 'intent_parser': {}}


class StoryWithRecords(Story):
    """Also keeps what the monitor has put together, each record as it was last."""

    def __init__(self):
        super().__init__()
        self.records = {}

    def on_utterance(self, record):
        self.records[record.utterance_id] = record


@pytest.fixture
def graph(tmp_path, monkeypatch):
    monkeypatch.setattr('pipeline_rig.Story', StoryWithRecords)
    with running(tmp_path, NODES, monkeypatch) as (story, pipeline):
        stranger = Stranger(NAMESPACE, **{topics.PERFORMANCE: (String, MESSAGE_QOS)})
        yield story, pipeline, stranger
        stranger.node.destroy_node()


def listening(hardware_id, **counts):
    """What a recogniser on that machine says of itself."""
    values = [KeyValue(key=f'not believed: {key}', value=value) for key, value in counts.items()]
    status = DiagnosticStatus(name='voice_pipeline: listening', hardware_id=hardware_id, values=values)
    return DiagnosticArray(status=[status])


def shout(text):
    """What the recogniser makes of a cry that has just begun."""
    return Transcript(
        utterance_id='cry',
        revision=0,
        is_final=False,
        speech_end_ns=time.time_ns(),
        text=text,
        confidence=0.9,
        silence_ms=0.0,
    )


def say_until(graph, topic, make_text, condition):
    """Say it, as a transcript or typed, until the condition holds."""
    story, pipeline, stranger = graph
    repeat_until(story, pipeline, lambda: stranger.publish(topic, String(data=make_text())), condition)


def test_what_was_said_and_stopped_is_on_record(graph):
    story, pipeline, stranger = graph
    stranger.publish(topics.DIAGNOSTICS, listening(platform.node(), no_speech='2', loop='no number'))
    stranger.publish(topics.DIAGNOSTICS, listening('another robot', no_speech='7'))
    for topic in (topics.REPORT, topics.UTTERANCE):  # what is none is dropped, and the onlooker goes on
        stranger.publish(topic, String(data='{}'))
    say_until(
        graph,
        topics.COMMAND,
        lambda: 'go forward ten meters',
        lambda: bool(story.path) and story.path[-1].x_m > 0.2,
    )
    say_until(
        graph,
        topics.TRANSCRIPT,
        lambda: encode(shout('Stop')),
        lambda: 'cry' in story.records and story.records['cry'].voice_to_stop_ms is not None,
    )
    wait(story, pipeline, lambda: any(record.outcome == 'stopped' for record in story.records.values()))
    wait(story, pipeline, lambda: story.report.voice_to_stop.values.stop_ms is not None)

    command = next(record for record in story.records.values() if record.outcome == 'stopped')
    assert (command.kind, command.heard, command.understood) == (
        'command',
        'go forward ten meters',
        'move forward 10 m',
    )
    assert command.latency.kind == 'command'
    assert story.records['cry'].heard == 'Stop'
    assert 0 < story.records['cry'].voice_to_stop_ms < 60_000
    rejects = {stage.values.name: stage.values.rejects for stage in story.report.stages}
    assert rejects['recognition'] == {'not believed: no_speech': 2}

    lines = stranger.heard[topics.PERFORMANCE]
    stranger.spin_until(lambda: any(message.data.startswith('voice->action') for message in lines))


def asked(number, text):
    """The whole of an utterance."""
    return Transcript(
        utterance_id=f'asked-{number}',
        revision=0,
        is_final=True,
        speech_end_ns=time.time_ns(),
        text=text,
        confidence=0.9,
        silence_ms=800.0,
    )


def ask(stranger, number):
    """Let the microphone hear something, and return what the recogniser makes of it."""
    sound = Frame(np.full(16_000, 100, dtype=np.int16), number, time.time_ns() - 1_000_000_000)
    stranger.publish(topics.AUDIO, audio_to_message(sound))
    return encode(asked(number, 'go forward five hundred meters'))


def test_the_run_is_recorded_and_what_was_refused_is_kept(tmp_path, monkeypatch):
    run, folder = tmp_path / 'run.jsonl', tmp_path / 'kept'
    nodes = {
        'monitor': {'record': str(run), 'keep_utterances': str(folder)},
        'simulated_robot': {},
        'robot_control': {},
        'action_planner': {},
        'intent_parser': {'semantic': 'off'},
    }
    with running(tmp_path, nodes, monkeypatch) as (story, pipeline):
        stranger = Stranger(NAMESPACE)
        numbers = iter(range(10))
        say_until(
            (story, pipeline, stranger),
            topics.TRANSCRIPT,
            lambda: ask(stranger, next(numbers)),
            lambda: any(folder.glob('*.json')),
        )
        stranger.node.destroy_node()

    kept = load_kept(next(folder.glob('*.json')))
    assert (kept.record.heard, kept.record.outcome) == ('go forward five hundred meters', 'refused')
    lines = list(read_recording(run))
    assert isinstance(lines[0], RunHeader)
    assert any(isinstance(line, ReportLine) for line in lines)
    assert any(isinstance(line, UtteranceLine) and line.utterance.outcome == 'refused' for line in lines)
