"""The law of an efficiency after a cut on a weighted quantile, in the limit of many events."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.stats.selection import SelectionLaw

Array = NDArray[np.float64]


def tail_influence(weight_in_order: Array, alpha: float) -> Array:
    """What each calibration event (n,), in the order of its score, adds to the efficiency of p <= alpha.

    psi_i = w_i (1{above the cut} - alpha) / W, the influence function of a weighted quantile read as an
    efficiency (van der Vaart, Asymptotic Statistics, section 21.2). The efficiency has mean alpha and
    variance sum psi_i^2; for equal weights alpha (1 - alpha) / n.

    Raises:
        InputError: when alpha is not in (0, 1).
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha = {alpha}", "Give a cut on the p-value between 0 and 1.")
    share = weight_in_order / weight_in_order.sum()
    at_or_above = np.cumsum(share[::-1])[::-1]
    # the event on the cut counts by the part of its weight that is above
    inside = np.clip((alpha - at_or_above + share) / np.maximum(share, 1e-300), 0.0, 1.0)
    return share * (inside - alpha)


def asymptotic_law(edges: Array, variance: Array, n_eff: Array, alpha: float) -> SelectionLaw:
    """Beta laws of mean alpha and these variances (m,), those of n = alpha (1 - alpha) / variance events.

    Args:
        edges: (m + 1,) edges of the bins.
        variance: (m,) variances of the efficiency.
        n_eff: (m,) effective calibration events.
        alpha: cut on the p-value, in (0, 1).

    Raises:
        InputError: when alpha is below the smallest p-value 1 / (n + 1) of a bin.
    """
    n = alpha * (1 - alpha) / np.maximum(variance, 1e-300)
    fewest = np.minimum(n, n_eff)
    if np.any(alpha * (fewest + 1) < 1):
        worst = int(np.argmin(fewest))
        where = f" in the bin {edges[worst]:g} to {edges[worst + 1]:g}" if n.size > 1 else ""
        raise InputError(
            f"alpha = {alpha:g} is below the smallest p-value 1/{fewest[worst] + 1:.0f} of the weighted "
            f"calibration{where}",
            f"Use at least {int(np.ceil(1 / alpha - 1e-9)) - 1} effective calibration events, or a larger "
            "alpha.",
        )
    return SelectionLaw(edges, alpha * (n + 1), (1 - alpha) * (n + 1), alpha, np.floor(n).astype(np.int64))
