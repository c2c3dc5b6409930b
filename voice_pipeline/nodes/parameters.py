"""A settings record as ROS parameters: declared with description, unit, range and choices, and refused when wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from voice_pipeline.settings import Parameter, Settings, SettingsError

SettingsT = TypeVar('SettingsT', bound=Settings)
CommonT = TypeVar('CommonT', bound=Settings)

# What rclpy declares by itself; everything else that was set and is not ours is a mistake worth a word.
_ROS_PARAMETERS = ('use_sim_time', 'start_type_description_service')
_ROS_PREFIXES = ('qos_overrides.',)


def declare_settings(
    node: Node, settings_type: type[SettingsT], common_type: type[CommonT]
) -> tuple[SettingsT, CommonT]:
    """
    Declare the fields of both records as read-only parameters of the node; return them with the values given.

    `common_type`: what every node has beside its own settings. The node must have been made with
    `automatically_declare_parameters_from_overrides=True`: that shows what was set from outside, unknown names
    included. Raises `SettingsError` for an unknown name, a wrong type or a value out of bounds.
    """
    given = {
        name: parameter.value
        for name, parameter in node.get_parameters_by_prefix('').items()
        if name not in _ROS_PARAMETERS and not name.startswith(_ROS_PREFIXES)
    }
    shared = {parameter.name for parameter in common_type.parameters()}
    settings = settings_type.from_mapping({name: value for name, value in given.items() if name not in shared})
    common = common_type.from_mapping({name: value for name, value in given.items() if name in shared})
    for record in (settings, common):
        _declare(node, record, given)
    return settings, common


def _declare(node: Node, settings: Settings, given: Mapping[str, Any]) -> None:
    for parameter in settings.parameters():
        if parameter.name in given:
            node.undeclare_parameter(parameter.name)  # declared without a descriptor: declare it properly below
        value = getattr(settings, parameter.name)
        node.declare_parameter(parameter.name, value, descriptor(parameter), ignore_override=True)


def descriptor(parameter: Parameter) -> ParameterDescriptor:
    """Return what `ros2 param describe` shows of the parameter."""
    described = ParameterDescriptor(
        name=parameter.name,
        description=_describe(parameter),
        additional_constraints=f'one of: {", ".join(parameter.choices)}' if parameter.choices else '',
        read_only=True,
    )
    if parameter.minimum is not None and parameter.maximum is not None:
        bounds: dict[str, Any] = {
            'from_value': parameter.type(parameter.minimum),
            'to_value': parameter.type(parameter.maximum),
        }
        if parameter.type is int:
            described.integer_range = [IntegerRange(**bounds)]
        else:
            described.floating_point_range = [FloatingPointRange(**bounds)]
    return described


def _describe(parameter: Parameter) -> str:
    return f'{parameter.description} ({parameter.unit})' if parameter.unit else parameter.description


__all__ = ['SettingsError', 'declare_settings', 'descriptor']
