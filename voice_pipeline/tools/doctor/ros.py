"""The ROS 2 installation, and the environment variables that decide who can hear whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from voice_pipeline.tools.doctor.check import Check, Finding, error, ok, skipped, warning
from voice_pipeline.tools.doctor.software import Interpreter, distribution_of, find_distribution, origin_of
from voice_pipeline.tools.doctor.surroundings import Surroundings

MESSAGE_PACKAGES = ('std_msgs', 'geometry_msgs', 'nav_msgs', 'sensor_msgs', 'diagnostic_msgs', 'rcl_interfaces')
DEFAULT_RMW = 'rmw_fastrtps_cpp'
INSTALL_ROS = (
    'run "make setup", which installs ROS 2 from wheels; or source an installation: source /opt/ros/jazzy/setup.bash'
)
# DDSI-RTPS 2.5, 9.6.2.3: the ports of a domain begin here, and a participant takes two more of them.
PORT_BASE, PORTS_A_DOMAIN, PARTICIPANT_OFFSET = 7400, 250, 10
HIGHEST_DOMAIN = 232
_PARTICIPANTS = 20  # our nodes, a robot's driver and some tools
RANGES = ('SUBNET', 'LOCALHOST', 'OFF', 'SYSTEM_DEFAULT')
_FIRST_EPHEMERAL_PORT = 32768  # of Linux, where nothing else is set
_PROFILES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')


def checks(here: Surroundings) -> tuple[Check, ...]:
    """Return the checks of the installation and the environment variables."""
    group, environment = 'ROS 2', here.environment

    def look_for_ros() -> Finding:
        origins = {name: origin_of(name) for name in ('rclpy', *MESSAGE_PACKAGES)}
        return check_ros(here.python, find_distribution(environment), environment, origins)

    def look_for_middleware() -> Finding:
        return check_middleware(environment, installed_middlewares(environment, here.python.prefix))

    def look_at_domain() -> Finding:
        bounds = here.host.read('/proc/sys/net/ipv4/ip_local_port_range').split()
        return check_domain(environment, int(bounds[0]) if bounds else _FIRST_EPHEMERAL_PORT)

    def look_at_discovery() -> Finding:
        return check_discovery(environment, find_distribution(environment))

    return (
        Check('ros', group, 'a whole ROS 2 for this Python?', look_for_ros),
        Check('ros-middleware', group, 'the middleware of RMW_IMPLEMENTATION installed?', look_for_middleware),
        Check('ros-domain', group, 'a usable ROS_DOMAIN_ID?', look_at_domain, 'discovery'),
        Check('ros-discovery', group, 'how far does discovery reach?', look_at_discovery, 'discovery'),
        Check(
            'ros-profiles', group, 'readable files of the middleware?', lambda: check_profiles(environment), 'discovery'
        ),
    )


def check_ros(
    python: Interpreter, distribution: str, environment: Mapping[str, str], origins: Mapping[str, str]
) -> Finding:
    """Is there a whole ROS 2 for this Python? `origins` gives the folder of each module, '' where it is missing."""
    number = '.'.join(map(str, python.version))
    if not origins.get('rclpy'):
        if environment.get('ROS_DISTRO'):
            return error(
                f'ROS 2 {distribution.capitalize()} is sourced, but Python {number} cannot find its rclpy',
                f'use the Python it was built for (Humble 3.10, Jazzy 3.12), or unset ROS_DISTRO and {INSTALL_ROS}',
            )
        return error('there is no ROS 2 here', INSTALL_ROS)
    other = re.search(r'python(3\.\d+)/', origins['rclpy'])
    if other and other[1] != number:
        return error(
            f'rclpy in {origins["rclpy"]} was built for Python {other[1]}, and this is {number}',
            f'PYTHON=python{other[1]} make setup',
        )
    missing = [name for name in MESSAGE_PACKAGES if not origins.get(name)]
    if missing:
        names = ' '.join(f'ros-{distribution or "$ROS_DISTRO"}-{name.replace("_", "-")}' for name in missing)
        return error(f'missing of ROS 2: {", ".join(missing)}', f'sudo apt-get install {names}')
    name = f'ROS 2 {distribution.capitalize()}'.strip()
    is_sourced = bool(distribution_of(origins['rclpy']) or environment.get('ROS_DISTRO'))
    return ok(f'{name}, {"sourced" if is_sourced else "from wheels"}')


def installed_middlewares(environment: Mapping[str, str], prefix: str) -> tuple[str, ...]:
    """Return the middlewares (RMW implementations) of the sourced installation and of the wheels in `prefix`."""
    folders = [*environment.get('AMENT_PREFIX_PATH', '').split(':'), prefix]
    index = 'share/ament_index/resource_index/rmw_typesupport'
    names = {path.name for folder in folders if folder for path in Path(folder, index).glob('*')}
    return tuple(sorted(names - {'rmw_implementation'}))  # that one loads the others


def check_middleware(environment: Mapping[str, str], installed: tuple[str, ...]) -> Finding:
    """Is the middleware there that RMW_IMPLEMENTATION asks for?"""
    asked = environment.get('RMW_IMPLEMENTATION', '')
    if not installed:
        return skipped('no middleware can be found (see ros)')
    if asked and asked not in installed:
        return error(
            f'RMW_IMPLEMENTATION is {asked}, which is not installed; there is {", ".join(installed)}',
            f'unset RMW_IMPLEMENTATION, or: sudo apt-get install ros-$ROS_DISTRO-{asked.replace("_", "-")}',
        )
    in_use = asked or (DEFAULT_RMW if DEFAULT_RMW in installed else installed[0])
    router = '; its router must be running: ros2 run rmw_zenoh_cpp rmw_zenohd' if in_use == 'rmw_zenoh_cpp' else ''
    return ok(f'{in_use}{"" if asked else ", the default"}; all robots and tools need the same{router}')


def check_domain(environment: Mapping[str, str], first_ephemeral_port: int) -> Finding:
    """
    Is ROS_DOMAIN_ID a number whose ports are free to use?

    Ports from `first_ephemeral_port` on are given by the kernel to whoever asks for any.
    """
    text = environment.get('ROS_DOMAIN_ID', '') or '0'
    if not text.isdecimal() or int(text) > HIGHEST_DOMAIN:
        return error(
            f"ROS_DOMAIN_ID is '{text}': a number from 0 to {HIGHEST_DOMAIN} is needed",
            'export ROS_DOMAIN_ID=0, or the number of your robot',
        )
    first = PORT_BASE + PORTS_A_DOMAIN * int(text)
    last = first + PARTICIPANT_OFFSET + 2 * _PARTICIPANTS
    if last >= first_ephemeral_port:
        safe = (first_ephemeral_port - PORT_BASE - PARTICIPANT_OFFSET - 2 * _PARTICIPANTS - 1) // PORTS_A_DOMAIN
        return warning(
            f'domain {text} uses the ports {first} to {last}, which Linux also gives to other programs',
            f'use a domain from 0 to {safe}: export ROS_DOMAIN_ID=0, on all machines',
        )
    why = '' if environment.get('ROS_DOMAIN_ID') else ', the default: everyone on this network who set none hears it'
    return ok(f'domain {text}{why}')


def check_discovery(environment: Mapping[str, str], distribution: str) -> Finding:
    """How far does discovery reach, and is that said in a way that this distribution understands?"""
    wanted = environment.get('ROS_AUTOMATIC_DISCOVERY_RANGE', '')
    is_local = environment.get('ROS_LOCALHOST_ONLY', '') == '1'
    if wanted and wanted not in RANGES:
        return error(
            f"ROS_AUTOMATIC_DISCOVERY_RANGE is '{wanted}'; allowed are {', '.join(RANGES)}",
            'export ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET, or LOCALHOST to stay on this machine',
        )
    if distribution == 'humble' and wanted:
        return warning(
            f'ROS_AUTOMATIC_DISCOVERY_RANGE is {wanted}, which Humble does not know',
            'unset it; to stay on this machine with Humble: export ROS_LOCALHOST_ONLY=1',
        )
    if environment.get('ROS_DISCOVERY_SERVER'):
        return ok('by a discovery server (ROS_DISCOVERY_SERVER): it must be running before the nodes start')
    if wanted == 'OFF':
        return error(
            'ROS_AUTOMATIC_DISCOVERY_RANGE is OFF: no node finds another', 'unset ROS_AUTOMATIC_DISCOVERY_RANGE'
        )
    if is_local and wanted not in ('', 'LOCALHOST'):
        return warning(
            f'ROS_LOCALHOST_ONLY is 1, and ROS_AUTOMATIC_DISCOVERY_RANGE is {wanted}: the first wins',
            'unset ROS_LOCALHOST_ONLY',
        )
    if is_local or wanted == 'LOCALHOST':
        return ok('on this machine only: a robot or a tool on another machine is not found')
    return ok('on the whole subnet')


def check_profiles(environment: Mapping[str, str]) -> Finding:
    """Can the files be read that configure the middleware?"""
    given = {name: environment[name] for name in _PROFILES if environment.get(name)}
    cyclone = environment.get('CYCLONEDDS_URI', '')
    if cyclone and not cyclone.lstrip().startswith('<'):  # else it is the configuration itself
        given['CYCLONEDDS_URI'] = cyclone.removeprefix('file://')
    for variable, file in given.items():
        try:
            ElementTree.parse(file)
        except OSError as failure:
            return error(
                f'{variable} names {file}, which cannot be read: {failure.strerror}',
                f'correct the path, or: unset {variable}',
            )
        except ElementTree.ParseError as failure:
            return error(f'{variable} names {file}, which is no XML: {failure}', 'correct that line of the file')
    if not given:
        return ok('the middleware runs with its own defaults')
    return ok(f'valid XML: {", ".join(f"{file} ({variable})" for variable, file in given.items())}')
