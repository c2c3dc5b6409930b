"""The launch files start the graph that the README describes; they run where `launch_ros` is installed."""

import importlib.util
import logging
import sys
from pathlib import Path

import pytest
from jetson_tree import contents, make_tree, put

pytest.importorskip('launch_ros')

from launch import LaunchContext, LaunchDescription, LaunchService
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    SetLaunchConfiguration,
    Shutdown,
)
from launch.event_handler import EventHandler
from launch.event_handlers import OnProcessIO
from launch_ros.actions import Node

from voice_pipeline.limits import RobotLimits
from voice_pipeline.tools.parameters import NODE_SETTINGS, yaml_files

LAUNCH = Path(__file__).resolve().parents[1] / 'launch'


def load(name):
    """Return the launch file of this name as a module."""
    specification = importlib.util.spec_from_file_location(f'{name}_launch', LAUNCH / f'{name}.launch.py')
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def pipeline():
    return load('voice_pipeline')


def started(pipeline, **arguments):
    """Return the nodes that start with these launch arguments."""
    context = LaunchContext()
    for argument in pipeline.ARGUMENTS:
        if argument.name != 'config':
            argument.execute(context)
    context.launch_configurations.update(config='/config', **arguments)
    nodes = pipeline.make_nodes(context)
    return {node.node_executable: node for node in nodes if node.condition is None or node.condition.evaluate(context)}


def arguments_of(module):
    entities = module.generate_launch_description().entities
    return {entity.name: entity for entity in entities if isinstance(entity, DeclareLaunchArgument)}


def test_every_argument_explains_itself(pipeline, jetson):
    known = {'namespace', 'source', 'wav', 'model', 'backend', 'device', 'robot', 'jetson', 'log_level'}
    assert known <= arguments_of(pipeline).keys()
    assert arguments_of(jetson).keys() == {'apply', 'power_mode', 'strict', 'dry_run', 'restore', 'root'}
    everything = [*arguments_of(pipeline).values(), *arguments_of(jetson).values()]
    assert all(argument.description for argument in everything)


def test_a_real_robot_gets_all_nodes_but_the_simulation(pipeline):
    nodes = started(pipeline)
    assert nodes.keys() == NODE_SETTINGS.keys() - {'simulated_robot', 'speaker', 'dashboard'}
    assert all(isinstance(node, Node) for node in nodes.values())


def test_the_simulation_and_the_speaker_are_started_on_request(pipeline):
    assert started(pipeline, robot='simulated', speaker='true', dashboard='true').keys() == NODE_SETTINGS.keys()


def test_launch_arguments_set_only_parameters_that_the_nodes_have(pipeline):
    for node, overrides in pipeline.OVERRIDES.items():
        assert set(overrides) <= {parameter.name for parameter in NODE_SETTINGS[node].parameters()}
        assert f'{node}.yaml' in yaml_files()


def test_the_limits_go_to_the_nodes_that_declare_them(pipeline):
    limited = {node for node, settings in NODE_SETTINGS.items() if issubclass(settings, RobotLimits)}
    assert set(pipeline.LIMITED) == limited


def test_the_demo_is_the_same_graph_with_a_recording_and_a_simulated_robot():
    description = load('demo').generate_launch_description()
    assert isinstance(description, LaunchDescription)
    (include,) = (entity for entity in description.entities if isinstance(entity, IncludeLaunchDescription))
    arguments = {name: value for name, value in include.launch_arguments if isinstance(value, str)}
    robots = {topic: topic for topic in ('cmd_vel', 'odom', 'scan', 'battery_state')}
    assert arguments == {'source': 'wav', 'robot': 'simulated', **robots}


@pytest.fixture
def jetson(tmp_path, monkeypatch):
    """jetson.launch.py, whose process is this checkout's command."""
    module = load('jetson')
    monkeypatch.setenv('XDG_STATE_HOME', str(tmp_path / 'state'))
    monkeypatch.setenv('PYTHONPATH', str(LAUNCH.parent))

    def make_process(name, *words, **options):
        command = [sys.executable, '-m', 'voice_pipeline', 'jetson', *words]
        return ExecuteProcess(cmd=command, name=name, output='screen', **options)

    monkeypatch.setattr(module, 'make_process', make_process)
    return module


def launch(module, *others, **arguments):
    """Run the launch file until it has nothing to do; returns the exit status and whether the nodes would start."""
    settled = []
    handler = EventHandler(
        matcher=lambda event: event.name == 'voice_pipeline.jetson_settled',
        entities=[OpaqueFunction(function=lambda _: settled.append(True))],
    )
    given = [SetLaunchConfiguration(name, str(value)) for name, value in arguments.items()]
    service = LaunchService(noninteractive=True)
    entities = [*given, RegisterEventHandler(handler), *others, *module.generate_launch_description().entities]
    service.include_launch_description(LaunchDescription(entities))
    return service.run(), settled == [True]


@pytest.mark.parametrize('apply', ['verify', 'apply', 'off'])
def test_on_a_laptop_the_nodes_start_without_any_process(jetson, monkeypatch, tmp_path, apply):
    monkeypatch.setattr(jetson, 'make_process', None)
    assert launch(jetson, root=tmp_path, apply=apply, strict='true') == (0, True)


def test_on_a_jetson_the_nodes_start_whatever_is_found(jetson, tmp_path):
    tree = make_tree(tmp_path / 'nano')
    before = contents(tree)
    assert launch(jetson, root=tree) == (0, True)
    assert launch(jetson, root=tree, apply='apply', dry_run='true', power_mode='no such mode') == (0, True)
    assert contents(tree) == before


@pytest.fixture
def logged():
    """What launch itself logs; its loggers hand nothing on to pytest's."""
    messages = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    logging.getLogger('launch').addHandler(handler)
    yield messages
    logging.getLogger('launch').removeHandler(handler)


def test_strict_shuts_down_with_the_reason_instead(jetson, tmp_path, logged):
    tree = make_tree(tmp_path / 'nano')
    assert launch(jetson, root=tree, strict='true') == (1, False)
    assert any('the Jetson is not set up as wanted' in message for message in logged)
    put(tree, 'needs_reboot', '2\n')
    assert launch(jetson, root=tree, apply='apply', strict='true') == (1, False)
    (tree / 'needs_reboot').unlink()
    assert launch(jetson, root=tree, apply='apply', strict='true') == (0, True)


def test_what_was_there_is_put_back_when_the_launch_ends(jetson, tmp_path):
    tree = make_tree(tmp_path / 'nano')
    before = contents(tree)
    during = []

    def end(event):
        if b'put back at the end' in event.text:
            during.append(contents(tree))
            return [Shutdown(reason='the test is over')]
        return None

    over = RegisterEventHandler(OnProcessIO(on_stdout=end))
    assert launch(jetson, over, root=tree, apply='apply', restore='true') == (0, True)
    assert during[0]['active_name'] == 'MAXN_SUPER\n'
    assert contents(tree) == before


def test_the_nodes_start_in_the_scope_in_which_the_launch_file_was_included(pipeline, jetson, monkeypatch):
    happened = []

    def make_nodes(context):
        happened.append((context.launch_configurations['robot'], context.environment['VOICE']))
        return []

    monkeypatch.setattr(pipeline, 'make_nodes', make_nodes)
    monkeypatch.setenv('VOICE', 'inner')
    included = [SetLaunchConfiguration('robot', 'inner'), OpaqueFunction(function=pipeline.start_once_settled)]
    entities = [
        SetLaunchConfiguration('robot', 'outer'),
        GroupAction(included),
        OpaqueFunction(function=lambda context: context.environment.update(VOICE='outer')),
        OpaqueFunction(function=lambda _: happened.append('settled')),
        EmitEvent(event=jetson.JetsonSettled()),
        EmitEvent(event=jetson.JetsonSettled()),  # of another robot in the same launch
    ]
    service = LaunchService(noninteractive=True)
    service.include_launch_description(LaunchDescription(entities))
    assert service.run() == 0
    assert happened == ['settled', ('inner', 'inner')]
