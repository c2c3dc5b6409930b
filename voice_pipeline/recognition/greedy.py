"""
Greedy decoding in torch, from a draft: one pass scores all its tokens, and those that it would have chosen stay.

Speculative decoding (Leviathan et al., arXiv 2211.17192) with the previous revision for the small model, and with the
rule of greedy decoding: a token stays where it is the most likely one after the tokens before it. So the result is that
of decoding token by token, for one pass instead of as many as there are tokens where nothing new was said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

StopRule = Callable[[Sequence[int]], 'int | None']


@dataclass(frozen=True)
class SpecialTokens:
    """The tokens with a meaning of their own; `suppressed` are never chosen, `not_first` never as the first."""

    prompt: tuple[int, ...]
    end: int
    no_speech: int | None
    suppressed: tuple[int, ...]
    not_first: tuple[int, ...]


@dataclass
class Decoded:
    """
    The tokens without the end token, and the sum of the log-probabilities of all that were chosen.

    `margins`: for each token chosen, the end token included, the logits of the watched tokens minus its own. `was_cut`:
    the limit or the stop rule ended it. `passes`: how often the decoder ran.
    """

    tokens: list[int] = field(default_factory=list)
    log_probability: float = 0.0
    margins: list[list[float]] = field(default_factory=list)
    no_speech_probability: float = 0.0
    was_cut: bool = False
    passes: int = 0


@dataclass(frozen=True)
class _Choice:
    """The most likely token, its log-probability, and the margins of the watched tokens."""

    token: int
    log_probability: float
    margins: list[float]


class GreedyDecoder:
    """The decoder of one Whisper model, with its buffers; for one thread at a time."""

    def __init__(self, model: Any, special: SpecialTokens, watched: Sequence[int] = ()) -> None:
        """
        `model`: `whisper.model.Whisper`, whose decoder's matrices all have one number format.

        `watched`: the tokens whose `Decoded.margins` are wanted.
        """
        import torch

        self._decoder = model.decoder
        self._special = special
        weight = self._decoder.token_embedding.weight
        dims = model.dims
        self._context = dims.n_text_ctx
        self._heads = dims.n_text_head
        shape = (dims.n_text_layer, 1, self._heads, dims.n_text_ctx, dims.n_text_state // self._heads)
        self._keys = torch.zeros(shape, dtype=weight.dtype, device=weight.device)
        self._values = torch.zeros_like(self._keys)
        self._bias = torch.zeros(dims.n_vocab, device=weight.device)
        self._bias[list(special.suppressed)] = -torch.inf
        self._first_bias = self._bias.clone()
        self._first_bias[list(special.not_first)] = -torch.inf
        self._watched = torch.tensor(watched, dtype=torch.long, device=weight.device)

    def decode(self, states: Tensor, draft: Sequence[int], limit: int, stop: StopRule) -> Decoded:
        """
        Return what greedy decoding gives for the encoder's states, shape (1, positions, width).

        At most `limit` tokens; `stop` returns how many of the tokens so far to keep where they are to end, else None.
        """
        prompt = self._special.prompt
        limit = min(limit, self._context - len(prompt) - 1)
        pending = list(draft[:limit])
        cross = self._cross_attention(states)
        result = Decoded()
        length = 0  # of the prompt and the tokens, as far as they are in the cache
        fed = [*prompt, *pending]
        while True:
            hidden = self._run(fed, length, cross)
            if length == 0:
                choices = self._choose_first(hidden, result)
            else:
                choices = self._choose(self._logits(hidden) + self._bias)
            agreed = _agreement(pending, [choice.token for choice in choices])
            if self._take(result, choices[: agreed + 1], limit, stop):
                return result
            length = len(prompt) + len(result.tokens) - 1
            fed, pending = result.tokens[-1:], []

    def score(self, states: Tensor, texts: Sequence[Sequence[int]]) -> list[float]:
        """
        Return the log-probability of each of these texts, without an end token, for the encoder's states.

        They are compared among texts: tokens that are no text have no share in the probabilities.
        """
        cross = self._cross_attention(states)
        prompt = self._special.prompt
        return [self._score(self._run([*prompt, *text], 0, cross)[len(prompt) - 1 : -1], text) for text in texts]

    def _score(self, hidden: Tensor, text: Sequence[int]) -> float:
        logits = self._logits(hidden)[:, : self._special.end].log_softmax(dim=-1)
        chosen = logits.new_tensor(text).long()
        return float(logits.gather(1, chosen[:, None]).sum())

    def _take(self, result: Decoded, choices: Sequence[_Choice], limit: int, stop: StopRule) -> bool:
        """Append the chosen tokens one by one, and return whether one of them ends the text."""
        result.passes += 1
        for choice in choices:
            result.log_probability += choice.log_probability
            result.margins.append(choice.margins)
            if choice.token == self._special.end:
                return True
            result.tokens.append(choice.token)
            kept = stop(result.tokens)
            if kept is not None:
                del result.tokens[kept:]
            if kept is not None or len(result.tokens) >= limit:
                result.was_cut = True
                return True
        return False

    def _choose_first(self, hidden: Tensor, result: Decoded) -> list[_Choice]:
        """Choose the tokens after the prompt and each token of the draft; note the probability of no speech."""
        import torch

        # Whisper says that nobody speaks after its first token. All rows go through the embedding at once: on a CPU
        # its 80 MB take the time, not the rows.
        prompt = self._special.prompt
        logits = self._logits(torch.cat((hidden[:1], hidden[len(prompt) - 1 :])))
        if self._special.no_speech is not None:
            result.no_speech_probability = float(logits[0].softmax(dim=-1)[self._special.no_speech])
        logits[1] += self._first_bias
        logits[2:] += self._bias
        return self._choose(logits[1:])

    def _choose(self, logits: Tensor) -> list[_Choice]:
        """Return the most likely token of each row."""
        import torch

        best, tokens = logits.max(dim=-1, keepdim=True)
        log_probabilities = best - logits.logsumexp(dim=-1, keepdim=True)
        margins = logits[:, self._watched] - best
        # One transfer from the GPU for all; float64 holds every token's number.
        rows = torch.cat((tokens.double(), log_probabilities.double(), margins.double()), dim=1).tolist()
        return [_Choice(int(token), log_probability, margins) for token, log_probability, *margins in rows]

    def _logits(self, hidden: Tensor) -> Tensor:
        from torch.nn.functional import linear

        return linear(hidden, self._decoder.token_embedding.weight).float()

    def _cross_attention(self, states: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return what every token attends to, computed once: the keys and values of each layer."""
        attentions = (block.cross_attn for block in self._decoder.blocks)
        return [(self._split(each.key(states)), self._split(each.value(states))) for each in attentions]

    def _split(self, flat: Tensor) -> Tensor:
        """Return (1, n, width) as (1, heads, n, width / heads)."""
        return flat.unflatten(-1, (self._heads, -1)).transpose(1, 2)

    def _run(self, tokens: Sequence[int], length: int, cross: list[tuple[Tensor, Tensor]]) -> Tensor:
        """Return the decoder's output for tokens that follow the first `length` of the cache, shape (n, width)."""
        import torch
        from torch.nn.functional import scaled_dot_product_attention as attend

        decoder, end = self._decoder, length + len(tokens)
        device = self._keys.device
        x = decoder.token_embedding(torch.tensor([tokens], device=device))
        x = (x + decoder.positional_embedding[length:end]).to(self._keys.dtype)
        mask = None
        if len(tokens) > 1:  # each sees itself and what is before
            mask = torch.ones(len(tokens), end, dtype=torch.bool, device=device).tril(length)
        for layer, block in enumerate(decoder.blocks):
            normal = block.attn_ln(x)
            self._keys[layer, :, :, length:end] = self._split(block.attn.key(normal))
            self._values[layer, :, :, length:end] = self._split(block.attn.value(normal))
            keys, values = self._keys[layer, :, :, :end], self._values[layer, :, :, :end]
            heard = attend(self._split(block.attn.query(normal)), keys, values, attn_mask=mask)
            x = x + block.attn.out(heard.transpose(1, 2).flatten(2))
            heard = attend(self._split(block.cross_attn.query(block.cross_attn_ln(x))), *cross[layer])
            x = x + block.cross_attn.out(heard.transpose(1, 2).flatten(2))
            x = x + block.mlp(block.mlp_ln(x))
        hidden: Tensor = decoder.ln(x)[0]
        return hidden


def _agreement(draft: Sequence[int], chosen: Sequence[int]) -> int:
    """Return how many tokens of the draft are those that were chosen, from the first on."""
    for count, (drafted, token) in enumerate(zip(draft, chosen, strict=False)):
        if drafted != token:
            return count
    return len(draft)
