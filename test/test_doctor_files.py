"""What the doctor says of the files that the user writes: parameters, budgets, vocabulary."""

import ast
from pathlib import Path

import pytest
from doctor_rig import says

from voice_pipeline.tools.doctor import configuration_checks
from voice_pipeline.tools.doctor.configuration import OVERRIDES, Configuration
from voice_pipeline.tools.doctor.options import Options
from voice_pipeline.tools.parameters import yaml_files

ROOT = Path(__file__).resolve().parents[1]


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
        ('robot.yaml', 'max_speed_mps: 0.5', 'max_speed_mps: 50.0', ['robot.yaml', 'max_speed_mps', '<= 3']),
        ('monitor.yaml', 'ros__parameters:', 'ros_parameters:', ['monitor.yaml', 'ros__parameters']),
        ('speaker.yaml', '/**/speaker:', '/**/speaker: [', ['speaker.yaml: not valid YAML']),
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
