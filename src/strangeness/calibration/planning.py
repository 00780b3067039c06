"""How many calibration events a cut on p needs."""

from __future__ import annotations

import math

from strangeness.core.errors import InputError
from strangeness.stats.selection import order_statistic_law


def events_needed(alpha: float, relative_spread: float = 0.1) -> int:
    """The fewest calibration events (in each bin) that make the efficiency of p <= alpha steady.

    The efficiency is Beta(k, n + 1 - k) with k = alpha (n + 1) (arXiv:2107.07511 section 3.2), so that the
    answer is about (1 - alpha) / (alpha ``relative_spread``^2), and never below 1 / alpha - 1.

    Args:
        alpha: cut on the p-value, between 0 and 1.
        relative_spread: largest standard deviation of the efficiency over its mean, > 0.

    Raises:
        InputError: for values outside these bounds.
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha = {alpha}", "Give a cut on the p-value between 0 and 1.")
    if not (relative_spread > 0 and math.isfinite(relative_spread)):
        raise InputError(f"a relative spread of {relative_spread}", "Give a number above 0, such as 0.1.")
    k = max(1, math.floor((1 - alpha) / relative_spread**2) - 2)
    while efficiency_spread(n := _first(k, alpha), alpha, randomised=False) > relative_spread:
        k += 1
    return n


def efficiency_spread(n: int, alpha: float, *, randomised: bool = True) -> float:
    """Standard deviation of the efficiency of p <= alpha over its mean, after ``n`` calibration events.

    Raises:
        InputError: when alpha is not in (0, 1), or below 1 / (n + 1); it says how many events are needed.
    """
    a, b = order_statistic_law(n, alpha, randomised)
    return math.sqrt(b / (a * (a + b + 1)))


def _first(k: int, alpha: float) -> int:
    """The fewest events for which k of them pass a deterministic cut at alpha."""
    return max(math.ceil(k / alpha * (1 - 1e-12)) - 1, 1)
