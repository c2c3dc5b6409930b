"""All checks, in the order in which they are run and shown."""

from __future__ import annotations

from voice_pipeline.tools.doctor import computer, configuration_checks, installation, model, network, power, ros, sound
from voice_pipeline.tools.doctor.check import Check
from voice_pipeline.tools.doctor.surroundings import Surroundings


def all_checks(here: Surroundings) -> tuple[Check, ...]:
    """Return all checks of a machine; nothing is looked at before a check is run."""
    return (
        *installation.checks(here),
        *ros.checks(here),
        *network.checks(here),
        *configuration_checks.checks(here),
        *sound.checks(here),
        *model.checks(here),
        *computer.checks(here),
        *power.checks(here),
    )
