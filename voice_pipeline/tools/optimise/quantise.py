"""
`optimise quantise`: a version of a model in another number format, as `model` takes it, measured before it is kept.

CTranslate2 quantises weights by the largest of each row and activations as they come, so there is nothing to calibrate.
An adapter is merged before, since it only fits the weights that it was trained on, and the version hears short windows
of itself.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console

from voice_pipeline.recognition.adapter import merge_into_torch, merged_ctranslate2_directory
from voice_pipeline.recognition.checkpoint import CheckpointError, read_ctranslate2
from voice_pipeline.recognition.choose import FASTER, OPENAI, adapter_path
from voice_pipeline.recognition.weights import (
    BUNDLED_MODEL,
    CTRANSLATE2_FILE,
    ModelCard,
    ModelError,
    ctranslate2_directory,
    hears_short_windows,
    save_card,
)
from voice_pipeline.tools.optimise import verdict
from voice_pipeline.tools.optimise.clips import measuring_clips
from voice_pipeline.tools.optimise.compare import RefusedError
from voice_pipeline.tools.optimise.export import save_checkpoint, save_ctranslate2

FORMATS = {
    FASTER: ('int8', 'int8_float32', 'int8_float16', 'float16', 'bfloat16'),
    OPENAI: ('float16', 'bfloat16'),
}
# One thread, a window of 3.3 s: encoder 41 ms in single precision, 27 ms with torch's dynamic 8 bits and 42 ms in
# bfloat16; 12 tokens at once 36, 32 and 29 ms. The projection on the vocabulary, most of a token, has no 8 bits there.
NO_8_BITS_IN_TORCH = (
    "refused: torch's 8 bits save only a quarter of the time (78 ms become 60 ms on a sentence of 3 s), and torch "
    'announces their removal: quantise for faster-whisper, whose 8 bits take in the vocabulary too'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the part."""
    parser.add_argument('--output', type=Path, required=True, metavar='FOLDER', help='what `model` will be set to')
    parser.add_argument('--model', default=BUNDLED_MODEL, help='Whisper model: a name or a path (default: %(default)s)')
    parser.add_argument(
        '--adapter',
        default='auto',
        help='what is merged into it: auto (the adapter that comes with the package for this model), none, or the '
        'path of one (default: %(default)s)',
    )
    parser.add_argument('--backend', default=FASTER, choices=FORMATS)
    parser.add_argument(
        '--type', default='int8', choices=list(dict.fromkeys(sum(FORMATS.values(), ()))), help='(default: %(default)s)'
    )
    parser.add_argument('--device', default='auto', choices=['auto', 'cpu', 'cuda'], help='where it is measured')
    parser.add_argument('--threads', type=int, default=1, help='processor threads (default: %(default)s)')
    verdict.add_arguments(parser)


def run(arguments: argparse.Namespace, console: Console) -> None:
    """
    Make the version, measure it, and keep it if it is good.

    Raises `ModelError`, `RefusedError`, `RecordingsError`, `SpeechError`, `OSError`.
    """
    if arguments.type not in FORMATS[arguments.backend]:
        raise RefusedError(NO_8_BITS_IN_TORCH)
    if arguments.output.exists():
        raise ModelError(f'{arguments.output} exists: give another --output, or delete it')
    clips = measuring_clips(arguments.recordings)
    common = {'backend': arguments.backend, 'device': arguments.device, 'threads': arguments.threads}
    before = verdict.candidate(arguments.model, model=arguments.model, adapter=arguments.adapter, **common)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.unfinished-', dir=arguments.output.parent) as folder:
        unfinished = Path(folder) / arguments.output.name
        write = {FASTER: quantise_ctranslate2, OPENAI: quantise_checkpoint}[arguments.backend]
        write(arguments.model, adapter_path(before.settings), arguments.type, unfinished)
        after = verdict.candidate(str(arguments.output), model=str(unfinished), **common)
        verdict.judge(before, after, clips, arguments.worst_word_errors, unfinished, console)
        unfinished.rename(arguments.output)
    console.print(f'Saved {arguments.output}. Use it with model:={arguments.output}', highlight=False)


def quantise_ctranslate2(model: str, adapter: Path | None, number_format: str, directory: Path) -> None:
    """Write a CTranslate2 model, with the adapter in it where there is one. Raises `ModelError`, `OSError`."""
    base = ctranslate2_directory(model)
    source = base if adapter is None else merged_ctranslate2_directory(base, adapter)
    try:
        arrays = read_ctranslate2(source / CTRANSLATE2_FILE)
    except CheckpointError as error:
        raise ModelError(str(error)) from error
    if any(array.dtype == np.int8 and array.ndim for array in arrays.values()):
        raise ModelError(f'{model} is in 8 bits already: give the model that it was made from')
    save_ctranslate2(arrays, base, directory, number_format)
    save_card(_card(model, adapter, number_format), directory)


def quantise_checkpoint(model: str, adapter: Path | None, number_format: str, directory: Path) -> None:
    """Write a checkpoint of openai-whisper, the adapter in it if there is one. Raises `ModelError`, `OSError`."""
    from voice_pipeline.tools.optimise.teacher import load_whisper

    whisper = load_whisper(model, 'cpu')
    if adapter is not None:
        merge_into_torch(whisper, adapter)
    save_checkpoint(asdict(whisper.dims), whisper.state_dict(), directory, number_format)
    save_card(_card(model, adapter, ''), directory)


def _card(model: str, adapter: Path | None, number_format: str) -> ModelCard:
    return ModelCard(
        base=model,
        hears_short_windows=adapter is not None or hears_short_windows(model),
        number_format=number_format,
    )
