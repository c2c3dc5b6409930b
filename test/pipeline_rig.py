"""The real nodes as processes, for tests: started on a DDS domain of their own, observed, ended."""

import contextlib
import os
import time

from voice_pipeline.nodes.observer import observing
from voice_pipeline.tools.demo.person import Person
from voice_pipeline.tools.demo.story import Story
from voice_pipeline.tools.processes import NAMESPACE, PipelineProcesses

READY_S = 120.0
DONE_S = 90.0
AGAIN_S = 10.0  # after which words that nobody acted on are said again
ALL_NODES = (
    'monitor',
    'simulated_robot',
    'robot_control',
    'action_planner',
    'intent_parser',
    'speech_recognition',
    'audio_capture',
)


@contextlib.contextmanager
def started(folder, parameters, monkeypatch):
    """Start these nodes with these parameters; yields what they publish and the processes."""
    story = Story()
    pipeline = PipelineProcesses(parameters, logs=folder / 'logs')
    for name, value in pipeline.environment().items():
        monkeypatch.setenv(name, value)
    with observing(story, NAMESPACE, pipeline.domain_id), pipeline:
        yield story, pipeline


@contextlib.contextmanager
def running(folder, parameters, monkeypatch):
    """Run these nodes, ready all of them."""
    with started(folder, parameters, monkeypatch) as (story, pipeline):
        wait(story, pipeline, lambda: set(parameters) <= story.ready, READY_S)
        yield story, pipeline


@contextlib.contextmanager
def talking(folder, parameters, monkeypatch):
    """Run all nodes with these parameters; yields what they publish, the processes, and who speaks to them."""
    pipe = folder / 'microphone'
    os.mkfifo(pipe)
    microphone = {'audio_capture': {'source': 'pipe', 'pipe': str(pipe)}}
    parameters = {name: {} for name in ALL_NODES} | parameters | microphone
    with Person(pipe) as person, running(folder, parameters, monkeypatch) as (story, pipeline):
        yield story, pipeline, person


def repeat_until(story, pipeline, act, happens):
    """Do it until it happens: on a busy machine, the first time may come before DDS has connected all nodes."""
    deadline_s = time.monotonic() + DONE_S
    while True:
        act()
        if story.wait_until(happens, AGAIN_S):
            return
        assert pipeline.failed() is None, account(story, pipeline)
        assert time.monotonic() < deadline_s, account(story, pipeline)


def wait(story, pipeline, condition, timeout_s=DONE_S):
    """Wait for the condition; fails, with what happened and the logs, where it does not come or a node has ended."""
    happened = story.wait_until(condition, timeout_s)
    assert pipeline.failed() is None, account(story, pipeline)
    assert happened, account(story, pipeline)


def account(story, pipeline):
    """What was heard and done, and what the nodes logged."""
    heard = [f'{one.utterance_id} "{one.transcript}" {one.outcomes} {one.problem}' for one in story.utterances.values()]
    return '\n'.join([*heard, *(f'--- {node.name}\n{node.last_words()}' for node in pipeline.nodes)])
