"""Numbers of several seeds in words, and the lower edge of paired differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.cases import Measured
from strangeness.stats.metrics import seed_band

Array = NDArray[np.float64]


def band(values: Array) -> str:
    """Median [16 %, 84 %] over the seeds."""
    middle, low, high = (float(value) for value in seed_band(values))
    return f"{middle:.4f} [{low:.4f}, {high:.4f}]"


def edge(first: Array, second: Array) -> Measured:
    """The lower edge of the central 68 % of paired differences."""
    paired = first - second
    above = f"above in {int(np.sum(paired > 0))} of {len(paired)} seeds"
    said = f"median {band(paired)}; {band(first)} against {band(second)}; {above}"
    return Measured(float(seed_band(paired)[1]), note=said)
