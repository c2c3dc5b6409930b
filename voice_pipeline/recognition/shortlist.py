"""
The tokens of common words: where there are fewer to choose from, each takes less than half the time.

On a CPU most of the time of a token goes into comparing it with all 51,864 that Whisper knows. While someone speaks,
each revision is corrected by the next one, and so is written with a quarter of them: those of the most frequent pieces
of words, and of everything that the grammar and the vocabulary know. What is not among them is spelled from smaller
pieces ("un" + "mute"), sometimes wrongly. Once the speaker is silent all tokens are compared, so that the final text is
that of the whole model. It is the vocabulary selection of machine translation (Jean et al., arXiv 1412.2007; L'Hostis
et al., arXiv 1610.00072), with the robot's language for the dictionary.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice_pipeline.recognition.checkpoint import with_tokens
from voice_pipeline.recognition.derived import derived_model
from voice_pipeline.recognition.spelling import in_words, written_forms
from voice_pipeline.recognition.weights import CTRANSLATE2_FILE, sha256
from voice_pipeline.understanding.words.lexicon import known_words
from voice_pipeline.understanding.words.units import UNITS

VERSION = 1  # of what is written
# Byte pairs are numbered from the most frequent on (Sennrich et al., arXiv 1508.07909), after the 256 bytes, with which
# everything can be spelled. Of 122 human recordings of quite other subjects, 49 come out otherwise with 8000, 33 with
# 12,000, 26 with 16,000 and 13 with 24,000; each thousand adds about 1 % of a token's time without the list.
FREQUENT_TOKENS = 12_000
_NUMBERS = range(1000)
# Lists of tokens in CTranslate2's config.json.
_TOKEN_LISTS = ('suppress_ids', 'suppress_ids_begin', 'lang_ids')


@dataclass(frozen=True)
class Shortlist:
    """Some of the tokens of a model, by their numbers there, ascending; in the short model, each is its place here."""

    tokens: npt.NDArray[np.int64]

    def shorten(self, tokens: Sequence[int]) -> list[int]:
        """Return the numbers that these tokens, all of them on the list, have in the short model."""
        places: list[int] = np.searchsorted(self.tokens, tokens).tolist()
        return places

    def restore(self, tokens: Sequence[int]) -> list[int]:
        """Return the numbers that these tokens of the short model have in the whole one."""
        numbers: list[int] = self.tokens[list(tokens)].tolist()
        return numbers


def shortlist_of(encode: Callable[[str], list[int]], names: Iterable[str], special: Sequence[int]) -> Shortlist:
    """Return the tokens to choose from; `encode` returns the tokens of a text, `special` are those that are no text."""
    tokens = {*range(FREQUENT_TOKENS), *special}
    for text in (*_texts(names), *map(str, _NUMBERS)):
        tokens.update(encode(f' {text}'))
    for number in _NUMBERS:  # also within a number: "1,500"
        tokens.update(encode(str(number)))
    return Shortlist(np.array(sorted(tokens), np.int64))


def _texts(names: Iterable[str]) -> Iterator[str]:
    """Yield how the words of commands are written, in the middle of a sentence and at its beginning."""
    numbers = {word for number in range(100) for word in in_words(str(number)).split()}
    for word in sorted({*known_words(), *UNITS, *numbers}):
        yield word
        yield word.capitalize()
    for name in names:
        yield from written_forms(name)


def short_model(directory: Path, shortlist: Shortlist) -> Path:
    """
    Return a folder in the user's cache with the CTranslate2 model of `directory` that only knows the listed tokens.

    Raises `CheckpointError`, `OSError`, `ValueError`, `LookupError` where a file is not as expected.
    """
    tokens = hashlib.sha256(shortlist.tokens.tobytes()).hexdigest()
    identity = f'{VERSION}/{sha256(directory / CTRANSLATE2_FILE)}/{tokens}'
    return derived_model('short', identity, lambda folder: write_short_model(directory, shortlist, folder))


def write_short_model(directory: Path, shortlist: Shortlist, folder: Path) -> None:
    """Write it, but for the files that CTranslate2 does not read; raises as `short_model`."""
    config: dict[str, Any] = json.loads((directory / 'config.json').read_text(encoding='utf-8'))
    listed = set(shortlist.tokens.tolist())
    for name in _TOKEN_LISTS:
        config[name] = shortlist.shorten([token for token in config.get(name) or [] if token in listed])
    (folder / 'config.json').write_text(json.dumps(config), encoding='utf-8')
    (folder / CTRANSLATE2_FILE).write_bytes(with_tokens(directory / CTRANSLATE2_FILE, shortlist.tokens))
    _write_texts(directory, shortlist, folder)


def _write_texts(directory: Path, shortlist: Shortlist, folder: Path) -> None:
    """Write the list of the tokens' texts, as CTranslate2 has it: one a line, or as JSON."""
    path = directory / 'vocabulary.json'
    if path.is_file():
        texts = json.loads(path.read_text(encoding='utf-8'))
        (folder / path.name).write_text(json.dumps([texts[token] for token in shortlist.tokens]), encoding='utf-8')
        return
    path = directory / 'vocabulary.txt'
    lines = path.read_text(encoding='utf-8').split('\n')
    text = ''.join(f'{lines[token]}\n' for token in shortlist.tokens)
    (folder / path.name).write_text(text, encoding='utf-8')
