"""
A smaller student: the same encoder with fewer decoder layers, as Distil-Whisper has it (arXiv 2311.00430).

The layers that stay are spread over the old ones, the first and the last among them; they are trained whole, and
everything else stays as it is. What comes out is a folder that both libraries read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np


class StudentError(ValueError):
    """Such a student cannot be made; the text says why."""


def kept_layers(teacher_layers: int, student_layers: int) -> list[int]:
    """Return which of the teacher's decoder layers the student begins with. Raises `StudentError`."""
    if not 1 <= student_layers < teacher_layers:
        raise StudentError(f'a student of a model with {teacher_layers} decoder layers has 1 to {teacher_layers - 1}')
    return [round(layer) for layer in np.linspace(0, teacher_layers - 1, student_layers)]


class SmallerDecoder:
    """What is trained of a model that has lost some of its decoder's layers; a `train.Student`."""

    def __init__(self, model: Any, student_layers: int) -> None:
        """Take layers away from the model, in place. Raises `StudentError`."""
        import torch

        kept = kept_layers(model.dims.n_text_layer, student_layers)
        model.decoder.blocks = torch.nn.ModuleList([model.decoder.blocks[layer] for layer in kept])
        model.dims = replace(model.dims, n_text_layer=student_layers)
        model.requires_grad_(False)
        self._trained = torch.nn.ModuleList([*model.decoder.blocks, model.decoder.ln]).requires_grad_()
        self.model = model

    def parameters(self) -> list[Any]:
        """Return what is trained."""
        return list(self._trained.parameters())
