"""What the doctor says of the installation, of ROS 2 and of the network between its nodes."""

import socket
from importlib.metadata import PackageNotFoundError

import pytest
from doctor_rig import says
from jetson_tree import put

from voice_pipeline.tools.doctor import installation, network, ros, software
from voice_pipeline.tools.doctor.records import GraphAnswer
from voice_pipeline.tools.doctor.software import Interpreter

VENV = Interpreter((3, 12), '/v/bin/python', '/v', '/usr')
ALL_ROS = {name: f'/v/lib/python3.12/site-packages/{name}' for name in ('rclpy', *ros.MESSAGE_PACKAGES)}
SOURCED = {'ROS_DISTRO': 'jazzy', 'AMENT_PREFIX_PATH': '/opt/ros/jazzy:/home/me/ws/install/x'}
SOURCED_ROS = {name: f'/opt/ros/jazzy/lib/python3.12/site-packages/{name}' for name in ALL_ROS}


# --- installation


def versions(**installed):
    def version(name):
        if name not in installed:
            raise PackageNotFoundError(name)
        return installed[name]

    return version


@pytest.mark.parametrize(
    ('version', 'level'), [((3, 9), 'error'), ((3, 10), 'ok'), ((3, 12), 'ok'), ((3, 13), 'error')]
)
def test_python(version, level):
    says(installation.check_python(Interpreter(version, '/usr/bin/python3', '/usr', '/usr')), level, '3.', '/usr')
    says(installation.check_python(Interpreter(version, '/v/bin/python', '/v', '/usr')), level, 'environment /v')


def test_packages():
    says(installation.check_packages(['numpy'], versions(numpy='1.26.4')), 'ok', '1 libraries')
    says(installation.check_packages(['numpy', 'soxr'], versions(numpy='1')), 'error', 'soxr', 'pip install soxr')
    says(installation.check_packages([], versions()), 'skipped')


@pytest.mark.parametrize(
    ('numpy', 'distribution', 'level'),
    [
        ('1.26.4', 'jazzy', 'ok'),
        ('2.1.0', 'jazzy', 'error'),
        ('2.1.0', 'humble', 'error'),
        ('2.1.0', 'kilted', 'ok'),
        ('2.1.0', '', 'ok'),
    ],
)
def test_numpy_and_ros(numpy, distribution, level):
    says(installation.check_numpy(distribution, versions(numpy=numpy)), level, numpy)


def test_no_numpy():
    says(installation.check_numpy('jazzy', versions()), 'error', "pip install 'numpy<2'")


@pytest.mark.parametrize(
    ('origins', 'environment', 'level', 'word'),
    [
        (ALL_ROS, {}, 'ok', 'one installation'),
        (SOURCED_ROS, SOURCED, 'ok', 'one installation'),
        (ALL_ROS, SOURCED, 'error', 'wheels'),
        (SOURCED_ROS, {'AMENT_PREFIX_PATH': '/opt/ros/humble:/opt/ros/jazzy'}, 'error', 'humble, jazzy'),
        ({'numpy': '/home/me/.local/lib/python3.12/site-packages/numpy'}, {}, 'warning', 'PYTHONNOUSERSITE'),
        ({}, SOURCED, 'ok', 'one installation'),
    ],
)
def test_mixed_installations(origins, environment, level, word):
    user_site = '/home/me/.local/lib/python3.12/site-packages'
    says(installation.check_mixture(VENV, origins, environment, user_site), level, word)


# --- ROS 2


@pytest.mark.parametrize(
    ('environment', 'installed', 'found'),
    [
        ({'ROS_DISTRO': 'humble'}, ['ros-jazzy-rclpy'], 'humble'),
        ({}, ['numpy', 'ros-jazzy-rclpy'], 'jazzy'),
        ({}, ['numpy'], ''),
    ],
)
def test_which_distribution_it_is(environment, installed, found):
    assert software.find_distribution(environment, installed) == found


@pytest.mark.parametrize(
    ('origins', 'environment', 'level', 'word'),
    [
        (ALL_ROS, {}, 'ok', 'from wheels'),
        (SOURCED_ROS, SOURCED, 'ok', 'sourced'),
        ({}, {}, 'error', 'make setup'),
        ({}, SOURCED, 'error', 'ROS_DISTRO'),
        ({'rclpy': '/opt/ros/humble/lib/python3.10/site-packages/rclpy'}, {}, 'error', 'PYTHON=python3.10'),
        (SOURCED_ROS | {'nav_msgs': ''}, SOURCED, 'error', 'ros-jazzy-nav-msgs'),
    ],
)
def test_ros(origins, environment, level, word):
    says(ros.check_ros(VENV, 'jazzy', environment, origins), level, word)


def test_installed_middlewares(tmp_path):
    for name in ('a/share/ament_index/resource_index/rmw_typesupport/rmw_cyclonedds_cpp', 'b/other'):
        put(tmp_path, name, '')
    put(tmp_path, 'a/share/ament_index/resource_index/rmw_typesupport/rmw_implementation', '')
    environment = {'AMENT_PREFIX_PATH': f'{tmp_path}/b:{tmp_path}/a'}
    assert ros.installed_middlewares(environment, str(tmp_path / 'b')) == ('rmw_cyclonedds_cpp',)


@pytest.mark.parametrize(
    ('asked', 'installed', 'level', 'word'),
    [
        ('', ('rmw_cyclonedds_cpp', 'rmw_fastrtps_cpp'), 'ok', 'rmw_fastrtps_cpp, the default'),
        ('', ('rmw_zenoh_cpp',), 'ok', 'rmw_zenohd'),
        ('rmw_cyclonedds_cpp', ('rmw_cyclonedds_cpp', 'rmw_fastrtps_cpp'), 'ok', 'rmw_cyclonedds_cpp;'),
        ('rmw_cyclonedds_cpp', ('rmw_fastrtps_cpp',), 'error', 'ros-$ROS_DISTRO-rmw-cyclonedds-cpp'),
        ('', (), 'skipped', ''),
    ],
)
def test_middleware(asked, installed, level, word):
    says(ros.check_middleware({'RMW_IMPLEMENTATION': asked}, installed), level, word)


@pytest.mark.parametrize(
    ('domain', 'level', 'word'),
    [
        (None, 'ok', 'domain 0, the default'),
        ('42', 'ok', 'domain 42'),
        ('101', 'ok', ''),
        ('102', 'warning', 'from 0 to 101'),
        ('233', 'error', '232'),
        ('-1', 'error', '-1'),
        ('robot', 'error', "'robot'"),
        ('', 'ok', 'domain 0'),
    ],
)
def test_domain(domain, level, word):
    environment = {} if domain is None else {'ROS_DOMAIN_ID': domain}
    says(ros.check_domain(environment, first_ephemeral_port=32768), level, word)


def test_a_domain_whose_ports_the_kernel_gives_away():
    says(ros.check_domain({'ROS_DOMAIN_ID': '20'}, first_ephemeral_port=10_000), 'warning', 'from 0 to 10')


@pytest.mark.parametrize(
    ('environment', 'distribution', 'level', 'word'),
    [
        ({}, 'jazzy', 'ok', 'subnet'),
        ({'ROS_LOCALHOST_ONLY': '1'}, 'humble', 'ok', 'this machine only'),
        ({'ROS_LOCALHOST_ONLY': '0'}, 'humble', 'ok', 'subnet'),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}, 'jazzy', 'ok', 'this machine only'),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}, 'humble', 'warning', 'Humble'),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'}, 'jazzy', 'error', 'unset'),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'local'}, 'jazzy', 'error', 'SUBNET'),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET', 'ROS_LOCALHOST_ONLY': '1'}, 'jazzy', 'warning', 'first wins'),
        ({'ROS_DISCOVERY_SERVER': '10.0.0.1:11811'}, 'jazzy', 'ok', 'server'),
    ],
)
def test_discovery(environment, distribution, level, word):
    says(ros.check_discovery(environment, distribution), level, word)


def test_profiles_of_the_middleware(tmp_path):
    good, bad = tmp_path / 'good.xml', tmp_path / 'bad.xml'
    good.write_text('<profiles/>')
    bad.write_text('<profiles>')
    says(ros.check_profiles({}), 'ok', 'defaults')
    says(ros.check_profiles({'FASTRTPS_DEFAULT_PROFILES_FILE': str(good)}), 'ok', 'good.xml')
    says(ros.check_profiles({'FASTDDS_DEFAULT_PROFILES_FILE': str(bad)}), 'error', 'no XML')
    says(ros.check_profiles({'FASTRTPS_DEFAULT_PROFILES_FILE': '/nowhere.xml'}), 'error', 'unset FASTRTPS')
    says(ros.check_profiles({'CYCLONEDDS_URI': f'file://{bad}'}), 'error', 'CYCLONEDDS_URI')


def test_a_configuration_in_a_variable_is_not_printed():
    finding = ros.check_profiles({'CYCLONEDDS_URI': '<CycloneDDS><Key>secret</Key></CycloneDDS>'})
    says(finding, 'ok')
    assert 'secret' not in finding.found


# --- network


def graph(heard_after_s=0.2, transport_ms=0.5, nodes=(), publishers=()):
    answer = GraphAnswer(
        heard_after_s=heard_after_s, transport_ms=transport_ms, nodes=nodes, publishers={'/cmd_vel': publishers}
    )
    return lambda: answer


def test_messages_get_through():
    says(network.check_exchange(graph()), 'ok', '0.5 ms')
    says(network.check_exchange(graph(transport_ms=40.0)), 'warning', '40.0 ms')
    says(network.check_exchange(graph(heard_after_s=None, transport_ms=None)), 'error', 'firewall')


@pytest.mark.parametrize(
    ('nodes', 'level', 'word'),
    [
        ((), 'ok', 'none'),
        (('/nav2', '/other/robot_control'), 'ok', '2'),
        (('/voice/monitor', '/voice/robot_control'), 'warning', '/voice/robot_control'),
        (('/voice/robot_control', '/voice/robot_control'), 'error', 'more than once: /voice/robot_control'),
    ],
)
def test_other_nodes(nodes, level, word):
    says(network.check_nodes(graph(nodes=nodes), 'voice'), level, word)


def test_who_else_drives():
    says(network.check_velocity(graph(publishers=('/voice/robot_control',)), '/cmd_vel', '/voice'), 'ok')
    says(network.check_velocity(graph(publishers=('/teleop',)), '/cmd_vel', 'voice'), 'warning', '/teleop', 'twist_mux')


def test_multicast():
    cable, wifi = network.Interface('eth0', '10.0.0.1'), network.Interface('wlan0', '10.1.0.1')
    says(network.check_multicast([cable, wifi], is_local=False, works=lambda address: True), 'ok', 'eth0', 'wlan0')
    says(
        network.check_multicast([cable, wifi], is_local=False, works=lambda address: address == cable.address),
        'warning',
        'not work on wlan0 (10.1.0.1); it does on eth0',
    )
    says(network.check_multicast([], is_local=False), 'warning', 'LOCALHOST')
    says(network.check_multicast([cable], is_local=True), 'skipped')


def test_an_address_that_is_not_ours_has_no_multicast():
    assert not network.multicast_works('203.0.113.1')  # kept for documentation, RFC 5737


@pytest.mark.parametrize(
    ('memory', 'level', 'word'),
    [
        (None, 'warning', '--ipc=host'),
        (network.SharedMemory(64.0, frozenset()), 'ok', '64 MB'),
        (network.SharedMemory(64.0, frozenset({1000})), 'ok', ''),
        (network.SharedMemory(64.0, frozenset({0, 1000})), 'warning', 'another user'),
        (network.SharedMemory(5.0, frozenset()), 'warning', '--shm-size'),
    ],
)
def test_shared_memory(memory, level, word):
    says(network.check_shared_memory(memory, user=1000), level, word)


def test_the_files_of_the_middleware_are_found(tmp_path):
    (tmp_path / 'fastrtps_1').touch()
    assert network.read_shared_memory(tmp_path).owners == {(tmp_path / 'fastrtps_1').stat().st_uid}
    assert network.read_shared_memory(tmp_path / 'missing') is None


def test_the_port_of_the_dashboard():
    with socket.create_server(('127.0.0.1', 0)) as server:
        taken = server.getsockname()[1]
        says(network.check_dashboard_port(taken), 'warning', str(taken))
    says(network.check_dashboard_port(8050, is_free=lambda port: True), 'ok')
    says(network.check_dashboard_port(0), 'ok', 'any port')
