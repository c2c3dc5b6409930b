"""
How a stage declares its settings: a frozen record whose every field has a description, a unit and bounds.

The record is the only place of a default. The ROS node declares its parameters from it, `config/*.yaml` and the
README's tables are written from it, and whoever builds the stage in plain Python just constructs it:

    class CaptureSettings(Settings):
        gain_db: Annotated[float, about('Gain before recognition', unit='dB', minimum=-40, maximum=40)] = 0.0

    settings = CaptureSettings.from_mapping({'gain_db': 6})
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

SettingsT = TypeVar('SettingsT', bound='Settings')


class SettingsError(ValueError):
    """A setting is unknown, of the wrong type or outside its bounds; the text says which and what is allowed."""


def about(
    description: str,
    *,
    unit: str = '',
    minimum: float | None = None,
    maximum: float | None = None,
) -> msgspec.Meta:
    """Describe a field for `Annotated`: what it is, its unit, and its bounds (both allowed values)."""
    return msgspec.Meta(description=description, ge=minimum, le=maximum, extra={'unit': unit})


@dataclass(frozen=True)
class Parameter:
    """One declared field of a settings record; bounds are None where there is none, `choices` empty where free."""

    name: str
    type: type
    default: Any
    description: str
    unit: str = ''
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all settings records. Field types: bool, int, float, str, a Literal of strings."""

    def __post_init__(self) -> None:
        """Check what concerns several fields at once; override, and raise `ValueError` with a plain sentence."""

    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """Return the declared fields, in their order in the class."""
        info = msgspec.inspect.type_info(cls)
        assert isinstance(info, msgspec.inspect.StructType)
        return tuple(_parameter(field) for field in info.fields)

    @classmethod
    def from_mapping(cls: type[SettingsT], values: Mapping[str, Any]) -> SettingsT:
        """Build the record from names and values, checking names, types and bounds. Raises `SettingsError`."""
        known = [parameter.name for parameter in cls.parameters()]
        for name in values:
            if name not in known:
                close = get_close_matches(name, known, n=1)
                hint = f"did you mean '{close[0]}'?" if close else f'known are: {", ".join(known)}'
                raise SettingsError(f"unknown parameter '{name}': {hint}")
        try:
            return msgspec.convert(dict(values), cls)
        except msgspec.ValidationError as error:
            raise SettingsError(_explain(str(error), values, cls.parameters())) from None


def _parameter(field: msgspec.inspect.Field) -> Parameter:
    metadata, kind = field.type, field.type
    if isinstance(kind, msgspec.inspect.Metadata):
        kind = kind.type
    extra = (metadata.extra or {}) if isinstance(metadata, msgspec.inspect.Metadata) else {}
    schema = (metadata.extra_json_schema or {}) if isinstance(metadata, msgspec.inspect.Metadata) else {}
    common = {
        'name': field.name,
        'default': field.default,
        'description': schema.get('description', ''),
        'unit': extra.get('unit', ''),
    }
    if isinstance(kind, msgspec.inspect.LiteralType):
        return Parameter(type=str, choices=tuple(str(value) for value in kind.values), **common)
    if isinstance(kind, (msgspec.inspect.IntType, msgspec.inspect.FloatType)):
        number = int if isinstance(kind, msgspec.inspect.IntType) else float
        return Parameter(type=number, minimum=kind.ge, maximum=kind.le, **common)
    plain = {msgspec.inspect.BoolType: bool, msgspec.inspect.StrType: str}
    return Parameter(type=plain[type(kind)], **common)


def _explain(reason: str, values: Mapping[str, Any], known: tuple[Parameter, ...]) -> str:
    """Turn "Expected `float` >= 0.0 - at `$.rate`" into a sentence with the parameter's name and the value given."""
    problem, _, path = reason.partition(' - at `$.')
    name = path.rstrip('`')
    if not name:
        return reason
    choices = next((parameter.choices for parameter in known if parameter.name == name), ())
    wanted = f'expected one of {", ".join(choices)}' if choices else f'{problem[0].lower()}{problem[1:]}'
    return f"parameter '{name}' is {values.get(name)!r}: {wanted}"
