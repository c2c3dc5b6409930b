"""The package is what it says: one layout, one boundary, one list of nodes, clean under its own linters."""

import ast
import runpy
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from unittest import mock

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / 'voice_pipeline').rglob('*.py'))
ROS = {
    'rclpy',
    'rcl_interfaces',
    'std_msgs',
    'geometry_msgs',
    'nav_msgs',
    'sensor_msgs',
    'diagnostic_msgs',
    'launch',
    'launch_ros',
    'ament_index_python',
}
STAGES = (
    'audio',
    'recognition',
    'understanding',
    'planning',
    'control',
    'monitoring',
    'jetson',
    'simulation',
    'speech',
)


def imported_by(path):
    tree = ast.parse(path.read_text(encoding='utf-8'))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ''


def setup_arguments():
    with mock.patch('setuptools.setup') as setup, mock.patch('os.getcwd', return_value=str(ROOT)):
        runpy.run_path(str(ROOT / 'setup.py'))
    return setup.call_args.kwargs


def test_only_the_nodes_import_ros():
    offenders = [
        f'{path.relative_to(ROOT)} imports {name}'
        for path in SOURCES
        if 'nodes' not in path.parts
        for name in imported_by(path)
        if name.split('.')[0] in ROS
    ]
    assert offenders == []


def test_the_stages_do_not_import_nodes_or_tools():
    offenders = [
        f'{path.relative_to(ROOT)} imports {name}'
        for path in SOURCES
        if path.relative_to(ROOT / 'voice_pipeline').parts[0] in STAGES
        for name in imported_by(path)
        if name.startswith(('voice_pipeline.nodes', 'voice_pipeline.tools'))
    ]
    assert offenders == []


def test_the_core_can_be_imported_where_ros_is_not_installed():
    modules = [
        '.'.join(path.relative_to(ROOT).with_suffix('').parts)
        for path in SOURCES
        if 'nodes' not in path.parts and path.name not in ('__init__.py', '__main__.py')
    ]
    program = (
        'import importlib, sys\n'
        f'for name in {sorted(ROS)!r}: sys.modules[name] = None\n'
        f'for name in {modules!r}: importlib.import_module(name)\n'
        "heavy = {'torch', 'whisper', 'faster_whisper', 'ctranslate2', 'sounddevice', 'matplotlib', 'hibari'}\n"
        'assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n'
    )
    subprocess.run([sys.executable, '-c', program], cwd=ROOT, check=True)


def test_every_node_is_an_executable_and_every_executable_a_node():
    scripts = dict(entry.split(' = ') for entry in setup_arguments()['entry_points']['console_scripts'])
    nodes = {name: target for name, target in scripts.items() if name != 'voice_pipeline'}
    assert {f'voice_pipeline.nodes.{name}:main' for name in nodes} == set(nodes.values())
    files = (ROOT / 'voice_pipeline' / 'nodes').glob('*.py')
    assert nodes.keys() == {path.stem for path in files if '\ndef main()' in path.read_text()}


def test_all_packages_and_configuration_are_installed():
    arguments = setup_arguments()
    folders = {'.'.join(path.parent.relative_to(ROOT).parts) for path in SOURCES}
    assert folders == set(arguments['packages'])
    installed = {name for _, names in arguments['data_files'] for name in names}
    shipped = [*(ROOT / 'config').iterdir(), *(ROOT / 'launch').iterdir()]
    assert {str(path.relative_to(ROOT)) for path in shipped if path.is_file()} <= installed


def test_package_xml_agrees_with_setup_py():
    manifest = ElementTree.parse(ROOT / 'package.xml').getroot()
    arguments = setup_arguments()
    assert manifest.findtext('name') == arguments['name']
    assert manifest.findtext('version') == arguments['version']
    assert manifest.findtext('license') == arguments['license']
    imported = {name.split('.')[0] for path in SOURCES for name in imported_by(path)} & ROS
    declared = {element.text for element in manifest.iter('exec_depend')}
    assert imported <= declared


@pytest.mark.parametrize('command', [['ruff', 'check', '.'], ['ruff', 'format', '--check', '.'], ['mypy']])
def test_linters_and_types(command):
    result = subprocess.run([sys.executable, '-m', *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
