"""What a finite calibration sample says about the efficiency of a cut on p-values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SelectionLaw:
    """The efficiency of the rule p <= alpha on background in bins of the context.

    In bin i the efficiency is a draw from Beta(a[i], b[i]), independent of the other bins, because the cut
    sits on an order statistic of a finite calibration sample (arXiv:1209.2673; arXiv:2107.07511 section 3.2,
    "the effect of the size of the calibration set").

    Attributes:
        edges: (m + 1,) bin edges in the unit of the context, increasing; the outer two may be infinite.
        a, b: (m,) Beta parameters, > 0.
        alpha: the cut on the p-value.
        n_calibration: (m,) calibration events, from which the smallest possible p is 1 / (n + 1).
    """

    edges: Array
    a: Array
    b: Array
    alpha: float
    n_calibration: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        edges, a, b = (np.asarray(value, np.float64) for value in (self.edges, self.a, self.b))
        if a.ndim != 1 or a.shape != b.shape or edges.shape != (a.size + 1,) or np.any(np.diff(edges) <= 0):
            raise InputError(
                f"a selection law with edges {edges.shape}, a {a.shape}, b {b.shape}",
                "Give m + 1 increasing edges and m Beta parameters.",
            )
        if np.any(a <= 0) or np.any(b <= 0):
            raise InputError(
                "Beta parameters that are not positive", "Lower alpha or add calibration events."
            )
        for name, value in (("edges", edges), ("a", a), ("b", b)):
            object.__setattr__(self, name, value)

    @property
    def mean(self) -> Array:
        """Expected efficiency per bin."""
        return self.a / (self.a + self.b)

    @property
    def smallest_p(self) -> Array:
        """The smallest deterministic conformal p-value per bin, 1 / (n + 1)."""
        n = np.round(self.a + self.b) - 1 if self.n_calibration is None else self.n_calibration
        return 1.0 / (np.asarray(n, np.float64) + 1.0)

    def bin_of(self, context: Array) -> NDArray[np.intp]:
        """Index of the bin of each context value; values beyond the outer edges go to the outer bins."""
        return np.searchsorted(self.edges[1:-1], context, side="right")

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Efficiencies relative to their mean, (m, size)."""
        draws = rng.beta(self.a[:, None], self.b[:, None], (self.a.size, size))
        draws /= self.mean[:, None]
        return draws

    def overlap(self, edges: Array) -> Array:
        """Share of each histogram bin (rows) in each bin of the law (columns); each row adds up to one.

        A histogram bin that straddles an edge is split by length; the outer bins reach to infinity.
        """
        inner = np.concatenate([[-np.inf], self.edges[1:-1], [np.inf]])
        low = np.maximum(edges[:-1, None], inner[None, :-1])
        high = np.minimum(edges[1:, None], inner[None, 1:])
        return np.clip(high - low, 0.0, None) / np.diff(edges)[:, None]


def order_statistic_law(n: int, alpha: float, randomised: bool) -> tuple[float, float]:
    """Beta parameters of the efficiency of p <= alpha after ``n`` calibration events.

    Deterministic p: Beta(k, n + 1 - k) with k = floor(alpha (n + 1)). Randomised p: the efficiency mixes the
    k-th and the next spacing, has mean alpha exactly, and is given by the Beta law with the same mean and
    variance.

    Raises:
        InputError: when alpha is not in (0, 1) or below 1 / (n + 1).
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha = {alpha}", "Give a cut on the p-value between 0 and 1.")
    cut = alpha * (n + 1)
    k = int(np.floor(cut * (1 + 1e-12)))
    if k < 1:
        raise InputError(
            f"alpha = {alpha:g} is below the smallest p-value 1/{n + 1} of {n} calibration events",
            f"Use at least {int(np.ceil(1 / alpha - 1e-9)) - 1} calibration events in each bin, "
            "or a larger alpha.",
        )
    if not randomised:
        return float(k), float(n + 1 - k)
    share = max(cut - k, 0.0)
    variance = ((k + share**2) / (n + 1) - alpha**2) / (n + 2)
    total = alpha * (1 - alpha) / variance - 1
    return alpha * total, (1 - alpha) * total
