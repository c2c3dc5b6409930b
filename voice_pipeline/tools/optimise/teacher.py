"""What the student learns from: Whisper itself, hearing each clip in the 30 s window it was trained on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import Samples, to_float
from voice_pipeline.recognition.window import token_limit

SAMPLES_PER_STATE = 320  # 20 ms of sound for each state of the encoder
STATES_PER_S = 50
LONGEST_PADDING_S = 6.0

Half = npt.NDArray[np.float16]


@dataclass(frozen=True)
class Example:
    """
    A clip and what the student is to make of it: what the teacher does, or, with the teacher's states, what was said.

    `hidden` is empty, (0, width), where the tokens are not the teacher's but those of the sentence that was said.
    """

    samples: Samples  # (n,)
    states: Half  # (time, width): the encoder's states for the clip and `LONGEST_PADDING_S` after it
    hidden: Half  # (tokens, width): the decoder's last hidden states, from which the token probabilities follow
    tokens: npt.NDArray[np.int32]  # the prompt and the text, without the end token

    @property
    def is_usable(self) -> bool:
        """Whether the teacher did not run away itself."""
        return len(self.tokens) < token_limit(len(self.samples))

    @property
    def says_what_was_said(self) -> bool:
        """Whether the tokens are those of the sentence, whatever the teacher hears."""
        return not len(self.hidden)


def load_whisper(model_name: str, device: str) -> Any:
    """Return a model of openai-whisper in single precision, ready for inference. Raises `ModelError`."""
    import whisper

    from voice_pipeline.recognition.weights import for_openai_whisper

    return whisper.load_model(for_openai_whisper(model_name), device=device).eval()


def tokenizer_of(model: Any) -> Any:
    """Return the model's tokenizer; its prompt asks for no timestamps, and for English where there is a choice."""
    from whisper.tokenizer import get_tokenizer

    return get_tokenizer(model.is_multilingual, num_languages=model.num_languages, language='en', task='transcribe')


def log_mel(model: Any, clip: Samples, state_count: int) -> Any:
    """Return the spectrogram of a clip and the silence after it, for this many states: (mels, 2 * state_count)."""
    import torch
    import whisper

    sound = torch.from_numpy(to_float(clip)).to(model.device)
    padding = state_count * SAMPLES_PER_STATE - len(clip)
    return whisper.log_mel_spectrogram(sound, n_mels=model.dims.n_mels, padding=padding)


@contextmanager
def window(model: Any, state_count: int) -> Iterator[None]:
    """Fit the encoder to a window of this many states: it insists on as many positions as it has states."""
    all_positions = model.encoder.positional_embedding
    model.encoder.positional_embedding = all_positions[:state_count]
    try:
        yield
    finally:
        model.encoder.positional_embedding = all_positions


def encode(model: Any, clips: list[Samples], state_count: int) -> Any:
    """Return the encoder's states of the clips, each padded with silence to this many: (clips, state_count, width)."""
    import torch

    with window(model, state_count):
        return model.encoder(torch.stack([log_mel(model, clip, state_count) for clip in clips]))


def states_for(sample_count: int, padding_s: float, most: int = 1500) -> int:
    """Return how many encoder states hold the samples and the padding after them."""
    return min(most, math.ceil(sample_count / SAMPLES_PER_STATE) + round(padding_s * STATES_PER_S))


class Teacher:
    """Whisper with its own 30 s window."""

    def __init__(self, model_name: str, device: str) -> None:
        self._model = load_whisper(model_name, device)
        self._tokenizer = tokenizer_of(self._model)
        self._prompt = list(self._tokenizer.sot_sequence_including_notimestamps)

    def label_as(self, clip: Samples, text: str) -> Example:
        """Return the clip with the teacher's states and the text that is said in it."""
        import torch

        with torch.inference_mode():
            (states,) = encode(self._model, [clip], self._model.dims.n_audio_ctx)
        return self._example(clip, states, states[:0], [*self._prompt, *self._tokenizer.encode(f' {text}')])

    def label(self, clips: list[Samples]) -> list[Example]:
        """Return the clips with what the teacher makes of them."""
        import torch
        import whisper

        options = whisper.DecodingOptions(language='en', without_timestamps=True, fp16=False)
        with torch.inference_mode():
            states = encode(self._model, clips, self._model.dims.n_audio_ctx)
            results = whisper.decode(self._model, states, options)
            examples = []
            for clip, state, result in zip(clips, states, results, strict=True):
                tokens = [*self._prompt, *result.tokens]
                examples.append(self._example(clip, state, self._hidden(state, tokens), tokens))
            return examples

    def _hidden(self, states: Any, tokens: list[int]) -> Any:
        """Return the decoder's last hidden states along the tokens: (tokens, width)."""
        import torch

        hidden: list[Any] = []
        hook = self._model.decoder.ln.register_forward_hook(lambda *event: hidden.append(event[2][0]))
        try:
            self._model.decoder(torch.tensor([tokens], device=states.device), states[None])
        finally:
            hook.remove()
        return hidden[0]

    def _example(self, clip: Samples, states: Any, hidden: Any, tokens: list[int]) -> Example:
        count = states_for(len(clip), LONGEST_PADDING_S)
        return Example(
            samples=clip,
            states=states[:count].cpu().numpy().astype(np.float16),
            hidden=hidden.cpu().numpy().astype(np.float16),
            tokens=np.array(tokens, np.int32),
        )
