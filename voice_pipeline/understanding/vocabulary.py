"""The names a robot knows: its own, and those of its places, from one YAML (or JSON) file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import isfinite, radians
from pathlib import Path
from typing import Any

import msgspec
import yaml

from voice_pipeline.messages import Pose2D
from voice_pipeline.paths import config_file
from voice_pipeline.understanding.normalise import words

_NAME_LISTS = ('robot_names', 'people', 'objects', 'surfaces')
_KEYS = (*_NAME_LISTS, 'places', 'place_synonyms', 'note')


class VocabularyError(ValueError):
    """The file cannot be used; the text says which file and line, what is wrong and what is expected."""


class _PlaceEntry(msgspec.Struct, forbid_unknown_fields=True):
    x_m: float | None = None
    y_m: float | None = None
    yaw_deg: float | None = None
    synonyms: list[str] = []


@dataclass(frozen=True)
class Vocabulary:
    """
    What is known by name. All names are in lower case.

    `places` has the pose of each place in the map's frame, None where the name alone is known; `synonyms` leads other
    names of places to them.
    """

    robot_names: tuple[str, ...] = ()
    places: Mapping[str, Pose2D | None] = field(default_factory=dict)
    synonyms: Mapping[str, str] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()

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

    def read(self) -> Vocabulary:
        sections = self._sections()
        names = {key: self._names(sections[key]) for key in _NAME_LISTS if key in sections}
        if 'places' in sections:
            self._read_places(sections['places'])
        if 'place_synonyms' in sections:
            for _, synonym, target in self._pairs(sections['place_synonyms']):
                self._add_synonym(synonym, self._name(target), target)
        return Vocabulary(places=self._places, synonyms=self._synonyms, **names)

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

    def _check_new(self, name: str, node: yaml.Node) -> None:
        if name in self._places or name in self._synonyms:
            raise self._error(node, f"the name '{name}' is there twice")

    def _names(self, node: yaml.Node) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(node, 'expected a list of names')
        return tuple(self._name(item) for item in node.value)

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
