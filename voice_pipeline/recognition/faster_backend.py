"""
Whisper by faster-whisper (CTranslate2): 8-bit integers on the CPU, half precision on the GPU. No torch.

It decodes without the draft. CTranslate2 4.8 has no call that a draft could speed up without changing the text:
`generate` runs the tokens of a prefix one by one (20 tokens: 83 ms without, 83 ms with all of them given), and `align`,
which scores 20 tokens in 11 ms, compares only words with words and so cannot tell where the text ends.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ
from voice_pipeline.recognition.backend import NOTHING_HEARD, Hypothesis
from voice_pipeline.recognition.features import LogMel, usable
from voice_pipeline.recognition.loops import LoopWatch
from voice_pipeline.recognition.weights import ModelError, for_faster_whisper
from voice_pipeline.recognition.window import Window, token_limit

MAX_TOKENS = 224  # half of the positions that Whisper's decoder has


class FasterBackend:
    """A `Backend`; create it with `choose.load`."""

    name = 'faster-whisper'

    def __init__(self, model: str, device: str, compute_type: str, threads: int, adapter: Path | None = None) -> None:
        """Load the model, downloading it where it is a name that is not here yet. Raises `ModelError`."""
        from faster_whisper.tokenizer import Tokenizer

        whisper = _load(model, device, compute_type, threads, adapter)
        self.device = device
        self.has_adapter = adapter is not None
        self.description = f'faster-whisper {model} on {device}, {compute_type}'
        self._model = whisper.model
        self._log_mel = LogMel(whisper.model.n_mels)
        self._tokenizer = Tokenizer(
            whisper.hf_tokenizer, whisper.model.is_multilingual, task='transcribe', language='en'
        )
        self._loops = LoopWatch(self._tokenizer.decode)
        self._prompt = [*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]

    def transcribe(
        self, samples: npt.NDArray[np.float32], window: Window, draft: Hypothesis | None = None
    ) -> Hypothesis:
        """
        Return what is said in the sound; see `Backend`.

        With a draft, its probability of no speech is taken over: to ask for it costs 3 ms.
        """
        samples = usable(samples)
        if not len(samples):
            return NOTHING_HEARD
        limit = min(token_limit(len(samples)), MAX_TOKENS)
        result = self._model.generate(
            self._encode(samples, window),
            [self._prompt],
            beam_size=1,
            max_length=2 * limit,  # CTranslate2 keeps half of it for a prompt
            return_scores=True,
            return_no_speech_prob=draft is None,
        )[0]
        tokens = result.sequences_ids[0]
        # The score is the mean over the tokens of the sum that includes the end token.
        mean = result.scores[0] * len(tokens) / (len(tokens) + 1)
        kept = tokens[: self._loops.cut(tokens, len(samples) / SAMPLE_RATE_HZ)]
        return Hypothesis(
            text=self._tokenizer.decode(kept).strip(),
            mean_log_probability=float(mean),
            no_speech_probability=float(result.no_speech_prob) if draft is None else draft.no_speech_probability,
            tokens=tuple(kept),
            repeats=self._loops.repeats(kept),
            was_cut=len(kept) < len(tokens) or len(tokens) >= limit,
        )

    def _encode(self, samples: npt.NDArray[np.float32], window: Window) -> Any:
        from ctranslate2 import StorageView

        frames = window.frame_count(len(samples))
        if frames // 2 == self._model.n_mels:
            # CTranslate2 would take so many states for mel frames and encode them again; what comes out is garbage.
            frames += 2
        features = self._log_mel(samples, frames)
        return self._model.encode(StorageView.from_array(features[np.newaxis]), to_cpu=False)


def _load(model: str, device: str, compute_type: str, threads: int, adapter: Path | None) -> Any:
    from faster_whisper import WhisperModel
    from faster_whisper.utils import download_model

    source = for_faster_whisper(model)
    try:
        if adapter is not None:
            from voice_pipeline.recognition.adapter import merged_ctranslate2_directory

            base = Path(source) if Path(source).is_dir() else Path(download_model(source))
            source = str(merged_ctranslate2_directory(base, adapter))
        return WhisperModel(source, device=device, compute_type=compute_type, cpu_threads=threads)
    except ModelError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"faster-whisper cannot load '{model}' on {device} ({error}). A name is downloaded once, which needs "
            'the network; tiny.en works offline'
        ) from error
