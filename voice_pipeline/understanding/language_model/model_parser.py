"""
The language model, for requests that neither the grammar nor the semantic match understands. Off by default.

It fills in a plan whose every amount, side and name was said (see `plan_schema`), and what it gives is checked against
the sentence once more. It is never asked about a stop, and never on the way of what is understood without it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from voice_pipeline.messages import Step
from voice_pipeline.understanding.language_model.causal_model import Check
from voice_pipeline.understanding.language_model.plan_schema import Schema, plan_schema
from voice_pipeline.understanding.words.said import Said

CANCELLED = 'Something newer was said.'
OUT_OF_TIME = 'I could not work that out in time.'
OUT_OF_TOKENS = 'That is too much at once; say it in shorter sentences.'
NOT_SAID = 'I am not sure what you mean; say it in other words.'

_decoder = msgspec.json.Decoder(tuple[Step, ...])


class UnansweredError(RuntimeError):
    """The model gave no plan; the text is the reason, in words for the person who spoke."""


class AnswersInJson(Protocol):
    """What a model must be able to do; `CausalModel` is one."""

    def answer(self, request: str, schema: Schema, check: Check) -> str:
        """Return an answer to the request that the schema allows, calling `check(tokens_written)` on the way."""
        ...


def ask(
    model: AnswersInJson,
    text: str,
    said: Said,
    *,
    max_tokens: int,
    timeout_s: float,
    is_cancelled: Callable[[], bool],
    clock_s: Callable[[], float] = time.monotonic,
) -> tuple[Step, ...]:
    """
    Return the steps that the model takes the text to ask for, none where it asks for nothing.

    `said`: the values that the text holds, which are the only ones that the steps can have; steps that leave out an
    amount or a name that was said are not what was asked for. Raises `UnansweredError` when
    `is_cancelled` says so, or when the time (seconds, from now) or the tokens are spent.
    """
    deadline_s = clock_s() + timeout_s

    def check(tokens: int) -> None:
        if is_cancelled():
            raise UnansweredError(CANCELLED)
        if clock_s() > deadline_s:
            raise UnansweredError(OUT_OF_TIME)
        if tokens > max_tokens:
            raise UnansweredError(OUT_OF_TOKENS)

    answer = model.answer(text, plan_schema(said), check)
    try:
        steps = _decoder.decode(answer)
    except msgspec.DecodeError:
        raise UnansweredError(NOT_SAID) from None
    if steps and not _agrees(steps, said):
        raise UnansweredError(NOT_SAID)
    return steps


def _agrees(steps: tuple[Step, ...], said: Said) -> bool:
    """Say whether the steps have the values that were said, all of them and no others, and none is there twice."""
    is_traceable = all(map(said.explains, steps)) and said.is_used_up(steps)
    return is_traceable and len(set(steps)) == len(steps)
