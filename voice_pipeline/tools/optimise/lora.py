"""Low-rank matrices beside every linear layer of a torch Whisper, for training; see `recognition/adapter.py`."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from voice_pipeline.recognition.adapter import VERSION, Adapter, Header, check_fits, fingerprint


def linear_layers(model: Any) -> dict[str, Any]:
    """Return the linear layers of both stacks of an openai-whisper model by name."""
    import torch

    return {name: module for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}


def _weights(model: Any) -> dict[str, np.ndarray[Any, Any]]:
    return {name: layer.weight.detach().cpu().numpy() for name, layer in linear_layers(model).items()}


def fresh_adapter(model: Any, model_name: str, rank: int, alpha: float, seed: int) -> Adapter:
    """Return an adapter for this model that changes nothing until it is trained."""
    weights = _weights(model)
    rng = np.random.default_rng(seed)
    return Adapter(
        header=Header(
            version=VERSION, model=model_name, base_fingerprint=fingerprint(weights), rank=rank, alpha=alpha, steps=0
        ),
        down={
            name: (rng.standard_normal((rank, weight.shape[1])) / math.sqrt(weight.shape[1])).astype(np.float32)
            for name, weight in weights.items()
        },
        up={name: np.zeros((len(weight), rank), np.float32) for name, weight in weights.items()},
    )


def mixed(start: Adapter, trained: Adapter, share: float) -> Adapter:
    """
    Return the adapter on the way from one to another: `share` 0 adds to the weights what the first does, 1 the second.

    Half of the way keeps most of what was learned, and what was known before (arXiv 2109.01903).
    """
    parts = ((start, 1 - share), (trained, share))
    rank = start.header.rank + trained.header.rank
    return Adapter(
        header=msgspec.structs.replace(trained.header, rank=rank, alpha=float(rank)),
        down={layer: np.concatenate([one.down[layer] for one, _ in parts]) for layer in trained.down},
        up={
            layer: np.concatenate(
                [one.up[layer] * (part * one.header.alpha / one.header.rank) for one, part in parts], axis=1
            )
            for layer in trained.up
        },
    )


class LowRank:
    """The trained matrices of a model whose own weights stay as they are; a `train.Student`."""

    def __init__(self, model: Any, start: Adapter) -> None:
        """Add the matrices of an adapter to the model, in place. Raises `ModelError` where they do not fit it."""
        import torch

        check_fits(start, _weights(model))
        self.model = model
        self._header = start.header
        device = model.device
        model.requires_grad_(False)
        self.down, self.up = (
            {name: torch.from_numpy(matrix).to(device).float().requires_grad_() for name, matrix in matrices.items()}
            for matrices in (start.down, start.up)
        )
        for name, layer in linear_layers(model).items():
            layer.register_forward_hook(self._addition(name, start.header.alpha / start.header.rank))

    def _addition(self, name: str, scale: float) -> Any:
        down, up = self.down[name], self.up[name]

        def add(_: Any, inputs: tuple[Any], output: Any) -> Any:
            return output + (inputs[0] @ down.T @ up.T) * scale

        return add

    def parameters(self) -> list[Any]:
        """Return what is trained."""
        return [*self.down.values(), *self.up.values()]

    def adapter(self, steps: int) -> Adapter:
        """Return the adapter as it is now, after so many more steps than at the start."""
        return Adapter(
            header=msgspec.structs.replace(self._header, steps=self._header.steps + steps),
            down={name: tensor.detach().cpu().numpy() for name, tensor in self.down.items()},
            up={name: tensor.detach().cpu().numpy() for name, tensor in self.up.items()},
        )
