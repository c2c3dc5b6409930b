"""
The recogniser at work on a sound that is there as a whole, and what its revisions amount to in figures.

`revise` makes every revision that is due before the next frame is fed: the texts do not depend on the machine's speed.
`revise_live` feeds the frames on the clock while a worker makes revisions, as the node does: what the machine is too
slow for is left out.
"""

from __future__ import annotations

import heapq
import string
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby

import numpy as np

from voice_pipeline.audio.activity import SileroActivity, VoiceActivity
from voice_pipeline.audio.frames import FRAME_S, FRAME_SAMPLES, Frame, Samples
from voice_pipeline.messages import Transcript
from voice_pipeline.monitoring.statistics import nearest_rank
from voice_pipeline.recognition.backend import Backend
from voice_pipeline.recognition.recognizer import ONLY_STREAM, SpeechRecognizer
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.words import plain_words

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
SETTLED_REVISIONS = 3  # a word that so many revisions in a row have shown is expected to stay


class Clock:
    """The time of this machine; a test gives another."""

    def now_ns(self) -> int:
        """Return the time since an arbitrary moment."""
        return time.perf_counter_ns()

    def wait_until(self, at_ns: int) -> None:
        """Return at this time, or at once where it has passed."""
        time.sleep(max(0, at_ns - self.now_ns()) / NS_PER_S)


@dataclass(frozen=True)
class Revision:
    """
    One transcript and what it took.

    `shown_s`: when the text was there, in seconds from the first sample; without a clock, the end of the sound behind
    it. `work_ms`: the time of the work. `delay_ms`: from the newest sound's arrival to the text, which on the clock
    includes waiting for the revision before. `is_decoded`: the model ran; else only the silence has grown. `stream`:
    whose it is, where there are several.
    """

    transcript: Transcript
    shown_s: float
    work_ms: float
    delay_ms: float
    is_decoded: bool
    stream: str = ONLY_STREAM


@dataclass(frozen=True)
class ShownWord:
    """
    A word of a final text, and since when: seconds from the first sample.

    `heard_s`: from then on, all revisions heard it, as the understanding does; `shown_s`: all had it in their text.
    """

    text: str
    heard_s: float
    shown_s: float


def revise(
    samples: Samples,
    settings: RecognitionSettings,
    backend: Backend,
    activity: VoiceActivity | None = None,
    clock: Clock | None = None,
) -> Iterator[Revision]:
    """Yield every revision that is due, of all utterances; the texts and `shown_s` are the same on every machine."""
    return revise_frames(_frames(samples), settings, backend, activity or SileroActivity(), clock or Clock())


def revise_frames(
    frames: Iterable[Frame],
    settings: RecognitionSettings,
    backend: Backend,
    activity: VoiceActivity,
    clock: Clock | None = None,
) -> Iterator[Revision]:
    """Yield every revision that is due, as `revise` does, in a stream of any length."""
    clock = clock or Clock()
    # A clock that stands still: work takes no time, so a text is stamped with the sound that it is of.
    recognizer = SpeechRecognizer(settings, backend, activity, clock_ns=lambda: 0)
    for frame in frames:
        recognizer.accept(frame, received_ns=frame.end_ns)
        yield from _due(recognizer, clock)
    recognizer.finish()
    yield from _due(recognizer, clock)


def _due(recognizer: SpeechRecognizer, clock: Clock) -> Iterator[Revision]:
    """Make what is due, one turn of the model after another."""
    while True:
        started_ns = clock.now_ns()
        made = recognizer.next_transcripts(timeout_s=0.0)
        work_ms = (clock.now_ns() - started_ns) / NS_PER_MS
        if not made:
            return
        for each in made:
            shown_s = each.transcript.trace[-1].finished_ns / NS_PER_S
            yield Revision(each.transcript, shown_s, work_ms, work_ms, each.is_decoded, each.stream)


def revise_live(
    samples: Samples,
    settings: RecognitionSettings,
    backend: Backend,
    activity: VoiceActivity | None = None,
    clock: Clock | None = None,
) -> list[Revision]:
    """Return the revisions that this machine makes while the sound arrives at its own pace, one frame after another."""
    return revise_streams([samples], settings, backend, [activity or SileroActivity()], clock)[0]


def revise_streams(
    sounds: Sequence[Samples],
    settings: RecognitionSettings,
    backend: Backend,
    activities: Sequence[VoiceActivity],
    clock: Clock | None = None,
) -> list[list[Revision]]:
    """Return the revisions of each sound, which all arrive at once, each at its own pace, at one recogniser."""
    clock = clock or Clock()
    start_ns = clock.now_ns()
    names = [str(index) for index in range(len(sounds))]
    recognizer = SpeechRecognizer(
        settings, backend, dict(zip(names, activities, strict=True)), clock_ns=lambda: clock.now_ns() - start_ns
    )
    news, is_over = threading.Event(), threading.Event()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix='recognise') as pool:
        worker = pool.submit(_work, recognizer, clock, news, is_over)
        try:
            for arrival_ns, name, frame in arrivals(sounds):
                clock.wait_until(start_ns + arrival_ns)
                recognizer.accept(frame, clock.now_ns() - start_ns, name)
                news.set()
            recognizer.finish()
        finally:
            is_over.set()
            news.set()
        revisions = worker.result()
    return [[one for one in revisions if one.stream == name] for name in names]


def arrivals(sounds: Sequence[Samples]) -> Iterator[tuple[int, str, Frame]]:
    """Yield frames from 0 on as (when it arrives in ns, stream, frame): the streams are offset, as devices are."""
    offset_ns = round(FRAME_S * NS_PER_S) // len(sounds)
    frames = [
        [(frame.end_ns + index * offset_ns, str(index), frame) for frame in _frames(samples)]
        for index, samples in enumerate(sounds)
    ]
    return heapq.merge(*frames, key=lambda arrival: arrival[0])


def _work(
    recognizer: SpeechRecognizer, clock: Clock, news: threading.Event, is_over: threading.Event
) -> list[Revision]:
    """Make what is due whenever a frame has come, until the streams are over."""
    revisions: list[Revision] = []
    is_last = False
    while not is_last:
        news.wait()
        news.clear()
        is_last = is_over.is_set()
        for revision in _due(recognizer, clock):
            recognition = revision.transcript.trace[-1]
            delay_ms = (recognition.finished_ns - recognition.received_ns) / NS_PER_MS
            revisions.append(replace(revision, delay_ms=delay_ms))
    return revisions


def _frames(samples: Samples) -> Iterator[Frame]:
    """Yield the samples as frames that begin at 0, the last one filled up with silence."""
    padded = np.pad(samples, (0, -len(samples) % FRAME_SAMPLES))
    for sequence, chunk in enumerate(padded.reshape(-1, FRAME_SAMPLES)):
        yield Frame(chunk, sequence, stamp_ns=round(sequence * FRAME_S * NS_PER_S))


def by_utterance(revisions: Sequence[Revision]) -> list[list[Revision]]:
    """Return the revisions of each utterance, in order; the last of each is its final."""
    return [list(group) for _, group in groupby(revisions, key=lambda one: one.transcript.utterance_id)]


def text_of(revisions: Sequence[Revision]) -> str:
    """Return all final texts, one after the other."""
    return ' '.join(one.transcript.text for one in revisions if one.transcript.is_final and one.transcript.text)


def work_ms(revisions: Sequence[Revision]) -> list[float]:
    """Return the times of those revisions before the finals for which the model ran."""
    return [one.work_ms for one in revisions if one.is_decoded and not one.transcript.is_final]


def final_ms(revisions: Sequence[Revision]) -> list[float]:
    """Return the time from the decision that an utterance is over to its final text, of each that has words."""
    return [one.delay_ms for one in revisions if one.transcript.is_final and one.transcript.text]


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the percentile by the nearest-rank method, None without values."""
    ordered: list[float] = sorted(values)
    return nearest_rank(ordered, percent) if ordered else None


def rate_hz(revisions: Sequence[Revision]) -> float | None:
    """Return the revisions a second while someone speaks: up to the last one made during voice; None below two."""
    count, span_s = 0, 0.0
    for utterance in by_utterance(revisions):
        voiced = [index for index, one in enumerate(utterance) if not one.transcript.silence_ms]
        if voiced:
            count += voiced[-1]
            span_s += utterance[voiced[-1]].shown_s - utterance[0].shown_s
    return count / span_s if span_s > 0 else None


def shown_words(utterance: Sequence[Revision]) -> list[ShownWord]:
    """
    Return the words of the utterance's final text, with the times since when they were there.

    Words are matched by their order (longest common blocks), so that a word put in before others leaves these as they
    are; case and punctuation do not matter, the format of a number does.
    """
    final = utterance[-1].transcript.text
    heard_s = _since_s(final, [(one.shown_s, one.transcript.heard) for one in utterance])
    shown_s = _since_s(final, [(one.shown_s, one.transcript.text) for one in utterance])
    return [ShownWord(*word) for word in zip(final.split(), heard_s, shown_s, strict=True)]


def _since_s(final: str, texts: Sequence[tuple[float, str]]) -> list[float]:
    """Return since when all texts (with their times, the last being the final one) have each word of the final."""
    words = _plain(final)
    since_s = [texts[-1][0]] * len(words)
    still_there = set(range(len(words)))
    for at_s, text in reversed(texts):
        still_there &= {place for _, place in _matches(_plain(text), words)}
        for index in still_there:
            since_s[index] = at_s
    return since_s


def settled_words(utterance: Sequence[Revision]) -> tuple[int, int]:
    """
    Return (settled, changed): how many words were shown by `SETTLED_REVISIONS` in a row, and how many of them changed.

    Words are those of `plain_words`: another spelling is no change, nor is a word put in before. Revisions that only
    say how long the silence is count for nothing.
    """
    settled = changed = 0
    shown: list[str] = []
    ages: list[int] = []  # how many revisions in a row have shown each of these words
    for revision in utterance:
        if not (revision.is_decoded or revision.transcript.is_final):
            continue
        words = plain_words(revision.transcript.text)
        kept = {after: before for before, after in _matches(shown, words)}
        changed += sum(age >= SETTLED_REVISIONS for place, age in enumerate(ages) if place not in kept.values())
        ages = [1 + ages[kept[place]] if place in kept else 1 for place in range(len(words))]
        settled += ages.count(SETTLED_REVISIONS)
        shown = words
    return settled, changed


def _matches(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of the same word in both, in order, by longest common blocks."""
    for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        yield from ((block.a + offset, block.b + offset) for offset in range(block.size))


def _plain(text: str) -> list[str]:
    return [word.strip(string.punctuation).casefold() for word in text.split()]
