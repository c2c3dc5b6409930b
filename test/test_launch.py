"""The launch files start the graph that the README describes; they run where `launch_ros` is installed."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip('launch_ros')

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch_ros.actions import Node

from voice_pipeline.limits import RobotLimits
from voice_pipeline.tools.parameters import NODE_SETTINGS, yaml_files

LAUNCH = Path(__file__).resolve().parents[1] / 'launch'


@pytest.fixture
def pipeline():
    specification = importlib.util.spec_from_file_location('pipeline_launch', LAUNCH / 'voice_pipeline.launch.py')
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def started(pipeline, **arguments):
    """Return the nodes that start with these launch arguments."""
    context = LaunchContext()
    for argument in pipeline.ARGUMENTS:
        if argument.name != 'config':
            argument.execute(context)
    context.launch_configurations.update(config='/config', **arguments)
    nodes = pipeline.make_nodes(context)
    return {node.node_executable: node for node in nodes if node.condition is None or node.condition.evaluate(context)}


def test_every_argument_explains_itself(pipeline):
    arguments = [
        entity
        for entity in pipeline.generate_launch_description().entities
        if isinstance(entity, DeclareLaunchArgument)
    ]
    assert {'namespace', 'source', 'wav', 'model', 'backend', 'device', 'robot', 'log_level'} <= {
        argument.name for argument in arguments
    }
    assert all(argument.description for argument in arguments)


def test_a_real_robot_gets_all_nodes_but_the_simulation(pipeline):
    nodes = started(pipeline)
    assert nodes.keys() == NODE_SETTINGS.keys() - {'simulated_robot', 'speaker'}
    assert all(isinstance(node, Node) for node in nodes.values())


def test_the_simulation_and_the_speaker_are_started_on_request(pipeline):
    assert started(pipeline, robot='simulated', speaker='true').keys() == NODE_SETTINGS.keys()


def test_launch_arguments_set_only_parameters_that_the_nodes_have(pipeline):
    for node, overrides in pipeline.OVERRIDES.items():
        assert set(overrides) <= {parameter.name for parameter in NODE_SETTINGS[node].parameters()}
        assert f'{node}.yaml' in yaml_files()


def test_the_limits_go_to_the_nodes_that_declare_them(pipeline):
    limited = {node for node, settings in NODE_SETTINGS.items() if issubclass(settings, RobotLimits)}
    assert set(pipeline.LIMITED) == limited


def test_the_demo_is_the_same_graph_with_a_recording_and_a_simulated_robot():
    specification = importlib.util.spec_from_file_location('demo_launch', LAUNCH / 'demo.launch.py')
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    description = module.generate_launch_description()
    assert isinstance(description, LaunchDescription)
    (include,) = (entity for entity in description.entities if isinstance(entity, IncludeLaunchDescription))
    arguments = {name: value for name, value in include.launch_arguments if isinstance(value, str)}
    assert arguments == {'source': 'wav', 'robot': 'simulated', 'cmd_vel': 'cmd_vel', 'odom': 'odom'}
