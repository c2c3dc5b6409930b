"""The parameter files of the nodes, read without ROS as the nodes of the launch file read them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from voice_pipeline.limits import RobotLimits
from voice_pipeline.paths import config_file
from voice_pipeline.settings import Settings, SettingsError
from voice_pipeline.tools.parameters import LIMITS
from voice_pipeline.yaml_file import load_yaml

SettingsT = TypeVar('SettingsT', bound=Settings)


class ParameterFileError(SettingsError):
    """A parameter file cannot be used; the text names the file and says what is wrong in it."""


def installed_folder() -> Path:
    """Return where the installed parameter files are. Raises `ParameterFileError`."""
    try:
        return config_file(f'{LIMITS}.yaml').parent
    except FileNotFoundError as missing:
        raise ParameterFileError(f'{missing}: install the package again') from None


def node_settings(folder: Path, node: str, kind: type[SettingsT], given: Mapping[str, object]) -> SettingsT:
    """
    Return the settings that a node would start with: its file, the robot's limits over it, and what is `given` on top.

    A file that is not there, or is empty, sets nothing, as with `ros2 launch`. Raises `ParameterFileError`.
    """
    if not folder.is_dir():
        raise ParameterFileError(f'{folder}: there is no such folder of parameter files')
    file = folder / f'{node}.yaml'
    values = _read(file, node)
    if issubclass(kind, RobotLimits):
        limits_file = folder / f'{LIMITS}.yaml'
        limits = _read(limits_file, node)
        _convert(RobotLimits, limits, limits_file)  # for an error that names this file
        values |= limits
    return _convert(kind, {**values, **given}, file)


def _read(file: Path, node: str) -> dict[str, Any]:
    """Return the parameters that a file holds for a node, or for all nodes."""
    if not _exists(file):
        return {}
    document = load_yaml(file, ParameterFileError)
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise _not_parameters(file)
    values: dict[str, Any] = {}
    for pattern, body in document.items():
        if str(pattern).rpartition('/')[2] in (node, '**', '*'):
            own = body.get('ros__parameters') if isinstance(body, dict) else None
            if not isinstance(own, dict):
                raise _not_parameters(file)
            values |= {str(name): value for name, value in own.items()}
    return values


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except OSError as problem:  # a folder that this user may not look into
        raise ParameterFileError(f'{file}: cannot be read: {problem}') from None


def _not_parameters(file: Path) -> ParameterFileError:
    return ParameterFileError(
        f'{file}: not a parameter file: expected "ros__parameters:" below the name of the node, or below "/**:"'
    )


def _convert(kind: type[SettingsT], values: Mapping[str, object], file: Path) -> SettingsT:
    try:
        return kind.from_mapping(values)
    except SettingsError as wrong:
        raise ParameterFileError(f'{file}: {wrong}') from None
