"""Laws of conformal p-values that share one calibration sample, and are therefore dependent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, gammaln, kolmogorov

from strangeness.core.errors import InputError

Array = NDArray[np.float64]


def beta_binomial_pmf(n: int, a: float, b: float) -> Array:
    """Probabilities (n + 1,) of the count of p <= alpha among ``n`` events whose efficiency is Beta(a, b)."""
    k = np.arange(n + 1, dtype=np.float64)
    log_choose = gammaln(n + 1.0) - gammaln(k + 1) - gammaln(n - k + 1)
    pmf = np.exp(log_choose + betaln(k + a, n - k + b) - betaln(a, b))
    return pmf / pmf.sum()


def count_pmf(events: Sequence[int], a: ArrayLike, b: ArrayLike) -> Array:
    """Law of the total count over independent bins with ``events[i]`` tested events each, (sum + 1,)."""
    total = np.ones(1)
    for n, alpha, beta in zip(events, np.atleast_1d(a), np.atleast_1d(b), strict=True):
        total = np.convolve(total, beta_binomial_pmf(int(n), float(alpha), float(beta)))
    return total


def ks_distance(p_values: ArrayLike) -> float:
    """Kolmogorov-Smirnov distance of p-values from the uniform law on [0, 1]."""
    return _sorted_ks(np.sort(np.asarray(p_values, np.float64)))


def shared_p_values(n_cal: int, n_test: int, rng: np.random.Generator) -> Array:
    """Sorted randomised conformal p-values of ``n_test`` null events that share ``n_cal`` calibration events.

    Given the calibration sample they are independent with a density that is constant on each step of 1/(n_cal
    + 1) and whose steps are Dirichlet(1, ..., 1) masses; so no score has to be drawn.
    """
    knots = np.concatenate([[0.0], np.cumsum(rng.standard_exponential(n_cal + 1))])
    position = np.cumsum(rng.standard_exponential(n_test + 1))
    uniform = position[:-1] / position[-1]
    return np.interp(uniform, knots / knots[-1], np.arange(n_cal + 2) / (n_cal + 1))


def ks_null(n_cal: int, n_test: int, n_simulated: int, rng: np.random.Generator) -> Array:
    """Simulated null law (n_simulated,) of the Kolmogorov-Smirnov distance for a shared calibration sample.

    Raises:
        InputError: when a size is below one.
    """
    if min(n_cal, n_test, n_simulated) < 1:
        raise InputError(f"sizes {n_cal}, {n_test}, {n_simulated}", "Give at least one of each.")
    return np.array([_sorted_ks(shared_p_values(n_cal, n_test, rng)) for _ in range(n_simulated)])


def ks_band(n_cal: int, n_test: int, level: float, n_simulated: int, rng: np.random.Generator) -> float:
    """Distance that null p-values sharing a calibration sample exceed with chance 1 - ``level``."""
    return float(np.quantile(ks_null(n_cal, n_test, n_simulated, rng), level, method="higher"))


def ks_score(distance: ArrayLike, n_cal: int, n_test: int) -> NDArray[np.float64]:
    """-2 log of the asymptotic p-value of a distance: additive between samples of any size."""
    scaled = np.asarray(distance, np.float64) / np.sqrt(1.0 / n_cal + 1.0 / n_test)
    return -2.0 * np.log(np.maximum(kolmogorov(scaled), 1e-300))


def ks_score_null(sizes: Sequence[tuple[int, int]], n_simulated: int, rng: np.random.Generator) -> Array:
    """Simulated null law (n_simulated,) of the sum of ``ks_score`` over bins of sizes (n_cal, n_test)."""
    total = np.zeros(n_simulated)
    for n_cal, n_test in sizes:
        total += ks_score(ks_null(n_cal, n_test, n_simulated, rng), n_cal, n_test)
    return total


def _sorted_ks(p: Array) -> float:
    gap = p - np.arange(p.size) / p.size
    return float(max(1.0 / p.size - gap.min(), gap.max()))
