"""The settings of the speaker."""

from __future__ import annotations

from typing import Annotated, Literal

from voice_pipeline.settings import Settings, about


class SpeakerSettings(Settings, frozen=True, kw_only=True):
    """With which voice the robot speaks, through what, and when it is silent."""

    engine: Annotated[
        Literal['auto', 'hibari', 'espeak-ng', 'none'],
        about('What turns words into sound; auto takes the neural voice where it is installed'),
    ] = 'auto'
    rate: Annotated[float, about("Tempo, of the voice's own", minimum=0.5, maximum=2)] = 1.0
    volume: Annotated[float, about('Loudness, of the full', minimum=0, maximum=1)] = 1.0
    device: Annotated[
        str, about("Loudspeaker: its index or a part of its name, as PortAudio lists them; '' is the default")
    ] = ''
    max_waiting: Annotated[
        int, about('Sentences that may wait; of more, the oldest is not said', minimum=1, maximum=20)
    ] = 3
    repeat_s: Annotated[float, about('The same is not said again for so long', unit='s', minimum=0, maximum=600)] = 5.0
    tail_ms: Annotated[
        int,
        about(
            'The robot counts as speaking for so long after a sound: the room echoes',
            unit='ms',
            minimum=0,
            maximum=2000,
        ),
    ] = 150
    interruptible: Annotated[bool, about('Be silent when someone speaks; a stop silences it always')] = True
    interrupt_confidence: Annotated[
        float, about('Confidence of a transcript from which it is someone who speaks', minimum=0, maximum=1)
    ] = 0.4
    cache_s: Annotated[
        float, about('Sound that is kept, to say the same again at once', unit='s', minimum=0, maximum=3600)
    ] = 60.0
