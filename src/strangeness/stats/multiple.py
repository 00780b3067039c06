"""Several tests at one error rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p_values: ArrayLike, level: float) -> NDArray[np.bool_]:
    """Which hypotheses are rejected so that one false rejection or more has at most the chance ``level``.

    Holm's step-down procedure (Scand. J. Statist. 6 (1979) 65), valid under any dependence.
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    below = p[order] <= level / (p.size - np.arange(p.size))
    rejected = np.zeros(p.size, bool)
    rejected[order] = np.cumprod(below).astype(bool)
    return rejected
