"""Synthetic voices: hibari, flite, festival and espeak-ng, as far as they are installed."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, to_float
from voice_pipeline.audio.speech import SpeechError, synthesise
from voice_pipeline.audio.wav import SoundFileError, read_sound

Sound = npt.NDArray[np.float32]
Speak = Callable[[str, str, float], Sound]  # voice, text, rate -> samples at 16 kHz

TIMEOUT_S = 60.0
ESPEAK_WORDS_PER_MINUTE = 165
_ESPEAK_ACCENTS = ('en-us', 'en-gb', 'en-gb-x-rp', 'en-gb-x-gbclan', 'en-us-nyc', 'en-029')
_ESPEAK_VARIANTS = (
    '',
    '+f1',
    '+f2',
    '+f3',
    '+f5',
    '+m1',
    '+m2',
    '+m3',
    '+m4',
    '+m7',
    '+Andy',
    '+Annie',
    '+Lee',
    '+Gene',
)

# Heard in evaluation only.
HELD_OUT_VOICES = ('flite rms', 'festival ked_diphone', 'espeak-ng en-gb-scotland+f4')


@dataclass(frozen=True)
class Voice:
    """One voice of one generator."""

    generator: str
    voice: str

    @property
    def name(self) -> str:
        """The name that reports use."""
        return f'{self.generator} {self.voice}'

    def speak(self, text: str, rate: float = 1.0) -> Sound:
        """
        Return the sentence at 16 kHz, shape (n,), n > 0; `rate` is the tempo, 1 the voice's own.

        The statistical voices of festival (`…_hts`) speak at their own tempo only. Raises `SpeechError`.
        """
        sound = GENERATORS[self.generator].speak(self.voice, text, rate)
        if not len(sound):
            raise SpeechError(f'{self.name} says nothing for {text!r}')
        return sound


@dataclass(frozen=True)
class Generator:
    """A speech synthesiser: which voices it has here, how it speaks, and its share of the training speech."""

    voices: Callable[[], list[str]]
    speak: Speak
    share: float
    install: str


def available_voices() -> tuple[list[Voice], list[str]]:
    """Return all voices of this machine, and for each generator that is missing a line that says how to install it."""
    voices, missing = [], []
    for name, generator in GENERATORS.items():
        found = generator.voices()
        voices += [Voice(name, voice) for voice in found]
        if not found:
            missing.append(f'{name} ({generator.install})')
    return voices, missing


def pick(voices: list[Voice], rng: np.random.Generator) -> Voice:
    """Return one of the voices: a generator by its share, then any voice of it."""
    names = sorted({voice.generator for voice in voices})
    shares = np.array([GENERATORS[name].share for name in names])
    name = names[rng.choice(len(names), p=shares / shares.sum())]
    candidates = [voice for voice in voices if voice.generator == name]
    return candidates[rng.integers(0, len(candidates))]


def _hibari_voices() -> list[str]:
    try:
        from hibari import voices
    except ImportError:
        return []
    found = []
    for voice in voices.VOICES:
        try:
            voices.voice_path(voice, download_missing=False)
        except FileNotFoundError:
            continue
        found.append(voice)
    return found


def _hibari(voice: str, text: str, rate: float) -> Sound:
    return to_float(synthesise(text, voice, rate))


@functools.lru_cache(maxsize=1)
def _flite_voices() -> list[str]:
    if not shutil.which('flite'):
        return []
    listed = _run(['flite', '-lv']).partition(':')[2].split()
    return [voice for voice in listed if voice in ('kal16', 'awb', 'rms', 'slt')]  # the others are 8 kHz or cannot read


def _flite(voice: str, text: str, rate: float) -> Sound:
    options = ['-voice', voice, '--setf', f'duration_stretch={1 / rate:.3f}']
    return _through_file(lambda file: _run(['flite', *options, '-t', text, '-o', str(file)]))


def _festival_voices() -> list[str]:
    folders = (Path('/usr/share/festival/voices'), Path('/usr/local/share/festival/voices'))
    if not shutil.which('festival'):
        return []
    return sorted(
        path.name for folder in folders for language in ('english', 'us') for path in folder.glob(f'{language}/*')
    )


def _festival(voice: str, text: str, rate: float) -> Sound:
    quoted = text.replace('\\', ' ').replace('"', ' ')

    def write(file: Path) -> None:
        script = (
            f"(voice_{voice}) (Parameter.set 'Duration_Stretch {1 / rate:.3f}) "
            f'(set! spoken (Utterance Text "{quoted}")) (utt.synth spoken) (utt.save.wave spoken "{file}" \'riff)'
        )
        _run(['festival', '--pipe'], script)

    return _through_file(write)


def _espeak_voices() -> list[str]:
    if not shutil.which('espeak-ng'):
        return []
    return [accent + variant for accent, variant in product(_ESPEAK_ACCENTS, _ESPEAK_VARIANTS)] + ['en-gb-scotland+f4']


def _espeak(voice: str, text: str, rate: float) -> Sound:
    speed = str(round(ESPEAK_WORDS_PER_MINUTE * rate))
    return _through_file(lambda file: _run(['espeak-ng', '-v', voice, '-s', speed, '-w', str(file), '--', text]))


def _run(command: list[str], script: str = '') -> str:
    try:
        done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise SpeechError(f'{command[0]} cannot speak: {error}') from error
    return done.stdout


def _through_file(write: Callable[[Path], object]) -> Sound:
    with tempfile.TemporaryDirectory(prefix='voice_pipeline_') as folder:
        file = Path(folder) / 'speech.wav'
        write(file)
        try:
            return to_float(read_sound(file))
        except SoundFileError as error:
            raise SpeechError(str(error)) from error


GENERATORS = {
    'hibari': Generator(_hibari_voices, _hibari, 0.4, 'pip install hibari-tts'),
    'flite': Generator(_flite_voices, _flite, 0.25, 'apt-get install flite'),
    'festival': Generator(
        _festival_voices,
        _festival,
        0.15,
        'apt-get install festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts',
    ),
    'espeak-ng': Generator(_espeak_voices, _espeak, 0.2, 'apt-get install espeak-ng'),
}


def resampled(sound: Sound, factor: float) -> Sound:
    """Return the sound played `factor` times as fast, so that its pitch rises with it."""
    import soxr

    result: Sound = soxr.resample(sound, SAMPLE_RATE_HZ * factor, SAMPLE_RATE_HZ)
    return result
