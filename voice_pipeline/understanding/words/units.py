"""Units as people say them, and their SI values (angles stay in degrees, as people and the messages have them)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import degrees
from typing import Literal

UnitKind = Literal['distance', 'angle', 'duration', 'speed', 'turn_rate', 'percent']


@dataclass(frozen=True)
class Unit:
    """One unit: a value times `factor` is in metres, degrees, seconds, m/s or degrees/s, by `kind`."""

    kind: UnitKind
    factor: float


_NAMES: dict[Unit, str] = {
    Unit('distance', 1.0): 'm meter meters metre metres',
    Unit('distance', 0.01): 'cm centimeter centimeters centimetre centimetres',
    Unit('distance', 0.001): 'mm millimeter millimeters millimetre millimetres',
    Unit('distance', 1000.0): 'km kilometer kilometers kilometre kilometres',
    Unit('distance', 0.3048): 'ft foot feet',
    Unit('distance', 0.0254): 'inch inches',
    Unit('distance', 0.9144): 'yd yds yard yards',
    Unit('distance', 1609.344): 'mile miles',
    Unit('angle', 1.0): 'deg degree degrees',
    Unit('angle', degrees(1.0)): 'rad radian radians',
    Unit('angle', 360.0): 'revolution revolutions rotation rotations circle circles',
    Unit('duration', 1.0): 's sec secs second seconds',
    Unit('duration', 60.0): 'min minute minutes',
    Unit('duration', 3600.0): 'h hr hour hours',
    Unit('speed', 1.0): 'mps',
    Unit('speed', 1000.0 / 3600.0): 'kph kmh kmph',
    Unit('speed', 1609.344 / 3600.0): 'mph',
    Unit('turn_rate', 1.0): 'dps',
    Unit('percent', 1.0): 'percent',
}
UNITS: dict[str, Unit] = {name: unit for unit, names in _NAMES.items() for name in names.split()}
_RATES: dict[UnitKind, UnitKind] = {'distance': 'speed', 'angle': 'turn_rate'}


def read_unit(words: Sequence[str], index: int, units: Mapping[str, Unit] = UNITS) -> tuple[Unit, int] | None:
    """Return the unit that starts at `index` ("m", "meters per second") and the index after it, or None."""
    unit = units.get(words[index]) if index < len(words) else None
    if unit is None:
        return None
    if unit.kind in _RATES and index + 2 < len(words) and words[index + 1] == 'per':
        time = UNITS.get(words[index + 2])
        if time is not None and time.kind == 'duration':
            return Unit(_RATES[unit.kind], unit.factor / time.factor), index + 3
    return unit, index + 1


def to_si(value: float, unit: Unit) -> float:
    """Return the value in SI (angles in degrees), to the micrometre, so that three feet are 0.9144 exactly."""
    return round(value * unit.factor, 6)
