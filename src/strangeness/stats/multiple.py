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


def step_up(p_values: ArrayLike, level: float, penalty: float = 1.0) -> tuple[NDArray[np.bool_], float]:
    """Which hypotheses a step-up procedure rejects, and the largest p that it rejects (0 for none).

    The k smallest are rejected for the largest k with p_(k) <= level k / (m ``penalty``).
    """
    p = np.asarray(p_values, np.float64)
    ordered = np.sort(p)
    # the tolerance lets p = level k / m itself pass, whatever the last bit says
    limit = level * np.arange(1, p.size + 1) / (max(p.size, 1) * penalty)
    passed = np.flatnonzero(ordered <= limit * (1 + 1e-12))
    if not passed.size:
        return np.zeros(p.shape, bool), 0.0
    threshold = float(ordered[passed[-1]])
    return p <= threshold, threshold


def benjamini_hochberg(p_values: ArrayLike, level: float) -> tuple[NDArray[np.bool_], float]:
    """Rejections whose expected false share is at most ``level``, and the largest p rejected.

    Valid for independent p-values and for p-values that are positively dependent on each true null (J. R.
    Statist. Soc. B 57 (1995) 289; Ann. Statist. 29 (2001) 1165, theorem 1.2).
    """
    return step_up(p_values, level)


def benjamini_yekutieli(p_values: ArrayLike, level: float) -> tuple[NDArray[np.bool_], float]:
    """The same under any dependence, at the price of 1 + 1/2 + ... + 1/m (Ann. Statist. 29 (2001) 1165)."""
    m = np.asarray(p_values).size
    return step_up(p_values, level, float(np.sum(1.0 / np.arange(1, m + 1))) if m else 1.0)
