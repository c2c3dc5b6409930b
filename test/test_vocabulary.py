"""The file of names: what it may hold, and what is said about mistakes in it."""

import json
import math

import pytest

from voice_pipeline.messages import GoTo, Pose2D
from voice_pipeline.paths import config_file
from voice_pipeline.understanding.grammar.parser import Parser
from voice_pipeline.understanding.words.vocabulary import Vocabulary, VocabularyError


@pytest.fixture
def load(tmp_path):
    def load_text(text):
        path = tmp_path / 'names.yaml'
        path.write_text(text, encoding='utf-8')
        return Vocabulary.load(path)

    return load_text


def test_the_shipped_file_has_poses_for_all_its_places():
    vocabulary = Vocabulary.load(config_file('vocabulary.yaml'))
    assert vocabulary.places['home'] == Pose2D(x_m=0.0, y_m=0.0, yaw_rad=0.0)
    assert vocabulary.synonyms['dock'] == 'charging station'
    assert all(vocabulary.places.values())
    assert 'robot' in vocabulary.robot_names


def test_places_with_poses_and_synonyms(load):
    vocabulary = load(
        'robot_names: [Marvin]\nplaces:\n  Living  Room: {x_m: 1, y_m: 2, yaw_deg: 90, synonyms: [Lounge]}'
    )
    assert vocabulary.robot_names == ('marvin',)
    assert vocabulary.places == {'living room': Pose2D(x_m=1.0, y_m=2.0, yaw_rad=math.pi / 2)}
    assert vocabulary.place_names() == {'living room': 'living room', 'lounge': 'living room'}


def test_plain_names_in_json(tmp_path):
    path = tmp_path / 'world.json'
    world = {'places': ['Lab', 'waypoint 1'], 'place_synonyms': {'bay': 'lab'}, 'people': ['kim'], 'note': 'mine'}
    path.write_text(json.dumps(world))
    vocabulary = Vocabulary.load(path)
    assert vocabulary.places == {'lab': None, 'waypoint 1': None}
    assert vocabulary.synonyms == {'bay': 'lab'}
    assert vocabulary.people == ('kim',)


def test_a_place_may_have_no_pose(load):
    assert load('places:\n  lab:\n  attic: {synonyms: [loft]}').places == {'lab': None, 'attic': None}


def test_other_names_of_things_and_people(load):
    vocabulary = load(
        'objects:\n  Cup: {synonyms: [mug]}\n  ball:\npeople: {samantha: {synonyms: [sam]}}\nplaces: [lab]'
    )
    assert (vocabulary.objects, vocabulary.people) == (('cup', 'ball'), ('samantha',))
    assert vocabulary.other_names == {'mug': 'cup', 'sam': 'samantha'}
    first, second = Parser(vocabulary).parse('pick up the mug and give it to sam').steps
    assert (first.args.object, second.args.person) == ('cup', 'samantha')


def test_names_of_names_in_any_order(load):
    vocabulary = load('place_synonyms: {bay: dock, dock: charger, home: charger}\nplaces: [charger]')
    assert vocabulary.synonyms == {'bay': 'charger', 'dock': 'charger', 'home': 'charger'}


def test_gestures_and_phrases_of_ones_own(load):
    vocabulary = load(
        'places: [bay]\ngestures: {high five: [slap it]}\nphrases: {beddy byes: go to the bay, all done: beddy byes}'
    )
    parser = Parser(vocabulary)
    assert parser.parse('robot, beddy byes please').steps == parser.parse('go to the bay').steps
    assert parser.parse('all done').steps == parser.parse('go to the bay').steps
    assert parser.parse("don't go beddy byes").steps == ()
    (step,) = parser.parse('slap it').steps
    assert step.args.gesture == 'high_five'


def test_a_name_of_consonants_is_no_noise(load):
    assert Parser(load('places: [hq, wc]')).parse('go to hq then to the wc').steps[1].args.place == 'wc'


def test_all_names_are_there_for_the_recogniser():
    names = Vocabulary.load(config_file('vocabulary.yaml')).all_names()
    assert {'robot', 'dock', 'kitchen', 'red cup', 'mug', 'back to bed'} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ('said', 'place'),
    [('kitchin', 'kitchen'), ('charging stations', 'charging station'), ('work shop', 'workshop'), ('moon', 'moon')],
)
def test_a_misheard_name_is_known_by_its_sound(load, said, place):
    parser = Parser(load('places: [kitchen, charging station, workshop, room, kiosk]'))
    assert parser.parse(f'go to the {said}').steps[0].args.place == place


def test_an_empty_file_knows_nothing(load):
    assert load('') == Vocabulary()


@pytest.mark.parametrize('said', ['go to waypoint one', 'go to the waypoint 1', 'Go to Waypoint One.'])
def test_numbers_in_names_match_however_they_are_written(load, said):
    (step,) = Parser(load('places: [waypoint 1]')).parse(said).steps
    assert isinstance(step, GoTo)
    assert step.args.place == 'waypoint 1'


@pytest.mark.parametrize(
    ('text', 'line', 'problem'),
    [
        ('robot_names: [a]\nplases: [b]', 2, "did you mean 'places'"),
        ('colours: [red]', 1, 'known are'),
        ('places:\n  home: {x_m: 1}', 2, 'both x_m and y_m'),
        ('places:\n  home: {x_m: one, y_m: 2}', 2, 'float'),
        ('places:\n  home: {x_m: .nan, y_m: 2}', 2, 'finite'),
        ('places:\n  home: {x: 1, y: 2}', 2, 'unknown field'),
        ('places:\n  - home\n  - Home', 3, 'twice'),
        ('places:\n  a: {}\n  b: {synonyms: [a]}', 3, 'twice'),
        ('places:\n  - 7', 2, 'quotes'),
        ('places:\n  - "  "', 2, 'can be said'),
        ('places: home', 1, 'names with values'),
        ('robot_names: marvin', 1, 'list of names'),
        ('place_synonyms:\n  a: b\n  b: c\n  c: a', 2, 'circle: a → b → c → a'),
        ('objects: [cup, Cup]', 1, 'twice'),
        ('objects:\n  cup: {synonyms: [mug]}\n  mug:', 3, 'twice'),
        ('objects:\n  cup: {colour: red}', 2, 'unknown field'),
        ('people: [kim]\nrobot_names: [kim]', 2, 'robot and of a person'),
        ('robot_names: [stop]', 1, 'stops the robot'),
        ('gestures:\n  salute: [hi]', 2, 'unknown gesture'),
        ('gestures:\n  wave: [hi]\n  bow: [hi]', 3, 'twice'),
        ('phrases:\n  up we go: hop\n  hop: up we go now', 2, 'circle'),
        ('phrases:\n  halt: go home', 2, 'stops the robot'),
        ('amounts: {little_m: 9}', 1, 'little_m'),
        ('amounts: {inch_m: 0.1}', 1, 'unknown field'),
        ('place_synonyms:\n  dock: charger', 2, 'not one of the places'),
        ('- a\n- b', 1, 'names with values'),
        ('places: [a\nb: c', 2, 'not valid YAML'),
        ('a: \x07', None, 'not valid YAML'),
        ('a: !!python/object:os.system x', None, 'unknown key'),
    ],
)
def test_a_mistake_is_named_with_file_and_line(load, text, line, problem):
    with pytest.raises(VocabularyError, match=problem) as caught:
        load(text)
    assert 'names.yaml' in str(caught.value)
    if line is not None:
        assert f'names.yaml:{line}:' in str(caught.value)


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / 'names.yaml'
    path.write_bytes(b'places: [\xff\xfe]')
    with pytest.raises(VocabularyError, match='cannot be read'):
        Vocabulary.load(path)


def test_a_tag_that_would_make_objects_is_refused(load):
    with pytest.raises(VocabularyError, match='not valid YAML'):
        load('robot_names: [!!python/name:os.system ""]')
