"""
Distillation: the student hears the speech and a little silence, and learns to answer as the teacher does in 30 s.

The loss of an example is half the mean square of the difference between both encoders' states, over the student's
window, and the divergence (Kullback-Leibler) of its token distributions from the teacher's along the teacher's own
tokens, the end token among them: that one is what ends a sentence instead of saying it again.
"""

from __future__ import annotations

import json
import math
import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from voice_pipeline.recognition.adapter import save_adapter
from voice_pipeline.tools.optimise.examples import ExampleMaker
from voice_pipeline.tools.optimise.lora import LowRank
from voice_pipeline.tools.optimise.teacher import LONGEST_PADDING_S, Example, encode, load_whisper, states_for

ADAPTER_FILE, STATE_FILE, REPORT_FILE = 'adapter.npz', 'state.pt', 'training.json'


class TrainingError(RuntimeError):
    """The training cannot go on; the text says what to do."""


@dataclass(frozen=True)
class Plan:
    """Everything that decides what comes out of a training."""

    model: str = 'tiny.en'
    steps: int = 2000
    new_examples: int = 1  # a step
    old_examples: int = 3  # a step, drawn from those before
    rank: int = 8
    alpha: float = 8.0
    learning_rate: float = 1e-3
    warm_up_steps: int = 50
    state_weight: float = 0.5
    short_padding_s: tuple[float, float] = (0.1, 1.5)
    long_padding_share: float = 0.1  # of the examples, padded up to `LONGEST_PADDING_S`
    largest_gradient: float = 1.0
    seed: int = 1

    @property
    def example_count(self) -> int:
        """How many examples are made in all."""
        return self.steps * self.new_examples

    def learning_rate_at(self, step: int) -> float:
        """Return the rate of a step: up in the warm-up, then down to 0."""
        rising = (step + 1) / self.warm_up_steps
        falling = (self.steps - step) / max(1, self.steps - self.warm_up_steps)
        return self.learning_rate * min(1.0, rising, falling)

    def examples_at(self, step: int) -> list[int]:
        """Return the numbers of a step's examples: new ones, and some that were seen before."""
        first_new = step * self.new_examples
        rng = np.random.default_rng([self.seed, step, 1])
        old = rng.integers(0, first_new, self.old_examples).tolist() if first_new else []
        return [*range(first_new, first_new + self.new_examples), *old]

    def padding_s(self, rng: np.random.Generator) -> float:
        """Return how much silence the student hears after a clip."""
        if rng.random() < self.long_padding_share:
            return float(rng.uniform(self.short_padding_s[1], LONGEST_PADDING_S))
        return float(rng.uniform(*self.short_padding_s))


@dataclass
class Progress:
    """How far a training has come; what it saves and shows."""

    step: int = 0
    elapsed_s: float = 0.0
    losses: list[float] = field(default_factory=list)  # of each step
    token_losses: list[float] = field(default_factory=list)  # the divergence alone, nats a token
    skipped: int = 0  # examples on which the teacher itself ran away

    def recent(self, count: int = 50) -> tuple[float, float]:
        """Return the mean losses of the last steps."""
        return float(np.mean(self.losses[-count:] or [math.nan])), float(
            np.mean(self.token_losses[-count:] or [math.nan])
        )


class Trainer:
    """The student and what trains it."""

    def __init__(self, plan: Plan, output: Path, device: str) -> None:
        """Continue the training that lies in `output`, or begin one. Raises `ModelError`, `TrainingError`."""
        import torch

        self.plan = plan
        self.output = output
        self.progress = Progress()
        self.model = load_whisper(plan.model, device)
        self._low_rank = LowRank(self.model, plan.model, plan.rank, plan.alpha, plan.seed)
        self._optimizer = torch.optim.AdamW(self._low_rank.parameters(), lr=plan.learning_rate, weight_decay=0.01)
        if (output / STATE_FILE).exists():
            self._resume()

    def steps(self, examples: ExampleMaker) -> Iterator[Progress]:
        """Train to the end of the plan, giving the progress after each step."""
        while self.progress.step < self.plan.steps:
            started_s = time.monotonic()
            step = self.progress.step
            self._learn([examples.example(index) for index in self.plan.examples_at(step)], step)
            self.progress.step += 1
            self.progress.elapsed_s += time.monotonic() - started_s
            yield self.progress

    def _learn(self, examples: list[Example], step: int) -> None:
        import torch

        rng = np.random.default_rng([self.plan.seed, step, 2])
        usable = [example for example in examples if example.is_usable]
        self.progress.skipped += len(examples) - len(usable)
        self._optimizer.zero_grad()
        total = tokens = 0.0
        for example in usable:
            loss, token_loss = self.loss(example, self.plan.padding_s(rng))
            (loss / len(usable)).backward()
            total, tokens = total + loss.item() / len(usable), tokens + token_loss.item() / len(usable)
        torch.nn.utils.clip_grad_norm_(self._low_rank.parameters(), self.plan.largest_gradient)
        for group in self._optimizer.param_groups:
            group['lr'] = self.plan.learning_rate_at(step)
        self._optimizer.step()
        self.progress.losses.append(total)
        self.progress.token_losses.append(tokens)

    def loss(self, example: Example, padding_s: float) -> tuple[Any, Any]:
        """Return the loss of one example, and the part of it that the tokens make."""
        import torch

        device = self.model.device
        count = states_for(len(example.samples), padding_s, most=len(example.states))
        states = encode(self.model, [example.samples], count)
        wanted_states = torch.from_numpy(example.states[:count]).to(device).float()
        state_loss = torch.nn.functional.mse_loss(states[0], wanted_states)
        tokens = torch.from_numpy(example.tokens).to(device).long()
        logits = self.model.decoder(tokens[None], states)[0]
        wanted_logits = (
            torch.from_numpy(example.hidden).to(device).float() @ self.model.decoder.token_embedding.weight.T
        )
        token_loss = torch.nn.functional.kl_div(
            logits.log_softmax(-1), wanted_logits.log_softmax(-1), reduction='batchmean', log_target=True
        )
        return self.plan.state_weight * state_loss + token_loss, token_loss

    def save(self) -> None:
        """Write the adapter, the report, and what `resume` needs; each is whole at any time."""
        import torch

        self.output.mkdir(parents=True, exist_ok=True)
        save_adapter(self._low_rank.adapter(self.progress.step), self.output / ADAPTER_FILE)
        state = {
            'plan': asdict(self.plan),
            'progress': asdict(self.progress),
            'low_rank': self._low_rank.state(),
            'optimizer': self._optimizer.state_dict(),
        }
        _replace(self.output / STATE_FILE, lambda path: torch.save(state, path))
        report = json.dumps({'plan': asdict(self.plan), 'progress': asdict(self.progress)})
        _replace(self.output / REPORT_FILE, lambda path: path.write_text(report))

    def _resume(self) -> None:
        import torch

        path = self.output / STATE_FILE
        try:
            state = torch.load(path, map_location='cpu', weights_only=True)
        except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise TrainingError(f'{path} cannot be read ({error}): delete it to begin again') from error
        if state['plan'] != asdict(self.plan):
            raise TrainingError(f'{self.output} holds a training with another plan: give another --output')
        self.progress = Progress(**state['progress'])
        self._low_rank.load_state(state['low_rank'])
        self._optimizer.load_state_dict(state['optimizer'])


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    unfinished = path.with_name(f'.unfinished-{path.name}')
    write(unfinished)
    unfinished.replace(path)
