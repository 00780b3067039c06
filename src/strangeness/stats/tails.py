"""Tails of counts, and the way between p-values and significances, accurate where doubles underflow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, gammainc, gammaln, log_ndtr, ndtr, ndtri, ndtri_exp

from strangeness.core.errors import InputError

_TINY = 1e-280
_LOG_TWO_PI = float(np.log(2 * np.pi))


def z_from_p(p: ArrayLike) -> Any:
    """One-sided Gaussian significance Z of a p-value, Z = -Phi^-1(p); p = 0 gives infinity."""
    return -ndtri(np.asarray(p, dtype=np.float64))


def p_from_z(z: ArrayLike) -> Any:
    """One-sided p-value of a Gaussian significance."""
    return ndtr(-np.asarray(z, dtype=np.float64))


def z_from_log_p(log_p: ArrayLike) -> Any:
    """Significance of a p-value given by its natural logarithm, for p far below the smallest double."""
    return -ndtri_exp(np.asarray(log_p, dtype=np.float64))


def log_p_from_z(z: ArrayLike) -> Any:
    """Natural logarithm of the one-sided p-value of a Gaussian significance."""
    return log_ndtr(-np.asarray(z, dtype=np.float64))


def deviance_term(n: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """D(n, b) = n log(n / b) - (n - b), half the Poisson deviance of one count; b > 0 where n > 0."""
    n, b = np.broadcast_arrays(np.asarray(n, np.float64), np.asarray(b, np.float64))
    ratio = np.divide(n, b, out=np.ones(n.shape), where=(n > 0) & (b > 0))
    with np.errstate(divide="ignore"):
        return n * np.log(ratio) - (n - b)


def poisson_log_sf(n: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """log P(N >= n | b) for a Poisson count with mean ``b``: the regularised lower Gamma function P(n, b).

    Args:
        n: counts >= 0 (real numbers are continued by the Gamma function).
        b: means >= 0, broadcast against ``n``.

    Returns:
        Natural logarithms, 0 at n = 0 and -inf at b = 0 < n.
    """
    n, b = np.broadcast_arrays(np.asarray(n, np.float64), np.asarray(b, np.float64))
    tail = np.where(n > 0, gammainc(np.where(n > 0, n, 1.0), b), 1.0)
    with np.errstate(divide="ignore"):
        log_tail = np.atleast_1d(np.log(tail))
    far = np.atleast_1d((tail < _TINY) & (b > 0))
    if far.any():
        log_tail[far] = _far_log_sf(np.atleast_1d(n)[far], np.atleast_1d(b)[far])
    return log_tail.reshape(n.shape)


def _far_log_sf(n: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Far tail (n > b): saddle-point probability of n (Loader 2000) times the series 1 + b/(n+1) + ..."""
    log_first = -deviance_term(n, b) - 0.5 * (_LOG_TWO_PI + np.log(n)) - _stirling_rest(n)
    term, total, step = np.ones_like(n), np.ones_like(n), 0
    while np.any(term > 1e-17 * total) and step < 100_000:
        step += 1
        term = term * b / (n + step)
        total += term
    return log_first + np.log(total)


def _stirling_rest(n: NDArray[np.float64]) -> NDArray[np.float64]:
    """log n! - (n log n - n + log(2 pi n) / 2), to 1e-15 for n >= 15 and by log Gamma below."""
    m = np.maximum(n, 15.0)
    series = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / m**2) / m**2) / m**2) / m**2) / m
    direct = gammaln(n + 1) - (n * np.log(n) - n + 0.5 * (_LOG_TWO_PI + np.log(n)))
    return np.where(n >= 15, series, direct)


def clopper_pearson(successes: ArrayLike, trials: ArrayLike, level: float = 0.6827) -> tuple[Any, Any]:
    """Central Clopper-Pearson interval of a binomial probability (Biometrika 26 (1934) 404).

    Args:
        successes: k, 0 <= k <= trials.
        trials: n >= 1.
        level: coverage of the interval, in (0, 1).

    Raises:
        InputError: when k lies outside [0, n] or the level outside (0, 1).
    """
    k, n = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(trials, np.float64))
    if np.any(k < 0) or np.any(k > n) or np.any(n < 1):
        raise InputError(
            f"successes {successes} of trials {trials}", "Give 0 <= successes <= trials, trials >= 1."
        )
    if not 0 < level < 1:
        raise InputError(f"level {level}", "Give a coverage between 0 and 1.")
    side = (1 - level) / 2
    low = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, side), 0.0)
    high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), 1 - side), 1.0)
    return (float(low), float(high)) if k.ndim == 0 else (low, high)
