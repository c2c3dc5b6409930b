"""
Whisper by OpenAI's own library (torch), decoded from drafts: half precision on the GPU, single precision on the CPU.

torch's dynamic quantisation to 8 bits halves the encoder's time on a CPU (a window of 3.3 s on one core: 18 ms instead
of 36 ms), but torch announces its removal; on a CPU, faster-whisper is the library for 8 bits.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ
from voice_pipeline.recognition.backend import NOTHING_HEARD, Hypothesis
from voice_pipeline.recognition.bias import NOTHING_EXPECTED, Bias, Expected
from voice_pipeline.recognition.features import LogMel, usable
from voice_pipeline.recognition.greedy import GreedyDecoder, SpecialTokens
from voice_pipeline.recognition.loops import LoopWatch
from voice_pipeline.recognition.weights import ModelError, for_openai_whisper, hears_short_windows
from voice_pipeline.recognition.window import Window, token_limit

if TYPE_CHECKING:
    from torch import Tensor

LARGE_BLOCK_BYTES = 262_144
_M_MMAP_THRESHOLD = -3  # malloc.h


class OpenAiBackend:
    """A `Backend`; create it with `choose.load`."""

    name = 'openai-whisper'

    def __init__(
        self,
        model: str,
        device: str,
        threads: int,
        adapter: Path | None = None,
        expected: Expected = NOTHING_EXPECTED,
    ) -> None:
        """Load the model, downloading it where it is a name that is not here yet. Raises `ModelError`."""
        import torch

        torch.set_num_threads(threads)
        _give_back_large_blocks()
        self._model = _load(model, device)
        self.has_adapter = adapter is not None or hears_short_windows(model)
        if adapter is not None:
            from voice_pipeline.recognition.adapter import merge_into_torch

            merge_into_torch(self._model, adapter)
        if device == 'cuda':
            _keep_half_precision(self._model)
        self.device = device
        self._dtype = torch.float16 if device == 'cuda' else torch.float32
        self.description = f'openai-whisper {model} on {device}, {"float16" if device == "cuda" else "float32"}'
        self._positions = self._model.encoder.positional_embedding
        self._log_mel = LogMel(self._model.dims.n_mels)
        self._tokenizer = _tokenizer(self._model)
        self._loops = LoopWatch(self._tokenizer.decode)
        self._bias = Bias(expected, self._tokenizer.encode, self._tokenizer.decode, self._tokenizer.eot)
        self._decoder = GreedyDecoder(self._model, _special_tokens(self._tokenizer), self._bias.watched)

    def transcribe(
        self, samples: npt.NDArray[np.float32], window: Window, draft: Hypothesis | None = None
    ) -> Hypothesis:
        """Return what is said in the sound; see `Backend`."""
        import torch

        samples = usable(samples)
        if not len(samples):
            return NOTHING_HEARD
        duration_s = len(samples) / SAMPLE_RATE_HZ
        with torch.inference_mode():
            states = self._encode(samples, window)
            decoded = self._decoder.decode(
                states,
                draft.tokens if draft is not None else (),
                token_limit(len(samples)),
                lambda tokens: self._loops.cut(tokens, duration_s),
            )
            written = self._bias.correct(
                decoded.tokens, np.array(decoded.margins, np.float32), lambda texts: self._decoder.score(states, texts)
            )
        return Hypothesis(
            text=self._tokenizer.decode(written).strip(),
            mean_log_probability=decoded.log_probability / (len(decoded.tokens) + 1),
            no_speech_probability=decoded.no_speech_probability,
            tokens=tuple(decoded.tokens),
            repeats=self._loops.repeats(decoded.tokens),
            was_cut=decoded.was_cut,
        )

    def _encode(self, samples: npt.NDArray[np.float32], window: Window) -> Tensor:
        """Return the encoder's states for the window, shape (1, 50 a second, width)."""
        import torch

        features = self._log_mel(samples, window.frame_count(len(samples)))
        encoder = self._model.encoder
        # The encoder insists on as many positions as it has states; Whisper's own are those of 30 s.
        encoder.positional_embedding = self._positions[: features.shape[1] // 2]
        states: Tensor = encoder(torch.from_numpy(features)[None].to(self._model.device, self._dtype))
        return states


def _give_back_large_blocks() -> None:
    """
    Let glibc, where it is the C library, return what was freed of each window to the system.

    Each window is a little longer than the one before, so that none fits where the last one was: without this, a
    sentence of 6 s leaves 35 to 85 MB of holes.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)


def _load(model: str, device: str) -> Any:
    import whisper

    source = for_openai_whisper(model)
    try:
        return whisper.load_model(source, device=device)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise ModelError(
            f"openai-whisper cannot load '{model}' on {device} ({error}). A name is downloaded once, which needs "
            'the network; tiny.en works offline'
        ) from error


def _keep_half_precision(model: Any) -> None:
    """
    Hold the matrices as float16.

    Whisper holds float32 and casts every matrix again for each token, the embedding's 20 million numbers included.
    Its layer norms compute in float32 and stay as they are.
    """
    import torch

    for module in model.modules():
        if isinstance(module, (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Embedding)):
            module.half()


def _tokenizer(model: Any) -> Any:
    from whisper.tokenizer import get_tokenizer

    return get_tokenizer(model.is_multilingual, num_languages=model.num_languages, language='en', task='transcribe')


def _special_tokens(tokenizer: Any) -> SpecialTokens:
    """Return Whisper's own choice of tokens that are never, or not at first, written."""
    never = (tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev, tokenizer.sot_lm)
    return SpecialTokens(
        prompt=tuple(tokenizer.sot_sequence_including_notimestamps),
        end=tokenizer.eot,
        no_speech=tokenizer.no_speech,
        suppressed=(*tokenizer.non_speech_tokens, *never, tokenizer.no_speech),
        not_first=(*tokenizer.encode(' '), tokenizer.eot),
    )
