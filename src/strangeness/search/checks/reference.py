"""Reference events as the checks read them, and the effective numbers of weighted ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ReferenceEvents:
    """Reference events behind the calibration; arrays (n,).

    Attributes:
        p: conformal p-values. For calibration events, their p-values among themselves.
        context: masses in GeV.
        weight: weights >= 0; None when all count the same.
    """

    p: Array
    context: Array
    weight: Array | None = None

    @property
    def weights(self) -> Array:
        """The weights (n,), ones without any."""
        return np.ones(self.p.size) if self.weight is None else self.weight

    @property
    def weighted(self) -> bool:
        """Whether the events count differently."""
        return self.weight is not None


def reference_events(
    p_values: ArrayLike, context: ArrayLike, weight: ArrayLike | None = None
) -> ReferenceEvents:
    """Checked reference events; equal weights are dropped.

    Raises:
        InputError: for shapes that do not match, no event, p-values outside [0, 1], masses that are not
            finite, or weights that are negative, not finite or all zero.
    """
    p, mass = np.asarray(p_values, np.float64), np.asarray(context, np.float64)
    if p.ndim != 1 or p.shape != mass.shape or p.size == 0:
        raise InputError(f"p-values {p.shape} with masses {mass.shape}", "Give one of each a held-out event.")
    if not (np.all((p >= 0) & (p <= 1)) and np.all(np.isfinite(mass))):
        raise InputError(
            "p-values outside [0, 1], or masses that are not finite", "Calibrate the scores first."
        )
    return ReferenceEvents(p, mass, None if weight is None else _weights(weight, p.size))


def effective(weight: Array) -> float:
    """(sum w)^2 / sum w^2, 0 for no event."""
    square = float(np.sum(weight**2))
    return float(np.sum(weight)) ** 2 / square if square > 0 else 0.0


def shares_below(events: ReferenceEvents, rows: NDArray, levels: Array) -> Array:
    """Weighted share of p <= level among some events, one a level."""
    p, weight = events.p[rows], events.weights[rows]
    order = np.argsort(p)
    below = np.concatenate([[0.0], np.cumsum(weight[order])])
    return below[np.searchsorted(p[order], levels, side="right")] / below[-1]


def dilution(events: ReferenceEvents, levels: Array) -> float:
    """How much less the events tell about the cuts than their effective number says, >= 1.

    The variance of the weighted share of p <= level over F (1 - F) / n_eff, the largest of the levels: above
    one when the events that pass are the heavy ones.
    """
    if not events.weighted:
        return 1.0
    weight, total = events.weights, events.weights.sum()
    worst = 1.0
    for level in levels:
        selected = events.p <= level
        share = float(weight[selected].sum() / total)
        plain = share * (1 - share) * float(np.sum(weight**2))
        if plain > 0:
            worst = max(worst, float(np.sum((weight * (selected - share)) ** 2)) / plain)
    return worst


def _weights(weight: ArrayLike, n: int) -> Array | None:
    values = np.asarray(weight, np.float64)
    if values.shape != (n,) or not np.all(np.isfinite(values)) or np.any(values < 0) or values.sum() <= 0:
        raise InputError(
            f"weights of shape {values.shape} for {n} held-out events",
            "Give one finite weight >= 0 an event, not all zero.",
        )
    return None if np.all(values == values[0]) else values
