"""The launch argument `profile` reaches every node; this runs where `launch_ros` is installed."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip('launch_ros')

from launch import LaunchContext

from voice_pipeline.tools.parameters import NODE_SETTINGS

LAUNCH_FILE = Path(__file__).resolve().parents[1] / 'launch' / 'voice_pipeline.launch.py'


@pytest.fixture
def nodes(monkeypatch):
    """A way to get what each node is started with, by its name."""
    specification = importlib.util.spec_from_file_location('profiled_launch', LAUNCH_FILE)
    pipeline = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(pipeline)
    monkeypatch.setattr(pipeline, 'Node', lambda **arguments: arguments)

    def make(**arguments):
        context = LaunchContext()
        for argument in pipeline.ARGUMENTS:
            if argument.name != 'config':
                argument.execute(context)
        context.launch_configurations.update(config='/config', **arguments)
        made = {node['name']: node['parameters'] for node in pipeline.make_nodes(context)}
        return {
            name: ([file.perform(context) for file in files], overrides) for name, (*files, overrides) in made.items()
        }

    return make


@pytest.mark.parametrize(('arguments', 'folder'), [({}, ''), ({'profile': '/tmp/here'}, '/tmp/here')])
def test_the_argument_is_a_parameter_of_every_node(nodes, arguments, folder):
    started = nodes(**arguments)
    assert started.keys() == NODE_SETTINGS.keys()
    for files, overrides in started.values():
        assert '/config/profile.yaml' in files
        assert overrides['profile'] == folder
