"""The tool that lists microphones."""

import argparse
import json

import pytest

from voice_pipeline.audio.microphone import Device, MicrophoneError
from voice_pipeline.tools import devices

MICROPHONES = [
    Device(index=2, name='USB Mic [array] (hw:1,0)', channels=6, rate_hz=16_000, is_default=False),
    Device(index=7, name='default', channels=32, rate_hz=44_100, is_default=True),
]


@pytest.fixture
def run(monkeypatch, capsys):
    def run_tool(found, *options):
        def list_devices():
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(devices, 'list_devices', list_devices)
        parser = argparse.ArgumentParser()
        devices.add_arguments(parser)
        code = devices.main(parser.parse_args(options))
        return code, *capsys.readouterr()

    return run_tool


def test_the_table_shows_every_microphone_and_marks_the_default(run):
    code, out, err = run(MICROPHONES)
    rows = {line.split('│')[1].strip(): line for line in out.splitlines() if line.count('│') == 6}

    assert code == 0
    assert err == ''
    assert all(text in rows['2'] for text in ('USB Mic [array] (hw:1,0)', '6', '16000'))
    assert '✓' not in rows['2']
    assert '✓' in rows['7']


def test_json_gives_the_same_as_data(run):
    code, out, _ = run(MICROPHONES, '--json')

    assert code == 0
    assert [Device(**entry) for entry in json.loads(out)] == MICROPHONES


@pytest.mark.parametrize(('options', 'expected_out'), [((), ''), (('--json',), '[]\n')])
def test_no_microphone_is_said_with_advice(run, options, expected_out):
    code, out, err = run([], *options)

    assert code == 1
    assert out == expected_out
    assert 'no microphone found: plug one in' in err


def test_a_missing_portaudio_is_said_with_advice(run):
    code, out, err = run(MicrophoneError('the PortAudio library is missing: sudo apt-get install libportaudio2'))

    assert (code, out) == (1, '')
    assert err == 'the PortAudio library is missing: sudo apt-get install libportaudio2\n'
