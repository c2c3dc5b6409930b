"""Decoding from a draft gives what greedy decoding gives, token by token: openai-whisper's own is the reference."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speech import say

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, to_float
from voice_pipeline.recognition.backend import Hypothesis
from voice_pipeline.recognition.features import LogMel
from voice_pipeline.recognition.window import Window, token_limit

WINDOW = Window(4.0)
CLIPS = ('go to the kitchen and bring me the red cup', 'turn left ninety degrees', 'stop')
STEP = SAMPLE_RATE_HZ * 2 // 5


@pytest.fixture(scope='module')
def backend(tmp_path_factory):
    from voice_pipeline.recognition.openai_backend import OpenAiBackend

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('XDG_CACHE_HOME', str(tmp_path_factory.mktemp('cache')))
        return OpenAiBackend('tiny.en', 'cpu', threads=1)


def whispers_own(backend, samples):
    """Return the tokens, the mean log-probability and the probability of no speech that openai-whisper decodes."""
    import torch
    import whisper

    limit = token_limit(len(samples))
    options = whisper.DecodingOptions(language='en', without_timestamps=True, fp16=False, sample_len=limit)
    with torch.inference_mode():
        backend._encode(samples, WINDOW)  # fits the encoder to the window
        features = torch.from_numpy(LogMel()(samples, WINDOW.frame_count(len(samples))))
        result = whisper.decode(backend._model, features, options)
    return tuple(result.tokens), result.avg_logprob, result.no_speech_prob


def prefixes(clip):
    sound = to_float(say(clip))
    return [sound[:end] for end in (*range(STEP, len(sound), STEP), len(sound))]


@pytest.mark.parametrize('clip', CLIPS)
def test_every_revision_of_a_growing_sound_is_that_of_greedy_decoding(backend, monkeypatch, clip):
    # Whisper's own decoding knows no loops; in this test neither does ours.
    monkeypatch.setattr(backend._loops, 'cut', lambda tokens, duration_s: None)
    draft = None
    for samples in prefixes(clip):
        heard = backend.transcribe(samples, WINDOW, draft)
        tokens, mean, no_speech = whispers_own(backend, samples)

        assert heard.tokens == tokens
        if not heard.was_cut:
            assert heard.mean_log_probability == pytest.approx(mean, abs=1e-3)
        assert heard.no_speech_probability == pytest.approx(no_speech, abs=1e-3)
        draft = heard


@pytest.fixture(scope='module')
def spoken(backend):
    """The encoder's states of a sentence, and its greedy tokens."""
    import torch

    samples = to_float(say(CLIPS[0]))
    with torch.inference_mode():
        states = backend._encode(samples, WINDOW)
    return states, whispers_own(backend, samples)[0]


def decode(backend, states, draft, limit=50, stop=lambda tokens: None):
    import torch

    with torch.inference_mode():
        return backend._decoder.decode(states, draft, limit, stop)


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_no_draft_is_bad_enough_to_change_the_text(backend, spoken, data):
    """Right at first, then anything: other words, special tokens, too long, too short."""
    states, tokens = spoken
    right = data.draw(st.integers(0, len(tokens)))
    wrong = data.draw(st.lists(st.integers(0, backend._model.dims.n_vocab - 1), max_size=12))

    assert tuple(decode(backend, states, (*tokens[:right], *wrong)).tokens) == tokens


@pytest.mark.parametrize('right', [0, 1, 5, 11])
def test_a_pass_is_spared_for_each_token_that_the_draft_knew(backend, spoken, right):
    states, tokens = spoken

    assert decode(backend, states, tokens[:right]).passes == len(tokens) + 1 - right


def test_a_right_draft_costs_one_pass(backend, spoken):
    states, tokens = spoken
    decoded = decode(backend, states, tokens)

    assert (tuple(decoded.tokens), decoded.passes, decoded.was_cut) == (tokens, 1, False)


@pytest.mark.parametrize('right', [0, 3, 11])
def test_the_limit_holds_with_and_without_a_draft(backend, spoken, right):
    states, tokens = spoken
    decoded = decode(backend, states, tokens[:right], limit=4)

    assert (tuple(decoded.tokens), decoded.was_cut) == (tokens[:4], True)


@pytest.mark.parametrize('right', [0, 3, 11])
def test_the_stop_rule_holds_with_and_without_a_draft(backend, spoken, right):
    """It is asked after each token, and what it leaves is the result."""
    states, tokens = spoken
    asked = []

    def stop(so_far):
        asked.append(len(so_far))
        return 2 if len(so_far) == 5 else None

    decoded = decode(backend, states, tokens[:right], stop=stop)

    assert (tuple(decoded.tokens), decoded.was_cut) == (tokens[:2], True)
    assert asked == [1, 2, 3, 4, 5]


def test_one_utterance_leaves_nothing_behind_for_the_next(backend, spoken):
    states, _ = spoken
    before = decode(backend, states, ())
    backend.transcribe(to_float(say(CLIPS[1])), WINDOW, Hypothesis('', 0.0, 0.0, tuple(range(40))))

    assert decode(backend, states, ()) == before


@pytest.fixture(scope='module')
def watching(backend):
    """A decoder of the same model that watches two tokens: " kitchen", and one that nobody says here."""
    from voice_pipeline.recognition.greedy import GreedyDecoder

    watched = (*backend._tokenizer.encode(' kitchen'), *backend._tokenizer.encode(' zebra')[:1])
    return GreedyDecoder(backend._model, backend._decoder._special, watched)


def test_the_margins_do_not_depend_on_the_draft(backend, watching, spoken):
    import torch

    states, tokens = spoken
    wrong = (*tokens[:4], tokens[0], tokens[0])
    with torch.inference_mode():
        decoded = [watching.decode(states, draft, 50, lambda tokens: None) for draft in ((), tokens, wrong)]

    place = [backend._tokenizer.decode([token]) for token in tokens].index(' kitchen')
    for each in decoded:
        assert tuple(each.tokens) == tokens
        assert len(each.margins) == len(tokens) + 1  # and the end
        assert each.margins[place][0] == 0.0
        assert max(row[1] for row in each.margins) < 0.0
        assert torch.allclose(torch.tensor(each.margins), torch.tensor(decoded[0].margins), atol=1e-3)


def test_what_was_said_scores_best(backend, watching, spoken):
    import torch

    states, tokens = spoken
    other = [tokens[0] if token == tokens[3] else token for token in tokens]
    with torch.inference_mode():
        said, wrong, short = watching.score(states, [tokens, other, tokens[:2]])
        plain = watching.decode(states, (), 50, lambda tokens: None)

    assert wrong < said < short < 0.0
    assert said == pytest.approx(plain.log_probability, abs=1.0)  # which has the end token, and fewer rivals
