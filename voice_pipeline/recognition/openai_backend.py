"""Whisper by OpenAI's own library (torch): half precision on the GPU, single precision on the CPU."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ
from voice_pipeline.recognition.backend import NOTHING_HEARD, Hypothesis
from voice_pipeline.recognition.weights import ModelError, for_openai_whisper
from voice_pipeline.recognition.window import MAX_WINDOW_S, token_limit, window_length_s

ENCODER_STATES_PER_S = 50


class OpenAiBackend:
    """A `Backend`; create it with `choose.load`."""

    name = 'openai-whisper'

    def __init__(self, model: str, device: str, threads: int) -> None:
        """Load the model, downloading it where it is a name that is not here yet. Raises `ModelError`."""
        import torch
        import whisper

        torch.set_num_threads(threads)
        source = for_openai_whisper(model)
        try:
            self._model = whisper.load_model(source, device=device)
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise ModelError(
                f"openai-whisper cannot load '{model}' on {device} ({error}). A name is downloaded once, which needs "
                'the network; tiny.en works offline'
            ) from error
        self.device = device
        self._half = device == 'cuda'
        if self._half:
            self._keep_half_precision()
        self._positions = self._model.encoder.positional_embedding
        self.description = f'openai-whisper {model} on {device}, {"float16" if self._half else "float32"}'

    def _keep_half_precision(self) -> None:
        """
        Hold the matrices as float16.

        Whisper holds float32 and casts every matrix again for each token, the embedding's 20 million numbers included.
        Its layer norms compute in float32 and stay as they are.
        """
        import torch

        for module in self._model.modules():
            if isinstance(module, (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Embedding)):
                module.half()

    def transcribe(self, samples: npt.NDArray[np.float32], window_s: float) -> Hypothesis:
        """Return what is said in the sound; see `Backend`."""
        import torch
        import whisper

        samples = samples[: MAX_WINDOW_S * SAMPLE_RATE_HZ]
        if not len(samples):
            return NOTHING_HEARD
        options = whisper.DecodingOptions(
            language='en',
            without_timestamps=True,
            fp16=self._half,
            sample_len=token_limit(len(samples)),
        )
        with torch.inference_mode():
            result = whisper.decode(self._model, self._log_mel(samples, window_s), options)
        return Hypothesis(
            text=result.text.strip(),
            mean_log_probability=float(result.avg_logprob),
            no_speech_probability=float(result.no_speech_prob),
            token_count=len(result.tokens),
        )

    def _log_mel(self, samples: npt.NDArray[np.float32], minimum_s: float) -> object:
        """Return the spectrogram of the window, shape (mels, 100 a second), and fit the encoder's positions to it."""
        import torch
        import whisper

        length_s = window_length_s(len(samples), minimum_s)
        # The encoder insists on as many positions as it has states; Whisper's own are those of 30 s.
        self._model.encoder.positional_embedding = self._positions[: length_s * ENCODER_STATES_PER_S]
        sound = torch.from_numpy(samples).to(self._model.device)
        padding = length_s * SAMPLE_RATE_HZ - len(samples)
        return whisper.log_mel_spectrogram(sound, n_mels=self._model.dims.n_mels, padding=padding)
