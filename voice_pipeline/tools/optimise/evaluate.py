"""
The measurement: word errors, runaway decodes and tokens by window, with and without the adapter.

Nothing in it was trained on: other sentences, other voices, and recordings of people where they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from voice_pipeline.tools.optimise.clips import LONGEST_S, Clip
from voice_pipeline.tools.optimise.hearing import Hearing, hearing
from voice_pipeline.tools.words import plain_words, word_errors

WINDOW_S = LONGEST_S
PADDINGS_S = (0.3, 1.0, 2.0, 5.0, WINDOW_S)


@dataclass(frozen=True)
class Figures:
    """What one model makes of one group of clips in one window."""

    group: str
    padding_s: float
    adapted: bool
    clips: int
    words: int
    word_errors: int
    runaways: int
    tokens: int

    @property
    def word_error_percent(self) -> float:
        """Word errors in a hundred words."""
        return 100 * self.word_errors / max(1, self.words)


def is_runaway(said: str, heard: str) -> bool:
    """Whether there is so much more text than speech that the model must have said things again."""
    words, heard_words = len(plain_words(said)), len(plain_words(heard))
    return heard_words >= max(2 * words, words + 2)  # "I said it" for one word is no runaway


def measure(
    hear: Hearing, clips: list[Clip], padding_s: float, adapted: bool, tick: Callable[[], None]
) -> list[Figures]:
    """Return the figures of each group of clips; `tick` is called after each clip."""
    results = []
    for group in sorted({clip.group for clip in clips}):
        chosen = [clip for clip in clips if clip.group == group]
        words = errors = runaways = tokens = 0
        for clip in chosen:
            text, count = hear(clip.samples, padding_s)
            wrong, said = word_errors(clip.text, text)
            words, tokens, errors = words + said, tokens + count, errors + wrong
            runaways += is_runaway(clip.text, text)
            tick()
        results.append(Figures(group, padding_s, adapted, len(chosen), words, errors, runaways, tokens))
    return results


def evaluate(
    backend: str, model_name: str, adapter: Path, clips: list[Clip], threads: int, tick: Callable[[], None]
) -> Iterator[Figures]:
    """Give the figures of all windows without the adapter, then with it. Raises `ModelError`, `OSError`."""
    for adapted in (False, True):
        hear = hearing(backend, model_name, adapter if adapted else None, threads)
        for padding_s in PADDINGS_S:
            yield from measure(hear, clips, padding_s, adapted, tick)


def markdown(figures: list[Figures]) -> str:
    """Return the figures as a table, a line for each group and window, before and after side by side."""
    lines = [
        '| speech | window | clips | word errors | adapted | runaways | adapted | tokens a clip | adapted |',
        '|---|---|---|---|---|---|---|---|---|',
    ]
    found = {(one.group, one.padding_s, one.adapted): one for one in figures}
    for group, padding_s, adapted in sorted(found):
        if adapted or (group, padding_s, True) not in found:
            continue
        pair = [found[group, padding_s, False], found[group, padding_s, True]]
        name = '30 s' if padding_s == WINDOW_S else f'speech + {padding_s:g} s'
        cells = [f'{one.word_error_percent:.1f} %' for one in pair]
        cells += [str(one.runaways) for one in pair] + [f'{one.tokens / one.clips:.1f}' for one in pair]
        lines.append(f'| {group} | {name} | {pair[0].clips} | {" | ".join(cells)} |')
    return '\n'.join(lines) + '\n'
