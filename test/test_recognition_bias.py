"""Names in the place of what they were taken for: the decisions, by a scripted model; then both libraries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech import say

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, to_float
from voice_pipeline.messages import Pose2D
from voice_pipeline.recognition.bias import COMMON_TOKENS, MAX_ALTERNATIVES, Bias, Expected, names_of
from voice_pipeline.recognition.choose import expected, load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.recognition.window import Window
from voice_pipeline.understanding.words.vocabulary import Vocabulary

FAR, STRENGTH, END = -50.0, 8.0, 10_000


class Tokenizer:
    """Tokens of at most three characters, a space before a word being one of them."""

    def __init__(self):
        self.pieces = []

    def encode(self, text):
        words = [f' {word}' for word in text.split()]
        pieces = [word[start : start + 3] for word in words for start in range(0, len(word), 3)]
        self.pieces += [piece for piece in dict.fromkeys(pieces) if piece not in self.pieces]
        return [COMMON_TOKENS + self.pieces.index(piece) for piece in pieces]

    def decode(self, tokens):
        return ''.join(self.pieces[token - COMMON_TOKENS] for token in tokens)


class Model:
    """
    A model that heard a text and finds others less likely.

    `near`: the names whose tokens are, wherever they could stand, as near as the number says. `losses`: how much less
    likely a text is than the one heard; what is not in it is hopeless.
    """

    def __init__(self, heard, names, near, losses, strength=STRENGTH):
        self.tokenizer = Tokenizer()
        self.bias = Bias(Expected(tuple(names), strength), self.tokenizer.encode, self.tokenizer.decode, END)
        self.heard = self.tokenizer.encode(heard)
        self.losses = losses
        self.scored = []
        self.margins = np.full((len(self.heard) + 1, len(self.bias.watched)), FAR, np.float32)
        for name, margin in near.items():
            for token in self.tokenizer.encode(name):
                self.margins[:, self.bias.watched.index(token)] = margin
        for row, token in zip(self.margins, self.heard, strict=False):
            if token in self.bias.watched:
                row[self.bias.watched.index(token)] = 0.0

    def score(self, texts):
        heard, *others = [self.tokenizer.decode(text).strip() for text in texts]
        assert heard == self.tokenizer.decode(self.heard).strip()
        self.scored += others
        return [-3.0, *(-3.0 - self.losses.get(other, 100.0) for other in others)]

    @property
    def text(self):
        return self.tokenizer.decode(self.bias.correct(self.heard, self.margins, self.score)).strip()


@pytest.mark.parametrize(('loss', 'text'), [(-1.0, 'go to the dock'), (4.0, 'go to the dock'), (7.0, 'go to the duck')])
def test_a_name_is_taken_where_it_is_nearly_as_likely(loss, text):
    """Three of four letters are those that were heard, so three quarters of the strength, 6 nats, are allowed."""
    assert Model('go to the duck', ['dock'], {'dock': -1.0}, {'go to the dock': loss}).text == text


def test_the_more_letters_are_the_same_the_less_likely_a_name_may_be():
    losses, near = {'go to the dock': 5.0}, {'dock': -1.0}

    assert Model('go to the dok', ['dock'], near, losses).text == 'go to the dock'
    assert Model('go to the dark', ['dock'], near, losses).text == 'go to the dark'


def test_where_no_name_is_near_nothing_is_scored():
    model = Model('go to the duck', ['dock'], {}, {'go to the dock': 0.0})

    assert model.text == 'go to the duck'
    assert model.scored == []


def test_a_likely_name_with_other_letters_is_not_taken():
    model = Model('go to the garden', ['dock'], {'dock': 0.0}, {'go to the dock': -5.0})

    assert (model.text, model.scored) == ('go to the garden', [])


@pytest.mark.parametrize('heard', ['go to the dock', 'go to the Dock', 'dock', 'go to the dock .'])
def test_a_name_that_was_heard_stays(heard):
    model = Model(heard, ['dock', 'deck'], {'dock': -0.1, 'Dock': -0.1, 'deck': -0.1}, {})

    assert (model.text, model.scored) == (heard, [])


@pytest.mark.parametrize(
    ('heard', 'name'),
    [('stop following', 'store'), ("don't go", 'dona'), ('halt', 'hall'), ('freeze', 'breeze'), ('no turn', 'noa')],
)
def test_what_turns_a_command_round_is_never_taken_for_a_name(heard, name):
    model = Model(heard, [name], {name: 0.0}, {heard.replace(heard.split()[0], name): -9.0})

    assert (model.text, model.scored) == (heard, [])


def test_a_common_word_needs_no_help():
    numbers = {' start': 923, ' Start': 7253, ' berth': 45015, ' Berth': 47000}
    bias = Bias(Expected(('start', 'berth'), STRENGTH), lambda text: [numbers[text]], str, 50_000)

    assert bias.watched == (45015, 47000)


def test_a_name_may_replace_a_name_that_is_part_of_it():
    losses = {'go to the bay four': 2.0}

    assert Model('go to the bay for', ['bay', 'bay four'], {'bay four': -1.0}, losses).text == 'go to the bay four'


def test_a_name_is_taken_for_several_words():
    losses = {'where is the vestibule now': 2.0}
    model = Model('where is the best of you now', ['vestibule'], {'vestibule': -1.0}, losses)

    assert model.text == 'where is the vestibule now'


def test_a_name_of_several_words_is_taken_for_one():
    assert Model('in before', ['bay four'], {'bay four': -1.0}, {'in bay four': 2.0}).text == 'in bay four'


def test_a_number_is_known_by_its_sound():
    assert Model('in bay fore', ['bay four'], {'bay 4': -1.0}, {'in bay 4': 2.0}).text == 'in bay 4'


def test_punctuation_stays():
    losses = {'the dock ? now': 2.0}

    assert Model('the duck ? now', ['dock'], {'dock': -1.0}, losses).text == 'the dock ? now'


def test_the_best_of_several_names_is_taken():
    losses = {'go to the dock': 2.0, 'go to the deck': 1.0}

    assert Model('go to the duck', ['dock', 'deck'], {'dock': -1, 'deck': -1}, losses).text == 'go to the deck'


def test_a_sentence_may_hold_several_names():
    losses = {'bring allex to the dock': 3.0, 'bring alex to the duck': 3.0}
    model = Model('bring allex to the duck', ['dock', 'alex'], {'dock': -1.0, 'alex': -1.0}, losses)

    assert model.text == 'bring alex to the dock'


def test_only_the_most_promising_are_scored():
    near = {'dock': -1.0, 'deck': -2.0, 'puck': -0.5, 'tuck': -3.0, 'dusk': -2.5}
    model = Model('duck', near, near, {})

    assert model.text == 'duck'
    assert len(model.scored) == MAX_ALTERNATIVES
    assert model.scored[0] == 'puck'


@pytest.mark.parametrize(('names', 'strength'), [((), STRENGTH), (('dock',), 0.0)])
def test_without_names_nothing_is_watched(names, strength):
    bias = Bias(Expected(names, strength), Tokenizer().encode, Tokenizer().decode, END)

    assert bias.watched == ()
    assert bias.correct([1, 2], np.zeros((0, 0), np.float32), lambda texts: pytest.fail('scored')) == (1, 2)


def test_tokens_that_are_no_text_are_left_alone():
    model = Model('go to the duck', ['dock'], {'dock': -1.0}, {'go to the dock': 0.0})
    tokens = [*model.heard, END]

    assert model.bias.correct(tokens, np.zeros((6, len(model.bias.watched))), model.score) == tuple(tokens)


WORDS = st.lists(
    st.sampled_from(('go', 'to', 'the', 'dock', 'duck', 'bay', 'for', '4', '.', '?', 'Alex', 'alec', 'waypoint', '2')),
    max_size=8,
)


@given(WORDS, st.data())
def test_whatever_the_model_says_the_rest_of_the_sentence_stays(heard, data):
    names = ['dock', 'bay four', 'alex', 'waypoint two']
    model = Model(' '.join(heard), names, {}, {})
    shape = (data.draw(st.integers(0, len(model.heard) + 1)), len(model.bias.watched))
    margins = np.random.default_rng(data.draw(st.integers(0, 99))).uniform(-9, 0, shape).astype(np.float32)
    gains = iter(data.draw(st.lists(st.floats(-9, 9), min_size=4, max_size=4)))
    corrected = model.bias.correct(model.heard, margins, lambda texts: [next(gains) for _ in texts])

    text = model.tokenizer.decode(corrected).lower().split()
    spoken = {word for name in names for word in name.split()} | {'4', '2'}
    assert [word for word in text if word not in {*spoken, *(each.lower() for each in heard)}] == []


def test_every_name_of_the_vocabulary_is_expected_once():
    vocabulary = Vocabulary(
        robot_names=('scout',),
        places={'home': Pose2D(x_m=0.0, y_m=0.0), 'dock': None},
        synonyms={'base': 'home'},
        people=('alex', 'scout'),
        objects=('cup',),
        surfaces=('shelf',),
    )

    assert names_of(vocabulary) == ('scout', 'home', 'dock', 'base', 'alex', 'cup', 'shelf')


def test_the_names_come_from_the_settings(tmp_path):
    path = tmp_path / 'mine.yaml'
    path.write_text('places: [dock]\npeople: [Kira]\n')

    assert expected(RecognitionSettings(vocabulary=str(path), name_bias=3.0)) == Expected(('dock', 'kira'), 3.0)
    assert 'kitchen' in expected(RecognitionSettings()).names
    assert expected(RecognitionSettings(vocabulary=str(path), name_bias=0.0)).names == ()


def test_an_unusable_vocabulary_is_said(tmp_path):
    with pytest.raises(ModelError, match=r'missing\.yaml: cannot be read'):
        expected(RecognitionSettings(vocabulary=str(tmp_path / 'missing.yaml')))


# --- with the real model ---------------------------------------------------------------------------------------------

WINDOW = Window(0.0, 0.5)
BACKENDS = ('faster-whisper', 'openai-whisper')
NAMES = 'places: [berth, sluice gate, mezzanine, waypoint two]\npeople: [niko, kira]\n'


@pytest.fixture(scope='module')
def backends(tmp_path_factory):
    """Each library, with the names and without."""
    folder = tmp_path_factory.mktemp('cache')
    (folder / 'names.yaml').write_text(NAMES)
    settings = {'device': 'cpu', 'vocabulary': str(folder / 'names.yaml')}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('XDG_CACHE_HOME', str(folder))
        yield {
            (name, bias): load(RecognitionSettings(backend=name, name_bias=bias, **settings))
            for name in BACKENDS
            for bias in (0.0, RecognitionSettings().name_bias)
        }


@pytest.fixture(params=BACKENDS)
def pair(backends, request):
    """One library without and with the names."""
    return tuple(backend for (library, _), backend in backends.items() if library == request.param)


@pytest.mark.parametrize(
    ('said', 'without', 'with_names'),
    [
        ('go to the berth', 'Go to the birth.', 'Go to the berth.'),
        ('where is niko now', 'Where is Nico now?', 'Where is Niko now?'),
        ('follow kira', 'Follow Kira.', 'Follow Kira.'),
        ('go to the kitchen and bring me the red cup', *('Go to the kitchen and bring me the red cup.',) * 2),
    ],
)
def test_names_are_heard_and_nothing_else_changes(pair, said, without, with_names):
    sound = to_float(say(said))
    plainly, expecting = (backend.transcribe(sound, WINDOW) for backend in pair)

    assert (plainly.text, expecting.text) == (without, with_names)
    assert expecting.tokens == plainly.tokens  # the draft of the next revision is what was decoded
    assert expecting.mean_log_probability == pytest.approx(plainly.mean_log_probability, abs=1e-4)


def test_the_draft_changes_no_name(pair):
    """What greedy decoding and the names give for a sound does not depend on what was heard before."""
    sound = to_float(say('turn left and go to the berth'))
    draft = None
    for end in (*range(SAMPLE_RATE_HZ, len(sound), SAMPLE_RATE_HZ // 2), len(sound)):
        heard = pair[1].transcribe(sound[:end], WINDOW, draft)
        assert heard.text == pair[1].transcribe(sound[:end], WINDOW).text
        draft = heard
    assert heard.text.endswith('go to the berth.')


def test_names_do_no_harm_to_what_is_no_speech(pair):
    for sound in (np.zeros(0), np.zeros(SAMPLE_RATE_HZ), np.full(8000, np.nan), np.ones(1)):
        plainly, expecting = (backend.transcribe(sound.astype(np.float32), WINDOW) for backend in pair)
        assert expecting.text == plainly.text
