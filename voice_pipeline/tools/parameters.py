"""The parameters of all nodes, from their settings records: as tables, or as the files of `config/`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from voice_pipeline.audio.settings import CaptureSettings
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.dashboard.settings import DashboardSettings
from voice_pipeline.limits import RobotLimits
from voice_pipeline.monitoring.settings import MonitorSettings
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.profiling.settings import ProfileSettings
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.settings import Parameter, Settings
from voice_pipeline.simulation.settings import SimulationSettings
from voice_pipeline.speech.settings import SpeakerSettings
from voice_pipeline.understanding.settings import UnderstandingSettings

NODE_SETTINGS: dict[str, type[Settings]] = {
    'audio_capture': CaptureSettings,
    'speech_recognition': RecognitionSettings,
    'intent_parser': UnderstandingSettings,
    'action_planner': PlanningSettings,
    'robot_control': ControlSettings,
    'monitor': MonitorSettings,
    'speaker': SpeakerSettings,
    'simulated_robot': SimulationSettings,
    'dashboard': DashboardSettings,
}

# Settings of several nodes stand in a file of their own, which all of these read: the limits are kept by two nodes, and
# every node can be profiled.
LIMITS = 'robot'
PROFILE = 'profile'
SHARED_SETTINGS: dict[str, type[Settings]] = {LIMITS: RobotLimits, PROFILE: ProfileSettings}

_HEADER = """\
# Parameters of {node}: {purpose}
# Every value is the default, written by "make config". To change one, copy this folder, edit the copy, and start with
#     ros2 launch voice_pipeline voice_pipeline.launch.py config:=FOLDER
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('--write', metavar='FOLDER', type=Path, help='write one YAML parameter file a node')


def main(arguments: argparse.Namespace) -> int:
    """Run the command."""
    if arguments.write is None:
        print('\n'.join(markdown(name, settings) for name, settings in _sections().items()))
        return 0
    arguments.write.mkdir(parents=True, exist_ok=True)
    for name, text in yaml_files().items():
        path = arguments.write / name
        path.write_text(text, encoding='utf-8')
        print(path)
    return 0


def yaml_files() -> dict[str, str]:
    """Return the parameter files by name; each value stands under its description, unit and bounds."""
    return {f'{name}.yaml': _yaml(name, settings) for name, settings in _sections().items()}


def _sections() -> dict[str, type[Settings]]:
    return {**SHARED_SETTINGS, **NODE_SETTINGS}


def _own_parameters(settings: type[Settings]) -> list[Parameter]:
    """Return the parameters without those that stand with the robot's limits."""
    if settings is RobotLimits or not issubclass(settings, RobotLimits):
        return list(settings.parameters())
    return [parameter for parameter in settings.parameters() if parameter not in RobotLimits.parameters()]


def _yaml(name: str, settings: type[Settings]) -> str:
    nodes = '/**' if name in SHARED_SETTINGS else f'/**/{name}'
    lines = [_HEADER.format(node=name, purpose=_purpose(settings)) + f'{nodes}:', '  ros__parameters:']
    for parameter in _own_parameters(settings):
        allowed = _allowed(parameter)
        lines.append(f'    # {parameter.description}{f" [{allowed}]" if allowed else ""}')
        lines.append(f'    {parameter.name}: {json.dumps(parameter.default)}')
    return '\n'.join(lines) + '\n'


def markdown(name: str, settings: type[Settings]) -> str:
    """Return the parameters of one file as a table for people."""
    head = '| parameter | default | allowed | what it is |\n|---|---|---|---|'
    rows = [f'### {name}\n', f'{_purpose(settings)}\n', head]
    rows += [
        f'| `{parameter.name}` | `{json.dumps(parameter.default)}` | {_allowed(parameter)} | {parameter.description} |'
        for parameter in _own_parameters(settings)
    ]
    return '\n'.join(rows) + '\n'


def _purpose(settings: type[Settings]) -> str:
    return (settings.__doc__ or '').strip().split('\n')[0]


def _allowed(parameter: Parameter) -> str:
    """Say the bounds and the unit: "0 to 5 s", "auto, cpu, cuda"."""
    if parameter.choices:
        return ', '.join(parameter.choices)
    bounds = [f'{bound:g}' for bound in (parameter.minimum, parameter.maximum) if bound is not None]
    if parameter.minimum is not None and parameter.maximum is None:
        bounds = [f'{parameter.minimum:g} or more']
    return ' '.join(part for part in (' to '.join(bounds), parameter.unit) if part)
