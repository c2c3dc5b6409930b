"""What each check of the doctor says of machines that are well, and of machines that are not."""

import ast
import socket
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
from jetson_tree import make_tree, put

from voice_pipeline.audio.settings import CaptureSettings
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.jetson.clocks import ClocksTuning
from voice_pipeline.jetson.governor import GovernorTuning
from voice_pipeline.jetson.host import Completed, Host
from voice_pipeline.jetson.power_mode import PowerModeTuning
from voice_pipeline.monitoring.budgets import load_budgets
from voice_pipeline.monitoring.machine import Reading
from voice_pipeline.recognition.choose import Available
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import BUNDLED_SHA256
from voice_pipeline.speech.settings import SpeakerSettings
from voice_pipeline.tools.doctor import (
    computer,
    configuration_checks,
    installation,
    model,
    network,
    power,
    ros,
    software,
    sound,
)
from voice_pipeline.tools.doctor.configuration import OVERRIDES, Configuration
from voice_pipeline.tools.doctor.options import Options
from voice_pipeline.tools.doctor.probes import sound_levels
from voice_pipeline.tools.doctor.records import (
    DeviceAnswer,
    GraphAnswer,
    LoudspeakerAnswer,
    MicrophoneAnswer,
    PriorityAnswer,
    RecognitionAnswer,
    SoundLevels,
)
from voice_pipeline.tools.doctor.software import Interpreter
from voice_pipeline.tools.parameters import yaml_files

ROOT = Path(__file__).resolve().parents[1]
BUDGETS = load_budgets()
VENV = Interpreter((3, 12), '/v/bin/python', '/v', '/usr')
ALL_ROS = {name: f'/v/lib/python3.12/site-packages/{name}' for name in ('rclpy', *ros.MESSAGE_PACKAGES)}
SOURCED = {'ROS_DISTRO': 'jazzy', 'AMENT_PREFIX_PATH': '/opt/ros/jazzy:/home/me/ws/install/x'}
SOURCED_ROS = {name: f'/opt/ros/jazzy/lib/python3.12/site-packages/{name}' for name in ALL_ROS}


def says(finding, level, *words):
    """Hold that the finding has the level and the words, and that what is wrong comes with advice."""
    assert finding.level == level, finding
    for word in words:
        assert word in f'{finding.found} {finding.advice}'
    assert bool(finding.advice) == (level in ('warning', 'error'))


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


# --- the user's files


@pytest.fixture
def folder(tmp_path):
    for name, text in yaml_files().items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_installed_files_are_valid():
    files = Configuration(Options())
    for check in (configuration_checks.check_parameters, configuration_checks.check_budgets):
        says(check(files), 'ok')
    says(configuration_checks.check_vocabulary(files), 'ok', 'places')


@pytest.mark.parametrize(
    ('file', 'old', 'new', 'words'),
    [
        ('speech_recognition.yaml', 'padding_s', 'paddding_s', ["did you mean 'padding_s'?"]),
        ('robot.yaml', 'max_speed_mps: 0.5', 'max_speed_mps: 50.0', ['max_speed_mps', '<= 3']),
        ('monitor.yaml', 'ros__parameters:', 'ros_parameters:', ['monitor.yaml', 'ros__parameters']),
        ('speaker.yaml', '/**/speaker:', '/**/speaker: [', ['speaker.yaml is not valid YAML']),
    ],
)
def test_a_wrong_parameter_file(folder, file, old, new, words):
    (folder / file).write_text((folder / file).read_text().replace(old, new))
    says(configuration_checks.check_parameters(Configuration(Options(config=str(folder)))), 'error', *words)


def test_a_missing_parameter_file(folder):
    (folder / 'speaker.yaml').unlink()
    says(configuration_checks.check_parameters(Configuration(Options(config=str(folder)))), 'warning', 'speaker.yaml')
    nowhere = Configuration(Options(config=str(folder / 'nowhere')))
    says(configuration_checks.check_parameters(nowhere), 'error', 'nowhere')


def test_what_is_given_at_launch_wins(folder):
    files = Configuration(Options(config=str(folder), model='base.en', microphone='Array'))
    assert files.node('speech_recognition').model == 'base.en'
    assert files.node('audio_capture').device == 'Array'


def test_the_launch_arguments_mean_what_they_mean_to_the_launch_file():
    tree = ast.parse((ROOT / 'launch' / 'voice_pipeline.launch.py').read_text(encoding='utf-8'))
    (value,) = (node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == 'OVERRIDES')
    at_launch = ast.literal_eval(value)
    for node, parameters in OVERRIDES.items():
        assert parameters.items() <= at_launch[node].items()


def test_wrong_budgets(folder, tmp_path):
    budgets = tmp_path / 'mine.yaml'
    budgets.write_text('voice_to_action_p95_ms: never')
    text = (folder / 'monitor.yaml').read_text().replace('budgets: ""', f'budgets: "{budgets}"')
    (folder / 'monitor.yaml').write_text(text)
    says(configuration_checks.check_budgets(Configuration(Options(config=str(folder)))), 'error', 'mine.yaml')


def test_a_vocabulary(tmp_path):
    file = tmp_path / 'mine.yaml'
    files = Configuration(Options(vocabulary=str(file)))
    file.write_text('places:\n  dock: {x_m: 1.0, y_m: 2.0}\n  attic: {}\n')
    says(configuration_checks.check_vocabulary(files), 'warning', 'attic', 'x_m')
    file.write_text('places:\n  dock: {x_m: far, y_m: 2.0}\n')
    says(configuration_checks.check_vocabulary(files), 'error', f'{file}:2')
    file.unlink()
    says(configuration_checks.check_vocabulary(files), 'error', 'cannot be read')


@pytest.mark.parametrize(
    ('semantic', 'installed', 'level'),
    [('auto', True, 'ok'), ('auto', False, 'warning'), ('on', False, 'error'), ('off', False, 'skipped')],
)
def test_the_sentence_model(folder, monkeypatch, semantic, installed, level):
    monkeypatch.setattr(configuration_checks, 'is_installed', lambda model: installed)
    file = folder / 'intent_parser.yaml'
    file.write_text(file.read_text().replace('semantic: "auto"', f'semantic: "{semantic}"'))
    says(configuration_checks.check_sentence_model(Configuration(Options(config=str(folder)))), level)


# --- sound


def tone(amplitude, offset=0.0):
    return np.clip(amplitude * np.sin(np.arange(16_000) * 0.3) + offset, -32768, 32767).astype(np.int16)


def noise(amplitude):
    return (np.random.default_rng(0).standard_normal(16_000) * amplitude).astype(np.int16)


@pytest.mark.parametrize(
    ('samples', 'level', 'word'),
    [
        (noise(100), 'ok', '-50 dBFS'),
        (np.zeros(16_000, np.int16), 'error', 'muted'),
        (np.zeros(0, np.int16), 'error', 'muted'),
        (tone(40_000), 'warning', 'clipped'),
        (noise(100) + np.int16(5000), 'warning', '15%'),
        (np.tile(np.array([0, 1], np.int16), 8000), 'warning', 'hardly'),
        (tone(10_000), 'warning', 'very loud'),
    ],
)
def test_the_level_of_a_microphone(samples, level, word):
    says(sound.judge_levels(sound_levels(samples)), level, word)


def test_levels_have_the_scale_of_the_converter():
    levels = sound_levels(tone(16_384))
    assert levels.peak_dbfs == pytest.approx(-6.0, abs=0.1)
    assert levels.rms_dbfs == pytest.approx(-9.0, abs=0.1)


LEVELS = SoundLevels(rms_dbfs=-50, peak_dbfs=-40, offset_share=0, clipped_share=0, is_all_zero=False)


@pytest.mark.parametrize(
    ('answer', 'level', 'word'),
    [
        (MicrophoneAnswer(devices=('0: Array (48000 Hz)',), device="microphone 'Array'", levels=LEVELS), 'ok', '48000'),
        (MicrophoneAnswer(problem='no microphone found'), 'error', 'source:=wav'),
        (MicrophoneAnswer(devices=('0: A', '1: B'), problem="no microphone is called 'C'"), 'error', 'fuser'),
        (MicrophoneAnswer(devices=('0: A',), device='A', problem='microphone lost'), 'error', 'there are: 0: A'),
    ],
)
def test_microphone(answer, level, word):
    says(sound.check_microphone(CaptureSettings(), lambda: answer), level, word)
    expected = 'ok' if answer.levels else 'skipped'
    says(sound.check_microphone_level(CaptureSettings(), lambda: answer), expected)


def test_no_microphone_is_needed_for_a_sound_file():
    settings = CaptureSettings(source='wav', wav='a.wav')
    says(sound.check_microphone(settings, pytest.fail), 'skipped')
    says(sound.check_microphone_level(settings, pytest.fail), 'skipped')


@pytest.mark.parametrize(
    ('device', 'problem', 'level'),
    [('', '', 'ok'), ('', 'none found', 'skipped'), ('Bar', 'none of this name', 'warning')],
)
def test_loudspeaker(device, problem, level):
    answer = LoudspeakerAnswer(device='Speaker', problem=problem)
    says(sound.check_loudspeaker(SpeakerSettings(device=device), lambda: answer), level)


def test_the_right_to_use_sound_devices(tmp_path, monkeypatch):
    host = Host(root=tmp_path)
    says(sound.check_sound_rights(host, ('audio',), 'me'), 'skipped')
    put(tmp_path, 'dev/snd/pcmC0D0c', '')
    says(sound.check_sound_rights(host, ('audio',), 'me'), 'ok')
    monkeypatch.setattr('os.access', lambda path, mode: False)
    says(sound.check_sound_rights(host, (), 'me'), 'error', 'usermod -aG audio me', 'are not in')


# --- model


def test_the_bundled_model_is_whole():
    says(model.check_model(RecognitionSettings()), 'ok', 'SHA-256', 'tiny.en')


def test_a_damaged_model(monkeypatch):
    monkeypatch.setitem(BUNDLED_SHA256, 'config.json', '0' * 64)
    says(model.check_model(RecognitionSettings()), 'error', 'damaged', 'pip install --force-reinstall')


@pytest.mark.parametrize(
    ('settings', 'level', 'word'),
    [
        (RecognitionSettings(adapter='none'), 'warning', 'without an adapter'),
        (RecognitionSettings(adapter='/nowhere.npz'), 'error', '/nowhere.npz'),
        (RecognitionSettings(model='/nowhere.pt'), 'error', '/nowhere.pt'),
        (RecognitionSettings(model='base.en'), 'warning', 'downloaded'),
    ],
)
def test_other_models(settings, level, word):
    says(model.check_model(settings), level, word)


CPU_ONLY = Available(openai_whisper=True, faster_whisper=True)
WITH_CUDA = Available(openai_whisper=True, faster_whisper=True, openai_cuda=True)


@pytest.mark.parametrize(
    ('device', 'available', 'gpus', 'level', 'word'),
    [
        ('auto', WITH_CUDA, 1, 'ok', 'openai-whisper on cuda'),
        ('auto', CPU_ONLY, 0, 'ok', 'no GPU here'),
        ('auto', CPU_ONLY, 1, 'warning', 'there is a GPU'),
        ('cpu', CPU_ONLY, 1, 'ok', 'faster-whisper on cpu'),
        ('cuda', CPU_ONLY, 1, 'error', 'finds no GPU'),
        ('auto', Available(), 0, 'error', 'no Whisper library'),
    ],
)
def test_the_device_asked_for_and_the_one_in_use(tmp_path, device, available, gpus, level, word):
    answer = DeviceAnswer(available=available, gpus=gpus)
    says(model.check_device(RecognitionSettings(device=device), answer, Host(root=tmp_path)), level, word)


def test_a_gpu_without_its_driver(tmp_path):
    put(tmp_path, 'dev/nvidia0', '')
    answer = DeviceAnswer(available=CPU_ONLY, gpus=0)
    says(model.check_device(RecognitionSettings(), answer, Host(root=tmp_path)), 'warning', 'driver')


def trial(*revision_ms, **more):
    values = {'description': 'x', 'device': 'cpu', 'text': 'Go.', 'expected_text': 'go', 'speech_s': 1.3, 'load_s': 1.0}
    return lambda: RecognitionAnswer(revision_ms=revision_ms, **{**values, **more})


def test_how_the_model_hears():
    says(model.check_recognition(trial(30.0)), 'ok', '"Go."')
    says(model.check_recognition(trial(problem='it heard nonsense')), 'error', 'nonsense')
    says(model.check_recognition(trial(30.0, warnings=('the CPU is used instead',))), 'warning', 'CPU is used')


@pytest.mark.parametrize(
    ('revision_ms', 'level'), [((20.0, 30.0, 500.0), 'ok'), ((90.0,), 'warning'), ((900.0,), 'error')]
)
def test_how_fast_the_model_is(revision_ms, level):
    says(model.check_speed(trial(*revision_ms), BUDGETS), level)


@pytest.mark.parametrize(
    ('description', 'device', 'named'),
    [
        ('faster-whisper tiny.en on cpu', 'cpu', set()),
        ('openai-whisper base.en on cpu', 'cpu', {'backend:=faster-whisper', 'model:=tiny.en'}),
        ('openai-whisper base.en on cuda', 'cuda', {'model:=tiny.en'}),
    ],
)
def test_a_slow_model_is_told_what_it_does_not_do_already(description, device, named):
    advice = model.check_speed(trial(90.0, description=description, device=device), BUDGETS).advice
    assert {word for word in ('backend:=faster-whisper', 'model:=tiny.en') if word in advice} == named


def test_how_long_the_model_loads():
    says(model.check_loading(trial(30.0)), 'ok')
    says(model.check_loading(trial(30.0, load_s=40.0)), 'warning', '40.0 s')


def test_a_model_that_cannot_be_loaded_is_said_once():
    broken = trial(problem='broken')
    says(model.check_loading(broken), 'skipped')
    says(model.check_speed(broken, BUDGETS), 'skipped')


# --- computer, power and priority


@pytest.mark.parametrize(
    ('available_mb', 'swapped_mb', 'level'),
    [(8000, 0, 'ok'), (8000, 900, 'warning'), (1500, 0, 'warning'), (500, 0, 'error'), (None, 0, 'skipped')],
)
def test_memory(available_mb, swapped_mb, level):
    readings = [Reading('memory', 'swap used', swapped_mb, 'MB')]
    if available_mb is not None:
        readings.append(Reading('memory', 'available', available_mb, 'MB'))
    says(computer.check_memory(readings, BUDGETS), level)


@pytest.mark.parametrize(
    ('load', 'level', 'word'),
    [
        (computer.Load(10, 6, ()), 'ok', '6 cores'),
        (computer.Load(80, 6, ('chrome (pid 7) 90 %',)), 'warning', 'chrome'),
        (computer.Load(10, 1, ()), 'warning', '1 core '),
    ],
)
def test_load(load, level, word):
    says(computer.check_load(load), level, word)


@pytest.mark.parametrize(('free_mb', 'level'), [(5000, 'ok'), (600, 'warning'), (50, 'error'), (None, 'error')])
def test_disk(tmp_path, free_mb, level):
    spaces = [computer.Space('logs of ROS', tmp_path, 9000.0), computer.Space('state', tmp_path / 'state', free_mb)]
    says(computer.check_disk(spaces), level, 'state')


def test_the_folders_that_are_written_to(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('XDG_STATE_HOME', str(tmp_path / 'state'))
    spaces = computer.find_space({'ROS_LOG_DIR': str(tmp_path / 'log')})
    assert {space.folder.relative_to(tmp_path).parts[0] for space in spaces} == {'cache', 'log', 'state'}
    assert all(space.free_mb > 0 for space in spaces)


def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / 'file').touch()
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'file'))
    says(computer.check_disk(computer.find_space({})), 'error', 'not writable', 'XDG_CACHE_HOME')


def timedatectl(output):
    return Host(run=lambda command, text_input, timeout_s: Completed(0, output))


@pytest.mark.parametrize(
    ('output', 'jumped_s', 'level'),
    [
        ('yes\n', 0.0, 'ok'),
        ('yes\n', -2.5, 'warning'),
        ('no\n', 0.0, 'warning'),
        ('Failed to connect to bus\n', 0.0, 'skipped'),
    ],
)
def test_clock(output, jumped_s, level):
    says(computer.check_clock(timedatectl(output), jumped_s), level)


def test_a_clock_that_nobody_keeps():
    def missing(command, text_input, timeout_s):
        raise FileNotFoundError

    says(computer.check_clock(Host(run=missing), 0.0), 'skipped', 'timedatectl')


def test_a_jetson_as_it_is_delivered_and_as_it_should_be(tmp_path):
    host = Host(root=make_tree(tmp_path), is_root=True)
    for tuning in (PowerModeTuning(host), ClocksTuning(host)):
        says(power.check_tuning(tuning, power.JETSON_ADVICE), 'warning', 'jetson apply')
        tuning.change()
        says(power.check_tuning(tuning, power.JETSON_ADVICE), 'ok')


def test_a_laptop_that_dozes(tmp_path):
    put(tmp_path, 'sys/devices/system/cpu/cpufreq/policy0/scaling_governor', 'powersave\n')
    says(
        power.check_tuning(GovernorTuning(Host(root=tmp_path)), power.GOVERNOR_ADVICE),
        'warning',
        'powersave',
        'scaling_governor',
    )
    says(power.check_tuning(GovernorTuning(Host(root=tmp_path / 'vm')), power.GOVERNOR_ADVICE), 'skipped')


@pytest.mark.parametrize(
    ('readings', 'level', 'word'),
    [
        ((), 'skipped', ''),
        ((('temperature', 'cpu', 60, '°C'), ('temperature', 'gpu', 70, '°C')), 'ok', 'gpu) shows 70'),
        ((('temperature', 'cpu', 95, '°C'),), 'warning', '95 °C'),
        ((('throttling', 'over-current oc1', 3, 'events/min'),), 'warning', 'oc1 (3 events/min)'),
        ((('throttling', 'over-current oc1', 0, 'events/min'), ('temperature', 'cpu', 50, '°C')), 'ok', '50'),
    ],
)
def test_heat(tmp_path, readings, level, word):
    says(power.check_temperature([Reading(*values) for values in readings], Host(root=tmp_path)), level, word)


def test_a_processor_that_was_slowed_down(tmp_path):
    put(tmp_path, 'sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count', '17\n')
    says(power.check_temperature([], Host(root=tmp_path)), 'warning', '17 times')


def test_real_time_priority():
    settings = ControlSettings(realtime_priority=20)
    says(power.check_realtime(settings, 90, lambda: PriorityAnswer()), 'ok', '20')
    says(
        power.check_realtime(settings, 0, lambda: PriorityAnswer(problem='not permitted')),
        'warning',
        'limits.d',
        'the limit is 0',
    )
    says(power.check_realtime(ControlSettings(realtime_priority=0), 0, pytest.fail), 'skipped')
