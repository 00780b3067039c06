"""The law of one count under background alone: Beta efficiencies, systematics and effective numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln, expit, gammaln

from strangeness.search.systematics import Systematic, factor_law
from strangeness.stats.dependence import count_pmf
from strangeness.stats.selection import SelectionLaw

Array = NDArray[np.float64]
_NEARLY_ALL = 1 - 1e-9
_BEYOND = 30.0


@dataclass(frozen=True)
class CountLaw:
    """Where an observed count lies: P(N >= n), P(N > n), the smallest P(N >= n), mean and deviation of N."""

    at_least: float
    above: float
    smallest: float
    mean: float
    spread: float


def count_law(
    observed: int, events: NDArray[np.int64], law: SelectionLaw, systematics: Sequence[Systematic] = ()
) -> CountLaw:
    """The law of the selected number of ``events`` (m,), by bin of the law, at ``observed``.

    A systematic multiplies the efficiency of the whole region: in each bin Beta(a, b) becomes the Beta law
    with the same a and the mean multiplied, so that its relative spread stays what the calibration sample
    gives. The tail is averaged over the law of the factor (prior-predictive).
    """
    used = events > 0
    n, a, b = events[used], law.a[used], law.b[used]
    if not systematics:
        pmf = count_pmf(n.tolist(), a, b)
        mean, variance = _moments(n, a, b)
        return _law(
            float(pmf[observed:].sum()), float(pmf[observed + 1 :].sum()), float(pmf[-1]), mean, variance
        )
    share = events * law.mean
    factor, weight = factor_law([item if len(item.up) == 1 else item.over(share) for item in systematics])
    rows = np.array([_at(observed, n, a, _moved(a, b, value)) for value in factor])
    at_least, above, smallest, mean, variance = weight @ rows
    variance += weight @ (rows[:, 3] - mean) ** 2
    return _law(at_least, above, smallest, mean, variance)


def effective_law(
    observed: float, events: Array, law: SelectionLaw, systematics: Sequence[Systematic] = ()
) -> CountLaw:
    """The same for effective numbers of weighted events, which are not whole.

    The bins are joined to one Beta law with the mean and the variance of their sum; the binomial tail is
    continued to real counts by the incomplete Beta function.
    """
    n = float(events.sum())
    mean = float(events @ law.mean) / n
    variance = float(events**2 @ (law.mean * (1 - law.mean) / (law.a + law.b + 1))) / n**2
    total = mean * (1 - mean) / variance - 1
    a, b = np.array([mean * total]), np.array([(1 - mean) * total])
    share = events * law.mean
    factor, weight = factor_law([item if len(item.up) == 1 else item.over(share) for item in systematics])
    rows = np.array([_effective_at(observed, n, a, _moved(a, b, value)) for value in factor])
    at_least, above, smallest, middle, variance = weight @ rows
    variance += weight @ (rows[:, 3] - middle) ** 2
    return _law(at_least, above, smallest, middle, variance)


def _law(at_least: float, above: float, smallest: float, mean: float, variance: float) -> CountLaw:
    return CountLaw(
        float(np.clip(at_least, 0.0, 1.0)),
        float(np.clip(above, 0.0, 1.0)),
        float(smallest),
        float(mean),
        float(np.sqrt(max(variance, 1e-300))),
    )


def _moved(a: Array, b: Array, factor: float) -> Array:
    """The second Beta parameter for which a / (a + b) is ``factor`` times what it was."""
    mean = np.minimum(factor * a / (a + b), _NEARLY_ALL)
    return b if factor == 1.0 else a * (1 / mean - 1)


def _at(observed: int, n: NDArray[np.int64], a: Array, b: Array) -> tuple[float, ...]:
    mean, variance = _moments(n, a, b)
    # beyond thirty deviations above both the mean and the data nothing is left
    top = int(min(n.sum(), np.ceil(max(mean, observed) + _BEYOND * (np.sqrt(variance) + 1))))
    pmf = np.ones(1)
    for events, first, second in zip(n.tolist(), a, b, strict=True):
        pmf = np.convolve(pmf, _pmf(events, float(first), float(second), top))[: top + 1]
    smallest = float(np.exp(np.sum(betaln(a + n, b) - betaln(a, b))))
    return _tail(pmf, observed), _tail(pmf, observed + 1), smallest, mean, variance


def _tail(pmf: Array, k: int) -> float:
    """P(N >= k), from the side that is the smaller sum."""
    below = float(pmf[:k].sum())
    return 1.0 - below if below < 0.5 else float(pmf[k:].sum())


def _pmf(n: int, a: float, b: float, top: int) -> Array:
    """Beta-binomial probabilities of 0 .. min(n, top)."""
    k = np.arange(min(n, top) + 1, dtype=np.float64)
    log_choose = gammaln(n + 1.0) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.exp(log_choose + betaln(k + a, n - k + b) - betaln(a, b))


def _moments(n: NDArray, a: Array, b: Array) -> tuple[float, float]:
    mean, shared = a / (a + b), 1 / (a + b + 1)
    return float(n @ mean), float(np.sum(n * mean * (1 - mean) * (1 + (n - 1) * shared)))


def _effective_at(observed: float, n: float, a: Array, b: Array) -> tuple[float, ...]:
    mean, variance = _moments(np.array([n]), a, b)
    density, theta = _beta_grid(float(a[0]), float(b[0]))

    def tail(k: float) -> float:
        k = min(k, n)
        return 1.0 if k <= 0 else float(density @ betainc(k, n - k + 1, theta))

    return tail(observed), tail(observed + 1) if observed + 1 <= n else 0.0, tail(n), mean, variance


def _beta_grid(a: float, b: float) -> tuple[Array, Array]:
    """Probabilities and values of Beta(a, b) on an even grid of the log odds, where its density is smooth."""
    centre, width = np.log(a / b), np.sqrt(1 / a + 1 / b)
    odds = np.linspace(centre - 40 * width, centre + 40 * width, 1601)
    log_density = a * odds - (a + b) * np.logaddexp(0.0, odds)
    density = np.exp(log_density - log_density.max())
    return density / density.sum(), expit(odds)
