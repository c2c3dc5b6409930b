"""The parameter files: what a node would start with, and what is said of a file that cannot be used."""

import shutil

import msgspec
import pytest

from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.settings import SettingsError
from voice_pipeline.tools.parameter_files import ParameterFileError, installed_folder, node_settings
from voice_pipeline.tools.parameters import NODE_SETTINGS


def write(folder, name, document):
    (folder / f'{name}.yaml').write_bytes(msgspec.yaml.encode(document))


def change(folder, name, **values):
    write(folder, name, {'/**': {'ros__parameters': values}})


def planning(folder, **given):
    return node_settings(folder, 'action_planner', PlanningSettings, given)


@pytest.mark.parametrize('node', NODE_SETTINGS)
def test_the_installed_parameters_are_the_defaults(node):
    kind = NODE_SETTINGS[node]
    assert node_settings(installed_folder(), node, kind, {}) == kind()


def test_limits_of_the_robot_and_names_are_taken_over(tmp_path):
    change(tmp_path, 'robot', max_speed_mps=0.45)
    settings = planning(tmp_path, vocabulary='names.yaml')
    assert settings == PlanningSettings(max_speed_mps=0.45, vocabulary='names.yaml')


def test_the_robots_file_wins_over_the_nodes_and_what_is_given_over_both(tmp_path):
    change(tmp_path, 'action_planner', max_speed_mps=0.1, max_lateral_mps=0.2, skills='pick')
    change(tmp_path, 'robot', max_speed_mps=0.45, max_lateral_mps=0.4)
    settings = planning(tmp_path, max_lateral_mps=0.5)
    assert settings == PlanningSettings(max_speed_mps=0.45, max_lateral_mps=0.5, skills='pick')


@pytest.mark.parametrize('pattern', ['/voice/action_planner', '/**/action_planner', '/**'])
def test_the_parameters_of_a_node_are_found_by_its_name(tmp_path, pattern):
    others = {'/**/robot_control': {'ros__parameters': {'default_distance_m': 7.0}}}
    write(tmp_path, 'action_planner', {pattern: {'ros__parameters': {'default_distance_m': 3.0}}, **others})
    assert planning(tmp_path).default_distance_m == 3.0


@pytest.mark.parametrize('text', ['', '# all as it is\n'])
def test_an_empty_file_and_one_that_is_not_there_set_nothing(tmp_path, text):
    (tmp_path / 'action_planner.yaml').write_text(text)
    assert planning(tmp_path) == PlanningSettings()


@pytest.mark.parametrize(
    ('name', 'text', 'problem'),
    [
        ('action_planner', '/**: 7', 'action_planner.yaml: not a parameter file: expected "ros__parameters:"'),
        ('action_planner', '/**: {ros_parameters: {}}', 'action_planner.yaml: not a parameter file'),
        ('action_planner', '/**: {ros__parameters: }', 'action_planner.yaml: not a parameter file'),
        ('action_planner', '- 7', 'action_planner.yaml: not a parameter file'),
        ('action_planner', '[', 'action_planner.yaml: not valid YAML'),
        (
            'action_planner',
            '/**: {ros__parameters: {distance: 2}}',
            "action_planner.yaml: unknown parameter 'distance'",
        ),
        ('robot', '/**: {ros__parameters: {max_speed_mps: 50}}', "robot.yaml: parameter 'max_speed_mps' is 50"),
        ('robot', '/**: {ros__parameters: {wheels: 4}}', "robot.yaml: unknown parameter 'wheels'"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, name, text, problem):
    (tmp_path / f'{name}.yaml').write_text(text)
    with pytest.raises(ParameterFileError) as caught:
        planning(tmp_path)
    assert problem in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / 'action_planner.yaml').mkdir()
    with pytest.raises(ParameterFileError, match=r'action_planner\.yaml: cannot be read'):
        planning(tmp_path)


def test_a_folder_of_parameters_that_is_not_there_is_said(tmp_path):
    with pytest.raises(SettingsError, match='there is no such folder'):
        node_settings(tmp_path / 'nowhere', 'speech_recognition', RecognitionSettings, {})


def test_a_copied_folder_is_as_good_as_the_installed_one(tmp_path):
    shutil.copytree(installed_folder(), tmp_path / 'mine')
    change(tmp_path / 'mine', 'action_planner', default_distance_m=2.5)
    assert planning(tmp_path / 'mine') == PlanningSettings(default_distance_m=2.5)
