"""The real nodes as processes, for tests: started on a DDS domain of their own, observed, ended."""

import contextlib

from voice_pipeline.nodes.observer import observing
from voice_pipeline.tools.demo.story import Story
from voice_pipeline.tools.processes import NAMESPACE, PipelineProcesses

READY_S = 120.0
DONE_S = 90.0
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
def running(folder, parameters, monkeypatch):
    """Run these nodes with these parameters until they are ready; yields what they publish and the processes."""
    story = Story()
    pipeline = PipelineProcesses(parameters, logs=folder / 'logs')
    for name, value in pipeline.environment().items():
        monkeypatch.setenv(name, value)
    with observing(story, NAMESPACE, pipeline.domain_id), pipeline:
        wait(story, pipeline, lambda: set(parameters) <= story.ready, READY_S)
        yield story, pipeline


def wait(story, pipeline, condition, timeout_s=DONE_S):
    """Wait for the condition; fails, with the logs, where it does not come or a node has ended."""
    happened = story.wait_until(condition, timeout_s)
    logs = '\n'.join(f'--- {node.name}\n{node.last_words()}' for node in pipeline.nodes)
    assert pipeline.failed() is None, logs
    assert happened, logs
