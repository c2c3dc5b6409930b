"""
Whisper by faster-whisper (CTranslate2): 8-bit integers on the CPU, half precision on the GPU. No torch.

It decodes without the draft. CTranslate2 4.8 has no call that a draft could speed up without changing the text:
`generate` runs the tokens of a prefix one by one (20 tokens: 83 ms without, 83 ms with all of them given), and `align`,
which scores 20 tokens in 11 ms, compares only words with words and so cannot tell where the text ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ
from voice_pipeline.recognition.backend import NOTHING_HEARD, Hypothesis, Request
from voice_pipeline.recognition.bias import NOTHING_EXPECTED, Bias, Expected, Margins, Score
from voice_pipeline.recognition.checkpoint import CheckpointError
from voice_pipeline.recognition.features import LogMels, usable
from voice_pipeline.recognition.loops import LoopWatch
from voice_pipeline.recognition.shortlist import Shortlist, short_model, shortlist_of
from voice_pipeline.recognition.weights import (
    ModelError,
    card_of,
    ctranslate2_directory,
    hears_short_windows,
)
from voice_pipeline.recognition.window import Window, token_limit

MAX_TOKENS = 224  # half of the positions that Whisper's decoder has
_LEAST_PROBABILITY = 1e-10  # of a token, so that its logarithm is a number


class FasterBackend:
    """A `Backend` and `BatchBackend`; create it with `choose.load`."""

    name = 'faster-whisper'
    batch_size = 8

    def __init__(
        self,
        model: str,
        device: str,
        compute_type: str,
        threads: int,
        adapter: Path | None = None,
        expected: Expected = NOTHING_EXPECTED,
        *,
        uses_shortlist: bool = False,
    ) -> None:
        """
        Load the model, downloading it where it is a name that is not here yet. Raises `ModelError`.

        `uses_shortlist`: whether what is provisional is written with the tokens of common words (see `shortlist`).
        """
        from faster_whisper.tokenizer import Tokenizer

        directory = _directory(model, adapter)
        whisper = _load(model, directory, device, _compute_type(model, device, compute_type), threads)
        self.device = device
        self.has_adapter = adapter is not None or hears_short_windows(model)
        self.description = f'faster-whisper {model} on {device}, {whisper.model.compute_type}'
        self._model = whisper.model
        self._log_mels = LogMels(self.batch_size, whisper.model.n_mels)
        self._tokenizer = Tokenizer(
            whisper.hf_tokenizer, whisper.model.is_multilingual, task='transcribe', language='en'
        )
        self._loops = LoopWatch(self._tokenizer.decode)
        self._bias = Bias(expected, self._tokenizer.encode, self._tokenizer.decode, self._tokenizer.eot)
        self._prompt = [*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]
        self._writer = _Writer(whisper.model, self._prompt, self._bias.watched)
        self._short_writer = self._make_short_writer(directory, expected, threads) if uses_shortlist else self._writer

    def _make_short_writer(self, directory: Path, expected: Expected, threads: int) -> _Writer:
        from ctranslate2.models import Whisper

        special = range(self._tokenizer.eot, self._tokenizer.no_timestamps + 1)
        shortlist = shortlist_of(self._tokenizer.encode, expected.names, special)
        try:
            folder = short_model(directory, shortlist)
            short = Whisper(
                str(folder), device=self.device, compute_type=self._model.compute_type, intra_threads=threads
            )
        except (CheckpointError, OSError, RuntimeError, ValueError, LookupError) as error:
            raise ModelError(f'no shortlist can be made for {directory} ({error}): set shortlist to false') from error
        return _Writer(short, self._prompt, self._bias.watched, shortlist)

    def transcribe(
        self, samples: npt.NDArray[np.float32], window: Window, draft: Hypothesis | None = None
    ) -> Hypothesis:
        """
        Return what is said in the sound; see `Backend`.

        With a draft, its probability of no speech is taken over: to ask for it costs 3 ms.
        """
        return self.transcribe_batch([Request(samples, (window,), draft)])[0]

    def transcribe_batch(self, requests: Sequence[Request]) -> list[Hypothesis]:
        """
        Return what is said in each sound, in the longest of their first windows; see `BatchBackend`.

        The weights are read once for all: on two cores, 3 sounds take 0.54 of the time that they take one after
        another, and 8 take 0.42. Where all are provisional, the shortlist is used.
        """
        sounds = [usable(request.samples) for request in requests]
        answers = [NOTHING_HEARD] * len(requests)
        spoken = [index for index, sound in enumerate(sounds) if len(sound)]
        if not spoken:
            return answers
        limits = [min(token_limit(len(sounds[index])), MAX_TOKENS) for index in spoken]
        states = self._encode([sounds[index] for index in spoken], [requests[index].windows[0] for index in spoken])
        is_provisional = all(requests[index].is_provisional for index in spoken)
        writer = self._short_writer if is_provisional else self._writer
        results = writer.model.generate(
            states,
            [writer.prompt] * len(spoken),
            beam_size=1,
            max_length=2 * max(limits),  # CTranslate2 keeps half of it for a prompt
            return_scores=True,
            return_logits_vocab=bool(writer.watched),
            return_no_speech_prob=any(requests[index].draft is None for index in spoken),
        )
        for row, (index, limit) in enumerate(zip(spoken, limits, strict=True)):
            duration_s = len(sounds[index]) / SAMPLE_RATE_HZ
            score = partial(writer.score, states, row)
            answers[index] = self._hypothesis(
                writer.read(results[row]), score, duration_s, limit, requests[index].draft
            )
        return answers

    def _hypothesis(
        self, result: _Written, score: Score, duration_s: float, limit: int, draft: Hypothesis | None
    ) -> Hypothesis:
        """Return one row of what was generated; `limit`: the tokens that this sound can hold."""
        tokens = result.tokens
        # The score is the mean over the tokens of the sum that includes the end token.
        mean = result.score * len(tokens) / (len(tokens) + 1)
        kept = tokens[:limit]
        kept = kept[: self._loops.cut(kept, duration_s)]
        written = self._bias.correct(kept, result.margins, score)
        return Hypothesis(
            text=self._tokenizer.decode(written).strip(),
            mean_log_probability=float(mean),
            no_speech_probability=result.no_speech_probability if draft is None else draft.no_speech_probability,
            tokens=tuple(kept),
            repeats=self._loops.repeats(kept),
            was_cut=len(kept) < len(tokens) or len(tokens) >= limit,
        )

    def _encode(self, sounds: Sequence[npt.NDArray[np.float32]], windows: Sequence[Window]) -> Any:
        """Return the encoder's states, shape (sounds, 50 a second, width)."""
        from ctranslate2 import StorageView

        frames = max(window.frame_count(len(sound)) for sound, window in zip(sounds, windows, strict=True))
        if frames // 2 == self._model.n_mels:
            # CTranslate2 would take so many states for mel frames and encode them again; what comes out is garbage.
            frames += 2
        features = np.stack([self._log_mels(sound, frames) for sound in sounds])
        return self._model.encode(StorageView.from_array(features), to_cpu=False)


@dataclass(frozen=True)
class _Written:
    """What was written for one sound; `margins` is what `Bias.correct` needs to know of it."""

    tokens: list[int]
    score: float
    no_speech_probability: float
    margins: Margins


class _Writer:
    """A model that writes, and the numbers that the tokens have in it where it has but a shortlist of them."""

    def __init__(
        self, model: Any, prompt: Sequence[int], watched: Sequence[int], shortlist: Shortlist | None = None
    ) -> None:
        self.model = model
        self._shortlist = shortlist
        self.prompt = self._numbers(prompt)
        self.watched = self._numbers(watched)

    def read(self, result: Any) -> _Written:
        """Return one result of `generate`."""
        tokens = result.sequences_ids[0]
        return _Written(
            tokens=tokens if self._shortlist is None else self._shortlist.restore(tokens),
            score=float(result.scores[0]),
            no_speech_probability=float(result.no_speech_prob),
            margins=self._margins(result),
        )

    def score(self, states: Any, row: int, texts: Sequence[Sequence[int]]) -> list[float]:
        """Return the log-probability of each text in the sound of this row, without an end token."""
        from ctranslate2 import StorageView

        batch = StorageView.from_array(np.repeat(_on_cpu(states)[row : row + 1], len(texts), axis=0))
        numbers = [self._numbers(text) for text in texts]
        aligned = self.model.align(batch, self.prompt, numbers, num_frames=batch.shape[1])
        return [float(np.log(np.maximum(each.text_token_probs, _LEAST_PROBABILITY)).sum()) for each in aligned]

    def _numbers(self, tokens: Sequence[int]) -> list[int]:
        return list(tokens) if self._shortlist is None else self._shortlist.shorten(tokens)

    def _margins(self, result: Any) -> Margins:
        steps = map(_on_cpu, result.logits[0]) if self.watched else ()
        rows = [step[self.watched] - step.max() for step in steps]
        return np.stack(rows) if rows else np.zeros((0, len(self.watched)), np.float32)


def _on_cpu(view: Any) -> npt.NDArray[np.float32]:
    from ctranslate2 import DataType, Device

    return np.asarray(view.to_device(Device.cpu).to(DataType.float32))


def _compute_type(model: str, device: str, fastest: str) -> str:
    """Return the number format that the model was made for, where this device computes in it, else the fastest."""
    import ctranslate2

    card = card_of(model)
    if card is not None and card.number_format in ctranslate2.get_supported_compute_types(device):
        return card.number_format
    return fastest


def _directory(model: str, adapter: Path | None) -> Path:
    """Return the folder of the model, with the adapter in it. Raises `ModelError`."""
    directory = ctranslate2_directory(model)
    if adapter is None:
        return directory
    from voice_pipeline.recognition.adapter import merged_ctranslate2_directory

    return merged_ctranslate2_directory(directory, adapter)


def _load(model: str, directory: Path, device: str, compute_type: str, threads: int) -> Any:
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(str(directory), device=device, compute_type=compute_type, cpu_threads=threads)
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"faster-whisper cannot load '{model}' on {device} ({error})") from error
