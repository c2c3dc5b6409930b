"""One trial of `benchmark techniques`, and what all of them are made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice_pipeline.recognition.window import Window

Work = Callable[[], object]
FloatArray = npt.NDArray[np.float32]

WINDOW = Window(0.0, 0.5)


@dataclass(frozen=True)
class Trial:
    """
    A technique, the work it is for, and that work `without` it and `using` it, `units` of it each.

    `use`: where in the pipeline it is; empty where it is not, since it does not pay.
    """

    technique: str
    work: str
    without: Work
    using: Work
    units: int = 1
    use: str = ''
