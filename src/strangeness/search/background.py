"""The smooth law of the dijet mass, fitted to a binned spectrum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.stats.poisson_fit import Design, deviance, newton, start

Array = NDArray[np.float64]


def geometric_edges(lo: float, hi: float, relative_width: float) -> Array:
    """Bin edges from ``lo`` to ``hi`` (GeV), each bin wider than the last by the same factor.

    The number of bins is the one whose relative width is nearest to ``relative_width``.

    Raises:
        InputError: unless 0 < lo < hi and 0 < relative_width < hi / lo - 1.
    """
    if not (np.isfinite([lo, hi]).all() and 0 < lo < hi):
        raise InputError(f"mass range [{lo}, {hi}]", "Give 0 < lo < hi in GeV.")
    if not 0 < relative_width <= hi / lo - 1:
        raise InputError(
            f"relative bin width {relative_width}", f"Give a width between 0 and {hi / lo - 1:.3g}."
        )
    bins = max(1, round(np.log(hi / lo) / np.log1p(relative_width)))
    edges = np.geomspace(lo, hi, bins + 1)
    edges[0], edges[-1] = lo, hi
    return edges


def checked_edges(edges: ArrayLike) -> Array:
    """Bin edges as an array.

    Raises:
        InputError: unless there are two or more, finite, positive and increasing.
    """
    values = np.asarray(edges, np.float64)
    if values.ndim != 1 or values.size < 2 or not np.all(np.isfinite(values)):
        raise InputError(f"bin edges of shape {values.shape}", "Give two or more finite edges in GeV.")
    if np.any(values <= 0) or np.any(np.diff(values) <= 0):
        raise InputError(
            f"bin edges from {values[0]:g} to {values[-1]:g}", "Give positive, increasing edges."
        )
    return values


@dataclass(frozen=True)
class BackgroundFit:
    """One fitted spectrum: expected counts (bins,), parameters (k,), deviance and its degrees of freedom."""

    edges: Array
    counts: Array
    expected: Array
    params: Array
    deviance: float
    dof: int
    converged: bool


@dataclass(frozen=True)
class DijetFunction:
    """log f(m) = p0 + p1 log(1 - x) + p2 log x + p3 log^2 x (+ p4 log^3 x), x = m / sqrt(s).

    The form used by dijet searches at the LHC (arXiv:1911.03947 eq. 1, with x^(p2 + p3 log x + p4 log^2 x)).

    Attributes:
        n_parameters: 3, 4 or 5, the normalisation included.
        sqrt_s: centre-of-mass energy in GeV; the spectrum must end below it.
    """

    n_parameters: Literal[3, 4, 5] = 4
    sqrt_s: float = 13000.0

    def design(self, edges: Array) -> tuple[Array, Array]:
        """Design columns (bins, n_parameters) at the geometric bin centres, and the log bin widths (bins,).

        Raises:
            InputError: for an unknown number of parameters, too few bins, or edges at or above sqrt(s).
        """
        if self.n_parameters not in (3, 4, 5):
            raise InputError(f"a dijet function with {self.n_parameters} parameters", "Choose 3, 4 or 5.")
        edges = checked_edges(edges)
        if edges[-1] >= self.sqrt_s:
            raise InputError(
                f"a mass of {edges[-1]:g} GeV at sqrt(s) = {self.sqrt_s:g}", "Lower the upper edge."
            )
        if edges.size - 1 <= self.n_parameters:
            raise InputError(f"{edges.size - 1} bins for {self.n_parameters} parameters", "Use more bins.")
        x = np.sqrt(edges[1:] * edges[:-1]) / self.sqrt_s
        columns = [np.ones_like(x), np.log1p(-x)] + [np.log(x) ** i for i in range(1, self.n_parameters - 1)]
        return np.stack(columns, axis=1), np.log(np.diff(edges))

    def fit(self, counts: ArrayLike, edges: ArrayLike) -> BackgroundFit:
        """Maximum-likelihood fit to one spectrum (bins,).

        Raises:
            InputError: when fewer than n_parameters bins hold events.
        """
        edges, counts = checked_edges(edges), np.asarray(counts, np.float64)
        if np.count_nonzero(counts) < self.n_parameters:
            raise InputError(
                f"only {np.count_nonzero(counts)} bins with events for {self.n_parameters} parameters",
                "Select more events, widen the range or use fewer parameters.",
            )
        prepared = self.prepared(counts, edges)
        mu, theta, done = newton(counts[:, None], prepared, start(counts[:, None], prepared))
        misfit = float(deviance(counts, mu[:, 0]))
        params = prepared.params(theta)[:, 0]
        return BackgroundFit(
            edges, counts, mu[:, 0], params, misfit, counts.size - self.n_parameters, bool(done[0])
        )

    def prepared(self, weight: Array, edges: Array) -> Design:
        """The design made orthonormal under a spectrum like the ones that will be fitted."""
        columns, offset = self.design(edges)
        return Design(columns, offset, weight + 1e-3 * weight.mean())
