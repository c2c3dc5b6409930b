"""The settings of speech recognition, and the only place of their defaults."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from voice_pipeline.recognition.window import MAX_SPEECH_S, MAX_WINDOW_S
from voice_pipeline.settings import Settings, about

BackendName = Literal['auto', 'openai-whisper', 'faster-whisper']
Device = Literal['auto', 'cpu', 'cuda']


class RecognitionSettings(Settings, frozen=True, kw_only=True):
    """Which Whisper hears, how often it revises, and when an utterance begins and ends."""

    model: Annotated[
        str,
        about(
            'tiny.en (comes with the package), another Whisper name (downloaded once), a .pt checkpoint or a '
            'CTranslate2 folder'
        ),
    ] = 'tiny.en'
    backend: Annotated[BackendName, about('Library that runs the model; auto takes the fastest that is here')] = 'auto'
    device: Annotated[Device, about('Where the model runs; auto takes the GPU where a backend can use it')] = 'auto'
    # Threads of CTranslate2 int8 on two cores, 10 s window: 1 takes 57 + 31 ms, 2 take 65 + 43 ms, 4 take 76 + 68 ms.
    threads: Annotated[int, about('CPU threads of the model', minimum=1, maximum=64)] = 1
    max_revision_hz: Annotated[
        float, about('Transcripts a second while someone speaks, at most', unit='Hz', minimum=1, maximum=32)
    ] = 20.0
    streams: Annotated[
        str,
        about(
            'Names of several streams of sound, with commas between: each NAME has its topics NAME/audio and '
            'NAME/transcript, and one model hears them all; empty: one stream, audio and transcript'
        ),
    ] = ''
    batch_wait_ms: Annotated[
        int,
        about(
            'Where several streams speak: a revision waits up to this long for those of the others',
            unit='ms',
            minimum=0,
            maximum=50,
        ),
    ] = 10
    # Of the words shown by three revisions in a row, so many changed later: on 100 clips 32.8 % with 0 ms, 11.5 % with
    # 200, 3.8 % with 400; on the 23 of `benchmark recognition` 4.9 % with 400, 3.6 % with 500, and with the
    # shortlist 6.5 % with 500.
    hold_ms: Annotated[
        int,
        about(
            'A word is put in the text once the revisions have agreed on it for this long, or the speaker pauses; '
            'commands do not wait for it',
            unit='ms',
            minimum=0,
            maximum=2000,
        ),
    ] = 500
    adapter: Annotated[
        str,
        about(
            'Numbers that teach the model to hear short windows, which is several times faster: auto (those that come '
            'with the package for this model), none, or the path of an adapter'
        ),
    ] = 'auto'
    vocabulary: Annotated[
        str,
        about('File of the names to expect (robot, places, people, objects); empty: vocabulary.yaml of the package'),
    ] = ''
    name_bias: Annotated[
        float,
        about(
            'How many nats less likely than what was heard a name of the vocabulary may be, to be taken nonetheless: '
            'this where all its letters were heard, less where fewer; 0: names are not expected',
            unit='nat',
            minimum=0,
            maximum=20,
        ),
    ] = 8.5
    shortlist: Annotated[
        bool,
        about(
            'While someone speaks, revisions are written with the tokens of common words and of the names only, which '
            'halves their time on a CPU (faster-whisper); at a pause, with all'
        ),
    ] = True
    padding_s: Annotated[
        float,
        about(
            'Silence the encoder is given after the speech, where the model has an adapter',
            unit='s',
            minimum=0.1,
            maximum=5,
        ),
    ] = 0.5
    window_s: Annotated[
        float,
        about(
            'Sound the encoder is given at least, padded with silence, where the model has no adapter or its answer is '
            'suspicious; less is faster, but below 8 s Whisper tends to say the sentence twice',
            unit='s',
            minimum=1,
            maximum=MAX_WINDOW_S,
        ),
    ] = 10.0
    final_window_s: Annotated[
        float,
        about(
            'Sound the encoder is given at least for the text at a pause, which may be the final one; 0: as for the '
            'revisions',
            unit='s',
            minimum=0,
            maximum=MAX_WINDOW_S,
        ),
    ] = 0.0
    speech_threshold: Annotated[
        float, about('Voice probability at which a frame counts as speech', minimum=0.01, maximum=0.99)
    ] = 0.4
    silence_threshold: Annotated[
        float, about('Voice probability below which speech counts as interrupted', minimum=0.01, maximum=0.99)
    ] = 0.35
    noise_threshold: Annotated[
        float,
        about('… and that a frame needs which is no louder than the steady noise', minimum=0.01, maximum=1),
    ] = 0.9
    min_speech_ms: Annotated[
        int, about('Uninterrupted voice that begins an utterance', unit='ms', minimum=32, maximum=1000)
    ] = 64
    pre_roll_ms: Annotated[
        int,
        about('Sound before the first voice that still belongs to the utterance', unit='ms', minimum=0, maximum=1000),
    ] = 320
    # On clean clips the text of the speech with 0, 32, 64, 128 and 256 ms after it is the same, punctuation aside; at
    # 10 dB SNR the last voice is found up to 70 ms before the end of the last word.
    tail_ms: Annotated[
        int, about('Sound after the last voice that is still recognised', unit='ms', minimum=0, maximum=1000)
    ] = 128
    # A pause of 600 ms in a command cut 69 of 168 commands in two with 600 ms, 8 with 704 ms and none with 768 ms: the
    # end of one word and the beginning of the next may be too weak to be voice, above all in noise.
    final_silence_ms: Annotated[int, about('Silence that ends an utterance', unit='ms', minimum=100, maximum=5000)] = (
        750
    )
    max_utterance_s: Annotated[
        float, about('Speech after which an utterance is ended anyway', unit='s', minimum=1, maximum=MAX_SPEECH_S)
    ] = 20.0
    speaking_tail_ms: Annotated[
        int,
        about(
            'After the robot has spoken, its voice is still in the room for this long: what begins meanwhile can only '
            'stop it',
            unit='ms',
            minimum=0,
            maximum=2000,
        ),
    ] = 250
    # Whisper's own thresholds and rule (Radford et al. 2022, section 4.5).
    no_speech_threshold: Annotated[
        float, about('Probability of no speech from which an unlikely text is dropped', minimum=0, maximum=1)
    ] = 0.6
    log_probability_threshold: Annotated[
        float, about('Mean log-probability of a token below which a text is unlikely', minimum=-10, maximum=0)
    ] = -1.0

    @property
    def stream_names(self) -> tuple[str, ...]:
        """The streams, one with an empty name where none is named."""
        return tuple(name.strip() for name in self.streams.split(','))

    def __post_init__(self) -> None:
        """Check what concerns several fields at once."""
        if self.silence_threshold > self.speech_threshold:
            raise ValueError(
                f'silence_threshold ({self.silence_threshold}) must not exceed speech_threshold '
                f'({self.speech_threshold})'
            )
        names = self.stream_names
        if len(set(names)) < len(names) or not all(
            re.fullmatch(r'[A-Za-z]\w*', name) for name in names if self.streams
        ):
            raise ValueError(
                f"streams is '{self.streams}'; expected different names of letters, digits and underscores with commas "
                'between, such as kitchen,hall'
            )
        for name in ('pre_roll_ms', 'tail_ms'):
            if getattr(self, name) > self.final_silence_ms:
                raise ValueError(
                    f'{name} ({getattr(self, name)}) must not exceed final_silence_ms ({self.final_silence_ms})'
                )
        longest_s = (self.pre_roll_ms + self.min_speech_ms) / 1000 + self.max_utterance_s
        if longest_s > MAX_SPEECH_S:
            raise ValueError(
                f'pre_roll_ms, min_speech_ms and max_utterance_s together are {longest_s:.2f} s; Whisper hears at most '
                f'{MAX_SPEECH_S} s: lower max_utterance_s'
            )
