"""The understanding stage: one final intent an utterance, stops at once, and models that hold nothing up."""

import logging
import queue

import pytest
from understanding_fakes import ScriptedModel, WordEncoder, install

from voice_pipeline.messages import Transcript, steps_to_builtins
from voice_pipeline.understanding.intent_parser import THINKING, IntentParser
from voice_pipeline.understanding.language_model.model_parser import CANCELLED
from voice_pipeline.understanding.settings import UnderstandingSettings

WAIT_S = 20.0
OPEN = 'mosey on over to the kitchen'  # an exemplar, and nothing for the grammar
GO = [{'action': 'go_to', 'args': {'place': 'kitchen'}}]
STRANGE = 'perambulate kitchenwards, kitchen'


def transcript(text, utterance='u1', revision=0, *, final=True, silence_ms=0.0, confidence=0.9, tentative=''):
    return Transcript(
        utterance_id=utterance,
        revision=revision,
        is_final=final,
        speech_end_ns=1_000,
        text=text,
        tentative=tentative,
        confidence=confidence,
        silence_ms=silence_ms,
    )


class Stage:
    """An intent parser, and what it published later."""

    def __init__(self, settings, clock_s=lambda: 0.0):
        self.later = queue.Queue()
        self.parser = IntentParser(settings, self.later.put, clock_ns=lambda: 2_000, clock_s=clock_s)
        assert self.parser.wait_for_models(WAIT_S)

    def hear(self, *arguments, **options):
        return self.parser.on_transcript(transcript(*arguments, **options), received_ns=1_500)

    def next_final(self):
        intent = self.later.get(timeout=WAIT_S)
        assert intent.is_final
        return intent


@pytest.fixture
def stage(monkeypatch):
    made = []

    def make(encoder=None, model=None, clock_s=lambda: 0.0, **settings):
        install(monkeypatch, encoder, model)
        if model is not None:
            settings['language_model'] = 'a model'
        made.append(Stage(UnderstandingSettings(**settings), clock_s))
        return made[-1]

    yield make
    for one in made:
        one.parser.close()


def steps(intent):
    return list(steps_to_builtins(intent.steps))


def test_what_the_grammar_understands_is_final_at_once(stage):
    one = stage(WordEncoder(), ScriptedModel())
    intent = one.hear('turn left ninety degrees')
    assert intent.is_final
    assert steps(intent) == [{'action': 'turn', 'args': {'angle_deg': 90.0}}]
    assert (intent.source, intent.reason) == ('grammar', '')
    assert (intent.trace[-1].received_ns, intent.trace[-1].finished_ns) == (1_500, 2_000)
    assert one.later.empty()


def test_without_models_an_open_final_is_final_with_its_reason(stage):
    one = stage()
    intent = one.hear(OPEN)
    assert (intent.is_final, intent.steps) == (True, ())
    assert 'mosey' in intent.reason
    assert one.later.empty()


def test_words_that_may_still_change_count(stage):
    intent = stage().hear('turn left', final=False, tentative='turn left ninety degrees')
    assert intent.text == 'turn left ninety degrees'
    assert steps(intent) == [{'action': 'turn', 'args': {'angle_deg': 90.0}}]


def test_an_open_final_is_thought_about_and_its_final_follows(stage):
    one = stage(WordEncoder())
    intent = one.hear(OPEN, revision=7)
    assert (intent.is_final, intent.reason, intent.steps) == (False, THINKING, ())
    final = one.next_final()
    assert (final.utterance_id, final.revision, final.source) == ('u1', 7, 'semantic')
    assert steps(final) == GO


def test_a_pause_is_used_so_that_the_final_need_not_wait(stage):
    one = stage(WordEncoder(), pause_ms=100.0)
    assert one.hear(OPEN, revision=0, final=False, silence_ms=120.0).steps == ()
    other = 'mosey on over to the office'
    one.hear(other, 'u2')  # when this has its answer, the pause before it had one
    assert steps(one.next_final()) == [{'action': 'go_to', 'args': {'place': 'office'}}]
    assert one.hear(other, 'u3', 0, final=False).source == 'semantic'
    assert one.hear(other, 'u3', 1).is_final
    assert one.later.empty()


def test_while_someone_speaks_only_the_grammar_works(stage):
    encoder = WordEncoder()
    one = stage(encoder, pause_ms=100.0)
    before = len(encoder.encoded)
    for revision in range(30):
        one.hear(f'{OPEN} {revision}', revision=revision, final=False, silence_ms=50.0)
    one.parser.close()
    assert len(encoder.encoded) == before


def test_a_text_is_compared_once_however_long_the_pause(stage):
    encoder = WordEncoder()
    one = stage(encoder, pause_ms=100.0)
    before = len(encoder.encoded)
    for revision in range(30):
        one.hear(OPEN, revision=revision, final=False, silence_ms=100.0 + revision)
    one.parser.close()
    assert len(encoder.encoded) == before + 1


def test_the_language_model_answers_what_all_else_leaves_open(stage):
    model = ScriptedModel()
    model.answers[STRANGE] = GO
    one = stage(model=model, language_model_confidence=0.25)
    assert one.hear(STRANGE, confidence=0.8).reason == THINKING
    final = one.next_final()
    assert (final.source, final.confidence) == ('llm', pytest.approx(0.2))
    assert steps(final) == GO


@pytest.mark.parametrize('text', ["don't go to the kitchen", 'stop', 'turn left', '', 'go to the kitchen tomorrow'])
def test_the_language_model_is_not_asked_about_what_is_understood(stage, text):
    model = ScriptedModel()
    one = stage(model=model)
    one.hear(text)
    one.parser.close()
    assert model.asked == []


def test_the_language_model_is_never_asked_about_partials(stage):
    model = ScriptedModel()
    one = stage(model=model)
    one.hear(STRANGE, final=False, silence_ms=1_000.0)
    one.parser.close()
    assert model.asked == []


def test_newer_speech_ends_the_thought_which_still_gets_its_final(stage):
    model = ScriptedModel()
    model.answers[STRANGE] = GO
    model.may_go_on.clear()
    one = stage(model=model)
    one.hear(STRANGE)
    assert model.begun.wait(WAIT_S)
    one.hear('', 'u2', final=False)  # noise is no speech
    assert one.later.empty()
    one.hear('turn', 'u2', 1, final=False)
    final = one.next_final()
    assert (final.utterance_id, final.steps, final.reason) == ('u1', (), CANCELLED)


def test_a_stop_is_at_once_while_the_model_thinks(stage):
    model = ScriptedModel()
    model.may_go_on.clear()
    one = stage(model=model)
    one.hear(STRANGE)
    assert model.begun.wait(WAIT_S)
    stop = one.hear('stop', 'u2', final=False)
    assert stop.emergency_stop
    assert one.next_final().steps == ()


def test_every_utterance_gets_one_final_however_they_come(stage):
    model = ScriptedModel()
    one = stage(WordEncoder(), model)
    finals = []
    for number in range(20):
        text = (OPEN, STRANGE, 'turn left', 'blah blah', 'stop')[number % 5]
        one.hear(text, f'u{number}', 0, final=False, silence_ms=200.0)
        intent = one.hear(text, f'u{number}', 1)
        finals += [intent.utterance_id] if intent.is_final else []
    typed = one.parser.on_command(STRANGE, received_ns=5)
    one.parser.close()
    while not one.later.empty():
        finals.append(one.next_final().utterance_id)
    assert sorted(finals) == sorted([*(f'u{number}' for number in range(20)), typed.utterance_id])


def test_a_typed_command_is_thought_about_too(stage):
    one = stage(WordEncoder())
    assert one.parser.on_command(OPEN, received_ns=5).reason == THINKING
    final = one.next_final()
    assert (final.source, steps(final)) == ('typed', GO)
    assert final.confidence > 0.9


@pytest.mark.parametrize('error', [RuntimeError('out of memory'), ValueError('bad input'), MemoryError()])
def test_a_model_that_fails_leaves_what_the_grammar_knows_and_is_logged_once(stage, caplog, error):
    model = ScriptedModel()
    model.error = error
    one = stage(model=model)
    with caplog.at_level(logging.ERROR):
        for number in range(3):
            one.hear(STRANGE, f'u{number}')
            final = one.next_final()
            assert (final.steps, 'perambulate' in final.reason) == ((), True)
    assert len([record for record in caplog.records if type(error).__name__ in record.message]) == 1


@pytest.mark.filterwarnings('ignore::pytest.PytestUnhandledThreadExceptionWarning')
def test_after_an_error_that_nobody_foresaw_the_grammar_goes_on_alone(stage):
    model = ScriptedModel()
    model.error = KeyError('a bug')
    one = stage(model=model)
    assert one.hear(STRANGE).reason == THINKING
    assert one.next_final().steps == ()
    one.parser.close()
    assert one.hear(STRANGE, 'u2').is_final
    assert one.hear('turn left', 'u3').steps


def test_confidence_is_that_of_the_words_and_of_their_understanding(stage):
    one = stage()
    assert one.hear('turn left ninety degrees', confidence=0.8).confidence == pytest.approx(0.8)
    open_one = one.hear(OPEN, 'u2', confidence=0.8)
    assert 0.4 <= open_one.confidence < 0.8


def test_control_characters_and_length_are_refused_but_a_stop_is_not(stage):
    one = stage(WordEncoder())
    for text in ('\x07' + OPEN, OPEN + ' x' * 1_000):
        intent = one.parser.on_command(text, 5)
        assert (intent.is_final, intent.steps) == (True, ())
    assert one.parser.on_command('stop\x07', 5).emergency_stop


# --- the vocabulary's file ------------------------------------------------------------------------------------------


OLD = 'places: [barn]'
NEW = 'places: [barn]\nplace_synonyms: {cowshed: barn}'
TO_BARN = [{'action': 'go_to', 'args': {'place': 'barn'}}]


def test_a_changed_vocabulary_is_used_and_a_broken_one_is_not(stage, tmp_path, caplog):
    path = tmp_path / 'names.yaml'
    path.write_text(OLD)
    now_s = [0.0]
    one = stage(clock_s=lambda: now_s[0], vocabulary=str(path))

    def knows_the_name(second):
        now_s[0] = second
        return steps(one.hear('go to the cowshed', f'u{second}')) == TO_BARN

    assert not knows_the_name(0.0)
    path.write_text(NEW)
    assert not knows_the_name(0.5)  # not looked at yet
    assert knows_the_name(1.5)
    path.write_text('places: 7')
    with caplog.at_level(logging.WARNING):
        assert all(knows_the_name(second) for second in (3.0, 5.0, 7.0))
    assert len([record for record in caplog.records if 'names.yaml:1' in record.message]) == 1
    path.unlink()
    assert knows_the_name(9.0)
    path.write_text(OLD + ' # again')
    assert not knows_the_name(11.0)


def test_new_names_are_known_to_the_semantic_match_too(stage, tmp_path):
    path = tmp_path / 'names.yaml'
    path.write_text(OLD)
    now_s = [0.0]
    one = stage(WordEncoder(), clock_s=lambda: now_s[0], vocabulary=str(path))
    one.hear('mosey on over to the cowshed')
    assert one.next_final().steps == ()
    path.write_text(NEW)
    now_s[0] = 2.0
    one.hear('mosey on over to the cowshed', 'u2')
    assert steps(one.next_final()) == TO_BARN
