"""The parameter files of the nodes, read without ROS as the nodes would read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml

from voice_pipeline.limits import RobotLimits
from voice_pipeline.monitoring.budgets import BudgetError, Budgets, load_budgets
from voice_pipeline.monitoring.settings import MonitorSettings
from voice_pipeline.paths import config_file
from voice_pipeline.settings import Settings, SettingsError
from voice_pipeline.tools.doctor.check import CheckError, skipped
from voice_pipeline.tools.doctor.options import Options
from voice_pipeline.tools.parameters import LIMITS, NODE_SETTINGS

SettingsT = TypeVar('SettingsT', bound=Settings)

# Which launch argument sets which parameter of which node, as in voice_pipeline.launch.py.
OVERRIDES: dict[str, dict[str, str]] = {
    'audio_capture': {'device': 'microphone'},
    'speech_recognition': {'model': 'model', 'backend': 'backend', 'device': 'device', 'vocabulary': 'vocabulary'},
    'intent_parser': {'vocabulary': 'vocabulary'},
    'action_planner': {'vocabulary': 'vocabulary'},
    'speaker': {'device': 'loudspeaker'},
}


class ConfigurationError(ValueError):
    """A parameter file cannot be used; the text names the file and says what is wrong in it."""


class Configuration:
    """The parameter files of a folder, with what is given at launch on top."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @property
    def folder(self) -> Path:
        """Where the parameter files are. Raises `ConfigurationError`."""
        if self._options.config:
            return Path(self._options.config).expanduser()
        try:
            return config_file('budgets.yaml').parent
        except FileNotFoundError as missing:
            raise ConfigurationError(f'{missing}: install the package again') from None

    def node(self, name: str) -> Settings:
        """Return the settings of a node as it would start with. Raises `ConfigurationError`."""
        kind = NODE_SETTINGS[name]
        files = [f'{name}.yaml', *([f'{LIMITS}.yaml'] if issubclass(kind, RobotLimits) else [])]
        values: dict[str, Any] = {}
        for file in files:
            values |= self._read(file, name)
        for parameter, option in OVERRIDES.get(name, {}).items():
            if given := getattr(self._options, option):
                values[parameter] = given
        try:
            return kind.from_mapping(values)
        except SettingsError as wrong:
            raise ConfigurationError(f'{self.folder / f"{name}.yaml"}: {wrong}') from None

    def _read(self, file: str, node: str) -> dict[str, Any]:
        """Return the parameters of a node in a file; a file that is not there sets none, as with `ros2 launch`."""
        path = self.folder / file
        if not path.exists() and self.folder.is_dir():
            return {}
        try:
            document = yaml.safe_load(path.read_text(encoding='utf-8'))
        except (OSError, UnicodeDecodeError) as failure:
            raise ConfigurationError(f'{path} cannot be read: {failure}') from None
        except yaml.YAMLError as failure:
            raise ConfigurationError(f'{path} is not valid YAML: {failure}') from None
        if not isinstance(document, dict):
            raise ConfigurationError(f'{path} holds no parameters: expected "/**/{node}:" and "ros__parameters:"')
        values: dict[str, Any] = {}
        for pattern, body in document.items():
            if str(pattern).rpartition('/')[2] in (node, '**', '*'):
                values |= _parameters(path, body)
        return values


def _parameters(path: Path, body: Any) -> dict[str, Any]:
    values = body.get('ros__parameters') if isinstance(body, dict) else None
    if not isinstance(values, dict):
        raise ConfigurationError(f'{path} has no "ros__parameters:" below the name of the node')
    return {str(name): value for name, value in values.items()}


def settings_of(configuration: Configuration, node: str, kind: type[SettingsT]) -> SettingsT:
    """Return the settings of a node; raises `CheckError` ("skipped") where its file is wrong: `parameters` says so."""
    try:
        settings = configuration.node(node)
    except ConfigurationError:
        raise CheckError(skipped('the parameter files cannot be used (see parameters)')) from None
    assert isinstance(settings, kind)
    return settings


def read_budgets(configuration: Configuration) -> Budgets:
    """Return the budgets that the monitor would judge by. Raises `BudgetError`, `FileNotFoundError`, `CheckError`."""
    monitor = settings_of(configuration, 'monitor', MonitorSettings)
    return load_budgets(Path(monitor.budgets).expanduser() if monitor.budgets else None)


def budgets_of(configuration: Configuration) -> Budgets:
    """Return what `read_budgets` does; raises `CheckError` ("skipped") where it cannot: the check `budgets` says so."""
    try:
        return read_budgets(configuration)
    except (BudgetError, FileNotFoundError):
        raise CheckError(skipped('the budgets cannot be read (see budgets)')) from None
