"""
The JSON schema of the plans that one sentence allows, for a language model to fill in.

It is made anew for each sentence: only amounts, sides and names that were said are in it, so a model that follows it
cannot invent a distance or a place. Orders about the work at hand ("stop", "resume", "cancel", "repeat") are not in it:
they are the grammar's alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args, get_type_hints

from voice_pipeline.messages import GestureArguments, LookArguments, QueryArguments
from voice_pipeline.understanding.words.said import Said

MAX_STEPS = 6
Schema = dict[str, Any]
_Choices = Mapping[str, list[Any]]


def plan_schema(said: Said) -> Schema:
    """Return the schema of a list of steps; the empty list says that nothing is asked for."""
    return {'type': 'array', 'items': {'anyOf': list(_steps(said))}, 'maxItems': MAX_STEPS}


def _steps(said: Said) -> Iterator[Schema]:
    for action, needed, optional in (*_motions(said), *_handling(said), *_talking(said)):
        if all(needed.values()):
            yield _step(action, needed, {name: values for name, values in optional.items() if values})


def _motions(said: Said) -> Iterator[tuple[str, _Choices, _Choices]]:
    sides = [side for side in ('left', 'right') if side in said.directions]
    ways = [way for way in ('forward', 'backward') if way in said.directions] + sides
    lengths = {'distance_m': said.amounts_of('distance'), 'duration_s': said.amounts_of('duration')}
    for name, values in lengths.items():
        yield 'move', {'direction': ways or ['forward'], name: values}, {}
    if ways:
        yield 'move', {'direction': ways}, {}
    yield 'turn', {'angle_deg': _angles(said)}, {}
    yield 'turn', {'direction': sides}, {}
    yield 'go_to', {'place': said.names_of('place')}, {}
    yield 'go_to', {'person': said.names_of('person')}, {}
    yield 'follow', {'person': said.names_of('person')}, {}
    yield 'pause', {'duration_s': said.amounts_of('duration')}, {}


def _handling(said: Said) -> Iterator[tuple[str, _Choices, _Choices]]:
    objects, surfaces = said.names_of('object'), said.names_of('place', 'surface')
    yield 'pick', {'object': objects}, {'place': surfaces}
    yield 'place', {'object': objects, 'place': surfaces}, {}
    yield 'place', {'object': objects, 'person': said.names_of('person')}, {}


def _talking(said: Said) -> Iterator[tuple[str, _Choices, _Choices]]:
    objects, places = said.names_of('object'), said.names_of('place')
    yield 'look', {'direction': [way for way in _literals(LookArguments, 'direction') if way in said.directions]}, {}
    yield 'look', {'object': objects}, {}
    yield 'gesture', {'gesture': _literals(GestureArguments, 'gesture')}, {}
    yield 'query', {'topic': ['object_location'], 'object': objects}, {}
    yield 'query', {'topic': ['distance', 'eta'], 'place': places}, {}
    yield 'query', {'topic': _literals(QueryArguments, 'topic')}, {}


def _angles(said: Said) -> list[float]:
    """Return the angles that were said, to the sides that were said: left is positive, as is no side (REP-103)."""
    signs = [sign for sign, side in ((1.0, 'left'), (-1.0, 'right')) if side in said.directions] or [1.0]
    return [sign * angle_deg for angle_deg in said.amounts_of('angle') for sign in signs]


def _literals(arguments: type, name: str) -> list[str]:
    """Return the values that the message's field allows."""
    literal, _none = get_args(get_type_hints(arguments)[name])
    return list(get_args(literal))


def _step(action: str, needed: _Choices, optional: _Choices) -> Schema:
    arguments = {name: {'enum': values} for name, values in {**needed, **optional}.items()}
    return _object({'action': {'const': action}, 'args': _object(arguments, needed)})


def _object(properties: Mapping[str, Schema], required: Iterable[str] | None = None) -> Schema:
    needed = list(properties if required is None else required)
    return {'type': 'object', 'properties': properties, 'required': needed, 'additionalProperties': False}
