"""Python and its packages: the right versions, all there, and from one place."""

from __future__ import annotations

import site
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path

from voice_pipeline.paths import PACKAGE
from voice_pipeline.tools.doctor.check import Check, Finding, error, ok, skipped, warning
from voice_pipeline.tools.doctor.software import (
    Interpreter,
    distribution_of,
    find_distribution,
    origin_of,
    required_packages,
)
from voice_pipeline.tools.doctor.surroundings import Surroundings

OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 12)
# The message packages of these distributions are compiled against NumPy 1.
_NUMPY_1_DISTRIBUTIONS = ('humble', 'iron', 'jazzy')
_SET_UP = 'run "make setup" in the source folder'
_MODULES = ('rclpy', 'numpy', 'msgspec', 'torch', 'ctranslate2')

Version = Callable[[str], str]  # of an installed distribution; raises `PackageNotFoundError`


def checks(here: Surroundings) -> tuple[Check, ...]:
    """Return the checks of Python and its packages."""
    group = 'Installation'

    def look_for_mixture() -> Finding:
        origins = {name: origin_of(name) for name in _MODULES}
        return check_mixture(here.python, origins, here.environment, site.getusersitepackages())

    return (
        Check('python', group, 'a Python that is supported?', lambda: check_python(here.python)),
        Check('packages', group, 'all libraries installed?', lambda: check_packages(required_packages())),
        Check('numpy', group, 'a NumPy that goes with ROS?', lambda: check_numpy(find_distribution(here.environment))),
        Check('mixture', group, 'two ROS, or two installations of packages?', look_for_mixture),
    )


def check_python(python: Interpreter) -> Finding:
    """Is it a Python that the pipeline runs on?"""
    number = '.'.join(map(str, python.version))
    where = (
        f'in the virtual environment {python.prefix}' if python.is_virtual else f'of the system ({python.executable})'
    )
    if not OLDEST_PYTHON <= python.version <= NEWEST_PYTHON:
        return error(
            f'Python {number} {where}; 3.10 to 3.12 are supported', 'name another one: PYTHON=python3.12 make setup'
        )
    return ok(f'Python {number} {where}')


def check_packages(required: Iterable[str], version: Version = metadata.version) -> Finding:
    """Are all libraries there that the pipeline needs in every case?"""
    names = tuple(required)
    if not names:
        return skipped(f'{PACKAGE} is run from its source folder, and does not say what it needs')
    missing = [name for name in names if _version(name, version) is None]
    if missing:
        return error(f'not installed: {", ".join(missing)}', f'{_SET_UP}, or: pip install {" ".join(missing)}')
    return ok(f'all {len(names)} libraries are installed')


def check_numpy(distribution: str, version: Version = metadata.version) -> Finding:
    """Does NumPy go with the messages of this ROS distribution ('' where none is known)?"""
    numpy = _version('numpy', version)
    if numpy is None:
        return error('NumPy is not installed', "pip install 'numpy<2'")
    if distribution in _NUMPY_1_DISTRIBUTIONS and int(numpy.partition('.')[0]) >= 2:
        return error(
            f'NumPy {numpy}, but the messages of ROS 2 {distribution.capitalize()} are compiled against NumPy 1: '
            'nodes crash when they send or receive arrays',
            "pip install 'numpy<2'",
        )
    return ok(f'NumPy {numpy}' + (f' goes with ROS 2 {distribution.capitalize()}' if distribution else ''))


def _version(name: str, version: Version) -> str | None:
    try:
        return version(name)
    except metadata.PackageNotFoundError:
        return None


def check_mixture(
    python: Interpreter, origins: Mapping[str, str], environment: Mapping[str, str], user_site: str
) -> Finding:
    """
    Do all packages come from one place? `origins` gives the folder of each module.

    ROS from a sourced installation and from wheels at the same time, two sourced distributions, and packages of
    `pip install --user` that hide those of a virtual environment end in crashes that nobody can explain.
    """
    sourced = sorted(
        {name for path in environment.get('AMENT_PREFIX_PATH', '').split(':') if (name := distribution_of(path))}
    )
    if len(sourced) > 1:
        return error(
            f'two ROS distributions are sourced: {", ".join(sourced)}',
            'open a new terminal and source one of them; look into ~/.bashrc for the other',
        )
    rclpy = origins.get('rclpy', '')
    if sourced and rclpy and distribution_of(rclpy) == '' and Path(rclpy).is_relative_to(python.prefix):
        return error(
            f'ROS 2 {sourced[0].capitalize()} is sourced, but rclpy comes from wheels in {python.prefix}',
            f'open a new terminal without that ROS; or, to use it, {_SET_UP} where it is sourced',
        )
    strays = [name for name, origin in origins.items() if user_site and origin.startswith(user_site)]
    if python.is_virtual and strays:
        return warning(
            f'{", ".join(strays)} come from {user_site}, not from the virtual environment',
            'export PYTHONNOUSERSITE=1, or pip uninstall them outside the virtual environment',
        )
    return ok('all packages come from one installation')
