"""The engines that turn a sentence into sound, behind one method, and which of them to take."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Samples
from voice_pipeline.audio.speech import SpeechError, synthesise
from voice_pipeline.audio.wav import SoundFileError, read_sound
from voice_pipeline.speech.settings import SpeakerSettings

ESPEAK = 'espeak-ng'
ESPEAK_WORDS_PER_MINUTE = 165
ESPEAK_TIMEOUT_S = 10.0
NO_ENGINE = 'no voice is installed: pip install hibari-tts, or sudo apt-get install espeak-ng'


class Voice(Protocol):
    """Something that can speak."""

    description: str

    def speak(self, sentence: str) -> Samples:
        """Return the sentence as 16 kHz mono int16 of shape (n,), n = 0 for one without words. Raises `SpeechError`."""


class HibariVoice:
    """The neural voice of the wheel hibari-tts."""

    description = 'hibari'

    def __init__(self, rate: float = 1.0) -> None:
        """Load it, which takes a second or two. Raises `SpeechError`."""
        self._rate = rate
        synthesise('ready', rate=rate)

    def speak(self, sentence: str) -> Samples:
        """See `Voice.speak`."""
        try:
            return synthesise(sentence, rate=self._rate)
        except ValueError as error:  # it stumbles over the digits of some scripts
            raise SpeechError(f'hibari cannot read "{sentence}": {error}') from None


class EspeakVoice:
    """The formant voice of the program espeak-ng: small, quick, plain."""

    description = ESPEAK

    def __init__(self, rate: float = 1.0) -> None:
        """Look for the program. Raises `SpeechError`."""
        if shutil.which(ESPEAK) is None:
            raise SpeechError(f'the program {ESPEAK} is not installed: sudo apt-get install espeak-ng')
        self._words_per_minute = round(ESPEAK_WORDS_PER_MINUTE * rate)

    def speak(self, sentence: str) -> Samples:
        """See `Voice.speak`."""
        with tempfile.TemporaryDirectory(prefix='voice_pipeline_') as folder:
            file = Path(folder) / 'said.wav'
            # The sentence goes in through standard input, and without what would be phonemes: it is data.
            command = [ESPEAK, '-v', 'en', '-s', str(self._words_per_minute), '-w', str(file), '--stdin']
            words = sentence.replace('[[', ' ').encode('utf-8', errors='replace')
            try:
                subprocess.run(command, input=words, capture_output=True, timeout=ESPEAK_TIMEOUT_S, check=True)
                return read_sound(file)
            except (OSError, subprocess.SubprocessError, SoundFileError) as error:
                raise SpeechError(f'{ESPEAK} could not speak: {error}') from None


class CachedVoice:
    """A voice that keeps the sound of what it said last, up to `cache_s` seconds of it, to say it again at once."""

    def __init__(self, voice: Voice, cache_s: float) -> None:
        self.description = voice.description
        self._voice = voice
        self._room = round(cache_s * SAMPLE_RATE_HZ)
        self._sounds: OrderedDict[str, Samples] = OrderedDict()

    def speak(self, sentence: str) -> Samples:
        """See `Voice.speak`."""
        sound = self._sounds.pop(sentence, None)
        if sound is None:
            sound = self._voice.speak(sentence)
            self._room -= len(sound)
        self._sounds[sentence] = sound
        while self._room < 0:
            _, forgotten = self._sounds.popitem(last=False)
            self._room += len(forgotten)
        return sound


def load_voice(settings: SpeakerSettings) -> Voice | None:
    """Return the voice that the settings ask for, ready to speak, or None for 'none'. Raises `SpeechError`."""
    engine = settings.engine
    if engine == 'none':
        return None
    if engine == 'auto':
        engine = 'hibari' if importlib.util.find_spec('hibari') is not None else 'espeak-ng'
        if engine == 'espeak-ng' and shutil.which(ESPEAK) is None:
            raise SpeechError(NO_ENGINE)
    voice: Voice = HibariVoice(settings.rate) if engine == 'hibari' else EspeakVoice(settings.rate)
    return CachedVoice(voice, settings.cache_s)
