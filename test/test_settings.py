"""A settings record refuses what it does not know, and says what it wants instead."""

from pathlib import Path
from typing import Annotated, Literal

import pytest

from voice_pipeline.__main__ import main
from voice_pipeline.limits import RobotLimits
from voice_pipeline.settings import Parameter, Settings, SettingsError, about
from voice_pipeline.tools.parameters import NODE_SETTINGS, yaml_files

ROOT = Path(__file__).resolve().parents[1]


class Example(Settings, frozen=True, kw_only=True):
    gain_db: Annotated[float, about('Gain', unit='dB', minimum=-40, maximum=40)] = 0.0
    source: Annotated[Literal['microphone', 'wav'], about('Where the sound comes from')] = 'microphone'
    frames: Annotated[int, about('How many', minimum=1)] = 3
    loud: Annotated[bool, about('Whether')] = True
    name: Annotated[str, about('What it is called')] = ''

    def __post_init__(self):
        if self.source == 'wav' and not self.name:
            raise ValueError("source 'wav' needs a name")


def test_fields_become_parameters_in_their_order():
    assert Example.parameters() == (
        Parameter('gain_db', float, 0.0, 'Gain', 'dB', -40, 40),
        Parameter('source', str, 'microphone', 'Where the sound comes from', choices=('microphone', 'wav')),
        Parameter('frames', int, 3, 'How many', minimum=1),
        Parameter('loud', bool, True, 'Whether'),
        Parameter('name', str, '', 'What it is called'),
    )


def test_an_integer_is_a_good_float():
    assert Example.from_mapping({'gain_db': 3}).gain_db == 3.0


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        ({'gain': 1.0}, "unknown parameter 'gain': did you mean 'gain_db'?"),
        ({'zzz': 1.0}, "unknown parameter 'zzz': known are: gain_db, source, frames, loud, name"),
        ({'gain_db': 99.0}, "parameter 'gain_db' is 99.0: expected `float` <= 40.0"),
        ({'gain_db': float('nan')}, "parameter 'gain_db' is nan: expected `float` >= -40.0"),
        ({'gain_db': 'loud'}, "parameter 'gain_db' is 'loud': expected `float`, got `str`"),
        ({'source': 'radio'}, "parameter 'source' is 'radio': expected one of microphone, wav"),
        ({'frames': 0}, "parameter 'frames' is 0: expected `int` >= 1"),
        ({'frames': 1.5}, "parameter 'frames' is 1.5: expected `int`, got `float`"),
        ({'source': 'wav'}, "source 'wav' needs a name"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name(values, reason):
    with pytest.raises(SettingsError) as caught:
        Example.from_mapping(values)
    assert str(caught.value) == reason


@pytest.mark.parametrize('node', NODE_SETTINGS)
def test_every_parameter_of_every_node_is_described_and_its_default_allowed(node):
    settings = NODE_SETTINGS[node]
    for parameter in settings.parameters():
        assert parameter.description, parameter.name
        assert parameter.type is not float or (parameter.minimum is not None or 'start' in parameter.name), parameter
        settings.from_mapping({**_needed(node), parameter.name: parameter.default})


def _needed(node):
    return {'wav': 'x.wav', 'pipe': 'x'} if node == 'audio_capture' else {}


def test_the_files_of_config_hold_the_declared_defaults():
    shipped = {path.name: path.read_text() for path in (ROOT / 'config').glob('*.yaml')}
    written = yaml_files()
    assert {name: shipped.get(name) for name in written} == written, 'run "make config"'


def test_the_limits_are_the_same_for_the_planner_and_the_controller():
    limits = RobotLimits.parameters()
    for node in ('action_planner', 'robot_control'):
        assert set(limits) <= set(NODE_SETTINGS[node].parameters())
    assert all(set(limits).isdisjoint(NODE_SETTINGS[node].parameters()) for node in ('monitor', 'audio_capture'))


def test_the_files_can_be_written_anywhere(tmp_path, capsys):
    assert main(['parameters', '--write', str(tmp_path / 'mine')]) == 0
    assert {path.name for path in (tmp_path / 'mine').iterdir()} == set(yaml_files())
    assert main(['parameters']) == 0
    assert '| `commit_silence_ms` | `160.0` | 0 to 2000 ms |' in capsys.readouterr().out
