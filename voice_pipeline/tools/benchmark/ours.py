"""The recogniser of this package as a contestant: all revisions of a clip, one after another, and its final."""

from __future__ import annotations

from functools import partial

import numpy as np

from voice_pipeline.audio.activity import SileroActivity
from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples
from voice_pipeline.recognition.choose import FASTER, INSTALL, OPENAI, load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools import revisions as streaming
from voice_pipeline.tools.benchmark.contestant import Entry, Heard

# Digital silence around a clip, so that the endpointer finds its beginning and its end as in a live stream.
BEFORE_S, AFTER_S = 0.3, 1.0


class OurRecognizer:
    """The recogniser with its default settings but for these, fed frame by frame; see `revisions.revise`."""

    def __init__(self, threads: int, device: str, *, backend: str, adapter: str) -> None:
        self._settings = RecognitionSettings.from_mapping(
            {'backend': backend, 'device': device, 'threads': threads, 'adapter': adapter}
        )
        self._backend = load(self._settings)
        self._activity = SileroActivity()
        self.description = self._backend.description

    def hear(self, samples: Samples) -> Heard:
        """Return what is said; see `Contestant`."""
        padded = np.pad(samples, (round(BEFORE_S * SAMPLE_RATE_HZ), round(AFTER_S * SAMPLE_RATE_HZ)))
        made = list(streaming.revise(padded, self._settings, self._backend, self._activity))
        counts = [streaming.settled_words(utterance) for utterance in streaming.by_utterance(made)]
        return Heard(
            text=streaming.text_of(made),
            times_ms={'revision': tuple(streaming.work_ms(made)), 'final': tuple(streaming.final_ms(made))},
            settled_words=sum(settled for settled, _ in counts),
            changed_words=sum(changed for _, changed in counts),
        )


def our_entries(adapter: str) -> tuple[Entry, ...]:
    """Return an entry for each library that the recogniser can run on, with its default number of threads."""
    modules = {FASTER: 'faster_whisper', OPENAI: 'whisper'}
    return tuple(
        Entry(
            f'ours on {name}',
            modules[name],
            INSTALL[name].removeprefix('pip install '),
            partial(OurRecognizer, backend=name, adapter=adapter),
            is_ours=True,
            tunes_threads=False,
        )
        for name in modules
    )
