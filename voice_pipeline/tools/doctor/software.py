"""Which Python runs this, and what is installed for it; nothing is imported to find out."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec

from voice_pipeline.paths import PACKAGE


@dataclass(frozen=True)
class Interpreter:
    """The running Python: `prefix` is that of the virtual environment, `base_prefix` that of Python itself."""

    version: tuple[int, int]
    executable: str
    prefix: str
    base_prefix: str

    @property
    def is_virtual(self) -> bool:
        """Whether it is a virtual environment."""
        return self.prefix != self.base_prefix


def this_interpreter() -> Interpreter:
    """Return the Python that runs this."""
    return Interpreter(sys.version_info[:2], sys.executable, sys.prefix, sys.base_prefix)


def required_packages() -> tuple[str, ...]:
    """Return the distributions that this package needs in every case; empty where it is not installed."""
    try:
        lines = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return ()
    names = (re.match(r'[\w.-]+', line) for line in lines if 'extra ==' not in line)
    return tuple(name.group() for name in names if name)


def origin_of(module: str) -> str:
    """Return the folder that a module would be imported from; '' where it is not there. Nothing is imported."""
    spec = find_spec(module)
    if spec is None:
        return ''
    folders = list(spec.submodule_search_locations or ())
    return folders[0] if folders else spec.origin or ''


def distribution_of(path: str) -> str:
    """Return the ROS distribution whose installation the path belongs to ("/opt/ros/jazzy/lib" is jazzy), or ''."""
    found = re.match(r'/opt/ros/(\w+)', path)
    return found[1] if found else ''


def find_distribution(environment: Mapping[str, str], installed: Iterable[str] | None = None) -> str:
    """
    Return the name of the ROS distribution in use: the sourced one, else that of the wheels, else ''.

    `installed` are the names of Python distributions, by default of those that are there.
    """
    if sourced := environment.get('ROS_DISTRO', ''):
        return sourced
    names = (re.fullmatch(r'ros-(\w+)-rclpy', name) for name in installed or installed_distributions())
    return next((name[1] for name in names if name), '')


def installed_distributions() -> Iterable[str]:
    """Yield the names of all installed Python distributions."""
    return (str(distribution.metadata['Name']) for distribution in metadata.distributions())
