"""What a robot's owner teaches it, in one YAML (or JSON) file: names, other words for what it can do, usual amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import isfinite, radians
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import yaml

from voice_pipeline.messages import Pose2D
from voice_pipeline.paths import config_file
from voice_pipeline.understanding.words.emergency import is_emergency_stop
from voice_pipeline.understanding.words.items import GestureName
from voice_pipeline.understanding.words.normalise import words

_NAME_LISTS = ('people', 'objects', 'surfaces')
_KEYS = ('robot_names', *_NAME_LISTS, 'places', 'place_synonyms', 'gestures', 'phrases', 'amounts', 'note')
_GESTURES: tuple[str, ...] = get_args(GestureName)


class VocabularyError(ValueError):
    """The file cannot be used; the text says which file and line, what is wrong and what is expected."""


class _PlaceEntry(msgspec.Struct, forbid_unknown_fields=True):
    x_m: float | None = None
    y_m: float | None = None
    yaw_deg: float | None = None
    synonyms: list[str] = []


class _NameEntry(msgspec.Struct, forbid_unknown_fields=True):
    synonyms: list[str] = []


class Amounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    How much a word without a number is: a step, and "a little" of a way or a turn.

    Without `little_m` and `little_deg` the planner's usual distance and angle are taken.
    """

    step_m: Annotated[float, msgspec.Meta(gt=0, le=2)] = 0.3048
    little_m: Annotated[float, msgspec.Meta(gt=0, le=2)] | None = None
    little_deg: Annotated[float, msgspec.Meta(gt=0, le=90)] | None = None


@dataclass(frozen=True)
class Vocabulary:
    """
    What is known by name. All names are in lower case.

    `places` has the pose of each place in the map's frame, None where the name alone is known; `synonyms` leads other
    names of places to them, `other_names` those of people, objects and surfaces. `gestures` has further words for a
    gesture ("say hi": "wave"), `phrases` further words for a command ("beddy byes": "go to the charging station").
    """

    robot_names: tuple[str, ...] = ()
    places: Mapping[str, Pose2D | None] = field(default_factory=dict)
    synonyms: Mapping[str, str] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()
    other_names: Mapping[str, str] = field(default_factory=dict)
    gestures: Mapping[str, str] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)
    amounts: Amounts = field(default_factory=Amounts)

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read and check a file, see config/vocabulary.yaml for its form. Raises `VocabularyError`."""
        try:
            return _Reader(path, path.read_text(encoding='utf-8')).read()
        except (OSError, UnicodeDecodeError) as error:
            raise VocabularyError(f'{path}: cannot be read: {error}') from None
        except yaml.MarkedYAMLError as error:
            line = f':{error.problem_mark.line + 1}' if error.problem_mark else ''
            raise VocabularyError(f'{path}{line}: not valid YAML: {error.problem}') from None
        except (yaml.YAMLError, RecursionError) as error:
            raise VocabularyError(f'{path}: not valid YAML: {error}') from None

    def place_names(self) -> dict[str, str]:
        """Return every name a place can be called by, with the place."""
        return {**{name: name for name in self.places}, **self.synonyms}

    def all_names(self) -> tuple[str, ...]:
        """Return every name and phrase that someone may say, each once: what a recogniser should expect."""
        lists = (self.robot_names, self.place_names(), self.people, self.objects, self.surfaces, self.other_names)
        return tuple(dict.fromkeys(name for names in (*lists, self.gestures, self.phrases) for name in names))


def load_vocabulary(path: str = '') -> Vocabulary:
    """Return the vocabulary of this file, '' being the one installed with the package. Raises `VocabularyError`."""
    return Vocabulary.load(Path(path) if path else config_file('vocabulary.yaml'))


class _Reader:
    """Walks the document's nodes, since they know their lines and plain values do not."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._loader = yaml.SafeLoader(text)
        self._places: dict[str, Pose2D | None] = {}
        self._synonyms: dict[str, str] = {}
        self._other_names: dict[str, str] = {}

    def read(self) -> Vocabulary:
        sections = self._sections()
        names = {key: self._names(sections[key]) for key in _NAME_LISTS if key in sections}
        if 'places' in sections:
            self._read_places(sections['places'])
        if 'place_synonyms' in sections:
            self._read_synonyms(sections['place_synonyms'])
        return Vocabulary(
            robot_names=self._robot_names(sections.get('robot_names'), names.get('people', ())),
            places=self._places,
            synonyms=self._synonyms,
            other_names=self._other_names,
            gestures=self._gestures(sections.get('gestures')),
            phrases=self._phrases(sections.get('phrases')),
            amounts=self._amounts(sections.get('amounts')),
            **names,
        )

    def _sections(self) -> dict[str, yaml.Node]:
        root = self._loader.get_single_node()
        if root is None:
            return {}
        sections: dict[str, yaml.Node] = {}
        for node, key, value in self._pairs(root):
            if key not in _KEYS:
                close = get_close_matches(key, _KEYS, n=1)
                hint = f"did you mean '{close[0]}'?" if close else f'known are: {", ".join(_KEYS)}'
                raise self._error(node, f"unknown key '{key}': {hint}")
            sections[key] = value
        return sections

    def _read_places(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._add_place(self._name(item), None, item)
            return
        for key_node, name, value in self._pairs(node):
            try:
                entry = msgspec.convert(self._value(value) or {}, _PlaceEntry)
            except msgspec.ValidationError as error:
                raise self._error(value, f"place '{name}': {error}") from None
            self._add_place(name, self._pose(entry, name, value), key_node)
            for synonym in entry.synonyms:
                self._add_synonym(self._clean(synonym, value), name, value)

    def _pose(self, entry: _PlaceEntry, name: str, node: yaml.Node) -> Pose2D | None:
        if entry.x_m is None or entry.y_m is None:
            if (entry.x_m, entry.y_m, entry.yaw_deg) != (None, None, None):
                raise self._error(node, f"place '{name}' needs both x_m and y_m, or neither")
            return None
        if not all(isfinite(value) for value in (entry.x_m, entry.y_m, entry.yaw_deg or 0.0)):
            raise self._error(node, f"place '{name}': x_m, y_m and yaw_deg must be finite numbers")
        yaw_rad = None if entry.yaw_deg is None else radians(entry.yaw_deg)
        return Pose2D(x_m=entry.x_m, y_m=entry.y_m, yaw_rad=yaw_rad)

    def _add_place(self, name: str, pose: Pose2D | None, node: yaml.Node) -> None:
        self._check_new(name, node)
        self._places[name] = pose

    def _add_synonym(self, synonym: str, name: str, node: yaml.Node) -> None:
        self._check_new(synonym, node)
        if name not in self._places:
            raise self._error(node, f"'{synonym}' is another name of '{name}', which is not one of the places")
        self._synonyms[synonym] = name

    def _read_synonyms(self, node: yaml.Node) -> None:
        """Read "dock: charger" and "charger: charging station" in any order."""
        pairs = {synonym: (self._name(target), target) for _, synonym, target in self._pairs(node)}
        for synonym, (name, target) in pairs.items():
            chain = [synonym]
            while name in pairs and name not in self._places:
                if name in chain:
                    raise self._error(target, f'names in a circle: {" → ".join([*chain, name])}')
                chain.append(name)
                name = pairs[name][0]
            self._add_synonym(synonym, self._synonyms.get(name, name), target)

    def _robot_names(self, node: yaml.Node | None, people: tuple[str, ...]) -> tuple[str, ...]:
        if node is None:
            return ()
        names = self._names(node)
        for name in names:
            if name in people:
                raise self._error(node, f"'{name}' is the name of the robot and of a person")
            if is_emergency_stop(name):
                raise self._error(node, f"'{name}' stops the robot, and cannot be its name")
        return names

    def _gestures(self, node: yaml.Node | None) -> dict[str, str]:
        gestures: dict[str, str] = {}
        for key_node, gesture, value in self._pairs(node) if node else ():
            name = gesture.replace(' ', '_')
            if name not in _GESTURES:
                raise self._error(key_node, f"unknown gesture '{gesture}': known are {', '.join(_GESTURES)}")
            for phrase in self._list(value):
                self._add_phrase(gestures, self._name(phrase), name, phrase)
        return gestures

    def _phrases(self, node: yaml.Node | None) -> dict[str, str]:
        phrases: dict[str, str] = {}
        for key_node, phrase, value in self._pairs(node) if node else ():
            self._add_phrase(phrases, phrase, self._name(value), key_node)
        for phrase in phrases:
            self._check_circle(phrases, [phrase], node)
        return phrases

    def _add_phrase(self, phrases: dict[str, str], phrase: str, meaning: str, node: yaml.Node) -> None:
        if phrase in phrases:
            raise self._error(node, f"the phrase '{phrase}' is there twice")
        if is_emergency_stop(phrase):
            raise self._error(node, f"'{phrase}' stops the robot, and cannot mean anything else")
        phrases[phrase] = meaning

    def _check_circle(self, phrases: Mapping[str, str], chain: list[str], node: yaml.Node | None) -> None:
        assert node is not None
        for other in phrases:
            if f' {other} ' in f' {phrases[chain[-1]]} ':
                if other in chain:
                    raise self._error(node, f'phrases in a circle: {" → ".join([*chain, other])}')
                self._check_circle(phrases, [*chain, other], node)

    def _amounts(self, node: yaml.Node | None) -> Amounts:
        try:
            return Amounts() if node is None else msgspec.convert(self._value(node), Amounts)
        except msgspec.ValidationError as error:
            assert node is not None
            raise self._error(node, f'amounts: {error}') from None

    def _check_new(self, name: str, node: yaml.Node) -> None:
        if name in self._places or name in self._synonyms:
            raise self._error(node, f"the name '{name}' is there twice")

    def _names(self, node: yaml.Node) -> tuple[str, ...]:
        """Read a list of names, or names with their synonyms ("cup: {synonyms: [mug]}")."""
        names: dict[str, None] = {}
        if isinstance(node, yaml.MappingNode):
            for key_node, name, value in self._pairs(node):
                self._add_name(names, name, key_node)
                for synonym in self._entry(name, value).synonyms:
                    other = self._clean(synonym, value)
                    self._add_name(names, other, value)
                    del names[other]
                    self._other_names[other] = name
        else:
            for item in self._list(node):
                self._add_name(names, self._name(item), item)
        return tuple(names)

    def _entry(self, name: str, node: yaml.Node) -> _NameEntry:
        try:
            return msgspec.convert(self._value(node) or {}, _NameEntry)
        except msgspec.ValidationError as error:
            raise self._error(node, f"'{name}': {error}") from None

    def _add_name(self, names: dict[str, None], name: str, node: yaml.Node) -> None:
        if name in names or name in self._other_names:
            raise self._error(node, f"the name '{name}' is there twice")
        names[name] = None

    def _list(self, node: yaml.Node) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(node, 'expected a list of names')
        nodes: list[yaml.Node] = node.value
        return nodes

    def _name(self, node: yaml.Node) -> str:
        return self._clean(self._value(node), node)

    def _clean(self, value: Any, node: yaml.Node) -> str:
        # A name such as "7" or "yes" is a number or a truth value to YAML, and needs quotes.
        if not isinstance(value, str):
            raise self._error(node, f'expected a name, found {value!r} (put quotes around it if it is one)')
        name = ' '.join(value.lower().split())
        if not any(word[0].isalnum() for word in words(name)):
            raise self._error(node, f'{value!r} is not a name that can be said')
        return name

    def _pairs(self, node: yaml.Node) -> list[tuple[yaml.Node, str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node, 'expected names with values ("name: value")')
        return [(key, self._name(key), value) for key, value in node.value]

    def _value(self, node: yaml.Node) -> Any:
        return self._loader.construct_object(node, deep=True)

    def _error(self, node: yaml.Node, problem: str) -> VocabularyError:
        return VocabularyError(f'{self._path}:{node.start_mark.line + 1}: {problem}')
