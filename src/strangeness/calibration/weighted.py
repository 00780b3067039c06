"""Conformal p-values from calibration events with positive weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.float64]


def effective_number(weight: Array) -> float:
    """n_eff = (sum w)^2 / sum w^2: how many events of equal weight carry the same information."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def checked_weight(weight: ArrayLike, n: int) -> Array:
    """Weights (n,), finite, none negative, not all zero.

    Raises:
        InputError: otherwise.
    """
    values = np.asarray(weight, np.float64)
    if values.shape != (n,) or not np.all(np.isfinite(values)):
        raise InputError(
            f"weights of shape {values.shape} for {n} events", "Give one finite weight an event."
        )
    if np.any(values < 0):
        raise InputError(
            f"a negative calibration weight ({values.min():g})", "Calibrate on events with weights >= 0."
        )
    if values.sum() <= 0:
        raise InputError("calibration weights that add up to nothing", "Give positive weights.")
    return values


def cumulative(weight_in_order: Array) -> Array:
    """Share of the weight below each place (n + 1,) of the sorted calibration; the last is exactly one."""
    total = np.concatenate([[0.0], np.cumsum(weight_in_order)])
    return total / total[-1]


def weighted_p_values(
    ordered: Array, below: Array, n_eff: float, scores: Array, uniforms: Array | None = None
) -> Array:
    """Weighted conformal p-values, clipped to [1 / (n_eff + 1), 1].

    p = (n_eff F(> s) + u' (n_eff F(= s) + 1)) / (n_eff + 1) with F the weighted law of the calibration and u'
    = 1 without ``uniforms``, else 1 - u. This is the weighted form of arXiv:1904.06019 (eq. 7) with the
    tested event given the weight of one effective event. It is monotone in the score; its validity is
    asymptotic.
    """
    left = np.searchsorted(ordered, scores, side="left")
    right = np.searchsorted(ordered, scores, side="right")
    above, equal = 1.0 - below[right], below[right] - below[left]
    chance = 1.0 if uniforms is None else 1.0 - uniforms
    p = (n_eff * above + chance * (n_eff * equal + 1.0)) / (n_eff + 1.0)
    return np.clip(p, 1.0 / (n_eff + 1.0), 1.0)
