"""Some of the real nodes at work, each a process, and a witness in the middle of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from voice_pipeline.tools.processes import NAMESPACE, PipelineError, PipelineProcesses
from voice_pipeline.tools.validate.witness import Witness

if TYPE_CHECKING:
    from voice_pipeline.nodes.probe import Probe

READY_TIMEOUT_S = 180.0  # a slow board loads a model for a minute


@dataclass(frozen=True)
class Session:
    """The nodes, who watches them, and who speaks to them."""

    pipeline: PipelineProcesses
    witness: Witness
    probe: Probe

    def wait(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Wait for the condition. Raises `PipelineError` at the timeout, or where a node has ended."""
        self.pipeline.wait(partial(self.witness.wait_until, condition), timeout_s, what)

    def wait_ready(self, nodes: Sequence[str]) -> None:
        """Wait until these nodes do their work. Raises `PipelineError`."""
        self.wait(lambda: set(nodes) <= self.witness.ready, READY_TIMEOUT_S, f'{", ".join(nodes)} to be ready')


@contextmanager
def session(
    parameters: Mapping[str, Mapping[str, object]], logs: Path, streams: Sequence[str] = ()
) -> Iterator[Session]:
    """Start these nodes with these parameters, on a DDS domain of their own. Raises `PipelineError`."""
    try:
        from voice_pipeline.nodes.probe import probing
    except ImportError as error:
        raise PipelineError(
            f'ROS 2 is not there ({error}): run "make setup" and use .venv/bin/python, or source a ROS 2 installation'
        ) from None
    witness = Witness()
    pipeline = PipelineProcesses(parameters, logs=logs)
    os.environ.update(pipeline.environment())
    with probing(witness, NAMESPACE, pipeline.domain_id, streams) as probe, pipeline:
        yield Session(pipeline, witness, probe)
