"""
The real path of the sound: a loudspeaker and a microphone in a sound server, PortAudio, the recogniser.

The room is a PulseAudio server of the test's own (Debian: pulseaudio pulseaudio-utils libasound2-plugins
libportaudio2): what is played into its null sink is what its microphone hears.
"""

import contextlib
import shutil
import subprocess
import threading
import time

import pytest
from speech import say

from voice_pipeline.audio import microphone
from voice_pipeline.audio.activity import SileroActivity
from voice_pipeline.audio.microphone import MicrophoneError, MicrophoneSource, list_devices, load_sounddevice
from voice_pipeline.audio.wav import write_sound
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.recognizer import SpeechRecognizer
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.tools.words import plain_words

PROGRAMS = ('pulseaudio', 'pactl', 'paplay')
pytestmark = pytest.mark.skipif(
    any(shutil.which(program) is None for program in PROGRAMS), reason='pulseaudio is not installed'
)
DEADLINE_S = 30.0
COMMAND = 'turn left ninety degrees'


def wait_until(condition, what):
    deadline_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline_s, f'waited in vain for: {what}'
        threading.Event().wait(0.02)


class Room:
    """A sound server with a loudspeaker and a microphone, which can be switched off and on again."""

    def __init__(self, folder):
        self._socket = folder / 'native'
        self._log = (folder / 'log').open('wb')
        self._server = None

    def switch_on(self):
        modules = (
            f'module-native-protocol-unix socket={self._socket} auth-anonymous=1',
            'module-null-sink sink_name=room rate=48000',
            'module-remap-source master=room.monitor source_name=microphone',
        )
        options = ['-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1', '--log-target=stderr']
        loaded = [argument for module in modules for argument in ('-L', module)]
        self._server = subprocess.Popen(['pulseaudio', *options, *loaded], stdout=self._log, stderr=self._log)
        ask = ['pactl', 'info']
        wait_until(lambda: subprocess.run(ask, capture_output=True, check=False).returncode == 0, 'the server')

    def switch_off(self):
        self._server.terminate()
        self._server.wait(timeout=10)
        self._socket.unlink(missing_ok=True)

    def close(self):
        if self._server is not None and self._server.poll() is None:
            self.switch_off()
        self._log.close()

    def play(self, path):
        subprocess.run(['paplay', '--device=room', str(path)], check=True, timeout=DEADLINE_S)


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A room of this test's own: it neither finds nor disturbs a sound server that runs here."""
    monkeypatch.setenv('PULSE_SERVER', f'unix:{tmp_path / "native"}')
    for name in ('HOME', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME'):
        monkeypatch.setenv(name, str(tmp_path))
    room = Room(tmp_path)
    try:
        room.switch_on()
        sounddevice = portaudio()
        if not any('pulse' in device.name for device in list_devices(sounddevice)):
            pytest.skip("ALSA's plugin for PulseAudio is not installed: libasound2-plugins")
        yield room
    finally:
        room.close()


def portaudio():
    """Return PortAudio, started anew: it looks for devices when it starts."""
    try:
        sounddevice = load_sounddevice()
    except MicrophoneError as error:
        pytest.skip(str(error))
    with contextlib.suppress(sounddevice.PortAudioError):
        sounddevice._terminate()
    sounddevice._initialize()
    return sounddevice


class Ear:
    """Listens to the microphone in a thread of its own, and recognises in another, as the nodes do."""

    def __init__(self):
        self.statuses, self.finals, self.frames = [], [], 0
        self.source = MicrophoneSource('pulse', reconnect_s=0.2, on_status=self.statuses.append)
        settings = RecognitionSettings(device='cpu', max_revision_hz=5.0)
        self._recognizer = SpeechRecognizer(settings, load(settings), SileroActivity())
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._capture, self._recognise)]

    def _capture(self):
        for frame in self.source.frames(self._stop):
            self.frames += 1
            self._recognizer.accept(frame, time.time_ns())

    def _recognise(self):
        while not self._stop.is_set():
            for made in self._recognizer.next_transcripts(timeout_s=0.1):
                if made.transcript.is_final:
                    self.finals.append(plain_words(made.transcript.text))
            self._recognizer.end_where_sound_is_missing()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        wait_until(lambda: self.frames > 10, 'sound from the microphone')
        return self

    def __exit__(self, *_exception):
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=10)


@pytest.fixture
def spoken(tmp_path):
    path = tmp_path / 'spoken.wav'
    write_sound(say(COMMAND, before_s=0.2, after_s=0.2), path)
    return path


def test_what_is_said_into_a_microphone_comes_out_as_text_also_after_the_microphone_was_lost(room, spoken):
    with Ear() as ear:
        room.play(spoken)
        wait_until(lambda: ear.finals, 'a transcript')
        room.switch_off()
        wait_until(lambda: ear.source.health.is_lost, 'the loss of the microphone')
        room.switch_on()
        wait_until(lambda: not ear.source.health.is_lost, 'the microphone')
        room.play(spoken)
        wait_until(lambda: len(ear.finals) > 1, 'another transcript')

    assert ear.finals == [plain_words(COMMAND)] * 2
    assert [status.split(':')[0] for status in ear.statuses] == ['microphone lost', 'microphone back']
    assert ear.source.health.losses == 1


def test_sound_that_nobody_takes_in_time_is_counted(room, monkeypatch):
    monkeypatch.setattr(microphone, '_QUEUED_BLOCKS', 4)
    source = MicrophoneSource('pulse')
    frames = source.frames(threading.Event())
    next(frames)
    wait_until(lambda: source.health.overruns > 0, 'an overrun')
    later = next(frames)
    frames.close()

    assert later.sequence == 1
    assert not source.health.is_lost
