"""The nodes as separate processes, started and ended without the `ros2` command."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

NAMESPACE = '/voice'
_LOOK_S = 0.5  # how often whoever waits looks whether all nodes live
_STOP_ORDER = ((signal.SIGINT, 10.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0))


class PipelineError(RuntimeError):
    """The pipeline does not do what is waited for; the text says why and what to do."""


@dataclass
class NodeProcess:
    """One node at work, and the file that holds what it prints."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_words(self, lines: int = 8) -> str:
        """Return the end of what the node printed."""
        return '\n'.join(self.log.read_text(encoding='utf-8', errors='replace').splitlines()[-lines:])


@dataclass
class PipelineProcesses:
    """
    Starts nodes, each in a process of its own, and ends them all: `with PipelineProcesses(...) as pipeline`.

    `parameters` gives ROS parameters a node, `logs` is the folder for what they print. `domain_id` keeps them apart
    from other robots on the network; discovery stays on this machine.
    """

    parameters: Mapping[str, Mapping[str, object]]
    logs: Path
    domain_id: int = field(default_factory=lambda: random.randint(1, 100))
    nodes: list[NodeProcess] = field(default_factory=list)

    def __enter__(self) -> PipelineProcesses:
        self.logs.mkdir(parents=True, exist_ok=True)
        try:
            for name, values in self.parameters.items():
                with _signals_wait():  # a node that was started is a node that is ended
                    self.nodes.append(self._start(name, values))
        except BaseException:  # also where it is interrupted: nobody else would end those that run already
            self.stop()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """Return the environment that puts a process on the same ROS graph, on this machine only."""
        # Iron and later know the range; Humble has a switch, which the others still obey, with a warning.
        is_humble = os.environ.get('ROS_DISTRO') == 'humble'
        stay_here = {'ROS_LOCALHOST_ONLY': '1'} if is_humble else {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
        return {**os.environ, **stay_here, 'ROS_DOMAIN_ID': str(self.domain_id), 'PYTHONUNBUFFERED': '1'}

    def failed(self) -> NodeProcess | None:
        """Return a node that has ended by itself, if there is one."""
        return next((node for node in self.nodes if node.process.poll() is not None), None)

    def wait(self, happens: Callable[[float], bool], timeout_s: float, what: str) -> None:
        """
        Wait until `happens(seconds)`, which waits for up to so long itself, is true.

        Raises `PipelineError` where a node has ended meanwhile, or at the timeout.
        """
        deadline_s = time.monotonic() + timeout_s
        while not happens(_LOOK_S):
            failed = self.failed()
            if failed is not None:
                raise PipelineError(f'{failed.name} has ended:\n{failed.last_words()}')
            if time.monotonic() > deadline_s:
                raise PipelineError(f'waited {timeout_s:.0f} s for {what}; the logs are in {self.logs}')

    def stop(self) -> None:
        """End all nodes: ask them together, wait, and insist where one does not listen."""
        for number, patience_s in _STOP_ORDER:
            running = [node.process for node in self.nodes if node.process.poll() is None]
            for process in running:
                process.send_signal(number)
            deadline = time.monotonic() + patience_s
            for process in running:
                try:
                    process.wait(timeout=max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    continue

    def _start(self, name: str, values: Mapping[str, object]) -> NodeProcess:
        command = [sys.executable, '-m', f'voice_pipeline.nodes.{name}', '--ros-args', '-r', f'__ns:={NAMESPACE}']
        for parameter, value in values.items():
            command += ['-p', f'{parameter}:={_as_yaml(value)}']
        log = self.logs / f'{name}.log'
        with log.open('wb') as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment(),
                start_new_session=True,  # Ctrl-C reaches us alone; we end the nodes in order
            )
        return NodeProcess(name, process, log)


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the end of the context; only the main thread gets them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda number, _: waiting.append(number)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for one in waiting:
            signal.raise_signal(one)


def _as_yaml(value: object) -> str:
    """Return the value as the command line of ROS takes it; text is quoted so that "1" stays text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)
