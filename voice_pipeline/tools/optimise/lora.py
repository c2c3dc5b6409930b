"""Low-rank matrices beside every linear layer of a torch Whisper, for training; see `recognition/adapter.py`."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from voice_pipeline.recognition.adapter import VERSION, Adapter, Header, fingerprint


def linear_layers(model: Any) -> dict[str, Any]:
    """Return the linear layers of both stacks of an openai-whisper model by name."""
    import torch

    return {name: module for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}


class LowRank:
    """The trained matrices of a model whose own weights stay as they are."""

    def __init__(self, model: Any, model_name: str, rank: int, alpha: float, seed: int) -> None:
        """Add the matrices to the model, in place; until they are trained they change nothing."""
        import torch

        layers = linear_layers(model)
        weights = {name: layer.weight.detach().cpu().numpy() for name, layer in layers.items()}
        self._header = Header(
            version=VERSION,
            model=model_name,
            base_fingerprint=fingerprint(weights),
            rank=rank,
            alpha=alpha,
            steps=0,
        )
        self.down: dict[str, Any] = {}
        self.up: dict[str, Any] = {}
        generator = torch.Generator().manual_seed(seed)
        model.requires_grad_(False)
        for name, layer in layers.items():
            outputs, inputs = layer.weight.shape
            down = torch.randn(rank, inputs, generator=generator) / math.sqrt(inputs)
            self.down[name] = down.to(layer.weight.device).requires_grad_()
            self.up[name] = torch.zeros(outputs, rank, device=layer.weight.device, requires_grad=True)
            layer.register_forward_hook(self._addition(name, alpha / rank))

    def _addition(self, name: str, scale: float) -> Any:
        down, up = self.down[name], self.up[name]

        def add(_: Any, inputs: tuple[Any], output: Any) -> Any:
            return output + (inputs[0] @ down.T @ up.T) * scale

        return add

    def parameters(self) -> list[Any]:
        """Return what is trained."""
        return [*self.down.values(), *self.up.values()]

    def state(self) -> list[Any]:
        """Return copies of the trained tensors, for `load_state`."""
        return [tensor.detach().cpu().clone() for tensor in self.parameters()]

    def load_state(self, state: list[Any]) -> None:
        """Take the values that `state` returned."""
        import torch

        with torch.no_grad():
            for tensor, saved in zip(self.parameters(), state, strict=True):
                tensor.copy_(saved)

    def adapter(self, steps: int) -> Adapter:
        """Return the adapter as it is now."""
        return Adapter(
            header=msgspec.structs.replace(self._header, steps=steps),
            down={name: tensor.detach().cpu().numpy() for name, tensor in self.down.items()},
            up={name: tensor.detach().cpu().numpy() for name, tensor in self.up.items()},
        )
