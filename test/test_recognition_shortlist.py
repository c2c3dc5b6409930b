"""Fewer tokens to choose from while someone speaks: what is on the list, the model with it, and what it hears."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech import say

from voice_pipeline.audio.frames import to_float
from voice_pipeline.recognition.backend import Request, hear_all
from voice_pipeline.recognition.checkpoint import CheckpointError, read_ctranslate2, with_tokens
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.shortlist import (
    FREQUENT_TOKENS,
    Shortlist,
    short_model,
    shortlist_of,
    write_short_model,
)
from voice_pipeline.recognition.weights import ModelError, bundled_directory
from voice_pipeline.recognition.window import Window

pytest.importorskip('faster_whisper')

WINDOW = Window(0.0, padding_s=0.5)
RARE = 'where is the nearest fire extinguisher'
EMBEDDING = 'decoder/embeddings/weight'


@pytest.fixture(scope='module')
def tokenizer():
    from faster_whisper.tokenizer import Tokenizer as WhisperTokenizer
    from tokenizers import Tokenizer

    whole = Tokenizer.from_file(str(bundled_directory() / 'tokenizer.json'))
    return WhisperTokenizer(whole, False, task='transcribe', language='en')


@pytest.fixture(scope='module')
def shortlist(tokenizer):
    return shortlist_of(
        tokenizer.encode, ('bay 14', 'the vestibule', 'kitchen'), range(tokenizer.eot, tokenizer.no_timestamps + 1)
    )


@pytest.fixture(scope='module')
def backend():
    return load(RecognitionSettings(backend='faster-whisper', device='cpu'))


@pytest.fixture
def small(tmp_path):
    """The weights of tiny.en, with the texts and settings of a model with six tokens."""
    tmp_path = tmp_path / 'small'
    tmp_path.mkdir()
    (tmp_path / 'config.json').write_text(
        json.dumps({'suppress_ids': [1, 4], 'lang_ids': [5], 'alignment_heads': [[1, 0]]})
    )
    (tmp_path / 'vocabulary.txt').write_text(''.join(f'token {number}\n' for number in range(6)))
    (tmp_path / 'model.bin').write_bytes((bundled_directory() / 'model.bin').read_bytes())
    return tmp_path


def heard(backend, *sentences, is_provisional):
    sounds = [to_float(say(sentence, before_s=0.2, after_s=0.1)) for sentence in sentences]
    return hear_all(backend, [Request(sound, (WINDOW,), is_provisional=is_provisional) for sound in sounds])


# --- the list ------------------------------------------------------------------------------------------------------


@given(st.data(), st.sets(st.integers(0, 51863), min_size=1))
def test_there_and_back_are_the_same_tokens(data, listed):
    shortlist = Shortlist(np.array(sorted(listed)))
    tokens = data.draw(st.lists(st.sampled_from(sorted(listed))))
    assert shortlist.restore(shortlist.shorten(tokens)) == tokens
    assert shortlist.shorten(shortlist.tokens) == list(range(len(listed)))


@pytest.mark.parametrize(
    'text',
    [
        ' Go forward two and a half metres, then turn 135 degrees counterclockwise.',
        ' Rotate ninety degrees and drive to the kitchen',
        ' at 1,500 millimetres',
        ' to Bay 14',
        ' to bay fourteen',
        ' into the vestibule',
        ' Vestibule',
    ],
)
def test_what_the_grammar_and_the_vocabulary_know_is_written_with_the_usual_tokens(tokenizer, shortlist, text):
    assert set(tokenizer.encode(text)) <= set(shortlist.tokens.tolist())


def test_every_byte_and_what_ends_a_text_is_on_it(tokenizer, shortlist):
    listed = set(shortlist.tokens.tolist())
    assert {*range(256), tokenizer.eot, tokenizer.sot, tokenizer.no_timestamps, tokenizer.no_speech} <= listed
    assert FREQUENT_TOKENS < len(listed) < 0.3 * 51864


# --- the model -----------------------------------------------------------------------------------------------------


def test_the_model_has_the_rows_of_these_tokens_and_all_else_as_it_was(small):
    tokens = np.array([3, 7, 50256])
    (small / 'short.bin').write_bytes(with_tokens(small / 'model.bin', tokens))
    before, after = (read_ctranslate2(small / name) for name in ('model.bin', 'short.bin'))
    np.testing.assert_array_equal(after.pop(EMBEDDING), before.pop(EMBEDDING)[tokens])
    assert before.keys() == after.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array, err_msg=name)


def test_all_tokens_are_the_file_itself(small):
    assert with_tokens(small / 'model.bin', np.arange(51864)) == (small / 'model.bin').read_bytes()


def test_the_lists_of_tokens_and_their_texts_follow(small, tmp_path):
    folder = tmp_path / 'written'
    folder.mkdir()
    write_short_model(small, Shortlist(np.array([0, 2, 4])), folder)
    assert json.loads((folder / 'config.json').read_text()) == {
        'suppress_ids': [2],
        'suppress_ids_begin': [],
        'lang_ids': [],
        'alignment_heads': [[1, 0]],
    }
    assert (folder / 'vocabulary.txt').read_text() == 'token 0\ntoken 2\ntoken 4\n'
    (small / 'vocabulary.json').write_text(json.dumps([f'"{number}"' for number in range(6)]))
    write_short_model(small, Shortlist(np.array([1, 5])), folder)
    assert json.loads((folder / 'vocabulary.json').read_text()) == ['"1"', '"5"']


def test_each_list_has_a_folder_of_its_own_that_is_made_once(small, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    first, second = (Shortlist(np.array(tokens)) for tokens in ([0, 2, 4], [0, 2, 5]))
    folder = short_model(small, first)
    made_ns = (folder / 'model.bin').stat().st_mtime_ns
    assert short_model(small, second) != folder
    assert short_model(small, first) == folder
    assert (folder / 'model.bin').stat().st_mtime_ns == made_ns


def test_a_model_that_is_cut_off_is_refused(small):
    (small / 'model.bin').write_bytes((small / 'model.bin').read_bytes()[:1_000_000])
    with pytest.raises(CheckpointError, match='is cut off'):
        with_tokens(small / 'model.bin', np.arange(3))


# --- what is heard -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('sentence', ['turn left ninety degrees', 'go to the kitchen and bring me the red cup', 'stop'])
def test_a_command_is_heard_alike_with_the_list(backend, sentence):
    (short,) = heard(backend, sentence, is_provisional=True)
    (whole,) = heard(backend, sentence, is_provisional=False)
    assert (short.text, short.tokens) == (whole.text, whole.tokens)
    assert short.mean_log_probability == pytest.approx(whole.mean_log_probability, abs=0.05)


def test_a_word_that_is_not_on_it_is_spelled_and_written_rightly_at_the_end(backend):
    (short,) = heard(backend, RARE, is_provisional=True)
    (whole,) = heard(backend, RARE, is_provisional=False)
    assert whole.text == 'Where is the nearest fire extinguisher?'
    assert short.text.startswith('Where is the ')
    assert short.tokens != whole.tokens


def test_where_one_of_several_counts_all_are_heard_with_all_tokens(backend):
    sounds = [to_float(say(sentence, before_s=0.2, after_s=0.1)) for sentence in (RARE, 'stop')]
    requests = [Request(sound, (WINDOW,), is_provisional=index == 0) for index, sound in enumerate(sounds)]
    rare, _ = backend.transcribe_batch(requests)
    assert 'extinguisher' in rare.text


def test_a_name_is_found_with_the_list_too(backend):
    (short,) = heard(backend, 'go to the dock', is_provisional=True)
    assert short.text.lower().rstrip('.') == 'go to the dock'


def test_without_the_list_all_tokens_are_compared_throughout():
    backend = load(RecognitionSettings(backend='faster-whisper', device='cpu', shortlist=False))
    (provisional,) = heard(backend, RARE, is_provisional=True)
    assert 'extinguisher' in provisional.text


def test_a_model_of_which_no_list_can_be_made_says_what_to_do(monkeypatch):
    def no_room(*_):
        raise CheckpointError('its tokens are elsewhere')

    monkeypatch.setattr('voice_pipeline.recognition.faster_backend.short_model', no_room)
    with pytest.raises(ModelError, match=r'its tokens are elsewhere\): set shortlist to false'):
        load(RecognitionSettings(backend='faster-whisper', device='cpu'))
