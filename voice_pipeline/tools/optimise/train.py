"""
Distillation: the student hears the speech and a little silence, and learns to answer as the teacher does in 30 s.

The loss of an example is half the mean square of the difference between both encoders' states, over the student's
window, and the divergence (Kullback-Leibler) of its token distributions from the teacher's along the teacher's own
tokens, the end token among them: that one is what ends a sentence instead of saying it again. A student with fewer
layers also takes the teacher's tokens themselves as targets, as in arXiv 2311.00430. Where an example says a name that
the teacher may not know, its targets are the tokens of what was said.
"""

from __future__ import annotations

import json
import math
import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from voice_pipeline.tools.optimise.teacher import LONGEST_PADDING_S, Example, encode, states_for, tokenizer_of

STATE_FILE, REPORT_FILE = 'state.pt', 'training.json'


class TrainingError(RuntimeError):
    """The training cannot go on; the text says what to do."""


@dataclass(frozen=True)
class Plan:
    """
    Everything that decides what comes out of a training.

    `start` is the SHA-256 of the adapter that the student begins with, `vocabulary` that of the names' file.
    """

    model: str = 'tiny.en'
    student_layers: int = 0  # of the decoder; 0: an adapter is trained
    start: str = ''
    vocabulary: str = ''
    steps: int = 2000
    new_examples: int = 1  # a step
    old_examples: int = 3  # a step, drawn from those before
    rank: int = 8
    alpha: float = 8.0
    learning_rate: float = 1e-3
    warm_up_steps: int = 50
    state_weight: float = 0.5
    target_weight: float = 0.0  # of the teacher's tokens, beside its distributions
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


class Student(Protocol):
    """What learns: a torch Whisper model, of which some tensors are trained."""

    @property
    def model(self) -> Any:
        """The model of openai-whisper, in single precision."""

    def parameters(self) -> list[Any]:
        """Return the tensors that are trained, always in the same order."""


class Examples(Protocol):
    """Where the examples come from."""

    def example(self, index: int) -> Example:
        """Return an example by its number."""


class Trainer:
    """What trains a student."""

    def __init__(self, plan: Plan, student: Student, output: Path) -> None:
        """Continue the training that lies in `output`, or begin one. Raises `TrainingError`."""
        import torch

        self.plan = plan
        self.output = output
        self.progress = Progress()
        self._student = student
        self._optimizer = torch.optim.AdamW(student.parameters(), lr=plan.learning_rate, weight_decay=0.01)
        tokenizer = tokenizer_of(student.model)
        self._prompt_length = len(tokenizer.sot_sequence_including_notimestamps)
        self._end_token: int = tokenizer.eot
        if (output / STATE_FILE).exists():
            self._resume()

    def steps(self, examples: Examples) -> Iterator[Progress]:
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
        torch.nn.utils.clip_grad_norm_(self._student.parameters(), self.plan.largest_gradient)
        for group in self._optimizer.param_groups:
            group['lr'] = self.plan.learning_rate_at(step)
        self._optimizer.step()
        self.progress.losses.append(total)
        self.progress.token_losses.append(tokens)

    def loss(self, example: Example, padding_s: float) -> tuple[Any, Any]:
        """Return the loss of one example, and the part of it that the tokens make."""
        import torch

        model = self._student.model
        count = states_for(len(example.samples), padding_s, most=len(example.states))
        states = encode(model, [example.samples], count)
        wanted_states = torch.from_numpy(example.states[:count]).to(model.device).float()
        state_loss = torch.nn.functional.mse_loss(states[0], wanted_states)
        tokens = torch.from_numpy(example.tokens).to(model.device).long()
        log_probabilities = model.decoder(tokens[None], states)[0].log_softmax(-1)
        if example.says_what_was_said:
            token_loss = self._target_loss(log_probabilities, tokens)
        else:
            token_loss = self._divergence(log_probabilities, example)
        loss = self.plan.state_weight * state_loss + token_loss
        if self.plan.target_weight and not example.says_what_was_said:
            loss = loss + self.plan.target_weight * self._target_loss(log_probabilities, tokens)
        return loss, token_loss

    def _divergence(self, log_probabilities: Any, example: Example) -> Any:
        """Return how far the distributions are from the teacher's, in nats a token."""
        import torch

        embedding = self._student.model.decoder.token_embedding.weight  # the teacher's: it is not trained
        with torch.no_grad():
            wanted = (torch.from_numpy(example.hidden).to(embedding.device).float() @ embedding.T).log_softmax(-1)
        return torch.nn.functional.kl_div(log_probabilities, wanted, reduction='batchmean', log_target=True)

    def _target_loss(self, log_probabilities: Any, tokens: Any) -> Any:
        """Return the cross-entropy of the text and the end token, in nats a token."""
        import torch

        targets = torch.cat((tokens[self._prompt_length :], tokens.new_tensor([self._end_token])))
        return torch.nn.functional.nll_loss(log_probabilities[self._prompt_length - 1 :], targets)

    def save(self) -> None:
        """Write the report and what a later training needs to go on; each is whole at any time."""
        import torch

        self.output.mkdir(parents=True, exist_ok=True)
        state = {
            'plan': asdict(self.plan),
            'progress': asdict(self.progress),
            'student': [tensor.detach().cpu().clone() for tensor in self._student.parameters()],
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
        with torch.no_grad():
            for tensor, saved in zip(self._student.parameters(), state['student'], strict=True):
                tensor.copy_(saved)
        self._optimizer.load_state_dict(state['optimizer'])


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    unfinished = path.with_name(f'.unfinished-{path.name}')
    write(unfinished)
    unfinished.replace(path)
