import msgspec
import pytest
import yaml

from voice_pipeline.messages import STAGES
from voice_pipeline.monitoring.budgets import BudgetError, load_budgets
from voice_pipeline.paths import config_file


def document():
    return yaml.safe_load(config_file('budgets.yaml').read_text())


def write(folder, content):
    file = folder / 'robot.yaml'
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return file


def test_the_installed_budgets_are_the_promised_ones():
    budgets = load_budgets()
    assert {name: budgets.stage(name).min_hz for name in STAGES} == {
        'audio': 30,
        'recognition': 15,
        'understanding': 15,
        'planning': 15,
        'control': 20,
    }
    assert budgets.stages.recognition.latency_p95_ms == 66
    assert budgets.stages.recognition.final_p95_ms == 300
    assert (budgets.voice_to_action_p95_ms, budgets.voice_to_stop_p95_ms) == (500, 250)
    assert msgspec.to_builtins(budgets.machine) == {'cpu_percent': 80, 'gpu_percent': 80, 'memory_mb': 2048}


def test_a_robot_may_have_budgets_of_its_own(tmp_path):
    changed = document()
    changed['machine']['memory_mb'] = 900.5
    assert load_budgets(write(tmp_path, changed)).machine.memory_mb == 900.5


WRONG = (
    (('stages', 'recognition', 'min_hz'), 0, 'stages.recognition.min_hz: expected `float` > 0'),
    (('stages', 'recognition', 'min_hz'), 'fast', 'stages.recognition.min_hz: expected `float`, got `str`'),
    (('stages', 'planning'), {'min_hz': 15}, 'stages.planning: object missing required field `latency_p95_ms`'),
    (('stages', 'thinking'), {}, 'stages: object contains unknown field `thinking`'),
    (('machine', 'cpu_percent'), 101, 'machine.cpu_percent: expected `float` <= 100'),
    (('machine', 'memory_mb'), float('inf'), 'machine.memory_mb: expected a finite number'),
    (('voice_to_action_p95_ms',), float('nan'), 'voice_to_action_p95_ms: expected a finite number'),
    (('warn_within', 'rate_percent'), -1, 'warn_within.rate_percent: expected `float` >= 0'),
    (('hysteresis', 'worse_after_s'), -1, 'hysteresis.worse_after_s: expected `float` >= 0'),
    (('stale_after_s',), None, 'stale_after_s: expected `float`, got `null`'),
    (('cpu',), 80, 'object contains unknown field `cpu`'),
)


@pytest.mark.parametrize(('field', 'value', 'problem'), WRONG, ids=[problem for _, _, problem in WRONG])
def test_an_error_names_the_file_and_the_field(tmp_path, field, value, problem):
    changed = document()
    place = changed
    for key in field[:-1]:
        place = place[key]
    place[field[-1]] = value
    file = write(tmp_path, changed)
    with pytest.raises(BudgetError) as error:
        load_budgets(file)
    assert str(error.value).startswith(f'{file}: {problem}')


@pytest.mark.parametrize(
    ('content', 'problem'),
    [('stages: [', 'not valid YAML'), ('', 'expected a mapping with the keys stages'), ('- 80', 'expected a mapping')],
)
def test_a_file_that_is_no_mapping_is_explained(tmp_path, content, problem):
    with pytest.raises(BudgetError, match=problem):
        load_budgets(write(tmp_path, content))


def test_a_file_that_is_not_there_is_explained(tmp_path):
    with pytest.raises(BudgetError, match=r'absent\.yaml: cannot be read'):
        load_budgets(tmp_path / 'absent.yaml')


def test_a_file_that_is_not_text_is_explained(tmp_path):
    file = tmp_path / 'budgets.yaml'
    file.write_bytes(b'\xff\xfe\x00')
    with pytest.raises(BudgetError, match='cannot be read'):
        load_budgets(file)
