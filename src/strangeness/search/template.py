"""Backgrounds that are given rather than fitted: a known expectation, or a finite reference histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaln

from strangeness.core.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FixedExpectation:
    """An expectation per bin that is known exactly and is not refitted.

    Attributes:
        expected: mean counts, one positive number a bin.
    """

    expected: tuple[float, ...]

    def array(self, bins: int) -> Array:
        """The expectation (bins,).

        Raises:
            InputError: for another number of bins, or a value that is not positive and finite.
        """
        expected = _one_a_bin(self.expected, bins)
        if np.any(expected <= 0):
            raise InputError(
                f"an expectation of {expected.min():g} in bin {int(np.argmin(expected))}",
                "A count over an expectation of exactly nothing has no p-value: use TemplateBackground, "
                "which knows that its reference is finite.",
            )
        return expected


@dataclass(frozen=True)
class TemplateBackground:
    """A finite reference histogram: reference counts are Poisson with ``tau`` times the mean of the data.

    Attributes:
        counts: whole numbers, one a bin; zero is allowed.
        tau: size of the reference relative to the data under the null, > 0.
    """

    counts: tuple[int, ...]
    tau: float = 1.0

    def array(self, bins: int) -> Array:
        """The reference counts (bins,).

        Raises:
            InputError: for another number of bins, weighted or negative counts, or tau <= 0.
        """
        counts = _one_a_bin(self.counts, bins)
        if np.any(counts < 0) or np.any(counts != np.round(counts)):
            raise InputError(
                "reference counts that are not whole numbers >= 0", "Give unweighted event counts."
            )
        if not (np.isfinite(self.tau) and self.tau > 0):
            raise InputError(
                f"tau = {self.tau}", "Give the size of the reference over that of the data, above 0."
            )
        return counts


def template_t(n: ArrayLike, m: ArrayLike, tau: float) -> Array:
    """t = -log p of ``n`` events where the reference has ``m``, p the binomial p-value of two Poisson counts.

    p = I_{1/(1 + tau)}(n, m + 1) (Cousins, Linnemann and Tucker, arXiv:physics/0702156, eq. 14), where n
    exceeds its share of n + m; else 0, as only an excess counts. An empty reference gives p = (1 + tau)^-n.
    """
    n, m = np.broadcast_arrays(np.asarray(n, np.float64), np.asarray(m, np.float64))
    share = 1.0 / (1.0 + tau)
    safe = np.where(n > 0, n, 1.0)
    tail = betainc(safe, m + 1.0, share)
    with np.errstate(divide="ignore"):
        t = -np.log(tail)
    far = (tail < 1e-280) & (n > 0)
    if far.any():
        t = np.where(far, _far(np.where(far, safe, 1.0), np.where(far, m, 0.0), share), t)
    return np.where(n * tau > m, t, 0.0)


def _far(n: Array, m: Array, share: float) -> Array:
    """-log of a binomial tail below the smallest double: its first term times the ratio series."""
    first = -np.log(n + m + 1) - betaln(n + 1, m + 1) + n * np.log(share) + m * np.log1p(-share)
    odds, term, total = share / (1 - share), np.ones_like(n), np.ones_like(n)
    for step in range(1, 10_000):
        term = term * odds * np.maximum(m - step + 1, 0.0) / (n + step)
        total += term
        if not np.any(term > 1e-17 * total):
            break
    return -(first + np.log(total))


def _one_a_bin(values: tuple[float, ...] | tuple[int, ...], bins: int) -> Array:
    array = np.asarray(values, np.float64)
    if array.shape != (bins,) or not np.all(np.isfinite(array)):
        raise InputError(
            f"a background of shape {array.shape} for {bins} bins", "Give one finite number a bin."
        )
    return array
