"""Weighted events as effective numbers, and when there are too few of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.float64]
FEWEST = 10.0
"""Expected effective events below which a weighted count is refused."""
FEWEST_A_BIN = 7.0
"""The same for each bin of a weighted spectrum."""
MOST_CHANGE = 1.5
"""Largest ratio between the mean weights of the thirds of a spectrum."""
MOST_SKEW = 3.0
"""Largest skewness of a weighted count relative to that of the Poisson count that stands for it."""


def checked_weight(weight: ArrayLike, n: int) -> Array:
    """Weights (n,).

    Raises:
        InputError: for another shape, a value that is not finite, negative weights, or none above zero.
    """
    values = np.asarray(weight, np.float64)
    if values.shape != (n,) or not np.all(np.isfinite(values)):
        raise InputError(
            f"weights of shape {values.shape} for {n} events", "Give one finite weight an event."
        )
    if np.any(values < 0):
        raise InputError(
            f"{np.count_nonzero(values < 0)} events with negative weights (lowest {values.min():g})",
            "A count needs weights >= 0: unweight the sample, or reweight positive and negative events of "
            "each cell to their sum before the search.",
        )
    if not np.any(values > 0):
        raise InputError("events whose weights add up to nothing", "Give positive weights.")
    return values


def effective_number(weight: ArrayLike) -> float:
    """(sum w)^2 / sum w^2: as many events of equal weight fluctuate as much (arXiv:1309.1287, section 2)."""
    values = np.asarray(weight, np.float64)
    squares = float(np.sum(values**2))
    return float(np.sum(values)) ** 2 / squares if squares > 0 else 0.0


def effective_weight(weight: ArrayLike) -> float:
    """sum w^2 / sum w: the weight of one effective event."""
    values = np.asarray(weight, np.float64)
    return float(np.sum(values**2)) / float(np.sum(values))


def skew_ratio(weight: ArrayLike) -> float:
    """E[w^3] E[w] / E[w^2]^2: skewness of a sum of weights over that of its scaled Poisson law."""
    values = np.asarray(weight, np.float64) / np.max(weight)
    first, second, third = (float(np.mean(values**power)) for power in (1, 2, 3))
    return third * first / second**2


def refuse_few(weight: ArrayLike, expected: float, where: str) -> None:
    """Refuse weights for which a scaled Poisson law is no longer a fair description.

    It matches mean and variance. With ten effective events and a skewness of at most three times its own, 5 %
    tails are right to a tenth and tails of 0.1 % to a factor of three; beyond, a few events make the result.

    Args:
        weight: weights >= 0 of the events in the window.
        expected: effective events that background gives there.
        where: how the window is called in the error.

    Raises:
        InputError: for fewer than ``FEWEST`` expected effective events, or a skewness above ``MOST_SKEW``.
    """
    if expected < FEWEST:
        raise InputError(
            f"{expected:.3g} effective background events in {where}",
            f"Weighted counts need {FEWEST:g} or more: widen the window, raise alpha or unweight the events.",
        )
    ratio = skew_ratio(weight)
    if ratio > MOST_SKEW:
        raise InputError(
            f"weights in {where} whose sum is {ratio:.2g} times as skewed as a Poisson count",
            "A few heavy events decide the count: unweight the events or bound their weights.",
        )


def refuse_spectrum(context: ArrayLike, weight: ArrayLike, edges: ArrayLike) -> None:
    """Refuse a weighted spectrum that one scale for all bins does not describe.

    Bump hunts on background with exponential weights and at least seven effective events in each bin have a
    type-I error of 5.7 +- 1.3 % at 5 % and of 1.3 +- 0.7 % at 1 %; with bins down to less than one event the
    latter becomes 4 %. Weights that grow threefold along the spectrum give 14 % at 5 %, by 1.3 still 6.3 %.

    Args:
        context: masses (n,) in GeV of the selected events.
        weight: their weights (n,), >= 0.
        edges: bin edges (bins + 1,) in GeV.

    Raises:
        InputError: naming the bin with too few effective events, the change of the mean weight or the
            skewness.
    """
    mass, weights, limits = (np.asarray(values, np.float64) for values in (context, weight, edges))
    inside = (mass >= limits[0]) & (mass <= limits[-1])
    weights = checked_weight(weights, mass.size)[inside]
    if not weights.size or np.all(weights == weights[0]):
        return
    where = np.minimum(np.searchsorted(limits, mass[inside], side="right") - 1, limits.size - 2)
    events, total, squares = (np.bincount(where, weights**power, limits.size - 1) for power in (0, 1, 2))
    number = np.divide(total**2, squares, out=np.zeros_like(total), where=squares > 0)
    worst = int(np.argmin(number))
    if number[worst] < FEWEST_A_BIN:
        raise InputError(
            f"{number[worst]:.3g} effective events between {limits[worst]:g} and {limits[worst + 1]:g} GeV",
            f"A weighted spectrum needs {FEWEST_A_BIN:g} a bin: end the range before it, or merge bins.",
        )
    mean = _by_thirds(total) / _by_thirds(events)
    if mean.max() > MOST_CHANGE * mean.min():
        raise InputError(
            f"a mean weight that changes {mean.max() / mean.min():.2g}-fold along the spectrum",
            "One scale does not fit all bins: unweight the events.",
        )
    refuse_few(weights, np.inf, "the spectrum")


def _by_thirds(values: ArrayLike) -> Array:
    parts = np.array_split(np.asarray(values, np.float64), 3)
    return np.array([part.sum() for part in parts if part.size])
