"""The settings that the nodes would start with, as the doctor's checks ask for them."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from voice_pipeline.monitoring.budgets import BudgetError, Budgets, load_budgets
from voice_pipeline.monitoring.settings import MonitorSettings
from voice_pipeline.settings import Settings
from voice_pipeline.tools.doctor.check import CheckError, skipped
from voice_pipeline.tools.doctor.options import Options
from voice_pipeline.tools.parameter_files import ParameterFileError, installed_folder, node_settings
from voice_pipeline.tools.parameters import NODE_SETTINGS

SettingsT = TypeVar('SettingsT', bound=Settings)

# Which launch argument sets which parameter of which node, as in voice_pipeline.launch.py.
OVERRIDES: dict[str, dict[str, str]] = {
    'audio_capture': {'device': 'microphone'},
    'speech_recognition': {'model': 'model', 'backend': 'backend', 'device': 'device', 'vocabulary': 'vocabulary'},
    'intent_parser': {'vocabulary': 'vocabulary'},
    'action_planner': {'vocabulary': 'vocabulary'},
    'speaker': {'device': 'loudspeaker'},
}


class Configuration:
    """The parameter files of a folder, with what is given at launch on top."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @property
    def folder(self) -> Path:
        """Where the parameter files are. Raises `ParameterFileError`."""
        given = self._options.config
        return Path(given).expanduser() if given else installed_folder()

    def node(self, name: str) -> Settings:
        """Return the settings of a node as it would start with. Raises `ParameterFileError`."""
        overrides = OVERRIDES.get(name, {})
        given = {parameter: getattr(self._options, option) for parameter, option in overrides.items()}
        return node_settings(
            self.folder, name, NODE_SETTINGS[name], {parameter: value for parameter, value in given.items() if value}
        )


def settings_of(configuration: Configuration, node: str, kind: type[SettingsT]) -> SettingsT:
    """Return the settings of a node; raises `CheckError` ("skipped") where its file is wrong: `parameters` says so."""
    try:
        settings = configuration.node(node)
    except ParameterFileError:
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
