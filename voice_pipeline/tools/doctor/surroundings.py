"""What the checks look at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from voice_pipeline.jetson.host import Host
from voice_pipeline.tools.doctor.configuration import Configuration
from voice_pipeline.tools.doctor.options import Options
from voice_pipeline.tools.doctor.software import Interpreter, this_interpreter


@dataclass(frozen=True)
class Surroundings:
    """What was asked for, the machine, the environment variables, the running Python."""

    options: Options = field(default_factory=Options)
    host: Host = field(default_factory=Host)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    python: Interpreter = field(default_factory=this_interpreter)

    @property
    def files(self) -> Configuration:
        """The parameter files, as the nodes would read them."""
        return Configuration(self.options)
