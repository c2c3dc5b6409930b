"""
Who is on the ROS graph, and whether a message gets from one process to another: in a child process only.

Two nodes of our own, made of what all our nodes are made of, each in its own process, meet on their `transcript` topic
in a namespace that nobody else uses. Domain, middleware and discovery are whatever the environment says.
"""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from voice_pipeline import topics
from voice_pipeline.messages import Transcript
from voice_pipeline.settings import Settings
from voice_pipeline.tools.doctor.records import GraphAnswer, GraphQuestion

_PERIOD_S = 0.05
_ENDING_S = 3.0
_TALKER, _LISTENER = 'doctor_talker', 'doctor_listener'


def look(question: GraphQuestion) -> GraphAnswer:
    """Start the other process, wait until it is heard, and return what else is there. Raises `RuntimeError`."""
    command = [sys.executable, '-m', __name__, question.namespace, str(int(question.patience_s) + 5)]
    talker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        return _listen(question)
    finally:
        talker.terminate()  # in order: a killed one leaves its shared memory behind
        try:
            talker.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            talker.kill()
            talker.wait()


def _listen(question: GraphQuestion) -> GraphAnswer:
    from voice_pipeline.nodes.base import PipelineNode, run

    answers: list[GraphAnswer] = []

    def make_node() -> PipelineNode[Settings]:
        node = PipelineNode(_LISTENER, Settings)
        watch = _Watch(node, question, answers.append)
        node.on_message(Transcript, topics.TRANSCRIPT, watch.on_transcript)
        node.create_steady_timer(_PERIOD_S, watch.on_time)
        return node

    if run(make_node, _ros_arguments(question.namespace)) != 0 or not answers:
        raise RuntimeError('the node ended before it could look')
    return answers[0]


class _Watch:
    """Waits until the other process was heard and the graph is known, then ends the node."""

    def __init__(self, node: Any, question: GraphQuestion, answer: Callable[[GraphAnswer], None]) -> None:
        self._node = node
        self._question = question
        self._answer = answer
        self._started_s = time.monotonic()
        self._heard_after_s: float | None = None
        self._known: set[str] = set()
        self._changed_s = self._started_s
        self._transport_ms: list[float] = []

    def on_transcript(self, transcript: Transcript, received_ns: int) -> None:
        if self._heard_after_s is None:
            self._heard_after_s = time.monotonic() - self._started_s
        self._transport_ms.append((received_ns - transcript.speech_end_ns) / 1e6)

    def on_time(self) -> None:
        now_s = time.monotonic()
        if self._known != (known := set(self._nodes())):
            self._known, self._changed_s = known, now_s
        is_settled = self._heard_after_s is not None and now_s - self._changed_s >= self._question.settling_s
        if is_settled or now_s - self._started_s >= self._question.patience_s:
            self._answer(self._read())
            signal.raise_signal(signal.SIGINT)  # the orderly end of a node

    def _read(self) -> GraphAnswer:
        own = f'/{self._question.namespace}/'
        return GraphAnswer(
            heard_after_s=self._heard_after_s,
            transport_ms=statistics.median(self._transport_ms) if self._transport_ms else None,
            nodes=tuple(sorted(name for name in self._nodes() if not name.startswith(own))),
            publishers={topic: self._publishers(topic) for topic in self._question.topics},
        )

    def _nodes(self) -> list[str]:
        """Return the full names of all nodes, ours too; a name as often as it runs."""
        return [f'{folder.rstrip("/")}/{name}' for name, folder in self._node.get_node_names_and_namespaces()]

    def _publishers(self, topic: str) -> tuple[str, ...]:
        found = self._node.get_publishers_info_by_topic(topic)
        return tuple(sorted(f'{info.node_namespace.rstrip("/")}/{info.node_name}' for info in found))


def _talk(namespace: str) -> int:
    """Send transcripts, each with the time it was sent, until the process is ended."""
    from voice_pipeline.nodes.base import PipelineNode, run

    def make_node() -> PipelineNode[Settings]:
        node = PipelineNode(_TALKER, Settings)
        publish = node.message_publisher(topics.TRANSCRIPT)
        node.create_steady_timer(_PERIOD_S, lambda: publish(_transcript()))
        return node

    return run(make_node, _ros_arguments(namespace))


def _transcript() -> Transcript:
    return Transcript(
        utterance_id='doctor',
        revision=0,
        is_final=False,
        speech_end_ns=time.time_ns(),
        text='',
        confidence=0.0,
        silence_ms=0.0,
    )


def _ros_arguments(namespace: str) -> list[str]:
    return ['--ros-args', '-r', f'__ns:=/{namespace}', '--log-level', 'error']


if __name__ == '__main__':
    signal.alarm(int(sys.argv[2]))
    sys.exit(_talk(sys.argv[1]))
